"""Turns: everybody's first before anybody's second, nobody lost, and each one's own in their order."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from assistant.domain.turns import Turns

BROUGHT = st.lists(st.sampled_from("abcde"), max_size=80)


@given(BROUGHT, st.data())
def test_whoever_waits_is_passed_over_by_nobody_twice_whenever_they_came(
    brought: list[str], data: st.DataObject
) -> None:
    turns, taken = Turns[int](), list[tuple[str, int]]()
    passed: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    waiting: defaultdict[str, int] = defaultdict(int)

    def take() -> None:
        whose, number = turns.take()
        taken.append((whose, number))
        waiting[whose] -= 1
        passed[whose].clear()
        for other in (each for each, count in waiting.items() if count and each != whose):
            passed[other][whose] += 1
            assert passed[other][whose] == 1, f"{whose} was served twice while {other} waited"

    for number, whose in enumerate(brought):
        turns.put(whose, number)
        waiting[whose] += 1
        for _ in range(data.draw(st.integers(0, min(2, len(turns))))):
            take()
    while turns:
        take()
    assert len(turns) == 0
    assert sorted(number for _, number in taken) == list(range(len(brought)))
    for one in "abcde":
        own = [number for whose, number in taken if whose == one]
        assert own == sorted(own)


def test_who_was_served_last_stands_behind_all_who_came_meanwhile() -> None:
    turns = Turns[str]()
    for item in ("a1", "a2"):
        turns.put("a", item)
    assert turns.take() == ("a", "a1")
    turns.put("b", "b1")
    assert turns.waiting_of("a") == 1
    assert [turns.take()[1] for _ in range(2)] == ["b1", "a2"]
    assert not turns
    assert turns.waiting_of("a") == 0


@given(BROUGHT, st.data())
def test_what_is_put_back_comes_again_in_the_order_in_which_it_was_taken(
    brought: list[str], data: st.DataObject
) -> None:
    turns = Turns[int]()
    for number, whose in enumerate(brought):
        turns.put(whose, number)
    taken = [turns.take() for _ in range(data.draw(st.integers(0, len(brought))))]
    kept = data.draw(st.integers(0, len(taken)))
    for whose, number in reversed(taken[kept:]):
        turns.put_back(whose, number)
    again = [turns.take() for _ in taken[kept:]]
    assert [number for whose, number in again if whose == "a"] == [
        number for whose, number in taken[kept:] if whose == "a"
    ]
    firsts = list(dict.fromkeys(whose for whose, _ in taken[kept:]))
    assert [whose for whose, _ in again][: len(firsts)] == firsts
