"""Mail that lay in a mailbox before the desk read it: what may be a request waits for an agent, nobody is answered.

An agent's key makes it a request as of its receipt; the mail itself stays where it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlmodel import Session

from assistant.casework.requests.doubt import put_in_doubt
from assistant.casework.requests.intake import find_or_start_conversation, store_incoming
from assistant.interfaces import Incoming
from assistant.services import Unit
from assistant.store.tables import Message, Note

_EARLIER = "earlier"  # in the headers of such a message


def list_earlier(unit: Unit, incoming: Incoming, reading: Mapping[str, Any], language: str) -> None:
    """Keep a mail of before and show it in triage; one that is known already, whatever came of it, stays as it is."""
    marked = replace(incoming, headers={**incoming.headers, _EARLIER: "1"})
    conversation = find_or_start_conversation(unit, marked)
    message_id, known, _ = store_incoming(unit.session, conversation, marked, reading)
    if known:
        return
    conversation.language = conversation.language or language
    put_in_doubt(unit.session, conversation, message_id)


def is_earlier(message: Message) -> bool:
    """Tell whether a message came before the desk read its mailbox, where people may have seen to it."""
    return _EARLIER in message.headers


def looked_through(session: Session, mailbox: str) -> int:
    """Give the number up to which the earlier mail of a mailbox was shown."""
    note = session.get(Note, f"looked_through:{mailbox}")
    return int(note.value) if note else 0


def note_looked_through(session: Session, mailbox: str, number: int) -> None:
    """Keep that number, so that a restart does not read it all again."""
    session.merge(Note(name=f"looked_through:{mailbox}", value=str(number)))
