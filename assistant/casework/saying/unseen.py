"""What nobody has read in a chat within ten minutes also goes to the proved contact as a letter (flows.md, The answer)."""

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
_UNSEEN: Final = "unseen"


def reached_by_mail(
    session: Session, conversation: Conversation, refs: Sequence[str] = ()
) -> PrivacyRequest | None:
    """Give the request whose proved contact a letter about this talk goes to: one it is about, else the newest."""
    proved = [request for request in requests_of(session, conversation) if request.contact]
    meant = [request for request in proved if request.ref in refs] if refs else proved
    return meant[-1] if meant else None


def mail_unless_seen(
    unit: Unit,
    request: PrivacyRequest,
    message_id: int,
    *,
    subject: str | None,
    text: str,
    language: str,
) -> None:
    """Queue the letter of a chat message; it leaves in ten minutes unless the person has read that message."""
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
            due_at=unit.now + PATIENCE,
        ),
    )


def thread_of(row: Outbox, conversation: Conversation | None) -> str | None:
    """Name the thread an answer comes back to: of a letter about a chat that chat, of others none but their own."""
    if conversation is None or conversation.channel == row.channel:
        return conversation.thread if conversation else None
    return conversation.id if row.key.startswith(f"{_UNSEEN}:") else None


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
