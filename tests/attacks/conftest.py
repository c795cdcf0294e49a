"""One desk for all attacks, in the process of the tests; each attack picks another victim."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.doubles.attacks import Victim, victims
from tests.doubles.console_pages import pages_that_fail
from tests.doubles.desk_inside import DeskInside, desk_inside


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskInside]:
    async with desk_inside(tmp_path_factory.mktemp("attacks"), clients=2_000) as opened:
        yield opened
        assert await pages_that_fail(opened) == []


@pytest.fixture(scope="session")
def people(desk: DeskInside) -> Iterator[Victim]:
    """Clients of the sample company with nothing running, each given out once."""
    return victims(desk)
