"""Whose turn it is where many wait: everybody's first before anybody's second."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from assistant.services import Peers


@given(st.lists(st.tuples(st.integers(), st.sampled_from("abcdef")), max_size=60))
def test_nobody_is_served_twice_before_everybody_was_served_once(waiting: list[tuple[int, str]]) -> None:
    peers = Peers()
    for talk in "abc":
        peers.note(talk, "one and the same")
    numbered = [((number, talk), talk) for number, (_, talk) in enumerate(waiting)]
    served = peers.in_turn(numbered)
    assert sorted(served) == sorted(item for item, _ in numbered), "nobody is lost"
    turns: Counter[str] = Counter()
    rounds = []
    for _, talk in served:
        turns[peers.of(talk)] += 1
        rounds.append(turns[peers.of(talk)])
    assert rounds == sorted(rounds)


def test_of_many_talks_the_oldest_is_forgotten_and_stands_for_itself() -> None:
    peers = Peers(most=2)
    for talk in ("a", "b", "c"):
        peers.note(talk, "10.0.0.1")
    assert [peers.of(talk) for talk in ("a", "b", "c")] == ["a", "10.0.0.1", "10.0.0.1"]


async def test_who_sends_very_many_waits_for_themselves_once_others_write_and_everybody_gets_in() -> None:
    peers, inside, order = Peers(), Counter[str](), list[str]()
    most: Counter[str] = Counter()
    go = asyncio.Event()

    async def message(peer: str) -> None:
        async with peers.turn(peer):
            inside[peer] += 1
            most[peer] = max(most[peer], inside[peer])
            order.append(peer)
            await go.wait()
            inside[peer] -= 1

    first = asyncio.create_task(message("honest"))
    await asyncio.sleep(0)
    flood = [asyncio.create_task(message("flood")) for _ in range(60)]
    flood[40].cancel()
    await asyncio.sleep(0)
    go.set()
    await asyncio.wait([first, *flood])
    assert (order.count("flood"), order.count("honest")) == (59, 1)
    assert most["flood"] <= 5
    assert not peers._inside
    assert not peers._waiting


ACTS = st.one_of(
    st.tuples(st.just("comes"), st.sampled_from(["honest", "flood", "flood", "flood"])),
    st.tuples(st.sampled_from(["ends", "gives up"]), st.lists(st.integers(0, 40), min_size=1, max_size=8)),
    st.tuples(st.just("passes"), st.none()),
)


MANY: list[tuple[str, Any]] = [("comes", "flood")] * 8
LATER: list[tuple[str, Any]] = [("passes", None)] * 3


class Crowd:
    """Messages that come, end and give up when they are told to."""

    def __init__(self) -> None:
        self.peers, self.inside, self.most = Peers(), Counter[str](), 0
        self.tasks: list[asyncio.Task[None]] = []
        self.ends: list[asyncio.Event] = []

    def comes(self, peer: str) -> None:
        self.ends.append(asyncio.Event())
        self.tasks.append(asyncio.create_task(self._message(peer, self.ends[-1])))

    async def _message(self, peer: str, end: asyncio.Event) -> None:
        async with self.peers.turn(peer):
            self.inside[peer] += 1
            self.most = max(self.most, self.inside["flood"] if self.inside["honest"] else 0)
            try:
                await end.wait()
            finally:
                self.inside[peer] -= 1

    async def act(self, what: str, about: Any) -> None:
        if what == "comes":
            self.comes(about)
        elif what == "passes":
            await asyncio.sleep(0)
        else:
            for number in {each for each in about if each < len(self.tasks)}:
                _ = self.ends[number].set() if what == "ends" else self.tasks[number].cancel()

    async def end(self) -> None:
        for end in self.ends:
            end.set()
        for _ in range(4 * len(self.tasks)):
            await asyncio.sleep(0)


@given(st.lists(ACTS, max_size=60))
@example([*MANY, *LATER, ("ends", range(4)), *LATER, ("comes", "flood"), *LATER, ("ends", range(4, 8))])
@example([*MANY, *LATER, ("ends", range(4)), ("passes", None), ("gives up", range(4, 8)), *LATER, *MANY])
def test_whoever_comes_gets_in_however_others_end_together_or_give_up(acts: list[tuple[str, Any]]) -> None:
    """A commit answers many in the same moment, and whoever hangs up does so while a turn is being handed on."""

    async def all_of_it() -> None:
        crowd, somebody_else = Crowd(), asyncio.Event()
        stays = asyncio.create_task(crowd._message("somebody else", somebody_else))
        await asyncio.sleep(0)
        for what, about in acts:
            await crowd.act(what, about)
        await crowd.end()
        assert all(task.done() for task in crowd.tasks), "nobody waits for ever"
        assert crowd.most <= 4, "and a few of an address at most while others write"
        somebody_else.set()
        await stays
        assert (dict(crowd.peers._inside), crowd.peers._waiting) == ({}, {})

    asyncio.run(all_of_it())


async def test_alone_nobody_waits_for_their_turn() -> None:
    peers, done = Peers(), asyncio.Event()

    async def message() -> None:
        async with peers.turn("one"):
            await done.wait()

    tasks = [asyncio.create_task(message()) for _ in range(50)]
    await asyncio.sleep(0)
    assert peers._inside["one"] == 50
    done.set()
    await asyncio.wait(tasks)
