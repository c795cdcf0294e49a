"""What is asked and done for one person is found by indexes, in every database: never by reading a whole large table."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from assistant.domain.data_map import DataMap
from assistant.domain.plan import Identity, Operation, Order
from assistant.sources.sql.source import SqlSource
from tests.doubles.databases import MARIADB, POSTGRESQL, SQLITE, Database
from tests.doubles.outdoor_shop import IGNORED, MARI, RULES, build, tables
from tests.integration.sources.shop import KINDS, TODAY, no_progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.parametrize("kind", KINDS)
LARGE = ("customers", "addresses", "orders", "order_items", "visits", "logins")
CUSTOMERS = 2_000  # enough that no planner would rather read them all
_EXPLAINED = ("SELECT", "INSERT", "UPDATE", "DELETE")
# How each database says that it reads a whole table, be it from an index.
_WHOLE = {
    SQLITE: re.compile(r"SCAN (\w+)"),
    POSTGRESQL: re.compile(r"Seq Scan on (\w+)"),
    MARIADB: re.compile(r"(\w+) (?:ALL|index)"),
}


@contextmanager
def explained(engine: sa.Engine, kind: str) -> Iterator[dict[str, set[str]]]:
    """Ask of each statement, where it runs, how the database would do it; gives those that read a large table whole."""
    reading: dict[str, set[str]] = {}

    def explain(
        connection: sa.Connection, _cursor: Any, statement: str, values: Any, _context: Any, many: bool
    ) -> None:
        if not statement.startswith(_EXPLAINED) or "information_schema" in statement:
            return
        one = values[0] if many else values
        raw: Any = connection.connection.cursor()
        if kind == POSTGRESQL:  # it knows nothing of the sets' sizes: only whether an index would do is asked
            raw.execute("SET LOCAL enable_seqscan = off")
        raw.execute(("EXPLAIN QUERY PLAN " if kind == SQLITE else "EXPLAIN ") + statement, one or ())
        said = [f"{row[2]} {row[3]}" if kind == MARIADB else str(row[-1]) for row in raw.fetchall()]
        whole = {found[1] for line in said if (found := _WHOLE[kind].search(line))}
        if large := whole & {*LARGE}:
            reading.setdefault(statement, set()).update(large)
        if kind == POSTGRESQL:
            raw.execute("SET LOCAL enable_seqscan = on")
        raw.close()

    sa.event.listen(engine, "before_cursor_execute", explain)
    try:
        yield reading
    finally:
        sa.event.remove(engine, "before_cursor_execute", explain)


@pytest.fixture
def large_shop(new_database: Callable[[], Database], kind: str) -> Database:
    """Give a shop with many customers."""
    shop = new_database()
    build(shop, customers=CUSTOMERS)
    if kind == POSTGRESQL:  # where the backup is called like a large table
        shop.run("CREATE INDEX backup_by_email ON backup.customers (lower(trim(email)));")
    if kind == MARIADB:
        shop.run(f"ANALYZE TABLE {', '.join(LARGE)};")
    return shop


async def test_no_statement_of_finding_copying_planning_and_erasing_reads_a_large_table_whole(
    large_shop: Database, kind: str
) -> None:
    data_map = DataMap.model_validate({"tables": tables(kind), "ignored": IGNORED})
    source = SqlSource("shop", large_shop.url, data_map, RULES)
    try:
        with explained(source.engine, kind) as reading:
            await copied_and_erased(source, "c104@mail.example")  # of whom no row has a trigger
        assert reading == {}
        large_shop.run(f"DROP TRIGGER no_delete{' ON invoices' if kind == POSTGRESQL else ''};")
        with explained(source.engine, kind) as reading:
            await copied_and_erased(source, MARI)
        assert reading == {}
    finally:
        await source.close()


async def copied_and_erased(source: SqlSource, email: str) -> None:
    """Copy and erase somebody, each as planned."""
    erase = Order(Operation.ERASE, TODAY)
    located = await source.locate(Identity((email,)))
    await source.propose(located, Order(Operation.EXPORT, TODAY))
    async for table in source.export(located):
        async for _ in table.rows:
            pass
    step = (await source.propose(located, erase)).step
    assert step
    assert (await source.carry_out(step, located, erase, no_progress)).rows_done


async def test_who_points_to_rows_that_go_is_asked_by_the_keys_held_and_not_by_their_table(
    large_shop: Database, kind: str
) -> None:
    # PostgreSQL knows nothing of the size of a set: joined with the table it read that and the pointing one whole.
    data_map = DataMap.model_validate({"tables": tables(kind), "ignored": IGNORED})
    source = SqlSource("shop", large_shop.url, data_map, RULES)
    located = await source.locate(Identity((MARI,)))
    asked: list[str] = []
    sa.event.listen(source.engine, "before_cursor_execute", lambda *said: asked.append(said[2]))
    assert (await source.propose(located, Order(Operation.ERASE, TODAY))).step
    await source.close()
    pointing = [statement for statement in asked if "FROM order_items" in statement]
    assert pointing
    assert [statement for statement in pointing if re.search(r"FROM orders\b", statement)] == []
