"""What the same person asked in other talks: looked up by the address that writes now, which proves nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlmodel import col, or_, select

from assistant.domain.addresses import normal_address
from assistant.domain.lifecycle import CLOSED
from assistant.services import Unit
from assistant.store.keyring import sender_hash
from assistant.store.tables import Conversation, PrivacyRequest

_REPEATS_WITHIN: Final = timedelta(days=1)
_MOST_TALKS: Final = 20


def talk_of(unit: Unit, ident: str) -> Conversation | None:
    """Give a talk by its name, if there is one."""
    return unit.session.get(Conversation, ident)


def proved_at(unit: Unit, sender: str) -> list[PrivacyRequest]:
    """List the open requests whose proved contact is this address."""
    found = select(PrivacyRequest).where(col(PrivacyRequest.contact_hash) == hash_of(unit, sender))
    return [request for request in unit.session.exec(found) if request.status not in CLOSED]


def open_of(unit: Unit, sender: str) -> list[PrivacyRequest]:
    """List the open requests whose contact is this address, or that were mailed from it and nobody proved."""
    mine = select(Conversation.id).where(
        col(Conversation.channel) == "email",
        col(Conversation.hint_hash) == sender_hash(unit.services.keyring, sender),
    )
    unproved = col(PrivacyRequest.contact_hash).is_(None) & col(PrivacyRequest.conversation_id).in_(mine)
    found = select(PrivacyRequest).where(
        or_(col(PrivacyRequest.contact_hash) == hash_of(unit, sender), unproved),
        col(PrivacyRequest.status).not_in(CLOSED),
    )
    return list(unit.session.exec(found.order_by(col(PrivacyRequest.ref))))


def lately_begun(unit: Unit, sender: str, besides: Conversation) -> list[Conversation]:
    """List the threads of mail that an address began within a day, the newest first."""
    talks = (
        select(Conversation)
        .where(
            col(Conversation.hint_hash) == sender_hash(unit.services.keyring, sender),
            col(Conversation.channel) == "email",
            col(Conversation.started_at) > unit.now - _REPEATS_WITHIN,
            col(Conversation.id) != besides.id,
        )
        .order_by(col(Conversation.started_at).desc())
        .limit(_MOST_TALKS)
    )
    return list(unit.session.exec(talks))


def hash_of(unit: Unit, sender: str) -> str:
    """Give the keyed hash under which an address is a proved contact."""
    return unit.services.keyring.keyed_hash(normal_address(sender))
