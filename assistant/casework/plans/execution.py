"""Carrying out an approved plan, step by step, each once, checked afterwards; resumed after a kill."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count, islice

import structlog
from sqlmodel import Session, col, select

from assistant.casework.answers import answers, by_hand, packages
from assistant.casework.answers.recipients import tell_recipients
from assistant.casework.audit import record
from assistant.casework.decisions import sparing
from assistant.casework.lease import ACTIONS, pause_after
from assistant.casework.plans.planning import propose, proved_identity
from assistant.casework.plans.steps import Watch, run_steps
from assistant.casework.requests import asked_beside
from assistant.casework.requests.evidence import answer_for, as_evidence, why_short
from assistant.casework.requests.intake import move, set_attention
from assistant.casework.requests.one_by_one import each, may_be_tried, named
from assistant.casework.requests.queue import (
    DESK,
    WORKERS,
    Principal,
    Scope,
    do_propose,
    get_action,
    void_actions,
)
from assistant.casework.requests.results import result_of
from assistant.casework.saying import flood
from assistant.casework.uses import marketing, put_back
from assistant.casework.uses.suppression import MARKETING
from assistant.domain.attention import Attention
from assistant.domain.details import FoundOut
from assistant.domain.lifecycle import CLOSED, PlanState, Status, StepState, advance
from assistant.domain.plan import Operation, Plan, plan_from_json, plan_to_json
from assistant.domain.rights import Right
from assistant.domain.uses import EndOfUse
from assistant.errors import AssistantError, Conflict, Stopped
from assistant.services import Services, Unit
from assistant.store.queries import live_plan_of
from assistant.store.tables import Action, EvidenceRow, Package, PrivacyRequest, StepRow

log = structlog.get_logger(__name__)
_FIRST_RETRY, _LONGEST_RETRY = timedelta(seconds=30), timedelta(minutes=8)
_MOST_ATTEMPTS = 5
_AT_ONCE = 50


async def carry_out_due(services: Services) -> int:
    """Carry out every approved plan whose hold is over, copies before erasures."""
    dead = await services.read(_to_end)
    await each(services, "carry_out", dead, lambda ident: services.write(lambda unit: _stopped(unit, ident)))
    claimed = await services.write(_claim)
    return await each(services, "carry_out", claimed, lambda ident: _carry_out(services, ident))


def _claim(unit: Unit) -> list[str]:
    now = unit.now
    free = list(islice(_ready(unit, now), _AT_ONCE))
    ACTIONS.take(unit, free)
    return free


def _ready(unit: Unit, now: datetime) -> Iterator[str]:
    """Give what may go on, page by page: what waits for a copy or an answer stands before it in the line, for days."""
    due = (
        select(Action.id)
        .where(
            col(Action.state).in_((PlanState.APPROVED, PlanState.EXECUTING)),
            col(Action.not_before) <= now,
            ACTIONS.is_free(now),
            may_be_tried("carry_out", Action.id, now),
        )
        .order_by(col(Action.not_before), col(Action.created_at), col(Action.id))
    )
    for at in count(step=_AT_ONCE):
        rows = unit.session.exec(due.offset(at).limit(_AT_ONCE)).all()
        yield from (ident for ident in rows if _is_ready(unit, ident))
        if len(rows) < _AT_ONCE:
            return


def _is_ready(unit: Unit, ident: str) -> bool:
    try:
        action = unit.session.get_one(Action, ident)
        return _may_begin(unit, action, unit.session.get_one(PrivacyRequest, action.ref))
    except Exception:  # broad: what cannot be read fails in its own turn, where it is counted and shown
        return True


def _to_end(unit: Unit) -> list[str]:
    """List what was to stop when its process died: nobody else would ever call it stopped."""
    now = unit.now
    late = select(Action.id).where(
        col(Action.state) == PlanState.STOPPING,
        ACTIONS.is_free(now),
        may_be_tried("carry_out", Action.id, now),
    )
    return list(unit.session.exec(late))


def _may_begin(unit: Unit, action: Action, request: PrivacyRequest) -> bool:
    """An erasure waits for the copy: its first complete download, 7 days, but never beyond its due date."""
    stands_still = sparing.holds_back(unit, request) or asked_beside.is_unread(unit.session, request)
    if action.state == PlanState.EXECUTING or stands_still:
        # Told not to, or asked for more: nobody has said what is meant.
        return action.state == PlanState.EXECUTING
    if not request.after_ref:
        return True
    first = unit.session.get(PrivacyRequest, request.after_ref)
    now = unit.now
    if first is None or unit.services.local_day(now) >= request.due_on:
        return True
    if first.status not in CLOSED:
        return False
    package = unit.session.exec(select(Package).where(col(Package.ref) == first.ref)).first()
    if package is None or package.downloaded_at:
        return True
    return package.ready_at + timedelta(days=unit.services.settings.periods.erasure_after_package_days) <= now


async def _carry_out(services: Services, action_id: str) -> None:
    action, request, evidence, steps = await services.read(lambda unit: _load(unit.session, action_id))
    proof = as_evidence(services, evidence) if evidence else None
    try:
        plan = await _begun(services, action, request, evidence)
        if plan is None:
            return
        async with Watch(services, action_id, plan.rows) as watch:
            if not await run_steps(services, plan, steps, proof, watch):
                await services.write(lambda unit: by_hand.wait(unit, action_id))
                return
            if plan.order.operation is Operation.EXPORT and proof:
                await packages.make_package(services, request, action, plan, proof, watch)
        # An answer that cannot be written is a failure like any other: tried again, an agent called, nothing closed.
        await services.write(lambda unit: _finish(unit, action_id))
    except Stopped:
        await services.write(lambda unit: _stopped(unit, action_id))
        return
    except AssistantError as error:
        await services.write(lambda unit, e=error: _failed(unit, action_id, e))  # type: ignore[misc]
        return
    except Exception as error:  # broad: whatever one plan meets, people learn of it and the next plan goes on
        log.error("carry_out.failed", action=action_id, **named(error))  # noqa: TRY400 - it may quote a row
        unknown = AssistantError("An error of the desk stopped it; the log names it.")
        await services.write(lambda unit: _failed(unit, action_id, unknown))


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


async def _begun(
    services: Services, action: Action, request: PrivacyRequest, evidence: EvidenceRow | None
) -> Plan | None:
    """Give the plan that has begun, None where it may not.

    It is compared once, before the first step: a desk killed after a source had committed would find its own
    work and take it for a change; begun plans go on, and each step tests what it has done already.
    """
    plan = plan_from_json(action.plan)
    is_fresh = action.state == PlanState.APPROVED
    now = await _as_of_now(services, request, plan, evidence) if is_fresh else plan
    if now is None:
        return None
    begun = await services.write(lambda unit: _begin(unit, action.id, now))
    return now if begun else None


async def _as_of_now(
    services: Services, request: PrivacyRequest, plan: Plan, evidence: EvidenceRow | None
) -> Plan | None:
    """Plan again and compare the hashes: gives the plan with what it counts now, since letters say what stays.

    A plan that differs is void, and the new one waits beside it; not where less is left to do by what the desk did itself
    for another request: anybody may have marketing end in anybody's name, and would make every approval void with it.
    """
    if evidence is None:
        return plan
    handler = services.handlers[Right(request.right)]
    identity = await proved_identity(services, evidence)
    fresh = await propose(services, handler, identity, request.details)
    if fresh.hash == plan.hash:
        return fresh
    if fresh.is_less_of(plan, await services.read(lambda unit: _changed_by_us(unit.session, request, plan))):
        return fresh.in_steps_of(plan)
    await services.write(lambda unit: _plan_changed(unit, request.ref, fresh))
    return None


def _changed_by_us(session: Session, request: PrivacyRequest, plan: Plan) -> set[tuple[str, str]]:
    """Name the tables in which the desk changed rows of the same person for other requests since this was planned."""
    approved = live_plan_of(session, request.ref)
    done = (
        select(Action, StepRow)
        .join(StepRow, col(StepRow.action_id) == col(Action.id))
        .where(
            col(Action.ref) != request.ref,
            col(StepRow.state) == StepState.DONE,
            col(StepRow.done_at) >= (approved.created_at if approved else request.received_at),
        )
    )
    changed: set[tuple[str, str]] = set()
    for other, row in session.exec(done):
        theirs = plan_from_json(other.plan)
        if theirs.is_of_same(plan):
            changed |= {(row.source, effect.table) for effect in theirs.steps[row.ordinal].effects}
    return changed


def _plan_changed(unit: Unit, ref: str, fresh: Plan) -> None:
    request = unit.session.get_one(PrivacyRequest, ref)
    if request.status == Status.SCHEDULED or fresh.order.operation is Operation.LIFT:
        do_propose(unit, request, fresh)
        set_attention(unit, request, Attention.PLAN_CHANGED)
    elif request.status == Status.OPEN:
        # A freeze, which no person approved: planned as it was the first time.
        void_actions(unit, ref, "plan_changed")
        request.to_plan_at = unit.now
        unit.session.add(request)
        unit.wake("plan")


def _begin(unit: Unit, action_id: str, plan: Plan) -> bool:
    """From here on undo is too late; gives False where it was taken back a moment ago, or the proof is not enough now."""
    action = unit.session.get_one(Action, action_id)
    request = unit.session.get_one(PrivacyRequest, action.ref)
    if action.state == PlanState.EXECUTING:
        return True
    stands_still = sparing.is_paused(request) or asked_beside.is_unread(unit.session, request)
    if action.state != PlanState.APPROVED or stands_still:  # taken back, told not to, or asked for more first
        action.lease_until = None
        unit.session.add(action)
        return False
    if not _is_proved(unit, action, request):
        return False
    if not (_is_freeze(action, request) or action.operation == Operation.LIFT):
        move(unit, request, Status.EXECUTING, DESK, action=action.id)
    if plan.hash != plan_from_json(action.plan).hash:
        record(unit, request.ref, DESK, "plan_less", action=action.id, hash=plan.hash)
    action.state, action.plan = advance(action.state, PlanState.EXECUTING), plan_to_json(plan)
    unit.session.add(action)
    return True


def _is_proved(unit: Unit, action: Action, request: PrivacyRequest) -> bool:
    """Ask once more, in the unit in which the effect begins: proof may have been put in doubt since the approval."""
    evidence = unit.session.get(EvidenceRow, request.evidence_id) if request.evidence_id else None
    answer = answer_for(unit.services, request, evidence, plan_from_json(action.plan))
    if answer.missing is not None:
        action.state = advance(action.state, PlanState.PROPOSED)
        action.not_before, action.lease_until, action.approvals = None, None, []
        unit.session.add(action)
        why = why_short(answer, evidence)
        record(unit, request.ref, DESK, "approval_undone", action=action.id, reason=why)
        if request.status == Status.SCHEDULED:
            move(unit, request, Status.AWAITING_APPROVAL, DESK)
        set_attention(unit, request, why)
        return False
    if answer.not_before and answer.not_before > unit.now:
        action.not_before, action.lease_until = answer.not_before, None
        unit.session.add(action)
        return False
    return True


def _is_freeze(action: Action, request: PrivacyRequest) -> bool:
    """Tell whether a use is only frozen while a person weighs the objection (GDPR 18(1)(d), 21(1))."""
    return action.automatic and request.status == Status.OPEN


def stop(unit: Unit, action_id: str, agent: Principal) -> Action:
    """Have a plan that is being carried out stop as soon as it can; a step under way is rolled back."""
    agent.require(*WORKERS, scope=Scope.APPROVE)
    action, request = get_action(unit.session, action_id)
    if action.state != PlanState.EXECUTING:
        raise Conflict("Only what is being carried out can be stopped.", state=action.state)
    # Where nothing runs, because people are at it by hand, there is nothing to wait for.
    action.state = advance(action.state, PlanState.STOPPING if action.lease_until else PlanState.STOPPED)
    unit.session.add(action)
    record(unit, request.ref, agent.actor, "plan_stopped", action=action.id)
    if action.state == PlanState.STOPPED:
        set_attention(unit, request, Attention.STOPPED)
    return action


def _stopped(unit: Unit, action_id: str) -> None:
    action = unit.session.get_one(Action, action_id)
    request = unit.session.get_one(PrivacyRequest, action.ref)
    action.lease_until = None
    unit.session.add(action)
    if action.state == PlanState.STOPPING:  # or it is over already, and so was said
        action.state = advance(action.state, PlanState.STOPPED)
        set_attention(unit, request, Attention.STOPPED)


def _failed(unit: Unit, action_id: str, error: AssistantError) -> None:
    """The source is as it was; tried again with growing pauses, and a person is told at once."""
    action = unit.session.get_one(Action, action_id)
    request = unit.session.get_one(PrivacyRequest, action.ref)
    steps = _steps(unit.session, action_id)
    # It failed before or after the steps themselves.
    if not any(step.state == StepState.FAILED for step in steps):
        for step in steps:
            if step.state not in {StepState.DONE, StepState.BY_HAND}:
                step.state = advance(step.state, StepState.FAILED)
                step.error, step.error_code = error.message, error.code
                unit.session.add(step)
                break
    action.lease_until = unit.now + pause_after(action.attempts, _FIRST_RETRY, _LONGEST_RETRY)
    if action.attempts >= _MOST_ATTEMPTS:
        action.state, action.lease_until = advance(action.state, PlanState.FAILED), None
    unit.session.add(action)
    record(unit, request.ref, DESK, "step_failed", action=action.id, code=error.code, attempt=action.attempts)
    set_attention(unit, request, f"{Attention.STEP_FAILED}:{error.code}")


def _finish(unit: Unit, action_id: str) -> None:
    action = unit.session.get_one(Action, action_id)
    request = unit.session.get_one(PrivacyRequest, action.ref)
    if action.state != PlanState.EXECUTING:
        return
    action.state, action.lease_until = advance(action.state, PlanState.DONE), None
    unit.session.add(action)
    if _is_freeze(action, request):
        answers.say_frozen(unit, request)
        set_attention(unit, request, Attention.OBJECTION_TO_WEIGH)
        return
    set_attention(unit, request, None)
    plan = by_hand.counted(plan_from_json(action.plan), _steps(unit.session, action_id))
    if _is_nothing_after_all(unit, request, plan):
        answers.answer_nothing(unit, request)
    elif plan.order.operation is Operation.LIFT:
        tell_recipients(unit, request, plan, failed=frozenset())
    elif plan.order.operation is Operation.EXPORT:
        packages.answer_ready(unit, request, action)
    else:
        _answer(unit, request, plan, action_id)


def _is_nothing_after_all(unit: Unit, request: PrivacyRequest, plan: Plan) -> bool:
    """Tell whether people looked by hand because nothing else is held, and found nothing either."""
    evidence = unit.session.get(EvidenceRow, request.evidence_id) if request.evidence_id else None
    looked = any(by_hand.is_by_hand(step, unit.services) for step in plan.steps)
    held = any(at.rows for at in plan.located if at.source not in unit.services.own_sources)
    return looked and not held and evidence is not None and not evidence.on_file


def _answer(unit: Unit, request: PrivacyRequest, plan: Plan, action_id: str) -> None:
    result = result_of(plan, _steps(unit.session, action_id))
    said = EndOfUse.of(request.details)
    if said.by_person:  # what a rule sees to was kept off marketing when it was named
        marketing.suppress(unit, request)
    answers.answer_done(unit, request, result)
    tell_recipients(unit, request, plan, failed=result.sources_not_done)
    if MARKETING in plan.order.purposes and request.contact and not said.marketing:
        marketing.keep_off(unit, unit.services.keyring.unseal(request.contact), request.ref)
    if said.marketing and flood.was_held_back(unit.session, request.ref):
        set_attention(unit, request, Attention.TOO_MANY_LETTERS)
    if FoundOut.of(request.details).untold:
        set_attention(unit, request, Attention.TOO_MANY_NAMED)
    if result.is_partial:
        set_attention(unit, request, Attention.PARTLY_LEFT)
    put_back.note_done(unit, request)


def retry(unit: Unit, action: Action, now: datetime) -> None:
    """Have what failed tried again at once, also when the person was told meanwhile that it is still to do."""
    request = unit.session.get_one(PrivacyRequest, action.ref)
    if request.status == Status.PARTLY_ANSWERED:
        move(unit, request, Status.EXECUTING, DESK, action=action.id)
    action.state = advance(action.state, PlanState.EXECUTING)
    action.lease_until, action.attempts = None, 0
    action.not_before = now
    unit.session.add(action)
    record(unit, action.ref, DESK, "step_retried", action=action.id)


def close_partly(unit: Unit, action: Action, request: PrivacyRequest) -> None:
    """Tell the person honestly what was done and what was not; the rest stays with an agent, who can have it tried again."""
    plan = by_hand.counted(plan_from_json(action.plan), _steps(unit.session, action.id))
    _answer(unit, request, plan, action.id)
