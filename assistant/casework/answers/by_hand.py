"""Steps that an agent carries out by hand: the task, its reminder, and the form that says what was found or done."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlmodel import col, select

from assistant.casework import saying
from assistant.casework.audit import record
from assistant.casework.requests.queue import WORKERS, Principal, get_action
from assistant.casework.saying.typed import check_words
from assistant.domain.lifecycle import StepState, advance
from assistant.domain.manual_map import ManualMap
from assistant.domain.plan import Located, Operation, Plan, Step, TableEffect, TableRows
from assistant.errors import Conflict, Invalid, NotFound
from assistant.interfaces import ExportedTable
from assistant.services import Services, Unit
from assistant.store.tables import Action, Agent, PrivacyRequest, StepRow

COLUMN: Final = "record"
_MEANS: Final = {
    COLUMN: "What our staff found",
    f"{COLUMN}@fr": "Ce que notre personnel a trouvé",
}
_LONGEST: Final = 200_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What an agent says: the records found, one a line, or how many were dealt with and how many stay, and why."""

    found: str = ""
    rows: int = 0
    left: int = 0
    why: str = ""


def map_of(services: Services, source: str) -> ManualMap:
    """Give the map of what is looked up by hand; raises NotFound."""
    found = services.settings.maps.get(source)
    if not isinstance(found, ManualMap):
        raise NotFound(f"Nothing is looked up by hand in {source}.")
    return found


def open_task(unit: Unit, row: StepRow) -> None:
    """Ask the named agent to look, and again when the time of the reminder has come."""
    step = unit.session.get_one(StepRow, row.id)
    now = unit.now
    if step.state == StepState.DONE or (
        step.state == StepState.BY_HAND and step.remind_at and step.remind_at > now
    ):
        return
    action = unit.session.get_one(Action, step.action_id)
    mapped = map_of(unit.services, step.source)
    if step.state != StepState.BY_HAND:
        step.state, step.opened_at = advance(step.state, StepState.BY_HAND), now
        record(unit, action.ref, "desk", "task_opened", source=step.source, assignee=mapped.agent)
    step.remind_at = now + timedelta(days=mapped.remind_days)
    unit.session.add(step)
    _ask(unit, action, step, mapped, now)


def _ask(unit: Unit, action: Action, step: StepRow, mapped: ManualMap, now: datetime) -> None:
    request = unit.session.get_one(PrivacyRequest, action.ref)
    for address, language in _agents(unit, mapped.agent):
        saying.mail(
            unit,
            "agent_task",
            to=address,
            language=language,
            ref=action.ref,
            key=f"task:{step.id}:{now.date()}:{unit.services.keyring.keyed_hash(address)[:16]}",
            requests=[saying.as_seen(request)],
            systems=[step.source],
            look_up=getattr(mapped.look_up, language),
            asked_at=step.opened_at,
            url=f"{unit.services.settings.server.public_url}/console/requests/{action.ref}",
        )


def _agents(unit: Unit, name: str) -> list[tuple[str, str]]:
    """Give where the named agent is reached; everybody where nobody of that name is."""
    active = unit.session.exec(
        select(Agent).where(col(Agent.active).is_(True), col(Agent.email).is_not(None))
    ).all()
    named = [agent for agent in active if agent.name == name] or list(active)
    support = unit.services.settings.support
    return [(agent.email or "", agent.language) for agent in named] or [
        (support.forward_to, support.agents_language)
    ]


def answer(unit: Unit, action_id: str, source: str, said: Answer, agent: Principal) -> StepRow:
    """Take what an agent found or did; the plan goes on once nothing waits any more."""
    agent.require(*WORKERS)
    action, _ = get_action(unit.session, action_id)
    step = unit.session.exec(
        select(StepRow).where(col(StepRow.action_id) == action_id, col(StepRow.source) == source)
    ).first()
    if step is None:
        raise NotFound(f"This plan has no step in {source}.")
    if step.state != StepState.BY_HAND:
        raise Conflict("This is done already, or it is not its turn yet; look at the request again.")
    if step.operation == Operation.EXPORT:
        _take_found(unit.services, step, said)
    else:
        _take_done(step, said, map_of(unit.services, source).category)
    step.state = advance(step.state, StepState.DONE)
    step.done_at, step.remind_at = unit.now, None
    unit.session.add(step)
    action.not_before = unit.now  # its lease stays: another step may be under way
    unit.session.add(action)
    record(
        unit,
        action.ref,
        agent.actor,
        "task_done",
        action=action_id,
        source=source,
        rows=step.rows_done,
        left=len(step.left),
    )
    unit.wake("carry_out")
    return step


def _take_found(services: Services, step: StepRow, said: Answer) -> None:
    lines = [line.strip() for line in said.found.splitlines() if line.strip()]
    if len(said.found) > _LONGEST:
        raise Invalid(
            f"That is more than {_LONGEST} characters; name the records, and send long ones yourself."
        )
    step.found = services.keyring.seal(json.dumps(lines))
    step.rows_done = step.rows_to_do = len(lines)


def _take_done(step: StepRow, said: Answer, category: str) -> None:
    if said.rows < 0 or said.left < 0:
        raise Invalid("Numbers of records are nought or more.")
    if said.left:
        check_words(said.why, empty="Say why something stays; the person is told (GDPR 12(4)).")
    step.rows_done = step.rows_to_do = said.rows
    counted = asdict(TableRows(step.source, category, said.rows))
    step.done = [counted] if said.rows else []
    if said.left:
        step.left = [counted | {"rows": said.left}]
        step.error = said.why.strip()


def wait(unit: Unit, action_id: str) -> None:
    """Let a plan rest while people are at it; a sweep looks again when the next reminder is due."""
    action = unit.session.get_one(Action, action_id)
    steps = unit.session.exec(select(StepRow).where(col(StepRow.action_id) == action_id)).all()
    times = [step.remind_at for step in steps if step.state == StepState.BY_HAND and step.remind_at]
    action.lease_until, action.attempts = None, 0
    # An agent may have answered between the look at the steps and this: then nothing is waited for.
    action.not_before = min(times, default=unit.now)
    unit.session.add(action)


# ── what was found, as a plan and as a part of a copy ────────────────────────────────────────────────


def counted(plan: Plan, steps: Sequence[StepRow]) -> Plan:
    """Give the plan with what people counted, where nobody could count before."""
    rows = {row.ordinal: row.rows_done for row in steps}
    known = {at.source: at for at in plan.located}
    new_steps = []
    for number, step in enumerate(plan.steps):
        if step.rows or not rows.get(number):
            new_steps.append(step)
            continue
        effects = (replace(step.effects[0], rows=rows[number]), *step.effects[1:])
        new_steps.append(replace(step, effects=effects))
        known[step.source] = _located(known[step.source], effects)
    return replace(plan, steps=tuple(new_steps), located=tuple(known[at.source] for at in plan.located))


def _located(at: Located, effects: Sequence[TableEffect]) -> Located:
    return replace(at, tables=tuple(TableRows(e.table, e.category, e.rows) for e in effects))


@dataclass(frozen=True, slots=True)
class FoundByHand:
    """What an agent found, to be copied like the rows of any source."""

    name: str
    mapped: ManualMap
    lines: tuple[str, ...]
    kind: str = "manual"

    async def export(self, located: Located, *, portable_only: bool = False) -> AsyncIterator[ExportedTable]:
        """Give the lines as one table."""
        mapped = self.mapped
        if portable_only and not mapped.portable:
            return
        yield ExportedTable(
            self.name,
            mapped.name,
            mapped.category,
            (COLUMN,),
            _MEANS,
            self._rows(),
            purpose=mapped.purpose,
            origin=mapped.origin,
        )

    async def _rows(self) -> AsyncIterator[Sequence[tuple[Any, ...]]]:
        yield [(line,) for line in self.lines]


def found_by_hand(services: Services, steps: Sequence[StepRow]) -> dict[str, FoundByHand]:
    """Give what agents found, by source."""
    return {
        step.source: FoundByHand(
            step.source,
            map_of(services, step.source),
            tuple(json.loads(services.keyring.unseal(step.found))),
        )
        for step in steps
        if step.found
    }


def is_by_hand(step: Step, services: Services) -> bool:
    """Tell whether people carry a step out."""
    return isinstance(services.settings.maps.get(step.source), ManualMap)
