"""A system that counts the visits of a website: one table, as many rows as a test needs."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

_SOURCE = """
[[sources]]
name = "visits"
kind = "sql"
url = "sqlite:///{file}"
map = "visits.toml"
"""
_MAP = """
[[tables]]
name = "visits"
key = ["id"]
identity = { email = ["email"] }
category = "website_actions"
purpose = "analytics"
erase = "delete"
"""


def lay(folder: Path) -> str:
    """Make the system, with its map; gives its block of the settings."""
    (folder / "visits.toml").write_text(_MAP, encoding="utf-8")
    with closing(sqlite3.connect(folder / "visits.db")) as db, db:
        db.execute("CREATE TABLE visits (id INTEGER PRIMARY KEY, email VARCHAR(60), page TEXT)")
        db.execute("CREATE INDEX visits_by_email ON visits (email COLLATE NOCASE)")
    return _SOURCE.format(file=folder / "visits.db")


def fill(folder: Path, email: str, rows: int) -> None:
    """Have a client, and nobody else, visit the site again and again."""
    with closing(sqlite3.connect(folder / "visits.db")) as db, db:
        db.execute("DELETE FROM visits")
        db.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
            " INSERT INTO visits SELECT i, ?, '/page/' || i FROM n",
            (rows, email),
        )


def left(folder: Path) -> int:
    """Count the visits that are still there."""
    with closing(sqlite3.connect(folder / "visits.db")) as db:
        return int(db.execute("SELECT count(*) FROM visits").fetchone()[0])
