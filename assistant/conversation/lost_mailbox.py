"""Somebody lost the mailbox that a code or a link would go to: none goes there, and a person finds another way (identity.md, T3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from assistant.casework import link_again, proof
from assistant.casework.intake import set_attention
from assistant.casework.reach import MAILBOX_LOST
from assistant.conversation import correcting
from assistant.domain.assurance import Tier
from assistant.domain.rights import Right
from assistant.store.tables import Conversation, PrivacyRequest
from intents.awaiting import lacks_mailbox, without_lost

if TYPE_CHECKING:
    from assistant.conversation.turn import Turn
    from assistant.interfaces import Incoming

ATTENTION: Final = "mailbox_lost"


def hear(turn: Turn) -> bool:
    """Take a lost mailbox for no address and no correction, where a chat waits for an address or for a code."""
    awaited = turn.state.expects in {"email", "code"} and turn.state.question != "ask_marketing_address"
    wishes = turn.reading.decision == "request" and set(turn.rights()) - {Right.RECTIFICATION}
    if turn.is_mail or turn.kind != "text" or not awaited or wishes or not lacks_mailbox(turn.text):
        return False
    references = turn.to_be_proved()
    _answer(turn, turn.requests_named(references), references)
    return True


def leaves_no_code(turn: Turn, requests: Sequence[PrivacyRequest]) -> bool:
    """Ask for no code where the chat that opens a request says that the mailbox is lost."""
    if turn.is_mail or turn.kind != "text" or not lacks_mailbox(turn.text, awaited=False):
        return False
    references = [request.ref for request in requests]
    turn.wait_for_contact(references)
    _answer(turn, requests, references)
    return True


def _answer(turn: Turn, requests: Sequence[PrivacyRequest], references: Sequence[str]) -> None:
    _call(turn, requests)
    named = without_lost(turn.text, turn.reading.details.get("email") or ())
    read = [address for address in named if not correcting.is_new_contact(requests, address)]
    if read:
        turn.want_code(proof.Claim("email", read[0]), references)
    else:
        turn.state = replace(turn.state, misgiven=True)
        turn.say("mailbox_lost", expects=turn.state.expects, choices=turn.ways_out(references))


def _call(turn: Turn, requests: Sequence[PrivacyRequest]) -> None:
    for request in requests:
        if request.tier_needed > Tier.T0:
            set_attention(turn.unit, request, ATTENTION)


# ── by mail ─────────────────────────────────────────────────────────────────────────────────────────


def leave_to_people(turn: Turn, requests: Sequence[PrivacyRequest]) -> None:
    """Have people find out who asks, where the mail that opens a request says that the mailbox is lost: no link goes out."""
    if turn.is_mail and not turn.muted and lacks_mailbox(turn.text, awaited=False):
        _mark(turn, [request for request in requests if request.tier_needed > Tier.T0])


def hear_by_mail(turn: Turn, incoming: Incoming, here: Sequence[PrivacyRequest]) -> bool:
    """Call a person where a mail says, of the link that a request waits for, that its mailbox is lost; else the link would go there again."""
    sender = incoming.sender or ""
    if turn.muted or not sender or turn.reading.decision == "request":
        return False
    if not lacks_mailbox(turn.text, awaited=bool(here)):
        return False
    found = here or link_again.waiting_of(turn.unit, sender)
    waiting = [request for request in found if link_again.waits_for_link(request)]
    _mark(turn, waiting)
    for ident in dict.fromkeys(request.conversation_id for request in waiting):
        there = turn.within(turn.unit.session.get_one(Conversation, ident))
        there.say("mail_mailbox_lost", requests=turn.seen([r for r in waiting if r.conversation_id == ident]))
    return bool(waiting)


def _mark(turn: Turn, requests: Sequence[PrivacyRequest]) -> None:
    for request in requests:
        request.details = {**request.details, MAILBOX_LOST: True}
        turn.unit.session.add(request)
    _call(turn, requests)
