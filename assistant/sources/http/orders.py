"""What an order means for each kind of record of a system that is reached by HTTP, and when it is so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from assistant.domain.http_map import Change, Erasing, HttpMap, HttpTable
from assistant.domain.plan import Operation, Order, TableEffect
from assistant.sources.http.client import at, written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assistant.domain.recipients import HandOver
    from assistant.sources.http.records import Record
    from assistant.sources.keeping import Retention


@dataclass(frozen=True, slots=True)
class Task:
    """One kind of call on the records of one table; no call where they go with what they hang on."""

    table: HttpTable
    call: Change | Erasing | None
    field: str = ""  # of a rectification
    new: str | None = None

    @property
    def erases(self) -> bool:
        """Tell whether the record is gone afterwards."""
        return not isinstance(self.call, Change)

    def pending(self, record: Record) -> bool:
        """Tell whether the record does not show yet that this was done."""
        if not isinstance(self.call, Change):
            return True
        known = record.known(self.new)
        wanted = {
            path: written(value, lambda name, _: str(known(name)))
            for path, value in self.call.becomes.items()
        }
        return any(not _same(at(record.data, path), value) for path, value in wanted.items())

    @property
    def written(self) -> tuple[str, ...]:
        """Name what of the record is written; nothing where it goes."""
        return () if self.erases else tuple(self._values())

    def effect(self, rows: int, handed_over: tuple[HandOver, ...]) -> TableEffect:
        """Say it as an effect on so many records, which went to these recipients."""
        values = {} if self.erases else self._values()
        return TableEffect(
            self.table.name,
            self.table.category,
            rows,
            columns=tuple(values),
            values=values,
            deletes=self.erases,
            handed_over=handed_over,
        )

    def _values(self) -> dict[str, str]:
        if self.field:
            return {self.field: self.new or ""}
        return {path: str(value) for path, value in self.call.becomes.items()} if self.call else {}  # type: ignore[union-attr]


@dataclass(frozen=True, slots=True)
class Tasks:
    """Reads an order against the map of one system."""

    http_map: HttpMap
    order: Order
    retention: Retention

    def each(self) -> Iterator[Task]:
        """Give what there is to do, records that hang on others first."""
        for table in reversed(self.http_map.tables):
            yield from self._of(table)

    def _of(self, table: HttpTable) -> Iterator[Task]:
        order = self.order
        if order.operation is Operation.ERASE and table.erase == "with_parent":
            yield Task(table, None)
        elif order.operation is Operation.RECTIFY:
            for field, change in table.rectify.items():
                if field in order.new_values:
                    yield Task(table, change, field, order.new_values[field])
        elif order.operation is Operation.STOP:
            calls = {id(call): call for name in order.purposes if (call := table.stop.get(name))}
            yield from (Task(table, call) for call in calls.values())
        elif call := _call(table, order):
            yield Task(table, call)

    def is_kept(self, table: HttpTable, record: Record) -> bool:
        """Tell whether a retention rule keeps this record from erasure; one without a day is kept."""
        if table.keep is None or self.order.operation is not Operation.ERASE:
            return False
        event_on = day_at(record, table.keep.counted_from)
        rule = self.retention.rules.get(table.keep.rule)
        return event_on is None or rule is None or self.retention.until(rule, event_on) >= self.order.today


def _call(table: HttpTable, order: Order) -> Change | Erasing | None:
    calls: dict[Operation, Change | Erasing | None] = {
        Operation.ERASE: table.erase if isinstance(table.erase, Erasing) else None,
        Operation.RESTRICT: table.restrict,
        Operation.LIFT: table.lift,
    }
    return calls.get(order.operation)


def day_at(record: Record, path: str) -> date | None:
    """Read the day of a record: ISO 8601, or seconds since 1970 as many systems give them."""
    value = at(record.data, path)
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC).date()
        return datetime.fromisoformat(str(value)).date()
    except (ValueError, OverflowError, OSError):
        return None


def _same(found: Any, wanted: Any) -> bool:
    """Compare as JSON tells values apart: true is not 1, and text is not a number."""
    return type(found) is type(wanted) and found == wanted
