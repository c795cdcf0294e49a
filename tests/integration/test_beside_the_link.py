"""What somebody writes while their link waits: thanks renew nothing, support gets its own, and what is taken back is heard."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from assistant.domain.lifecycle import Status
from assistant.services import Unit
from assistant.store.tables import ChallengeRow, PrivacyRequest
from intents import Reader
from tests.doubles.mail_server import Arrived
from tests.doubles.posting_desk import ADDRESS, SUPPORT, PostingDesk, posting_desk
from tests.integration.test_denied_by_mail import OLGA, thread_of

THANKS = (
    "Thank you", "Thanks a lot!\n\nBest regards\nOlga Tamm", "OK, thanks.", "I have received it, thank you.", "Got it!",
    "Merci beaucoup", "Merci pour votre réponse.\n\nCordialement\nOlga Tamm", "Bien reçu, merci.", "Parfait, merci !",
)  # fmt: skip
OF_SUPPORT = (
    "By the way my invoice of October is missing, can you resend it?",
    "Thank you. My website is down since this morning, can you look?",
    "Au fait, ma facture d'octobre manque, pouvez-vous la renvoyer ?",
    "Merci. Mon serveur ne répond plus depuis ce matin.",
)
OF_THE_LINK = (
    "I did not get the link.",
    "Je n'ai pas reçu le lien.",
    "Here I am, thank you.",
    "Have you received it?",
    "C'est bien moi, merci.",
)
TAKEN_BACK = (
    "I take my request {ref} back. Please do not do it.",
    "Please cancel my request {ref}, I do not want it any more.",
    "I withdraw my request {ref}. Stop it.",
    "Je retire ma demande {ref}, arrêtez.",
    "Veuillez annuler ma demande {ref}, je n'en veux plus.",
    "Je souhaite annuler ma demande {ref}.",
)
WHERE = ("thread", "anew", "subject")


@pytest.fixture
async def desk(tmp_path: Path, reader: Reader) -> AsyncIterator[PostingDesk]:
    async with posting_desk(tmp_path, reader) as opened:
        yield opened


async def after(desk: PostingDesk, words: str, where: str, *, ref: bool = False) -> list[Arrived]:
    """Ask for a copy, then write this: in the thread, by a mail of its own, or by one with our subject alone; gives what was sent."""
    await desk.mail(OLGA)
    await desk.post()
    (request,) = await desk.all(PrivacyRequest)
    before = len(desk.server.arrived)
    subject = [f"Subject: Re: We have received your request ({request.ref})"] if where == "subject" else []
    words = words.format(ref=request.ref if ref else "").replace(" ,", ",").replace(" .", ".")
    await desk.mail(OLGA, words, *subject, to=thread_of(desk) if where == "thread" else ADDRESS)
    await desk.post()
    return desk.server.arrived[before:]


async def links(desk: PostingDesk) -> list[tuple[str, str]]:
    return [(row.purpose, row.state) for row in await desk.all(ChallengeRow)]


@pytest.mark.parametrize("where", ["thread", "subject"])
@pytest.mark.parametrize("words", THANKS)
async def test_thanks_send_nothing_and_leave_the_link_as_it_is(
    desk: PostingDesk, words: str, where: str
) -> None:
    assert await after(desk, words, where) == []
    assert await links(desk) == [("prove", "sent")]
    (request,) = await desk.all(PrivacyRequest)
    assert request.attention is None


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("words", OF_SUPPORT)
async def test_what_is_supports_goes_to_support_and_leaves_the_link_as_it_is(
    desk: PostingDesk, words: str, where: str
) -> None:
    sent = await after(desk, words, where)
    assert [each.to for each in sent] == [SUPPORT]
    assert await links(desk) == [("prove", "sent")]


@pytest.mark.parametrize("words", OF_THE_LINK)
async def test_who_speaks_of_the_link_gets_another(desk: PostingDesk, words: str) -> None:
    sent = await after(desk, words, "thread")
    assert [each.to for each in sent] == [OLGA, OLGA]
    assert sorted(await links(desk)) == [("prove", "dead"), ("prove", "sent")]


@pytest.mark.parametrize("ref", [True, False])
@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("words", TAKEN_BACK)
async def test_what_is_taken_back_is_asked_at_its_contact_wherever_that_is_written(
    desk: PostingDesk, words: str, where: str, ref: bool
) -> None:
    sent = await after(desk, words, where, ref=ref)
    assert [each.to for each in sent] == [OLGA, OLGA]
    assert sorted(await links(desk)) == [("prove", "sent"), ("withdraw", "sent")]
    (request,) = await desk.all(PrivacyRequest)
    assert request.right == "access"
    assert any(request.ref in each.content for each in sent)


@pytest.mark.parametrize("words", ["I changed my mind.", "J'ai changé d'avis."])
async def test_a_changed_mind_takes_back_any_right_that_is_open_in_the_thread(
    desk: PostingDesk, words: str
) -> None:
    await after(desk, words, "thread")
    assert ("withdraw", "sent") in await links(desk)


@pytest.mark.parametrize("ref", [True, False])
async def test_nobody_takes_back_what_another_asked(desk: PostingDesk, ref: bool) -> None:
    await desk.mail(OLGA)
    await desk.post()
    (request,) = await desk.all(PrivacyRequest)
    await desk.mail("mallory@evil.example", TAKEN_BACK[0].format(ref=request.ref if ref else ""))
    await desk.post()
    assert await links(desk) == [("prove", "sent")]


async def test_who_takes_one_request_back_and_asks_another_is_given_that(desk: PostingDesk) -> None:
    await after(desk, f"{TAKEN_BACK[1]} Please restrict the processing of my data instead.", "thread")
    assert {r.right for r in await desk.all(PrivacyRequest)} == {"access", "restriction"}


@pytest.mark.parametrize("words", [THANKS[0], THANKS[5]])
async def test_thanks_take_up_nothing_that_lapsed(desk: PostingDesk, words: str) -> None:
    await desk.mail(OLGA)
    await desk.post()
    (request,) = await desk.all(PrivacyRequest)

    def lapse(unit: Unit) -> None:
        unit.session.get_one(PrivacyRequest, request.ref).status = Status.LAPSED

    await desk.services.write(lapse)
    before = len(desk.server.arrived)
    await desk.mail(OLGA, words, to=thread_of(desk))
    await desk.post()
    assert len(desk.server.arrived) == before
