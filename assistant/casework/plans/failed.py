"""What an agent may do about a plan that failed: have it tried again, or close with an honest answer."""

from __future__ import annotations

from assistant.casework.audit import record
from assistant.casework.decisions.lifting import do_keep
from assistant.casework.plans.execution import close_partly, retry
from assistant.casework.requests.queue import WORKERS, Principal, Scope, get_action
from assistant.domain.lifecycle import PlanState, Status
from assistant.domain.plan import Operation
from assistant.errors import Conflict
from assistant.services import Unit
from assistant.store.tables import Action

_HELD_UP = frozenset({PlanState.FAILED, PlanState.STOPPED})


def try_again(unit: Unit, action_id: str, agent: Principal) -> Action:
    """Have a failed plan carried on at once, from its first step that is not done."""
    agent.require(*WORKERS, scope=Scope.APPROVE)
    action, request = get_action(unit.session, action_id)
    if action.state not in _HELD_UP:
        raise Conflict("Only a plan that failed or was stopped can go on.", state=action.state)
    record(unit, request.ref, agent.actor, "try_again", action=action.id)
    retry(unit, action, unit.now)
    unit.wake("carry_out")
    return action


def give_up(unit: Unit, action_id: str, agent: Principal) -> Action:
    """Answer what was done and what was not, and close the request as partly answered."""
    agent.require(*WORKERS, scope=Scope.APPROVE)
    action, request = get_action(unit.session, action_id)
    if action.state not in _HELD_UP:
        raise Conflict("Only a plan that failed or was stopped can be closed in part.", state=action.state)
    if action.operation == Operation.EXPORT:
        raise Conflict("A copy is given whole or not at all; have it tried again once its cause is mended.")
    if request.status == Status.PARTLY_ANSWERED:
        raise Conflict(
            "The person was told already what is left; have it tried again once its cause is mended."
        )
    record(unit, request.ref, agent.actor, "closed_partly", action=action.id)
    if action.operation == Operation.LIFT:
        do_keep(unit, action, request, told=True)
        return action
    close_partly(unit, action, request)
    return action
