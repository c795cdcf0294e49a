"""A visitor whom the site names by a page token, beside what needs no proof and what was asked."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from assistant.casework.proof import attaching
from assistant.casework.talk.sign_ins import identify_in_chat
from assistant.domain.assurance import Method
from assistant.domain.lifecycle import Status
from assistant.errors import NothingToProve
from assistant.interfaces import SignedIn
from assistant.services import Unit
from assistant.store.tables import PrivacyRequest
from intents import Reader
from tests.doubles.posting_desk import PostingDesk, posting_desk

MARI: Final = "mari@alder.example"
NUMBER: Final = "C-10042"
FREEZE: Final = "Please restrict the processing of my data."
TEXTS: Final = "Stop sending me marketing to 079 123 45 67."
_tokens = itertools.count()


@pytest.fixture
async def desk(tmp_path: Path, reader: Reader) -> AsyncIterator[PostingDesk]:
    async with posting_desk(tmp_path, reader) as opened:
        opened.clients.known[NUMBER] = MARI
        yield opened


async def identify(desk: PostingDesk, thread: str) -> None:
    """Have the site say that Mari looks at its page."""
    who = SignedIn(NUMBER, MARI, f"t{next(_tokens)}", None, desk.clock.now() + timedelta(minutes=5))
    await identify_in_chat(desk.services, (await desk.chat_of(thread)).id, who)


@pytest.mark.parametrize(
    "words",
    [
        TEXTS,
        "I withdraw my consent to marketing e-mails to lost@alder.example.",
    ],
)
async def test_a_page_token_takes_nothing_out_of_what_is_done_at_once(desk: PostingDesk, words: str) -> None:
    """GDPR 21(3), 7(3): marketing ends for what was named, without proof, whoever the site says looks at the page."""
    await desk.chat("left", words)
    with pytest.raises(NothingToProve):
        await identify(desk, "left")
    (asked,) = await desk.all(PrivacyRequest)
    assert (asked.status, asked.evidence_id, asked.assurance) == (Status.RECEIVED, None, 0)
    assert asked.to_plan_at is not None, "it is planned for what was named"


async def test_whatever_is_proved_for_it_leaves_what_needs_no_proof_as_it_was(desk: PostingDesk) -> None:
    await desk.chat("left", TEXTS)
    (asked,) = await desk.all(PrivacyRequest)
    ident = (await desk.chat_of("left")).id

    def prove(unit: Unit) -> None:
        attaching.give_evidence(
            unit,
            method=Method.EMAIL_CODE,
            contact=MARI,
            conversation_id=ident,
            references=[asked.ref],
            on_file=True,
        )

    await desk.services.write(prove)
    (asked,) = await desk.all(PrivacyRequest)
    assert (asked.status, asked.evidence_id) == (Status.RECEIVED, None)


async def test_a_page_token_proves_what_waits_for_it_and_leaves_what_ends_at_once(desk: PostingDesk) -> None:
    await desk.chat("left", TEXTS, FREEZE)
    await identify(desk, "left")
    found = {r.right: r for r in await desk.all(PrivacyRequest)}
    assert found["restriction"].status == Status.OPEN
    assert (found["objection"].status, found["objection"].evidence_id) == (Status.RECEIVED, None)


async def test_nothing_is_asked_any_more_once_a_page_token_has_proved_all(desk: PostingDesk) -> None:
    await desk.chat("frozen", FREEZE)
    await identify(desk, "frozen")
    await desk.chat("frozen", "Thanks")
    said = await desk.said_in(await desk.chat_of("frozen"))
    assert "you are confirmed" in said[-2]
    assert "question is still open" not in said[-1]
    assert "expects" not in (await desk.chat_of("frozen")).state
