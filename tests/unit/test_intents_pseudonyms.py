"""What is kept of a message to learn from says what was asked, and not who asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intents import pseudonymised


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (
            "My name is Oriane Vasquelin, erase my data please. My number is +33 6 12 34 56 78.",
            "My name is Name Name, erase my data please. My number is +00 0 00 00 00 00.",
        ),
        (
            "supprimez mes données, oriane vasquelin, oriane.vasquelin@courriel.example",
            "supprimez mes données, Name Name, someone@mail.example",
        ),
        ("Delete my account at https://oriane.example/a?b=1 now", "Delete my account at site.example now"),
        ("My site is vasquelin-traiteur.fr and I want a copy", "My site is site.example and I want a copy"),
    ],
)
def test_names_addresses_sites_and_numbers_are_replaced(text: str, kept: str) -> None:
    assert pseudonymised(text) == kept


def test_quoted_text_and_a_signature_are_not_kept() -> None:
    kept = pseudonymised("Please erase my data.\n\n> On Monday you wrote to Oriane\n\n-- \nOriane Vasquelin")
    assert "Please erase my data." in kept
    assert "Oriane" not in kept


_AROUND = st.text(max_size=80)
_LOCAL = st.from_regex(r"[a-z]{3,10}\.[a-z]{3,10}", fullmatch=True)


@given(before=_AROUND, after=_AROUND, local=_LOCAL)
def test_no_digit_and_no_address_is_left_whatever_stands_around(before: str, after: str, local: str) -> None:
    kept = pseudonymised(f"{before} write to {local}@vasquelin.example soon {after}")
    assert local not in kept
    assert "vasquelin" not in kept
    assert not any(letter in "123456789" for letter in kept)
