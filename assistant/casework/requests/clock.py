"""Whether the clock of a request stands still: an agent asked the person in time, and they have not answered yet."""

from __future__ import annotations

from datetime import date

from assistant.domain.lifecycle import CLOSED
from assistant.store.tables import PrivacyRequest


def waits_since(request: PrivacyRequest) -> date | None:
    """Give the day of the question that is still to be answered."""
    if not request.suspensions or request.status in CLOSED:
        return None
    asked, satisfied = request.suspensions[-1]
    return date.fromisoformat(asked) if asked and not satisfied else None


def stops_clock(request: PrivacyRequest) -> bool:
    """Tell whether the clock stands still until the person has answered: nobody is reminded of the request meanwhile."""
    return waits_since(request) is not None and request.remind_on is None
