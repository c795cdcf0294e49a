"""A small invented shop in a real SQLite file, and the means to compare it before and after."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from assistant.domain.data_map import DataMap
from assistant.domain.plan import Identity, Located, Operation, Order, Proposal, StepOutcome
from assistant.domain.retention import RetentionRule
from assistant.sources.sql import SqlSource

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

TODAY = date(2026, 11, 2)
RULES = {
    "accounting": RetentionRule(
        "accounting", "Accounting Act", "section 12", years=7, counted_from="end_of_financial_year"
    )
}
Dump = dict[str, list[tuple[Any, ...]]]


def no_progress(done: int, total: int) -> None:
    """Take the progress and do nothing with it."""


def order(operation: Operation = Operation.ERASE, **more: Any) -> Order:
    return Order(operation, TODAY, **more)


def table(name: str, **more: Any) -> dict[str, Any]:
    """Map a table whose key is `id` and whose rows go."""
    return {"name": name, "key": ["id"], "category": "4.1.1", "purpose": "service", "erase": "delete", **more}


def link(columns: str, to: str, references: str = "id") -> dict[str, Any]:
    return {"columns": columns.split(), "to": to, "references": references.split()}


@dataclass
class Shop:
    """A database with its source."""

    path: Path
    tables: list[dict[str, Any]]
    ignored: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.source = SqlSource(
            "shop",
            f"sqlite:///{self.path}",
            DataMap.model_validate({"tables": self.tables, "ignored": self.ignored}),
            RULES,
            lock_timeout=timedelta(milliseconds=50),
            **self.options,
        )

    def run(self, sql: str) -> None:
        with closing(sqlite3.connect(self.path)) as connection:
            connection.executescript(sql)

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.path)) as connection:
            return connection.execute(query, values).fetchall()

    def dump(self) -> Dump:
        names = self.rows("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        return {name: sorted(self.rows(f'SELECT * FROM "{name}"'), key=repr) for (name,) in names}

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
