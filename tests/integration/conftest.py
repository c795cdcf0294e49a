"""What tests here share: clients to be, a desk laid out once to start copies of, and the reader, slow to load."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from intents import Reader
from tests.doubles.attacks import Victim, victims
from tests.doubles.console_app import ConsoleSite, prepare
from tests.doubles.desk_inside import DeskInside


@pytest.fixture(scope="module")
def people(desk: DeskInside) -> Iterator[Victim]:
    return victims(desk)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> ConsoleSite:
    return asyncio.run(prepare(tmp_path_factory.mktemp("morning")))


@pytest.fixture(scope="session")
def reader() -> Reader:
    return Reader.load()
