"""Measures what is done in a source against the same done by hand: erasing, copying, finding."""

from __future__ import annotations

import asyncio
import multiprocessing
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from assistant.domain.data_map import DataMap
from assistant.domain.plan import Identity, Operation, Order
from assistant.sources.sql.source import SqlSource
from tests.benchmarks.desk import resident_mib_of_this
from tests.doubles import databases
from tests.doubles.databases import MARIADB, POSTGRESQL, SQLITE, Database
from tests.doubles.outdoor_shop import FIRST, HERS, IGNORED, MARI, RULES, build, tables
from tests.integration.sources.shop import no_progress

CUSTOMERS, ORDERS, VISITS = 100_000, 500_000, 1_000_000
REGULARS, THEIR_ORDERS = 6, 5_000  # customers with many orders
TIMES = 3
FEW, MANY = 1_000, 1_000_000  # customers beside the one whom access is measured for
WARM, MEASURED = 5, 21
_ROWS_OF_ONE = 5  # of a customer who is filled in: theirs, an order and its item, a visit, a login
_NUMBERS = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) "
_SCHEMA = f"""
CREATE TABLE customers (id INTEGER PRIMARY KEY, email VARCHAR(100) NOT NULL, name VARCHAR(50));
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL, note VARCHAR(50));
CREATE TABLE visits (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL, page VARCHAR(60), at VARCHAR(30));
INSERT INTO customers {_NUMBERS.format(CUSTOMERS)} SELECT i, 'c' || i || '@example.test', 'Name ' || i FROM n;
INSERT INTO orders {_NUMBERS.format(ORDERS)}
    SELECT i, CASE WHEN i <= {REGULARS * THEIR_ORDERS} THEN 1 + i % {REGULARS} ELSE 1 + i % {CUSTOMERS} END,
    'note ' || i FROM n;
CREATE INDEX orders_by_customer ON orders (customer_id);
CREATE INDEX visits_by_customer ON visits (customer_id);
"""
# Only for what is copied: a person who has a whole table to herself is no measure of erasing somebody else.
_VISITED = f"""
INSERT INTO visits {_NUMBERS.format(VISITS)} SELECT i, 7, '/page/' || (i % 977), '2026-01-01T00:00:00' FROM n;
"""
_BY_EMAIL = {
    SQLITE: "CREATE INDEX customers_by_email ON customers (email COLLATE NOCASE);",
    POSTGRESQL: "CREATE INDEX customers_by_email ON customers (lower(trim(email)));",
}
_SAME_EMAIL = {SQLITE: "email = ? COLLATE NOCASE", POSTGRESQL: "lower(trim(email)) = ?"}
_OF_CUSTOMER = {"link": [{"columns": ["customer_id"], "to": "customers", "references": ["id"]}]}
_TABLE = {"key": ["id"], "category": "contact", "purpose": "contract", "erase": "delete"}
_MAP = DataMap.model_validate(
    {
        "tables": [
            _TABLE
            | {"name": "customers", "identity": {"email": ["email"]}, "account": True}
            | {"erase": {"email": {"how": "random_email"}, "name": {"how": "null"}}},
            _TABLE | {"name": "orders"} | _OF_CUSTOMER,
            _TABLE | {"name": "visits"} | _OF_CUSTOMER,
        ]
    }
)


@dataclass(frozen=True, slots=True)
class Crowd:
    """What was measured among a million customers, as ratios, and the seconds of one erasure."""

    growth: float  # finding and copying one person: among a million / among a thousand
    erasure: float  # planned and carried out, times a script by hand
    erasure_seconds: float


@dataclass(frozen=True, slots=True)
class Large:
    """What was measured of persons with very many rows, as ratios but for the memory."""

    erasure: float  # carried out, times the statements by hand
    copying: float  # of the rows a second of the database's own CSV export
    memory: float  # MiB over before


async def source_figures(folder: Path, kind: str = SQLITE) -> tuple[Crowd, Large | None]:
    """Build shops and measure them; MariaDB has no export of its own that a client may call."""
    await asyncio.to_thread(folder.mkdir)
    if kind == SQLITE:
        return await _figures(lambda name: Database(SQLITE, f"sqlite:///{folder / name}.db"), folder)
    with databases.running(kind) as server:
        return await _figures(lambda _name: server.database(), folder)


async def _figures(new: Callable[[str], Database], folder: Path) -> tuple[Crowd, Large | None]:
    small, large = new("small"), new("large")
    build(small, customers=FEW)
    _built(lambda: build(large, customers=MANY))
    growth = await _growth(small, large)
    erased, by_hand = await _erasures(large)
    crowd = Crowd(growth, erased / by_hand, erased)
    return crowd, await _large(new("shop"), folder) if small.kind != MARIADB else None


async def _large(shop: Database, folder: Path) -> Large:
    _built(lambda: shop.run(f"{_SCHEMA}{_BY_EMAIL[shop.kind]}ANALYZE;"))
    source = SqlSource("shop", shop.url, _MAP, {})
    try:
        erased = [await _erase(source, number) for number in range(1, 1 + TIMES)]
        by_hand = [_erase_by_hand(shop, number) for number in range(1 + TIMES, 1 + 2 * TIMES)]
        _built(lambda: shop.run(f"{_VISITED}ANALYZE;"))
        before, peak = resident_mib_of_this(), 0.0
        copied = []
        for _ in range(TIMES):
            seconds, memory = await _copy(source)
            copied.append(seconds)
            peak = max(peak, memory)
    finally:
        await source.close()
    own = [_copy_by_hand(shop, folder) for _ in range(TIMES)]
    return Large(
        statistics.median(erased) / statistics.median(by_hand), min(own) / min(copied), peak - before
    )


def _built(work: Callable[[], None]) -> None:
    """Build in a process of its own, whose memory is not ours."""
    child = multiprocessing.get_context("fork").Process(target=work)
    child.start()
    child.join()
    assert child.exitcode == 0


async def _growth(small: Database, large: Database) -> float:
    """Compare finding and copying the same person, in turns so that both meet the same machine."""
    sources = [_outdoors(each) for each in (small, large)]
    taken: list[list[float]] = [[], []]
    for turn in range(WARM + MEASURED):
        for seconds, source in zip(taken, sources, strict=True):
            began = time.perf_counter()
            located = await source.locate(Identity((MARI,)))
            rows = 0
            async for table in source.export(located):
                async for batch in table.rows:
                    rows += len(batch)
            if turn >= WARM:
                seconds.append(time.perf_counter() - began)
            assert rows == sum(map(len, HERS.values()))
    for source in sources:
        await source.close()
    return statistics.median(taken[1]) / statistics.median(taken[0])


def _outdoors(shop: Database) -> SqlSource:
    data_map = DataMap.model_validate({"tables": tables(shop.kind), "ignored": IGNORED})
    return SqlSource("shop", shop.url, data_map, RULES)


async def _erasures(shop: Database) -> tuple[float, float]:
    """Erase one customer after the other, by the desk and by hand in turns; gives the seconds of each."""
    source, order = _outdoors(shop), Order(Operation.ERASE, date(2026, 11, 2))
    desk, by_hand = [], []
    for turn in range(WARM + MEASURED):
        first = FIRST + 10 * turn
        began = time.perf_counter()
        located = await source.locate(Identity((f"c{first}@mail.example",)))
        step = (await source.propose(located, order)).step
        assert step
        outcome = await source.carry_out(step, located, order, no_progress)
        taken = time.perf_counter() - began
        assert outcome.rows_done == _ROWS_OF_ONE
        own = _by_script(shop, f"c{first + 5}@mail.example")
        if turn >= WARM:
            desk.append(taken)
            by_hand.append(own)
    await source.close()
    return statistics.median(desk), statistics.median(by_hand)


def _by_script(shop: Database, email: str) -> float:
    """Erase somebody as a script for this very schema would, in one transaction, sure of no table that it is empty."""
    same = {
        SQLITE: "{} = :email COLLATE NOCASE",
        POSTGRESQL: "lower(trim({})) = :email",
        MARIADB: "{} = :email",
    }[shop.kind]
    email_is, engine = same.format("email"), sa.create_engine(shop.url)
    with engine.connect() as connection:
        began = time.perf_counter()

        def run(statement: str, **values: object) -> sa.CursorResult[Any]:
            return connection.execute(sa.text(statement), values)

        found = run(f"SELECT id, address_id, wishlist_id FROM customers WHERE {email_is}", email=email)
        key, address, wishlist = tuple(found.one())
        orders = [row[0] for row in run("SELECT id FROM orders WHERE customer_id = :key", key=key)]
        for order in orders:
            run("DELETE FROM order_items WHERE order_id = :order", order=order)
        for table in ("orders", "logins", "reviews", "activity"):
            run(f"DELETE FROM {table} WHERE customer_id = :key", key=key)
        for table in (
            "visits",
            "reports",
            "backup.customers" if shop.kind == POSTGRESQL else "backup_customers",
        ):
            run(f"DELETE FROM {table} WHERE {email_is}", email=email)
        other = same.format("alternate_email")
        run(f"DELETE FROM service_requests WHERE {email_is} OR {other}", email=email)
        run("UPDATE cards SET number = 'gone-' || id, holder = 'gone' WHERE customer_id = :key", key=key)
        run("UPDATE invoices SET card_used = NULL WHERE customer_id = :key", key=key)
        run(
            "UPDATE wishlists SET title = NULL WHERE customer_id = :key OR id = :held", key=key, held=wishlist
        )
        run(f"UPDATE employees SET phone = NULL WHERE {email_is}", email=email)
        shared = "SELECT count(*) FROM {} WHERE address_id = :address AND {} <> :key"
        others = [("customers", "id"), ("orders", "customer_id")]
        if not any(run(shared.format(*other), address=address, key=key).scalar_one() for other in others):
            run("UPDATE addresses SET street = '', city = '' WHERE id = :address", address=address)
        gone = "name = 'gone', phone = NULL, born = NULL, preferences = NULL"
        run(f"UPDATE customers SET email = :new, {gone} WHERE id = :key", new=f"gone-{key}@invalid", key=key)
        connection.commit()
        taken = time.perf_counter() - began
    engine.dispose()
    return taken


def _command(name: str) -> str:
    command = shutil.which(name)
    assert command, f"The comparison wants the command {name} of the database itself."
    return command


async def _erase(source: SqlSource, number: int) -> float:
    order = Order(Operation.ERASE, date(2026, 11, 2))
    located = await source.locate(Identity((f"c{number}@example.test",)))
    step = (await source.propose(located, order)).step
    assert step
    began = time.perf_counter()
    outcome = await source.carry_out(step, located, order, no_progress)
    taken = time.perf_counter() - began
    assert outcome.rows_done > THEIR_ORDERS
    return taken


def _erase_by_hand(shop: Database, number: int) -> float:
    """Do the same as an administrator would, in one transaction."""
    mark = "?" if shop.kind == SQLITE else "%s"
    with closing(shop.engine.raw_connection()) as pooled:
        connection: Any = pooled.driver_connection
        if shop.kind == SQLITE:
            connection.isolation_level = "DEFERRED"
        else:
            connection.autocommit = False
        cursor = connection.cursor()
        began = time.perf_counter()
        find = f"SELECT id FROM customers WHERE {_SAME_EMAIL[shop.kind]}".replace("?", mark)
        cursor.execute(find, (f"c{number}@example.test",))
        (key,) = cursor.fetchone()
        for table in ("orders", "visits"):
            cursor.execute(f"DELETE FROM {table} WHERE customer_id = {mark}", (key,))
        gone = f"UPDATE customers SET email = 'gone-' || id, name = NULL WHERE id = {mark}"
        cursor.execute(gone, (key,))
        connection.commit()
        return time.perf_counter() - began


async def _copy(source: SqlSource) -> tuple[float, float]:
    located = await source.locate(Identity(("c7@example.test",)))
    began, rows, batches, peak = time.perf_counter(), 0, 0, resident_mib_of_this()
    async for table in source.export(located):
        async for batch in table.rows:
            rows, batches = rows + len(batch), batches + 1
            if batches % 25 == 0:
                peak = max(peak, resident_mib_of_this())
    assert rows > VISITS
    return time.perf_counter() - began, peak


def _copy_by_hand(shop: Database, folder: Path) -> float:
    """Have the database's own command write the same rows as CSV."""
    query = "SELECT * FROM visits WHERE customer_id = 7"
    if shop.kind == SQLITE:
        command = [_command("sqlite3"), "-csv", str(shop.engine.url.database), query]
    else:
        url = shop.url.replace("+psycopg", "")
        command = [_command("psql"), url, "-c", f"COPY ({query}) TO STDOUT WITH (FORMAT csv)"]
    began = time.perf_counter()
    with (folder / "visits.csv").open("wb") as out:
        subprocess.run(command, check=True, stdout=out)
    return time.perf_counter() - began
