"""Marketing ends at once for whatever address is named, and only the holder of the address can undo it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.doubles.desk_process import DeskProcess
from tests.doubles.journeys import ask_by_mail, changed_cells, links_in

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("marketing")]

OBJECTION = {
    "fr": "Je ne veux plus recevoir vos publicités.",
    "en": "Please stop sending me marketing emails.",
}
WITHDRAWAL = {
    "fr": "Je retire mon consentement à la prospection commerciale.",
    "en": "I withdraw my consent to marketing.",
}
STOPPED = {"fr": "ne reçoit plus de publicité", "en": "receives no more marketing"}
NOTICE = {"fr": "Plus de publicité à cette adresse", "en": "Marketing to this address is off"}


@pytest.fixture(scope="module")
def readers(desk: DeskProcess) -> Iterator[tuple[str, int]]:
    """Clients who agreed to advertising and read a newsletter: e-mail and row."""
    rows = desk.query(
        "SELECT c.email, c.id FROM clients c JOIN newsletter_subscriptions n"
        " ON lower(n.email) = lower(c.email) WHERE c.marketing_opt_in = 1 AND n.status = 'subscribed'"
        " AND c.id > 20 AND (SELECT count(*) FROM clients o WHERE lower(o.email) = lower(c.email)) = 1"
        " GROUP BY c.id ORDER BY c.id"
    )
    assert len(rows) >= 8, len(rows)
    return iter(rows)


def agreed(desk: DeskProcess, client: int) -> bool:
    return bool(desk.query("SELECT marketing_opt_in FROM clients WHERE id = ?", client)[0][0])


def subscribed(desk: DeskProcess, email: str) -> list[tuple[object, ...]]:
    return desk.query(
        "SELECT 1 FROM newsletter_subscriptions WHERE lower(email) = lower(?) AND status = 'subscribed'",
        email,
    )


def owners_of(desk: DeskProcess, cells: set[tuple[str, object, str]]) -> set[object]:
    """Name whose cells these were, by client row, for the tables that know."""
    keys = {(table, key) for table, key, _ in cells if table == "clients"}
    return {key for _, key in keys}


async def sees_it_ended(desk: DeskProcess, email: str, client: int, ref: str) -> None:
    """Everything ended for this person without anybody's help, and one notice tells them so."""
    request = await desk.until_status(ref, "answered")
    assert request["assurance"] == 0, "no proof is ever asked"
    assert not agreed(desk, client)
    assert not subscribed(desk, email)


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_an_objection_in_chat_ends_marketing_at_once_without_proof_and_tells_the_address_once(
    desk: DeskProcess, readers: Iterator[tuple[str, int]], language: str
) -> None:
    email, client = next(readers)
    before = desk.dump()
    async with desk.chat(language) as chat:
        await chat.say(OBJECTION[language])
        ref = (await chat.opened())["objection"]
        await chat.asked("email")
        await chat.say(email)
        answer = await chat.until(lambda m: STOPPED[language] in m["text"], "that marketing is off")
        assert email in answer["text"]
        await sees_it_ended(desk, email, client, ref)

    notice = await desk.mail(email, NOTICE[language])
    assert notice["to"] == email
    assert links_in(notice.get_content(), "/verify/undo/")
    mails = [m for m in desk.mails(email) if "/verify/" in m.get_content()]
    assert len(mails) == 1, "one notice, and no code or link to prove anything"
    cells = changed_cells(desk, before, desk.dump())
    assert ("clients", client, "marketing_opt_in") in cells
    assert owners_of(desk, cells) == {client}
    assert {key for table, key, _ in cells if table == "newsletter_subscriptions"} == {
        key
        for (key,) in desk.query(
            "SELECT id FROM newsletter_subscriptions WHERE lower(email) = lower(?)", email
        )
        if before["newsletter_subscriptions"][key] != desk.dump()["newsletter_subscriptions"][key]
    }
    story = (await desk.api("GET", f"/requests/{ref}/timeline"))["items"]
    assert "suppressed" in [entry.get("event") for entry in story]


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_an_objection_by_mail_ends_marketing_for_the_sender_at_once(
    desk: DeskProcess, readers: Iterator[tuple[str, int]], language: str
) -> None:
    email, client = next(readers)
    before = desk.dump()
    ref = await ask_by_mail(desk, OBJECTION[language], email, language)
    await sees_it_ended(desk, email, client, ref)
    await desk.mail(email, NOTICE[language])
    assert owners_of(desk, changed_cells(desk, before, desk.dump())) == {client}


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_withdrawing_consent_to_marketing_ends_it_at_once_too(
    desk: DeskProcess, readers: Iterator[tuple[str, int]], language: str
) -> None:
    email, client = next(readers)
    ref = await ask_by_mail(desk, WITHDRAWAL[language], email, language)
    await sees_it_ended(desk, email, client, ref)
    await desk.mail(email, NOTICE[language])


async def test_an_address_nobody_holds_is_answered_in_the_same_words(
    desk: DeskProcess, readers: Iterator[tuple[str, int]]
) -> None:
    known, _ = next(readers)
    texts = []
    before: dict[str, object] = {}
    for email in (known, "nobody.here@elsewhere.example"):
        before = dict(desk.dump())
        async with desk.chat("en") as chat:
            await chat.say(OBJECTION["en"])
            ref = (await chat.opened())["objection"]
            await chat.asked("email")
            await chat.say(email)
            answer = await chat.until(lambda m: STOPPED["en"] in m["text"], "that marketing is off")
        notice = (await desk.mail(email, NOTICE["en"])).get_content()
        undo = links_in(notice, "/verify/undo/")[0]
        texts.append(
            [t.replace(email, "?").replace(ref, "?").replace(undo, "?") for t in (answer["text"], notice)]
        )
        await desk.until_status(ref, "answered")
    assert texts[0] == texts[1]
    assert desk.dump() == before, "for an address nobody holds, nothing changes in the client area"


async def test_undo_needs_the_button_of_its_page_and_takes_the_suppression_back(
    desk: DeskProcess, readers: Iterator[tuple[str, int]]
) -> None:
    email, client = next(readers)
    ref = await ask_by_mail(desk, OBJECTION["en"], email, "en")
    await sees_it_ended(desk, email, client, ref)
    undo = links_in((await desk.mail(email, NOTICE["en"])).get_content(), "/verify/undo/")[0]
    for _ in range(2):
        status, page = await desk.page(undo)
        assert status == 200
        assert "<form" in page, "looking, as mail scanners do, takes nothing back"
    assert "<form" in await desk.press(undo), "nor does one press"
    pressed = await desk.press(undo, answer="undo_sure")
    assert "<form" not in pressed
    again = await desk.press(undo, answer="undo_sure")
    assert again != pressed, "a link works once"


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_marketing_ends_at_once_whatever_else_the_message_still_waits_for(
    desk: DeskProcess, language: str
) -> None:
    email = f"both.wishes.{language}@poczta.example"
    sentence = {
        "en": f"Please stop sending marketing to {email}. Also my phone number is wrong, please correct it.",
        "fr": f"Arrêtez d’envoyer de la publicité à {email}. Mon numéro de téléphone est faux, corrigez-le.",
    }[language]
    async with desk.chat(language) as chat:
        await chat.say(sentence)
        assert {"objection", "rectification"} <= set(await chat.opened())
        assert await desk.mail(email, "/verify/undo/"), "nobody answered any question yet"
    looked = desk.command("suppressed", "filter", "-", stdin=f"{email}\n".encode())
    assert email in looked.stdout.decode(), looked.stderr
