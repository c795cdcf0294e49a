"""Which password an agent may choose: long, and not one that is guessed first."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources
from typing import Final

from assistant.errors import WeakPassword

_SHORTEST: Final = 12
_OWN: Final = 8  # letters that are no part of what is known
_TELLING: Final = 3  # a shorter name stands in many words


def check_password(password: str, names: Iterable[str] = ()) -> None:
    """Raise WeakPassword for one that is short, or hardly more than common words, these names and letters in a row."""
    plain = "".join(password.casefold().split())
    parts = {part for name in names for part in name.casefold().split() if len(part) >= _TELLING}
    for known in sorted({*_words(), *parts}, key=len, reverse=True):
        plain = plain.replace(known, " ")
    if len(password) < _SHORTEST or sum(1 for _ in _new_letters(plain)) < _OWN:
        raise WeakPassword


def _new_letters(text: str) -> Iterator[str]:
    """Give the letters that neither repeat the one before nor follow it, as in 1234."""
    before = " "
    for letter in text:
        if letter != " " and ord(letter) - ord(before) not in {-1, 0, 1}:
            yield letter
        before = letter


@cache
def _words() -> tuple[str, ...]:
    text = (resources.files("assistant.casework.agents") / "weak_passwords.toml").read_text("utf-8")
    return tuple(tomllib.loads(text)["words"])
