"""Reads the database of a desk as whoever has its keys: `opened(column)` gives in SQL what is sealed there."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlalchemy import create_engine

from assistant.store.keyfiles import read_keyring


def opened_database(data_dir: Path) -> sqlite3.Connection:
    """Open a desk's database to read."""
    database = data_dir / "desk.db"
    engine = create_engine(f"sqlite:///{database}")
    keyring = read_keyring(data_dir, engine)
    engine.dispose()
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    connection.create_function(
        "opened", 1, lambda value: keyring.unseal(value) if value not in (None, "", "{}", "[]") else value
    )
    return connection
