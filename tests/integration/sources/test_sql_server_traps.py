"""What a database server can do to an erasure: its triggers, its locks, its schemas, a connection that is cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from assistant.errors import EffectNotVerified, SourceUnavailable
from tests.doubles.databases import MARIADB, POSTGRESQL, Database
from tests.doubles.dovecot import free_port
from tests.integration.sources.shop import (
    CLIENT,
    CLIENTS,
    KINDS,
    Shop,
    counts,
    link,
    no_progress,
    order,
    table,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    OpenShop = Callable[..., Shop]

SERVERS = pytest.mark.parametrize("kind", KINDS[1:])
ORDERS = """
CREATE TABLE orders (id INTEGER PRIMARY KEY, client_id INTEGER);
INSERT INTO orders VALUES (1, 1), (2, 2);
"""
ORDER = table("orders", link=[link("client_id", "clients")])


def trigger(kind: str, when: str, body: str, on: str = "orders") -> str:
    """Write a trigger for each row; `body` is what both kinds understand, or a statement that raises."""
    if kind == MARIADB:
        return f"CREATE TRIGGER meddling {when} ON {on} FOR EACH ROW BEGIN {body}; END;"
    return (
        f"CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body}; "
        "RETURN COALESCE(NEW, OLD); END $$; "
        f"CREATE TRIGGER meddling {when} ON {on} FOR EACH ROW EXECUTE FUNCTION meddle();"
    )


REFUSING = {
    MARIADB: "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'append-only, says mari@example.test'",
    POSTGRESQL: "RAISE EXCEPTION 'append-only, says mari@example.test'",
}


async def refused(company: Shop, match: str) -> None:
    """Carry out what was planned, be refused, and find the database as it was."""
    before = company.dump()
    located = await company.locate("mari@example.test")
    step = (await company.propose(located)).step
    assert step
    with pytest.raises(EffectNotVerified, match=match) as caught:
        await company.source.carry_out(step, located, order(), no_progress)
    assert "mari@example.test" not in str(caught.value)
    assert company.dump() == before


@SERVERS
async def test_trigger_that_forbids_the_delete_rolls_everything_back(shop: OpenShop, kind: str) -> None:
    company = shop(CLIENTS + ORDERS + trigger(kind, "BEFORE DELETE", REFUSING[kind]), ORDER, CLIENT)
    await refused(company, "refused a change.*rolled back")


@SERVERS
async def test_trigger_that_works_against_the_plan_is_noticed(shop: OpenShop, kind: str) -> None:
    company = shop(
        CLIENTS
        + ORDERS
        + "CREATE TABLE unrelated (id INTEGER PRIMARY KEY); INSERT INTO unrelated VALUES (1);"
        + trigger(kind, "AFTER DELETE", "DELETE FROM unrelated"),
        ORDER,
        CLIENT,
    )
    await refused(company, "unrelated holds 0 rows.*rolled back")


@pytest.mark.parametrize("kind", KINDS[1:2])  # MariaDB lets no foreign key fire a trigger
async def test_trigger_of_a_table_that_only_a_foreign_key_reaches_is_noticed(
    shop: OpenShop, kind: str
) -> None:
    company = shop(
        CLIENTS
        + """CREATE TABLE seen (id INTEGER PRIMARY KEY, client_id INTEGER REFERENCES clients (id) ON DELETE SET NULL);
        INSERT INTO seen VALUES (1, 1);
        CREATE TABLE unrelated (id INTEGER PRIMARY KEY); INSERT INTO unrelated VALUES (1);"""
        + trigger(kind, "AFTER UPDATE", "DELETE FROM unrelated", on="seen"),
        CLIENT,
    )
    await refused(company, "unrelated holds 0 rows.*rolled back")


@SERVERS
async def test_trigger_behind_a_view_is_noticed(shop: OpenShop, kind: str) -> None:
    company = shop(
        CLIENTS
        + """CREATE VIEW people AS SELECT id, email FROM clients;
        CREATE TABLE unrelated (id INTEGER PRIMARY KEY); INSERT INTO unrelated VALUES (1);"""
        + trigger(kind, "AFTER UPDATE", "DELETE FROM unrelated", on="clients"),
        table("people", identity={"email": ["email"]}, erase={"email": {"how": "random_email"}}),
    )
    await refused(company, "unrelated holds 0 rows.*rolled back")


@pytest.mark.parametrize("kind", KINDS[1:2])  # whose tables may have parts with triggers of their own
async def test_trigger_of_a_part_of_a_table_is_noticed(shop: OpenShop, kind: str) -> None:
    company = shop(
        CLIENTS
        + """CREATE TABLE orders (id INTEGER PRIMARY KEY, client_id INTEGER) PARTITION BY RANGE (id);
        CREATE TABLE first_orders PARTITION OF orders FOR VALUES FROM (1) TO (10);
        INSERT INTO orders VALUES (1, 1), (2, 2);
        CREATE TABLE unrelated (id INTEGER PRIMARY KEY); INSERT INTO unrelated VALUES (1);"""
        + trigger(kind, "AFTER DELETE", "DELETE FROM unrelated", on="first_orders"),
        ORDER,
        CLIENT,
    )
    await refused(company, "holds . rows.*rolled back")


@SERVERS
async def test_trigger_that_changes_a_kept_column_is_noticed(shop: OpenShop, kind: str) -> None:
    company = shop(
        CLIENTS
        + """CREATE TABLE invoices (id INTEGER PRIMARY KEY, client_id INTEGER, issued_on DATE, name TEXT,
            ip TEXT);
        INSERT INTO invoices VALUES (1, 1, '2025-01-01', 'Mari', '192.0.2.1');"""
        + trigger(
            kind,
            "BEFORE UPDATE",
            "SET NEW.name = ''" if kind == MARIADB else "NEW.name = ''",
            on="invoices",
        ),
        CLIENT | {"erase": {"email": {"how": "random_email"}, "address_id": {"how": "null"}}},
        table(
            "invoices",
            link=[link("client_id", "clients")],
            erase={"ip": {"how": "null"}},
            keep={"rule": "accounting", "counted_from": "issued_on", "columns": ["issued_on", "name"]},
        ),
    )
    await refused(company, "must be kept have changed")


@SERVERS
async def test_row_locked_by_another_program_says_so_and_changes_nothing(shop: OpenShop, kind: str) -> None:
    company = shop(CLIENTS, CLIENT)
    located = await company.locate("mari@example.test")
    step = (await company.propose(located)).step
    assert step
    before = company.dump()
    other = sa.create_engine(company.database.url)
    with other.connect() as holding:
        holding.exec_driver_sql("SELECT * FROM clients WHERE id = 1 FOR UPDATE")
        with pytest.raises(SourceUnavailable, match="locked by another program"):
            await company.source.carry_out(step, located, order(), no_progress)
    other.dispose()
    assert company.dump() == before
    assert (await company.source.carry_out(step, located, order(), no_progress)).rows_done == 1


@SERVERS
async def test_table_locked_for_an_hour_is_not_waited_for(shop: OpenShop, kind: str) -> None:
    company = shop(CLIENTS, CLIENT)
    other = sa.create_engine(company.database.url)
    with other.connect() as holding:
        holding.exec_driver_sql(
            "LOCK TABLES clients WRITE" if kind == MARIADB else "LOCK TABLE clients IN ACCESS EXCLUSIVE MODE"
        )
        with pytest.raises(SourceUnavailable, match="locked by another program"):
            await company.locate("mari@example.test")
    other.dispose()
    assert counts(await company.locate("mari@example.test")) == {"clients": 1}


@SERVERS
async def test_connection_cut_in_the_middle_leaves_the_database_as_it_was(shop: OpenShop, kind: str) -> None:
    company = shop(CLIENTS + ORDERS, ORDER, CLIENT)
    located = await company.locate("mari@example.test")
    step = (await company.propose(located)).step
    assert step
    before = company.dump()

    def cut(done: int, total: int) -> None:
        if 0 < done < total:
            cut_connections(company.database)

    with pytest.raises(SourceUnavailable, match="nothing was changed"):
        await company.source.carry_out(step, located, order(), cut)
    assert company.dump() == before
    assert (await company.source.carry_out(step, located, order(), no_progress)).rows_done == 2


def cut_connections(database: Database) -> None:
    """End every other connection to a database, as an administrator or a failing network would."""
    if database.kind == POSTGRESQL:
        database.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return
    listed = database.rows(
        "SELECT id FROM information_schema.processlist WHERE db = database() AND id <> connection_id()"
    )
    for (number,) in listed:
        database.run(f"KILL {number}")


@SERVERS
async def test_server_that_is_not_there_is_unavailable_at_once(kind: str) -> None:
    driver = {POSTGRESQL: "postgresql+psycopg", MARIADB: "mysql+pymysql"}[kind]
    gone = Shop(Database(kind, f"{driver}://nobody:secret@127.0.0.1:{free_port()}/shop"), [CLIENT])
    with pytest.raises(SourceUnavailable, match="cannot be reached") as caught:
        await gone.locate("mari@example.test")
    assert "secret" not in str(caught.value)
    await gone.source.close()


@SERVERS
async def test_same_table_name_in_two_schemas_is_two_tables(
    shop: OpenShop, new_database: Callable[[], Database], kind: str
) -> None:
    if kind == MARIADB:
        old = new_database().url.rsplit("/", 1)[1]
        create = ""
    else:
        old, create = "old", "CREATE SCHEMA old;"
    company = shop(
        CLIENTS
        + ORDERS
        + create
        + f"""CREATE TABLE {old}.clients (id INTEGER PRIMARY KEY, email TEXT);
        INSERT INTO {old}.clients VALUES (70, 'mari@example.test'), (71, 'eva@example.test');
        CREATE TABLE {old}.orders (id INTEGER PRIMARY KEY, client_id INTEGER);
        INSERT INTO {old}.orders VALUES (1, 70), (2, 71), (3, 1);
        INSERT INTO orders VALUES (6, 70);""",
        CLIENT,
        CLIENT | {"schema": old},
        ORDER,
        ORDER | {"schema": old},
    )
    located = await company.locate("mari@example.test")
    assert counts(located) == {"clients": 1, f"{old}.clients": 1, "orders": 1, f"{old}.orders": 1}
    await company.carry_out(located)
    assert company.rows("SELECT id FROM orders ORDER BY id") == [(2,), (6,)]
    assert company.rows(f"SELECT id FROM {old}.clients") == [(71,)]
    assert company.rows(f"SELECT id FROM {old}.orders ORDER BY id") == [(2,), (3,)]


@SERVERS
async def test_accents_tell_people_apart_whatever_the_collation_says(shop: OpenShop, kind: str) -> None:
    company = shop("CREATE TABLE clients (id INTEGER PRIMARY KEY, email TEXT);", CLIENT)
    company.database.insert(
        "clients",
        (1, "remi@example.test"),
        (2, "rémi@example.test"),
        (3, "RÉMI@example.test"),
        (4, "strasse@example.test"),
        (5, "straße@example.test"),
    )
    accounts = [
        [account.key[0] for account in (await company.locate(address)).accounts]
        for address in (
            "remi@example.test",
            "Rémi@example.test",
            "strasse@example.test",
            "straße@example.test",
        )
    ]
    assert accounts == [["1"], ["2", "3"], ["4"], ["5"]]


@SERVERS
async def test_rows_that_no_order_can_delete_are_found_while_planning(shop: OpenShop, kind: str) -> None:
    company = shop(
        CLIENTS
        + """CREATE TABLE posts (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL,
            top INTEGER NOT NULL REFERENCES posts (id));
        INSERT INTO posts VALUES (1, 1, 1), (2, 1, 1), (3, 1, 2), (4, 1, 3), (9, 2, 9);""",
        table("posts", link=[link("client_id", "clients")]),
        CLIENT,
    )
    located = await company.locate("mari@example.test")
    conflicts = (await company.propose(located)).conflicts
    if kind == MARIADB:  # it checks each row as it goes
        assert conflicts[0].said.startswith(
            "4 rows of posts point to rows of posts that would go before them"
        )
        return
    assert conflicts == ()
    await company.carry_out(located)
    assert company.rows("SELECT id FROM posts") == [(9,)]


@SERVERS
async def test_circle_of_tables_that_cannot_be_opened_is_found_while_planning(
    shop: OpenShop, kind: str
) -> None:
    company = shop(
        CLIENTS
        + """CREATE TABLE teams (id INTEGER PRIMARY KEY, client_id INTEGER, lead_id INTEGER NOT NULL);
        CREATE TABLE members (id INTEGER PRIMARY KEY, team_id INTEGER NOT NULL REFERENCES teams (id));
        INSERT INTO teams VALUES (1, 1, 11);
        INSERT INTO members VALUES (11, 1);
        ALTER TABLE teams ADD FOREIGN KEY (lead_id) REFERENCES members (id);""",
        CLIENT,
        table("teams", link=[link("client_id", "clients")]),
        table("members", link=[link("team_id", "teams")]),
    )
    conflicts = (await company.propose(await company.locate("mari@example.test"))).conflicts
    assert any("would go before them, and" in conflict.said for conflict in conflicts)


@pytest.mark.parametrize("kind", [KINDS[2]])
async def test_table_that_cannot_be_rolled_back_is_refused_before_anybody_approves(shop: OpenShop) -> None:
    company = shop(CLIENTS + ORDERS + "ALTER TABLE orders ENGINE = MyISAM;", ORDER, CLIENT)
    assert "orders: cannot be rolled back" in [
        f"{finding.where}: {finding.text}"[:29] for finding in await company.source.check()
    ]
    conflicts = (await company.propose(await company.locate("mari@example.test"))).conflicts
    assert any("convert it to InnoDB" in conflict.said for conflict in conflicts)
