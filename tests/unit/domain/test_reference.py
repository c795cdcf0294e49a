"""References are random, and found however a person writes them."""

from __future__ import annotations

import re
import secrets

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from assistant.domain.reference import new_reference, parse_reference

REFERENCES = st.binary(min_size=5, max_size=5).map(lambda drawn: new_reference(lambda _: drawn))


@pytest.mark.parametrize(
    ("drawn", "expected"),
    [
        (b"\x00" * 5, "PR-00000000"),
        (b"\xff" * 5, "PR-ZZZZZZZZ"),
        (bytes([0b00001_000, 0b10_00011_0, 0b0100_0010, 0b1_00110_00, 0b111_01000]), "PR-12345678"),
    ],
)
def test_forty_random_bits_make_eight_characters(drawn: bytes, expected: str) -> None:
    asked: list[int] = []

    def source(size: int) -> bytes:
        asked.append(size)
        return drawn

    assert new_reference(source) == expected
    assert asked == [5]


@given(st.binary(min_size=5, max_size=5), st.binary(min_size=5, max_size=5))
def test_different_bits_give_different_references(one: bytes, other: bytes) -> None:
    assert (new_reference(lambda _: one) == new_reference(lambda _: other)) == (one == other)


def test_a_real_source_gives_what_the_contract_says() -> None:
    references = {new_reference(secrets.token_bytes) for _ in range(500)}

    assert len(references) == 500
    assert all(re.fullmatch("PR-[0-9A-HJKMNP-TV-Z]{8}", reference) for reference in references)


@given(
    REFERENCES, st.sampled_from(["{}", "[{}] Re: your request", "ma demande {}, merci", "({})", "x\n{}\n"])
)
@example("PR-ABCDEFGH", "see {}.")
def test_a_reference_is_found_in_text_in_any_case(reference: str, sentence: str) -> None:
    assert parse_reference(sentence.format(reference)) == reference
    assert parse_reference(sentence.format(reference.lower())) == reference


@given(REFERENCES)
def test_letters_taken_for_digits_are_read_back(reference: str) -> None:
    misread = reference.replace("0", "o").replace("1", "l")

    assert parse_reference(f"about {misread}") == reference
    assert parse_reference(f"about {misread.upper()}") == reference
    assert parse_reference(f"about {reference.replace('1', 'i')}") == reference


@pytest.mark.parametrize(
    "text",
    [
        "PR4F7K2M9Q",
        "pr 4f7k2m9q",
        "PR\u00a04F7K2M9Q",
        "PR–4F7K2M9Q",
        "PR\u20114f7k2m9q",
        "PR - 4F7K2M9Q",
        "Pr:4F7K2M9Q",
    ],
)
def test_the_hyphen_may_be_another_or_missing(text: str) -> None:
    assert parse_reference(f"Where is {text}?") == "PR-4F7K2M9Q"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "data protection and prevention",
        "PROTECTION DES DONNEES",
        "PR problems",
        "protection2026",
        "une prestation, un prélèvement",
        "SPR-4F7K2M9Q",
        "PR-4F7K2M9",
        "PR-4F7K2M9QX",
        "PR-4F7K2M9U",
        "invoice 4F7K2M9Q",
    ],
)
def test_words_and_other_numbers_are_no_references(text: str) -> None:
    assert parse_reference(text) is None


def test_the_one_written_exactly_wins_over_what_only_looks_alike() -> None:
    assert parse_reference("a pr-campaign, see PR-4F7K2M9Q") == "PR-4F7K2M9Q"
