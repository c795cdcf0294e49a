"""Which mails of a conversation an agent must decide about: the receipt of the first of them is what counts."""

from __future__ import annotations

from sqlalchemy import update
from sqlmodel import Session, col, select

from assistant.casework.outbox import settle_relays
from assistant.services import Unit
from assistant.store.queries import last_message_of, messages_of
from assistant.store.tables import Conversation, Message

_DOUBT = "in_doubt"  # in what was read of a message


def put_in_doubt(session: Session, conversation: Conversation, message_id: int) -> None:
    """Show a mail in triage; what waits there already goes on waiting."""
    conversation.triage = True
    session.add(conversation)
    _mark(session, message_id, in_doubt=True)


def mails_in_doubt(session: Session, ident: str) -> list[Message]:
    """List the mails of a conversation that nobody decided about, oldest first; at least its last one."""
    found = [message for message in messages_of(session, ident) if message.reading.get(_DOUBT)]
    last = last_message_of(session, ident)
    return found or ([last] if last else [])


def end_doubt(unit: Unit, conversation: Conversation) -> None:
    """Note that an agent decided about everything that waited in a conversation, whatever of it support did not get."""
    settle_relays(unit, conversation.id)
    conversation.triage = False
    unit.session.add(conversation)
    for message in messages_of(unit.session, conversation.id):
        if message.id and message.reading.get(_DOUBT):
            _mark(unit.session, message.id, in_doubt=False)


def _mark(session: Session, message_id: int, *, in_doubt: bool) -> None:
    reading = session.exec(select(Message.reading).where(col(Message.id) == message_id)).one()
    kept = {name: value for name, value in reading.items() if name != _DOUBT}
    marked = {**kept, _DOUBT: True} if in_doubt else kept
    session.execute(update(Message).where(col(Message.id) == message_id).values(reading=marked))
