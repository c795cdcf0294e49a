"""The words by which people's messages are understood, from the words.toml of a package: the rules that apply them know none."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import chain


@cache
def _tables(package: str) -> dict[str, dict[str, list[str]]]:
    return tomllib.loads((files(package) / "words.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class Words:
    """The tables of one package; each raises KeyError for a table that is not there."""

    package: str

    def one_of(self, table: str) -> str:
        """Give one expression for any row of a table."""
        return f"(?:{'|'.join(self._rows(table))})"

    def whole(self, table: str) -> re.Pattern[str]:
        """Compile what finds any row of a table as whole words, whatever their case."""
        return re.compile(rf"\b{self.one_of(table)}\b", re.IGNORECASE)

    def plain(self, table: str) -> frozenset[str]:
        """Give the single words of a table."""
        return frozenset(word for row in self._rows(table) for word in row.split())

    def _rows(self, table: str) -> list[str]:
        return list(chain.from_iterable(_tables(self.package)[table].values()))
