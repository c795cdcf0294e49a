"""Whose turn it is where many wait: everybody's first before anybody's second."""

from __future__ import annotations

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
