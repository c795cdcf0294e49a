"""Only what has the form of the company's client numbers is one, and stands as a word of its own."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.domain.addresses import client_number_in, client_number_like, may_be_client_number
from assistant.domain.reference import new_reference
from intents.details import details_of

EXAMPLES = ["C-10042", "10042", "P-10042", "PR-10042", ""]
AROUND = ["{}", "it is {}", "client {}", "my client number is {}", "mon numéro client : {}", "{}, thanks"]
WRITTEN = [str, str.lower, lambda ref: ref.replace("-", " "), lambda ref: ref.replace("-", "\u2011")]


def _reference_of(seed: int) -> str:
    """Give a reference of this seed; of odd ones it is of figures alone, as one in ten thousand is."""
    drawn = random.Random(seed)
    figures = [drawn.randrange(10 if seed % 2 else 32) for _ in range(8)]
    number = sum(figure << 5 * place for place, figure in enumerate(figures))
    return new_reference(number.to_bytes)


@given(st.integers(0, 2**40), st.sampled_from(EXAMPLES), st.sampled_from(AROUND), st.sampled_from(WRITTEN))
def test_no_client_number_stands_in_a_reference_of_ours(
    seed: int, example: str, around: str, written: object
) -> None:
    assert callable(written)
    said = around.format(written(_reference_of(seed)))
    assert client_number_in(said, example) is None, said
    named = details_of(said, ()).get("client_id", [])
    assert not any(may_be_client_number(each, example) for each in named), said


@pytest.mark.parametrize(
    "said",
    [
        "RE-12345678",
        "CAS-12345678",
        "DSAR-2026-0017",
        "DSAR-12345678",
        "FR-2026-00123",
        "INV/10042",
        "A10042",
        "10042a",
        "C-10042-7",
        "XC-10042",
        "2026-11-30",
        "30.11.2026",
        "+372 5123456",
        "0612345678",
        "4111 1111 1111 1111",
        "4111111111111111",
    ],
)
@pytest.mark.parametrize("example", ["C-10042", "10042"])
def test_what_has_another_form_is_none(said: str, example: str) -> None:
    for around in AROUND:
        assert client_number_in(around.format(said), example) is None
        named = details_of(around.format(said), ()).get("client_id", [])
        assert not any(may_be_client_number(each, example) for each in named), around


@pytest.mark.parametrize(
    "typed",
    [
        "10042",
        "C-10042",
        "c10042",
        "C 10042",
        "C.10042",
        "n°10042",
        "(10042)",
        "C 1 0 0 4 2",
        "10042 - thanks",
    ],
)
def test_it_is_one_however_it_is_written(typed: str) -> None:
    found = client_number_in(typed, "C-10042")
    assert found is not None
    assert client_number_like("C-10042", found) == "C-10042"


def test_without_an_example_it_may_have_any_few_letters_and_is_no_part_of_a_word() -> None:
    assert client_number_in("C-10042", "") == "C-10042"
    for said in ("DSAR-12345678", "FR-2026-00123", "A10042b", "INV/10042", "x-C-10042"):
        assert client_number_in(said, "") is None, said
