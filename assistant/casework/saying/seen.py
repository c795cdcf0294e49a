"""What texts and cards are told of a request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from assistant.casework.requests.clock import stops_clock
from assistant.casework.requests.reach import is_for_other
from assistant.domain.details import LIMITED, FoundOut
from assistant.domain.uses import EndOfUse
from assistant.store.tables import PrivacyRequest

_PARTS: Final = {LIMITED: "limited", "to_empty": "emptied"}  # what of its right a request asks for


def as_seen(request: PrivacyRequest) -> dict[str, Any]:
    """Give what a text or a chat card says of a request."""
    said, joined = EndOfUse.of(request.details), FoundOut.of(request.details).joined
    return {
        "ref": request.ref,
        "right": request.right,
        "status": "joined" if joined else request.status,
        "joined": joined,
        "received_on": request.received_on,
        "due_on": request.due_on,
        "clock_stops": stops_clock(request),
        "for_other": is_for_other(request),
        "marketing": bool(said.marketing),
        "part": said.part or next((name for key, name in _PARTS.items() if request.details.get(key)), None),
    }


def card_of(request: Mapping[str, Any]) -> dict[str, Any]:
    """Give what the card of a request shows in a chat."""
    return {
        "ref": request["ref"],
        "right": request["right"],
        "status": request["status"],
        # No day is one by which it is answered while its clock stands still.
        "due_on": None if request["clock_stops"] else str(request["due_on"]),
    }
