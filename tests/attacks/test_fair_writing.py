"""Whoever writes beside a flood is answered after one of its messages, not after all of them."""

from __future__ import annotations

import asyncio
import threading

import pytest

from assistant.conversation.desk import TalkingDesk
from assistant.interfaces import Incoming, Receipt
from tests.doubles.desk_inside import DeskInside

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("attacks")]


@pytest.mark.parametrize("channel", ["webchat", "email"])
async def test_a_message_beside_forty_of_another_address_is_answered_after_one_of_them(
    desk: DeskInside, monkeypatch: pytest.MonkeyPatch, channel: str
) -> None:
    """B28: forty chats of one address are one sender, and so is all mail, which can wait; nothing of theirs is lost."""
    monkeypatch.setattr("assistant.store.writer._MOST_WRITING", 0)
    gate, order = threading.Event(), list[str]()

    async def send(thread: str, channel: str, peer: str) -> None:
        at = desk.assembly.services.clock.now()
        await desk.assembly.desk.receive(Incoming(channel, thread, thread, "Hello there", at, peer=peer))
        order.append(thread)

    peer = "198.51.100.7" if channel == "webchat" else ""
    held = asyncio.create_task(desk.assembly.services.write(lambda _unit: gate.wait(20)))
    flood = [asyncio.create_task(send(f"fair-{channel}-{n}", channel, peer)) for n in range(40)]
    await asyncio.sleep(0)
    honest = asyncio.create_task(send(f"fair-{channel}-honest", "webchat", "192.0.2.1"))
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(held, honest, *flood)
    assert order.index(f"fair-{channel}-honest") <= 1
    assert len(order) == 41


async def test_forty_chats_of_one_address_are_taken_one_at_a_time_beside_another(
    desk: DeskInside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B28: what is not taken yet costs the others nothing; the answer to whoever is beside them stood ten times as long."""
    receive, at_once, most = TalkingDesk._receive, 0, 0

    async def counted(self: TalkingDesk, incoming: Incoming) -> Receipt:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        try:
            return await receive(self, incoming)
        finally:
            at_once -= 1

    async def send(thread: str, peer: str) -> None:
        at = desk.assembly.services.clock.now()
        await desk.assembly.desk.receive(Incoming("webchat", thread, thread, "Hello there", at, peer=peer))

    monkeypatch.setattr(TalkingDesk, "_receive", counted)
    await send("paced-honest", "192.0.2.1")
    await asyncio.gather(*(send(f"paced-{n}", "198.51.100.7") for n in range(40)))
    assert most == 1
