"""What a package is about, and what the desk keeps of it once it is gone."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from assistant.disclosure.values import file_name

if TYPE_CHECKING:
    from collections.abc import Mapping
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
    recipients: tuple[str, ...]
    origin: str
    columns: tuple[Column, ...]
    hidden: tuple[Column, ...]
    redacted: tuple[Column, ...]
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
        return as_json(self)


def as_json(record: Any) -> dict[str, Any]:
    """Give a record as plain JSON values: lists for tuples, all the way down."""
    return {key: _plain(value) for key, value in asdict(record).items()}


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {key: _plain(inner) for key, inner in value.items()}
        case tuple() | list():
            return [_plain(inner) for inner in value]
        case _:
            return value
