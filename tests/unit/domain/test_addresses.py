"""What stands for an e-mail address and cannot be one is told from any that can, whatever stands around it."""

from __future__ import annotations

import time

import pytest

from assistant.domain.addresses import no_address_in

ADDRESS = "camille.dupont+desk@courriel.example"
AROUND = [
    "{}",
    "It is {}.",
    "c’est {}, merci",
    "<{}>",
    "Camille <{}>",
    "mailto:{}",
    "({})",
    "« {} »",
    "{};",
    "{}, 10423",
]


@pytest.mark.parametrize("around", AROUND)
def test_an_address_is_no_slip_and_a_comma_in_it_is_one(around: str) -> None:
    assert no_address_in(around.format(ADDRESS)) is None
    for slip in {ADDRESS[:at] + "," + ADDRESS[at + 1 :] for at, mark in enumerate(ADDRESS) if mark in ".+"}:
        assert no_address_in(around.format(slip)) == slip


@pytest.mark.parametrize(
    "typed", ["", "@", "@camille", "10423", "no, thanks", "a@@b.example", "one,two", "hello"]
)
def test_what_stands_for_no_address_is_none(typed: str) -> None:
    assert no_address_in(typed) is None


@pytest.mark.parametrize("piece", ["@", "a@", ",", "a@b,", "<", "a@b "])
def test_the_time_it_takes_grows_with_the_text_alone(piece: str) -> None:
    begun = time.process_time()
    no_address_in(piece * 200_000)
    assert time.process_time() - begun < 1
