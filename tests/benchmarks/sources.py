"""Measures what is done in a source against the same done by hand: erasing, copying, finding."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import statistics
import subprocess
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from assistant.domain.data_map import DataMap
from assistant.domain.plan import Identity, Operation, Order
from assistant.sources.sql import SqlSource
from tests.benchmarks.desk import resident_mib_of_this
from tests.integration.sources.shop import no_progress

CUSTOMERS, ORDERS, VISITS = 100_000, 500_000, 1_000_000
REGULARS, THEIR_ORDERS = 6, 5_000  # customers with many orders
TIMES = 3
_NUMBERS = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) "
_SCHEMA = f"""
CREATE TABLE customers (id INTEGER PRIMARY KEY, email VARCHAR(100) NOT NULL, name VARCHAR(50));
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL, note VARCHAR(50));
CREATE TABLE visits (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL, page VARCHAR(60), at VARCHAR(30));
INSERT INTO customers {_NUMBERS.format(CUSTOMERS)} SELECT i, 'c' || i || '@example.test', 'Name ' || i FROM n;
INSERT INTO orders {_NUMBERS.format(ORDERS)}
    SELECT i, CASE WHEN i <= {REGULARS * THEIR_ORDERS} THEN 1 + i % {REGULARS} ELSE 1 + i % {CUSTOMERS} END,
    'note ' || i FROM n;
INSERT INTO visits {_NUMBERS.format(VISITS)} SELECT i, 7, '/page/' || (i % 977), '2026-01-01T00:00:00' FROM n;
CREATE INDEX customers_by_email ON customers (email COLLATE NOCASE);
CREATE INDEX orders_by_customer ON orders (customer_id);
CREATE INDEX visits_by_customer ON visits (customer_id);
"""
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
class SourceFigures:
    """What was measured, as ratios but for the memory."""

    erasure: float  # times the statements by hand
    copying: float  # of the rows a second of the database's own CSV export
    memory: float  # MiB over before


async def source_figures(folder: Path) -> SourceFigures:
    """Build a shop and measure it."""
    file = _built(folder)
    source = SqlSource("shop", f"sqlite:///{file}", _MAP, {})
    try:
        erased = [await _erase(source, number) for number in range(1, 1 + TIMES)]
        by_hand = [_erase_by_hand(file, number) for number in range(1 + TIMES, 1 + 2 * TIMES)]
        before, peak = resident_mib_of_this(), 0.0
        copied = []
        for _ in range(TIMES):
            seconds, memory = await _copy(source)
            copied.append(seconds)
            peak = max(peak, memory)
    finally:
        await source.close()
    own = [_copy_by_hand(file) for _ in range(TIMES)]
    return SourceFigures(
        statistics.median(erased) / statistics.median(by_hand), min(own) / min(copied), peak - before
    )


def _built(folder: Path) -> Path:
    """Build the shop in a process of its own, whose memory is not ours."""
    folder.mkdir()
    file = folder / "shop.db"
    script = f"PRAGMA synchronous = OFF;{_SCHEMA}ANALYZE;"
    subprocess.run([_command(), str(file)], check=True, input=script.encode())
    return file


def _command() -> str:
    command = shutil.which("sqlite3")
    assert command, "The comparison wants SQLite's own command: install the package sqlite3."
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


def _erase_by_hand(file: Path, number: int) -> float:
    with closing(sqlite3.connect(file)) as connection:
        began = time.perf_counter()
        with connection:
            find = "SELECT id FROM customers WHERE email = ? COLLATE NOCASE"
            (key,) = connection.execute(find, (f"c{number}@example.test",)).fetchone()
            for table in ("orders", "visits"):
                connection.execute(f"DELETE FROM {table} WHERE customer_id = ?", (key,))
            connection.execute("UPDATE customers SET email = 'gone-' || id, name = NULL WHERE id = ?", (key,))
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


def _copy_by_hand(file: Path) -> float:
    began = time.perf_counter()
    with (file.parent / "visits.csv").open("wb") as out:
        query = "SELECT * FROM visits WHERE customer_id = 7"
        subprocess.run([_command(), "-csv", str(file), query], check=True, stdout=out)
    return time.perf_counter() - began


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        print(asyncio.run(source_figures(Path(name) / "shop")))
