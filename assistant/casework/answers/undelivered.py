"""Letters that did not arrive: refused, given up or reported back; each calls a person, and none is silent.

A report only calls and informs. Whoever forges one stops nothing and learns nothing: only one that holds the signed id
of the very letter is believed and told; another is shown to agents as unproved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from sqlmodel import Session, col, select

from assistant.casework import saying
from assistant.casework.audit import record
from assistant.casework.outbox import RELAY, lost_about, lost_in, said_in
from assistant.casework.requests.intake import MACHINE, requests_of, set_attention
from assistant.casework.requests.queue import WORKERS, Principal
from assistant.domain.addresses import normal_address
from assistant.domain.attention import Attention
from assistant.domain.lifecycle import CLOSED, LetterState, advance
from assistant.domain.masking import mask_email
from assistant.services import Services, Unit
from assistant.store.queries import UNPROVED
from assistant.store.tables import Conversation, Message, Outbox, PrivacyRequest

log = structlog.get_logger(__name__)

# How long after a letter a report about it may still come: mail servers try for five days (RFC 5321, 4.5.4.1).
REPORTED_WITHIN: Final = timedelta(days=8)
_AGAIN_AFTER = timedelta(hours=1)
_NO_FAILURE = frozenset({"delayed", "delivered", "relayed", "expanded"})  # RFC 3464, section 2.3.3
# What a list or a plan on the request's page ends.
_ENDED_OTHERWISE = frozenset(
    {
        Attention.LOST_LETTER,
        Attention.UNPROVED_LOSS,
        Attention.UNDONE,
        Attention.PARTLY_LEFT,
        Attention.STOPPED,
        Attention.STEP_FAILED,
    }
)
_IN_CHAT = frozenset({"webchat", "telegram"})


@dataclass(frozen=True, slots=True)
class Lost:
    """A letter that did not arrive, as an agent sees it."""

    what: str  # what kind of letter: the beginning of its key
    to: str  # masked
    failed_at: datetime
    why: str  # refused, bounced, unproved, not_taken, no_address, too_late, broken
    code: str  # what the mail server or the report said, in digits
    attempts: int


def for_support(row: Outbox) -> bool:
    """Tell whether a row goes to support, which gets it however long that takes."""
    return row.kind == RELAY or row.key.startswith("ticket:")


# ── it failed ───────────────────────────────────────────────────────────────────────────────────────


def note_loss(unit: Unit, row: Outbox, failure: str) -> None:
    """Note that a letter did not arrive and call a person where it belongs, also for a closed request."""
    first = row.failed_at is None or _is_unproved(row.failure)
    row.failure, row.failed_at, row.settled_at = failure, unit.now, None
    unit.session.add(row)
    if row.kind == RELAY:
        _show_in_triage(unit, row, first=first)
        return
    said = said_in(unit.services, row)
    requests = _concerned(unit.session, row, said)
    for request in requests:
        # The audit says what and why; whom it was for stays sealed in the outbox.
        record(
            unit,
            request.ref,
            "desk",
            _event(failure),
            key=_what(row),
            failure=failure,
            channel=row.channel,
        )
        unit.session.flush()
        _call(unit, request, failure)
    conversation = unit.session.get(Conversation, row.conversation_id) if row.conversation_id else None
    if conversation is None:
        if not requests:
            log.error("delivery.belongs_to_nobody", outbox=row.id)
        return
    if not requests and conversation.wants_person_at is None:
        conversation.wants_person_at = unit.now
        unit.session.add(conversation)
    if first and not _is_unproved(failure) and said.get("typed") and conversation.channel in _IN_CHAT:
        saying.say(unit, conversation, "typed_address_failed", key=f"lost:{row.id}")


def _is_unproved(failure: str | None) -> bool:
    return (failure or "").startswith(UNPROVED)


def _event(failure: str) -> str:
    return "said_not_delivered" if _is_unproved(failure) else "not_delivered"


def _call(unit: Unit, request: PrivacyRequest, failure: str) -> None:
    """Call a person, over no other reason; what is certain takes the place of what was only said."""
    if _is_unproved(failure):
        if request.attention is None:
            set_attention(unit, request, Attention.UNPROVED_LOSS)
    elif request.attention in {None, Attention.UNPROVED_LOSS}:
        set_attention(unit, request, Attention.LOST_LETTER)


def _concerned(session: Session, row: Outbox, said: Mapping[str, Any]) -> list[PrivacyRequest]:
    """List the requests a letter is about: those it names, else the open ones of its talk, else the last one there."""
    named = [row.ref] if row.ref else list(said.get("about") or ())
    found = [request for ref in named if (request := session.get(PrivacyRequest, ref)) is not None]
    if found or not row.conversation_id:
        return found
    conversation = session.get(Conversation, row.conversation_id)
    return concerned_in(session, conversation) if conversation else []


def concerned_in(session: Session, conversation: Conversation) -> list[PrivacyRequest]:
    """List the open requests of a talk, or the last one where all are closed."""
    requests = requests_of(session, conversation)
    return [request for request in requests if request.status not in CLOSED] or requests[-1:]


def _show_in_triage(unit: Unit, row: Outbox, *, first: bool) -> None:
    conversation = unit.session.get(Conversation, row.conversation_id) if row.conversation_id else None
    if conversation is not None and first:
        conversation.triage = True
        unit.session.add(conversation)
        record(unit, "", "desk", "support_refused", conversation=conversation.id, failure=row.failure or "")


# ── a report came back ──────────────────────────────────────────────────────────────────────────────


def note_report(unit: Unit, conversation: Conversation, report: Mapping[str, str]) -> bool:
    """Take a report about a mail of ours; False where it is about none, so that it is treated as anybody's mail."""
    row = _reported(unit, report)
    if report.get("bounce_action") in _NO_FAILURE:
        return row is not None or bool(report.get("bounce_of"))
    if row is not None:
        proved = row.sent_as is not None and row.sent_as == report.get("bounce_of")
        if row.failed_at is None or (proved and _is_unproved(row.failure)):
            _bounced(unit, row, report, proved=proved)
        return True
    # Its id is signed by us although the letter itself is gone, or it came back to a thread of ours.
    failure = _failure(report, proved=bool(report.get("bounce_of")))
    requests = concerned_in(unit.session, conversation)
    for request in requests:
        record(unit, request.ref, "desk", _event(failure), failure=failure, channel="email")
        _call(unit, request, failure)
    return bool(requests or report.get("bounce_of"))


def _reported(unit: Unit, report: Mapping[str, str]) -> Outbox | None:
    """Find the letter: by its id, or by whom it was for, the newest that nobody has reported yet."""
    if own := report.get("bounce_of"):
        found = unit.session.exec(select(Outbox).where(col(Outbox.sent_as) == own)).first()
        if found is not None:
            return found
    hashes = [
        unit.services.keyring.keyed_hash(normal_address(to)) for to in report.get("bounce_to", "").split()
    ]
    if not hashes:
        return None
    sent = select(Outbox).where(
        col(Outbox.recipient_hash).in_(hashes),
        col(Outbox.channel) == "email",
        col(Outbox.state) != LetterState.WAITING,  # what is still being tried is not lost, whoever says so
        col(Outbox.created_at) > unit.now - REPORTED_WITHIN,
    )
    rows = unit.session.exec(
        sent.order_by(col(Outbox.failed_at).is_not(None), col(Outbox.id).desc()).limit(1)
    )
    return rows.first()


def _bounced(unit: Unit, row: Outbox, report: Mapping[str, str], *, proved: bool) -> None:
    if proved and row.state != LetterState.BOUNCED:
        row.state = advance(row.state, LetterState.BOUNCED)
    note_loss(unit, row, _failure(report, proved=proved))
    if for_support(row) and proved and not _wrote_a_machine(unit.session, row):
        # Only a report that holds our signed id has it sent again: a made-up one must not make us send.
        row.state, row.due_at = advance(row.state, LetterState.WAITING), unit.now + _AGAIN_AFTER
        unit.session.add(row)
        unit.wake("deliver")


def _failure(report: Mapping[str, str], *, proved: bool) -> str:
    return f"{'bounced' if proved else UNPROVED}:{report.get('bounce_status', '')}".rstrip(":")


def _wrote_a_machine(session: Session, row: Outbox) -> bool:
    """Two machines that pass a mail to and fro must stop: what a machine wrote is shown, not sent again."""
    message = session.get(Message, row.raw_message_id) if row.raw_message_id else None
    return message is not None and MACHINE in message.headers


# ── an agent looks ──────────────────────────────────────────────────────────────────────────────────


def lost_letters_of(unit: Unit, request: PrivacyRequest) -> list[Lost]:
    """List what did not arrive about a request and nobody has dealt with, newest first."""
    return [_seen(unit.services, row) for row in lost_about(unit, request)]


def lost_letters_in(unit: Unit, conversation_id: str) -> list[Lost]:
    """List what did not arrive in a conversation and nobody has dealt with, newest first."""
    return [_seen(unit.services, row) for row in lost_in(unit.session, conversation_id)]


def lost_relay_of(unit: Unit, conversation_id: str) -> Lost | None:
    """Give what keeps a customer's mail from support, None while nothing does."""
    rows = [row for row in lost_in(unit.session, conversation_id) if row.kind == RELAY]
    return _seen(unit.services, rows[0]) if rows else None


def is_settled_by_word(request: PrivacyRequest) -> bool:
    """Tell whether nothing but an agent's word ends the attention of a closed request."""
    reason = (request.attention or "").partition(":")[0]
    return request.status in CLOSED and bool(reason) and reason not in _ENDED_OTHERWISE


def settle(unit: Unit, request: PrivacyRequest, agent: Principal) -> PrivacyRequest:
    """Note that an agent has dealt with what did not arrive about a request, or with what called them to a closed one."""
    agent.require(*WORKERS)
    rows = lost_about(unit, request)
    _settled(unit, rows)
    if is_settled_by_word(request):
        record(unit, request.ref, agent.actor, "seen_to", reason=request.attention)
        set_attention(unit, request, None)
    record(unit, request.ref, agent.actor, "losses_settled", letters=len(rows))
    if request.attention in {Attention.LOST_LETTER, Attention.UNPROVED_LOSS}:
        unit.session.flush()
        set_attention(unit, request, None)
    return request


def settle_talk(unit: Unit, conversation: Conversation, agent: Principal) -> Conversation:
    """Note that an agent has dealt with what did not arrive in a talk that opened no request."""
    agent.require(*WORKERS)
    rows = [row for row in lost_in(unit.session, conversation.id) if row.kind != RELAY]
    _settled(unit, rows)
    for request in requests_of(unit.session, conversation):
        if request.attention in {Attention.LOST_LETTER, Attention.UNPROVED_LOSS}:
            unit.session.flush()
            set_attention(unit, request, None)
    record(unit, "", agent.actor, "losses_settled", conversation=conversation.id, letters=len(rows))
    return conversation


def _settled(unit: Unit, rows: Sequence[Outbox]) -> None:
    for row in rows:
        row.settled_at = unit.now
        unit.session.add(row)


def _seen(services: Services, row: Outbox) -> Lost:
    why, _, code = (row.failure or "").partition(":")
    to = mask_email(services.keyring.unseal(row.recipient)) if row.recipient else ""
    return Lost(_what(row), to, row.failed_at or row.created_at, why, code, row.attempts)


def _what(row: Outbox) -> str:
    return row.key.partition(":")[0]
