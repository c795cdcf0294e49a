"""What came of a request, told apart: done, in part, nothing found, kept by law, refused, held up, failed."""

from __future__ import annotations

from enum import StrEnum

from sqlmodel import Session

from assistant.casework.answers.running_services import is_held_up
from assistant.domain.details import FoundOut
from assistant.domain.lifecycle import PlanState, Status
from assistant.domain.messages import MESSAGES
from assistant.domain.own_records import OWN_RECORDS
from assistant.domain.plan import DELETED_LATER, RUNNING_SERVICE, plan_from_json
from assistant.store import queries
from assistant.store.tables import Action, PrivacyRequest


class Outcome(StrEnum):
    """What came of a request so far."""

    DONE = "done"
    KEPT_BY_LAW = "kept_by_law"  # done, and what a law keeps stayed, beside the records of the request itself
    PARTLY_DONE = "partly_done"
    NOTHING_FOUND = "nothing_found"
    ANSWERED_BY_HAND = "answered_by_hand"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    JOINED = "joined"  # its person had asked the very same before: it goes on under that reference
    FORWARDED = "forwarded"
    LAPSED = "lapsed"
    SERVICES_RUN = "services_run"  # held up until the person or the company decided about a running service
    CONFLICT = "conflict"
    FAILED = "failed"


_NOTHING = frozenset(name for name in MESSAGES if name.endswith("_nothing"))
# What stays for these is kept by no law of the company's.
_NO_LAW = {OWN_RECORDS, RUNNING_SERVICE, DELETED_LATER}
BY_HAND = "answer_by_agent"
_BY_STATUS = {
    Status.PARTLY_ANSWERED: Outcome.PARTLY_DONE,
    Status.REFUSED: Outcome.REFUSED,
    Status.WITHDRAWN: Outcome.WITHDRAWN,
    Status.FORWARDED: Outcome.FORWARDED,
    Status.LAPSED: Outcome.LAPSED,
}


def outcome_of(session: Session, request: PrivacyRequest) -> Outcome | None:
    """Give what came of a request, from what was recorded; None while it goes its way."""
    if FoundOut.of(request.details).joined:
        return Outcome.JOINED
    if said := _BY_STATUS.get(Status(request.status)):
        return said
    action = queries.live_plan_of(session, request.ref)
    if request.status != Status.ANSWERED:
        return _held_up(action) if action else None
    answered = queries.last_answer_of(session, request.ref)
    if answered in _NOTHING:
        return Outcome.NOTHING_FOUND
    done = queries.done_plan_of(session, request.ref)
    if done is None or answered == BY_HAND:
        return Outcome.ANSWERED_BY_HAND
    kept = [keep for keep in plan_from_json(done.plan).keeps if keep.law not in _NO_LAW]
    return Outcome.KEPT_BY_LAW if kept else Outcome.DONE


def _held_up(action: Action) -> Outcome | None:
    if action.state == PlanState.FAILED:
        return Outcome.FAILED
    plan = plan_from_json(action.plan)
    if action.state != PlanState.PROPOSED:
        return None
    if is_held_up(plan):
        return Outcome.SERVICES_RUN
    return Outcome.CONFLICT if plan.conflicts else None
