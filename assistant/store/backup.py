"""A consistent copy of the desk's database while it runs; keys are never in it."""

from __future__ import annotations

import itertools
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from sqlalchemy import create_engine, inspect
from sqlalchemy.engine import make_url

from assistant.errors import ConfigurationError, Invalid
from assistant.store.keyfiles import read_keyring
from assistant.store.private import create_private

_OF_A_DESK: Final = {"alembic_version", "request", "message", "audit"}


def back_up(url: str, file: Path) -> None:
    """Copy the database to a new file, complete or not at all; raises Invalid if the file is there already."""
    if file.exists():
        raise Invalid(f"{file}: is there already; name a new file.")
    part = file.with_name(f"{file.name}.part")
    try:
        create_private(part)
        with (
            closing(sqlite3.connect(f"file:{_path(url)}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(part)) as copy,
        ):
            source.backup(copy)
        part.replace(file)
    except (sqlite3.Error, OSError) as error:
        part.unlink(missing_ok=True)
        raise Invalid(
            f"{file}: the copy could not be written ({type(error).__name__}); check the disk and the folder."
        ) from None


def restore(url: str, file: Path, data_dir: Path) -> Path | None:
    """Put a copy in place of the database of a desk that is stopped; gives where the replaced one is kept.

    Raises Invalid for what is no sound copy of a desk, and ConfigurationError where its keys are not those of this one.
    """
    _check_copy(file)
    _check_keys(file, data_dir)
    database = _path(url)
    kept = _free_name(database.with_name(f"{database.name}.before-restore")) if database.exists() else None
    if kept:
        database.replace(kept)
    for journal in ("-wal", "-shm"):
        database.with_name(database.name + journal).unlink(missing_ok=True)
    create_private(database)
    with (
        closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as copy,
        closing(sqlite3.connect(database)) as target,
    ):
        copy.backup(target)
    return kept


def _check_copy(file: Path) -> None:
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as copy:
            sound = copy.execute("PRAGMA integrity_check").fetchone()[0]
            tables = {name for (name,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.Error:
        sound, tables = "not a database", set()
    if sound != "ok":
        raise Invalid(f"{file}: is not a sound copy of a desk ({sound}).")
    if not tables >= _OF_A_DESK:
        raise Invalid(f"{file}: is a database, and not of a desk; name a file that `assistant backup` wrote.")


def _check_keys(file: Path, data_dir: Path) -> None:
    """Refuse a copy that the keys here do not open; one from before there were such keys has none to compare."""
    engine = create_engine(f"sqlite:///file:{file}?mode=ro&uri=true")
    try:
        if inspect(engine).has_table("keys_in_use"):
            read_keyring(data_dir, engine)
    finally:
        engine.dispose()


def _free_name(wanted: Path) -> Path:
    """Give a name that nobody has: what an earlier restore kept stays."""
    numbered = (wanted.with_name(f"{wanted.name}-{number}") for number in itertools.count(2))
    return next(path for path in itertools.chain([wanted], numbered) if not path.exists())


def _path(url: str) -> Path:
    parts = make_url(url)
    if parts.get_backend_name() != "sqlite" or not parts.database:
        raise ConfigurationError("backup and restore are for SQLite; use the tools of the database server.")
    return Path(parts.database)
