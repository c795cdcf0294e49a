"""Whose turn it is where many wait: everybody's first before anybody's second."""

from __future__ import annotations

import asyncio
from collections import Counter

from hypothesis import given
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
