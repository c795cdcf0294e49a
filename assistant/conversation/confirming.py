"""What is said once a proof counts: each request by its right, and what waits until when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from assistant.casework.evidence import answer_for
from assistant.casework.rectification import is_unconfirmed
from assistant.domain.rights import CARRIED_OUT_FIRST, Right
from assistant.store.tables import EvidenceRow, PrivacyRequest

if TYPE_CHECKING:
    from assistant.conversation.turn import Turn


def say_confirmed(turn: Turn, opened: Sequence[PrivacyRequest]) -> None:
    """Say that these requests go on, and what of them waits."""
    waits = [(Right(request.right), _not_before(turn, request)) for request in opened]
    turn.say("verified_requests", requests=turn.seen(opened), **what_waits(waits))


def _not_before(turn: Turn, request: PrivacyRequest) -> datetime | None:
    if is_unconfirmed(request):
        return (
            None  # a person reads it, or does it in the company's systems: nothing here holds them to a day
        )
    evidence = turn.unit.session.get(EvidenceRow, request.evidence_id) if request.evidence_id else None
    return answer_for(turn.unit.services, request, evidence).not_before


def what_waits(waits: Sequence[tuple[Right, datetime | None]]) -> dict[str, Any]:
    """Give what the text needs beside the requests; of two that wait the later instant holds for both."""
    copies, erasure = CARRIED_OUT_FIRST, frozenset({Right.ERASURE})

    def latest(rights: frozenset[Right]) -> datetime | None:
        return max((at for right, at in waits if at and right in rights), default=None)

    return {
        "copies": any(right in copies for right, _ in waits),
        "copy_from": latest(copies),
        "erased_from": latest(erasure),
        "changed_from": latest(frozenset(Right) - copies - erasure),
    }
