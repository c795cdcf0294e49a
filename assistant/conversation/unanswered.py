"""A message whose turn failed, whatever the cause: kept all the same, and given to a person (flows.md, 1)."""

from __future__ import annotations

from dataclasses import replace

import structlog
from sqlmodel import Session

from assistant.casework import talk
from assistant.casework.intake import find_or_start_conversation, store_incoming
from assistant.casework.unwritten import call_a_person
from assistant.domain.unread import UNANSWERED
from assistant.interfaces import Incoming, Receipt
from assistant.services import Services, post

log = structlog.get_logger(__name__)
_TURN = "turn"


def keep_unanswered(services: Services, session: Session, incoming: Incoming) -> Receipt:
    """Store a message that could not be answered, and call an agent; the same message twice is one."""
    conversation = find_or_start_conversation(services, session, incoming)
    marked = replace(incoming, headers={**incoming.headers, UNANSWERED: "1"})
    message_id, known = store_incoming(session, conversation, marked, {})
    if not known:
        if incoming.channel in talk.LIVE:
            post(session, conversation.id, talk.own_message(message_id, incoming))
        call_a_person(services, session, _TURN, conversation_id=conversation.id)
    return Receipt(conversation.id, message_id, known)
