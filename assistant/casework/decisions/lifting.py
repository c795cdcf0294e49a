"""Lifting a restriction: the person learns of it and of the reason before it happens (GDPR 18(3))."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from assistant.casework.answers.answers import announce, give_answer
from assistant.casework.audit import record
from assistant.casework.requests.queue import WORKERS, Principal, get_request
from assistant.casework.saying.typed import carried_out, check_words
from assistant.domain.details import FoundOut
from assistant.domain.lifecycle import PlanState, Status, advance
from assistant.domain.plan import Operation, Plan
from assistant.domain.rights import Right
from assistant.errors import Conflict
from assistant.services import Services, Unit
from assistant.store.tables import Action, PrivacyRequest


def lift(unit: Unit, ref: str, reason: str, agent: Principal) -> PrivacyRequest:
    """Have a plan made that lifts the restriction; its approval tells the person, its effect comes days later."""
    agent.require(*WORKERS)
    request = get_request(unit.session, ref)
    if not may_lift(unit.services, request):
        raise Conflict("Only a restriction that was carried out, and is not being lifted, can be lifted.")
    check_words(
        reason,
        done=carried_out(unit.session, request.conversation_id),
        empty="Say why the restriction ends; the person is told before it does (GDPR 18(3)).",
    )
    found = FoundOut.of(request.details)
    request.details = replace(found, lift_reason=reason.strip()).kept_in(request.details)
    request.to_plan_at = unit.now
    unit.session.add(request)
    record(unit, ref, agent.actor, "lift_asked", reason=reason.strip())
    unit.wake("plan")
    return request


def may_lift(services: Services, request: PrivacyRequest) -> bool:
    """Tell whether a request left a restriction behind that nobody is lifting."""
    restricts = services.handlers[Right(request.right)].operation is Operation.RESTRICT
    answered = request.status in {Status.ANSWERED, Status.PARTLY_ANSWERED}
    return restricts and answered and FoundOut.of(request.details).lift_reason is None


def do_announce(unit: Unit, request: PrivacyRequest, plan: Plan) -> datetime:
    """Tell the person, and give the instant from which the restriction may end."""
    announce(unit, request, plan)
    return unit.now + timedelta(days=unit.services.settings.periods.lift_notice_days)


def do_keep(unit: Unit, action: Action, request: PrivacyRequest, *, told: bool) -> None:
    """Leave the restriction as it is after all; a person who was told that it ends is told that it does not."""
    if action.operation != Operation.LIFT:
        return
    if action.state != PlanState.REJECTED:  # which says already that nothing ends
        action.state = advance(action.state, PlanState.VOID)
    unit.session.add(action)
    request.details = replace(FoundOut.of(request.details), lift_reason=None).kept_in(request.details)
    unit.session.add(request)
    if told:
        request.version += 1
        give_answer(unit, request, "restriction_stays")
