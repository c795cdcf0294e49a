"""500 random schemas and people: all of the person found and gone, nobody else touched, in every database."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.doubles import databases
from tests.doubles.databases import MARIADB, POSTGRESQL, SQLITE, Database
from tests.integration.sources.test_sql_any_schema import World, holds_in, worlds

CASES = {SQLITE: 300, POSTGRESQL: 100, MARIADB: 100}
MORE = 4 if os.environ.get("FULL") else 1


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("kind", list(CASES))
def test_any_schema_is_erased_exactly(kind: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    @settings(
        max_examples=CASES[kind] * MORE,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.nested_given],
    )
    @given(worlds())
    def holds(world: World) -> None:
        holds_in(make(), world)

    if kind == SQLITE:

        def make() -> Database:
            return Database(SQLITE, f"sqlite:///{tmp_path_factory.mktemp('world')}/world.db")

        holds()
        return
    assert databases.is_here(kind), databases.MISSING
    with databases.running(kind) as server:
        make = server.database
        holds()
