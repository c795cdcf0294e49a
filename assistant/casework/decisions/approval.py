"""Approving a plan by its hash, undoing that, rejecting it: who may, on whose proof, and from when it is carried out."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import col, select

from assistant.casework.answers import running_services
from assistant.casework.audit import record
from assistant.casework.decisions import four_eyes
from assistant.casework.decisions.lifting import do_announce, do_keep
from assistant.casework.requests import asked_beside, named_accounts
from assistant.casework.requests.evidence import answer_for
from assistant.casework.requests.intake import move, set_attention
from assistant.casework.requests.queue import (
    DESK,
    MAY_APPROVE_IRREVERSIBLE,
    WORKERS,
    Principal,
    Scope,
    get_action,
)
from assistant.domain.assurance import Tier
from assistant.domain.attention import Attention
from assistant.domain.lifecycle import PlanState, Status, advance
from assistant.domain.plan import Operation, Plan, plan_from_json
from assistant.domain.rights import IRREVERSIBLE, Right
from assistant.errors import Conflict, NotAllowed, NotVerified, StalePlan
from assistant.services import Services, Unit
from assistant.store.tables import Action, EvidenceRow, PrivacyRequest


def check_approve(
    unit: Unit,
    action_id: str,
    plan_hash: str,
    agent: Principal,
    evidence: EvidenceRow | None,
) -> tuple[Action, PrivacyRequest, Plan]:
    """Raise unless this agent may approve exactly this plan now."""
    agent.require(*WORKERS, scope=Scope.APPROVE)
    action, request = get_action(unit.session, action_id)
    _check_role(request, agent)
    if action.state != PlanState.PROPOSED:
        raise Conflict(f"This plan is {action.state} already; look at the request again.", state=action.state)
    if action.plan_hash != plan_hash:
        raise StalePlan(current=action.plan_hash)
    plan = plan_from_json(action.plan)
    if running_services.is_held_up(plan):
        raise Conflict(running_services.why_not(unit.session, request))
    if named_accounts.waiting_words(unit.session, request, plan):
        raise Conflict(
            "The person names one of several accounts; choose first which are left out, or say that none is."
        )
    if asked_beside.is_unread(unit.session, request):
        raise Conflict(
            "The person said something beside this erasure or correction; read it, then answer, leave a note or plan again."
        )
    if plan.conflicts:
        raise Conflict(
            "The plan holds a conflict that would make it fail; mend it in the source, then plan again."
        )
    if plan.undecided:
        raise Conflict("Say first of each recipient that the plan asks about whether the data went there.")
    check_people(request, agent)
    _check_proof(unit.services, request, evidence, plan)
    four_eyes.check_eyes(unit, action, request, agent)
    return action, request, plan


def check_people(request: PrivacyRequest, agent: Principal) -> None:
    """Raise NotAllowed unless this agent may decide on what cannot be taken back, where the right is such."""
    _check_role(request, agent)
    if Right(request.right) in IRREVERSIBLE:
        agent.require_fresh_proof()


def _check_role(request: PrivacyRequest, agent: Principal) -> None:
    if Right(request.right) in IRREVERSIBLE and agent.role not in MAY_APPROVE_IRREVERSIBLE:
        raise NotAllowed("Erasure and disclosure need an approver or a lead.")


def _check_proof(
    services: Services, request: PrivacyRequest, evidence: EvidenceRow | None, plan: Plan
) -> None:
    missing = answer_for(services, request, evidence, plan).missing
    if missing is Tier.T3 and evidence is not None:
        raise NotAllowed(
            "People decide who asks here (T3): a lead says why they are sure, then somebody else approves."
        )
    if missing is not None:
        raise NotVerified(f"What was proved is not enough for this: it needs tier {int(missing)}.")


def do_approve(unit: Unit, action: Action, request: PrivacyRequest, by: str, not_before: datetime) -> None:
    """Schedule an approved plan; its effect starts when the hold is over."""
    action.state, action.not_before = advance(action.state, PlanState.APPROVED), not_before
    _keep_approval(unit, action, by)
    record(
        unit,
        request.ref,
        by if by == DESK else f"agent:{by}",
        "plan_approved",
        action=action.id,
        hash=action.plan_hash,
        not_before=not_before.isoformat(),
    )
    if request.status == Status.AWAITING_APPROVAL:
        set_attention(unit, request, None)
        move(unit, request, Status.SCHEDULED, by if by == DESK else f"agent:{by}")
    unit.wake("carry_out")


def _keep_approval(unit: Unit, action: Action, by: str) -> None:
    approval = {"by": by, "at": unit.now.isoformat(), "hash": action.plan_hash}
    action.approvals = [*action.approvals, approval]
    unit.session.add(action)


def approve(unit: Unit, action_id: str, plan_hash: str, agent: Principal) -> Action:
    """Approve a plan by its hash (unit); where it takes two people, the first approval is kept and shown."""
    found = unit.session.get(Action, action_id)
    request = unit.session.get(PrivacyRequest, found.ref) if found else None
    evidence = unit.session.get(EvidenceRow, request.evidence_id) if request and request.evidence_id else None
    action, request, plan = check_approve(unit, action_id, plan_hash, agent, evidence)
    if not four_eyes.is_enough(unit, action, request, agent):
        _keep_approval(unit, action, agent.name)
        record(unit, request.ref, agent.actor, "first_approval", action=action.id, hash=action.plan_hash)
        return action
    lifts = plan.order.operation is Operation.LIFT
    not_before = (
        do_announce(unit, request, plan)
        if lifts
        else answer_for(unit.services, request, evidence, plan).not_before or unit.now
    )
    do_approve(unit, action, request, agent.name, not_before)
    return action


def undo(unit: Unit, action_id: str, agent: Principal) -> Action:
    """Take an approval back, until the effect starts."""
    agent.require(*WORKERS, scope=Scope.APPROVE)
    action, request = get_action(unit.session, action_id)
    if action.state != PlanState.APPROVED:
        raise Conflict(
            "It cannot be undone any more: the effect has started or it was never approved.",
            state=action.state,
        )
    action.state = advance(action.state, PlanState.PROPOSED)
    action.not_before, action.approvals = None, []
    unit.session.add(action)
    record(unit, request.ref, agent.actor, "approval_undone", action=action.id)
    if request.status == Status.SCHEDULED:
        move(unit, request, Status.AWAITING_APPROVAL, agent.actor)
    do_keep(unit, action, request, told=True)
    return action


def withdraw_of(unit: Unit, name: str, actor: str) -> None:
    """Take back the first approvals of an agent who may approve no more; what is scheduled was settled by two."""
    for action in unit.session.exec(select(Action).where(col(Action.state) == PlanState.PROPOSED)):
        left = [each for each in action.approvals if each["by"] != name]
        if left != action.approvals:
            action.approvals = left
            unit.session.add(action)
            record(unit, action.ref, actor, "approval_undone", action=action.id, agent=name)


def reject(unit: Unit, action_id: str, reason: str, agent: Principal) -> Action:
    """Reject a plan with its reason; the request stays open with an agent."""
    agent.require(*WORKERS)
    action, request = get_action(unit.session, action_id)
    if action.state != PlanState.PROPOSED:
        raise Conflict(f"This plan is {action.state} already; look at the request again.", state=action.state)
    if not reason.strip():
        raise Conflict("Say why the plan is rejected.")
    action.state = advance(action.state, PlanState.REJECTED)
    action.mentions = None
    unit.session.add(action)
    record(unit, request.ref, agent.actor, "plan_rejected", action=action.id, reason=reason.strip())
    if request.status == Status.AWAITING_APPROVAL:
        move(unit, request, Status.OPEN, agent.actor)
        set_attention(unit, request, Attention.PLAN_REJECTED)
    do_keep(unit, action, request, told=False)
    return action
