"""Any database SQLAlchemy reaches, as a source: the heavy work runs where the data is."""

from __future__ import annotations

import asyncio
import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from assistant.domain.plan import (
    Account,
    Contact,
    Identity,
    Located,
    Operation,
    Order,
    Proposal,
    Step,
    StepOutcome,
    TableRows,
)
from assistant.errors import SourceMisfit, SourceUnavailable
from assistant.interfaces import AddressBatch, ExportedTable, Finding, Progress
from assistant.sources.keeping import Retention
from assistant.sources.sql.actions import Orders
from assistant.sources.sql.addresses import last_agreed, read_addresses
from assistant.sources.sql.carry_out import CarryingOut
from assistant.sources.sql.check import MapCheck
from assistant.sources.sql.contacts import contacts
from assistant.sources.sql.engine import failures, make_engine, transaction
from assistant.sources.sql.export import Read, Reading, columns_shown, fetch
from assistant.sources.sql.layout import Layout, lay_out
from assistant.sources.sql.propose import Proposing, propose_copy
from assistant.sources.sql.rows import PersonRows, person_rows
from assistant.sources.sql.schema import Schema, read_schema
from assistant.sources.sql.statuses import status_findings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    import sqlalchemy as sa

    from assistant.domain.data_map import DataMap
    from assistant.domain.rectifying import Correctable
    from assistant.domain.retention import RetentionRule
    from assistant.sources.sql.values import Random

_Result = TypeVar("_Result")
_THREADS = 4
_LOCK_TIMEOUT = timedelta(seconds=5)


class SqlSource:
    """One database behind the DataSource interface."""

    kind = "sql"

    def __init__(
        self,
        name: str,
        url: str,
        data_map: DataMap,
        retention: Mapping[str, RetentionRule],
        *,
        random: Random = secrets.token_bytes,
        financial_year_end: tuple[int, int] = (12, 31),
        lock_timeout: timedelta = _LOCK_TIMEOUT,
        **engine_options: Any,
    ) -> None:
        """Take where it is and what is personal there; nothing is opened before the first call."""
        self.name = name
        self.data_map = data_map
        self.engine = make_engine(url, lock_timeout, **engine_options)
        self._retention = Retention(retention, financial_year_end)
        self._random = random
        self._layout: Layout | None = None
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix=f"source-{name}")

    async def close(self) -> None:
        """Let go of every connection and thread; a call under way is waited for."""
        await asyncio.to_thread(self._threads.shutdown)
        self.engine.dispose()

    async def check(self) -> Sequence[Finding]:
        """Compare the map with what is really there; raises SourceUnavailable if it cannot be reached."""
        return await self._run(self._check)

    def correctable(self) -> Mapping[str, Correctable]:
        """Give the fields that its map lets a person have corrected."""
        return self.data_map.correctable()

    async def contacts(self, identity: Identity) -> Sequence[Contact]:
        """List the addresses on file of whoever the identity matches."""
        return await self._run(self._contacts, identity)

    async def locate(self, identity: Identity, accounts: Sequence[Account] | None = None) -> Located:
        """Count what is held about the identity, table by table; reads only."""
        return await self._run(self._locate, identity, accounts)

    async def known_as(self, located: Located) -> Sequence[tuple[str, str]]:
        """Give what the identifying columns of the person's own rows hold, addresses and numbers left out."""
        return await self._run(self._known_as, located)

    async def propose(self, located: Located, order: Order) -> Proposal:
        """Say what the order would do here; changes nothing."""
        return await self._run(self._propose, located, order)

    async def carry_out(self, step: Step, located: Located, order: Order, progress: Progress) -> StepOutcome:
        """Carry out one step in one transaction, verified before its commit; `progress` runs in a thread.

        Where it already holds nothing is done. Raises SourceUnavailable, EffectNotVerified, StalePlan or
        SourceMisfit, and whatever `progress` raises; the database is then as it was.
        """
        cancelled = threading.Event()
        try:
            return await self._run(self._carry_out, step, located, order, _Watched(progress, cancelled))
        except asyncio.CancelledError:
            cancelled.set()  # the thread sees it before its commit
            raise

    async def addresses(self, purpose: str, after: str | None) -> AddressBatch:
        """Read a batch of the addresses by which whoever is used for a purpose is found; reads only."""
        return await self._run(self._addresses, purpose, after)

    async def agreed_at(self, identity: Identity, purpose: str) -> datetime | None:
        """Give when the person last agreed to a purpose that has not ended since, if the map says where that stands."""
        return await self._run(self._agreed_at, identity, purpose)

    async def export(self, located: Located, *, portable_only: bool = False) -> AsyncIterator[ExportedTable]:
        """Read the person's rows table by table in flat memory; a table's rows end where the next begins."""
        reading = Reading(lambda: self._rows(located.identity, located.accounts), portable_only=portable_only)
        try:
            while not reading.ended:
                for read in await self._run(self._few, reading):
                    yield self._exported(read, portable_only=portable_only)
        finally:
            if not reading.ended:
                await self._run(reading.close)

    # what runs in a thread

    async def _run(self, work: Callable[..., _Result], *arguments: Any) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)

    def _check(self) -> list[Finding]:
        with transaction(self.engine, self.name) as connection:
            schema = self._read_schema(connection)
            slips = list(status_findings(connection, self.name, self.data_map, schema))
        self._layout = None  # read afresh: the schema may have been mended
        found = self._map_check(schema).findings()
        return [*(each for each in found if each.level != "ok" or not slips), *slips]

    def _read_schema(self, connection: sa.Connection) -> Schema:
        return read_schema(connection, dict.fromkeys([None, *(t.table_schema for t in self.data_map.tables)]))

    def _map_check(self, schema: Schema) -> MapCheck:
        return MapCheck(self.name, self.data_map, schema, self._retention)

    def _laid_out(self, connection: sa.Connection) -> Layout:
        if self._layout is None:
            schema = self._read_schema(connection)
            if unknown := next(self._map_check(schema).unknown(), None):
                raise SourceMisfit(f"{self.name}: {unknown.where}: {unknown.text}")
            self._layout = lay_out(self.data_map, schema)
        return self._layout

    @contextmanager
    def _rows(
        self, identity: Identity, accounts: Sequence[Account] | None = None, *, writes: bool = False
    ) -> Iterator[PersonRows]:
        with (
            transaction(self.engine, self.name, writes=writes) as connection,
            person_rows(connection, self._laid_out(connection), identity, accounts) as rows,
        ):
            yield rows

    def _locate(self, identity: Identity, accounts: Sequence[Account] | None) -> Located:
        with self._rows(identity, accounts) as rows:
            tables = [
                TableRows(m.label, m.map.category, rows.number(m), rows.number(m, shared=True))
                for m in rows.layout
            ]
            return Located(self.name, identity, tuple(rows.accounts(self.name)), tuple(tables))

    def _contacts(self, identity: Identity) -> list[Contact]:
        with self._rows(identity) as rows:
            return list(contacts(rows, self.name))

    def _addresses(self, purpose: str, after: str | None) -> AddressBatch:
        with transaction(self.engine, self.name) as connection:
            return read_addresses(connection, self._laid_out(connection), purpose, after)

    def _agreed_at(self, identity: Identity, purpose: str) -> datetime | None:
        with self._rows(identity) as rows:
            return last_agreed(rows, purpose)

    def _known_as(self, located: Located) -> list[tuple[str, str]]:
        if not located.rows:
            return []
        with self._rows(located.identity, located.accounts) as rows:
            return list(rows.ids())

    def _propose(self, located: Located, order: Order) -> Proposal:
        with self._rows(located.identity, located.accounts) as rows:
            if order.operation is Operation.EXPORT:
                return propose_copy(located, order, rows)
            return Proposing(self.name, self._orders(rows, order)).proposal()

    def _carry_out(self, step: Step, located: Located, order: Order, progress: _Watched) -> StepOutcome:
        if step.operation is Operation.EXPORT:
            return StepOutcome(step, already_done=False, rows_done=step.rows)
        with self._rows(located.identity, located.accounts, writes=True) as rows:
            outcome = CarryingOut(self.name, step, self._orders(rows, order), progress).outcome()
            progress.stop_if_cancelled()
        return outcome

    def _orders(self, rows: PersonRows, order: Order) -> Orders:
        return Orders(rows, order, self._retention, self._random)

    # reading out

    def _exported(self, read: Read, *, portable_only: bool) -> ExportedTable:
        mapped = read.mapped
        columns = columns_shown(mapped, portable_only=portable_only)
        return ExportedTable(
            self.name,
            mapped.label,
            mapped.map.category,
            columns,
            _meanings_of({*columns, *mapped.map.hidden}, mapped.map.meanings),
            self._batches(read),
            redacted=tuple(name for name in columns if name in mapped.map.redacted),
            hidden=mapped.map.hidden,
            free_text=mapped.map.free_text,
            purpose=mapped.map.purpose,
            origin=mapped.map.origin,
        )

    async def _batches(self, read: Read) -> AsyncIterator[Sequence[tuple[Any, ...]]]:
        yield read.rows
        while read.rest and (batch := await self._run(self._fetch, read.rest)):
            yield batch

    def _few(self, reading: Reading) -> list[Read]:
        with failures(self.name):
            return reading.few()

    def _fetch(self, result: sa.CursorResult[Any]) -> list[tuple[Any, ...]]:
        with failures(self.name):
            return fetch(result)


class _Watched:
    """Progress that ends the work once nobody waits for it any more."""

    def __init__(self, progress: Progress, cancelled: threading.Event) -> None:
        self._progress = progress
        self._cancelled = cancelled

    def __call__(self, done: int, total: int) -> None:
        self.stop_if_cancelled()
        self._progress(done, total)

    def stop_if_cancelled(self) -> None:
        if self._cancelled.is_set():
            raise SourceUnavailable("The work was stopped before its end; nothing was changed.")


def _meanings_of(columns: set[str], meanings: Mapping[str, str]) -> dict[str, str]:
    """Keep every language of the columns ("email@fr" is the French text of "email")."""
    return {name: text for name, text in meanings.items() if name.partition("@")[0] in columns}
