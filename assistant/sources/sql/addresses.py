"""Looking through a database, a batch at a time, for the addresses of whoever it uses for a purpose."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import sqlalchemy as sa

from assistant.domain.data_map import Flag
from assistant.interfaces import AddressBatch
from assistant.sources.sql.schema import Kind
from assistant.sources.sql.values import NEVER, Condition, assigning, both, instant_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assistant.sources.sql.layout import Layout, Mapped
    from assistant.sources.sql.rows import PersonRows

_BATCH: Final = 1000
_KINDS: Final = ("email", "phone")


def read_addresses(
    connection: sa.Connection, layout: Layout, purpose: str, after: str | None
) -> AddressBatch:
    """Read the identifying addresses of so many rows, from where the last batch ended."""
    tables = leading_to(layout, purpose)
    label, key = json.loads(after) if after else (None, None)
    begin = next((n for n, mapped in enumerate(tables) if mapped.label == label), None)
    if begin is None:  # at the beginning, or the map has changed since
        begin, key = 0, None
    if begin == len(tables):
        return AddressBatch((), None)
    mapped = tables[begin]
    rows = connection.execute(_query(mapped, key)).all()
    columns = _columns(mapped)
    width = len(mapped.map.key)
    found = [
        (kind, str(value))
        for row in rows
        for (kind, _), value in zip(columns, row[width:], strict=True)
        if value is not None and str(value).strip()
    ]
    if len(rows) == _BATCH:
        return AddressBatch(found, _place(mapped, rows[-1][:width]))
    following = tables[begin + 1 :]
    return AddressBatch(found, _place(following[0], None) if following else None)


def leading_to(layout: Layout, purpose: str) -> list[Mapped]:
    """List the tables in which an address leads to rows used for a purpose."""
    used = {mapped.label for mapped in layout if purpose in mapped.map.stop}
    while grown := {
        label
        for label in layout.tables.keys() - used
        if any(m.label in used and not m.stands_alone for m, _ in layout.linked_to[label])
    }:
        used |= grown
    return [mapped for mapped in layout if mapped.label in used and _columns(mapped)]


def _columns(mapped: Mapped) -> list[tuple[str, str]]:
    return [(kind, column) for kind in _KINDS for column in mapped.map.identity.get(kind, ())]


def _query(mapped: Mapped, after: Sequence[str] | None) -> sa.Select[Any]:
    key = mapped.columns(mapped.map.key)
    columns = mapped.columns([column for _, column in _columns(mapped)])
    there = [column.is_not(None) for column in key]
    behind = [] if after is None else [_behind(mapped, key, after)]
    return sa.select(*key, *columns).where(*there, *behind).order_by(*key).limit(_BATCH)


def _behind(mapped: Mapped, key: Sequence[sa.ColumnClause[Any]], after: Sequence[str]) -> Condition:
    """Select what follows a key; said column by column, as every planner finds its way through an index."""
    values = [_read(mapped, column, text) for column, text in zip(key, after, strict=True)]
    behind: Condition = key[-1] > values[-1]
    for column, value in reversed(list(zip(key[:-1], values[:-1], strict=True))):
        behind = sa.and_(column >= value, sa.or_(column > value, behind))
    return behind


def _place(mapped: Mapped, key: Sequence[Any] | None) -> str:
    return json.dumps([mapped.label, None if key is None else [str(value) for value in key]])


def _read(mapped: Mapped, column: sa.ColumnClause[Any], text: str) -> Any:
    """Turn a value of a key back into what the database gave."""
    facts = mapped.facts.columns[column.name]
    if facts.kind is Kind.INTEGER:
        return int(text)
    if mapped.facts.raw:
        return text
    readers: dict[Kind, Any] = {
        Kind.NUMBER: Decimal,
        Kind.DATE: date.fromisoformat,
        Kind.INSTANT: datetime.fromisoformat,
    }
    if isinstance(facts.type, sa.Uuid) and facts.type.as_uuid:
        return UUID(text)
    return readers.get(facts.kind, str)(text)


def last_agreed(rows: PersonRows, purpose: str) -> datetime | None:
    """Give when the person last agreed to a purpose, of the rows in which it has not ended."""
    instants = [
        instant
        for mapped in rows.layout
        if (column := mapped.map.agreed_at.get(purpose))
        and (condition := both(rows.theirs(mapped), _not_ended(mapped, purpose))) is not NEVER
        for value in rows.connection.scalars(sa.select(mapped.clause.c[column]).where(condition))
        if (instant := instant_of(value))
    ]
    return max(instants, default=None)


def _not_ended(mapped: Mapped, purpose: str) -> Condition:
    flag = mapped.map.stop[purpose]
    if not isinstance(flag, Flag):
        return sa.true()  # its rows go when it ends
    return sa.not_(assigning(mapped.facts, flag.column, flag.value).done)
