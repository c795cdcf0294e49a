"""What people call things: systems, tables, columns, recipients and laws, in their language, as settings and maps say.

An English title stands under its key, the French one under the same key with `@fr`. Where a title is missing the
name itself is shown, made readable, and `assistant doctor` says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.domain import own_records
from assistant.domain.data_map import TableMap
from assistant.domain.http_map import HttpTable
from assistant.domain.manual_map import ManualMap

if TYPE_CHECKING:
    from assistant.config import Settings
    from assistant.domain.plan import Keep

AnyTable = TableMap | HttpTable | ManualMap


def readable(name: str) -> str:
    """Give a technical name as it can stand on a page."""
    return name.replace("_", " ")


@dataclass(frozen=True, slots=True)
class Naming:
    """Names everything that settings, catalogue and maps name, in a language."""

    settings: Settings

    def source(self, name: str, language: str) -> str:
        """Name a system."""
        found = next((each for each in self.settings.sources if each.name == name), None)
        if self.is_ours(name):
            return own_records.SYSTEM.get(language) or own_records.SYSTEM["en"]
        return (_said(found.title, found.title_fr, language) if found else "") or name

    def table(self, source: str, table: str, language: str) -> str:
        """Name a table of a system."""
        found = self._table(source, table)
        if found:
            return _said(found.title, found.title_fr, language) or readable(table)
        own = own_records.TITLES.get(table, {}) if self.is_ours(source) else {}
        return own.get(language) or own.get("en") or readable(table)

    def column(self, source: str, table: str, column: str, language: str) -> str:
        """Name a column of a table, as its meaning says it."""
        found = self._table(source, table)
        own = own_records.MEANINGS if self.is_ours(source) else {}
        meanings: Mapping[str, str] = getattr(found, "meanings", own)
        return meanings.get(f"{column}@{language}") or meanings.get(column) or readable(column)

    def columns(self, source: str, table: str, columns: Iterable[str], language: str) -> list[str]:
        """Name some columns as they stand in the middle of a sentence."""
        return [_in_a_sentence(self.column(source, table, column, language)) for column in columns]

    def recipient(self, name: str, language: str) -> str:
        """Name a recipient (Article 15(1)(c) asks for the actual one)."""
        found = self.settings.catalogue.recipients.get(name)
        return _said(found.name, found.name_fr, language) if found else readable(name)

    def law(self, rule: str, language: str) -> str:
        """Name the law behind a retention rule, without its article."""
        found = self.settings.catalogue.retention.get(rule)
        return _said(found.law, found.law_fr, language) if found else readable(rule)

    def reason(self, keep: Keep, language: str) -> str:
        """Say why something stays, with the law and its article; nothing where no rule of the catalogue says it."""
        found = self.settings.catalogue.retention.get(keep.rule)
        if found is None:
            return ""
        return (
            f"{found.fr if language == 'fr' else found.en} ({self.law(keep.rule, language)}, {found.article})"
        )

    def words(self, language: str) -> dict[str, dict[str, str]]:
        """Give everything as labels: tables as `source.table`, columns as `source.table.column`."""
        settings, known = self.settings, self.settings.catalogue
        mapped = [(source, table, f"{source}.{name}") for source, name, table in self.tables()]
        return {
            "systems": {s.name: self.source(s.name, language) for s in settings.sources},
            "tables": {
                key: self.table(source, key.removeprefix(f"{source}."), language) for source, _, key in mapped
            }
            | {
                f"{source}.{name}": self.table(source, name, language)
                for source in self.own_sources
                for name in own_records.TITLES
            },
            "columns": {
                f"{key}.{column}": self.column(source, key.removeprefix(f"{source}."), column, language)
                for source, table, key in mapped
                for column in _columns(table)
            },
            "recipients": {name: self.recipient(name, language) for name in known.recipients},
            "identifiers": {name: _said(row.en, row.fr, language) for name, row in known.identifiers.items()},
        }

    def missing(self) -> Iterator[tuple[str, str, str]]:
        """Give what people would read as a bare name in a language of the controller: system, table, what to write."""
        for language in self.settings.controller.languages:
            yield from self._untitled(language, "" if language == "en" else f"@{language}")
        for source, name, table in self.tables():
            for recipient in table.recipients:
                if not recipient.known_by and not isinstance(table, ManualMap):
                    text = f"no known_by says by what {recipient.name} knows the data; people are asked to find out"
                    yield source, name, text

    def _untitled(self, language: str, suffix: str) -> Iterator[tuple[str, str, str]]:
        for source in self.settings.sources:
            titled = source.title if language == "en" else source.title_fr
            if not titled and not self.is_ours(source.name):
                yield source.name, "", _lacks([f"title{suffix}"], "its [[sources]] block")
        for source_name, name, table in self.tables():
            yield from ((source_name, *found) for found in _untitled_table(name, table, language, suffix))
        laws = self.settings.catalogue.retention.items() if language != "en" else ()
        for rule, row in laws:
            if not row.law_fr:
                yield "catalogue", f"retention.{rule}", _lacks([f"law{suffix}"], "the catalogue")

    def tables(self) -> Iterator[tuple[str, str, AnyTable]]:
        """Give every table of the maps with its system and its name, with its schema where two have one name."""
        for source, data_map in self.settings.maps.items():
            named = [table.name for table in data_map.tables]
            for table in data_map.tables:
                twice = table.table_schema and named.count(table.name) > 1
                yield source, f"{table.table_schema}.{table.name}" if twice else table.name, table

    def _table(self, source: str, table: str) -> AnyTable | None:
        data_map = self.settings.maps.get(source)
        names = ((f"{t.table_schema}.{t.name}", t.name, t) for t in (data_map.tables if data_map else ()))
        return next((t for with_schema, name, t in names if table in {name, with_schema}), None)

    def is_ours(self, source: str) -> bool:
        """Tell whether a system is the desk's own records."""
        return source in self.own_sources

    @property
    def own_sources(self) -> Sequence[str]:
        """Name the systems that are the desk's own records."""
        return [source.name for source in self.settings.sources if source.kind == "own_records"]


def _said(english: str, french: str, language: str) -> str:
    return french or english if language == "fr" else english


def _untitled_table(name: str, table: AnyTable, language: str, suffix: str) -> Iterator[tuple[str, str]]:
    if not (table.title if language == "en" else table.title_fr):
        yield name, _lacks([f"title{suffix}"], "the map")
    meanings: Mapping[str, str] = getattr(table, "meanings", {})
    if bare := [f"{c}{suffix}" for c in _columns(table) if not meanings.get(f"{c}{suffix}")]:
        yield f"{name}.meanings", _lacks(bare, "the map")
    elif not meanings and not isinstance(table, ManualMap):
        yield name, _lacks(["meanings"], "the map")


def _in_a_sentence(words: str) -> str:
    return words if words[1:2].isupper() else words[:1].lower() + words[1:]


def _lacks(keys: Sequence[str], where: str) -> str:
    named = ", ".join(f'"{key}"' for key in keys)
    return f"{where} lacks {named}: people would read a bare name"


def _columns(table: AnyTable) -> list[str]:
    """List the columns that a person may read of: those with a meaning, and those that the map itself names."""
    if isinstance(table, ManualMap):
        return []
    named = [name for name in table.meanings if "@" not in name]
    if isinstance(table, HttpTable):
        return list(dict.fromkeys((*named, *table.columns)))
    kept = (*table.keep.columns, table.keep.counted_from) if table.keep else ()
    exported = () if table.exported == "all" else table.exported
    erased = table.erase if isinstance(table.erase, dict) else ()
    fields = table.rectified().values()
    return list(dict.fromkeys((*named, *exported, *table.portable, *erased, *kept, *fields, *table.redacted)))
