"""What was recorded of the steps of a plan, read as its result."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.domain.lifecycle import StepState
from assistant.domain.plan import Plan, Step, TableRows
from assistant.domain.results import Result, StepResult, planned
from assistant.store.tables import StepRow

NOT_TRIED = "not_tried"


def result_of(plan: Plan, rows: Sequence[StepRow]) -> Result:
    """Read what was recorded of a plan's steps."""
    by_ordinal = {row.ordinal: row for row in rows}
    return Result(plan, tuple(_result(step, by_ordinal[n]) for n, step in enumerate(plan.steps)))


def _result(step: Step, row: StepRow) -> StepResult:
    left = tuple(TableRows(**each) for each in row.left)
    if row.state == StepState.DONE:
        counted = tuple(TableRows(**each) for each in row.done)
        found_done = (
            tuple(TableRows(e.table, e.category, 0) for e in step.effects) if row.already_done else ()
        )
        return StepResult(step, is_done=True, done=counted or found_done, left=left, said=_said(row))
    code = row.error_code or (row.state if row.state == StepState.BY_HAND else NOT_TRIED)
    return StepResult(step, is_done=False, left=planned(step), code=code)


def _said(row: StepRow) -> str:
    return row.error if row.left and not row.error_code else ""
