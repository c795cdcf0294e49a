"""The words by which people say things, as tables of expressions in TOML files: read once, compiled once, tried on plain text."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

from intents.cleaning import SENTENCES_KEPT, normalise, plain_letters
from intents.expression import Expression

_PLACE: Final = re.compile(r"\{([A-Z_]+)\}")


@lru_cache(maxsize=SENTENCES_KEPT)
def in_plain(text: str) -> str:
    """Give a text as expressions are tried on it: small letters, no accents, every apostrophe as ', single spaces.

    A dozen rules look at every sentence: each is made plain once, and forgotten with its message (`forget`).
    """
    return " ".join(plain_letters(text.lower()).split())


def word_in_plain(word: str) -> str:
    """Give one word in plain; it is not kept, for the words of a message would drive out its sentences."""
    small = word.lower()
    return small if small.isascii() else plain_letters(small)


def all_in_plain(texts: Iterable[str]) -> str:
    """Give several texts as one in plain, as the rules for a whole message are tried on it."""
    return " ".join(filter(None, map(in_plain, texts)))


def forget() -> None:
    """Keep nothing of a message that has been read."""
    in_plain.cache_clear()
    normalise.cache_clear()


@cache
def tables(file: str) -> dict[str, dict[str, Any]]:
    """Give the tables of a file as they stand there."""
    return tomllib.loads((Path(__file__).parent / f"{file}.toml").read_text(encoding="utf-8"))


@cache
def any_in(file: str, table: str) -> Expression:
    """Give one expression for any of a table, whatever its language."""
    return any_of(file, [row for rows in tables(file)[table].values() for row in rows])


@cache
def any_in_row(file: str, table: str, row: str) -> Expression:
    """Give one expression for any of a row of a table."""
    return any_of(file, tables(file)[table][row])


def any_of(file: str, rows: Iterable[str]) -> Expression:
    """Give one expression for any of some that are written in the words of a file."""
    return Expression(filled(file, row) for row in rows)


@cache
def hint_of(file: str) -> re.Pattern[str]:
    """Give a few stems of which what the file is about always holds one: an ordinary sentence is spared the rest."""
    return re.compile(str(tables(file)["words"]["HINT"]))


def filled(file: str, row: str) -> str:
    """Fill in the words an expression names; words may name others, and those others once more."""
    words = tables(file)["words"]
    for _ in range(3):
        row = _PLACE.sub(lambda found: str(words[found[1]]), row)
    return row
