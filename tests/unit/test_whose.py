"""Whose each stretch of a talk is, over everything that can happen at a browser that several use (GDPR 15(4))."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from assistant.casework.requests.whose import (
    Proof,
    Stretch,
    divide,
    is_theirs,
)
from assistant.domain.assurance import without_codes

START, HOUR = datetime(2026, 3, 2, 9, tzinfo=UTC), timedelta(hours=1)
NOTHING, NAMED_A, NAMED_B, A, B, BOTH, A_AFTER_SLIP = "", "a?", "b?", "a", "b", "ab", "b?a"
HAPPENED = (NOTHING, NAMED_A, NAMED_B, A, B, BOTH, A_AFTER_SLIP)


def divided(happened: tuple[str, ...]) -> list[Stretch]:
    """Divide a talk that was hidden every hour, with what happened in each."""
    hidings = [(10 * n, START + n * HOUR) for n in range(1, len(happened))]
    proofs, named = [], []
    for n, what in enumerate(happened):
        at = START + n * HOUR + timedelta(minutes=5)
        for name, asked in itertools.pairwise(f"{what} "):
            if name == "?":
                continue
            named.append((name, at))
            if asked != "?":
                proofs.append(Proof(name, at))
    return divide(hidings, proofs, named)


TALKS = [talk for n in (1, 2, 3) for talk in itertools.product(HAPPENED, repeat=n)]


@pytest.mark.parametrize("last", HAPPENED)
def test_a_stretch_is_of_whoever_was_proved_in_it_alone_or_of_nobody(last: str) -> None:
    for happened, at in [(talk, at) for talk in TALKS if talk[-1] == last for at in range(len(talk))]:
        stretches, what = divided(happened), happened[at]
        told = {name: is_theirs(stretches, at, {name}) for name in "ab"}
        alone = what[-1:] if what in {A, B, A_AFTER_SLIP} else ""
        if not alone and what in {NAMED_A, NAMED_B}:  # a code that came late, and nobody else ever there
            name = what[0]
            only = not any(set(each) - {name, "?"} for each in happened)
            alone = name if only and name in happened else ""
        assert told == {name: name == alone for name in "ab"}, (happened, at)


def test_no_stretch_is_of_two_and_who_has_both_addresses_has_all_that_either_proved() -> None:
    for happened in TALKS:
        stretches = divided(happened)
        for at, what in enumerate(happened):
            told = [is_theirs(stretches, at, names) for names in ({"a"}, {"b"}, {"a", "b"})]
            assert told[:2] != [True, True], (happened, at)
            assert told[2] or what not in {A, B, BOTH, A_AFTER_SLIP}, (happened, at)


def test_a_link_that_is_followed_while_another_sits_there_tells_who_asked_and_not_who_sits_there() -> None:
    hidings, asked = [(10, START + HOUR)], START + timedelta(minutes=1)
    link = Proof("a", START + 2 * HOUR, there=False, asked=[asked])
    stretches = divide(hidings, [link])
    assert [is_theirs(stretches, n, {"a"}) for n in (0, 1)] == [True, False]
    stretches = divide(hidings, [link, Proof("b", START + HOUR)])
    assert [is_theirs(stretches, n, {"b"}) for n in (0, 1)] == [False, True]


def test_a_talk_that_was_never_hidden_is_of_whoever_was_proved_however() -> None:
    assert is_theirs(divide([], [Proof("a", START, there=False)]), 0, {"a"})
    assert not is_theirs(divide([], []), 0, {"a"})


@pytest.mark.parametrize(
    "typed", ["12345678", "1234 5678", "12 34 56 78", "c'est 1234-5678 !", "code:12345678"]
)
def test_a_typed_code_is_left_out(typed: str) -> None:
    left = without_codes(typed)
    assert "********" in left
    assert not any(sign.isdigit() for sign in left)


@pytest.mark.parametrize(
    "kept", ["06 12 34 56 78", "+33 6 12 34 56 78", "123456789", "2026-03-02", "1234567"]
)
def test_what_is_no_code_is_copied_as_it_is(kept: str) -> None:
    assert kept == "2026-03-02" or without_codes(kept) == kept
