"""A message whose turn failed, whatever the cause: kept all the same, and given to a person."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import update
from sqlmodel import col, select

from assistant.casework import saying
from assistant.casework.requests.intake import (
    conversation_id,
    find_or_start_conversation,
    set_handled,
    store_in,
    store_incoming,
)
from assistant.casework.saying.unwritten import call_a_person
from assistant.domain.unread import UNANSWERED
from assistant.interfaces import Incoming, Receipt
from assistant.services import Services, Unit
from assistant.store.tables import Conversation, Message

_TURN = "turn"


def keep_unanswered(unit: Unit, incoming: Incoming) -> Receipt:
    """Store a message that could not be answered, and call an agent; the same message twice is one."""
    marked = _marked(unit.services, incoming)
    conversation = find_or_start_conversation(unit, marked)
    message_id, known, _ = store_incoming(unit.session, conversation, marked, {})
    if not known:
        if incoming.channel in saying.LIVE:
            unit.post(conversation.id, saying.own_message(message_id, incoming))
        call_a_person(unit, _TURN, conversation_id=conversation.id)
    return Receipt(conversation.id, message_id, known)


def keep_alone(unit: Unit, incoming: Incoming) -> Receipt:
    """Store a message and show its conversation to agents, reading no row that may be the very reason."""
    ident, now = conversation_id(unit.services, incoming.channel, incoming.thread), unit.now
    calls = {"triage": True} if incoming.channel == "email" else {"wants_person_at": now}
    here = col(Conversation.id) == ident
    if unit.session.exec(select(Conversation.id).where(here)).first() is None:
        find_or_start_conversation(unit, incoming)
    unit.session.execute(
        update(Conversation)
        .where(here)
        .values(last_at=now, **calls)
        .execution_options(synchronize_session=False)
    )
    message_id, known, _ = store_in(unit.session, ident, _marked(unit.services, incoming), {})
    return Receipt(ident, message_id, known)


def leave_unanswered(unit: Unit, message_id: int) -> None:
    """Leave a stored message to a person: what should have come of it failed."""
    set_handled(unit.session, message_id, handled=True)
    where = unit.session.exec(select(Message.conversation_id).where(col(Message.id) == message_id)).one()
    call_a_person(unit, _TURN, conversation_id=where)


def _marked(services: Services, incoming: Incoming) -> Incoming:
    """Mark what got no answer; a language that nobody speaks here is none."""
    spoken = incoming.locale if incoming.locale in services.settings.controller.languages else None
    return replace(incoming, locale=spoken, headers={**incoming.headers, UNANSWERED: "1"})
