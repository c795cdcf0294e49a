"""The desk's own tables, laid out by the migrations once a process and copied from then on."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Engine

from assistant.store.migrate import migrate
from assistant.store.writer import open_engine


def lay_schema(file: Path) -> None:
    """Make a database with every table and nothing in it, which only its owner may open."""
    file.touch(mode=0o600, exist_ok=False)
    file.write_bytes(_laid_out())


def open_new(file: Path) -> Engine:
    """Make such a database and open it."""
    lay_schema(file)
    return open_engine(f"sqlite:///{file}", writes=True)


@cache
def _laid_out() -> bytes:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "desk.db"
        engine = open_engine(f"sqlite:///{file}", writes=True)
        migrate(engine)
        engine.dispose()
        return file.read_bytes()
