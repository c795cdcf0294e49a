"""What a person is told by mail, page and chat is so of each request and of every status it can have."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from html import unescape

import pytest
import pytest_asyncio

from assistant.domain.status import CLOSED, STOPPABLE, Status
from tests.doubles.attacks import Victim, proved
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
        (link,) = links_in((await desk.mail(email, "/verify/", seen=1)).get_content(), "/verify/")
    return ref, link


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
