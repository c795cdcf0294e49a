"""Seals anew whatever is not sealed under the current key: what lies open from before, and what an older key sealed.

Nothing but the values themselves says how far it has come, so it may be killed anywhere and begun again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Connection, TableClause
from sqlmodel import SQLModel

from assistant.errors import ConfigurationError
from assistant.store.keyfiles import new_sealing_key, set_in_use
from assistant.store.keyring import Keyring, is_sealed, key_id
from assistant.store.sealing import SAYS_NOTHING, SealedByHand, SealedBytes, Sealing

_MOST = 200
_KEY = "of_row"
_LARGE = 4  # originals of mails at a time


@dataclass(frozen=True, slots=True)
class Part:
    """The sealed columns of one table, as the disk has them."""

    table: TableClause
    key: str
    texts: tuple[str, ...]
    by_hand: frozenset[str]
    large: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """How far the sealing has come: the number of the part, and the last row of it that was looked at."""

    part: int = 0
    after: Any = None


@cache
def parts() -> tuple[Part, ...]:
    """Give every table with something sealed; originals, which are large, as a part of their own."""
    found: list[Part] = []
    for table in SQLModel.metadata.sorted_tables:
        (key,) = [column.name for column in table.primary_key][:1]
        texts = [c.name for c in table.columns if isinstance(c.type, Sealing | SealedByHand)]
        by_hand = frozenset(c.name for c in table.columns if isinstance(c.type, SealedByHand))
        large = [c.name for c in table.columns if isinstance(c.type, SealedBytes)]
        bare = sa.table(table.name, sa.column(key), *(sa.column(name) for name in (*texts, *large)))
        found += [Part(bare, key, tuple(texts), by_hand, ())] if texts else []
        found += [Part(bare, key, (), frozenset(), tuple(large))] if large else []
    return tuple(found)


def reseal_some(
    connection: Connection, keyring: Keyring, place: Place, *, from_before: bool = False
) -> tuple[Place | None, int]:
    """Seal the next rows from a place on; gives where to go on, None at the end, and how many were sealed.

    `from_before`: columns lay open until now, so a text that only looks sealed is what somebody wrote.
    """
    part = parts()[place.part]
    rows = _rows(connection, keyring, part, place.after)
    if rows:
        sealed = [{_KEY: row[0], **_sealed_anew(keyring, part, row, from_before=from_before)} for row in rows]
        connection.execute(sa.update(part.table).where(part.table.c[part.key] == sa.bindparam(_KEY)), sealed)
        return Place(place.part, rows[-1][0]), len(rows)
    return (Place(place.part + 1) if place.part + 1 < len(parts()) else None), 0


def count_left(connection: Connection, keyring: Keyring) -> int:
    """Count the rows that hold something not sealed under the current key."""
    counts = [
        sa.select(sa.func.count()).select_from(part.table).where(_is_left(keyring, part)) for part in parts()
    ]
    return sum(connection.execute(count).scalar_one() for count in counts)


def _rows(connection: Connection, keyring: Keyring, part: Part, after: Any) -> Sequence[Any]:
    key = part.table.c[part.key]
    query = sa.select(key, *(part.table.c[name] for name in (*part.texts, *part.large)))
    query = query.where(_is_left(keyring, part), *([] if after is None else [key > after]))
    return connection.execute(query.order_by(key).limit(_LARGE if part.large else _MOST)).all()


def _is_left(keyring: Keyring, part: Part) -> ColumnElement[bool]:
    return sa.or_(*_each_left(keyring, part))


def _each_left(keyring: Keyring, part: Part) -> Iterator[ColumnElement[bool]]:
    for name in part.texts:
        column, mark = part.table.c[name], keyring.mark
        yield (
            column.is_not(None) & column.not_in(SAYS_NOTHING) & (sa.func.substr(column, 1, len(mark)) != mark)
        )
    for name in part.large:
        column, begin = part.table.c[name], keyring.bytes_mark
        yield column.is_not(None) & (sa.func.substr(column, 1, len(begin)) != begin)


def _sealed_anew(keyring: Keyring, part: Part, row: Any, *, from_before: bool) -> dict[str, Any]:
    return {
        name: None
        if value is None
        else keyring.bytes_sealed_now(value)
        if name in part.large
        else _text(keyring, value, by_hand=name in part.by_hand, from_before=from_before)
        for name, value in zip((*part.texts, *part.large), row[1:], strict=True)
    }


def _text(keyring: Keyring, value: str, *, by_hand: bool, from_before: bool) -> str:
    if value in SAYS_NOTHING or value.startswith(keyring.mark):
        return value
    try:
        plain = keyring.unseal(value) if by_hand or is_sealed(value) else value
    except ConfigurationError:
        if by_hand or not from_before:
            raise
        plain = value
    return keyring.seal(plain)


def begin(connection: Connection, keyring: Keyring, data_dir: Path) -> None:
    """Seal under a new key from now on; its file is on disk before anything is sealed with it."""
    key = new_sealing_key(data_dir)
    set_in_use(connection, sealing=key_id(key), whole=False)
    keyring.turn_to(key)


def finish(connection: Connection, keyring: Keyring) -> bool:
    """Note that nothing is left under another key; says whether that was so."""
    if count_left(connection, keyring):
        return False
    set_in_use(connection, sealing=keyring.current, whole=True)
    return True
