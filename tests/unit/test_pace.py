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
    talks: list[str] = field(default_factory=list)
    sent: list[asyncio.Task[None]] = field(default_factory=list)
    pace: Pace = field(init=False)

    def __post_init__(self) -> None:
        self.pace = Pace(lambda: self.time, lambda seconds, end: self.rests.append((seconds, end)))

    def send(
        self,
        whose: str,
        until: asyncio.Event,
        talk: str = "",
        has_left: Callable[[], bool] = lambda: False,
    ) -> asyncio.Task[None]:
        """Send a message whose answer takes until something happens."""

        async def message() -> None:
            async with self.pace.turn(whose, talk, has_left):
                self.served.append(whose)
                self.talks.append(talk)
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


async def gone_by_one(room: Room, answered: asyncio.Event) -> None:
    """Let everybody be served, one turn after the other."""
    answered.set()
    for _ in range(200):
        await room.rested()


async def test_a_talk_with_one_message_waits_for_at_most_one_of_each_other_talk(
    room: Room, answered: asyncio.Event
) -> None:
    await room.send("honest", at_once())
    for n in range(3):
        for _ in range(10):
            room.sent.append(room.send("office", answered, talk=f"flood {n}"))
    await settled()
    room.sent.append(room.send("office", answered, talk="visitor"))
    await gone_by_one(room, answered)
    before = room.talks[: room.talks.index("visitor")]
    assert len(before) <= 2 + 3, "the one that is served, and one of each"
    assert max(before[2:].count(f"flood {n}") for n in range(3)) <= 1
    assert len(room.talks) == 32, "nothing of anybody's is lost"


async def test_who_left_before_their_turn_holds_up_nobody_of_their_address(
    room: Room, answered: asyncio.Event
) -> None:
    await room.send("honest", at_once())
    for n in range(300):
        room.sent.append(room.send("office", answered, talk=f"gone {n}", has_left=lambda: True))
    await settled()
    room.sent.append(room.send("office", answered, talk="visitor"))
    await settled()
    turns = await turns_until(room, answered, "visitor")
    assert turns == 1
    await gone_by_one(room, answered)
    assert len(room.talks) == 302, "all of theirs is stored"
    assert not vars(room.pace)["_own"]


async def test_who_left_is_taken_a_few_at_a_time_and_the_address_rests_between(
    room: Room, answered: asyncio.Event
) -> None:
    """Whoever closes their sockets at once has no more of the desk by it."""
    await room.send("honest", at_once())
    for n in range(30):
        room.sent.append(room.send("flood", answered, talk=f"gone {n}", has_left=lambda: True))
    await settled()
    rests, counts = [], []
    while len(room.talks) < 31:
        room.time += 0.02
        answered.set()
        await settled()
        answered.clear()
        (over, before), room.rests = (room.rests, len(room.talks)), []
        for seconds, end in over:
            rests.append(seconds)
            end()
        await settled()
        counts.append(len(room.talks) - before)
    assert max(counts) <= 9
    assert rests == [pytest.approx(0.06)] * len(counts)


async def test_who_is_cancelled_once_it_is_their_turn_gives_it_on(
    room: Room, answered: asyncio.Event
) -> None:
    await room.send("honest", at_once())
    first, second, third = (room.send("flood", answered, talk=str(n)) for n in range(3))
    await settled()
    answered.set()
    await settled()
    (_, end) = room.rests.pop()
    end()
    second.cancel()
    await settled()
    await room.rested()
    await asyncio.gather(first, third)
    await room.rested()
    assert not vars(room.pace)["_own"]


@pytest.mark.parametrize("whose", ["visitor", "flood"])
async def test_who_is_alone_waits_for_nothing_whether_they_left_or_not(room: Room, whose: str) -> None:
    never, left = asyncio.Event(), (lambda: True, lambda: False)
    for n in range(40):
        room.sent.append(room.send(whose, never, talk=str(n % 3), has_left=left[n % 2]))
    await settled()
    assert len(room.talks) == 40


async def turns_until(room: Room, answered: asyncio.Event, talk: str) -> int:
    """Count the turns of an address until a talk is served."""
    answered.set()
    turns = 0
    while talk not in room.talks:
        await room.rested()
        turns += 1
    return turns
