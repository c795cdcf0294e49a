"""Opens invented shops and closes them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.sources.shop import Shop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Callable[..., Shop]]:
    """Make shops: `shop(sql, *tables)`."""
    opened: list[Shop] = []

    def make(sql: str, *tables: dict[str, Any], ignored: tuple[str, ...] = (), **options: Any) -> Shop:
        path = tmp_path / f"shop{len(opened)}.db"
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(sql)
        opened.append(Shop(path, list(tables), ignored, options))
        return opened[-1]

    yield make
    for each in opened:
        await each.source.close()
