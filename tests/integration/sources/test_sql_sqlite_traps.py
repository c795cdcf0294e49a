"""What only a SQLite file can do to an erasure: its triggers, its locks, a file that is not there."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from assistant.errors import EffectNotVerified, SourceUnavailable
from tests.doubles.databases import SQLITE, Database
from tests.integration.sources.shop import CLIENT, CLIENTS, Shop, counts, link, no_progress, order, table

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    OpenShop = Callable[..., Shop]


def path_of(company: Shop) -> str:
    """Give the file of a SQLite database."""
    return str(company.database.engine.url.database)


@pytest.mark.parametrize("raising", ["ABORT", "ROLLBACK", "FAIL"])
async def test_trigger_that_forbids_the_delete_rolls_everything_back(shop: OpenShop, raising: str) -> None:
    company = shop(
        CLIENTS
        + f"""CREATE TABLE log (id INTEGER PRIMARY KEY, client_id INTEGER);
        INSERT INTO log VALUES (1, 1), (2, 2);
        CREATE TABLE orders (id INTEGER PRIMARY KEY, client_id INTEGER);
        INSERT INTO orders VALUES (1, 1);
        CREATE TRIGGER append_only BEFORE DELETE ON log BEGIN SELECT RAISE({raising},
            'log is append-only'); END;""",
        table("orders", link=[link("client_id", "clients")]),
        table("log", link=[link("client_id", "clients")]),
        CLIENT,
    )
    before = company.dump()
    located = await company.locate("mari@example.test")
    step = (await company.propose(located)).step
    assert step
    with pytest.raises(EffectNotVerified, match=r"append-only.*rolled back"):
        await company.source.carry_out(step, located, order(), no_progress)
    assert company.dump() == before


@pytest.mark.parametrize(
    "trigger",
    [
        "BEFORE DELETE ON orders BEGIN SELECT RAISE(IGNORE); END",
        "AFTER DELETE ON orders BEGIN INSERT INTO orders VALUES (OLD.id + 100, OLD.client_id); END",
        "AFTER DELETE ON orders BEGIN DELETE FROM orders WHERE client_id = 2; END",
        "AFTER DELETE ON orders BEGIN DELETE FROM unrelated; END",
        "AFTER DELETE ON ORDERS BEGIN DELETE FROM unrelated; END",
        "AFTER UPDATE ON seen BEGIN DELETE FROM unrelated; END",
    ],
)
async def test_trigger_that_works_against_the_plan_is_noticed(shop: OpenShop, trigger: str) -> None:
    company = shop(
        CLIENTS
        + f"""CREATE TABLE unrelated (id INTEGER PRIMARY KEY);
        INSERT INTO unrelated VALUES (1);
        CREATE TABLE orders (id INTEGER PRIMARY KEY, client_id INTEGER);
        INSERT INTO orders VALUES (1, 1), (2, 2);
        CREATE TABLE seen (id INTEGER PRIMARY KEY, client_id INTEGER REFERENCES clients (id) ON DELETE SET NULL);
        INSERT INTO seen VALUES (1, 1);
        CREATE TRIGGER meddling {trigger};""",
        CLIENT,
        table("orders", link=[link("client_id", "clients")]),
    )
    before = company.dump()
    located = await company.locate("mari@example.test")
    step = (await company.propose(located)).step
    assert step
    with pytest.raises(EffectNotVerified, match="rolled back"):
        await company.source.carry_out(step, located, order(), no_progress)
    assert company.dump() == before


async def test_trigger_that_changes_a_kept_column_is_noticed(shop: OpenShop) -> None:
    company = shop(
        CLIENTS
        + """CREATE TABLE invoices (id INTEGER PRIMARY KEY, client_id INTEGER, issued_on DATE, name TEXT,
            ip TEXT);
        INSERT INTO invoices VALUES (1, 1, '2025-01-01', 'Mari', '192.0.2.1');
        CREATE TRIGGER meddling AFTER UPDATE ON invoices BEGIN UPDATE invoices SET name = ''; END;""",
        table(
            "clients", identity={"email": ["email"]}, account=True, erase={"email": {"how": "random_email"}}
        ),
        table(
            "invoices",
            link=[link("client_id", "clients")],
            erase={"ip": {"how": "null"}},
            keep={"rule": "accounting", "counted_from": "issued_on", "columns": ["issued_on", "name"]},
        ),
    )
    before = company.dump()
    located = await company.locate("mari@example.test")
    step = (await company.propose(located)).step
    assert step
    with pytest.raises(EffectNotVerified, match="must be kept"):
        await company.source.carry_out(step, located, order(), no_progress)
    assert company.dump() == before


async def test_locked_database_says_so_and_changes_nothing(shop: OpenShop) -> None:
    company = shop(CLIENTS, CLIENT)
    located = await company.locate("mari@example.test")
    step = (await company.propose(located)).step
    assert step
    before = company.dump()
    with closing(sqlite3.connect(path_of(company), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(SourceUnavailable, match="locked by another program"):
            await company.source.carry_out(step, located, order(), no_progress)
        other.execute("ROLLBACK")
    assert company.dump() == before
    assert (await company.source.carry_out(step, located, order(), no_progress)).rows_done == 1


async def test_database_that_is_not_there_is_unavailable_and_is_not_made(tmp_path: Path) -> None:
    gone = Shop(Database(SQLITE, f"sqlite:///{tmp_path}/gone.db"), [CLIENT])
    with pytest.raises(SourceUnavailable, match="cannot be reached"):
        await gone.locate("mari@example.test")
    with pytest.raises(SourceUnavailable):
        await gone.source.check()
    await gone.source.close()
    assert not (tmp_path / "gone.db").exists()


async def test_same_table_name_in_two_schemas_is_two_tables(shop: OpenShop, tmp_path: Path) -> None:
    other = tmp_path / "old.db"
    with closing(sqlite3.connect(other)) as connection:
        connection.executescript(
            "CREATE TABLE clients (id INTEGER PRIMARY KEY, email TEXT);"
            "INSERT INTO clients VALUES (70, 'mari@example.test'), (71, 'eva@example.test');"
            "CREATE TABLE orders (id INTEGER PRIMARY KEY, client_id INTEGER);"
            "INSERT INTO orders VALUES (1, 70), (2, 71), (3, 1);"
        )
    company = shop(
        CLIENTS
        + "CREATE TABLE orders (id INTEGER PRIMARY KEY, client_id INTEGER);"
        + "INSERT INTO orders VALUES (5, 1), (6, 70);",
        CLIENT,
        CLIENT | {"schema": "old"},
        table("orders", link=[link("client_id", "clients")]),
        table("orders", schema="old", link=[link("client_id", "clients")]),
    )
    sa.event.listen(
        company.source.engine,
        "connect",
        lambda connection, _: connection.execute("ATTACH ? AS old", (str(other),)),
    )
    located = await company.locate("mari@example.test")
    assert counts(located) == {"clients": 1, "old.clients": 1, "orders": 1, "old.orders": 1}
    await company.carry_out(located)
    assert company.rows("SELECT id FROM orders") == [(6,)]
    with closing(sqlite3.connect(other)) as connection:
        assert connection.execute("SELECT id FROM clients").fetchall() == [(71,)]
        assert connection.execute("SELECT id FROM orders").fetchall() == [(2,), (3,)]


async def test_damaged_file_is_unavailable(shop: OpenShop) -> None:
    company = shop(CLIENTS, CLIENT)
    company.database.spoil()
    with pytest.raises(SourceUnavailable):
        await company.locate("mari@example.test")
