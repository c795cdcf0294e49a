from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date
from typing import TYPE_CHECKING

import pytest

from assistant.demo.company import create_company

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TODAY = date(2026, 11, 24)


@pytest.fixture(scope="session")
def client_area_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("demo") / "client-area.db"
    create_company(path, today=TODAY)
    return path


@pytest.fixture
def client_area(client_area_file: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(f"file:{client_area_file}?mode=ro", uri=True)) as connection:
        yield connection
