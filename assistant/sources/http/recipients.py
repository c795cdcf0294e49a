"""To whom a person's records went, read from the records as they pass."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from assistant.domain.plan import Operation
from assistant.domain.recipients import Recorded
from assistant.sources.handing_over import Concerned, concerned
from assistant.sources.http.client import at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assistant.domain.http_map import HttpTable
    from assistant.domain.plan import Order
    from assistant.domain.recipients import HandOver
    from assistant.sources.http.records import Record


@dataclass
class _Going:
    """One recipient, and what the records show of it so far."""

    of: Concerned
    is_shown: bool = False
    known_by: dict[tuple[str, str], None] = field(default_factory=dict)

    def take(self, record: Record) -> None:
        when = self.of.recipient.when
        if not isinstance(when, Recorded) or when.shows(at(record.data, when.column)):
            self.is_shown = True
            for kind, path in self.of.recipient.known_by.items():
                if (value := at(record.data, path)) not in (None, ""):
                    self.known_by[kind, str(value)] = None


class HandOvers:
    """The hand-overs of the records of one table that an order is about."""

    def __init__(self, table: HttpTable, order: Order, written: Sequence[str] = ()) -> None:
        """Take whom the order concerns; `written` are the columns or fields that it changes."""
        self._order = order
        self._going = [_Going(each) for each in concerned(table, order, written)]

    def take(self, records: Sequence[Record]) -> None:
        """Look at some more records."""
        for going in self._going:
            for record in records:
                going.take(record)

    def found(self) -> tuple[HandOver, ...]:
        """Give what the records show."""
        is_told = self._order.operation is not Operation.EXPORT
        return tuple(
            each.of.hand_over(
                each.known_by if is_told else (), sorted(each.of.got & self._order.new_values.keys())
            )
            for each in self._going
            if each.is_shown
        )
