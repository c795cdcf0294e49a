"""A consistent copy of the desk's database while it runs; keys are never in it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy.engine import make_url

from assistant.errors import ConfigurationError, Invalid
from assistant.store.private import create_private


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


def restore(url: str, file: Path) -> None:
    """Put a copy in place of the database of a desk that is stopped; the replaced one is kept beside it."""
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as copy:
            sound = copy.execute("PRAGMA integrity_check").fetchone()[0]
    except sqlite3.Error:
        sound = "not a database"
    if sound != "ok":
        raise Invalid(f"{file}: is not a sound copy of a desk ({sound}).")
    database = _path(url)
    if database.exists():
        database.replace(database.with_name(f"{database.name}.before-restore"))
    for journal in ("-wal", "-shm"):
        database.with_name(database.name + journal).unlink(missing_ok=True)
    create_private(database)
    with (
        closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as copy,
        closing(sqlite3.connect(database)) as target,
    ):
        copy.backup(target)


def _path(url: str) -> Path:
    parts = make_url(url)
    if parts.get_backend_name() != "sqlite" or not parts.database:
        raise ConfigurationError("backup and restore are for SQLite; use the tools of the database server.")
    return Path(parts.database)
