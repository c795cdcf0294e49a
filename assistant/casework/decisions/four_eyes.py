"""Two people for what cannot be taken back: who had a hand in a plan, and who may approve it then."""

from __future__ import annotations

from sqlmodel import Session, col, select

from assistant.casework.requests.queue import MAY_APPROVE_IRREVERSIBLE, Principal
from assistant.domain.assurance import Tier
from assistant.domain.lifecycle import PlanState
from assistant.domain.rights import IRREVERSIBLE
from assistant.errors import NotAllowed
from assistant.services import Services, Unit
from assistant.store.queries import live_plan_of
from assistant.store.tables import Action, Agent, Audit, PrivacyRequest

# What an agent does that decides what a plan says, or for whom it is made.
TOUCHING = frozenset(
    {
        "plan_again",
        "accounts_chosen",
        "hand_over_decided",
        "mentions_decided",
        "lift_asked",
        "t3_decided",
        "forward_ordered",
    }
)


def touched_by(session: Session, request: PrivacyRequest) -> frozenset[str]:
    """Name the agents who had a hand in what is planned: the audit says so, and nobody can take an entry back."""
    entries = select(Audit.actor).where(
        col(Audit.chain) == request.ref,
        col(Audit.event).in_(TOUCHING),
        col(Audit.actor).startswith("agent:"),
    )
    return frozenset(actor.removeprefix("agent:") for actor in session.exec(entries))


def rejected_by(session: Session, request: PrivacyRequest) -> frozenset[str]:
    """Name the agents who rejected a plan of this request."""
    entries = select(Audit.actor).where(col(Audit.chain) == request.ref, col(Audit.event) == "plan_rejected")
    return frozenset(actor.removeprefix("agent:") for actor in session.exec(entries))


def approved_by(action: Action) -> tuple[str, ...]:
    """Name who approved a plan as it stands, in their order; who approved what it was before approved nothing of this."""
    return tuple(str(each["by"]) for each in action.approvals if each["hash"] == action.plan_hash)


def needs_two(services: Services, request: PrivacyRequest) -> bool:
    """Tell whether one person's approval is never enough: what a lead decided (T3) never is, whatever the settings say."""
    if request.assurance >= Tier.T3:
        return True
    return services.settings.approvals.four_eyes and request.right in IRREVERSIBLE


def needs_second_person(services: Services, action: Action, request: PrivacyRequest) -> bool:
    """Tell whether a plan, as it stands, waits for more than one person."""
    return action.state == PlanState.PROPOSED and needs_two(services, request)


def check_eyes(unit: Unit, action: Action, request: PrivacyRequest, agent: Principal) -> None:
    """Raise NotAllowed for whoever had a hand in the plan, or approved it already."""
    if not (unit.services.settings.approvals.four_eyes or needs_two(unit.services, request)):
        return
    if agent.name in touched_by(unit.session, request):
        raise NotAllowed(
            "Somebody else must approve this: you had a hand in this plan, by verifying, choosing, redacting or planning again."
        )
    if agent.name in approved_by(action):
        raise NotAllowed("You approved this already; a second person must approve it too.")


def check_lift(unit: Unit, request: PrivacyRequest, agent: Principal) -> None:
    """Raise NotAllowed for whoever approved a plan, or had a hand in one that takes two, and lets it go on after a "don't".

    Whoever wants it gone does not decide alone that its person did not mean it.
    """
    action = live_plan_of(unit.session, request.ref)
    if action and agent.name in approved_by(action):
        raise NotAllowed(
            "Somebody else must let it go on: you approved this plan. Undo the approval first if nobody else can."
        )
    if needs_two(unit.services, request) and agent.name in touched_by(unit.session, request):
        raise NotAllowed("Somebody else must let it go on: you had a hand in this plan.")


def check_close(unit: Unit, request: PrivacyRequest, agent: Principal) -> None:
    """Raise NotAllowed for whoever would answer alone, in words of their own, what takes two people to approve."""
    if not needs_two(unit.services, request):
        return
    touched = touched_by(unit.session, request)
    if agent.name in touched:
        raise NotAllowed("Somebody else must answer this: you had a hand in what was planned.")
    others = touched | rejected_by(unit.session, request) - {agent.name}
    if not others & _entitled(unit.session):
        raise NotAllowed(
            "This takes two people: have another approver or lead reject its plan or plan it again, then answer it."
        )


def is_enough(unit: Unit, action: Action, request: PrivacyRequest, agent: Principal) -> bool:
    """Tell whether an agent's approval settles it: two people have then had it in hand, and the last one only to approve.

    What the desk planned by itself counts as nobody, so the first of two approvals is only kept and shown. Nor does
    whoever may not approve it, or no more: what they did may have been done in their name.
    """
    touched = {*touched_by(unit.session, request), *approved_by(action)}
    people = touched & _entitled(unit.session) | {agent.name}
    return not needs_two(unit.services, request) or len(people) > 1


def _entitled(session: Session) -> frozenset[str]:
    """Name who may approve what cannot be taken back: nobody else is one of the two."""
    may = col(Agent.role).in_(sorted(MAY_APPROVE_IRREVERSIBLE))
    return frozenset(session.exec(select(Agent.name).where(col(Agent.active).is_(True), may)))
