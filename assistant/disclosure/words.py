"""The words of a package, in one language: whole texts from texts/<locale>/, filled in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from assistant.naming import readable
from assistant.wording.texts import environment, read_table
from assistant.wording.written import NO_BREAK, Written

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jinja2.sandbox import SandboxedEnvironment

_CITED: Final = re.compile(r"\b([Aa]rticles?|paragraphe|point) (?=\d|[a-z]\))")


@dataclass(frozen=True)
class Words(Written):
    """Says things in one language, with days and times on the controller's clock."""

    tables: Mapping[str, Any]

    def say(self, name: str, **values: Any) -> str:
        """Write a whole text."""
        return _filled(self.locale, name, **values, words=self) if values else _fixed(self.locale, name)

    def label(self, table: str, name: str) -> str:
        """Give a label, or the name itself made readable."""
        return str(self.tables[table].get(name) or readable(name))

    def records(self, rows: int) -> str:
        """Write how many records there are."""
        return self.counted(rows, self.label("format", "record"), self.label("format", "records"))


def words(locale: str, zone: str) -> Words:
    """Give the words of a locale; `zone` is the controller's."""
    return Words(locale, ZoneInfo(zone or "UTC"), _read(locale, "labels.toml"))


@cache
def _read(locale: str, name: str) -> Mapping[str, Any]:
    table = read_table(files(__package__) / "texts" / locale / name, locale)
    return MappingProxyType(_cited(table))


def _cited(told: Any) -> Any:
    """Keep a word of the law and its number on one line."""
    if isinstance(told, dict):
        return {name: _cited(each) for name, each in told.items()}
    return _CITED.sub(rf"\1{NO_BREAK}", told) if isinstance(told, str) else told


@cache
def _environment(locale: str) -> SandboxedEnvironment:
    parts = _read(locale, "page.toml")
    return environment({f"{part}.{key}": text for part in parts for key, text in parts[part].items()})


def _filled(locale: str, name: str, **values: Any) -> str:
    return _environment(locale).get_template(name).render(values).strip()


@cache
def _fixed(locale: str, name: str) -> str:
    return _filled(locale, name)
