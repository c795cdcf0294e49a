"""The console's own words, in the languages of the agents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import ZoneInfo

from assistant.naming import readable
from assistant.wording.texts import read_table
from assistant.wording.written import Written, locale_of

_SOON_DAYS: Final = 5


@dataclass(frozen=True, slots=True)
class Due:
    """A due date in words, and how pressing it is: late, soon or later."""

    text: str
    urgency: str


@dataclass(frozen=True)
class Words(Written):
    """The texts of one language, and its days and instants in the controller's zone."""

    texts: Mapping[str, str]

    def __call__(self, key: str, **values: Any) -> str:
        """Give a text by its key; raises KeyError for one that nobody wrote."""
        return self.texts[key].format(**values)

    def count(self, key: str, number: int, **values: Any) -> str:
        """Give the text for one or for many."""
        return self(f"{key}.{'one' if self.is_one(number) else 'many'}", n=number, **values)

    def known(self, table: str, name: str) -> str:
        """Give the words for a machine name, or the name made readable."""
        return self.texts.get(f"{table}.{name}") or readable(name)

    def attention(self, code: str) -> str:
        """Say why a person is needed, in words; a code may name a system after a colon."""
        name, _, more = code.partition(":")
        told = self.known("attention", name)
        return f"{told} ({self.known('codes', more)})" if more else told

    def due(self, due_on: date, today: date) -> Due:
        """Write a due date as people think of it."""
        left = (due_on - today).days
        day = self.short_day(due_on)
        if left < 0:
            return Due(self.count("due.late", -left, day=day), "late")
        if left == 0:
            return Due(self("due.today", day=day), "late")
        return Due(self.count("due.in", left, day=day), "soon" if left <= _SOON_DAYS else "later")


def words_of(language: str, timezone: str) -> Words:
    """Give the words of a language, English for one that is not spoken here."""
    spoken = locale_of(language)
    return Words(spoken, ZoneInfo(timezone), catalogue(spoken))


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """Give every text of the console in a language, by dotted key."""
    texts = resources.files("assistant.web.console") / "texts" / f"{language}.toml"
    return MappingProxyType(_flat(read_table(texts, language)))


def _flat(table: Mapping[str, Any], before: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for name, value in table.items():
        flat |= _flat(value, f"{before}{name}.") if isinstance(value, dict) else {before + name: value}
    return flat
