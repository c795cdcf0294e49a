"""The agents' queue: plans proposed or void; casework/decisions/approval.py approves, undoes and rejects them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from sqlalchemy import select as sa_select
from sqlmodel import Session, col, select

from assistant.casework.audit import record
from assistant.casework.requests import rectification
from assistant.casework.requests.intake import move, set_attention
from assistant.domain.attention import Attention
from assistant.domain.details import FoundOut
from assistant.domain.lifecycle import PlanState, Status, advance
from assistant.domain.outside import number_of
from assistant.domain.plan import Plan, plan_from_json, plan_to_json
from assistant.errors import Conflict, NotAllowed, NotFound
from assistant.services import Unit
from assistant.store.paging import Page, count_of, page
from assistant.store.tables import Action, PrivacyRequest, StepRow


class Role(StrEnum):
    """What an agent may do."""

    AGENT = "agent"
    APPROVER = "approver"
    LEAD = "lead"
    AUDITOR = "auditor"


class Scope(StrEnum):
    """What a token may do, at most what its agent may."""

    READ = "read"
    REPLY = "reply"
    APPROVE = "approve"
    SUPPRESSION = "suppression"  # beside the others: asks whom marketing must not reach, and nothing else


_LIVE = (PlanState.PROPOSED, PlanState.APPROVED)


@dataclass(frozen=True, slots=True)
class Principal:
    """The agent who acts, and how sure we are of it."""

    name: str
    role: Role
    scope: Scope = Scope.APPROVE
    may_approve_irreversible: bool = False  # fresh TOTP in the console, or a token made for it

    @property
    def actor(self) -> str:
        """Give the agent as the audit names whoever did something."""
        return f"agent:{self.name}"

    def require(self, *roles: Role, scope: Scope = Scope.REPLY) -> None:
        """Raise NotAllowed unless role and scope suffice; a lead may do whatever an approver or agent may."""
        if scope not in _ALLOWS[self.scope]:
            raise NotAllowed(f"This token may only {_MAY[self.scope]}; use one made with --scope {scope}.")
        if self.role not in roles:
            raise NotAllowed(f"The role {self.role} may not do this; it takes {' or '.join(roles)}.")

    def require_fresh_proof(self) -> None:
        """Raise NotAllowed unless the agent proved just now who they are, as what cannot be taken back asks."""
        if not self.may_approve_irreversible:
            raise NotAllowed(
                "This cannot be taken back: enter a fresh code of your authenticator, or use a token made for it."
            )


_MAY = {
    Scope.READ: "read",
    Scope.REPLY: "read and reply",
    Scope.APPROVE: "read, reply and approve",
    Scope.SUPPRESSION: "ask whom marketing must not reach",
}
_ALLOWS = {
    Scope.READ: frozenset({Scope.READ}),
    Scope.REPLY: frozenset({Scope.READ, Scope.REPLY}),
    Scope.APPROVE: frozenset({Scope.READ, Scope.REPLY, Scope.APPROVE}),
    Scope.SUPPRESSION: frozenset({Scope.SUPPRESSION}),
}
WORKERS = (Role.AGENT, Role.APPROVER, Role.LEAD)
MAY_APPROVE_IRREVERSIBLE = frozenset({Role.APPROVER, Role.LEAD})
DESK = "desk"


def do_propose(unit: Unit, request: PrivacyRequest, plan: Plan, *, automatic: bool = False) -> Action:
    """Put a plan in the queue; an earlier one of the request is void and shown beside it."""
    replaced = void_actions(unit, request.ref, "replaced")
    action = Action(
        id=unit.services.random(8).hex(),
        ref=request.ref,
        operation=plan.order.operation,
        plan=plan_to_json(plan),
        plan_hash=plan.hash,
        created_at=unit.now,
        automatic=automatic,
        replaces=replaced[-1].id if replaced else None,
    )
    unit.session.add(action)
    unit.session.flush()
    unit.session.add_all(
        StepRow(action_id=action.id, ordinal=n, source=s.source, operation=s.operation, rows_to_do=s.rows)
        for n, s in enumerate(plan.steps)
    )
    request.to_plan_at = None
    record(
        unit,
        request.ref,
        DESK,
        "plan_proposed",
        action=action.id,
        hash=plan.hash,
        rows=plan.rows,
        keeps=len(plan.keeps),
        blockers=len(plan.blockers),
        conflicts=len(plan.conflicts),
        replaces=action.replaces,
    )
    if not automatic:
        _await_approval(unit, request)
    return action


def _await_approval(unit: Unit, request: PrivacyRequest) -> None:
    if request.status in {Status.OPEN, Status.SCHEDULED}:
        move(unit, request, Status.AWAITING_APPROVAL, DESK)


def void_actions(unit: Unit, ref: str, reason: str) -> list[Action]:
    """Make the waiting plans of a request void."""
    waiting = unit.session.exec(
        select(Action).where(col(Action.ref) == ref, col(Action.state).in_(_LIVE))
    ).all()
    for action in waiting:
        action.state = advance(action.state, PlanState.VOID)
        action.mentions = None
        unit.session.add(action)
        record(unit, ref, DESK, "plan_void", action=action.id, reason=reason)
    return list(waiting)


def unplan(unit: Unit, request: PrivacyRequest) -> None:
    """Bring a request back to before its plan, which the person does not want so any more; nothing brings that plan back."""
    void_actions(unit, request.ref, "changed")
    request.to_plan_at = None
    if request.status == Status.SCHEDULED:
        move(unit, request, Status.AWAITING_APPROVAL, "subject")
    if request.status == Status.AWAITING_APPROVAL:
        move(unit, request, Status.OPEN, "subject")


def plan_again(unit: Unit, ref: str, agent: Principal) -> PrivacyRequest:
    """Have a request planned anew; what waits in the queue is replaced."""
    agent.require(*WORKERS)
    request = get_request(unit.session, ref)
    if request.status not in {Status.OPEN, Status.AWAITING_APPROVAL}:
        raise Conflict("Only an open request can be planned again.", status=request.status)
    rectification.decide_unconfirmed(unit, request, agent.actor)
    request.to_plan_at = unit.now
    unit.session.add(request)
    record(unit, ref, agent.actor, "plan_again")
    if request.attention == Attention.ASKED_BESIDE:
        set_attention(unit, request, None)
    unit.wake("plan")
    return request


def choose_accounts(unit: Unit, ref: str, not_theirs: Sequence[str], agent: Principal) -> PrivacyRequest:
    """Say which of the accounts matched are somebody else's, by their place in the plan; it is planned anew without them."""
    agent.require(*WORKERS)
    action = unit.session.exec(
        select(Action).where(col(Action.ref) == ref, col(Action.state) == PlanState.PROPOSED)
    ).first()
    if action is None:
        raise Conflict("Accounts are chosen while a plan waits for its approval.")
    accounts = plan_from_json(action.plan).accounts
    places = [number_of(place) for place in not_theirs]
    chosen = [accounts[place] for place in places if place is not None and place < len(accounts)]
    if len(chosen) < len(places):
        raise NotFound("There is no such account in this plan; look at the request again.")
    request = get_request(unit.session, ref)
    found = FoundOut.of(request.details)
    left_out = [*(found.not_theirs or ()), *([a.source, a.table, *a.key] for a in chosen)]
    request.details = replace(found, not_theirs=left_out).kept_in(request.details)
    record(unit, ref, agent.actor, "accounts_chosen", left=len(left_out))
    if request.attention == Attention.ACCOUNTS_NAMED:
        set_attention(unit, request, None)
    return plan_again(unit, ref, agent)


def take_accounts_back(unit: Unit, ref: str, agent: Principal) -> PrivacyRequest:
    """Take every account that matches again."""
    agent.require(*WORKERS)
    request = get_request(unit.session, ref)
    request.details = replace(FoundOut.of(request.details), not_theirs=None).kept_in(request.details)
    record(unit, ref, agent.actor, "accounts_chosen", left=0)
    return plan_again(unit, ref, agent)


def get_action(session: Session, action_id: str) -> tuple[Action, PrivacyRequest]:
    """Give a plan and its request; raises NotFound."""
    action = session.get(Action, action_id)
    if action is None:
        raise NotFound(f"There is no action {action_id}; list them with `assistant queue list`.")
    return action, get_request(session, action.ref)


def get_request(session: Session, ref: str) -> PrivacyRequest:
    """Give a request; raises NotFound."""
    request = session.get(PrivacyRequest, ref)
    if request is None:
        raise NotFound(f"There is no request {ref}; list them with `assistant requests list`.")
    return request


_WAITING = (
    select(Action)
    .join(PrivacyRequest, col(PrivacyRequest.ref) == col(Action.ref))
    .where(col(Action.state) == PlanState.PROPOSED, col(Action.automatic).is_(False))
)
_BY_DUE_DATE = (col(PrivacyRequest.due_on), col(Action.created_at), col(Action.id))
_PLACES = (
    sa_select(*_BY_DUE_DATE)
    .select_from(Action)
    .join(PrivacyRequest, col(PrivacyRequest.ref) == col(Action.ref))
)


def waiting_page(session: Session, after: str, limit: int) -> Page[Action]:
    """Give a page of the queue, by legal due date."""
    return page(session, _WAITING, _BY_DUE_DATE, after=after, limit=limit, counts=False, places=_PLACES)


def waiting_actions(session: Session) -> list[tuple[Action, PrivacyRequest]]:
    """List the whole queue by legal due date."""
    found = session.exec(_WAITING.order_by(*_BY_DUE_DATE))
    return [(action, get_request(session, action.ref)) for action in found]


def count_waiting(session: Session) -> int:
    """Count the plans that wait for approval."""
    return count_of(session, _WAITING, col(Action.id))
