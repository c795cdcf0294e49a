"""A status that a map waits for and no row can hold hides what it is about: `sources check` says so, in every database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.sources.shop import KINDS, Shop, table

if TYPE_CHECKING:
    from collections.abc import Callable

    OpenShop = Callable[..., Shop]

FREE = """
CREATE TABLE clients (id INTEGER PRIMARY KEY, status VARCHAR(20), code INTEGER);
INSERT INTO clients VALUES (1, 'active', 1), (2, 'active', 1), (3, 'closed', 2);
"""
CHECKED = """
CREATE TABLE clients (id INTEGER PRIMARY KEY,
    status VARCHAR(20) CHECK (status IN ('active', 'closed', 'it''s new')), code INTEGER);
"""
TYPED = {
    "sqlite": CHECKED,
    "postgresql": "CREATE TYPE state AS ENUM ('active', 'closed', 'it''s new');"
    "CREATE TABLE clients (id INTEGER PRIMARY KEY, status state, code INTEGER);",
    "mariadb": "CREATE TABLE clients (id INTEGER PRIMARY KEY,"
    " status ENUM ('active', 'closed', 'it''s new'), code INTEGER);",
}


def status_table(**more: Any) -> dict[str, Any]:
    return table("clients", identity={"client_id": ["id"]}, account=True, **more)


def running(*values: Any, column: str = "status") -> dict[str, Any]:
    return status_table(active_when={"what": "a service", "column": column, "values": list(values)})


async def warned(shop: OpenShop, schema: str, *tables: dict[str, Any]) -> list[tuple[str, str]]:
    found = await shop(schema, *tables).source.check()
    assert {each.level for each in found} <= {"ok", "warning"}, found
    return [(each.where, each.text) for each in found if each.level == "warning"]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_status_that_no_row_holds_is_named_with_those_there_are(shop: OpenShop) -> None:
    ((where, text),) = await warned(shop, FREE, running("actively", "closed"))
    assert where == "clients.status"
    assert "active_when" in text
    assert "'actively'" in text
    assert "Did you mean active?" in text
    assert "active (2), closed (1)" in text


@pytest.mark.parametrize("kind", KINDS)
async def test_a_status_that_some_row_holds_is_fine(shop: OpenShop) -> None:
    assert await warned(shop, FREE, running("active", "closed")) == []
    assert await warned(shop, FREE, running(1, 2, column="code")) == []


@pytest.mark.parametrize("kind", KINDS)
async def test_a_number_that_no_row_holds_is_named_too(shop: OpenShop) -> None:
    ((where, text),) = await warned(shop, FREE, running(1, 7, column="code"))
    assert (where, "1 (2), 2 (1)" in text) == ("clients.code", True)
    ((where, text),) = await warned(shop, FREE, running("one", column="code"))
    assert (where, "'one'" in text) == ("clients.code", True)


@pytest.mark.parametrize("declared", ["check", "type"])
@pytest.mark.parametrize("kind", KINDS)
async def test_what_the_database_allows_may_be_waited_for_and_nothing_else(
    shop: OpenShop, kind: str, declared: str
) -> None:
    schema = CHECKED if declared == "check" else TYPED[kind]
    assert await warned(shop, schema, running("active", "it's new")) == []
    ((where, text),) = await warned(shop, schema, running("active", "actively"))
    assert where == "clients.status"
    assert "active, closed, it's new" in text


@pytest.mark.parametrize("kind", KINDS)
async def test_an_empty_table_without_a_list_is_no_reason_to_warn(shop: OpenShop) -> None:
    schema = FREE.partition("INSERT")[0]
    assert await warned(shop, schema, running("actively")) == []


@pytest.mark.parametrize("kind", KINDS)
async def test_a_restriction_is_held_against_the_statuses_too(shop: OpenShop) -> None:
    free = status_table(restrict={"column": "status", "value": "held", "instead_of": "actively"})
    ((_, text),) = await warned(shop, FREE, free)
    assert "restrict" in text
    assert "'actively'" in text, (
        "what is to be marked must be there; the mark itself is written first by the desk"
    )
    listed = status_table(restrict={"column": "status", "value": "held", "instead_of": "active"})
    ((_, text),) = await warned(shop, CHECKED, listed)
    assert "'held'" in text, "a mark that the database does not allow could never be written"
    stops = status_table(stop={"newsletter": {"column": "status", "value": "off"}})
    assert len(await warned(shop, CHECKED, stops)) == 1
    assert await warned(shop, FREE, stops) == []


@pytest.mark.parametrize("kind", KINDS)
async def test_the_values_of_a_column_that_is_no_status_are_not_shown(shop: OpenShop) -> None:
    people = ", ".join(f"({n}, 'p{n}@example.test', {n})" for n in range(10, 60))
    schema = FREE + f"INSERT INTO clients VALUES {people};"
    ((_, text),) = await warned(shop, schema, running("actively"))
    assert "@" not in text
    assert "too many different values for a status" in text
    few = FREE + "INSERT INTO clients VALUES (9, 'mari@example.test', 1);"
    ((_, text),) = await warned(shop, few, running("actively"))
    assert "mari" not in text
