"""Carries out one approved step inside one transaction, and proves it before the transaction is committed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from assistant.domain.plan import Operation, Step, StepOutcome, TableRows
from assistant.errors import EffectNotVerified, SourceMisfit, StalePlan
from assistant.sources.sql.actions import Action, Orders, signature_of
from assistant.sources.sql.keeps import blockers
from assistant.sources.sql.order import circles, in_order
from assistant.sources.sql.schema import may_fire_triggers
from assistant.sources.sql.sets import by_index
from assistant.sources.sql.values import both

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from assistant.domain.data_map import KeepRule
    from assistant.interfaces import Progress
    from assistant.sources.sql.layout import Mapped
    from assistant.sources.sql.rows import PersonRows
    from assistant.sources.sql.schema import TableId
    from assistant.sources.sql.sets import Held
    from assistant.sources.sql.values import Write

_BATCH = 1000


@dataclass
class CarryingOut:
    """One step on its way; whatever it raises, the caller rolls back."""

    source: str
    step: Step
    orders: Orders
    progress: Progress
    _kept: list[tuple[Mapped, KeepRule, Held]] = field(default_factory=list)
    _watched: set[TableId] = field(default_factory=set)  # more may happen there than a statement says

    @property
    def rows(self) -> PersonRows:
        """Give the rows it is about."""
        return self.orders.rows

    def outcome(self) -> StepOutcome:
        """Do what is not done yet and verify it; raises EffectNotVerified, StalePlan or SourceMisfit."""
        actions, unfit = self.orders.actions()
        if unfit:
            raise SourceMisfit(f"{self.source}: {' '.join(each.said for each in unfit)}")
        approved = {signature_of(effect) for effect in self.step.effects}
        todo = [action for action in actions if action.signature in approved]
        counts = {action: self._pending(action) for action in todo}
        others = [action for action in actions if action.signature not in approved]
        if not any(counts.values()):
            return StepOutcome(self.step, already_done=True, rows_done=0, left=self._left(others))
        self._stop_for_services()
        self._watch(counts)
        totals = self._totals()
        self._apply(counts)
        self._verify(counts, totals)
        return StepOutcome(
            self.step,
            already_done=False,
            rows_done=sum(counts.values()),
            done=tuple(_counted(action, number) for action, number in counts.items() if number),
            left=self._left(others),
        )

    def _pending(self, action: Action) -> int:
        return self.rows.count(action.mapped, action.pending)

    def _left(self, others: Sequence[Action]) -> tuple[TableRows, ...]:
        """Count what the person has by now that nobody approved: it is reported, not touched."""
        counted = ((action.mapped, self._pending(action)) for action in others)
        return tuple(TableRows(mapped.label, mapped.map.category, rows) for mapped, rows in counted if rows)

    def _stop_for_services(self) -> None:
        order = self.orders.order
        if order.operation is Operation.ERASE and not order.keep_services:
            running = next(blockers(self.rows, self.source, order.today), None)
            if running:
                raise StalePlan(
                    f"{self.source}: {running.rows} rows of {running.table} are a running service "
                    f"({running.what}); end the service, or plan again and keep it."
                )

    # doing

    def _apply(self, counts: Mapping[Action, int]) -> None:
        done, total = 0, sum(counts.values())
        self.progress(done, total)
        ordered = in_order([action for action, number in counts.items() if number])
        for link in circles(self.rows, ordered):
            if link.loose:
                loose = sa.update(link.action.mapped.clause).where(link.action.scope)
                self._change(loose.values(dict.fromkeys(link.loose)))
        for action in ordered:
            self._write(action) if action.writes else self._delete(action, counts[action])
            done += counts[action]
            self.progress(done, total)

    def _change(self, change: sa.Update | sa.Delete) -> int:
        connection = self.rows.connection
        return connection.execute(by_index(connection, change)).rowcount

    def _delete(self, action: Action, number: int) -> None:
        gone = self._change(sa.delete(action.mapped.clause).where(action.scope))
        if gone != number and action.mapped.facts.id not in self._watched:
            raise self._wrong(f"{gone} rows of {action.mapped.label} went where {number} should")

    def _write(self, action: Action) -> None:
        mapped = action.mapped
        if action.keep:
            held = self.rows.hold(mapped, action.scope, action.keep.columns)
            self._kept.append((mapped, action.keep, held))
        alike = {w.column: _value(w) for w in action.writes if not (w.fresh and w.unique)}
        if alike:
            self._change(sa.update(mapped.clause).where(action.pending).values(alike))
        for write in action.writes:
            if write.fresh and write.unique:
                self._write_apart(action, write, write.fresh)

    def _write_apart(self, action: Action, write: Write, fresh: Callable[[], Any]) -> None:
        """Give each row a value of its own, a batch at a time."""
        mapped = action.mapped
        open_rows = both(action.scope, sa.not_(write.done))
        batch = sa.select(*mapped.columns(mapped.map.key)).where(open_rows).limit(_BATCH)
        one = both(
            *(mapped.clause.c[name] == sa.bindparam(f"key_{i}") for i, name in enumerate(mapped.map.key))
        )
        update = sa.update(mapped.clause).where(one).values({write.column: sa.bindparam("value")})
        before = -1
        while (keys := self.rows.connection.execute(batch).all()) and before != (
            left := self.rows.count(mapped, open_rows)
        ):
            before = left
            self.rows.connection.execute(
                update,
                [{"value": fresh(), **{f"key_{i}": part for i, part in enumerate(key)}} for key in keys],
            )

    # proving

    def _watch(self, counts: Mapping[Action, int]) -> None:
        """Choose the tables that are counted as a whole: those that triggers or cascades may reach."""
        schema = self.rows.layout.schema
        changing = [action for action, number in counts.items() if number]
        if may_fire_triggers(self.rows.connection, schema, [action.mapped.facts.id for action in changing]):
            self._watched = {id_ for id_, facts in schema.tables.items() if not facts.is_view}
            return
        for action in changing:
            for child, reference in schema.pointing_at(action.mapped.facts.id):
                if not action.writes and reference.on_delete == "CASCADE":
                    self._watched |= {child.id, action.mapped.facts.id}

    def _totals(self) -> dict[TableId, int]:
        count, tables = sa.select(sa.func.count()), self.rows.layout.schema.tables
        clauses = {id_: tables[id_].clause for id_ in self._watched}
        return {
            id_: self.rows.connection.execute(count.select_from(clause)).scalar_one()
            for id_, clause in clauses.items()
        }

    def _verify(self, counts: Mapping[Action, int], before: Mapping[TableId, int]) -> None:
        for action in counts:
            if left := self._pending(action):
                raise self._wrong(
                    f"{left} rows of {action.mapped.label} are still there or still as they were"
                )
        self._verify_totals(counts, before)
        for mapped, keep, held in self._kept:
            self._verify_kept(mapped, keep, held)

    def _verify_totals(self, counts: Mapping[Action, int], before: Mapping[TableId, int]) -> None:
        gone: dict[TableId, int] = {}
        for action, number in counts.items():
            if not action.writes:
                gone[action.mapped.facts.id] = gone.get(action.mapped.facts.id, 0) + number
        for id_, after in self._totals().items():
            expected = before[id_] - gone.get(id_, 0)
            if after < expected or (id_ in gone and after != expected):
                raise self._wrong(f"{id_[1]} holds {after} rows where {expected} should be")

    def _verify_kept(self, mapped: Mapped, keep: KeepRule, held: Held) -> None:
        same = both(
            *(mapped.clause.c[name] == held.clause.c[name] for name in mapped.map.key),
            *(mapped.clause.c[name].is_not_distinct_from(held.clause.c[name]) for name in keep.columns),
        )
        unchanged = sa.select(sa.func.count()).select_from(held.clause.join(mapped.clause, same))
        if self.rows.connection.execute(unchanged).scalar_one() != held.size:
            raise self._wrong(f"columns of {mapped.label} that must be kept have changed")

    def _wrong(self, what: str) -> EffectNotVerified:
        return EffectNotVerified(
            f"{self.source}: after carrying out, {what}; everything was rolled back. "
            "Look for a trigger or another program that writes there, then try again."
        )


def _counted(action: Action, rows: int) -> TableRows:
    return TableRows(action.mapped.label, action.mapped.map.category, rows)


def _value(write: Write) -> Any:
    """Give what is written: NULL as such, which a JSON column would else take for the JSON value null."""
    value = write.fresh() if write.fresh else write.value
    return sa.null() if value is None else value
