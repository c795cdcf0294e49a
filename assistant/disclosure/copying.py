"""Copies tables into a package: each is read once, in batches, and is never in plain text on the disk."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar, cast

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

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence
    from pathlib import Path

    from assistant.disclosure.archive import Archive
    from assistant.disclosure.facts import PackageFacts
    from assistant.disclosure.words import Words
    from assistant.domain.plan import Located
    from assistant.interfaces import DataSource, ExportedTable

Rows = list[tuple[Any, ...]]
_Result = TypeVar("_Result")
ROWS_SHOWN: Final = 200
_LONGEST_CELL: Final = 2000
_FEW_ROWS: Final = 50
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
        self._archive.add(SCHEMA_FILE, [_schema()])

    def close(self) -> None:
        """Let go of the spool."""
        self._spool.close()


async def copy_tables(
    parts: Sequence[tuple[DataSource, Located]],
    copy: Copy,
    words: Words,
    advance: Callable[[int], None],
    *,
    portable_only: bool,
) -> AsyncGenerator[CopiedTable, None]:
    """Copy table after table; `advance` hears of every batch. Tables that turn out empty are left out."""
    for source, located in parts:
        exported = source.export(located, portable_only=portable_only)
        async with aclosing(cast("AsyncGenerator[ExportedTable, None]", exported)) as tables:
            async for table in tables:
                if copied := await _copied(table, copy, words, advance):
                    yield copied


async def _copied(
    table: ExportedTable, copy: Copy, words: Words, advance: Callable[[int], None]
) -> CopiedTable | None:
    """Copy one table; nothing of it is written before its first row is there."""
    copied: CopiedTable | None = None
    async for batch in table.rows:
        rows: Rows = [tuple(row) for row in batch]
        if copied is None:
            copied = _described(table, words.locale)
            copy.begin(copied)
        await _off_the_loop(len(rows), copy.take, rows)
        copied = _grown(copied, rows, words)
        advance(len(rows))
    return replace(copied, files=await _off_the_loop(copied.rows, copy.end)) if copied else None


async def _off_the_loop(rows: int, work: Callable[..., _Result], *arguments: Any) -> _Result:
    """Work in a thread, unless there is so little of it that the way there takes longer."""
    return work(*arguments) if rows <= _FEW_ROWS else await asyncio.to_thread(work, *arguments)


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
        table.recipients,
        table.origin,
        columns(table.columns),
        columns(table.hidden),
        columns(table.redacted),
        rows=0,
        shown=(),
        files=(),
    )


def _meaning(table: ExportedTable, column: str, language: str) -> str:
    meanings = table.meanings
    return meanings.get(f"{column}@{language}") or meanings.get(column) or column.replace("_", " ")


def _free(name: str, taken: set[str]) -> str:
    """Give a name that differs from all others whatever a system makes of capitals."""
    candidates = (name, *(f"{name}_{number}" for number in range(2, len(taken) + 3)))
    free = next(candidate for candidate in candidates if candidate.casefold() not in taken)
    taken.add(free.casefold())
    return free


def _schema() -> bytes:
    return (files(__package__) / SCHEMA_FILE).read_bytes()
