"""Something was said beside an erasure, or against a correction, that no rule reads: nothing is done before a person has read it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlmodel import Session, col, select

from assistant.casework.audit import record
from assistant.casework.requests.intake import set_attention, who_says
from assistant.domain.attention import Attention
from assistant.domain.lifecycle import STOPPABLE
from assistant.domain.rights import CONFIRMED_FIRST, ERASING
from assistant.services import Unit
from assistant.store.tables import Audit, Conversation, Message, PrivacyRequest

_READ_BY: Final = ("agent", "note")  # senders of messages by which an agent shows that they have read


def note(
    unit: Unit, requests: Sequence[PrivacyRequest], heard_in: Conversation, sender: str | None = None
) -> list[PrivacyRequest]:
    """Have a person read what was said beside erasures and corrections that can still be stopped; gives those."""
    meant = [r for r in requests if r.right in ERASING | CONFIRMED_FIRST and r.status in STOPPABLE]
    for request in meant:
        record(
            unit,
            request.ref,
            who_says(unit, request, sender),
            Attention.ASKED_BESIDE,
            conversation=heard_in.id,
        )
        if request.attention is None:
            set_attention(unit, request, Attention.ASKED_BESIDE)
    return meant


def was_asked(session: Session, request: PrivacyRequest) -> bool:
    """Tell whether something was ever said beside a request."""
    return _newest(session, request) is not None


def is_unread(session: Session, request: PrivacyRequest) -> bool:
    """Tell whether no agent has answered, noted or planned anew since something was said beside a request."""
    asked = _newest(session, request)
    if asked is None:
        return False
    planned = select(Audit.id).where(
        col(Audit.chain) == request.ref,
        col(Audit.event) == "plan_again",
        col(Audit.ordinal) > asked.ordinal,
    )
    read = select(Message.id).where(
        col(Message.conversation_id) == request.conversation_id,
        col(Message.sender).in_(_READ_BY),
        col(Message.at) > asked.at,
    )
    return session.exec(planned).first() is None and session.exec(read).first() is None


def _newest(session: Session, request: PrivacyRequest) -> Audit | None:
    asked = select(Audit).where(col(Audit.chain) == request.ref, col(Audit.event) == Attention.ASKED_BESIDE)
    return session.exec(asked.order_by(col(Audit.ordinal).desc()).limit(1)).first()
