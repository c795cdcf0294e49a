"""A password that is guessed first is refused, whatever is put beside it; a long one of any letters is taken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.casework.agents.passwords import check_password
from assistant.errors import WeakPassword

NAMES = ("Liis Tamm", "Alder Hosting OÜ")


def is_taken(password: str) -> bool:
    try:
        check_password(password, NAMES)
    except WeakPassword:
        return False
    return True


@pytest.mark.parametrize(
    "password",
    [
        "", "short", "elevenchars", "aaaaaaaaaaaaaaaa", "abcdefghijklmnop", "123456789012", "password1234",
        "Password2026!", "P a s s w o r d 2026", "qwertyqwerty12", "Bienvenue2026!", "welcome welcome", "LiisTamm2026!",
        "alderhosting26", "privacydesk123", "iloveyou123456", "motdepasse2026", "adminadminadmin",
    ],
)  # fmt: skip
def test_what_is_guessed_first_is_refused(password: str) -> None:
    assert not is_taken(password)


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple", "an invented password", "une longue phrase de passe", "tühi kast köögis",
        "k7#mV2qX9pLr", "0987 the fox 1234", "中文密码也可以很长很安全的", "x" * 40 + "quiet river stones",
    ],
)  # fmt: skip
def test_a_long_one_of_any_letters_is_taken(password: str) -> None:
    assert is_taken(password)


@given(st.text(max_size=300))
def test_any_text_is_judged(password: str) -> None:
    assert not is_taken(password) or len(password) >= 12
