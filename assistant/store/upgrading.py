"""At the start: everything is sealed under the current key, whether it lay open before or a change of keys was killed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy import Connection, Engine

from assistant.store.keyfiles import drop_sealing_keys, is_whole, lay_open
from assistant.store.keyring import Keyring, client_hash, is_sealed, mail_name, sender_hash
from assistant.store.resealing import Place, finish, reseal_some

log = structlog.get_logger(__name__)
_MOST = 500
_TALKS = sa.table("conversation", *map(sa.column, ("id", "channel", "subject_hint", "hint_hash")))
_OUTSIDE = "in:"  # as migration 0011 put it before every id from outside
_PROVED = sa.table("evidence", *map(sa.column, ("id", "client_id", "client_hash")))
_MAILS = sa.table("message", *map(sa.column, ("id", "conversation_id", "sender", "external_id")))


def seal_everything(engine: Engine, keyring: Keyring, data_dir: Path) -> None:
    """Go on sealing until nothing is left, a batch a transaction; a kill in between loses none of them."""
    with engine.connect() as connection:
        if is_whole(connection):
            return
        from_before = lay_open(connection)
    if from_before:
        _until_none(engine, lambda connection: _name_senders(connection, keyring))
        _until_none(engine, lambda connection: _name_mails(connection, keyring))
        _until_none(engine, lambda connection: _name_clients(connection, keyring))
    place: Place | None = Place()
    sealed = 0
    while place:
        with engine.begin() as connection:
            place, count = reseal_some(connection, keyring, place, from_before=from_before)
        sealed += count
        if count:
            log.info("keys.sealing", rows=sealed)
    if from_before:
        _leave_nothing_behind(engine)
    with engine.begin() as connection:
        done = finish(connection, keyring)
    if done:
        drop_sealing_keys(data_dir, but=keyring.current)


def _until_none(engine: Engine, some: Any) -> None:
    more = True
    while more:
        with engine.begin() as connection:
            more = some(connection)


def _name_senders(connection: Connection, keyring: Keyring) -> bool:
    """Give the talks of before the hash by which those of an address are found."""
    open_ones = sa.select(_TALKS.c.id, _TALKS.c.subject_hint).where(
        _TALKS.c.subject_hint.is_not(None), _TALKS.c.hint_hash.is_(None)
    )
    rows = connection.execute(open_ones.limit(_MOST)).all()
    _write(
        connection, _TALKS, "hint_hash", [(key, sender_hash(keyring, _plain(keyring, v))) for key, v in rows]
    )
    return bool(rows)


def _name_mails(connection: Connection, keyring: Keyring) -> bool:
    """Put a hash in place of the Message-IDs of mails of before: one may name a person."""
    of_mail = sa.select(_TALKS.c.id).where(_TALKS.c.channel == "email")
    open_ones = sa.select(_MAILS.c.id, _MAILS.c.external_id).where(
        _MAILS.c.sender == "you",
        _MAILS.c.external_id.startswith(f"{_OUTSIDE}<"),
        _MAILS.c.conversation_id.in_(of_mail),
    )
    rows = connection.execute(open_ones.limit(_MOST)).all()
    named = [(key, _OUTSIDE + mail_name(keyring, value.removeprefix(_OUTSIDE))) for key, value in rows]
    _write(connection, _MAILS, "external_id", named)
    return bool(rows)


def _name_clients(connection: Connection, keyring: Keyring) -> bool:
    """Give what was proved before the hash by which agents find a client number."""
    open_ones = sa.select(_PROVED.c.id, _PROVED.c.client_id).where(
        _PROVED.c.client_id.is_not(None), _PROVED.c.client_hash.is_(None)
    )
    rows = connection.execute(open_ones.limit(_MOST)).all()
    named = [(key, client_hash(keyring, keyring.unseal(value))) for key, value in rows]
    _write(connection, _PROVED, "client_hash", named)
    return bool(rows)


def _write(connection: Connection, table: sa.TableClause, name: str, rows: Sequence[tuple[Any, str]]) -> None:
    for key, value in rows:
        connection.execute(sa.update(table).where(table.c.id == key), {name: value})


def _plain(keyring: Keyring, value: str) -> str:
    return keyring.unseal(value) if is_sealed(value) else value


def _leave_nothing_behind(engine: Engine) -> None:
    """Have SQLite write its file anew: what lay open stands in pages that it only calls free."""
    if engine.dialect.name != "sqlite":
        return
    raw = engine.raw_connection()
    try:
        cursor = raw.cursor()
        cursor.execute("VACUUM")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        cursor.close()
    finally:
        raw.close()
