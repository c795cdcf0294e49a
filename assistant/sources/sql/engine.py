"""How a database is reached: transactions, waiting for locks, failures in words a person can act on."""

from __future__ import annotations

import math
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy import exc

from assistant.errors import (
    AssistantError,
    ConfigurationError,
    EffectNotVerified,
    SourceMisfit,
    SourceUnavailable,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta

WRITES = "privacy_desk_writes"
ROW_BY_ROW = frozenset({"mysql", "mariadb"})  # there a foreign key is checked at each row, not at the end
_CONNECT_SECONDS = 5
_WAITS = {
    "postgresql": "SET lock_timeout = {milliseconds}",
    **dict.fromkeys(ROW_BY_ROW, "SET innodb_lock_wait_timeout = {seconds}, lock_wait_timeout = {seconds}"),
}
# SQLSTATE classes of a constraint, a value and a trigger that refuse a change (SQL standard; P0 is PL/pgSQL's).
_REFUSING = ("22", "23", "44", "45", "P0")
# What MariaDB and MySQL call an operational error though a constraint or a trigger refused a change: a violated
# check (4025, 3819), a SIGNAL (1644).
_REFUSED = frozenset({1644, 3819, 4025})


def make_engine(url: str, lock_timeout: timedelta, **options: Any) -> sa.Engine:
    """Make an engine that never logs values and never makes a database that is not there.

    Raises ConfigurationError for what is no address, or names a kind of database that has no driver here.
    """
    try:
        return _engine(sa.make_url(url), lock_timeout, options)
    except (exc.ArgumentError, exc.NoSuchModuleError, ModuleNotFoundError) as error:
        raise ConfigurationError(
            f"That is no address of a database that can be reached from here ({type(error).__name__}); "
            "write it like postgresql+psycopg://user@host/name, mysql+pymysql://user@host/name or sqlite:///file."
        ) from None


def _engine(address: sa.URL, lock_timeout: timedelta, options: dict[str, Any]) -> sa.Engine:
    if address.get_backend_name() != "sqlite":
        return _server_engine(address, lock_timeout, options)
    engine = sa.create_engine(_existing_file(address), hide_parameters=True, **options)
    sa.event.listen(engine, "connect", lambda connection, _: _prepare_sqlite(connection, lock_timeout))
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _server_engine(address: sa.URL, lock_timeout: timedelta, options: dict[str, Any]) -> sa.Engine:
    waits = {"connect_timeout": _CONNECT_SECONDS} if address.get_backend_name() in _WAITS else {}
    engine = sa.create_engine(
        address, hide_parameters=True, pool_pre_ping=True, connect_args=waits, **options
    )
    if says := _WAITS.get(address.get_backend_name()):
        sa.event.listen(engine, "connect", lambda connection, _: _prepare(connection, says, lock_timeout))
    return engine


def _prepare(connection: Any, says: str, lock_timeout: timedelta) -> None:
    """Have no statement wait longer for a lock than we want to; a server's own patience may be endless."""
    milliseconds = int(lock_timeout.total_seconds() * 1000)
    with connection.cursor() as cursor:
        cursor.execute(says.format(milliseconds=milliseconds, seconds=max(1, math.ceil(milliseconds / 1000))))
    connection.commit()


def _existing_file(address: sa.URL) -> sa.URL:
    if not address.database or address.database.startswith((":memory:", "file:")):
        return address
    return address.set(database=f"file:{quote(address.database)}").update_query_dict(
        {"mode": "rw", "uri": "true"}
    )


def _prepare_sqlite(connection: Any, lock_timeout: timedelta) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute(f"PRAGMA busy_timeout = {int(lock_timeout.total_seconds() * 1000)}")


def _begin_sqlite(connection: sa.Connection) -> None:
    if not connection.get_execution_options().get(WRITES):
        connection.exec_driver_sql("BEGIN")
        return
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    # Tables that refer to each other in a circle can only go together.
    connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")


@contextmanager
def transaction(engine: sa.Engine, source: str, *, writes: bool = False) -> Iterator[sa.Connection]:
    """Hold one transaction that sees one state of the database; what only reads is rolled back."""
    options: dict[str, Any] = {WRITES: writes}
    if engine.dialect.name != "sqlite":
        options["isolation_level"] = "REPEATABLE READ"
    with failures(source), engine.connect() as connection:
        connection.execution_options(**options)
        with connection.begin() as begun:
            yield connection
            if not writes:
                begun.rollback()  # takes the temporary tables with it


@contextmanager
def failures(source: str) -> Iterator[None]:
    """Turn what the driver raises into our errors; messages of a driver can hold values and are left out."""
    try:
        yield
    except exc.DBAPIError as error:
        raise _translated(source, error) from None
    except sqlite3.Error as error:  # from the driver's own cursor
        raise SourceUnavailable(f"{source}: the database cannot be read ({type(error).__name__}).") from None
    except (exc.TimeoutError, OSError):
        raise SourceUnavailable(
            f"{source}: every connection to the database is busy; try again later."
        ) from None


def _translated(source: str, error: exc.DBAPIError) -> AssistantError:
    said = str(error.orig).lower()
    number = error.orig.args[0] if error.orig and error.orig.args else None
    name = getattr(error.orig, "sqlite_errorname", None) or getattr(error.orig, "sqlstate", None) or ""
    refused = str(name).startswith(_REFUSING) or number in _REFUSED
    if (
        "locked" in said
        or "lock wait timeout" in said
        or str(name).startswith(("SQLITE_BUSY", "55P03", "40"))
    ):
        return SourceUnavailable(
            f"{source}: the database is locked by another program and nothing was changed; try again later."
        )
    if isinstance(error, (exc.IntegrityError, exc.DataError, exc.InternalError)) or refused:
        return EffectNotVerified(
            f"{source}: the database refused a change ({_constraint(error)}); everything was rolled back. "
            "Look at its constraints and triggers, correct the map or the schema, then plan again."
        )
    if isinstance(error, exc.ProgrammingError) or said.startswith(("no such", "foreign key mismatch")):
        return SourceMisfit(
            f"{source}: the database does not hold what its map says; run `assistant sources check`."
        )
    return SourceUnavailable(f"{source}: the database cannot be reached or read; nothing was changed there.")


def _constraint(error: exc.DBAPIError) -> str:
    """Name the constraint: SQLite's messages hold names only, of the others the code is safe to show."""
    if name := getattr(error.orig, "sqlite_errorname", None):
        return str(error.orig) if str(name).startswith("SQLITE_CONSTRAINT") else str(name)
    return str(getattr(error.orig, "sqlstate", None) or type(error.orig).__name__)
