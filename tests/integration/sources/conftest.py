"""Opens invented shops, in every database that is tried for real, and closes them."""

from __future__ import annotations

import itertools
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from tests.doubles import databases
from tests.doubles.databases import SQLITE, Database, Server
from tests.integration.sources.shop import Shop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def servers() -> Iterator[Callable[[str], Server]]:
    """Start a server of a kind when it is first wanted."""
    with ExitStack() as stack:
        started: dict[str, Server] = {}

        def of(kind: str) -> Server:
            if kind not in started:
                started[kind] = stack.enter_context(databases.running(kind))
            return started[kind]

        yield of


@pytest.fixture
def kind() -> str:
    """Say in which database a test runs: parametrize it with KINDS (shop.py) for every one."""
    return SQLITE


@pytest.fixture
def new_database(kind: str, tmp_path: Path, servers: Callable[[str], Server]) -> Callable[[], Database]:
    """Give empty databases of the kind."""
    numbers = itertools.count()

    def make() -> Database:
        if kind == SQLITE:
            return Database(SQLITE, f"sqlite:///{tmp_path}/shop{next(numbers)}.db")
        return servers(kind).database()

    return make


@pytest.fixture
async def shop(new_database: Callable[[], Database]) -> AsyncIterator[Callable[..., Shop]]:
    """Make shops: `shop(sql, *tables)`."""
    opened: list[Shop] = []

    def make(sql: str, *tables: dict[str, Any], ignored: tuple[str, ...] = (), **options: Any) -> Shop:
        database = new_database()
        database.run(sql)
        opened.append(Shop(database, list(tables), ignored, options))
        return opened[-1]

    yield make
    for each in opened:
        await each.source.close()
