"""Copies tables into a package: each is read once, in batches, and is never in plain text on the disk."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from assistant.disclosure.facts import Column, CopiedTable
from assistant.disclosure.sealing import SealedSpool
from assistant.disclosure.values import (
    BOM,
    csv_lines,
    file_name,
    for_page,
    json_bytes,
    json_lines,
    json_object,
)
from assistant.naming import readable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence
    from pathlib import Path

    from assistant.disclosure.archive import Archive
    from assistant.disclosure.facts import PackageFacts
    from assistant.disclosure.words import Words
    from assistant.domain.plan import Located
    from assistant.interfaces import ExportedTable, Exporter

Rows = list[tuple[Any, ...]]
ROWS_SHOWN: Final = 200
_LONGEST_CELL: Final = 2000
_ROWS_AT_ONCE: Final = 1000
PORTABLE_FILE: Final = "portability.json"
SCHEMA_FILE: Final = "portability.schema.json"
_SCHEMA_ID: Final = "urn:privacy-desk:portability:1"


class Copy(Protocol):
    """Where the rows of a disclosure go."""

    def begin(self, table: CopiedTable) -> None:
        """Make ready for the rows of one more table."""

    def take(self, rows: Rows) -> None:
        """Take a batch of rows of that table."""

    def end(self) -> tuple[str, ...]:
        """Close that table; gives the names of its files."""

    def finish(self) -> None:
        """Write what belongs to no single table."""

    def close(self) -> None:
        """Let go of everything, whatever happened."""


class FilePerTable:
    """An access package: CSV and JSON Lines per table; two entries of a zip cannot grow at once."""

    def __init__(self, archive: Archive, folder: Path) -> None:
        """Take the zip, and the folder for what memory should not hold meanwhile."""
        self._archive = archive
        self._folder = folder
        self._names: set[str] = set()
        self._tables: list[tuple[CopiedTable, str]] = []
        self._spools: tuple[SealedSpool, ...] = ()

    def begin(self, table: CopiedTable) -> None:
        """Make ready for the rows of one more table."""
        name = _free(file_name(table.source, table.table), self._names)
        self._tables.append((table, name))
        self._spools = SealedSpool(self._folder), SealedSpool(self._folder)
        self._spools[0].write(BOM + csv_lines([self._columns]))

    @property
    def _columns(self) -> tuple[str, ...]:
        return tuple(column.name for column in self._tables[-1][0].columns)

    def take(self, rows: Rows) -> None:
        """Write a batch in both forms."""
        spreadsheet, exact = self._spools
        spreadsheet.write(csv_lines(rows))
        exact.write(json_lines(self._columns, rows))

    def end(self) -> tuple[str, ...]:
        """Move both files into the zip."""
        name = self._tables[-1][1]
        names = f"tables/{name}.csv", f"tables/{name}.jsonl"
        for entry, spool in zip(names, self._spools, strict=True):
            self._archive.add(entry, spool.read(), spool.size)
        self.close()
        return names

    def finish(self) -> None:
        """Say in a sheet of its own what every column means."""
        lines = [("file", "column", "meaning")] + [
            (name, column.name, column.meaning) for table, name in self._tables for column in table.columns
        ]
        self._archive.add("columns.csv", [BOM + csv_lines(lines)])

    def close(self) -> None:
        """Let go of the spools."""
        for spool in self._spools:
            spool.close()
        self._spools = ()


class OneDocument:
    """A portability package: one JSON document, with the schema that another program can check it by."""

    def __init__(self, archive: Archive, folder: Path, facts: PackageFacts) -> None:
        """Take the zip, and the folder for what memory should not hold meanwhile."""
        self._archive = archive
        self._spool = SealedSpool(folder)
        self._columns: tuple[str, ...] = ()
        self._between_tables = self._between_rows = b"\n"
        about = {
            "$schema": _SCHEMA_ID,
            "controller": facts.settings.controller.name,
            "reference": facts.reference,
            "made_at": facts.made_at.isoformat(),
            "language": facts.language,
        }
        self._spool.write(json_bytes(about, indent=1)[:-2] + b',\n "tables": [')

    def begin(self, table: CopiedTable) -> None:
        """Describe a table before its rows."""
        self._columns = tuple(column.name for column in table.columns)
        described = {
            "source": table.source,
            "table": table.table,
            "category": table.category,
            "columns": [{"name": column.name, "meaning": column.meaning} for column in table.columns],
        }
        self._spool.write(self._between_tables + json_bytes(described)[:-1] + b', "rows": [')
        self._between_tables, self._between_rows = b",\n", b"\n"

    def take(self, rows: Rows) -> None:
        """Write a batch."""
        lines = b",\n".join(json_bytes(json_object(self._columns, row)) for row in rows)
        if lines:
            self._spool.write(self._between_rows + lines)
            self._between_rows = b",\n"

    def end(self) -> tuple[str, ...]:
        """Close the table."""
        self._spool.write(b"\n]}")
        return (PORTABLE_FILE,)

    def finish(self) -> None:
        """Move the document into the zip, and put the schema beside it."""
        self._spool.write(b"\n]}\n")
        self._archive.add(PORTABLE_FILE, self._spool.read(), self._spool.size)
        self._archive.add(SCHEMA_FILE, [(files(__package__) / SCHEMA_FILE).read_bytes()])

    def close(self) -> None:
        """Let go of the spool."""
        self._spool.close()


async def copy_tables(
    parts: Sequence[tuple[Exporter, Located]],
    copy: Copy,
    words: Words,
    advance: Callable[[int], None],
    *,
    portable_only: bool,
) -> list[CopiedTable]:
    """Copy table after table to the end of the copy; `advance` hears of every batch once it is written.

    Tables that turn out empty are left out.
    """
    writing = _Writing(copy, words)
    for source, located in parts:
        exported = source.export(located, portable_only=portable_only)
        async with aclosing(cast("AsyncGenerator[ExportedTable, None]", exported)) as tables:
            async for table in tables:
                async for batch in table.rows:
                    writing.take(table, batch)
                    if writing.waiting >= _ROWS_AT_ONCE:
                        _tell(advance, await asyncio.to_thread(writing.write))
    _tell(advance, await asyncio.to_thread(writing.finish))
    return writing.copied


def _tell(advance: Callable[[int], None], batches: Sequence[int]) -> None:
    for rows in batches:
        advance(rows)


class _Writing:
    """Writes what was read, many small tables at once: the way to a thread takes longer than a few rows do."""

    def __init__(self, copy: Copy, words: Words) -> None:
        self.copied: list[CopiedTable] = []
        self.waiting = 0
        self._copy = copy
        self._words = words
        self._read: list[tuple[ExportedTable, Rows]] = []
        self._table: ExportedTable | None = None

    def take(self, table: ExportedTable, batch: Sequence[tuple[Any, ...]]) -> None:
        """Let rows wait; nothing of a table is written before its first row is there."""
        if batch:
            self._read.append((table, [tuple(row) for row in batch]))
            self.waiting += len(batch)

    def write(self) -> list[int]:
        """Write all that waits, in the order it came; gives how many rows each batch had."""
        written = [len(rows) for _, rows in self._read]
        for table, rows in self._read:
            if table is not self._table:
                self._begin(table)
            self._copy.take(rows)
            self.copied[-1] = _grown(self.copied[-1], rows, self._words)
        self._read, self.waiting = [], 0
        return written

    def finish(self) -> list[int]:
        """Write all that waits and close the copy; gives how many rows each batch had."""
        written = self.write()
        self._end()
        self._copy.finish()
        return written

    def _begin(self, table: ExportedTable) -> None:
        self._end()
        self._table = table
        self.copied.append(_described(table, self._words.locale))
        self._copy.begin(self.copied[-1])

    def _end(self) -> None:
        if self._table is not None:
            self.copied[-1] = replace(self.copied[-1], files=self._copy.end())
            self._table = None


def _grown(copied: CopiedTable, rows: Rows, words: Words) -> CopiedTable:
    room = ROWS_SHOWN - len(copied.shown)
    more = tuple(tuple(_shown(value, words) for value in row) for row in rows[:room])
    return replace(copied, rows=copied.rows + len(rows), shown=copied.shown + more)


def _shown(value: Any, words: Words) -> str:
    match value:
        case bool():
            return words.label("format", "yes" if value else "no")
        case datetime():
            utc = value.tzinfo is not None and not value.utcoffset()
            return f"{value.replace(tzinfo=None)} UTC" if utc else str(value)
        case _:
            return for_page(value, _LONGEST_CELL)


def _described(table: ExportedTable, language: str) -> CopiedTable:
    def columns(names: tuple[str, ...]) -> tuple[Column, ...]:
        return tuple(Column(name, _meaning(table, name, language)) for name in names)

    return CopiedTable(
        table.source,
        table.table,
        table.category,
        table.purpose,
        table.origin,
        columns(table.columns),
        columns(table.hidden),
        columns(table.redacted),
        columns(table.partly),
        rows=0,
        shown=(),
        files=(),
    )


def _meaning(table: ExportedTable, column: str, language: str) -> str:
    meanings = table.meanings
    return meanings.get(f"{column}@{language}") or meanings.get(column) or readable(column)


def _free(name: str, taken: set[str]) -> str:
    """Give a name that differs from all others whatever a system makes of capitals."""
    candidates = (name, *(f"{name}_{number}" for number in range(2, len(taken) + 3)))
    free = next(candidate for candidate in candidates if candidate.casefold() not in taken)
    taken.add(free.casefold())
    return free
