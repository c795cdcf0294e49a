"""B15: one code from many sockets: a right one succeeds once and is never a failure, and guesses side by side all count."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack

import pytest
from sqlmodel import col, select

from assistant.domain.assurance import FAILURES_PER_DAY
from assistant.services import Unit
from assistant.store.tables import Tally
from tests.doubles.attacks import Victim, until_code, wrong
from tests.doubles.desk_inside import DeskInside
from tests.doubles.desk_process import Chat

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("attacks")]


async def failures(desk: DeskInside, email: str) -> int:
    """Count what is booked against an address."""
    subject = desk.assembly.services.keyring.keyed_hash(email.lower())

    def counted(unit: Unit) -> int:
        booked = select(Tally.id).where(col(Tally.subject_hash) == subject, col(Tally.what) == "failed")
        return len(unit.session.exec(booked).all())

    return await desk.assembly.services.read(counted)


async def type_at_once(chats: Sequence[Chat], words: Sequence[str]) -> None:
    """Send every one of these from every socket before any answer is read, and wait until all are stored."""
    for word in words:
        for chat in chats:
            await chat.socket.send_json({"type": "message", "text": word, "client_id": str(uuid.uuid4())})
    for chat in chats:
        for _ in words:
            await chat.next_frame("ack")


async def test_a_right_code_from_ten_sockets_at_once_succeeds_once_and_fails_never(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """B15: fifty times the same right code, five from each of ten windows of one talk."""
    victim = next(people)
    async with AsyncExitStack() as stack:
        chat = await stack.enter_async_context(desk.chat())
        ref = await until_code(chat, victim.email)
        code = await desk.code(victim.email)
        windows = [chat]
        windows += [await stack.enter_async_context(desk.chat(session=chat.session)) for _ in range(9)]
        await type_at_once(windows, [code] * 5)
        await desk.until_status(ref, "awaiting_approval")
        await desk.assembly.desk.settle()
    events = [event["event"] for event in await desk.events(ref)]
    assert (events.count("proved"), events.count("proof_failed")) == (1, 0)
    assert await failures(desk, victim.email) == 0


async def test_a_right_code_counts_though_the_tries_beside_it_were_wrong(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """B15: the fifth try is as good as the first, in whatever order their checks come back."""
    victim = next(people)
    async with desk.chat() as chat:
        ref = await until_code(chat, victim.email)
        code = await desk.code(victim.email)
        await type_at_once([chat], [*[wrong(code)] * 4, code])
        await desk.until_status(ref, "awaiting_approval")
        await desk.assembly.desk.settle()
    assert await failures(desk, victim.email) == 4


async def test_guesses_in_talks_side_by_side_share_one_budget(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """B15: three talks, five guesses in each, all sent before the first was looked at: ten are."""
    victim = next(people)
    async with AsyncExitStack() as stack:
        chats = [await stack.enter_async_context(desk.chat()) for _ in range(3)]
        for chat in chats:
            await until_code(chat, victim.email)
        code = await desk.code(victim.email, seen=2)
        await type_at_once(chats, [wrong(code)] * 5)
        await desk.assembly.desk.settle()
    assert await failures(desk, victim.email) == FAILURES_PER_DAY
