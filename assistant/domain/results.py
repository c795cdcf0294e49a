"""What a plan came to, step by step, as it was counted when it was carried out: the only ground of a letter."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from assistant.domain.plan import Plan, Step, TableRows


@dataclass(frozen=True, slots=True)
class StepResult:
    """What one step did in one source; `left` is what stayed there although it should not, `code` or `said` why.

    `done` counts no rows where the step was found done already: how many it were nobody can tell any more.
    """

    step: Step
    is_done: bool
    done: tuple[TableRows, ...] = ()
    left: tuple[TableRows, ...] = ()
    code: str = ""
    said: str = ""  # by whoever looked by hand, for the person to read

    @property
    def source(self) -> str:
        """Name the source."""
        return self.step.source

    @property
    def is_whole(self) -> bool:
        """Tell whether it did all that it should."""
        return self.is_done and not self.left


@dataclass(frozen=True, slots=True)
class Result:
    """What a plan came to."""

    plan: Plan
    steps: tuple[StepResult, ...]

    @property
    def done(self) -> tuple[StepResult, ...]:
        """List the steps that were carried out, whatever they left."""
        return tuple(step for step in self.steps if step.is_done)

    @property
    def left(self) -> tuple[StepResult, ...]:
        """List the steps that left something, or everything."""
        return tuple(step for step in self.steps if not step.is_whole)

    @property
    def is_partial(self) -> bool:
        """Tell whether something asked for was not done: left in a source, or known to no map."""
        return bool(self.left or self.plan.nowhere)

    @property
    def sources_not_done(self) -> frozenset[str]:
        """Name the sources in which nothing was done."""
        return frozenset(step.source for step in self.steps if not step.is_done)


def as_planned(plan: Plan) -> Result:
    """Give what a plan comes to if every step succeeds: for a look beforehand, never for a letter."""
    return Result(plan, tuple(StepResult(step, is_done=True, done=planned(step)) for step in plan.steps))


def planned(step: Step) -> tuple[TableRows, ...]:
    """Count what a step is to do, table by table."""
    return tuple(TableRows(e.table, e.category, e.rows) for e in step.effects)


def lines(tables: Collection[TableRows]) -> list[dict[str, Any]]:
    """Count by category, as letters list it; no number where nobody could count."""
    counted = rows_by_category(tables)
    return [{"category": name, "rows": rows or None} for name, rows in counted.items()]


def rows_by_category(tables: Collection[TableRows]) -> dict[str, int]:
    """Add up rows by category; a category of which nobody counted the rows has none."""
    found: dict[str, int] = {}
    for table in tables:
        found[table.category] = found.get(table.category, 0) + table.rows
    return dict(sorted(found.items()))
