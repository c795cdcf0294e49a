"""Packages of the sample company's people: its real source, map and catalogue, and a browser."""

from __future__ import annotations

import csv
import io
import json
import tomllib
import zipfile
from datetime import UTC, date, datetime
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest

from assistant.config import Catalogue, Controller, Settings, SourceSettings
from assistant.demo import __name__ as demo_package
from assistant.demo import people
from assistant.demo.company import create_company
from assistant.disclosure import PackageFacts, open_package, write_package
from assistant.domain.data_map import DataMap
from assistant.domain.plan import Identity, Operation, Order, Plan
from assistant.domain.retention import RetentionRule
from assistant.domain.rights import Right
from assistant.sources.sql.source import SqlSource
from tests.doubles.axe import wrong_with
from tests.doubles.chromium import NEEDS_CHROMIUM, chromium

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Page

    from assistant.disclosure import Manifest
    from assistant.domain.plan import Located

TODAY = date(2026, 11, 24)
REFERENCE = "PR-7K3F9QWX"
KEY = bytes(32)
SUBJECTS = pytest.mark.parametrize("subject", people.SUBJECTS, ids=lambda subject: subject.name)
LANGUAGES = pytest.mark.parametrize("language", ["en", "fr"])
Files = dict[str, bytes]


def read(name: str) -> dict[str, Any]:
    return tomllib.loads((resources.files(demo_package) / name).read_text("utf-8"))


def the_map(settings: Settings) -> DataMap:
    """Give the map of the client area."""
    mapped = settings.maps["client-area"]
    assert isinstance(mapped, DataMap)
    return mapped


@pytest.fixture(scope="module")
def settings() -> Settings:
    return Settings(
        controller=Controller(
            name="Kuusik & Lierre OÜ",
            address="Näidise 7, 10117 Tallinn",
            contact_email="privacy@kuusik-lierre.example",
            privacy_url="https://kuusik-lierre.example/privacy",
            authorities=("AKI", "CNIL"),
            timezone="Europe/Tallinn",
            invented=True,
        ),
        catalogue=Catalogue.model_validate(read("catalogue.toml")),
        maps={"client-area": DataMap.model_validate(read("client-area.toml"))},
        sources=(SourceSettings(name="client-area", kind="sql", title="Client area", url="sqlite://"),),
    )


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("company") / "client-area.db"
    create_company(file, clients=40, today=TODAY)
    return file


@pytest.fixture
async def source(database: Path, settings: Settings) -> AsyncIterator[SqlSource]:
    rules = {
        name: RetentionRule(name, r.law, r.article, r.years, r.months, r.days, r.counted_from)
        for name, r in settings.catalogue.retention.items()
    }
    source = SqlSource("client-area", f"sqlite:///{database}", the_map(settings), rules)
    yield source
    await source.close()


class Desk:
    """Makes packages of the sample company's people."""

    def __init__(self, folder: Path, source: SqlSource, settings: Settings) -> None:
        self._folder = folder
        self._source = source
        self._settings = settings

    async def package(
        self, subject: people.Subject, right: Right, language: str
    ) -> tuple[Located, Manifest, Files]:
        located = await self._source.locate(Identity(emails=(subject.email,)))
        plan = Plan(right, (located,), Order(Operation.EXPORT, TODAY), ())
        made_at = datetime(2026, 11, 24, 9, 15, tzinfo=UTC)
        facts = PackageFacts(
            REFERENCE,
            right,
            language,
            date(2026, 11, 22),
            made_at,
            self._settings,
            plan,
            right == Right.PORTABILITY,
        )
        file = self._folder / "package.sealed"
        parts = [(self._source, located)]
        manifest = await write_package(file, KEY, facts, parts)
        with zipfile.ZipFile(io.BytesIO(b"".join(open_package(file, KEY)))) as archive:
            return (
                located,
                manifest,
                {n.removeprefix(f"{REFERENCE}/"): archive.read(n) for n in archive.namelist()},
            )


@pytest.fixture
def desk(tmp_path: Path, source: SqlSource, settings: Settings) -> Desk:
    return Desk(tmp_path, source, settings)


@SUBJECTS
async def test_every_row_found_is_in_both_files_of_its_table(desk: Desk, subject: people.Subject) -> None:
    located, manifest, files = await desk.package(subject, Right.ACCESS, "en")
    assert {table.table: table.rows for table in manifest.tables} == {
        t.table: t.rows for t in located.tables if t.rows
    }
    for table in manifest.tables:
        sheet, lines = (files[name].decode().removeprefix("\ufeff") for name in table.files)
        assert len(list(csv.DictReader(io.StringIO(sheet, newline="")))) == table.rows
        assert [set(json.loads(line)) for line in lines.splitlines()] == [set(table.columns)] * table.rows


@LANGUAGES
async def test_every_column_is_explained_in_the_persons_language(
    desk: Desk, settings: Settings, language: str
) -> None:
    _, manifest, files = await desk.package(people.SUBJECTS[0], Right.ACCESS, language)
    sheet = list(
        csv.DictReader(io.StringIO(files["columns.csv"].decode().removeprefix("\ufeff"), newline=""))
    )
    assert len(sheet) == sum(len(table.columns) for table in manifest.tables)
    meanings = the_map(settings).table("clients").meanings
    wanted = meanings["email@fr" if language == "fr" else "email"]
    assert [
        line["meaning"]
        for line in sheet
        if (line["file"], line["column"]) == ("client-area_clients", "email")
    ] == [wanted]


async def test_no_secret_and_no_third_person_leaves(desk: Desk, settings: Settings) -> None:
    _, manifest, files = await desk.package(people.SUBJECTS[0], Right.ACCESS, "en")
    maps = {table.name: table for table in the_map(settings).tables}
    for table in manifest.tables:
        assert not set(maps[table.table].hidden) & set(table.columns)
        for line in files[table.files[1]].decode().splitlines():
            row = json.loads(line)
            assert all(row[column] in {None, "[redacted]"} for column in maps[table.table].redacted)
    assert any("password" in line for line in manifest.withheld)


@LANGUAGES
async def test_the_manifest_speaks_the_persons_language(desk: Desk, language: str) -> None:
    _, manifest, _ = await desk.package(people.SUBJECTS[0], Right.ACCESS, language)
    begins = ("Left out:", "Replaced with") if language == "en" else ("N’est pas communiqué", "Remplacé par")
    assert all(line.startswith(begins) for line in manifest.withheld)


@SUBJECTS
async def test_portability_gives_the_portable_columns_and_no_more(
    desk: Desk, settings: Settings, subject: people.Subject
) -> None:
    _, manifest, files = await desk.package(subject, Right.PORTABILITY, "fr")
    document = json.loads(files["portability.json"])
    jsonschema_rs.validate(json.loads(files["portability.schema.json"]), document)
    maps = {table.name: table for table in the_map(settings).tables}
    assert len(document["tables"]) == len(manifest.tables)
    for table in document["tables"]:
        assert {column["name"] for column in table["columns"]} <= set(maps[table["table"]].portable)


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Page]:
    async with chromium() as browser:
        yield await browser.new_page()


@NEEDS_CHROMIUM
@pytest.mark.browser
@pytest.mark.parametrize(
    ("right", "language", "width", "scheme"),
    [
        (Right.ACCESS, "fr", 1200, "light"),
        (Right.ACCESS, "en", 360, "dark"),
        (Right.PORTABILITY, "fr", 360, "light"),
    ],
)
async def test_the_page_is_accessible_and_fits_the_screen(
    desk: Desk, page: Page, tmp_path: Path, right: Right, language: str, width: int, scheme: Any
) -> None:
    subject = people.SUBJECTS[1]
    (tmp_path / "index.html").write_bytes((await desk.package(subject, right, language))[2]["index.html"])
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.on("request", lambda asked: problems.append(asked.url) if asked.url.startswith("http") else None)
    await page.set_viewport_size({"width": width, "height": 800})
    await page.emulate_media(color_scheme=scheme)
    await page.goto((tmp_path / "index.html").as_uri())
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    assert await wrong_with(page) == []
    assert problems == []
