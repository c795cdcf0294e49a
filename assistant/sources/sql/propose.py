"""Says what an order would do in one database: effects, what is kept, what blocks and what would fail."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import sqlalchemy as sa

from assistant.domain.plan import Hindrance, Keep, Located, Operation, Order, Proposal, Step, TableEffect
from assistant.sources.sql.check import as_conflicts, misfits
from assistant.sources.sql.conflicts import refusals
from assistant.sources.sql.corrections import correcting
from assistant.sources.sql.keeps import blockers, event_days, retained, still_needed
from assistant.sources.sql.recipients import hand_overs
from assistant.sources.sql.values import NEVER, both

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from assistant.domain.recipients import HandOver
    from assistant.sources.sql.actions import Action, Orders
    from assistant.sources.sql.rows import PersonRows


@dataclass(frozen=True)
class Proposing:
    """One proposal in the making."""

    source: str
    orders: Orders

    @property
    def rows(self) -> PersonRows:
        """Give the rows it is about."""
        return self.orders.rows

    @property
    def order(self) -> Order:
        """Give the order it is about."""
        return self.orders.order

    def proposal(self) -> Proposal:
        """Read everything the proposal says; changes nothing."""
        actions, unfit = self.orders.actions()
        effects = list(self._effects(actions))
        erasing = self.order.operation is Operation.ERASE
        conflicts = [*unfit, *self._misfits(), *refusals(self.rows, actions), *self._shared(effects)]
        blocking = (
            ()
            if self.order.keep_services or not erasing
            else blockers(self.rows, self.source, self.order.today)
        )
        corrects, holds = _fields_in(self.orders)
        return Proposal(
            self._step(effects),
            keeps=tuple(self._keeps(actions)) if erasing else (),
            blockers=tuple(blocking),
            conflicts=tuple(dict.fromkeys(replace(each, source=self.source) for each in conflicts)),
            corrects=corrects,
            holds=holds,
        )

    def _step(self, effects: Sequence[TableEffect]) -> Step | None:
        return Step(self.source, self.order.operation, tuple(effects)) if effects else None

    def _effects(self, actions: Sequence[Action]) -> Iterator[TableEffect]:
        told: set[str] = set()
        for action in actions:
            label = action.mapped.label
            number = self.rows.count(action.mapped, action.pending)
            shared = 0 if label in told else self.rows.number(action.mapped, shared=True)
            if number or shared:
                told.add(label)
                yield action.effect(number, shared, self._handed_over(action) if number else ())

    def _handed_over(self, action: Action) -> Iterator[HandOver]:
        columns = [write.column for write in action.writes]
        return hand_overs(self.rows, self.order, action.mapped, action.pending, columns)

    def _keeps(self, actions: Sequence[Action]) -> Iterator[Keep]:
        retention = self.orders.retention
        for action in actions:
            keep = action.keep
            if keep and keep.rule in retention.rules:
                days = event_days(self.rows, action.mapped, action.scope, keep.counted_from)
                if days:
                    yield retained(self.source, action.mapped, keep, retention, days)
        for label, held in self.orders.staying.items():
            mapped = self.rows.layout.tables[label]
            if number := self.rows.count(mapped, both(self.rows.own(mapped), held.rows())):
                yield still_needed(self.source, mapped, number)

    def _misfits(self) -> Iterator[Hindrance]:
        """Say again, for the tables that hold something, what `sources check` says of the map."""
        if self.order.operation is Operation.ERASE:
            for mapped in self.rows.layout:
                if self.rows.number(mapped):
                    found = misfits(
                        mapped.label,
                        mapped.map,
                        mapped.facts,
                        self.rows.layout.joining(mapped),
                        self.orders.retention,
                    )
                    yield from as_conflicts(mapped.label, found)

    def _shared(self, effects: Sequence[TableEffect]) -> Iterator[Hindrance]:
        if self.order.operation is Operation.RECTIFY:
            for effect in effects:
                if effect.shared:
                    also = "are another person's as well and stay as they are; an agent must decide"
                    said = f"{effect.shared} rows of {self.rows.layout.tables[effect.table].title} {also}."
                    yield Hindrance("shared", said, effect.table, rows=effect.shared)


def propose_copy(located: Located, order: Order, rows: PersonRows) -> Proposal:
    """Say what a disclosure would copy: what was located, and to whom it went."""
    effects = []
    for found in located.tables:
        if found.rows:
            mapped = rows.layout.tables[found.table]
            handed = tuple(hand_overs(rows, order, mapped, rows.theirs(mapped)))
            shown = mapped.exported
            effects.append(
                TableEffect(
                    found.table, found.category, found.rows, shown, shared=found.shared, handed_over=handed
                )
            )
    return Proposal(Step(located.source, Operation.EXPORT, tuple(effects)) if effects else None)


def _fields_in(orders: Orders) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give the fields to be corrected that change here, and those that read as they should already."""
    if orders.order.operation is not Operation.RECTIFY:
        return (), ()
    corrects: dict[str, None] = {}
    holds: dict[str, None] = {}
    for mapped in orders.rows.layout:
        own = orders.rows.own(mapped)
        wanted = orders.order.new_values
        named = {name: column for name, column in mapped.map.rectified().items() if name in wanted}
        if own is NEVER or not named or not orders.rows.number(mapped):
            continue
        for name, column in named.items():
            try:
                pending = both(own, sa.not_(correcting(mapped.facts, column, wanted[name]).done))
            except ValueError:
                corrects[name] = None  # a conflict says why it cannot
                continue
            (corrects if orders.rows.count(mapped, pending) else holds)[name] = None
    return tuple(corrects), tuple(name for name in holds if name not in corrects)
