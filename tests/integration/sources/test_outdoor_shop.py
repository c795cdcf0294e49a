"""The second sample company: every trap at once, in every database; all of hers, nothing of anybody else's, whatever fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cached_property
from typing import Any

import pytest
import sqlalchemy as sa

from assistant.domain.data_map import DataMap
from assistant.domain.plan import Identity, Located, Operation, Order, Proposal
from assistant.errors import AssistantError
from assistant.sources.sql.source import SqlSource
from tests.doubles.databases import MARIADB, POSTGRESQL, Database, Rows
from tests.doubles.outdoor_shop import HERS, IGNORED, KEPT, MARI, PRIVATE, RULES, SHARED, build, tables
from tests.integration.sources.shop import KINDS, TODAY, no_progress

pytestmark = pytest.mark.parametrize("kind", KINDS)
ERASE = Order(Operation.ERASE, TODAY)
KEYS = {"order_items": ("order_id", "product_id"), "visits": ("email", "at"), "employees": ("email",)}


class InjectedError(Exception):
    """Something broke at a statement."""


class Company:
    """The shop in a database, seen past the code under test."""

    def __init__(self, database: Database, **size: int) -> None:
        build(database, **size)
        self.database = database
        data_map = DataMap.model_validate({"tables": tables(database.kind), "ignored": IGNORED})
        self.source = SqlSource(
            "shop", database.url, data_map, RULES, lock_timeout=timedelta(milliseconds=50)
        )

    @property
    def backup(self) -> str:
        return "backup.customers" if self.database.kind == POSTGRESQL else "backup_customers"

    @cached_property
    def schema(self) -> sa.Inspector:
        """Look at each table once: no test changes one."""
        return sa.inspect(self.database.engine)

    def columns(self, table: str) -> list[str]:
        schema, _, name = table.rpartition(".")
        return [c["name"] for c in self.schema.get_columns(name, schema or None)]

    def dump(self) -> dict[str, Rows]:
        found = self.database.dump()
        if self.database.kind == POSTGRESQL:
            found["backup.customers"] = self.database.dump("backup")["customers"]
        return found

    def keyed(self, table: str, rows: Rows) -> dict[Any, dict[str, Any]]:
        """Give the rows of a table by key."""
        columns = self.columns(table)
        key = KEYS.get(table, ("id",))
        named = [dict(zip(columns, row, strict=True)) for row in rows]
        return {row[key[0]] if len(key) == 1 else tuple(row[c] for c in key): row for row in named}

    def hers(self, table: str) -> frozenset[Any]:
        return HERS["backup" if table == self.backup else table] if table != "products" else frozenset()

    async def planned(self) -> tuple[Located, Proposal]:
        located = await self.source.locate(Identity((MARI,)))
        proposal = await self.source.propose(located, ERASE)
        assert proposal.conflicts == ()
        assert proposal.step
        return located, proposal

    async def erase(self, located: Located, proposal: Proposal) -> int:
        assert proposal.step
        return (await self.source.carry_out(proposal.step, located, ERASE, no_progress)).rows_done


@pytest.fixture
async def company(new_database: Callable[[], Database]) -> Any:
    made = Company(new_database(), customers=40)
    yield made
    await made.source.close()


async def test_the_map_fits_and_every_identity_is_indexed(company: Company) -> None:
    found = [f for f in await company.source.check() if f.level != "ok"]
    # The backup is not written by the shop, so nobody made it an index: that is said.
    assert [(f.level, f.where) for f in found] == [("warning", f"{company.backup}.email")]


async def test_every_row_and_cell_of_the_person_is_found_and_none_of_anybody_else(company: Company) -> None:
    located, _ = await company.planned()
    assert {t.table: t.rows for t in located.tables} == {
        t.table: len(company.hers(t.table)) for t in located.tables
    }
    assert {t.table: t.shared for t in located.tables if t.shared} == {"addresses": len(SHARED)}
    assert {account.key for account in located.accounts} == {("1",), ("5",), (MARI,)}
    held = {table: company.keyed(table, rows) for table, rows in company.dump().items()}
    async for table in company.source.export(located):
        copied = [row async for batch in table.rows for row in batch]
        wanted = [held[table.table][key] for key in company.hers(table.table)]
        cells = sorted(sorted(map(_cell, row)) for row in copied)
        assert cells == sorted(sorted(_cell(v) for v in row.values()) for row in wanted), table.table


def _cell(value: Any) -> str:
    """Write a cell the same whether JSON came as text or was read."""
    return str(value).replace("'", '"')


async def test_all_that_the_plan_says_is_gone_and_nobody_else_lost_a_cell(company: Company) -> None:
    before = company.dump()
    located, proposal = await company.planned()
    await company.erase(located, proposal)
    after = company.dump()
    for table, rows in before.items():
        hers = company.hers(table) - (SHARED if table == "addresses" else frozenset())
        was, now = company.keyed(table, rows), company.keyed(table, after[table])
        assert {k: v for k, v in was.items() if k not in hers} == {
            k: v for k, v in now.items() if k not in hers
        }, table
    for table, rows in after.items():
        for row in company.keyed(table, rows).values():
            kept = KEPT.get(table, frozenset())
            told = " ".join(str(value) for column, value in row.items() if column not in kept).lower()
            assert not [word for word in PRIVATE if f"{word.lower()} " in f"{told} "], (table, told)


async def test_the_difference_between_what_is_located_before_and_after_is_the_plan(company: Company) -> None:
    located, proposal = await company.planned()
    await company.erase(located, proposal)
    again = await company.source.locate(Identity((MARI,)))
    kept = {keep.table: keep.rows for keep in proposal.keeps}
    left = {t.table: t.rows for t in again.tables if t.rows}
    assert kept == {"invoices": 2, "employees": 1}
    # She is no customer any more: what is still found by her address is the employee, and the address of her work.
    assert left == {"employees": 1, "addresses": 1}
    assert proposal.step
    gone = {effect.table for effect in proposal.step.effects if effect.rows}
    assert gone | kept.keys() == {t.table for t in located.tables if t.rows}


async def test_whatever_statement_fails_the_database_is_as_before_and_the_next_run_ends_the_same(
    company: Company, new_database: Callable[[], Database], kind: str
) -> None:
    # Servers are slow to be compared as a whole so often: tests/soak lets each statement fail there.
    await whatever_fails(company, new_database, every={POSTGRESQL: 5, MARIADB: 15}.get(kind, 1))


async def whatever_fails(company: Company, new_database: Callable[[], Database], *, every: int) -> None:
    """Let one statement after the other fail, each in a run of its own, then end as if nothing had happened."""
    calm = Company(new_database(), customers=40)
    number = await statements(calm)
    wanted = overwritten(calm.dump())
    await calm.source.close()
    assert number > 30
    before = company.dump()
    located, proposal = await company.planned()
    for fails_at in range(0, number, every):
        with failing(company.source.engine, fails_at), pytest.raises((InjectedError, AssistantError)):
            await company.erase(located, proposal)
        assert company.dump() == before, f"statement {fails_at} of {number}"
    assert await company.erase(located, proposal) > 0
    assert overwritten(company.dump()) == wanted
    assert await company.erase(located, proposal) == 0, "twice is the same"


async def statements(company: Company) -> int:
    """Count the statements of an erasure."""
    located, proposal = await company.planned()
    with failing(company.source.engine, None) as seen:
        await company.erase(located, proposal)
    return len(seen)


@contextmanager
def failing(engine: sa.Engine, fails_at: int | None) -> Iterator[list[str]]:
    """Let one statement of a connection fail before it is sent; gives those that were."""
    seen: list[str] = []

    def before(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if len(seen) == fails_at:
            seen.append(statement)
            raise InjectedError
        seen.append(statement)

    sa.event.listen(engine, "before_cursor_execute", before)
    try:
        yield seen
    finally:
        sa.event.remove(engine, "before_cursor_execute", before)


def overwritten(dump: dict[str, Rows]) -> dict[str, int]:
    """Give the numbers of rows: what is overwritten is different each time."""
    return {table: len(rows) for table, rows in dump.items()}
