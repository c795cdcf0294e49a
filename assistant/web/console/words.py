"""The console's own words, in the languages of the agents."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import ZoneInfo

LANGUAGES: Final = ("en", "fr")
_SOON_DAYS: Final = 5


@dataclass(frozen=True, slots=True)
class Due:
    """A due date in words, and how pressing it is: late, soon or later."""

    text: str
    urgency: str


@dataclass(frozen=True, slots=True)
class Words:
    """The texts of one language, and its days and instants in the controller's zone."""

    language: str
    texts: Mapping[str, str]
    zone: ZoneInfo

    def __call__(self, key: str, **values: Any) -> str:
        """Give a text by its key; raises KeyError for one that nobody wrote."""
        return self.texts[key].format(**values)

    def count(self, key: str, number: int, **values: Any) -> str:
        """Give the text for one or for many."""
        few = number == 1 or (self.language == "fr" and number == 0)
        return self(f"{key}.{'one' if few else 'many'}", n=number, **values)

    def known(self, table: str, name: str) -> str:
        """Give the words for a machine name, or the name made readable."""
        return self.texts.get(f"{table}.{name}") or name.replace("_", " ")

    def attention(self, code: str) -> str:
        """Say why a person is needed, in words; a code may name a system after a colon."""
        name, _, more = code.partition(":")
        told = self.known("attention", name)
        return f"{told} ({self.known('codes', more)})" if more else told

    def article(self, cited: str) -> str:
        """Cite an article shortly, under the name that the law has in this language."""
        return cited.replace("GDPR", self("app.gdpr"))

    def day(self, on: date) -> str:
        """Write a day shortly, with its weekday: Tue 8 Dec."""
        local = on.astimezone(self.zone).date() if isinstance(on, datetime) else on
        weekday = self.texts["days.short"].split()[local.weekday()]
        month = self.texts["months.short"].split()[local.month - 1]
        return f"{weekday} {self._number(local)} {month}"

    def full_day(self, on: date) -> str:
        """Write a day of some other year shortly: 31 Dec 2033."""
        return f"{self._number(on)} {self.texts['months.short'].split()[on.month - 1]} {on.year}"

    def _number(self, on: date) -> str:
        return self("days.first") if on.day == 1 else str(on.day)

    def instant(self, at: datetime) -> str:
        """Write an instant shortly, on the controller's clock."""
        return f"{self.day(at)}, {at.astimezone(self.zone):%H:%M}"

    def due(self, due_on: date, today: date) -> Due:
        """Write a due date as people think of it."""
        left = (due_on - today).days
        day = self.day(due_on)
        if left < 0:
            return Due(self.count("due.late", -left, day=day), "late")
        if left == 0:
            return Due(self("due.today", day=day), "late")
        return Due(self.count("due.in", left, day=day), "soon" if left <= _SOON_DAYS else "later")


def words_of(language: str, timezone: str) -> Words:
    """Give the words of a language, English for one that is not spoken here."""
    spoken = language if language in LANGUAGES else LANGUAGES[0]
    return Words(spoken, catalogue(spoken), ZoneInfo(timezone))


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """Give every text of the console in a language, by dotted key."""
    text = (resources.files("assistant.web.console") / "texts" / f"{language}.toml").read_text("utf-8")
    return MappingProxyType(_flat(tomllib.loads(text)))


def _flat(table: Mapping[str, Any], before: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for name, value in table.items():
        flat |= _flat(value, f"{before}{name}.") if isinstance(value, dict) else {before + name: value}
    return flat
