"""What a chat promises to write has an address to go to, or one is asked for; what is proved for that opens nothing."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlmodel import col

from assistant.store.tables import Message, PrivacyRequest
from intents import Reader
from tests.doubles.posting_desk import PostingDesk, posting_desk

WRITER, MOTHER = "anna.kask@post.example", "liis@poldaru.example"
FOR_MOTHER = "Please delete my mother's account."
COMPLAINT = "I want to lodge a complaint about how you handle my data."
COPY = "Please send me a copy of all the personal data you hold about me."
# Every way in which a chat opens something and promises to write about it, without an address so far.
PROMISES = {
    "for somebody else": FOR_MOTHER,
    "for somebody else, in French": "ma grand-mère voudrait savoir ce que vous avez sur elle",
    "a complaint": COMPLAINT,
    "a copy": COPY,
    "an erasure": "Please delete all my personal data.",
    "a restriction": "Please restrict the processing of my data while I contest it.",
}


@pytest.fixture
async def desk(tmp_path: Path, reader: Reader) -> AsyncIterator[PostingDesk]:
    async with posting_desk(tmp_path, reader) as opened:
        opened.clients.known["1"] = WRITER
        opened.clients.known["2"] = MOTHER
        yield opened


async def last_said(desk: PostingDesk) -> Message:
    said = await desk.all(Message, col(Message.sender) != "you")
    found: Message = max(said, key=lambda message: message.id)
    return found


async def prove(desk: PostingDesk, words: str) -> None:
    """Name an address in the chat, and type the code that comes to it."""
    await desk.chat("visitor", words)
    await desk.post()
    (code,) = re.findall(r"^\s*(\d{8})\s*$", desk.server.arrived[-1].content, re.MULTILINE)
    await desk.chat("visitor", code)


@pytest.mark.parametrize("words", PROMISES.values(), ids=PROMISES)
async def test_whoever_is_promised_a_letter_in_a_chat_is_asked_where_to(
    desk: PostingDesk, words: str
) -> None:
    await desk.chat("visitor", words)
    assert await desk.all(PrivacyRequest)
    assert (await desk.chat_of("visitor")).state["expects"] == "email"


@pytest.mark.parametrize("words", [FOR_MOTHER, COMPLAINT])
@pytest.mark.parametrize("between", [(), ("Is that all?",), ("Where is my request?",)])
async def test_an_address_typed_afterwards_is_where_letters_go_and_opens_nothing(
    desk: PostingDesk, words: str, between: tuple[str, ...]
) -> None:
    await desk.chat("visitor", words, *between)
    (before,) = await desk.all(PrivacyRequest)
    await prove(desk, f"my mail is {WRITER}")
    (after,) = await desk.all(PrivacyRequest)
    assert desk.services.keyring.unseal(after.contact) == WRITER
    assert (after.status, after.attention, after.tier_needed) == (
        before.status,
        before.attention,
        before.tier_needed,
    )
    assert (after.evidence_id, after.to_plan_at) == (None, None)
    assert "will write to this address" in (await last_said(desk)).text


async def test_the_address_of_the_one_concerned_opens_nothing_either(desk: PostingDesk) -> None:
    await desk.chat("visitor", FOR_MOTHER)
    await prove(desk, MOTHER)
    (request,) = await desk.all(PrivacyRequest)
    assert (request.status, request.evidence_id, request.to_plan_at) == ("received", None, None)


async def test_no_address_is_believed_before_its_code_is_typed(desk: PostingDesk) -> None:
    await desk.chat("visitor", FOR_MOTHER, f"my mail is {WRITER}")
    await desk.post()
    await desk.chat("visitor", "00000000")
    (request,) = await desk.all(PrivacyRequest)
    assert request.contact is None


async def test_one_code_is_for_what_is_proved_and_for_what_only_lacks_an_address(desk: PostingDesk) -> None:
    await desk.chat("visitor", COMPLAINT, COPY)
    await prove(desk, WRITER)
    assert {
        r.right: desk.services.keyring.unseal(r.contact) for r in await desk.all(PrivacyRequest) if r.contact
    } == {"complaint": WRITER, "access": WRITER}


async def test_an_address_that_is_typed_for_a_person_who_will_answer_is_acknowledged(
    desk: PostingDesk,
) -> None:
    await desk.chat("visitor", "I want to talk to a human.")
    assert "write it here" in (await last_said(desk)).text
    await desk.chat("visitor", f"my mail is {WRITER}")
    assert "finds this address" in (await last_said(desk)).text


async def test_who_gives_no_address_is_told_other_things_all_the_same(desk: PostingDesk) -> None:
    await desk.chat("visitor", FOR_MOTHER, "What is the weather like today?")
    assert "a person can help you" in (await last_said(desk)).text
