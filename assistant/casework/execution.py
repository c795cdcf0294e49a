"""Carrying out an approved plan, step by step, each once, checked afterwards; resumed after a kill."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

import structlog
from sqlmodel import Session, col, select

from assistant.casework import answers, marketing, packages
from assistant.casework.audit import record
from assistant.casework.intake import local_day, move, set_attention
from assistant.casework.planning import propose
from assistant.casework.proof import as_evidence, identity_of
from assistant.casework.queue import DESK, do_propose
from assistant.casework.recipients import tell_recipients
from assistant.domain.assurance import Evidence, Tier
from assistant.domain.plan import Located, Operation, Plan, StepOutcome, plan_from_json
from assistant.domain.rights import Right
from assistant.domain.status import CLOSED, Status
from assistant.errors import AssistantError, NotVerified
from assistant.interfaces import DataSource
from assistant.services import Services
from assistant.store.tables import Action, EvidenceRow, Package, PrivacyRequest, StepRow

log = structlog.get_logger(__name__)
_LEASE = timedelta(minutes=10)
_FIRST_RETRY = timedelta(seconds=30)
_MOST_ATTEMPTS = 5


async def carry_out_due(services: Services) -> int:
    """Carry out every approved plan whose hold is over, copies before erasures."""
    claimed = await services.write(lambda session: _claim(services, session))
    for action_id in claimed:
        await _carry_out(services, action_id)
    return len(claimed)


def release_leases(session: Session) -> None:
    """Take back what a killed process had claimed; only for a desk that is alone on its database."""
    for action in session.exec(select(Action).where(col(Action.lease_until).is_not(None))):
        action.lease_until = None
        session.add(action)


def _claim(services: Services, session: Session) -> list[str]:
    now = services.clock.now()
    rows = session.exec(
        select(Action, PrivacyRequest)
        .join(PrivacyRequest, col(PrivacyRequest.ref) == col(Action.ref))
        .where(col(Action.state).in_(("approved", "executing")), col(Action.not_before) <= now)
        .order_by(col(Action.not_before), col(Action.created_at))
        .limit(50)
    ).all()
    free = [
        action
        for action, request in rows
        if (action.lease_until is None or action.lease_until <= now)
        and _may_begin(services, session, action, request)
    ]
    for action in free:
        action.lease_until = now + _LEASE
        action.attempts += 1
        session.add(action)
    return [action.id for action in free]


def _may_begin(services: Services, session: Session, action: Action, request: PrivacyRequest) -> bool:
    """An erasure waits for the copy: its first complete download, 7 days, but never beyond its due date (flows.md)."""
    if action.state == "executing" or not request.after_ref:
        return True
    first = session.get(PrivacyRequest, request.after_ref)
    now = services.clock.now()
    if first is None or local_day(services, now) >= request.due_on:
        return True
    if first.status not in CLOSED:
        return False
    package = session.exec(select(Package).where(col(Package.ref) == first.ref)).first()
    if package is None or package.downloaded_at:
        return True
    return package.ready_at + timedelta(days=services.settings.periods.erasure_after_package_days) <= now


async def _carry_out(services: Services, action_id: str) -> None:
    action, request, evidence, steps = await services.read(lambda session: _load(session, action_id))
    plan = plan_from_json(action.plan)
    proof = _proof(services, request, evidence)
    try:
        # Once, before the first step (flows.md): a desk killed after a source had committed would find its own work
        # and take it for a change; begun plans go on, and each step tests what it has done already.
        if action.state == "approved" and not await _is_still_true(services, request, plan, evidence):
            return
        await services.write(lambda session: _begin(services, session, action_id))
        if plan.order.operation is Operation.EXPORT and proof:
            await packages.make_package(services, request, action, plan, proof)
        else:
            await _run_steps(services, plan, steps, proof)
    except AssistantError as error:
        await services.write(lambda session, e=error: _failed(services, session, action_id, e))  # type: ignore[misc]
        return
    await services.write(lambda session: _finish(services, session, action_id))


def _load(
    session: Session, action_id: str
) -> tuple[Action, PrivacyRequest, EvidenceRow | None, list[StepRow]]:
    action = session.get_one(Action, action_id)
    request = session.get_one(PrivacyRequest, action.ref)
    evidence = session.get(EvidenceRow, request.evidence_id) if request.evidence_id else None
    return action, request, evidence, _steps(session, action_id)


def _steps(session: Session, action_id: str) -> list[StepRow]:
    return list(
        session.exec(
            select(StepRow).where(col(StepRow.action_id) == action_id).order_by(col(StepRow.ordinal))
        )
    )


def _proof(services: Services, request: PrivacyRequest, evidence: EvidenceRow | None) -> Evidence | None:
    """Give the evidence; what needs some and has none stops here, whoever approved it."""
    if evidence is not None:
        return as_evidence(services, evidence)
    if request.tier_needed > Tier.T0:
        raise NotVerified("Nobody has proved to be this person; nothing is carried out.")
    return None


async def _is_still_true(
    services: Services, request: PrivacyRequest, plan: Plan, evidence: EvidenceRow | None
) -> bool:
    """Plan again and compare the hashes; a plan that differs is void, and the new one waits beside it."""
    if evidence is None:
        return True
    handler = services.handlers[Right(request.right)]
    fresh = await propose(services, handler, identity_of(services, evidence), request.details)
    if fresh.hash == plan.hash:
        return True
    await services.write(lambda session: _plan_changed(services, session, request.ref, fresh))
    return False


def _plan_changed(services: Services, session: Session, ref: str, fresh: Plan) -> None:
    request = session.get_one(PrivacyRequest, ref)
    if request.status == Status.SCHEDULED or fresh.order.operation is Operation.LIFT:
        do_propose(services, session, request, fresh)
        set_attention(services, session, request, "plan_changed")


def _begin(services: Services, session: Session, action_id: str) -> None:
    """From here on undo is too late; raises Conflict's kin if somebody stopped it a moment ago."""
    action = session.get_one(Action, action_id)
    request = session.get_one(PrivacyRequest, action.ref)
    if action.state == "executing":
        return
    if action.state != "approved":
        raise AssistantError("The approval was taken back.", stopped=True)
    if not (_is_freeze(action, request) or action.operation == Operation.LIFT):
        move(services, session, request, Status.EXECUTING, DESK, action=action.id)
    action.state = "executing"
    session.add(action)


def _is_freeze(action: Action, request: PrivacyRequest) -> bool:
    """Tell whether a use is only frozen while a person weighs the objection (GDPR 18(1)(d), 21(1))."""
    return action.automatic and request.status == Status.OPEN


async def _run_steps(
    services: Services, plan: Plan, steps: Sequence[StepRow], proof: Evidence | None
) -> None:
    by_name = {source.name: source for source in services.sources}
    for row, step in zip(steps, plan.steps, strict=True):
        if row.state != "done":
            located = next(at for at in plan.located if at.source == step.source)
            await _run_step(services, row, plan, located, by_name[step.source], proof)


async def _run_step(
    services: Services, row: StepRow, plan: Plan, located: Located, source: DataSource, proof: Evidence | None
) -> None:
    """Carry out one step; whoever erases or discloses holds the evidence (its type says so)."""
    step = plan.steps[row.ordinal]
    log.info("step.begin", action=row.action_id, source=step.source, rows=step.rows, proved=proof is not None)
    outcome = await source.carry_out(step, located, plan.order, lambda _done, _total: None)
    await services.write(lambda session: _step_done(services, session, row, outcome))


def _step_done(services: Services, session: Session, row: StepRow, outcome: StepOutcome) -> None:
    step = session.get_one(StepRow, row.id)
    if step.state == "done":
        return
    step.state, step.rows_done, step.already_done = "done", outcome.rows_done, outcome.already_done
    step.left, step.error, step.done_at = [asdict(left) for left in outcome.left], "", services.clock.now()
    session.add(step)
    action = session.get_one(Action, row.action_id)
    record(
        services,
        session,
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


def _failed(services: Services, session: Session, action_id: str, error: AssistantError) -> None:
    """The source is as it was; tried again with growing pauses, and a person is told at once."""
    action = session.get_one(Action, action_id)
    request = session.get_one(PrivacyRequest, action.ref)
    if error.data.get("stopped"):
        action.lease_until = None
        session.add(action)
        return
    for step in _steps(session, action_id):
        if step.state != "done":
            step.state, step.error = "failed", error.message
            session.add(step)
            break
    action.lease_until = services.clock.now() + _FIRST_RETRY * 2 ** (action.attempts - 1)
    if action.attempts >= _MOST_ATTEMPTS:
        action.state, action.lease_until = "failed", None
    session.add(action)
    record(
        services,
        session,
        request.ref,
        DESK,
        "step_failed",
        action=action.id,
        code=error.code,
        attempt=action.attempts,
    )
    set_attention(services, session, request, f"step_failed:{error.code}")


def _finish(services: Services, session: Session, action_id: str) -> None:
    action = session.get_one(Action, action_id)
    request = session.get_one(PrivacyRequest, action.ref)
    if action.state != "executing":
        return
    action.state, action.lease_until = "done", None
    session.add(action)
    if _is_freeze(action, request):
        answers.say_frozen(services, session, request)
        set_attention(services, session, request, "objection_to_weigh")
        return
    set_attention(services, session, request, None)
    plan = plan_from_json(action.plan)
    if plan.order.operation is Operation.LIFT:
        tell_recipients(services, session, request, plan, failed=frozenset())
    elif plan.order.operation is Operation.EXPORT:
        packages.answer_ready(services, session, request, action)
    elif request.details.get("marketing"):
        marketing.answer_stopped(services, session, request)
        tell_recipients(services, session, request, plan, failed=frozenset())
    else:
        _answer(services, session, request, plan, action_id)


def _answer(
    services: Services, session: Session, request: PrivacyRequest, plan: Plan, action_id: str
) -> None:
    steps = _steps(session, action_id)
    failed = frozenset(step.source for step in steps if step.state != "done")
    answers.answer_done(services, session, request, plan, steps)
    tell_recipients(services, session, request, plan, failed=failed)


def retry(services: Services, session: Session, action: Action, now: datetime) -> None:
    """Have what failed tried again at once."""
    action.state, action.lease_until, action.attempts = "executing", None, 0
    action.not_before = now
    session.add(action)
    record(services, session, action.ref, DESK, "step_retried", action=action.id)


def close_partly(services: Services, session: Session, action: Action, request: PrivacyRequest) -> None:
    """Give up what failed and tell the person honestly what was done and what was not."""
    action.state = "done"
    session.add(action)
    set_attention(services, session, request, None)
    _answer(services, session, request, plan_from_json(action.plan), action.id)
