"""A mail says "I never asked for this": what it means stops, or whoever is there is called (erasures stand still: sparing.py)."""

from __future__ import annotations

from typing import Final

from assistant.casework.audit import record
from assistant.casework.decisions.sparing import is_paused
from assistant.casework.proof import stopping
from assistant.casework.requests.intake import set_attention
from assistant.casework.saying import flood
from assistant.casework.talk import elsewhere
from assistant.conversation.received import Received
from assistant.domain.assurance import DENIED
from assistant.domain.attention import Attention
from assistant.domain.lifecycle import CLOSED, STOPPABLE, Status
from assistant.domain.reference import parse_references
from assistant.domain.rights import ERASING
from assistant.store.queries import requests_named
from assistant.store.rows import PrivacyRequest

_CARRIED_OUT: Final = frozenset({Status.ANSWERED, Status.PARTLY_ANSWERED})
ATTENTIONS: Final = frozenset({DENIED, Attention.NOT_ME_BY_MAIL})


def call(mail: Received) -> list[PrivacyRequest]:
    """Call an agent to the requests that a mail says its writer never made; gives the writer's own among them.

    Those of the contact are its own, whether it names them or not; of anybody else's, those that it names by reference.
    What surely comes from the mailbox stops its own as the link for that does; any other mail moves none of them.
    """
    turn, sender = mail.turn, mail.sender
    theirs = of_contact(mail)
    named = requests_named(turn.unit.session, parse_references(mail.text))
    meant = [request for request in named if request.status not in CLOSED]
    known = {request.ref for request in theirs}
    own = [each for each in meant if each.ref in known] or ([] if meant else theirs)
    denied = [request for request in own if not _will_stand_still(request)]
    for request in denied:
        _note(mail, request, Attention.NOT_ME_BY_MAIL)
    if denied and flood.is_own(turn.unit, sender, turn.conversation.id):
        stopping.stop_denied(turn.unit, denied, sender)
    elif denied:
        mail.choose_language()
        unproved = all(request.contact is None for request in denied)
        turn.say("not_me_noted", requests=turn.seen(denied), unproved=unproved)
    for request in meant:
        if request.ref not in known and request.attention is None:
            _note(mail, request, Attention.NOT_ME_BY_STRANGER)
    for request in named:  # what was carried out can still be put back, by a person
        if request.status in _CARRIED_OUT and request.attention is None:
            is_theirs = not mail.muted and request.contact_hash == elsewhere.hash_of(mail.unit, mail.sender)
            _note(mail, request, Attention.NOT_ME_BY_MAIL if is_theirs else Attention.NOT_ME_BY_STRANGER)
    return own


def of_contact(mail: Received) -> list[PrivacyRequest]:
    """List the open requests whose contact wrote this mail, as far as a sender is known at all."""
    return [] if mail.muted or not mail.sender else elsewhere.open_of(mail.unit, mail.sender)


def _will_stand_still(request: PrivacyRequest) -> bool:
    """Tell whether it is an erasure that now stands still: its contact is asked, and nobody else need be."""
    fresh = request.dont_at is None and request.status in STOPPABLE
    return request.right in ERASING and (fresh or is_paused(request))


def _note(mail: Received, request: PrivacyRequest, reason: str) -> None:
    record(mail.unit, request.ref, "subject", "denied_by_mail", conversation=mail.turn.conversation.id)
    set_attention(mail.unit, request, reason)
