"""What a package holds, how it is made, and what happens when it cannot be."""

from __future__ import annotations

import asyncio
import csv
import hashlib
import io
import json
import random
import resource
import time
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest

from assistant.disclosure import NoRoom, open_package, write_package
from assistant.disclosure.sealing import SEGMENT, SealingWriter
from assistant.domain.rights import Right
from assistant.errors import SourceUnavailable
from tests.unit.disclosure.made import (
    KEY,
    REFERENCE,
    Disk,
    ListedSource,
    Table,
    clients,
    facts,
    invoices,
    made,
    visits,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from assistant.interfaces import ExportedTable

BOM = "\ufeff"


def left_in(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir()]


def everything() -> ListedSource:
    return ListedSource(clients(), invoices(), visits())


async def write(folder: Path, source: Any, right: Right = Right.ACCESS, **options: Any) -> None:
    about = facts([source.located], right)
    file = folder / "package.sealed"
    parts = [(source, source.located)]
    await write_package(file, KEY, about, parts, **options)


async def test_an_access_package_holds_a_page_and_two_files_per_table(tmp_path: Path) -> None:
    package = await made(tmp_path, everything())
    tables = [
        f"tables/shop_{name}.{form}"
        for name in ("clients", "invoices", "visits")
        for form in ("csv", "jsonl")
    ]
    assert list(package.files) == [
        f"{REFERENCE}/{n}" for n in (*tables, "columns.csv", "index.html", "manifest.json")
    ]


async def test_both_files_of_a_table_hold_every_row(tmp_path: Path) -> None:
    package = await made(tmp_path, everything())
    lines = package.text("tables/shop_clients.jsonl").splitlines()
    assert [json.loads(line) for line in lines] == [
        {"id": 1, "first_name": "Camille", "note": '=HYPERLINK("evil")', "staff_name": "[redacted]"},
        {"id": 2, "first_name": "Ça va ?", "note": None, "staff_name": None},
    ]
    text = package.text("tables/shop_clients.csv")
    assert text.startswith(BOM)
    assert list(csv.reader(io.StringIO(text.removeprefix(BOM), newline=""))) == [
        ["id", "first_name", "note", "staff_name"],
        ["1", "Camille", '\'=HYPERLINK("evil")', "[redacted]"],
        ["2", "Ça va ?", "", ""],
    ]
    assert package.text("tables/shop_invoices.csv").endswith("F-1,-1200\r\n")


@pytest.mark.parametrize(("language", "meaning"), [("fr", "Prénom"), ("en", "First name")])
async def test_the_meaning_of_every_column_is_told(tmp_path: Path, language: str, meaning: str) -> None:
    package = await made(tmp_path, everything(), language=language)
    sheet = list(csv.DictReader(io.StringIO(package.text("columns.csv").removeprefix(BOM), newline="")))
    meanings = {(line["file"], line["column"]): line["meaning"] for line in sheet}
    assert meanings["shop_clients", "first_name"] == meaning
    assert meanings["shop_clients", "note"] == "Note about you"  # no French: English
    assert meanings["shop_invoices", "total_cents"] == "total cents"  # neither: the name made readable


async def test_the_manifest_in_the_package_agrees_with_its_files(tmp_path: Path) -> None:
    package = await made(tmp_path, everything())
    manifest = package.json("manifest.json")
    for entry in manifest["files"]:
        content = package.files[f"{REFERENCE}/{entry['name']}"]
        assert (len(content), hashlib.sha256(content).hexdigest()) == (entry["size"], entry["sha256"])
    assert len(manifest["files"]) == len(package.files) - 1
    assert [(table["table"], table["rows"]) for table in manifest["tables"]] == [
        ("clients", 2), ("invoices", 1), ("visits", 1),
    ]  # fmt: skip


async def test_the_manifest_that_stays_counts_and_hashes_and_names_nobody(tmp_path: Path) -> None:
    package = await made(tmp_path, everything())
    kept = package.manifest
    assert kept.size == len(package.zipped)
    assert kept.sha256 == hashlib.sha256(package.zipped).hexdigest()
    assert kept.categories == {"contact": 2, "account": 1, "cookies": 1}
    stored = json.dumps(kept.as_json())
    assert json.loads(stored)["categories"] == dict(kept.categories)
    assert json.loads(stored)["withheld"] == list(kept.withheld)
    assert "camille" not in stored.lower()
    assert json.loads(stored)["tables"][0]["columns"] == ["id", "first_name", "note", "staff_name"]


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_what_is_withheld_is_said_in_the_persons_language_with_its_article(
    tmp_path: Path, language: str
) -> None:
    hidden, redacted = (await made(tmp_path, everything(), language=language)).manifest.withheld
    names = {
        "en": ("Protected password", "Staff member"),
        "fr": ("Mot de passe protégé", "Membre du personnel"),
    }
    assert names[language][0] in hidden
    assert "32" in hidden
    assert names[language][1] in redacted
    assert "15" in redacted


async def test_the_same_field_withheld_in_several_tables_is_said_once(tmp_path: Path) -> None:
    tables = [
        Table(name, ("staff_name",), [[("[redacted]",)]], redacted=("staff_name",))
        for name in ("chats", "calls", "letters")
    ]
    (line,) = (await made(tmp_path, ListedSource(*tables))).manifest.withheld
    assert "“chats”, “calls” and “letters”" in line


async def test_a_portability_package_is_one_document_that_its_schema_accepts(tmp_path: Path) -> None:
    rich = Table("rich", ("a", "b"), [[(Decimal("1.50"), b"\x00"), (None, "é\ud800")]], portable=("a", "b"))
    package = await made(
        tmp_path, ListedSource(clients(), rich, invoices()), right=Right.PORTABILITY, language="fr"
    )
    assert [name.split("/")[1] for name in package.files] == [
        "portability.json", "portability.schema.json", "index.html", "manifest.json",
    ]  # fmt: skip
    document, schema = package.json("portability.json"), package.json("portability.schema.json")
    jsonschema_rs.meta.validate(schema)
    jsonschema_rs.validate(schema, json.loads(json.dumps(document).replace("\\ud800", "?")))
    assert document["$schema"] == schema["$id"]
    assert [table["table"] for table in document["tables"]] == ["clients", "rich"]
    assert document["tables"][0]["rows"] == [{"first_name": "Camille"}, {"first_name": "Ça va ?"}]
    assert document["tables"][0]["columns"] == [{"name": "first_name", "meaning": "Prénom"}]
    assert document["tables"][1]["rows"][0] == {"a": "1.50", "b": "AA=="}


async def test_the_schema_refuses_what_is_no_such_document(tmp_path: Path) -> None:
    package = await made(tmp_path, everything(), right=Right.PORTABILITY)
    document, schema = package.json("portability.json"), package.json("portability.schema.json")
    document["tables"][0]["rows"] = ["not a record"]
    assert not jsonschema_rs.is_valid(schema, document)


async def test_a_portability_package_without_portable_data_is_still_a_document(tmp_path: Path) -> None:
    package = await made(tmp_path, ListedSource(invoices()), right=Right.PORTABILITY)
    assert package.json("portability.json")["tables"] == []
    assert "none that the right to portability covers" in package.text("index.html")


async def test_nothing_but_portable_columns_leaves_with_portability(tmp_path: Path) -> None:
    package = await made(tmp_path, everything(), right=Right.PORTABILITY)
    assert "HYPERLINK" not in "".join(content.decode() for content in package.files.values())
    assert not any("password" in line for line in package.manifest.withheld)


async def test_files_come_in_the_order_of_the_sources_each_time(tmp_path: Path) -> None:
    first = await made(tmp_path, everything(), ListedSource(visits(), name="web"))
    second = await made(tmp_path, everything(), ListedSource(visits(), name="web"))
    assert first.zipped == second.zipped
    assert list(first.files)[6] == f"{REFERENCE}/tables/web_visits.csv"


async def test_names_of_tables_cannot_leave_the_folder_or_meet(tmp_path: Path) -> None:
    names = ("../../etc/passwd", "..", "a/b", "A-B", "a b", "con", "\u202egnp.exe", "x" * 300)
    tables = [Table(name, ("id",), [[(1,)]]) for name in names]
    package = await made(tmp_path, ListedSource(*tables))
    written = [name for name in package.files if "/tables/" in name]
    assert len({name.casefold() for name in written}) == 2 * len(names)
    for name in written:
        folder, tables_folder, file = name.split("/")
        assert (folder, tables_folder) == (REFERENCE, "tables")
        assert file.startswith("shop_")
        assert len(file) < 150


async def test_files_carry_the_time_of_the_controllers_clock(tmp_path: Path) -> None:
    package = await made(tmp_path, everything())
    with zipfile.ZipFile(io.BytesIO(package.zipped)) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(2026, 11, 24, 23, 30, 0)}


async def test_a_table_without_rows_leaves_no_file(tmp_path: Path) -> None:
    empty = Table("empty", ("id",), [])
    package = await made(tmp_path, ListedSource(empty, visits()))
    assert not any("empty" in name for name in package.files)
    assert [table.table for table in package.manifest.tables] == ["visits"]


async def test_progress_counts_the_rows(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    await write(tmp_path, everything(), progress=lambda done, to_do: told.append((done, to_do)))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


class Failing(ListedSource):
    """A source that breaks in the middle of its second table."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(clients(), visits())
        self._error = error

    def _exported(self, table: Table, wanted: tuple[str, ...]) -> ExportedTable:
        exported = super()._exported(table, wanted)
        if table.name == "visits":
            object.__setattr__(exported, "rows", self._breaking())
        return exported

    async def _breaking(self) -> AsyncIterator[Sequence[tuple[Any, ...]]]:
        yield [(1,)]
        raise self._error


@pytest.mark.parametrize("right", [Right.ACCESS, Right.PORTABILITY])
@pytest.mark.parametrize("error", [SourceUnavailable(), OSError("network"), asyncio.CancelledError()])
async def test_a_source_that_fails_leaves_no_half_package(
    tmp_path: Path, error: BaseException, right: Right
) -> None:
    source = Failing(error)
    source.tables[1].portable = ("at",)
    with pytest.raises(type(error)) as caught:
        await write(tmp_path, source, right)
    assert caught.value is error
    assert source.is_closed
    assert left_in(tmp_path) == []


@pytest.mark.parametrize("room", [0, 10, 100_000, 300_000, 900_000])
@pytest.mark.parametrize("right", [Right.ACCESS, Right.PORTABILITY])
async def test_a_full_disk_is_told_and_leaves_no_half_package(
    tmp_path: Path, room: int, right: Right, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = SealingWriter.__init__
    disk = Disk(room)

    def on_that_disk(writer: SealingWriter, target: Any, key: bytes) -> None:
        begin(writer, disk.holding(target), key)

    monkeypatch.setattr(SealingWriter, "__init__", on_that_disk)
    noise = [[(random.Random(n).randbytes(1500),) for n in range(200)]] * 5
    with pytest.raises(NoRoom):
        await write(tmp_path, ListedSource(Table("big", ("noise",), noise, portable=("noise",))), right)
    assert left_in(tmp_path) == []


async def test_an_old_package_stays_whole_when_its_successor_fails(tmp_path: Path) -> None:
    await write(tmp_path, everything())
    before = b"".join(open_package(tmp_path / "package.sealed", KEY))
    with pytest.raises(SourceUnavailable):
        await write(tmp_path, Failing(SourceUnavailable()))
    assert b"".join(open_package(tmp_path / "package.sealed", KEY)) == before


class Log(ListedSource):
    """A log as long as one likes, which is never in memory as a whole."""

    def __init__(self, rows: int, text: str = "GET /") -> None:
        super().__init__(Table("log", ("id", "line"), [], portable=("id", "line")))
        self.rows = rows
        self._text = text
        self.while_reading: list[Path] = []

    def _exported(self, table: Table, wanted: tuple[str, ...]) -> ExportedTable:
        exported = super()._exported(table, wanted)
        object.__setattr__(exported, "rows", self._lines())
        return exported

    async def _lines(self) -> AsyncIterator[Sequence[tuple[Any, ...]]]:
        for start in range(0, self.rows, 1000):
            yield [
                (number, f"{self._text} {number}") for number in range(start, min(start + 1000, self.rows))
            ]


def resident() -> int:
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * resource.getpagesize()


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads memory where Linux tells it")
@pytest.mark.parametrize("right", [Right.ACCESS, Right.PORTABILITY])
async def test_200_000_rows_need_no_memory_to_speak_of(tmp_path: Path, right: Right) -> None:
    text = "x" * 250
    await write(tmp_path, Log(1000, text), right)  # templates and texts are read once
    before, most = resident(), 0

    def look(_done: int, _to_do: int) -> None:
        nonlocal most
        most = max(most, resident())

    await write(tmp_path, Log(200_000, text), right, progress=look)
    assert max(most, resident()) - before < 24 * 1024 * 1024  # of more than 50 MB of text


async def test_plain_text_never_touches_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spooled: list[bytes] = []
    put = SealingWriter._put

    def watched(writer: SealingWriter, sealed: bytes) -> None:
        spooled.append(sealed)
        put(writer, sealed)

    monkeypatch.setattr(SealingWriter, "_put", watched)
    await write(tmp_path, Log(40_000, "canary-of-the-person"))
    assert sum(map(len, spooled)) > 20 * SEGMENT
    assert not any(b"canary" in piece for piece in spooled)
    assert b"canary" not in (tmp_path / "package.sealed").read_bytes()


async def test_the_desk_goes_on_answering_while_a_long_log_is_written(tmp_path: Path) -> None:
    longest = 0.0

    async def beat() -> None:
        nonlocal longest
        while True:
            started = time.perf_counter()
            await asyncio.sleep(0.001)
            longest = max(longest, time.perf_counter() - started)

    beating = asyncio.create_task(beat())
    await write(tmp_path, Log(60_000))
    beating.cancel()
    assert 0 < longest < 0.5


@pytest.mark.parametrize("after", [0, 3, 12])
async def test_a_package_given_up_in_the_middle_leaves_nothing(tmp_path: Path, after: int) -> None:
    reached = asyncio.Event()
    seen = 0

    def look(_done: int, _to_do: int) -> None:
        nonlocal seen
        seen += 1
        if seen > after:
            reached.set()

    writing = asyncio.create_task(write(tmp_path, Log(40_000), progress=look))
    await reached.wait()
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert left_in(tmp_path) == []
