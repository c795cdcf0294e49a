"""A first map of a database that nobody described: it finds what is personal, and only needs to be finished."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

import pytest

from assistant.domain.data_map import DataMap
from assistant.errors import ConfigurationError
from assistant.sources.sql.draft import draft
from assistant.sources.sql.source import SqlSource
from tests.integration.sources.shop import KINDS, RULES

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.doubles.databases import Database

pytestmark = pytest.mark.parametrize("kind", KINDS)
SHOP = """
CREATE TABLE addresses (id INTEGER PRIMARY KEY, street TEXT, city TEXT);
CREATE TABLE customers (id INTEGER PRIMARY KEY, customer_no VARCHAR(20) NOT NULL UNIQUE, email VARCHAR(254) NOT NULL UNIQUE,
    full_name VARCHAR(80), password_hash TEXT, address_id INTEGER REFERENCES addresses (id), points INTEGER NOT NULL);
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers (id), placed_on DATE);
CREATE TABLE order_lines (order_id INTEGER NOT NULL REFERENCES orders (id), line INTEGER NOT NULL, product_id INTEGER,
    PRIMARY KEY (order_id, line));
CREATE TABLE visits (id INTEGER PRIMARY KEY, contact VARCHAR(200), seen_from VARCHAR(45));
CREATE TABLE wishes (id INTEGER PRIMARY KEY, customer_id INTEGER, wish TEXT);
CREATE TABLE payments (id INTEGER PRIMARY KEY, order_id INTEGER REFERENCES orders (id), paid_with VARCHAR(30));
CREATE TABLE products (id INTEGER PRIMARY KEY, title TEXT);
INSERT INTO addresses VALUES (1, 'Pikk 1', 'Tallinn');
INSERT INTO customers VALUES (1, 'C-1', 'mari@example.test', 'Mari Tamm', 'x', 1, 5);
INSERT INTO orders VALUES (10, 1, '2025-01-01');
INSERT INTO order_lines VALUES (10, 1, 7);
INSERT INTO visits VALUES (1, 'luc@example.test', '192.0.2.7'), (2, 'eva@example.test', '2001:db8::1');
INSERT INTO wishes VALUES (1, 1, 'a hammock');
INSERT INTO payments VALUES (1, 10, '4111 1111 1111 1111');
INSERT INTO products VALUES (7, 'hammock');
"""
VALUES = ("mari", "luc@", "Pikk", "192.0.2", "4111", "hammock", "2025")


def finished(text: str) -> dict[str, Any]:
    """Fill in what only a person can know."""
    return tomllib.loads(
        text.replace('category = ""', 'category = "4.1.1"').replace('purpose = ""', 'purpose = "service"')
    )


async def test_a_draft_finds_what_is_personal_and_fits_the_schema_once_finished(
    new_database: Callable[[], Database],
) -> None:
    database = new_database()
    database.run(SHOP)
    before = database.dump()

    text = draft(database.url)

    assert not [value for value in VALUES if value in text], "no value is ever written down"
    assert database.dump() == before
    found = finished(text)
    assert found["ignored"] == ["products"]
    tables = {table["name"]: table for table in found["tables"]}
    assert tables["customers"]["account"]
    assert tables["customers"]["identity"] == {"email": ["email"], "client_id": ["customer_no"]}
    assert tables["customers"]["hidden"] == ["password_hash"]
    assert tables["customers"]["erase"]["email"] == {"how": "random_email"}
    assert tables["visits"]["identity"] == {"email": ["contact"]}, "told by its values alone"
    links = {
        name: [(k["columns"], k["to"], k["references"]) for k in t.get("link", ())]
        for name, t in tables.items()
    }
    assert links["orders"] == [(["customer_id"], "customers", ["id"])]
    assert links["order_lines"] == [(["order_id"], "orders", ["id"])]
    assert links["payments"] == [(["order_id"], "orders", ["id"])]
    assert links["wishes"] == [(["customer_id"], "customers", ["id"])], "no foreign key says so"
    assert links["addresses"] == [(["id"], "customers", ["address_id"])]
    assert "no foreign key says so" in text
    assert "paid_with looks like card" in text
    assert "seen_from looks like ip" in text

    source = SqlSource("shop", database.url, DataMap.model_validate(found), RULES)
    try:
        findings = await source.check()
    finally:
        await source.close()
    assert [finding for finding in findings if finding.level == "error"] == []


def test_a_database_with_nothing_personal_says_so(new_database: Callable[[], Database]) -> None:
    database = new_database()
    database.run("CREATE TABLE products (id INTEGER PRIMARY KEY, title TEXT);")
    with pytest.raises(ConfigurationError, match="looks personal"):
        draft(database.url)


@pytest.mark.parametrize("url", ["no address at all", "oracle+nothing://x/y", "mysql://x/y"])
def test_what_is_no_database_address_is_refused(url: str, kind: str) -> None:
    with pytest.raises(ConfigurationError, match="no address of a database"):
        draft(url)
