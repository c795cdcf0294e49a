"""`sources check` finds every gap between the map and the database, and says how to mend it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from assistant.errors import SourceMisfit
from tests.integration.sources.shop import KINDS, Shop, link, table

if TYPE_CHECKING:
    from collections.abc import Callable

    OpenShop = Callable[..., Shop]

SCHEMA = """
CREATE TABLE clients (id INTEGER PRIMARY KEY, email VARCHAR(20) NOT NULL UNIQUE,
    name VARCHAR(6) NOT NULL, born DATE,
    points INTEGER NOT NULL, hash TEXT);
CREATE TABLE orders (id INTEGER PRIMARY KEY, client_id INTEGER, number TEXT, ordered_on DATE);
CREATE TABLE products (id INTEGER PRIMARY KEY, title TEXT);
CREATE VIEW people AS SELECT email FROM clients;
CREATE INDEX clients_by_email ON clients (email COLLATE NOCASE);
"""
CLIENT = table("clients", identity={"email": ["email"]}, account=True)
ORDER = table("orders", link=[link("client_id", "clients")])


async def findings(
    shop: OpenShop, *tables: dict[str, Any], schema: str = SCHEMA, **more: Any
) -> list[tuple[str, str, str]]:
    company = shop(schema, *tables, **more)
    return [(found.level, found.where, found.text) for found in await company.source.check()]


async def test_map_that_fits_says_so_in_one_line(shop: OpenShop) -> None:
    assert await findings(shop, CLIENT, ORDER) == [("ok", "", "2 tables fit the map.")]


@pytest.mark.parametrize(
    ("tables", "where", "said"),
    [
        ([CLIENT | {"name": "client"}], "client", "there is no such table; did you mean clients?"),
        (
            [CLIENT | {"identity": {"email": ["e_mail"]}}],
            "clients.e_mail",
            "identity: there is no such column; did you mean email?",
        ),
        (
            [CLIENT | {"portable": ["xyzzy"]}],
            "clients.xyzzy",
            "portable: there is no such column; there are: born, email",
        ),
        ([CLIENT, ORDER | {"link": [link("client", "clients")]}], "orders.client", "did you mean client_id?"),
        (
            [CLIENT, ORDER | {"link": [link("client_id", "clients", "ident")]}],
            "orders",
            "its link leads to clients.ident, which does not exist",
        ),
        ([CLIENT | {"key": ["born"]}], "clients", "the key born does not tell its rows apart"),
    ],
)
async def test_what_is_not_there_is_an_error_with_its_mend(
    shop: OpenShop, tables: list[dict[str, Any]], where: str, said: str
) -> None:
    found = await findings(shop, *tables)
    assert any(level == "error" and w == where and said in text for level, w, text in found), found


def erasing(**rules: Any) -> dict[str, Any]:
    every = {name: {"how": "null"} for name in ("born", "hash")}
    every |= {"email": {"how": "null"}, "name": {"how": "fixed", "value": "-"}, "points": {"how": "random"}}
    return CLIENT | {"erase": every | rules}


@pytest.mark.parametrize(
    ("rules", "where", "said"),
    [
        ({}, "clients.email", "is NOT NULL, so it cannot be set to null"),
        (
            {"email": {"how": "random_email"}},
            "clients.email",
            "takes 20 characters, too few for random_email",
        ),
        ({"email": {"how": "empty"}}, "clients.email", "is UNIQUE, so empty fails for the second person"),
        (
            {"name": {"how": "fixed", "value": "erased person"}},
            "clients.name",
            "takes 6 characters, the fixed value has 13",
        ),
        (
            {"points": {"how": "fixed", "value": "none"}},
            "clients.points",
            "holds a integer, which the fixed value is not",
        ),
        ({"points": {"how": "empty"}}, "clients.points", "has no empty value"),
        ({"born": {"how": "random"}}, "clients.born", "holds a date, for which there is no random value"),
    ],
)
async def test_erase_rule_that_the_column_forbids_is_an_error(
    shop: OpenShop, rules: dict[str, Any], where: str, said: str
) -> None:
    found = await findings(shop, erasing(**rules))
    assert any(level == "error" and w == where and said in text for level, w, text in found), found


KEEP = {"rule": "accounting", "counted_from": "ordered_on", "columns": ["number"]}


@pytest.mark.parametrize(
    ("order", "where", "said"),
    [
        (
            {"erase": {}, "keep": KEEP | {"rule": "acounting"}},
            "orders",
            "no retention rule acounting; did you mean accounting?",
        ),
        ({"keep": KEEP}, "orders", "erase must say how each other column is overwritten"),
        (
            {"erase": {"number": {"how": "null"}}, "keep": KEEP},
            "orders.number",
            "kept under a rule and overwritten",
        ),
        (
            {"erase": {"ordered_on": {"how": "null"}}, "keep": KEEP},
            "orders.ordered_on",
            "kept under a rule and overwritten",
        ),
        ({"erase": "keep_untouched"}, "orders", "leaves it untouched and no rule says why"),
        ({"erase": {"number": {"how": "null"}}}, "orders.ordered_on", "would be left as it is by erasure"),
    ],
)
async def test_retention_that_cannot_work_is_an_error(
    shop: OpenShop, order: dict[str, Any], where: str, said: str
) -> None:
    found = await findings(shop, CLIENT, ORDER | order)
    assert any(level == "error" and w == where and said in text for level, w, text in found), found


async def test_column_said_to_stay_is_no_error(shop: OpenShop) -> None:
    erase = {"number": {"how": "null"}}
    assert await findings(shop, CLIENT, ORDER | {"erase": erase, "stays": ["ordered_on"]}) == [
        ("ok", "", "2 tables fit the map.")
    ]


async def test_column_that_joins_tables_is_never_overwritten(shop: OpenShop) -> None:
    by_number = link("title", "orders", "number")
    found = await findings(
        shop,
        CLIENT,
        ORDER | {"erase": {"number": {"how": "null"}}, "stays": ["ordered_on"]},
        table("products", link=[by_number]),
    )
    assert (
        "error",
        "orders.number",
        "joins tables, so it is never overwritten; take it out of erase",
    ) in found


async def test_table_with_an_address_that_nobody_mentions_is_an_error(shop: OpenShop) -> None:
    schema = SCHEMA + "CREATE TABLE leads (id INTEGER PRIMARY KEY, contact_email TEXT);"
    ((level, where, text),) = await findings(shop, CLIENT, schema=schema)
    assert (level, where) == ("error", "leads.contact_email")
    assert "map it, or list it in ignored" in text
    assert (await findings(shop, CLIENT, schema=schema, ignored=("leads",)))[0][0] == "ok"


async def test_ignored_table_that_is_not_there_is_a_warning(shop: OpenShop) -> None:
    found = await findings(shop, CLIENT, ignored=("product",))
    assert found == [("warning", "product", "is ignored, and there is no such table; did you mean products?")]


async def test_missing_index_is_a_warning_with_the_statement_that_makes_it(shop: OpenShop) -> None:
    ((level, where, text),) = await findings(
        shop, CLIENT, schema=SCHEMA.replace(" COLLATE NOCASE", "").replace("clients_by", "c_by")
    )
    assert (level, where) == ("warning", "clients.email")
    mend = text.partition("; ")[2]
    assert (await findings(shop, CLIENT, schema=SCHEMA + mend.replace("clients_by_email", "again")))[0][
        0
    ] == "ok"


async def test_hidden_column_that_stays_in_an_overwritten_row_is_a_warning(shop: OpenShop) -> None:
    erase = erasing(email={"how": "random"})
    del erase["erase"]["hash"]
    found = await findings(shop, erase | {"hidden": ["hash"]})
    assert [(level, where) for level, where, _ in found] == [("warning", "clients.hash")]


async def test_unknown_table_stops_every_request_with_the_same_words(shop: OpenShop) -> None:
    company = shop(SCHEMA, CLIENT | {"name": "client"})
    with pytest.raises(SourceMisfit, match="shop: client: there is no such table; did you mean clients"):
        await company.locate("mari@example.test")


async def test_mended_schema_is_seen_by_the_next_check(shop: OpenShop) -> None:
    company = shop("CREATE TABLE products (id INTEGER);", CLIENT)
    assert (await company.source.check())[0].level == "error"
    company.run("CREATE TABLE clients (id INTEGER PRIMARY KEY, email TEXT COLLATE NOCASE UNIQUE);")
    assert (await company.source.check())[0].level == "ok"
    assert (await company.locate("mari@example.test")).rows == 0


@pytest.mark.parametrize("kind", KINDS)
async def test_an_index_that_the_warning_asks_for_ends_the_warning(shop: OpenShop, kind: str) -> None:
    company = shop(
        "CREATE TABLE clients (id INTEGER PRIMARY KEY, email TEXT, client_no TEXT, cookie TEXT);",
        table(
            "clients",
            identity={"email": ["email"], "client_id": ["client_no"], "cookie": ["cookie"]},
            account=True,
        ),
    )
    warned = [finding for finding in await company.source.check() if "no index" in finding.text]
    assert [finding.where for finding in warned] == ["clients.email", "clients.client_no", "clients.cookie"]
    for finding in warned:
        company.run(finding.text.partition("; ")[2] + ";")
    assert [finding for finding in await company.source.check() if "no index" in finding.text] == []
