"""What an order means for each table: which rows go, which columns are written, and when that is so."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import sqlalchemy as sa

from assistant.domain.data_map import Flag, KeepRule
from assistant.domain.plan import Hindrance, Operation, Order, TableEffect
from assistant.sources.keeping import Retention
from assistant.sources.sql.corrections import correcting
from assistant.sources.sql.keeps import expired, hold_running, needed_columns
from assistant.sources.sql.values import (
    NEVER,
    Condition,
    Random,
    Write,
    assigning,
    blanking,
    both,
    lifted,
    unfit_to_lift,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from assistant.domain.recipients import HandOver
    from assistant.sources.sql.layout import Mapped
    from assistant.sources.sql.rows import PersonRows
    from assistant.sources.sql.sets import Held

Signature = tuple[str, bool, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, eq=False)
class Action:
    """One statement's worth of an order: rows of a table that go, or columns of them that are written."""

    mapped: Mapped
    scope: Condition  # the person's own rows that the order is about
    writes: tuple[Write, ...] = ()  # none: the rows go
    keep: KeepRule | None = None  # the rows stay under a retention rule

    @property
    def pending(self) -> Condition:
        """Select the rows for which the order does not hold yet."""
        if not self.writes:
            return self.scope
        return both(self.scope, sa.or_(*(sa.not_(write.done) for write in self.writes)))

    @property
    def signature(self) -> Signature:
        """Tell the action in the words of a plan."""
        return self.mapped.label, not self.writes, tuple(sorted((w.column, w.said) for w in self.writes))

    def effect(self, rows: int, shared: int, handed_over: Iterable[HandOver]) -> TableEffect:
        """Say it as an effect on so many rows, which went to these recipients."""
        return TableEffect(
            self.mapped.label,
            self.mapped.map.category,
            rows,
            columns=tuple(write.column for write in self.writes),
            values={write.column: write.said for write in self.writes},
            deletes=not self.writes,
            shared=shared,
            handed_over=tuple(handed_over),
        )


def restrictable(mapped: Mapped) -> Condition:
    """Select the rows that a restriction marks, or has marked: what nobody uses anyway stays as it is."""
    restrict = mapped.map.restrict
    if restrict is None or restrict.instead_of is None:
        return sa.true()
    return mapped.facts.clause.c[restrict.column].in_([restrict.instead_of, restrict.value])


def unfit_map(mapped: Mapped, column: str, why: str) -> Hindrance:
    """Say that a map asks of a column what it cannot take."""
    return Hindrance("map", f"{mapped.place(column)} {why}", mapped.label, (column,))


def _goes(mapped: Mapped, order: Order) -> bool:
    return any(mapped.map.stop.get(purpose) == "delete" for purpose in order.purposes)


def signature_of(effect: TableEffect) -> Signature:
    """Tell an approved effect as an action tells itself."""
    return effect.table, effect.deletes, tuple(sorted(effect.values.items()))


@dataclass(frozen=True)
class Orders:
    """Reads an order against the person's rows; what a column cannot hold is a conflict, no action."""

    rows: PersonRows
    order: Order
    retention: Retention
    random: Random

    def actions(self) -> tuple[list[Action], list[Hindrance]]:
        """Give what is to be done, table by table, and what stands in its way."""
        conflicts: list[Hindrance] = []
        if self.order.operation is Operation.ERASE:
            return list(self._erase(conflicts)), conflicts
        return list(self._flags(conflicts)), conflicts

    # erasure

    @cached_property
    def staying(self) -> Mapping[str, Held]:
        """Hold what running services need, if the person keeps them."""
        return hold_running(self.rows, self.order.today) if self.order.keep_services else {}

    def _erase(self, conflicts: list[Hindrance]) -> Iterator[Action]:
        for mapped in self.rows.layout:
            own = self.rows.own(mapped)
            if (held := self.staying.get(mapped.label)) is not None:
                yield from self._beside_need(mapped, both(own, held.rows()), conflicts)
                own = both(own, sa.not_(held.rows()))
            if own is not NEVER:
                yield from self._erase_table(mapped, own, conflicts)

    def _beside_need(self, mapped: Mapped, needed: Condition, conflicts: list[Hindrance]) -> Iterator[Action]:
        """Overwrite what a running service does not need of the rows that it needs."""
        stays = needed_columns(mapped)
        writes = (
            tuple(w for w in self._blankings(mapped, conflicts) if w.column not in stays) if stays else ()
        )
        if writes and needed is not NEVER:
            yield Action(mapped, needed, writes)

    def _erase_table(self, mapped: Mapped, own: Condition, conflicts: list[Hindrance]) -> Iterator[Action]:
        keep = mapped.map.keep
        if keep and keep.rule in self.retention.rules:
            over = expired(mapped, keep, self.retention, self.order.today)
            yield Action(mapped, both(own, over))
            own = both(own, sa.not_(over))
        if mapped.map.erase == "delete" and not keep:
            yield Action(mapped, own)
        if writes := tuple(self._blankings(mapped, conflicts)):
            yield Action(mapped, own, writes, keep)

    def _blankings(self, mapped: Mapped, conflicts: list[Hindrance]) -> Iterator[Write]:
        if isinstance(mapped.map.erase, dict):
            for column, rule in mapped.map.erase.items():
                try:
                    yield blanking(mapped.facts, column, rule, self.random)
                except ValueError as unfit:
                    conflicts.append(unfit_map(mapped, column, str(unfit)))

    # rectification, restriction, objection

    def _flags(self, conflicts: list[Hindrance]) -> Iterator[Action]:
        for mapped in self.rows.layout:
            own, restrict = self.rows.own(mapped), mapped.map.restrict
            if own is NEVER:
                continue
            if self.order.operation in {Operation.RESTRICT, Operation.LIFT}:
                own = both(own, restrictable(mapped))
                if restrict and (unfit := unfit_to_lift(mapped.facts, restrict)):
                    conflicts.append(unfit_map(mapped, restrict.column, f"{unfit}."))
                    continue
            if self.order.operation is Operation.STOP and _goes(mapped, self.order):
                yield Action(mapped, own)
            elif writes := self._assignments(mapped, conflicts):
                yield Action(mapped, own, tuple(writes))

    def _assignments(self, mapped: Mapped, conflicts: list[Hindrance]) -> Sequence[Write]:
        writes = []
        for what, column, value in self._wanted(mapped):
            try:
                writes.append(self._assigned(mapped, column, value=value))
            except ValueError:
                said = f"{mapped.place(column)} cannot hold the new value of {what}."
                conflicts.append(Hindrance("value", said, mapped.label, (column,)))
        return writes

    def _assigned(self, mapped: Mapped, column: str, *, value: str | int | bool | None) -> Write:
        if self.order.operation is Operation.RECTIFY and isinstance(value, str):
            return correcting(mapped.facts, column, value)
        return assigning(mapped.facts, column, value)

    def _wanted(self, mapped: Mapped) -> Iterator[tuple[str, str, str | int | bool | None]]:
        operation, restrict = self.order.operation, mapped.map.restrict
        if operation is Operation.RECTIFY:
            for name, column in mapped.map.rectified().items():
                if name in self.order.new_values:
                    yield name, column, self.order.new_values[name]
        elif operation is Operation.STOP:
            flags = ((name, mapped.map.stop.get(name)) for name in self.order.purposes)
            named = {flag.column: (name, flag) for name, flag in flags if isinstance(flag, Flag)}
            yield from ((name, column, flag.value) for column, (name, flag) in named.items())
        elif restrict and operation is Operation.RESTRICT:
            yield "the restriction", restrict.column, restrict.value
        elif restrict and operation is Operation.LIFT:
            yield "the restriction", restrict.column, lifted(mapped.facts, restrict)
