"""Whoever writes that they never asked is heard, whatever else that mail says: it opens nothing, renews no link, and stops what is theirs."""

from __future__ import annotations

import quopri
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from assistant.domain.assurance import DENIED
from assistant.store.tables import ChallengeRow, PrivacyRequest
from intents import Reader
from tests.doubles.posting_desk import ADDRESS, COPY, PostingDesk, posting_desk

OLGA = "olga@own.example"
ASKED = {
    "access": COPY,
    "restriction": "Please restrict the processing of my personal data.",
    "portability": "Please send me my data in a machine-readable format, to move to another provider.",
}
WAS_NOT_ME = {
    "en": (
        "This was not me.",
        "That was not me, I never asked for this.",
        "I did not request this.",
        "Not me.",
    ),
    "fr": (
        "Ce n'est pas moi qui ai demandé cela.",
        "Ce n'était pas moi.",
        "Je n'ai rien demandé.",
        "Pas moi.",
    ),
}
AND_SO = {
    "en": (
        "",
        "Stop it.",
        "Please stop.",
        "Don't do it. Cancel it.",
        "I object to it.",
        "Do not send me anything.",
    ),
    "fr": (
        "",
        "Arrêtez.",
        "Arrêtez tout, n'envoyez rien.",
        "Annulez cela.",
        "Je m'y oppose.",
        "Ne faites rien.",
    ),
}
WORDS = [
    f"{denial} {rest}".strip() for lang in WAS_NOT_ME for denial in WAS_NOT_ME[lang] for rest in AND_SO[lang]
]
STOPPED = ("We have stopped the request", "Nous avons arrêté")
NOTED = ("called to check that", "pour le vérifier")


@pytest.fixture
async def desk(tmp_path: Path, reader: Reader) -> AsyncIterator[PostingDesk]:
    async with posting_desk(tmp_path, reader) as opened:
        yield opened


def thread_of(desk: PostingDesk) -> str:
    lines = (line for each in desk.server.arrived for line in each.content.splitlines())
    return next(line.partition(":")[2].strip() for line in lines if line.lower().startswith("reply-to:"))


def text_of(content: str) -> str:
    return " ".join(quopri.decodestring(content.encode()).decode("utf-8", "replace").split())


@pytest.mark.parametrize("words", WORDS)
async def test_who_answers_the_link_that_it_was_not_them_stops_it_and_is_told_so(
    desk: PostingDesk, words: str
) -> None:
    await desk.mail(OLGA)
    await desk.post()
    before = len(desk.server.arrived)
    await desk.mail(OLGA, words, to=thread_of(desk))
    await desk.post()
    (request,) = await desk.all(PrivacyRequest)
    assert (request.attention, request.status) == (DENIED, "verifying")
    (told,) = desk.server.arrived[before:]
    assert "/verify/" not in told.content
    assert any(each in text_of(told.content) for each in STOPPED)
    assert {row.state for row in await desk.all(ChallengeRow)} == {"dead"}
    await desk.mail(OLGA, "Hello, are you there?", to=thread_of(desk))
    await desk.post()
    assert not any("/verify/" in each.content for each in desk.server.arrived[before:])


@pytest.mark.parametrize("words", WORDS[::5])
async def test_a_mail_that_may_be_anybodys_stops_nothing_opens_nothing_and_is_answered(
    desk: PostingDesk, words: str
) -> None:
    await desk.mail(OLGA)
    await desk.post()
    before = len(desk.server.arrived)
    await desk.mail(OLGA, words, to=ADDRESS)
    await desk.post()
    (request,) = await desk.all(PrivacyRequest)
    assert (request.attention, request.status) == ("not_me_by_mail", "verifying")
    (told,) = [each for each in desk.server.arrived[before:] if each.to == OLGA]
    assert "/verify/" not in told.content
    assert any(each in text_of(told.content) for each in NOTED)
    assert "sent" in {row.state for row in await desk.all(ChallengeRow)}, "a forger ends nobody's link"


@pytest.mark.parametrize("right", ASKED)
@pytest.mark.parametrize("words", WORDS[1::5])
async def test_who_says_so_in_a_chat_is_asked_whether_to_take_it_back(
    desk: PostingDesk, words: str, right: str
) -> None:
    await desk.chat("here", ASKED[right], words)
    (request,) = await desk.all(PrivacyRequest)
    assert request.right == right
    said = await desk.said_in(await desk.chat_of("here"))
    assert request.ref in said[-1]
    assert any(each in said[-1] for each in ("withdraw", "retire")), said[-1]


@pytest.mark.parametrize(
    "words",
    [
        "Stop sending me your newsletter, I never asked for this.",
        "Arrêtez vos publicités, je n'ai rien demandé !",
    ],
)
async def test_who_never_asked_for_a_newsletter_denies_no_request(desk: PostingDesk, words: str) -> None:
    await desk.mail(OLGA)
    await desk.post()
    await desk.mail(OLGA, words, to=thread_of(desk))
    requests = await desk.all(PrivacyRequest)
    assert {(r.right, r.attention == DENIED) for r in requests} == {("access", False), ("objection", False)}


async def test_who_denies_one_thing_and_asks_another_is_given_that(desk: PostingDesk) -> None:
    await desk.mail(OLGA)
    await desk.post()
    await desk.mail(
        OLGA, "This was not me. But please restrict the processing of my data.", to=thread_of(desk)
    )
    found = {r.right: r.attention for r in await desk.all(PrivacyRequest)}
    assert found["access"] == DENIED
    assert "restriction" in found
