"""Running services hold an erasure up until the person chose: keep them, or have them ended."""

from __future__ import annotations

from typing import Final

from sqlmodel import Session

from assistant.domain.plan import Plan
from assistant.store import queries
from assistant.store.tables import PrivacyRequest

ASK: Final = "services_running"
WAIT: Final = "services_asked"
END: Final = "end_services"
_TOLD: Final = {
    ASK: "Services are still running; ask the person whether to end them.",
    WAIT: "Services are still running; the person was asked whether to end them and has not answered yet.",
    END: "The person wants the services ended: end them in your systems, then plan again.",
}


def is_held_up(plan: Plan) -> bool:
    """Tell whether a running service holds a plan up."""
    return bool(plan.blockers)


def to_do(session: Session, request: PrivacyRequest) -> str:
    """Name what comes next about services that run: ask, wait for the answer, or end what the person wants ended."""
    if request.details.get("keep_services") is False:
        return END
    return WAIT if queries.has_event(session, request.ref, WAIT) else ASK


def why_not(session: Session, request: PrivacyRequest) -> str:
    """Say why a plan cannot be approved while services run, and what to do."""
    return _TOLD[to_do(session, request)]
