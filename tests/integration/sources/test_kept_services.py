"""Keep my services: what a running service needs stays, what an ended one had goes, in every database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from assistant.domain.data_map import TableMap
from tests.integration.sources.shop import KINDS, Shop, link, table

if TYPE_CHECKING:
    from collections.abc import Callable

    OpenShop = Callable[..., Shop]

pytestmark = pytest.mark.parametrize("kind", KINDS)

SCHEMA = """
CREATE TABLE clients (id INTEGER PRIMARY KEY, email TEXT, name TEXT, note TEXT, offers TEXT);
CREATE TABLE orders (id INTEGER PRIMARY KEY, client_id INTEGER, order_no TEXT);
CREATE TABLE servers (id INTEGER PRIMARY KEY, client_id INTEGER, order_no TEXT, host TEXT, state TEXT);
CREATE TABLE ips (id INTEGER PRIMARY KEY, server_id INTEGER, ip TEXT);
CREATE TABLE ip_notes (id INTEGER PRIMARY KEY, ip_id INTEGER, note TEXT);
CREATE TABLE cards (id INTEGER PRIMARY KEY, client_id INTEGER, last4 TEXT);
CREATE TABLE tickets (id INTEGER PRIMARY KEY, client_id INTEGER, body TEXT);
INSERT INTO clients VALUES (1, 'mari@example.test', 'Mari', 'calls often', 'yes'),
    (2, 'mari@example.test', 'Mari', NULL, 'yes'), (3, 'luc@example.test', 'Luc', NULL, 'yes');
INSERT INTO orders VALUES (1, 1, 'O-1'), (2, 1, 'O-2'), (3, 2, 'O-3'), (4, 3, 'O-4');
INSERT INTO servers VALUES (1, 1, 'O-1', 'runs.example', 'active'), (2, 1, 'O-2', 'ended.example', 'ended'),
    (3, 2, 'O-3', 'old.example', 'ended'), (4, 3, 'O-4', 'luc.example', 'active');
INSERT INTO ips VALUES (1, 1, '192.0.2.1'), (2, 1, '192.0.2.2'), (3, 2, '192.0.2.3'), (4, 3, '192.0.2.4'),
    (5, 4, '192.0.2.5');
INSERT INTO ip_notes VALUES (1, 1, 'reverse name'), (2, 3, 'reverse name'), (3, 5, 'reverse name');
INSERT INTO cards VALUES (1, 1, '4242'), (2, 2, '1881'), (3, 3, '0005');
INSERT INTO tickets VALUES (1, 1, 'help'), (2, 3, 'help');
"""


def tables() -> list[dict[str, Any]]:
    of_client = [link("client_id", "clients")]
    return [
        table(
            "clients",
            identity={"email": ["email"]},
            account=True,
            contacts=[{"column": "email"}],
            erase={
                "email": {"how": "random_email"},
                "name": {"how": "null"},
                "note": {"how": "null"},
                "offers": {"how": "null"},
            },
            needed_by_service={"columns": ["email", "name"]},
        ),
        table(
            "orders", link=of_client, needed_by_service={"link": [link("order_no", "servers", "order_no")]}
        ),
        table(
            "servers",
            link=of_client,
            recipients=["data_centre"],
            active_when={"what": "server", "column": "state", "values": ["active"], "label": "host"},
        ),
        table(
            "ips",
            link=[link("server_id", "servers")],
            needed_by_service={"link": [link("server_id", "servers")]},
        ),
        table("ip_notes", link=[link("ip_id", "ips")], needed_by_service={"link": [link("ip_id", "ips")]}),
        table("cards", link=of_client, needed_by_service={"link": [link("client_id", "clients")]}),
        table("tickets", link=of_client),
    ]


async def test_what_a_running_service_needs_stays_and_nothing_of_an_ended_one(shop: OpenShop) -> None:
    company = shop(SCHEMA, *tables())
    located = await company.locate("mari@example.test")
    proposal = await company.propose(located, keep_services=True)

    assert {(k.table, k.rows, k.rule, k.law) for k in proposal.keeps} == {
        (name, rows, "running_service", "running_service")
        for name, rows in {
            "clients": 1,
            "orders": 1,
            "servers": 1,
            "ips": 2,
            "ip_notes": 1,
            "cards": 1,
        }.items()
    }
    await company.carry_out(located, keep_services=True)

    assert company.rows("SELECT id FROM servers ORDER BY id") == [(1,), (4,)]
    assert company.rows("SELECT ip FROM ips ORDER BY id") == [("192.0.2.1",), ("192.0.2.2",), ("192.0.2.5",)]
    assert company.rows("SELECT id FROM ip_notes ORDER BY id") == [(1,), (3,)]
    assert company.rows("SELECT order_no FROM orders ORDER BY id") == [("O-1",), ("O-4",)]
    assert company.rows("SELECT last4 FROM cards ORDER BY id") == [("4242",), ("0005",)]
    assert company.rows("SELECT id FROM tickets") == [(2,)]
    assert company.rows("SELECT email, name, note, offers FROM clients WHERE id <> 2 ORDER BY id") == [
        ("mari@example.test", "Mari", None, None),
        ("luc@example.test", "Luc", None, "yes"),
    ]
    assert company.rows("SELECT name, note, offers FROM clients WHERE id = 2") == [(None, None, None)]


async def test_what_stays_for_a_service_is_named_by_its_columns(shop: OpenShop) -> None:
    company = shop(SCHEMA, *tables())
    proposal = await company.propose(await company.locate("mari@example.test"), keep_services=True)
    assert {k.table: k.columns for k in proposal.keeps}["clients"] == ("email", "name")


async def test_services_that_are_kept_are_found_done_when_asked_again(shop: OpenShop) -> None:
    company = shop(SCHEMA, *tables())
    located = await company.locate("mari@example.test")
    await company.carry_out(located, keep_services=True)
    before = company.dump()
    again = await company.locate("mari@example.test")
    proposal = await company.propose(again, keep_services=True)
    assert proposal.step is None
    assert company.dump() == before


async def test_whoever_ends_the_services_keeps_nothing_for_them(shop: OpenShop) -> None:
    company = shop(SCHEMA, *tables())
    company.run("UPDATE servers SET state = 'ended'")
    located = await company.locate("mari@example.test")
    proposal = await company.propose(located, keep_services=True)
    assert proposal.keeps == ()
    await company.carry_out(located, keep_services=True)
    assert company.rows("SELECT id FROM ips ORDER BY id") == [(5,)]


def test_columns_are_named_only_where_a_row_is_overwritten(kind: str) -> None:
    with pytest.raises(ValidationError, match="the whole row stays"):
        TableMap.model_validate(
            table("cards", identity={"email": ["email"]}, needed_by_service={"columns": ["last4"]})
        )
