"""What the same person asked in other talks: looked up by the address that writes now, which proves nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from sqlmodel import col, or_, select

from assistant.casework.requests.evidence import is_denied
from assistant.domain.addresses import normal_address
from assistant.domain.assurance import TO_A_CONTACT
from assistant.domain.details import LIMITED
from assistant.domain.lifecycle import CLOSED
from assistant.domain.rights import Right
from assistant.domain.talk import WAITING
from assistant.services import Unit
from assistant.store.keyring import sender_hash
from assistant.store.queries import evidence_of
from assistant.store.tables import Conversation, EvidenceRow, PrivacyRequest

_REPEATS_WITHIN: Final = timedelta(days=1)
_MOST_TALKS: Final = 20


def talk_of(unit: Unit, ident: str) -> Conversation | None:
    """Give a talk by its name, if there is one."""
    return unit.session.get(Conversation, ident)


def proved_at(unit: Unit, sender: str) -> list[PrivacyRequest]:
    """List the open requests whose proved contact is this address."""
    found = select(PrivacyRequest).where(col(PrivacyRequest.contact_hash) == hash_of(unit, sender))
    return [request for request in unit.session.exec(found) if request.status not in CLOSED]


def asked_before(unit: Unit, request: PrivacyRequest, evidence: EvidenceRow) -> PrivacyRequest | None:
    """Give the open request of another talk that asks the very same, on as good a proof of the same person, and goes on.

    What stands still, or was denied, is answered by nothing that is asked beside it.
    """
    found = select(PrivacyRequest).where(
        col(PrivacyRequest.contact_hash) == evidence.contact_hash,
        col(PrivacyRequest.right) == request.right,
        col(PrivacyRequest.conversation_id) != request.conversation_id,
        col(PrivacyRequest.received_at) <= request.received_at,
        col(PrivacyRequest.status).not_in((*CLOSED, *WAITING)),
    )
    if is_denied(evidence):
        return None
    handler = unit.services.handlers[Right(request.right)]
    for earlier in unit.session.exec(found.order_by(col(PrivacyRequest.received_at))):
        before = evidence_of(unit.session, earlier)
        is_as_good = before is not None and not is_denied(before) and before.method in TO_A_CONTACT
        same_person = before is not None and before.client_hash == evidence.client_hash
        same_wish = handler.asks_same(_whole(earlier.details), _whole(request.details))
        if is_as_good and same_person and same_wish and earlier.dont_at is None:
            return earlier
    return None


def _whole(details: Mapping[str, Any]) -> dict[str, Any]:
    """Give what is asked for without its limit, which a person reads at the request that goes on."""
    return {name: value for name, value in details.items() if name != LIMITED}


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
