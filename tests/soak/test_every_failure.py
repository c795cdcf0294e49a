"""Each statement of an erasure fails once, on each server: as before, and the next run ends the same."""

from __future__ import annotations

import pytest

from tests.doubles import databases
from tests.doubles.databases import MARIADB, POSTGRESQL
from tests.integration.sources.test_outdoor_shop import Company, whatever_fails


@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", [POSTGRESQL, MARIADB])
async def test_whatever_statement_fails_on_a_server_it_is_as_if_it_had_never_begun(kind: str) -> None:
    assert databases.is_here(kind), databases.MISSING
    with databases.running(kind) as server:
        company = Company(server.database(), customers=40)
        await whatever_fails(company, server.database, every=1)
        await company.source.close()
