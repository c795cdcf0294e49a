"""The words by which people say details, in all languages at once: a text may mix them, and its language is a guess."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path


@cache
def _tables() -> dict[str, dict[str, list[str]]]:
    return tomllib.loads((Path(__file__).parent / "wording.toml").read_text(encoding="utf-8"))


def words_of(table: str) -> list[str]:
    """List the expressions of a table of wording.toml, in every language; raises KeyError for a table it lacks."""
    return [word for words in _tables()[table].values() for word in words]


def any_of(table: str) -> str:
    """Give one expression for any in a table."""
    return f"(?:{'|'.join(words_of(table))})"


def matcher(pattern: str) -> re.Pattern[str]:
    """Compile an expression in which `<table>` stands for any of that table's, whatever the case of letters."""
    return re.compile(_PLACE.sub(lambda found: any_of(found[1]), pattern), re.IGNORECASE)


_PLACE = re.compile(r"<([a-z_]+)>")
