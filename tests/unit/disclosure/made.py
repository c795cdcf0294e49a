"""An invented person's rows, the settings that explain them, and a package of them once opened."""

from __future__ import annotations

import errno
import io
import json
import os
import zipfile
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

from assistant.config import (
    Authority,
    Catalogue,
    Category,
    Controller,
    Purpose,
    Recipient,
    Retention,
    Settings,
    SourceSettings,
)
from assistant.disclosure import PackageFacts, open_package, write_package
from assistant.domain.data_map import DataMap, KeepRule, TableMap
from assistant.domain.plan import Identity, Located, Operation, Order, Plan, Step, TableEffect, TableRows
from assistant.domain.recipients import HandOver
from assistant.domain.rights import Right
from assistant.interfaces import ExportedTable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence
    from pathlib import Path

    from assistant.disclosure import Manifest
    from assistant.interfaces import DataSource

KEY = bytes(range(32))
REFERENCE = "PR-7K3F9QWX"
IDENTITY = Identity(
    emails=("camille@courriel.example",), client_ids=("C-10042",), others=(("conversation", "x1"),)
)
Batches = list[list[tuple[Any, ...]]]


@dataclass
class Table:
    """A table as a source would export it."""

    name: str
    columns: tuple[str, ...]
    batches: Batches
    category: str = "contact"
    purpose: str = "contract"
    recipients: tuple[str, ...] = ()
    origin: str = "person"
    hidden: tuple[str, ...] = ()
    redacted: tuple[str, ...] = ()
    portable: tuple[str, ...] = ()
    meanings: dict[str, str] = field(default_factory=dict)


class ListedSource:
    """A source whose rows are lists."""

    kind = "sql"

    def __init__(self, *tables: Table, name: str = "shop") -> None:
        self.name = name
        self.tables = tables
        self.is_closed = False

    async def export(self, located: Located, *, portable_only: bool = False) -> AsyncIterator[ExportedTable]:
        try:
            for table in self.tables:
                wanted = table.portable if portable_only else table.columns
                if wanted:
                    yield self._exported(table, wanted)
        finally:
            self.is_closed = True

    def _exported(self, table: Table, wanted: tuple[str, ...]) -> ExportedTable:
        return ExportedTable(
            self.name,
            table.name,
            table.category,
            wanted,
            table.meanings,
            _rows(table, wanted),
            table.redacted,
            table.hidden,
            table.purpose,
            table.origin,
        )

    @property
    def step(self) -> Step:
        """What a plan found: what is copied, and to whom it went."""
        effects = [
            TableEffect(t.name, t.category, 1, handed_over=tuple(HandOver(name) for name in t.recipients))
            for t in self.tables
        ]
        return Step(self.name, Operation.EXPORT, tuple(effects))

    @property
    def located(self) -> Located:
        found = [TableRows(t.name, t.category, sum(map(len, t.batches))) for t in self.tables]
        return Located(self.name, IDENTITY, (), (*found, TableRows("old_orders", "account", 0)))


async def _rows(table: Table, wanted: tuple[str, ...]) -> AsyncIterator[Sequence[tuple[Any, ...]]]:
    places = [table.columns.index(name) for name in wanted]
    for batch in table.batches:
        yield [tuple(row[place] for place in places) for row in batch]


def clients() -> Table:
    return Table(
        "clients",
        ("id", "first_name", "note", "staff_name"),
        [[(1, "Camille", '=HYPERLINK("evil")', "[redacted]")], [(2, "Ça va ?", None, None)]],
        recipients=("host", "counter"),
        hidden=("password_hash",),
        redacted=("staff_name",),
        portable=("first_name",),
        meanings={
            "id": "Number",
            "id@fr": "Numéro",
            "first_name": "First name",
            "first_name@fr": "Prénom",
            "note": "Note about you",
            "password_hash": "Protected password",
            "password_hash@fr": "Mot de passe protégé",
            "staff_name": "Staff member",
            "staff_name@fr": "Membre du personnel",
        },
    )


def invoices() -> Table:
    return Table(
        "invoices",
        ("number", "total_cents"),
        [[("F-1", -1200)]],
        category="account",
        purpose="fraud",
        origin="third_party",
        portable=(),
    )


def visits() -> Table:
    return Table(
        "visits",
        ("at",),
        [[(datetime(2026, 11, 1, 8, tzinfo=UTC),)]],
        category="cookies",
        purpose="analytics",
        recipients=("counter",),
        origin="observed",
        portable=("at",),
    )


def settings(**controller: Any) -> Settings:
    """Everything that the page of the tables above refers to."""
    named: dict[str, Any] = {
        "name": "Lierre & Fils",
        "address": "1 rue des Essais, 75001 Paris",
        "contact_email": "dpo@lierre.example",
        "privacy_url": "https://lierre.example/privacy",
        "authorities": ("CNIL", _elsewhere()),
        "timezone": "Europe/Paris",
        "dpo": "Ms Delegate",
    }
    return Settings(
        controller=Controller(**named | controller),
        catalogue=_catalogue(),
        sources=(
            SourceSettings(name="shop", kind="sql", title="The shop", url="sqlite:///shop.db"),
            SourceSettings(name="desk", kind="own_records", title="Desk"),
        ),
        maps={"shop": _map()},
    )


def _elsewhere() -> Authority:
    return Authority(
        name="Authority of Elsewhere", address="2 Elsewhere Street", phone="+1 555", web="elsewhere.example"
    )


def _catalogue() -> Catalogue:
    return Catalogue(
        categories={
            "contact": Category(en="Contact details: names", fr="Coordonnées : noms"),
            "account": Category(en="Your account", fr="Votre compte"),
            "cookies": Category(en="Cookies", fr="Cookies FR"),
        },
        purposes={
            "contract": Purpose(en="To serve you", fr="Vous servir", basis="contract", article="6(1)(b)"),
            "fraud": Purpose(
                en="To prevent fraud", fr="Prévenir la fraude", basis="legitimate_interest", article="6(1)(f)"
            ),
            "analytics": Purpose(
                en="To count visits", fr="Compter les visites", basis="consent", article="6(1)(a)"
            ),
        },
        recipients={
            "host": Recipient(name="Salle Froide SAS", en="hosts", fr="héberge", country="FR"),
            "counter": Recipient(
                name="Footfall, Inc.",
                en="counts",
                fr="compte",
                country="US",
                safeguards_en="standard clauses",
                safeguards_fr="clauses types",
            ),
        },
        retention={
            "books": Retention(
                law="Commercial Code",
                article="L123-22",
                years=10,
                en="Invoices stay ten years",
                fr="Les factures restent dix ans",
            ),
        },
    )


def _map() -> DataMap:
    keep = KeepRule(rule="books", counted_from="issued_on", columns=("number",))
    mine: dict[str, tuple[str, ...]] = {"email": ("email",)}
    return DataMap(
        tables=(
            TableMap(
                name="clients",
                key=("id",),
                identity=mine,
                category="contact",
                purpose="contract",
                erase="delete",
            ),
            TableMap(
                name="invoices",
                key=("id",),
                identity=mine,
                category="account",
                purpose="fraud",
                erase="delete",
                keep=keep,
            ),
            TableMap(
                name="visits",
                key=("id",),
                identity=mine,
                category="cookies",
                purpose="analytics",
                erase="keep_untouched",
            ),
        )
    )


def facts(
    located: Iterable[Located],
    right: Right = Right.ACCESS,
    language: str = "en",
    steps: Iterable[Step] = (),
    **controller: Any,
) -> PackageFacts:
    plan = Plan(right, tuple(located), Order(Operation.EXPORT, date(2026, 11, 24)), tuple(steps))
    made_at = datetime(2026, 11, 24, 22, 30, tzinfo=UTC)
    return PackageFacts(
        REFERENCE,
        right,
        language,
        date(2026, 11, 1),
        made_at,
        settings(**controller),
        plan,
        right == Right.PORTABILITY,
    )


@dataclass
class Opened:
    """A package as the person has it."""

    manifest: Manifest
    zipped: bytes
    files: dict[str, bytes]

    def text(self, name: str) -> str:
        return self.files[f"{REFERENCE}/{name}"].decode()

    def json(self, name: str) -> Any:
        return json.loads(self.text(name))


async def made(
    folder: Path, *sources: ListedSource, right: Right = Right.ACCESS, language: str = "en", **controller: Any
) -> Opened:
    """Write a package, open it again and unzip it."""
    parts: list[tuple[DataSource, Located]] = [(source, source.located) for source in sources]  # type: ignore[misc]
    steps = [source.step for source in sources]
    about = facts([located for _, located in parts], right, language, steps, **controller)
    file = folder / "package.sealed"
    manifest = await write_package(file, KEY, about, parts)
    zipped = b"".join(open_package(file, KEY))
    with zipfile.ZipFile(io.BytesIO(zipped)) as archive:
        assert archive.testzip() is None
        return Opened(manifest, zipped, {name: archive.read(name) for name in archive.namelist()})


class Disk:
    """A disk with so many bytes of room for all its files."""

    def __init__(self, room: int, code: int = errno.ENOSPC) -> None:
        self.room = room
        self._code = code

    def holding(self, target: Any) -> Any:
        held = Mock(wraps=target)
        held.write.side_effect = lambda data: self._write(target, data)
        return held

    def _write(self, target: Any, data: bytes) -> int:
        self.room -= len(data)
        if self.room < 0:
            raise OSError(self._code, os.strerror(self._code))
        return int(target.write(data))
