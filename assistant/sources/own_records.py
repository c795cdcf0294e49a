"""The desk itself: its transcripts and requests are the person's data too, and are treated as such."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from assistant.domain.own_records import CATEGORY, COLUMNS, MEANINGS, MESSAGES, OWN_RECORDS, PURPOSE
from assistant.domain.plan import (
    Account,
    Contact,
    Identity,
    Keep,
    Located,
    Operation,
    Order,
    Proposal,
    Step,
    StepOutcome,
    TableEffect,
    TableRows,
)
from assistant.interfaces import ExportedTable, Finding, Progress

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from datetime import date

    from assistant.domain.rectifying import Correctable


class OwnQueries(Protocol):
    """What the desk's own store answers; `app` hands it in, so that this source knows no store."""

    async def count(self, identity: Identity) -> Mapping[str, int]:
        """Count the person's conversations, messages and requests."""

    async def rows(self, identity: Identity, table: str) -> Sequence[tuple[Any, ...]]:
        """Give the rows of one of the tables, columns in the order of this module."""

    async def erasable(self, identity: Identity, today: date) -> int:
        """Count the messages that no open or recent request needs any more."""

    async def kept(self, identity: Identity, today: date) -> Mapping[str, tuple[int, date | None]]:
        """Count what stays per table, and give the last day of it where it is known."""

    async def erase(self, identity: Identity, today: date) -> int:
        """Erase the messages counted by `erasable`, in one transaction; gives how many."""


class OwnRecords:
    """A DataSource over the desk's own records."""

    kind = "own_records"

    def __init__(self, queries: OwnQueries, *, name: str = "desk") -> None:
        """Take the queries that the store answers."""
        self.name = name
        self._queries = queries

    async def check(self) -> Sequence[Finding]:
        """The desk fits itself."""
        return [Finding("ok", self.name, "", "the desk's own records")]

    def correctable(self) -> Mapping[str, Correctable]:
        """What was said to the desk stands as it was said."""
        return {}

    async def contacts(self, identity: Identity) -> Sequence[Contact]:
        """Nobody is on file because they wrote to the desk."""
        return []

    async def locate(self, identity: Identity, accounts: Sequence[Account] | None = None) -> Located:
        """Count the person's conversations, messages and requests."""
        counts = await self._queries.count(identity)
        tables = tuple(TableRows(table, CATEGORY, counts.get(table, 0)) for table in COLUMNS)
        return Located(self.name, identity, (), tables)

    async def known_as(self, located: Located) -> Sequence[tuple[str, str]]:
        """No other system knows a conversation."""
        return []

    async def propose(self, located: Located, order: Order) -> Proposal:
        """Copy everything; erase what no request needs; nothing else applies here."""
        if order.operation is Operation.EXPORT:
            effects = tuple(
                TableEffect(at.table, CATEGORY, at.rows, COLUMNS[at.table])
                for at in located.tables
                if at.rows
            )
            return Proposal(Step(self.name, order.operation, effects) if effects else None)
        if order.operation is Operation.ERASE:
            return await self._propose_erasure(located, order)
        return Proposal(None)

    async def _propose_erasure(self, located: Located, order: Order) -> Proposal:
        going = await self._queries.erasable(located.identity, order.today)
        kept = await self._queries.kept(located.identity, order.today)
        keeps = tuple(
            Keep(self.name, table, CATEGORY, rows, COLUMNS[table], f"own_{table}", OWN_RECORDS, until)
            for table, (rows, until) in kept.items()
            if rows
        )
        effects = (TableEffect(MESSAGES, CATEGORY, going, deletes=True),) if going else ()
        return Proposal(Step(self.name, order.operation, effects) if effects else None, keeps)

    async def export(self, located: Located, *, portable_only: bool = False) -> AsyncIterator[ExportedTable]:
        """Read the transcripts and requests; none of it is portable: it rests on a legal duty (GDPR 20(1))."""
        if portable_only:
            return
        for at in located.tables:
            if at.rows:
                rows = await self._queries.rows(located.identity, at.table)
                yield ExportedTable(
                    self.name,
                    at.table,
                    CATEGORY,
                    COLUMNS[at.table],
                    MEANINGS,
                    _batches(rows),
                    purpose=PURPOSE,
                )

    async def carry_out(self, step: Step, located: Located, order: Order, progress: Progress) -> StepOutcome:
        """Erase in one transaction; where nothing is left nothing is done."""
        if step.operation is not Operation.ERASE:
            return StepOutcome(step, already_done=False, rows_done=step.rows)
        done = await self._queries.erase(located.identity, order.today)
        progress(done, step.rows)
        counted = (TableRows(MESSAGES, CATEGORY, done),) if done else ()
        return StepOutcome(step, already_done=done == 0, rows_done=done, done=counted)


async def _batches(rows: Sequence[tuple[Any, ...]]) -> AsyncIterator[Sequence[tuple[Any, ...]]]:
    for begin in range(0, len(rows), 1000):
        yield rows[begin : begin + 1000]
