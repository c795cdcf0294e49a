"""A mail says "I never asked for this": what it means stops, or whoever is there is called (erasures stand still: sparing.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlmodel import col, or_, select

from assistant.casework import flood, proof
from assistant.casework.audit import record
from assistant.casework.intake import set_attention
from assistant.casework.sparing import is_paused
from assistant.domain.addresses import normal_address
from assistant.domain.lifecycle import CLOSED, STOPPABLE, Status
from assistant.domain.reference import parse_references
from assistant.domain.rights import Right
from assistant.store.keyring import sender_hash
from assistant.store.tables import Conversation, PrivacyRequest

if TYPE_CHECKING:
    from assistant.conversation.turn import Turn

NOT_ME_BY_MAIL: Final = "not_me_by_mail"
BY_STRANGER: Final = "not_me_by_stranger"
_CARRIED_OUT: Final = frozenset({Status.ANSWERED, Status.PARTLY_ANSWERED})
ATTENTIONS: Final = frozenset({"not_me", NOT_ME_BY_MAIL})


def call(turn: Turn, sender: str) -> list[PrivacyRequest]:
    """Call an agent to the requests that a mail says its writer never made; gives the writer's own among them.

    Those of the contact are its own, whether it names them or not; of anybody else's, those that it names by reference.
    What surely comes from the mailbox stops its own as the link for that does; any other mail moves none of them.
    """
    theirs = of_contact(turn, sender)
    named = [r for ref in parse_references(turn.text) if (r := turn.unit.session.get(PrivacyRequest, ref))]
    meant = [request for request in named if request.status not in CLOSED]
    known = {request.ref for request in theirs}
    own = [each for each in meant if each.ref in known] or ([] if meant else theirs)
    denied = [request for request in own if not _will_stand_still(request)]
    for request in denied:
        _note(turn, request, NOT_ME_BY_MAIL)
    if denied and flood.is_own(turn.unit, sender, turn.conversation.id):
        proof.stop_denied(turn.unit, denied, sender)
    elif denied:
        turn.choose_language()
        unproved = all(request.contact is None for request in denied)
        turn.say("not_me_noted", requests=turn.seen(denied), unproved=unproved)
    for request in meant:
        if request.ref not in known and request.attention is None:
            _note(turn, request, BY_STRANGER)
    for request in named:  # what was carried out can still be put back, by a person
        if request.status in _CARRIED_OUT and request.attention is None:
            is_theirs = not turn.muted and request.contact_hash == _hashed(turn, sender)
            _note(turn, request, NOT_ME_BY_MAIL if is_theirs else BY_STRANGER)
    return own


def _hashed(turn: Turn, sender: str) -> str:
    return turn.unit.services.keyring.keyed_hash(normal_address(sender))


def of_contact(turn: Turn, sender: str) -> list[PrivacyRequest]:
    """List the open requests whose contact wrote this mail, as far as a sender is known at all."""
    if turn.muted or not sender:
        return []
    hashed = _hashed(turn, sender)
    mine = select(Conversation.id).where(
        col(Conversation.channel) == "email",
        col(Conversation.hint_hash) == sender_hash(turn.unit.services.keyring, sender),
    )
    unproved = col(PrivacyRequest.contact_hash).is_(None) & col(PrivacyRequest.conversation_id).in_(mine)
    found = select(PrivacyRequest).where(
        or_(col(PrivacyRequest.contact_hash) == hashed, unproved), col(PrivacyRequest.status).not_in(CLOSED)
    )
    return list(turn.unit.session.exec(found.order_by(col(PrivacyRequest.ref))))


def _will_stand_still(request: PrivacyRequest) -> bool:
    """Tell whether it is an erasure that now stands still: its contact is asked, and nobody else need be."""
    fresh = request.dont_at is None and request.status in STOPPABLE
    return request.right == Right.ERASURE and (fresh or is_paused(request))


def _note(turn: Turn, request: PrivacyRequest, reason: str) -> None:
    record(
        turn.unit,
        request.ref,
        "subject",
        "denied_by_mail",
        conversation=turn.conversation.id,
    )
    set_attention(turn.unit, request, reason)
