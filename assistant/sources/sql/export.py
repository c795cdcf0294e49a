"""Reads the person's rows table by table, in batches, so that memory stays flat whatever there is."""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from assistant.sources.keeping import REDACTED
from assistant.sources.sql.values import NEVER

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from contextlib import AbstractContextManager

    from sqlalchemy.sql import Select

    from assistant.sources.sql.layout import Mapped
    from assistant.sources.sql.rows import PersonRows

_BATCH = 2000
_READ_RAW = frozenset({"sqlite", "postgresql"})  # whose drivers give every value as it is copied


def columns_shown(mapped: Mapped, *, portable_only: bool) -> tuple[str, ...]:
    """List the columns of a disclosure, in the order of the map."""
    hidden = set(mapped.map.hidden)
    return tuple(c for c in mapped.map.portable if c not in hidden) if portable_only else mapped.exported


@dataclass(frozen=True, slots=True)
class Read:
    """The first rows of one table, and where the rest comes from if there may be more."""

    mapped: Mapped
    rows: list[tuple[Any, ...]]
    rest: sa.CursorResult[Any] | None


class Reading:
    """One disclosure under way; all of it runs in threads, one call at a time."""

    def __init__(
        self, opened: Callable[[], AbstractContextManager[PersonRows]], *, portable_only: bool
    ) -> None:
        """Take what opens the person's rows; nothing is opened before the first table is asked for."""
        self.ended = False
        self._opened = opened
        self._portable_only = portable_only
        self._stack = ExitStack()
        self._tables: Generator[Read, None, None] | None = None

    def few(self) -> list[Read]:
        """Read the next tables, small ones together and whole: one way to a thread is enough for them."""
        if self._tables is None:
            rows = self._stack.enter_context(self._opened())
            self._tables = self._stack.enter_context(closing(self._read(rows)))
        few: list[Read] = []
        for read in self._tables:
            few.append(read)
            if read.rest or sum(len(each.rows) for each in few) >= _BATCH:
                return few
        self.close()
        return few

    def close(self) -> None:
        """Let go of the connection."""
        self.ended = True
        self._stack.close()

    def _read(self, rows: PersonRows) -> Generator[Read, None, None]:
        for mapped in rows.layout:
            if not columns_shown(mapped, portable_only=self._portable_only) or rows.theirs(mapped) is NEVER:
                continue
            with closing(_begin(rows, mapped, portable_only=self._portable_only)) as result:
                if first := _first(result):
                    yield Read(mapped, first, result if len(first) == _BATCH else None)


def fetch(result: sa.CursorResult[Any]) -> list[tuple[Any, ...]]:
    """Read the next rows after the first, none at the end."""
    if result.connection.dialect.name in _READ_RAW:
        # As the driver gives them: wrapping each row for access by name costs more than reading it.
        return list(result.cursor.fetchmany(_BATCH))
    return [tuple(row) for row in result.fetchmany(_BATCH)]


def _first(result: sa.CursorResult[Any]) -> list[tuple[Any, ...]]:
    """Read the first rows, of which SQLAlchemy may hold some already."""
    if _reads_on_demand(result.connection):
        return fetch(result)
    return [tuple(row) for row in result.fetchmany(_BATCH)]


def _begin(rows: PersonRows, mapped: Mapped, *, portable_only: bool) -> sa.CursorResult[Any]:
    """Begin to read a table; the database keeps what was not fetched yet."""

    def selecting() -> Select[Any]:
        return _select(rows, mapped, portable_only=portable_only)

    if _reads_on_demand(rows.connection):
        return rows.sets.say(("export", mapped.label, portable_only), selecting)
    options = {"stream_results": True, "max_row_buffer": _BATCH}
    return rows.connection.execute(selecting(), execution_options=options)


def _select(rows: PersonRows, mapped: Mapped, *, portable_only: bool) -> Select[Any]:
    """Select what a disclosure shows, third persons replaced by a mark where they are named."""
    shown = [
        _redacted(mapped.clause.c[name]) if name in mapped.map.redacted else mapped.clause.c[name]
        for name in columns_shown(mapped, portable_only=portable_only)
    ]
    return sa.select(*shown).where(rows.theirs(mapped))


def _reads_on_demand(connection: sa.Connection) -> bool:
    return connection.dialect.name == "sqlite"


def _redacted(column: sa.ColumnElement[object]) -> sa.ColumnElement[object]:
    return sa.case((column.is_(None), None), else_=REDACTED)
