"""The steps of an approved plan, each once: what is done stays done, and how far it has come can be seen and stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from types import TracebackType
from typing import Final, Self

import structlog
from sqlmodel import Session

from assistant.casework.answers import by_hand
from assistant.casework.audit import record
from assistant.casework.lease import ACTIONS
from assistant.casework.requests.queue import DESK
from assistant.domain.assurance import Evidence
from assistant.domain.lifecycle import PlanState, StepState, advance
from assistant.domain.plan import Operation, Plan, StepOutcome
from assistant.errors import AssistantError, Stopped, StoreUnavailable, WaitsForPerson
from assistant.services import Services, Unit
from assistant.store.tables import Action, StepRow

log = structlog.get_logger(__name__)
_NOTED_EVERY: Final = 0.5  # seconds


class Watch:
    """Takes the progress of work, from whatever thread; notes it, and ends the work when an agent stopped it."""

    def __init__(self, services: Services, action_id: str, rows_to_do: int) -> None:
        """Take what is watched."""
        self._services, self._action_id = services, action_id
        self._before, self._done, self._to_do = 0, 0, rows_to_do
        self._noted, self._kept_at = -1, services.clock.now()
        self._is_stopped = False
        self._noting: asyncio.Task[None] | None = None

    def __call__(self, done: int, total: int) -> None:
        """Take how far one step has come; raises Stopped."""
        self._done, self._to_do = self._before + done, max(self._to_do, self._before + total)
        if self._is_stopped:
            raise Stopped

    def step_done(self, rows: int) -> None:
        """Begin to count the next step where this one ended; raises Stopped."""
        self._before += rows
        self(0, 0)

    async def __aenter__(self) -> Self:
        self._noting = asyncio.create_task(self._note_on_and_on())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._noting:
            self._noting.cancel()
            with suppress(asyncio.CancelledError):
                await self._noting

    async def _note_on_and_on(self) -> None:
        while not self._is_stopped:
            await asyncio.sleep(_NOTED_EVERY)
            with suppress(StoreUnavailable):  # a stop is heard as long as the work goes on
                await self._look()

    async def _look(self) -> None:
        now, done = self._services.clock.now(), self._done
        if done != self._noted or now - self._kept_at > ACTIONS.lasts / 3:
            self._is_stopped = await self._services.write(self._note)
            self._noted, self._kept_at = done, now
        else:
            self._is_stopped = await self._services.read(self._was_stopped)

    def _note(self, unit: Unit) -> bool:
        action = unit.session.get_one(Action, self._action_id)
        action.rows_done, action.rows_to_do = self._done, self._to_do
        unit.session.add(action)
        # While the work goes on it is nobody else's, however long that is.
        ACTIONS.renew(unit, [self._action_id])
        return self._was_stopped(unit)

    def _was_stopped(self, unit: Unit) -> bool:
        return unit.session.get_one(Action, self._action_id).state != PlanState.EXECUTING


async def run_steps(
    services: Services, plan: Plan, steps: Sequence[StepRow], proof: Evidence | None, watch: Watch
) -> bool:
    """Carry out what is not done; tells whether everything is, or people are still at it by hand.

    What one source cannot do stops no other: it is noted, and raised once the rest was tried. Raises Stopped at once.
    """
    by_name = {source.name: source for source in services.sources}
    waiting, trouble = False, None
    for row in steps:
        step = plan.steps[row.ordinal]
        source = by_name[step.source]
        if row.state == StepState.DONE:
            watch.step_done(row.rows_done)
            continue
        if step.operation is Operation.EXPORT and source.kind != "manual":
            continue  # copied into the package, all at once
        located = next(at for at in plan.located if at.source == step.source)
        log.info(
            "step.begin", action=row.action_id, source=step.source, rows=step.rows, proved=proof is not None
        )
        try:
            outcome = await source.carry_out(step, located, plan.order, watch)
        except WaitsForPerson:
            waiting = True
            await services.write(lambda unit, r=row: by_hand.open_task(unit, r))  # type: ignore[misc]
            continue
        except Stopped:
            raise
        except AssistantError as error:
            trouble = trouble or error
            await services.write(lambda unit, r=row, e=error: _step_failed(unit.session, r, e))  # type: ignore[misc]
            continue
        await services.write(lambda unit, r=row, o=outcome: _step_done(unit, r, o))  # type: ignore[misc]
        watch.step_done(outcome.rows_done)
    if trouble is not None:
        raise trouble
    return not waiting


def _step_failed(session: Session, row: StepRow, error: AssistantError) -> None:
    step = session.get_one(StepRow, row.id)
    step.state = advance(step.state, StepState.FAILED)
    step.error, step.error_code = error.message, error.code
    session.add(step)


def _step_done(unit: Unit, row: StepRow, outcome: StepOutcome) -> None:
    step = unit.session.get_one(StepRow, row.id)
    if step.state == StepState.DONE:
        return
    step.state = advance(step.state, StepState.DONE)
    step.rows_done, step.already_done = outcome.rows_done, outcome.already_done
    step.done, step.left = [asdict(each) for each in outcome.done], [asdict(each) for each in outcome.left]
    step.error, step.error_code, step.done_at = "", "", unit.now
    unit.session.add(step)
    action = unit.session.get_one(Action, row.action_id)
    record(
        unit,
        action.ref,
        DESK,
        "step_done",
        action=action.id,
        source=step.source,
        operation=step.operation,
        rows=step.rows_done,
        already_done=step.already_done,
        left=len(step.left),
    )
