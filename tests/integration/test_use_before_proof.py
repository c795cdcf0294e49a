"""Whoever proves who they are before they said which use is to end is asked which, and proves it once."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from assistant.casework.proof.attaching import attach_earlier
from assistant.casework.talk.sign_ins import identify_in_chat
from assistant.domain.lifecycle import Status
from assistant.interfaces import SignedIn
from assistant.services import Unit
from assistant.store.tables import ChallengeRow, PrivacyRequest
from intents import Reader
from tests.doubles.posting_desk import PostingDesk, posting_desk
from tests.integration.test_waiting_for_it import code_to

MARI: Final = "mari@alder.example"
NUMBER: Final = "C-10042"
STOP: Final = {
    "objection": "I object to the processing of my data.",
    "consent_withdrawal": "I withdraw my consent.",
}
_tokens = itertools.count()


@pytest.fixture
async def desk(tmp_path: Path, reader: Reader) -> AsyncIterator[PostingDesk]:
    async with posting_desk(tmp_path, reader) as opened:
        opened.clients.known[NUMBER] = MARI
        yield opened


async def by_page_token(desk: PostingDesk) -> None:
    who = SignedIn(NUMBER, MARI, f"t{next(_tokens)}", None, desk.clock.now() + timedelta(minutes=5))
    await identify_in_chat(desk.services, (await desk.chat_of("stops")).id, who)


async def by_code(desk: PostingDesk) -> None:
    await desk.chat("stops", MARI)
    await desk.chat("stops", await code_to(desk, MARI))


@pytest.mark.parametrize("right", STOP)
@pytest.mark.parametrize("prove", [by_page_token, by_code])
async def test_the_use_is_asked_all_the_same_and_the_proof_counts_for_it(
    desk: PostingDesk, right: str, prove: Callable[[PostingDesk], Awaitable[None]]
) -> None:
    await desk.chat("stops", STOP[right])
    await prove(desk)
    (asked,) = await desk.all(PrivacyRequest)
    assert (asked.right, asked.status, asked.evidence_id) == (right, Status.RECEIVED, None)
    assert (await desk.chat_of("stops")).state["question"].endswith("_purpose")
    codes = len(await desk.all(ChallengeRow))
    await desk.chat("stops", "profiling")
    (asked,) = await desk.all(PrivacyRequest)
    assert (asked.status, asked.details["purpose"]) == (Status.OPEN, "profiling")
    assert asked.evidence_id is not None
    assert "you are confirmed" in (await desk.said_in(await desk.chat_of("stops")))[-1]
    assert len(await desk.all(ChallengeRow)) == codes, "nothing is to be proved twice"


@pytest.mark.parametrize("prove", [by_page_token, by_code])
async def test_marketing_named_after_the_proof_ends_as_ever(
    desk: PostingDesk, prove: Callable[[PostingDesk], Awaitable[None]]
) -> None:
    await desk.chat("stops", STOP["objection"])
    await prove(desk)
    await desk.chat("stops", "marketing", MARI)
    (asked,) = await desk.all(PrivacyRequest)
    assert (asked.details["marketing"], asked.details["address"]) == (True, MARI)
    assert asked.to_plan_at is not None
    assert asked.evidence_id is None


@pytest.mark.parametrize(("minutes", "counts"), [(29, True), (31, False)])
async def test_an_old_proof_is_asked_anew(desk: PostingDesk, minutes: int, counts: bool) -> None:
    await desk.chat("stops", STOP["objection"])
    await by_page_token(desk)
    await desk.wait(minutes=minutes)
    (asked,) = await desk.all(PrivacyRequest)
    named = {**asked.details, "purpose": "profiling"}

    def name_it(unit: Unit) -> bool:
        request = unit.session.get_one(PrivacyRequest, asked.ref)
        request.details = named
        return attach_earlier(unit, request)

    assert await desk.services.write(name_it) == counts
