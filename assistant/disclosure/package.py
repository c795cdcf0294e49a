"""Makes a package: reads the sources, explains what they hold, and seals it all into one file."""

from __future__ import annotations

import asyncio
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from assistant.disclosure.archive import Archive
from assistant.disclosure.copying import FilePerTable, OneDocument, copy_tables
from assistant.disclosure.explanation import Explanation, rows_by_category
from assistant.disclosure.facts import Manifest, TableCount, as_json
from assistant.disclosure.page import page
from assistant.disclosure.sealing import SealedFile
from assistant.disclosure.values import file_name, json_bytes
from assistant.disclosure.words import words
from assistant.wording.written import locale_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from assistant.disclosure.copying import Copy
    from assistant.disclosure.facts import CopiedTable, PackageFacts
    from assistant.disclosure.words import Words
    from assistant.domain.plan import Located
    from assistant.interfaces import Exporter, Progress


async def write_package(
    file: Path,
    key: bytes,
    facts: PackageFacts,
    parts: Sequence[tuple[Exporter, Located]],
    progress: Progress | None = None,
) -> Manifest:
    """Read the sources into a sealed zip at `file`, in flat memory and never in plain text on the disk.

    The file is there whole or not at all. Raises PackageNotWritten (NoRoom where the disk is full), or what a
    source raises.
    """
    facts = replace(facts, language=locale_of(facts.language))
    in_words = words(facts.language, facts.settings.controller.timezone)
    with SealedFile(file, key) as sealed:
        archive = _archive(sealed, facts)
        with closing(_copy(archive, file.parent, facts)) as copy:
            tables = await _copied(parts, copy, in_words, progress, portable_only=facts.portable_only)
        explanation = Explanation(facts, tables, in_words)
        await asyncio.to_thread(_complete, sealed, archive, explanation)
        return _manifest(sealed, archive, explanation)


def _archive(sealed: SealedFile, facts: PackageFacts) -> Archive:
    zone = ZoneInfo(facts.settings.controller.timezone or "UTC")
    return Archive(sealed.writer, file_name(facts.reference), facts.made_at.astimezone(zone))  # type: ignore[arg-type]


def _copy(archive: Archive, folder: Path, facts: PackageFacts) -> Copy:
    return OneDocument(archive, folder, facts) if facts.portable_only else FilePerTable(archive, folder)


async def _copied(
    parts: Sequence[tuple[Exporter, Located]],
    copy: Copy,
    in_words: Words,
    progress: Progress | None,
    *,
    portable_only: bool,
) -> list[CopiedTable]:
    done, to_do = 0, sum(located.rows for _, located in parts)

    def advance(rows: int) -> None:
        nonlocal done
        done += rows
        if progress:
            progress(done, to_do)

    return await copy_tables(parts, copy, in_words, advance, portable_only=portable_only)


def _complete(sealed: SealedFile, archive: Archive, explanation: Explanation) -> None:
    archive.add("index.html", page(explanation))
    archive.add("manifest.json", [json_bytes(_contents(archive, explanation), indent=1)])
    archive.close()
    sealed.keep()


def _contents(archive: Archive, explanation: Explanation) -> dict[str, Any]:
    """Give manifest.json: what the person can check the folder against."""
    facts = explanation.facts
    return {
        "reference": facts.reference,
        "right": str(facts.right),
        "controller": facts.settings.controller.name,
        "made_at": facts.made_at.isoformat(),
        "language": facts.language,
        "categories": rows_by_category(explanation.tables),
        "tables": [as_json(table) for table in _counts(explanation)],
        "withheld": list(explanation.withheld),
        "files": [as_json(entry) for entry in archive.entries],
    }


def _counts(explanation: Explanation) -> tuple[TableCount, ...]:
    return tuple(
        TableCount(t.source, t.table, t.category, t.rows, tuple(c.name for c in t.columns), t.files)
        for t in explanation.tables
    )


def _manifest(sealed: SealedFile, archive: Archive, explanation: Explanation) -> Manifest:
    return Manifest(
        size=sealed.writer.size,
        sha256=sealed.writer.sha256,
        tables=_counts(explanation),
        categories=rows_by_category(explanation.tables),
        withheld=explanation.withheld,
        files=archive.entries,
    )
