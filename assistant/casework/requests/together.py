"""What falls with a request that its person never made: all that rests on the same proof, and what waits for it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session, col, or_, select

from assistant.domain.lifecycle import STOPPABLE
from assistant.store.tables import PrivacyRequest


def stopped_together(session: Session, requests: Sequence[PrivacyRequest]) -> list[PrivacyRequest]:
    """List what one "this was not me" stops, these first: whoever did not make one of them proved none of them."""
    found = {request.ref: request for request in requests}
    size = 0
    while len(found) > size:
        size = len(found)
        for request in _beside(session, list(found.values())):
            found.setdefault(request.ref, request)
    return [request for request in found.values() if request.status in STOPPABLE]


def _beside(session: Session, requests: Sequence[PrivacyRequest]) -> Sequence[PrivacyRequest]:
    proofs = {request.evidence_id for request in requests if request.evidence_id}
    rests = col(PrivacyRequest.evidence_id).in_(proofs)
    waits = col(PrivacyRequest.after_ref).in_([request.ref for request in requests])
    oldest_first = (col(PrivacyRequest.received_at), col(PrivacyRequest.ref))
    return session.exec(select(PrivacyRequest).where(or_(rests, waits)).order_by(*oldest_first)).all()
