"""What the link of a letter stops: everything that its person never asked for, and not the one request it came with."""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import AsyncIterator, Iterator
from email.message import EmailMessage

import pytest
import pytest_asyncio

from assistant.casework.decisions import closing, sparing
from assistant.casework.plans import planning
from assistant.casework.proof import challenges, sending
from assistant.domain.assurance import Method
from assistant.domain.moves import Claim
from assistant.domain.plan import Plan
from assistant.errors import SourceUnavailable
from assistant.services import Unit
from assistant.store.tables import Conversation, PrivacyRequest
from tests.doubles.attacks import ACCESS, Victim
from tests.doubles.desk_inside import DeskInside, desk_inside
from tests.doubles.journeys import confirm_link, links_in, prove_in_chat, received

pytestmark = pytest.mark.asyncio(loop_scope="module")
BOTH = {
    "en": "Send me a copy of my data, then delete everything.",
    "fr": "Envoyez-moi une copie de mes données, puis supprimez tout.",
}
ERASURE = {"en": "erasure of your data", "fr": "effacement de vos données"}
HOLD = {"en": "What happens next with", "fr": "La suite de"}
STOPPED = {"en": "We have stopped what was asked", "fr": "Nous avons arrêté ce qui a été demandé"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskInside]:
    async with desk_inside(tmp_path_factory.mktemp("stopping")) as opened:
        yield opened


async def both_by_mail(desk: DeskInside, email: str, language: str) -> dict[str, str]:
    """Ask for a copy and erasure in one mail, confirm both by its one link, and have both approved."""
    await asyncio.to_thread(desk.send_mail, BOTH[language], sender=email, subject="Data")
    (link,) = links_in((await desk.mail(email, "/verify/stop/")).get_content(), "/verify/")
    refs = await received(desk, email)
    await confirm_link(desk, link, refs[0])
    by_right = {(await desk.request(ref))["right"]: ref for ref in refs}
    assert set(by_right) == {"access", "erasure"}
    for ref in refs:
        await desk.approve(ref)
    return by_right


async def hold_letter(desk: DeskInside, email: str, ref: str, language: str) -> EmailMessage:
    """Wait for the letter about the waiting period of one request, which its subject names."""
    await desk.idle()
    return await desk.mail(email, re.compile(f"^{HOLD[language]}.*{ref}"))


def shown(page: str) -> str:
    """Give a page as it is read."""
    return html.unescape(page).replace("\N{NO-BREAK SPACE}", " ")


def stop_link(mail: EmailMessage) -> str:
    """Give the link; each stands in a line of its own."""
    lines = [line for line in mail.get_content().splitlines() if "/verify/stop/" in line]
    assert all(line.startswith("http") for line in lines), lines
    return str(lines[0])


@pytest.mark.parametrize(("language", "right"), [("en", "access"), ("fr", "access"), ("en", "erasure")])
async def test_this_was_not_me_stops_everything_that_rests_on_the_same_proof(
    desk: DeskInside, people: Iterator[Victim], language: str, right: str
) -> None:
    email = next(people).email
    refs = await both_by_mail(desk, email, language)
    rows = desk.dump()
    letter = await hold_letter(desk, email, refs[right], language)
    assert all(ref in letter.get_content() for ref in refs.values()), "the letter names what its link stops"
    link = stop_link(letter)
    _, page = await desk.page(link)
    assert all(ref in page for ref in refs.values())
    said = await desk.press(link, answer="not_me_sure")
    assert all(ref in said for ref in refs.values())
    told = await desk.mail(email, STOPPED[language])
    assert all(ref in str(told["subject"]) for ref in refs.values()), "one letter names all of it"
    for days in ("80h", "8d", "25d"):
        await desk.forward(days)
        await desk.idle()
    for ref in refs.values():
        request = await desk.request(ref)
        assert (request["status"], request["attention"]) == ("awaiting_approval", "not_me")
    assert desk.dump() == rows


@pytest.mark.parametrize(
    ("language", "take_back", "withdrawn"),
    [
        ("en", "I changed my mind: take it back", "We have withdrawn"),
        ("fr", "J’ai changé d’avis : retirer ma demande", "Nous avons retiré"),
    ],
)
async def test_who_changed_their_mind_takes_back_what_the_letter_is_about_and_is_told_that_it_is_withdrawn(
    desk: DeskInside, people: Iterator[Victim], language: str, take_back: str, withdrawn: str
) -> None:
    email = next(people).email
    refs = await both_by_mail(desk, email, language)
    held = desk.query("SELECT count(*) FROM clients WHERE lower(email) = lower(?)", email)
    link = stop_link(await hold_letter(desk, email, refs["erasure"], language))
    status, page = await desk.page(link)
    assert status == 200
    assert take_back in shown(page)
    assert ERASURE[language] in page.lower(), "the right is named"
    assert (await desk.request(refs["erasure"]))["status"] == "scheduled", "looking changes nothing"
    assert (await desk.request(refs["erasure"]))["status"] == "scheduled", "nor does one press"
    assert refs["access"] not in await desk.press(link, answer="take_back")
    said = await desk.press(link, answer="take_back_sure")
    assert withdrawn in said
    assert refs["erasure"] in said
    assert refs["access"] not in said
    letter = await desk.mail(email, withdrawn)
    assert refs["erasure"] in letter.get_content()
    assert not [mail for mail in desk.mails(email) if STOPPED[language] in mail["subject"]]
    await desk.forward("73h")
    await desk.until_status(refs["access"], "answered")
    request = await desk.request(refs["erasure"])
    assert (request["status"], request["attention"]) == ("withdrawn", None)
    assert desk.query("SELECT count(*) FROM clients WHERE lower(email) = lower(?)", email) == held
    _, late = await desk.page(link)
    assert take_back not in shown(late)


@pytest.mark.parametrize(
    ("language", "goes_on", "too_late"),
    [
        ("en", "We go on with", "This is how it stands"),
        ("fr", "Nous poursuivons", "Voici où nous en sommes"),
    ],
)
@pytest.mark.parametrize("purpose", ["withdraw", sparing.PURPOSE])
async def test_whoever_says_no_to_taking_it_back_is_told_that_it_goes_on_as_long_as_it_does(
    desk: DeskInside, people: Iterator[Victim], purpose: str, language: str, goes_on: str, too_late: str
) -> None:
    email = next(people).email
    ref = (await both_by_mail(desk, email, language))["erasure"]
    services = desk.assembly.services

    def want(unit: Unit) -> None:
        request = unit.session.get_one(PrivacyRequest, ref)
        talk = unit.session.get_one(Conversation, request.conversation_id)
        if purpose == sparing.PURPOSE:
            sparing.pause(unit, [request], talk)
        else:
            claim = Claim("email", email)
            challenges.want_challenge(unit, talk, claim, [ref], method=Method.EMAIL_LINK, purpose=purpose)

    async def asked() -> str:
        await desk.idle()
        before = sum("/verify/" in mail.get_content() for mail in desk.mails(email))
        await services.write(want)
        mail = await desk.mail(email, "/verify/", seen=before)
        return links_in(mail.get_content(), "/verify/")[-1]

    first = await asked()
    sure = "no" if purpose == "withdraw" else "go_on_sure"
    said = shown(await desk.press(first, answer=sure))
    assert goes_on in said
    assert ref in said
    request = await desk.request(ref)
    assert (request["status"], request["attention"]) == ("scheduled", None)
    link = await asked() if purpose == "withdraw" else ""  # about a "don't" an erasure is asked once
    await services.write(lambda unit: closing.withdraw(unit, [unit.session.get_one(PrivacyRequest, ref)]))
    assert not link or too_late in shown(await desk.press(link, answer="no"))


async def test_an_erasure_that_a_lead_ended_meanwhile_is_not_said_to_go_on(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    email = next(people).email
    ref = (await both_by_mail(desk, email, "en"))["erasure"]
    services = desk.assembly.services

    def pause(unit: Unit) -> None:
        request = unit.session.get_one(PrivacyRequest, ref)
        sparing.pause(unit, [request], unit.session.get_one(Conversation, request.conversation_id))

    await services.write(pause)
    (link,) = links_in((await desk.mail(email, "paused")).get_content(), "/verify/")
    await desk.api("POST", f"/requests/{ref}/dont", json={"answer": "keep"})
    said = shown(await desk.press(link, answer="no"))
    assert "We go on with" not in said
    assert "This is how it stands" in said


async def test_it_was_not_me_is_asked_once_more_before_it_stops_anything(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    email = next(people).email
    refs = await both_by_mail(desk, email, "en")
    link = stop_link(await hold_letter(desk, email, refs["access"], "en"))
    page = await desk.press(link, answer="not_me")
    assert "Shall we stop it?" in page
    assert all(ref in page for ref in refs.values())
    await desk.press(link)
    await desk.press(link, answer="anything")
    for ref in refs.values():
        assert (await desk.request(ref))["status"] == "scheduled"
    assert "we have stopped them" in await desk.press(link, answer="not_me_sure")
    for ref in refs.values():
        assert (await desk.request(ref))["attention"] == "not_me"


async def test_this_was_not_me_on_the_page_that_confirms_is_asked_once_more(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    email = next(people).email
    await asyncio.to_thread(desk.send_mail, BOTH["en"], sender=email, subject="Data")
    (link,) = links_in((await desk.mail(email, "/verify/stop/")).get_content(), "/verify/")
    refs = set(await received(desk, email))
    page = await desk.press(link, answer="no")
    assert "Shall we stop it?" in page
    assert not re.findall(r"PR-\w{8}", page), "the page of a link names no reference"
    for ref in refs:
        assert (await desk.request(ref))["attention"] is None
    await desk.press(link, answer="not_me_sure")
    for ref in refs:
        assert (await desk.request(ref))["attention"] == "not_me"


async def test_only_the_mailbox_that_proved_it_is_offered_to_take_it_back(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """Whoever reads another address on file may stop it, and must not end it unseen."""
    email, other = next(people).email, "other.mailbox@elsewhere.example"
    refs = await both_by_mail(desk, email, "en")

    def make(unit: Unit) -> str:
        return sending.stop_link(unit, [refs["erasure"]], other)

    link = await desk.assembly.services.write(make)
    _, page = await desk.page(link)
    assert refs["erasure"] in page
    assert "changed my mind" not in page
    assert "This is how it stands" in await desk.press(link, answer="take_back_sure")
    assert (await desk.request(refs["erasure"]))["status"] == "scheduled"
    await desk.press(link, answer="not_me_sure")


async def test_a_copy_that_was_sent_already_does_not_keep_the_erasure_from_being_stopped(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    email = next(people).email
    refs = await both_by_mail(desk, email, "en")
    rows = desk.dump()
    link = stop_link(await hold_letter(desk, email, refs["access"], "en"))
    await desk.forward("73h")
    await desk.until_status(refs["access"], "answered")
    said = await desk.press(link, answer="not_me_sure")
    assert refs["erasure"] in said
    assert refs["access"] not in said, "what was done is not said to be stopped"
    await desk.forward("9d")
    await desk.idle()
    assert (await desk.request(refs["erasure"]))["attention"] == "not_me"
    assert desk.dump() == rows


async def test_an_erasure_that_waits_for_a_stopped_copy_is_stopped_though_it_was_proved_apart(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    email = next(people).email
    refs = await both_by_mail(desk, email, "en")
    link = stop_link(await hold_letter(desk, email, refs["access"], "en"))
    await desk.tamper("UPDATE request SET evidence_id = NULL WHERE ref = :ref", ref=refs["erasure"])
    await desk.press(link, answer="not_me_sure")
    assert (await desk.request(refs["erasure"]))["attention"] == "not_me"


async def test_what_was_taken_back_while_its_planning_failed_is_planned_no_more(
    desk: DeskInside, people: Iterator[Victim], monkeypatch: pytest.MonkeyPatch
) -> None:
    email, services = next(people).email, desk.assembly.services

    async def fails(*_given: object) -> Plan:
        await services.write(lambda unit: closing.withdraw(unit, [unit.session.get_one(PrivacyRequest, ref)]))
        raise SourceUnavailable(source="client-area")

    with monkeypatch.context() as patch:
        async with desk.chat() as chat:
            await chat.say(ACCESS)
            ref = (await chat.opened())["access"]
            patch.setattr(planning, "propose", fails)
            await prove_in_chat(desk, chat, email, ref)
        await desk.until_status(ref, "withdrawn")
        await desk.idle()
    await desk.forward("10m")
    await desk.idle()
    request = await services.read(lambda unit: unit.session.get_one(PrivacyRequest, ref))
    assert (request.status, request.attention, request.to_plan_at) == ("withdrawn", None, None)


DONT = {"en": "Do not erase anything after all.", "fr": "Finalement, ne supprimez rien."}
WHETHER = {"en": "Keep everything, or go on", "fr": "Tout garder, ou poursuivre"}
GO_ON = {"en": "Shall we go on erasing?", "fr": "Faut-il vraiment poursuivre"}


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_going_on_with_an_erasure_that_stands_still_is_asked_once_more(
    desk: DeskInside, people: Iterator[Victim], language: str
) -> None:
    email, rows = next(people).email, desk.dump()
    refs = await both_by_mail(desk, email, language)
    await asyncio.to_thread(desk.send_mail, DONT[language], sender=email, subject="Data")
    (link,) = links_in((await desk.mail(email, WHETHER[language])).get_content(), "/verify/")

    async def stands_still() -> bool:
        row = desk.own("SELECT dont_at, dont_answer FROM request WHERE ref = ?", refs["erasure"])[0]
        return row[0] is not None and row[1] is None

    status, page = await desk.page(link)
    assert status == 200
    assert refs["erasure"] in page
    assert await stands_still(), "looking changes nothing"
    asked = await desk.press(link, answer="no")
    assert GO_ON[language] in shown(asked)
    assert await stands_still(), "nor does one press, a scanner's or a slip"
    await desk.press(link, answer="go_on_sure")
    assert not await stands_still()
    assert desk.dump() == rows
