"""What a package is about, and what the desk keeps of it once it is gone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Any

from assistant.disclosure.values import file_name

if TYPE_CHECKING:
    from datetime import date, datetime

    from assistant.config import Settings
    from assistant.disclosure.archive import FileEntry
    from assistant.domain.plan import Plan
    from assistant.domain.rights import Right


@dataclass(frozen=True, slots=True)
class PackageFacts:
    """Whose request is answered, when, by whom."""

    reference: str
    right: Right
    language: str
    received_on: date
    made_at: datetime
    settings: Settings
    plan: Plan
    portable_only: bool = False  # what the person gave or caused, as one document (GDPR 20)


@dataclass(frozen=True, slots=True)
class Column:
    """A column and what it means, in the person's language."""

    name: str
    meaning: str


@dataclass(frozen=True, slots=True)
class CopiedTable:
    """A table that was read to its end: what the page and the manifest say of it."""

    source: str
    table: str
    category: str
    purpose: str
    origin: str
    columns: tuple[Column, ...]
    hidden: tuple[Column, ...]
    redacted: tuple[Column, ...]
    partly: tuple[Column, ...]
    rows: int
    shown: tuple[tuple[str, ...], ...]  # the first rows, as the page shows them
    files: tuple[str, ...]

    @property
    def anchor(self) -> str:
        """Give the name under which the page can be opened at this table."""
        return file_name(self.source, self.table)


@dataclass(frozen=True, slots=True)
class TableCount:
    """A table in the manifest."""

    source: str
    table: str
    category: str
    rows: int
    columns: tuple[str, ...]
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What was handed out, in numbers and hashes: nothing of it says anything about the person.

    `size` and `sha256` are of the zip as it is downloaded; `withheld` are sentences in the person's language.
    """

    size: int
    sha256: str
    tables: tuple[TableCount, ...]
    categories: Mapping[str, int]  # category -> rows
    withheld: tuple[str, ...]
    files: tuple[FileEntry, ...]

    def as_json(self) -> dict[str, Any]:
        """Give it as plain JSON values."""
        return dict(as_json(self))


def as_json(record: Any) -> Any:
    """Give a record, or whatever is in it, as plain JSON values."""
    if is_dataclass(record):
        return {field.name: as_json(getattr(record, field.name)) for field in fields(record)}
    if isinstance(record, Mapping):
        return {key: as_json(inner) for key, inner in record.items()}
    return [as_json(inner) for inner in record] if isinstance(record, tuple) else record
