"""Reads the person's rows table by table, in batches, so that memory stays flat whatever there is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.sql import Select

    from assistant.sources.sql_layout import Mapped
    from assistant.sources.sql_rows import PersonRows

REDACTED = "[redacted]"
_BATCH = 1000


def columns_shown(mapped: Mapped, *, portable_only: bool) -> tuple[str, ...]:
    """List the columns of a disclosure, in the order of the map."""
    hidden = set(mapped.map.hidden)
    return tuple(c for c in mapped.map.portable if c not in hidden) if portable_only else mapped.exported


def tables_shown(rows: PersonRows, *, portable_only: bool) -> Iterator[Mapped]:
    """Go through the tables that hold something to disclose."""
    for mapped in rows.layout:
        if columns_shown(mapped, portable_only=portable_only) and rows.number(mapped):
            yield mapped


def select_rows(rows: PersonRows, mapped: Mapped, *, portable_only: bool) -> Select[Any]:
    """Select what a disclosure shows, third persons replaced by a mark where they are named."""
    shown = [
        _redacted(mapped.clause.c[name]) if name in mapped.map.redacted else mapped.clause.c[name]
        for name in columns_shown(mapped, portable_only=portable_only)
    ]
    return sa.select(*shown).where(rows.theirs(mapped))


def stream(connection: sa.Connection, query: Select[Any]) -> sa.CursorResult[Any]:
    """Begin to read; the database keeps what was not fetched yet."""
    options = {"stream_results": not _reads_on_demand(connection), "max_row_buffer": _BATCH}
    return connection.execute(query, execution_options=options)


def fetch(result: sa.CursorResult[Any]) -> list[tuple[Any, ...]]:
    """Read the next rows, none at the end."""
    if _reads_on_demand(result.connection):
        # As the driver gives them: wrapping each row for access by name costs a third of the speed.
        return list(result.cursor.fetchmany(_BATCH))
    return [tuple(row) for row in result.fetchmany(_BATCH)]


def _reads_on_demand(connection: sa.Connection) -> bool:
    return connection.dialect.name == "sqlite"


def _redacted(column: sa.ColumnElement[object]) -> sa.ColumnElement[object]:
    return sa.case((column.is_(None), None), else_=REDACTED)
