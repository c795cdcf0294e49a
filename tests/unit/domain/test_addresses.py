"""What stands for an e-mail address and cannot be one is told from any that can, whatever stands around it."""

from __future__ import annotations

import time

import pytest

from assistant.domain.addresses import emails_in, is_part_of_no_address, no_address_in

ADDRESS = "camille.dupont+desk@courriel.example"
AROUND = [
    "{}",
    "It is {}.",
    "c’est {}, merci",
    "<{}>",
    "Camille <{}>",
    "mailto:{}",
    "adresse:{}",
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


BROKEN = [
    "a@b@mail.example",
    "flood.v%0ABcc:zz4@mail.example",
    '"; Bcc: zz7@victim.example"@mail.example',
    "jean,dupont@mail.example",
    "a@b@mail.example,c@mail.example",
    "x<y@mail.example>z@mail.example",
]


@pytest.mark.parametrize("around", ["{}", "Delete my account, {} please", "({})"])
@pytest.mark.parametrize("typed", BROKEN)
def test_no_part_of_a_broken_address_is_one(typed: str, around: str) -> None:
    said = around.format(typed)
    assert no_address_in(said)
    assert emails_in(said) == []
    assert is_part_of_no_address(said, typed.rpartition("@")[2]) or "@" not in typed


@pytest.mark.parametrize("around", AROUND)
def test_an_address_is_read_as_it_was_written(around: str) -> None:
    assert emails_in(around.format(ADDRESS)) == [ADDRESS]
    assert not is_part_of_no_address(around.format(ADDRESS), ADDRESS)
    hidden = around.format(f"{ADDRESS[:4]}\u200b{ADDRESS[4:9]}\u00ad{ADDRESS[9:]}")
    assert emails_in(hidden) == [ADDRESS]
    assert no_address_in(hidden) is None


@pytest.mark.parametrize("joined", [", ", ",", ";", " and ", "\n", "/", ">,<"])
def test_several_addresses_are_each_read(joined: str) -> None:
    named = ["a@one.example", "b.c@two.example", ADDRESS]
    assert emails_in(f"<{joined.join(named)}>") == named
