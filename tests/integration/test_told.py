"""What a person is told by mail, page and chat is so of each request and of every status it can have."""

from __future__ import annotations

import re
import tomllib
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from email.message import EmailMessage
from html import unescape
from importlib.resources import files
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from assistant.domain.lifecycle import CLOSED, STOPPABLE, Status
from tests.attacks.test_tokens import token
from tests.doubles.attacks import Victim, ask, proved, until_code
from tests.doubles.desk_inside import DeskInside, desk_inside
from tests.doubles.journeys import links_in
from tests.integration.test_sparing import DONT, ERASE

pytestmark = pytest.mark.asyncio(loop_scope="module")
BOTH = {
    "en": "Please send me a copy of my personal data, and then delete all of it.",
    "fr": "Envoyez-moi une copie de mes données personnelles, puis supprimez toutes mes données.",
}
EFFECTS = {
    "en": ("copy of your data", "erase your data"),
    "fr": ("copie de vos données", "effaçons vos données"),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskInside]:
    async with desk_inside(tmp_path_factory.mktemp("told")) as opened:
        yield opened


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_the_link_of_several_requests_tells_what_each_of_them_does(
    desk: DeskInside, people: Iterator[Victim], language: str
) -> None:
    who = next(people)
    await desk.raw_mail(
        f"From: {who.email}\r\nTo: privacy@noorus.example\r\nSubject: Data\r\nMessage-ID: <{who.id}@mail.example>\r\n"
        f"Content-Type: text/plain; charset=utf-8\r\n\r\n{BOTH[language]}\r\n".encode(),
        who.email,
    )
    letter = (await desk.mail(who.email, "/verify/")).get_content()
    assert all(effect in letter for effect in EFFECTS[language])


STANDS = {
    "en": {
        Status.OPEN: "a person is taking care of it",
        Status.AWAITING_APPROVAL: "a person is taking care of it",
        Status.SCHEDULED: "approved, and not carried out yet",
        Status.EXECUTING: "being carried out",
        Status.ANSWERED: "our answer says what was done",
        Status.PARTLY_ANSWERED: "our answer says what is left",
        Status.REFUSED: "our answer says why",
        Status.WITHDRAWN: "withdrawn; nothing more is done",
        Status.FORWARDED: "passed on to the website’s owner",
        Status.LAPSED: "never confirmed",
    },
    "fr": {
        Status.OPEN: "une personne s’en occupe",
        Status.AWAITING_APPROVAL: "une personne s’en occupe",
        Status.SCHEDULED: "approuvée, pas encore exécutée",
        Status.EXECUTING: "en cours d’exécution",
        Status.ANSWERED: "notre réponse dit ce qui a été fait",
        Status.PARTLY_ANSWERED: "notre réponse dit ce qui reste",
        Status.REFUSED: "notre réponse dit pourquoi",
        Status.WITHDRAWN: "retirée ; plus rien n’est fait",
        Status.FORWARDED: "transmise au responsable du site",
        Status.LAPSED: "jamais été confirmée",
    },
}


async def dont_link(desk: DeskInside, email: str, language: str) -> tuple[str, str]:
    """Ask for an erasure, prove it, say not to erase after all; gives the reference and the link of the question."""
    async with desk.chat(locale=language) as chat:
        ref = await proved(desk, chat, email, ERASE[language])
        await chat.say(DONT[language])
        await chat.asked("choice")
        asking = re.compile(r"/verify/(?!stop/)")  # the letter of the hold may come first, and asks nothing
        (link,) = links_in((await desk.mail(email, asking)).get_content(), "/verify/")
    return ref, link


BY_MAIL = {"en": "by e-mail", "fr": "par e-mail"}


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_letter_and_page_say_where_it_was_said_not_to_erase(
    desk: DeskInside, people: Iterator[Victim], language: str
) -> None:
    """Whoever did not say it must know where somebody did: the request of a chat may be told to stop by mail."""
    email = next(people).email
    async with desk.chat(locale=language) as chat:
        await proved(desk, chat, email, ERASE[language])
    raw = f"From: {email}\r\nTo: privacy@noorus.example\r\nSubject: Stop\r\nMessage-ID: <d{email}>\r\n"
    raw += f"Content-Type: text/plain; charset=utf-8\r\n\r\n{DONT[language]}\r\n"
    await desk.raw_mail(raw.encode(), email)
    letter = (await desk.mail(email, re.compile(r"/verify/(?!stop/)"))).get_content()
    (link,) = links_in(letter, "/verify/")
    _, page = await desk.page(link)
    for told in (letter, unescape(page)):
        assert BY_MAIL[language] in " ".join(told.split()), told


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_a_link_whose_question_is_answered_says_where_the_request_stands(
    desk: DeskInside, people: Iterator[Victim], language: str
) -> None:
    """Whatever became of it meanwhile: the page never says that something is carried out which is not."""
    ref, link = await dont_link(desk, next(people).email, language)
    held = (await desk.request(ref))["status"]
    for status, words in STANDS[language].items():
        await desk.tamper(
            "UPDATE request SET status = :status, dont_answer = 'keep' WHERE ref = :ref",
            status=status,
            ref=ref,
        )
        told, page = await desk.page(link)
        assert (told, words in unescape(page).replace("\u00a0", " ")) == (200, True), status
        others = {each for each in STANDS[language].values() if each != words}
        assert not [each for each in others if each in unescape(page).replace("\u00a0", " ")], status
        assert ("<form" in page) == (status in STOPPABLE), "what can still be stopped can be stopped here"
        if status in CLOSED:
            for answer in ("yes", "no", "yes_sure", "go_on_sure"):
                pressed = await desk.press(link, answer=answer)
                assert words in unescape(pressed).replace("\u00a0", " "), (status, answer)
                await desk.tamper("UPDATE challenge SET state = 'sent' WHERE purpose = 'dont'")
    await desk.tamper(
        "UPDATE request SET status = :status, dont_answer = NULL WHERE ref = :ref", status=held, ref=ref
    )


HIDDEN = {"en": "hidden the earlier messages", "fr": "masqué les messages précédents"}
HOW = {"en": "write the same e-mail address", "fr": "écrivez la même adresse e-mail"}


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_an_open_page_is_told_at_once_what_is_hidden_and_how_it_comes_back(
    desk: DeskInside, people: Iterator[Victim], language: str
) -> None:
    who = next(people)
    async with desk.chat(locale=language) as left_open:
        await proved(desk, left_open, who.email, ERASE[language])
        last = max(message["id"] for message in left_open.heard)
        await desk.forward("31m")
        async with desk.chat(session=left_open.session, locale=language) as chat:
            assert last <= chat.hidden_before
            told = await left_open.until(lambda m: HIDDEN[language] in m["text"], "that it is hidden")
            assert told["hidden_before"] == chat.hidden_before
            assert (told["expects"], HOW[language] in told["text"]) == ("email", True)
            await chat.say(who.email)
            await chat.asked("code")
            await chat.say(await desk.code(who.email, seen=1))
            for page in (chat, left_open):
                await page.until(lambda m: m.get("hidden_before") == 0, "that it is shown again")


async def test_an_agents_reply_in_a_hidden_talk_waits_for_the_same_person(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """B13: an agent writes to whom the talk was with, not to whoever sits there now."""
    who, other = next(people), next(people)
    async with desk.chat() as chat:
        ref = await proved(desk, chat, who.email, ERASE["en"])
        session = chat.session
    await desk.forward("31m")
    async with desk.chat(session=session) as chat:
        own = await until_code(chat, other.email)
        await chat.say(await desk.code(other.email))
        await chat.until(lambda m: own in m["text"] and m["expects"] is None, "that theirs is confirmed")
        talk = (await desk.request(ref))["conversation"]
        await desk.api("POST", f"/conversations/{talk}/reply", json={"text": "About your flat in Tartu."})
        await chat.say("Where is my request?")
        await chat.until(lambda m: own in m["text"], "where theirs is")
        await desk.forward("11m")
        await desk.mail(who.email, "flat in Tartu")
        assert not [mail for mail in desk.mails(other.email) if "Tartu" in str(mail)]
        assert "Tartu" not in " ".join(message["text"] for message in chat.heard)
    async with desk.chat(session=session) as chat:
        assert "Tartu" not in " ".join(message["text"] for message in chat.history)


async def test_an_agents_reply_is_shown_once_the_same_person_proves_it(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    who = next(people)
    async with desk.chat() as chat:
        ref = await proved(desk, chat, who.email, ERASE["en"])
        session = chat.session
    received_at = desk.own("SELECT received_at FROM request WHERE ref = ?", ref)[0][0]
    zone = ZoneInfo(desk.assembly.services.settings.controller.timezone)
    began = f"at {datetime.fromisoformat(received_at).astimezone(zone):%H:%M}"
    await desk.forward("31m")
    async with desk.chat(session=session) as chat:
        talk = (await desk.request(ref))["conversation"]
        await desk.api("POST", f"/conversations/{talk}/reply", json={"text": "About your flat in Tartu."})
        await chat.say(who.email)
        await chat.asked("code")
        code = await desk.code(who.email, seen=1)
        mails = [" ".join(mail.get_content().split()) for mail in desk.mails(who.email)]
        told = [text.split(" for:")[0] for text in mails if "we were asked in the live chat" in text]
        assert [f"{began} (" in text for text in told] == [True, True], (began, told)
        await chat.say(code)
        await chat.until(lambda m: m.get("hidden_before") == 0, "that it is shown again")
    async with desk.chat(session=session) as chat:
        assert "Tartu" in " ".join(message["text"] for message in chat.history)


SHOWN_AGAIN = {
    "en": "sees the earlier messages of that conversation again",
    "fr": "revoit aussi les messages précédents de cette conversation",
}
SHOWN_THERE = {"en": "are shown there again", "fr": "y sont de nouveau affichés"}


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_the_mail_of_a_code_says_that_it_shows_the_earlier_messages_again_where_it_does(
    desk: DeskInside, people: Iterator[Victim], language: str
) -> None:
    """Whoever is called or tricked for the code learns from its mail what it opens, before they give it away."""
    who, other = next(people), next(people)
    async with desk.chat(locale=language) as chat:
        await proved(desk, chat, who.email, ERASE[language])
        session = chat.session
    await desk.forward("31m")
    async with desk.chat(session=session, locale=language) as chat:
        for address, seen in ((other.email, 0), (who.email, 1)):
            await chat.say(address)
            await chat.asked("code")
            await desk.code(address, seen=seen)
    told = [SHOWN_AGAIN[language] in " ".join(m.get_content().split()) for m in codes_to(desk, who.email)]
    assert told == [False, True], "not the first, which opens nothing of before"
    (to_other,) = codes_to(desk, other.email)
    assert SHOWN_AGAIN[language] not in " ".join(to_other.get_content().split())


def codes_to(desk: DeskInside, address: str) -> list[EmailMessage]:
    return [m for m in desk.mails(address) if re.search(r"^\s*\d{8}\s*$", m.get_content(), re.MULTILINE)]


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_the_page_of_a_sign_in_says_that_it_shows_the_earlier_messages_again_where_it_does(
    desk: DeskInside, people: Iterator[Victim], language: str
) -> None:
    who, other = next(people), next(people)
    restrict = {
        "en": "Please restrict the processing of my personal data: what you hold about me is not accurate.",
        "fr": "Je demande la limitation du traitement de mes données : elles sont inexactes.",
    }
    async with desk.chat(locale=language) as chat:
        ref = await ask(chat, restrict[language])
        await chat.asked("email")
        await chat.socket.send_json({"type": "identify", "token": token(desk, who, who.email)})
        await desk.until_status(ref, "awaiting_approval")
        session = chat.session
    await desk.forward("31m")
    async with desk.chat(session=session, locale=language) as chat:
        await chat.say(ERASE[language])
        login = next(c["url"] for c in (await chat.asked("email"))["choices"] if c.get("url"))
        for person in (who, other):
            signed = token(desk, person, person.email, login)
            page = unescape(await desk.press(f"{desk.url}/verify/client-area", token=signed))
            assert (SHOWN_THERE[language] in page) == (person is who), page
        signed = token(desk, who, who.email, login)
        await desk.press(f"{desk.url}/verify/client-area/confirm", token=signed, answer="yes")
        await chat.until(lambda m: m.get("hidden_before") == 0, "that it is shown again")


# Why a link may lead nowhere; a page cannot tell which without telling guessers, so it names each, and what then is so.
CAUSES: dict[str, dict[str, tuple[str, ...]]] = {
    "verify": {
        "en": (
            "was used already",
            "a newer one took its place",
            "its time is over",
            "is not complete",
            "What we have already confirmed to you is registered",
            "write to",
        ),
        "fr": (
            "a déjà servi",
            "l’a remplacé",
            "son délai est passé",
            "est incomplète",
            "Ce que nous vous avons déjà confirmé est enregistré",
            "écrire à",
        ),
    },
    "undo": {
        "en": (
            "was used already",
            "its time is over",
            "is not complete",
            "If you undid the marketing block with it, the block is undone",
            "write to",
        ),
        "fr": (
            "a déjà servi",
            "son délai est passé",
            "est incomplète",
            "Si vous avez annulé par ce lien l’arrêt de la publicité, cet arrêt est annulé",
            "écrivez à",
        ),
    },
}


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_the_page_of_a_dead_link_is_true_of_a_used_an_ended_and_an_invented_one(
    desk: DeskInside, people: Iterator[Victim], language: str
) -> None:
    used, late = next(people), next(people)
    links = []
    for who in (used, late):
        async with desk.chat(locale=language) as chat:
            await until_code(chat, who.email, ERASE[language])
        letter = (await desk.mail(who.email, "/verify/stop/")).get_content()
        links.append(next(word for word in letter.split() if "/verify/stop/" in word))
    await desk.press(links[0], answer="not_me_sure")
    await desk.tamper("UPDATE stop_link SET made_at = '2020-01-01T00:00:00+00:00'")
    pages = set()
    for url in (*links, f"{desk.url}/verify/stop/{'0' * 48}", f"{desk.url}/verify/{'0' * 48}"):
        async with desk.http.get(url, headers={"Accept-Language": language}) as told:
            pages.add((told.status, unescape(await told.text()).replace("\u00a0", " ")))
    ((status, page),) = pages
    assert (status, [each for each in CAUSES["verify"][language] if each not in page]) == (410, [])
    for url in links:  # in the language of its letter, whatever the browser speaks
        async with desk.http.get(url) as told:
            page = unescape(await told.text()).replace("\u00a0", " ")
        assert (told.status, [each for each in CAUSES["verify"][language] if each not in page]) == (410, [])
    undo = f"{desk.url}/verify/undo/{'0' * 48}"
    async with desk.http.get(undo, headers={"Accept-Language": language}) as told:
        page = unescape(await told.text()).replace("\u00a0", " ")
    assert (told.status, [each for each in CAUSES["undo"][language] if each not in page]) == (410, [])


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_the_pages_of_an_undo_speak_the_language_of_their_notice(
    desk: DeskInside, people: Iterator[Victim], language: str
) -> None:
    who = next(people)
    stop = {"en": "Stop sending advertising to {}.", "fr": "Arrêtez d’envoyer de la publicité à {}."}
    async with desk.chat(locale=language) as chat:
        await chat.say(stop[language].format(who.email))
        letter = (await desk.mail(who.email, "/verify/undo/")).get_content()
    url = next(word for word in letter.split() if "/verify/undo/" in word)
    other = {"Accept-Language": "en" if language == "fr" else "fr"}
    async with desk.http.get(url, headers=other) as told:
        pages = [await told.text()]
    for answer in ("undo", "undo_sure"):
        form, headers = {"answer": answer}, {"Origin": desk.url, **other}
        async with desk.http.post(url, data=form, headers=headers) as told:
            pages.append(await told.text())
    assert [f'<html lang="{language}">' in page for page in pages] == [True] * 3


@pytest.mark.parametrize(("language", "untrue"), [("en", "stays as it is"), ("fr", "reste en l’état")])
async def test_no_page_that_knows_no_request_says_how_one_stands(language: str, untrue: str) -> None:
    """What was decided by the link itself, or since, may have stopped it or taken it back."""
    pages = (files("assistant") / "replies" / language / "pages.toml").read_text(encoding="utf-8")
    knows_none = {
        name: page["text"]
        for name, page in tomllib.loads(pages).items()
        if "text" in page and "requests" not in page["text"]
    }
    assert {"verify_expired", "client_area_failed", "undo_expired"} <= set(knows_none)
    assert [name for name, text in knows_none.items() if untrue in text] == []


async def test_a_shared_mailbox_about_which_nothing_is_held_leaves_agents_nothing_to_do(
    desk: DeskInside,
) -> None:
    """No copy waits for a sign-in where there is none: the request is answered, and off the list."""
    async with desk.chat() as chat:
        ref = await proved(desk, chat, "info@nothing-held.example")
    request = await desk.until_status(ref, "answered")
    assert request["attention"] is None
