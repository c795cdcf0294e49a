"""Pace: who sends much beside others has a quarter of the desk, who is alone or waits for answers is never held up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from assistant.conversation.pace import Pace


@dataclass
class Room:
    """A pace on a clock of its own, and who is being served."""

    time: float = 1000.0
    rests: list[tuple[float, Callable[[], None]]] = field(default_factory=list)
    served: list[str] = field(default_factory=list)
    pace: Pace = field(init=False)

    def __post_init__(self) -> None:
        self.pace = Pace(lambda: self.time, lambda seconds, end: self.rests.append((seconds, end)))

    def send(self, whose: str, until: asyncio.Event) -> asyncio.Task[None]:
        """Send a message whose answer takes until something happens."""

        async def message() -> None:
            async with self.pace.turn(whose):
                self.served.append(whose)
                await until.wait()

        return asyncio.create_task(message())

    async def rested(self) -> list[float]:
        """Let those rest who must, and everybody go on; gives the seconds of each."""
        await settled()
        over, self.rests = self.rests, []
        for _, end in over:
            end()
        await settled()
        return [seconds for seconds, _ in over]


async def settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def at_once() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


@pytest.fixture
def room() -> Room:
    return Room()


@pytest.fixture
def answered() -> asyncio.Event:
    return asyncio.Event()


async def test_who_is_alone_sends_as_much_at_once_as_they_like(room: Room, answered: asyncio.Event) -> None:
    sent = [room.send("office", answered) for _ in range(40)]
    await settled()
    assert len(room.served) == 40
    answered.set()
    await asyncio.gather(*sent)
    assert room.rests == []


async def test_who_sends_much_beside_another_has_one_message_taken_and_then_rests(
    room: Room, answered: asyncio.Event
) -> None:
    await room.send("honest", at_once())
    flood = [room.send("flood", answered) for _ in range(3)]
    await settled()
    assert room.served == ["honest", "flood"]
    room.time += 0.02
    answered.set()
    assert await room.rested() == [pytest.approx(0.06)]
    await room.rested()
    assert await room.rested() == [0], "nobody waits for the last"
    await asyncio.gather(*flood)
    assert room.served.count("flood") == 3


async def test_whoever_comes_beside_a_flood_is_served_at_once(room: Room, answered: asyncio.Event) -> None:
    await room.send("other", at_once())
    flood = [room.send("flood", answered) for _ in range(40)]
    await settled()
    await room.send("honest", at_once())
    assert room.served == ["other", "flood", "honest"]
    answered.set()
    while not all(task.done() for task in flood):
        await room.rested()
    assert room.served.count("flood") == 40, "nothing of theirs is lost"


async def test_nobody_rests_longer_than_others_notice(room: Room, answered: asyncio.Event) -> None:
    await room.send("honest", at_once())
    flood = [room.send("flood", answered) for _ in range(2)]
    await settled()
    room.time += 0.9
    answered.set()
    assert await room.rested() == [0.25]
    await room.rested()
    await asyncio.gather(*flood)


async def test_who_waits_for_each_answer_never_rests(room: Room) -> None:
    for _ in range(5):
        await room.send("honest", at_once())
        await room.send("other", at_once())
        assert all(seconds == 0 for seconds in await room.rested())


async def test_between_two_messages_of_another_a_flood_goes_on_one_at_a_time_without_rest(
    room: Room, answered: asyncio.Event
) -> None:
    """Honest people behind the same address wait for its flood too."""
    await room.send("honest", at_once())
    flood = [room.send("flood", answered) for _ in range(3)]
    await settled()
    room.time += 2
    answered.set()
    for served in (2, 3, 4):
        assert len(room.served) == served
        assert await room.rested() == [0]
    await asyncio.gather(*flood)


async def test_a_flood_that_the_others_have_left_rests_no_more(room: Room, answered: asyncio.Event) -> None:
    await room.send("honest", at_once())
    flood = [room.send("flood", answered) for _ in range(2)]
    await settled()
    room.time += 11
    answered.set()
    assert await room.rested() == [0]
    await asyncio.gather(*flood)
    await asyncio.gather(*(room.send("flood", answered) for _ in range(5)))


async def test_who_leaves_while_they_wait_holds_nobody_up(room: Room, answered: asyncio.Event) -> None:
    await room.send("honest", at_once())
    first, second, third = (room.send("flood", answered) for _ in range(3))
    await settled()
    second.cancel()
    answered.set()
    await room.rested()
    await asyncio.gather(first, third)
    assert room.served == ["honest", "flood", "flood"]
    await room.rested()
    assert not vars(room.pace)["_own"], "nothing is kept of who is gone"


async def test_what_fails_ends_its_turn(room: Room) -> None:
    await room.send("honest", at_once())

    async def fails() -> None:
        async with room.pace.turn("flood"):
            raise ValueError

    for _ in range(2):
        with pytest.raises(ValueError):  # noqa: PT011 - its own
            await fails()
        await room.rested()
