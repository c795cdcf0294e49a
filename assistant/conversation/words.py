"""The words by which a talk is understood, from words.toml: the rules that apply them know none."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from itertools import chain


@cache
def _tables() -> dict[str, dict[str, list[str]]]:
    return tomllib.loads((files(__package__) / "words.toml").read_text(encoding="utf-8"))


def one_of(table: str) -> str:
    """Give one expression for any row of a table; raises KeyError for a table that is not there."""
    return f"(?:{'|'.join(chain.from_iterable(_tables()[table].values()))})"


def whole(table: str) -> re.Pattern[str]:
    """Compile what finds any row of a table as whole words, whatever their case."""
    return re.compile(rf"\b{one_of(table)}\b", re.IGNORECASE)


def plain(table: str) -> frozenset[str]:
    """Give the single words of a table."""
    return frozenset(word for row in chain.from_iterable(_tables()[table].values()) for word in row.split())
