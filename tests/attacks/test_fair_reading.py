"""What is long is read in its sender's turn, beside the writer: nobody else waits for it."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from assistant.conversation.reading import SHORT, LongReadings, whose_turn
from assistant.interfaces import Incoming
from intents import Reader
from tests.doubles.desk_inside import DeskInside

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("attacks")]

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)


@dataclass
class SlowReader:
    """Reads when it is let, and remembers what and in which thread."""

    reader: Reader
    let: threading.Event = field(default_factory=threading.Event)
    read_texts: list[str] = field(default_factory=list)
    threads: set[str] = field(default_factory=set)

    def read(self, text: str, **more: Any) -> Any:
        assert self.let.wait(20)
        self.read_texts.append(text)
        self.threads.add(threading.current_thread().name)
        return self.reader.read(text[:SHORT], **more)

    def beside(self) -> SlowReader:
        return self


async def test_forty_long_messages_of_one_sender_take_one_turn_each_beside_another() -> None:
    """B03: whoever comes after forty texts of one address waits for one of them."""
    slow = SlowReader(Reader.load())
    readings = LongReadings(cast("Reader", slow))
    flood = [asyncio.create_task(readings.read("198.51.100.7", f"flood {n}")) for n in range(40)]
    await asyncio.sleep(0)
    honest = asyncio.create_task(readings.read("192.0.2.1", "honest"))
    await asyncio.sleep(0)
    slow.let.set()
    await asyncio.gather(*flood, honest)
    assert slow.read_texts.index("honest") <= 1
    assert sorted(slow.read_texts) == sorted(["honest", *(f"flood {n}" for n in range(40))])


async def test_what_cannot_be_read_is_its_senders_error_and_holds_up_nobody() -> None:
    """B03: the text that breaks the reader stops only itself."""

    class Broken:
        def read(self, text: str, quoted: object = ()) -> str:
            if text == "bad":
                raise RuntimeError
            return text

    readings = LongReadings(cast("Reader", Broken()))
    found = await asyncio.gather(
        *(readings.read("a", each) for each in ("bad", "good")), return_exceptions=True
    )
    assert isinstance(found[0], RuntimeError)
    assert str(found[1]) == "good"


async def test_a_short_message_is_answered_while_forty_long_ones_are_being_read(
    desk: DeskInside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B03: long texts are read beside the writer, so a short one needs none of them to be finished."""
    talking = desk.assembly.desk
    slow = SlowReader(talking.reader.beside())
    monkeypatch.setattr(talking, "_long", LongReadings(cast("Reader", slow)))
    flood = [
        asyncio.create_task(talking.receive(_chat(f"flood-{n}", "word " * 800, "198.51.100.7")))
        for n in range(40)
    ]
    async with desk.chat() as chat:
        await chat.say("What do you know about me?")
        await chat.until(lambda message: message["from"] == "assistant")
    assert not slow.read_texts
    assert not any(task.done() for task in flood)
    slow.let.set()
    receipts = await asyncio.gather(*flood)
    assert len({receipt.message_id for receipt in receipts}) == 40
    assert slow.threads == {"read-long_0"}


async def test_turns_go_by_the_address_a_message_came_from() -> None:
    """B03: forty chats of one address are one sender, and so is all mail."""
    assert whose_turn(_chat("one", "x", "192.0.2.1")) == whose_turn(_chat("two", "x", "192.0.2.1"))
    assert whose_turn(_chat("one", "x", "192.0.2.1")) != whose_turn(_chat("one", "x", "192.0.2.2"))
    first, second = (Incoming("email", thread, thread, "x", NOON) for thread in ("<a>", "<b>"))
    assert whose_turn(first) == whose_turn(second)


def _chat(thread: str, text: str, peer: str) -> Incoming:
    return Incoming("webchat", thread, "first", text, NOON, peer=peer)
