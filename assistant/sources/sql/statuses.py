"""Holds the statuses that a map names against those that the database holds or allows.

A slip of the keyboard there says nothing by itself: a running service is not seen, a restriction marks no row.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from assistant.domain.data_map import Flag
from assistant.interfaces import Finding
from assistant.sources.sql.layout import labels
from assistant.sources.sql.schema import checks_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from assistant.domain.data_map import DataMap, TableMap
    from assistant.sources.sql.schema import Schema, TableFacts

_MOST = 20  # more different values than that make no status, and may be anything about anybody
_LONGEST = 32
_LITERAL = re.compile(r"'((?:[^']|'')*)'|(?<![\w.])(-?\d+)(?![\w.])")
Value = str | int


@dataclass(frozen=True, slots=True)
class _Named:
    """Where a map names statuses of a column; what it writes need not stand there yet."""

    key: str
    column: str
    values: tuple[Value, ...]
    written: bool = False


def status_findings(
    connection: sa.Connection, source: str, data_map: DataMap, schema: Schema
) -> Iterator[Finding]:
    """Give a warning for each status of the map that no row holds and that nothing in the database allows."""
    for label, table in labels(data_map):
        facts = schema.tables.get((table.table_schema, table.name))
        for named in _statuses(table):
            if facts and named.column in facts.columns:
                for text in _Column(connection, facts, named.column).misses(named):
                    yield Finding("warning", source, f"{label}.{named.column}", text)


def _statuses(table: TableMap) -> Iterator[_Named]:
    active, restrict = table.active_when, table.restrict
    if active and active.column:
        yield _Named("active_when", active.column, active.values)
    if restrict and restrict.instead_of is not None:
        yield _Named("restrict", restrict.column, (restrict.instead_of,))
    flags = [("restrict", restrict), *((f"stop.{use}", flag) for use, flag in table.stop.items())]
    for key, flag in flags:
        if isinstance(flag, Flag) and isinstance(flag.value, str):
            yield _Named(key, flag.column, (flag.value,), written=True)


@dataclass(frozen=True)
class _Column:
    """A column of statuses as the database has it; its values are counted, and no row is shown."""

    connection: sa.Connection
    facts: TableFacts
    name: str

    def misses(self, named: _Named) -> Iterator[str]:
        held, listed = self._held(), self._listed()
        for value in named.values:
            if self._same(value) in {*map(self._same, listed), *map(self._same, held)}:
                continue
            if listed or (held and not named.written and not self._holds(value, held)):
                yield (
                    f"{named.key} names {value!r}, which no row holds and no enum or CHECK allows. "
                    f"{self._there_are(value, held, listed)}"
                )

    def _same(self, value: Any) -> str:
        """Give what makes two values one: letters of either case, where the database takes them for the same."""
        return str(value).strip().casefold() if self.facts.collates else str(value)

    def _held(self) -> Mapping[Any, int]:
        column = self.facts.clause.c[self.name]
        counted = sa.select(column, sa.func.count()).where(column.is_not(None)).group_by(column)
        rows = self.connection.execute(counted.order_by(sa.func.count().desc(), column).limit(_MOST + 1))
        return {row[0]: row[1] for row in rows}

    def _holds(self, value: Value, held: Mapping[Any, int]) -> bool:
        """Ask for a value among more different ones than were read."""
        column = self.facts.clause.c[self.name]
        if len(held) <= _MOST:
            return False
        found = sa.select(sa.literal(1)).where(sa.cast(column, sa.String(255)) == str(value)).limit(1)
        return self.connection.execute(found).first() is not None

    def _listed(self) -> Sequence[str]:
        """List what an enum or a CHECK of several literals allows; none where nothing lists it."""
        type_ = self.facts.columns[self.name].type
        if isinstance(type_, sa.Enum) and type_.enums:
            return list(type_.enums)
        mentions = re.compile(rf"(?<!\w){re.escape(self.name)}(?!\w)", re.IGNORECASE)
        for check in checks_of(self.connection, self.facts.id):
            if mentions.search(_LITERAL.sub("", check)):
                literals = [(text or number).replace("''", "'") for text, number in _LITERAL.findall(check)]
                if len(literals) > 1:
                    return literals
        return []

    def _there_are(self, value: Value, held: Mapping[Any, int], listed: Sequence[str]) -> str:
        if not listed and len(held) > _MOST:
            return "the column holds too many different values for a status; is it the right one?"
        counted = {str(each): n for each, n in held.items()}
        shown = listed or [each for each in counted if "@" not in each and len(each) <= _LONGEST]
        close = difflib.get_close_matches(str(value), shown, n=1)
        there = ", ".join(f"{each} ({counted[each]})" if each in counted else each for each in shown)
        meant = f"Did you mean {close[0]}? " if close else ""
        return f"{meant}There are, with their rows: {there}."
