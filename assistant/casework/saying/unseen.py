"""What nobody has read in a chat within ten minutes also goes to the proved contact as a letter."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlmodel import Session, col, select

from assistant.casework.outbox import queue_outgoing
from assistant.casework.requests.hidden import is_kept_back
from assistant.casework.requests.intake import requests_of
from assistant.domain.letter import Letter
from assistant.services import Unit
from assistant.store.tables import Conversation, Message, Outbox, PrivacyRequest

if TYPE_CHECKING:
    from collections.abc import Sequence


PATIENCE: Final = timedelta(minutes=10)
AT_ONCE: Final = timedelta(0)
_UNSEEN: Final = "unseen"


def reached_by_mail(
    session: Session, conversation: Conversation, refs: Sequence[str] = ()
) -> PrivacyRequest | None:
    """Give the request whose proved contact a letter about this talk goes to: one it is about, else the newest."""
    proved = [request for request in requests_of(session, conversation) if request.contact]
    meant = [request for request in proved if request.ref in refs] if refs else proved
    return meant[-1] if meant else None


def proved_here(session: Session, conversation: Conversation) -> PrivacyRequest | None:
    """Give the newest request that whoever is in the talk now proved."""
    hidden = conversation.state.get("hidden", ())
    here = [r for r in requests_of(session, conversation) if r.contact and r.ref not in hidden]
    return here[-1] if here else None


def mail_unless_seen(
    unit: Unit,
    request: PrivacyRequest,
    message_id: int,
    *,
    subject: str | None,
    text: str,
    language: str,
    after: timedelta = PATIENCE,
) -> None:
    """Queue the letter of a chat message; it leaves after that time unless the person has read that message."""
    queue_outgoing(
        unit,
        Letter(
            key=f"{_UNSEEN}:{message_id}",
            channel="email",
            kind="mail",
            text=text,
            subject=subject,
            language=language,
            recipient=unit.services.keyring.unseal(request.contact or ""),
            conversation_id=request.conversation_id,
            ref=request.ref,
            due_at=unit.now + after,
        ),
    )


def thread_of(session: Session, row: Outbox) -> str | None:
    """Name the thread an answer comes back to: of a letter to the contact that was proved for a chat that chat."""
    talk = session.get(Conversation, row.conversation_id) if row.conversation_id else None
    if talk is not None and talk.channel == row.channel:
        return talk.thread
    request = session.get(PrivacyRequest, row.ref) if row.ref else None
    ident = talk.id if talk else request and request.conversation_id
    conversation = session.get(Conversation, ident) if ident else None
    if conversation is None or conversation.channel == row.channel:
        return None
    proved = {each.contact_hash for each in requests_of(session, conversation)}
    return conversation.id if row.recipient_hash and row.recipient_hash in proved else None


def was_seen(session: Session, row: Outbox) -> bool:
    """Tell whether a letter is needless: its message was seen in the chat, or the person wrote after it."""
    what, _, number = row.key.partition(":")
    if what != _UNSEEN:
        return False
    ident = int(number.partition("~")[0])
    conversation = session.get_one(Conversation, row.conversation_id)
    message = session.get(Message, ident)
    if message is not None and is_kept_back(conversation, message.sender, message.requests):
        return False
    if (conversation.seen_id or 0) >= ident:
        return True
    wrote = select(Message.id).where(
        col(Message.conversation_id) == conversation.id,
        col(Message.sender) == "you",
        col(Message.id) > ident,
    )
    return session.exec(wrote.limit(1)).first() is not None
