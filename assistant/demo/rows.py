"""Collects the rows of an invented database before they are written in one go."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3


class Rows:
    """Rows table by table; a row's number is its place in its table."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._rows: dict[str, list[tuple[object, ...]]] = {}
        self._columns: dict[str, tuple[str, ...]] = {}

    def add(self, table: str, **values: object) -> int:
        """Add a row and give its number; every row of a table names the same columns."""
        rows = self._rows.setdefault(table, [])
        self._columns.setdefault(table, tuple(values))
        rows.append(tuple(values.values()))
        return len(rows)

    def write(self, connection: sqlite3.Connection) -> None:
        """Insert everything, in the order in which the tables were first met."""
        for table, rows in self._rows.items():
            columns = self._columns[table]
            marks = ", ".join("?" * len(columns))
            connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)
