"""Reads the person's rows table by table, in batches, so that memory stays flat whatever there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.sql import Select

    from assistant.sources.sql_layout import Mapped
    from assistant.sources.sql_rows import PersonRows

REDACTED = "[redacted]"
BATCH = 1000


def columns_shown(mapped: Mapped, *, portable_only: bool) -> tuple[str, ...]:
    """List the columns of a disclosure, in the order of the map."""
    hidden = set(mapped.map.hidden)
    return tuple(c for c in mapped.map.portable if c not in hidden) if portable_only else mapped.exported


def tables_shown(rows: PersonRows, *, portable_only: bool) -> Iterator[Mapped]:
    """Go through the tables that hold something to disclose."""
    for mapped in rows.layout:
        if columns_shown(mapped, portable_only=portable_only) and rows.count(mapped, rows.theirs(mapped)):
            yield mapped


def select_rows(rows: PersonRows, mapped: Mapped, *, portable_only: bool) -> Select[tuple[object, ...]]:
    """Select what a disclosure shows, third persons replaced by a mark where they are named."""
    shown = [
        _redacted(mapped.clause.c[name]) if name in mapped.map.redacted else mapped.clause.c[name]
        for name in columns_shown(mapped, portable_only=portable_only)
    ]
    return sa.select(*shown).where(rows.theirs(mapped))


def _redacted(column: sa.ColumnElement[object]) -> sa.ColumnElement[object]:
    return sa.case((column.is_(None), None), else_=REDACTED)
