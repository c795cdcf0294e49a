"""A small invented shop in a real database, and the means to compare it before and after."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from assistant.domain.data_map import DataMap
from assistant.domain.plan import Identity, Located, Operation, Order, Proposal, StepOutcome
from assistant.domain.retention import RetentionRule
from assistant.sources.sql.source import SqlSource
from tests.doubles import databases
from tests.doubles.databases import MARIADB, POSTGRESQL, SQLITE, Database, Rows

if TYPE_CHECKING:
    from collections.abc import Mapping

TODAY = date(2026, 11, 2)
# Every database that is tried for real; one worker runs one server.
KINDS = [
    SQLITE,
    *(
        pytest.param(
            kind,
            marks=[
                pytest.mark.xdist_group(kind),
                pytest.mark.skipif(not databases.is_here(kind), reason=databases.MISSING),
            ],
        )
        for kind in (POSTGRESQL, MARIADB)
    ),
]
RULES = {
    "accounting": RetentionRule(
        "accounting", "Accounting Act", "section 12", years=7, counted_from="end_of_financial_year"
    )
}


def no_progress(done: int, total: int) -> None:
    """Take the progress and do nothing with it."""


def order(operation: Operation = Operation.ERASE, **more: Any) -> Order:
    return Order(operation, TODAY, **more)


def table(name: str, **more: Any) -> dict[str, Any]:
    """Map a table whose key is `id` and whose rows go."""
    return {"name": name, "key": ["id"], "category": "4.1.1", "purpose": "service", "erase": "delete", **more}


def link(columns: str, to: str, references: str = "id") -> dict[str, Any]:
    return {"columns": columns.split(), "to": to, "references": references.split()}


CLIENTS = """
CREATE TABLE clients (id INTEGER PRIMARY KEY, email TEXT, address_id INTEGER);
INSERT INTO clients VALUES (1, 'mari@example.test', 50), (2, 'luc@example.test', 50),
    (3, 'eva@example.test', 51);
"""
# Their map, but for what a test is about.
CLIENT = table("clients", identity={"email": ["email"]}, account=True)


@dataclass
class Shop:
    """A database with its source."""

    database: Database
    tables: list[dict[str, Any]]
    ignored: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.source = SqlSource(
            "shop",
            self.database.url,
            DataMap.model_validate({"tables": self.tables, "ignored": self.ignored}),
            RULES,
            lock_timeout=timedelta(milliseconds=50),
            **self.options,
        )

    def run(self, sql: str) -> None:
        self.database.run(sql)

    def rows(self, query: str) -> Rows:
        return self.database.rows(query)

    def dump(self) -> dict[str, Rows]:
        return self.database.dump()

    async def locate(self, *emails: str, **others: tuple[str, ...]) -> Located:
        client_ids = others.pop("client_id", ())
        pairs = tuple((kind, value) for kind, values in others.items() for value in values)
        return await self.source.locate(Identity(emails, client_ids, pairs))

    async def propose(
        self, located: Located, operation: Operation = Operation.ERASE, **more: Any
    ) -> Proposal:
        return await self.source.propose(located, order(operation, **more))

    async def carry_out(
        self, located: Located, operation: Operation = Operation.ERASE, **more: Any
    ) -> StepOutcome:
        """Plan without conflicts and carry out."""
        proposal = await self.propose(located, operation, **more)
        assert proposal.conflicts == ()
        assert proposal.step
        return await self.source.carry_out(proposal.step, located, order(operation, **more), no_progress)


def counts(located: Located) -> dict[str, int]:
    """Give the tables that hold something."""
    return {found.table: found.rows for found in located.tables if found.rows}
