"""An agent's question in a chat: what is no answer, or more than one, is heard, and each who was asked is answered for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from assistant.casework.decisions import questions
from assistant.casework.requests.queue import Principal, Role
from intents import Reader
from tests.doubles.posting_desk import COPY, PostingDesk, posting_desk
from tests.integration.test_from_anywhere import request
from tests.integration.test_sparing import MARI
from tests.integration.test_waiting_for_it import asked_in_chat, code_to

BORIS = "boris@other.example"
TIINA = Principal("Tiina", Role.AGENT)
ANSWER = {"en": "The one with the bakery.", "fr": "Celui de la boulangerie."}
# What says more than an answer to a question, and what it comes to.
BESIDE = {
    "en": {
        "don't delete anything after all": "dont_asked",
        "I never asked for this": "dont_asked",
        "cancel everything": "dont_asked",
        "please cancel my request": "withdraw_confirm",
        "I want to talk to a person": "person",
    },
    "fr": {
        "finalement ne supprimez rien": "dont_asked",
        "je n'ai jamais demandé ça": "dont_asked",
        "annulez tout": "dont_asked",
        "annulez ma demande": "withdraw_confirm",
        "je veux parler à quelqu'un": "person",
    },
}


@pytest.fixture
async def desk(tmp_path: Path, reader: Reader) -> AsyncIterator[PostingDesk]:
    async with posting_desk(tmp_path, reader) as opened:
        yield opened


async def ask(desk: PostingDesk, ref: str) -> None:
    await desk.services.write(lambda unit: questions.ask(unit, ref, "identity", "Which account?", TIINA))


async def is_answered(desk: PostingDesk, ref: str) -> bool:
    return (await request(desk, ref)).suspensions[-1][1] is not None


@pytest.mark.parametrize("language", BESIDE)
async def test_what_says_more_than_an_answer_is_heard_while_an_agent_waits_for_one(
    desk: PostingDesk, language: str
) -> None:
    for number, (words, comes_to) in enumerate(BESIDE[language].items()):
        thread = f"asked{number}"
        ref = await asked_in_chat(desk, thread, f"mari{number}@mail.example")
        await ask(desk, ref)
        await desk.chat(thread, words, locale=language)
        talk = await desk.chat_of(thread)
        if comes_to == "person":
            assert talk.wants_person_at, words
        else:
            assert talk.state.get("question") == comes_to, (words, await desk.said_in(talk))
            assert (await desk.messages_in(talk))[-1].choices, "its buttons stand below it"


@pytest.mark.parametrize("language", ANSWER)
async def test_an_answer_alone_is_for_the_agent(desk: PostingDesk, language: str) -> None:
    ref = await asked_in_chat(desk, "asked", MARI)
    await ask(desk, ref)
    before = len(await desk.said_in(await desk.chat_of("asked")))
    await desk.chat("asked", ANSWER[language], locale=language)
    assert await is_answered(desk, ref)
    assert len(await desk.said_in(await desk.chat_of("asked"))) == before + 1


async def test_of_two_who_were_asked_in_one_browser_each_answers_for_themselves(desk: PostingDesk) -> None:
    first = await asked_in_chat(desk, "shared", MARI)
    await ask(desk, first)
    await desk.wait(hours=1)
    await desk.chat("shared", COPY, BORIS)
    await desk.chat("shared", await code_to(desk, BORIS))
    (second,) = [r.ref for r in await desk.requests_in(await desk.chat_of("shared")) if r.ref != first]
    await ask(desk, second)
    await desk.chat("shared", ANSWER["en"])
    assert (await is_answered(desk, first), await is_answered(desk, second)) == (False, True)
    await desk.wait(hours=1)
    await desk.chat("shared", MARI)
    await desk.chat("shared", await code_to(desk, MARI))
    await desk.chat("shared", ANSWER["en"])
    assert await is_answered(desk, first)
