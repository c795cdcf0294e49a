"""What was done of it and what was not is both said, and nothing is asked again that was answered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import update
from sqlmodel import col

from assistant.casework.decisions import sparing
from assistant.casework.talk import asking, dont, hiding, opening
from assistant.domain.lifecycle import Status
from assistant.domain.talk import DONT
from assistant.domain.uses import BY_PERSON
from assistant.services import Unit
from assistant.store.tables import Conversation, PrivacyRequest
from intents import Reader
from tests.doubles.posting_desk import PostingDesk, posting_desk
from tests.integration.test_from_anywhere import FREEZE, last, press
from tests.integration.test_sparing import MARI
from tests.integration.test_waiting_for_it import asked_in_chat, code_to

STOP: Final = "Stop sending me your newsletter at {}"
LOST: Final = "lost@alder.example"
OTHERS: Final = [f"box{number}@alder.example" for number in range(6)]


@pytest.fixture
async def desk(tmp_path: Path, reader: Reader) -> AsyncIterator[PostingDesk]:
    async with posting_desk(tmp_path, reader) as opened:
        yield opened


async def said(desk: PostingDesk, thread: str) -> list[str]:
    return await desk.said_in(await desk.chat_of(thread))


async def begin(desk: PostingDesk, ref: str) -> None:
    """Have the effect of a request begin."""
    begun = update(PrivacyRequest).where(col(PrivacyRequest.ref) == ref).values(status=Status.EXECUTING)
    await desk.services.write(lambda unit: unit.session.execute(begun))


# ── where marketing ends ────────────────────────────────────────────────────────────────────────────


async def test_the_address_that_was_right_after_all_is_no_second_objection(desk: PostingDesk) -> None:
    await desk.chat("shop", STOP.format(LOST), "oops, wrong address", LOST)
    (only,) = await desk.all(PrivacyRequest)
    assert only.details["address"] == LOST
    assert only.ref in (await said(desk, "shop"))[-1], "it is said where it stands"
    assert "expects" not in (await desk.chat_of("shop")).state


async def test_one_address_after_many_waits_for_no_person(desk: PostingDesk) -> None:
    await desk.chat("shop", STOP.format(" ".join(OTHERS)))
    many = {r.ref: r for r in await desk.all(PrivacyRequest)}
    assert sorted(bool(r.details.get(BY_PERSON)) for r in many.values()) == [False, True]
    ident = (await desk.chat_of("shop")).id

    def one_more(unit: Unit) -> None:
        turn = hiding.quiet_turn(unit, ident)
        opening.leave_alone(turn, [LOST], list(many))
        turn.store_state()

    await desk.services.write(one_more)
    later = [r for r in await desk.all(PrivacyRequest) if r.ref not in many]
    assert later
    assert not any(r.details.get(BY_PERSON) or r.details.get("first_of_many") for r in later)


# ── somebody else's, by a menu ──────────────────────────────────────────────────────────────────────


async def test_a_menu_that_was_pressed_for_somebody_else_is_answered(desk: PostingDesk) -> None:
    for words in ("I have a question about my data.", "It is for my father"):
        await desk.chat("bot", words, channel="telegram")
    await press(desk, "bot", "right:erasure", "telegram")
    (asked,) = await desk.all(PrivacyRequest)
    assert asked.details["for_other"]
    assert "choice" not in str((await desk.chat_of("bot")).state)
    assert (await last(desk, "bot")).expects != "choice"


# ── some of it can still be stopped ─────────────────────────────────────────────────────────────────


async def test_what_has_begun_is_said_beside_what_is_withdrawn(desk: PostingDesk) -> None:
    first = await asked_in_chat(desk, "first", MARI)
    await desk.chat("first", FREEZE, MARI)
    await desk.chat("first", await code_to(desk, MARI))
    (second,) = {r.ref for r in await desk.all(PrivacyRequest)} - {first}
    await desk.chat("first", "Cancel everything")
    await begin(desk, first)
    await desk.chat("first", "Yes")
    withdrawn, late = (await said(desk, "first"))[-2:]
    assert second in withdrawn
    assert first not in withdrawn
    assert first in late
    assert "no longer be withdrawn" in late


async def test_what_has_begun_is_said_beside_what_stands_still(desk: PostingDesk) -> None:
    first = await asked_in_chat(desk, "first", MARI)
    await begin(desk, first)
    await asked_in_chat(desk, "second", LOST)
    ident = (await desk.chat_of("second")).id

    def stop(unit: Unit) -> None:
        turn = hiding.quiet_turn(unit, ident)
        dont.stand_still(turn, [unit.session.get_one(PrivacyRequest, r.ref) for r in found])
        turn.store_state()

    found = await desk.all(PrivacyRequest)
    await desk.services.write(stop)
    late, asked = (await said(desk, "second"))[-2:]
    assert first in late
    assert "can no longer be stopped" in late
    assert (await desk.chat_of("second")).state["question"] == DONT
    assert first not in asked


# ── what stands still waits for no proof ────────────────────────────────────────────────────────────


async def test_no_proof_is_asked_of_an_erasure_that_stands_still(desk: PostingDesk) -> None:
    await desk.chat("still", "Please delete all my data.")
    (erasure,) = await desk.all(PrivacyRequest)
    ident = (await desk.chat_of("still")).id

    def resumed(unit: Unit) -> str | None:
        turn = hiding.quiet_turn(unit, ident)
        sparing.pause(
            unit,
            [unit.session.get_one(PrivacyRequest, erasure.ref)],
            unit.session.get_one(Conversation, ident),
        )
        turn.rest()
        asking.resume(turn)
        return turn.state.expects

    assert await desk.services.write(resumed) is None
