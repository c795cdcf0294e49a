"""A system that is reached by HTTP, as its map declares it, as a source."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

from assistant.domain.http_map import Call, Erasing, HttpKeep, HttpMap, HttpTable
from assistant.domain.plan import (
    DELETED_LATER,
    Account,
    Contact,
    Hindrance,
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
from assistant.domain.rectifying import Correctable
from assistant.errors import EffectNotVerified
from assistant.interfaces import ExportedTable
from assistant.interfaces import Finding as CheckFinding
from assistant.sources.http.client import HttpClient, HttpSettings, Sleep, at
from assistant.sources.http.orders import Task, Tasks, day_at
from assistant.sources.http.recipients import HandOvers
from assistant.sources.http.records import Record, Records, key_of
from assistant.sources.keeping import REDACTED, Retention

if TYPE_CHECKING:
    from assistant.interfaces import Progress

REST: Final = "more"
_REST_MEANS: Final = {
    REST: "Everything else the system holds in this record",
    f"{REST}@fr": "Tout ce que le système contient d’autre dans cet enregistrement",
}


def _already_so(located: Located, tasks: Tasks, corrects: Sequence[str]) -> tuple[str, ...]:
    """Name the fields of a rectification that stand in the person's records and need no change."""
    held = {at.table for at in located.tables if at.rows}
    return tuple(
        t.field for t in tasks.each() if t.field and t.field not in corrects and t.table.name in held
    )


class HttpSource:
    """One such system behind the DataSource interface; it has no transactions, so each call may be made twice."""

    kind = "http"

    def __init__(
        self,
        name: str,
        http_map: HttpMap,
        settings: HttpSettings,
        retention: Retention,
        *,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """Take where it is and what is personal there; nothing is connected before the first call."""
        self.name = name
        self.http_map = http_map
        self._retention = retention
        self._client = HttpClient(name, http_map, settings, sleep=sleep)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def check(self) -> Sequence[CheckFinding]:
        """Try the call that shows whether it can be reached; raises SourceUnavailable if it cannot."""
        if self.http_map.try_ is None:
            return [CheckFinding("warning", self.name, "try", "no call is named by which it could be tried")]
        await self._client.call(self.http_map.try_, lambda _: None)
        return [CheckFinding("ok", self.name, "", "it answers, and takes our sign-in.")]

    def correctable(self) -> Mapping[str, Correctable]:
        """Give the fields that its map lets a person have corrected."""
        found: dict[str, Correctable] = {}
        for table in self.http_map.tables:
            for name in table.rectify:
                each = Correctable(name in table.harmless)
                found[name] = found[name].beside(each) if name in found else each
        return found

    async def contacts(self, identity: Identity) -> Sequence[Contact]:
        """Nobody is reached by what such a system holds: what proves a person stands in the company's own."""
        return []

    async def locate(self, identity: Identity, accounts: Sequence[Account] | None = None) -> Located:
        """Count what is held about the identity, table by table; reads only."""
        tables, found = [], []
        records = self._records(identity, accounts)
        for table in self.http_map.tables:
            rows = 0
            async for batch in records.of(table):
                rows += len(batch)
                if table.within is None:
                    found += [self._account(table, record) for record in batch]
            tables.append(TableRows(table.name, table.category, rows))
        return Located(self.name, identity, tuple(found), tuple(tables))

    async def known_as(self, located: Located) -> Sequence[tuple[str, str]]:
        """What such a system calls a person is of use to itself alone."""
        return []

    async def propose(self, located: Located, order: Order) -> Proposal:
        """Say what the order would do here; changes nothing."""
        records, tasks = self._records(located.identity, located.accounts), self._tasks(order)
        if order.operation is Operation.EXPORT:
            copied = [await self._copied(at, order, records) for at in located.tables if at.rows]
            return Proposal(self._step(order, copied))
        effects, keeps = await self._effects(records, tasks)
        conflicts = []
        corrects = [f for e in effects for f in e.columns] if order.operation is Operation.RECTIFY else []
        if order.operation is Operation.ERASE:
            for table in self.http_map.tables:
                if table.keep:
                    kept, over = await self._kept(records, tasks, table, table.keep)
                    keeps += [kept] if kept else []
                    conflicts += [over] if over else []
        return Proposal(
            self._step(order, effects),
            keeps=tuple(keeps),
            conflicts=tuple(conflicts),
            corrects=tuple(corrects),
            holds=_already_so(located, tasks, corrects),
        )

    async def _effects(self, records: Records, tasks: Tasks) -> tuple[list[TableEffect], list[Keep]]:
        """Say what is to be done, and what of it the system does by a later day."""
        effects, later = [], []
        for task in tasks.each():
            rows, handed = 0, HandOvers(task.table, tasks.order, task.written)
            async for batch in self._pending(records, tasks, task):
                rows += len(batch)
                handed.take(batch)
            if rows:
                effects.append(task.effect(rows, handed.found()))
                if isinstance(task.call, Erasing) and task.call.within_days:
                    until = tasks.order.today + timedelta(days=task.call.within_days)
                    later.append(self._later(task.table, rows, until))
        return effects, later

    async def export(self, located: Located, *, portable_only: bool = False) -> AsyncIterator[ExportedTable]:
        """Read the person's records table by table, page by page."""
        records = self._records(located.identity, located.accounts)
        held = {at.table for at in located.tables if at.rows}
        for table in self.http_map.tables:
            columns = tuple(table.portable) if portable_only else (*table.columns, REST)
            if table.name in held and columns:
                yield ExportedTable(
                    self.name,
                    table.name,
                    table.category,
                    columns,
                    {**_REST_MEANS, **table.meanings},
                    self._rows(records, table, columns),
                    redacted=tuple(name for name in columns if name in table.redacted),
                    hidden=table.hidden,
                    free_text=table.free_text,
                    purpose=table.purpose,
                    origin=table.origin,
                )

    async def carry_out(self, step: Step, located: Located, order: Order, progress: Progress) -> StepOutcome:
        """Make the calls that are not done yet, and look again: what must be so is so.

        Raises SourceUnavailable in the middle, after which the same call goes on where it was; EffectNotVerified.
        """
        if step.operation is Operation.EXPORT:
            return StepOutcome(step, already_done=False, rows_done=step.rows)
        records, tasks = self._records(located.identity, located.accounts), self._tasks(order)
        approved = {effect.table for effect in step.effects}
        done, counted = 0, []
        for task in tasks.each():
            if task.table.name not in approved:
                continue
            todo = [record async for batch in self._pending(records, tasks, task) for record in batch]
            for record in todo:
                if task.call is not None:
                    await self._client.call(task.call, record.known(task.new))
                done += 1
                progress(done, max(step.rows, done))
            await self._verify(records, tasks, task, todo)
            if todo:
                counted.append(TableRows(task.table.name, task.table.category, len(todo)))
        return StepOutcome(step, already_done=done == 0, rows_done=done, done=tuple(counted))

    # ── parts ────────────────────────────────────────────────────────────────────────────────────────

    def _records(self, identity: Identity, accounts: Sequence[Account] | None) -> Records:
        keys: dict[str, set[str]] | None = None
        if accounts is not None:
            keys = {}
            for account in accounts:
                keys.setdefault(account.table, set()).add(account.key[0])
        return Records(self.name, self._client, self.http_map, identity, keys)

    def _tasks(self, order: Order) -> Tasks:
        return Tasks(self.http_map, order, self._retention)

    def _account(self, table: HttpTable, record: Record) -> Account:
        label = at(record.data, table.label) if table.label else None
        return Account(self.name, table.name, (key_of(self.name, table, record),), str(label or ""))

    def _step(self, order: Order, effects: list[TableEffect]) -> Step | None:
        return Step(self.name, order.operation, tuple(effects)) if effects else None

    async def _copied(self, held: TableRows, order: Order, records: Records) -> TableEffect:
        table = self.http_map.table(held.table)
        handed = HandOvers(table, order)
        if table.recipients:  # what was counted is read again only where it shows something
            async for batch in records.of(table):
                handed.take(batch)
        columns = (*table.columns, REST)
        return TableEffect(held.table, held.category, held.rows, columns, handed_over=handed.found())

    async def _pending(self, records: Records, tasks: Tasks, task: Task) -> AsyncIterator[list[Record]]:
        async for batch in records.of(task.table):
            yield [
                record for record in batch if task.pending(record) and not tasks.is_kept(task.table, record)
            ]

    async def _kept(
        self, records: Records, tasks: Tasks, table: HttpTable, keep: HttpKeep
    ) -> tuple[Keep | None, Hindrance | None]:
        """Say what of a table stays under its rule, and what should go and cannot."""
        days: Counter[date | None] = Counter()
        over = 0
        async for batch in records.of(table):
            for record in batch:
                if tasks.is_kept(table, record):
                    days[day_at(record, keep.counted_from)] += 1
                elif table.erase is None:
                    over += 1
        what = Keep(self.name, table.name, table.category, 0, keep.columns, keep.rule, "", None)
        said = f"{over} of {table.title or table.name} are past their period and {self.name} erases none; erase them by hand."
        over_due = Hindrance("overdue", said, table.name, rows=over, source=self.name)
        return (self._retention.keep(what, days) if days else None), over_due if over else None

    def _later(self, table: HttpTable, rows: int, until: date) -> Keep:
        return Keep(self.name, table.name, table.category, rows, (), DELETED_LATER, DELETED_LATER, until)

    async def _verify(self, records: Records, tasks: Tasks, task: Task, todo: Sequence[Record]) -> None:
        """Look again; raises EffectNotVerified with what is still there."""
        if not todo or task.call is None or (isinstance(task.call, Erasing) and task.call.within_days):
            return
        if task.erases and task.table.gone:
            left = [record for record in todo if not await self._is_gone(task.table.gone, task.table, record)]
        else:
            keys = {key_of(self.name, task.table, record) for record in todo}
            left = [
                record
                async for batch in self._pending(records, tasks, task)
                for record in batch
                if key_of(self.name, task.table, record) in keys
            ]
        if left:
            raise EffectNotVerified(
                f"{self.name}: {len(left)} of {len(todo)} records of {task.table.name} are not as planned yet; "
                "it is looked at again."
            )

    async def _is_gone(self, call: Call, table: HttpTable, record: Record) -> bool:
        answer = await self._client.call(call, record.known())
        if answer.missing:
            return True
        return bool(table.gone_when) and all(
            at(answer.data, path) == value for path, value in table.gone_when.items()
        )

    async def _rows(
        self, records: Records, table: HttpTable, columns: Sequence[str]
    ) -> AsyncIterator[Sequence[tuple[Any, ...]]]:
        async for batch in records.of(table):
            if batch:
                yield [tuple(_cell(table, record.data, name) for name in columns) for record in batch]


def _cell(table: HttpTable, data: Mapping[str, Any], column: str) -> Any:
    value = _rest(table, data) if column == REST else at(data, table.columns[column])
    if column in table.redacted and value is not None:
        return REDACTED
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value


def _rest(table: HttpTable, data: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Give what no column names and nothing hides: a copy leaves nothing out in silence."""
    rest: dict[str, Any] = json.loads(json.dumps(data))
    for path in (*table.columns.values(), *table.hidden):
        *way, last = path.split(".")
        inner = at(rest, ".".join(way))
        if isinstance(inner, dict):
            inner.pop(last, None)
    return rest or None
