"""A message comes in, and a request is opened: one per right, its clock started at receipt."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import bindparam, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm.attributes import instance_dict, instance_state, manager_of_class, set_committed_value
from sqlalchemy.orm.util import identity_key
from sqlmodel import Session, SQLModel, col, select

from assistant.casework.audit import record
from assistant.casework.outbox import lost_about
from assistant.casework.requests.reach import is_for_other
from assistant.domain.addresses import normal_address
from assistant.domain.assurance import DENIED, Tier
from assistant.domain.attention import Attention
from assistant.domain.due_date import DueDates, Suspension, due_dates, reminder_days
from assistant.domain.lifecycle import CLOSED, STOPPABLE, Status, advance
from assistant.domain.reference import new_reference
from assistant.domain.rights import CARRIED_OUT_FIRST, ERASING, Right
from assistant.domain.talk import was_denied
from assistant.interfaces import Incoming
from assistant.services import Services, Unit
from assistant.store.keyring import sender_hash
from assistant.store.queries import UNPROVED, evidence_of
from assistant.store.tables import Conversation, Message, PrivacyRequest

# Built once and below the ORM: composing a statement costs more than running it, and every message needs one.
_MESSAGES = SQLModel.metadata.tables["message"]
_CONVERSATIONS = SQLModel.metadata.tables["conversation"]
_SAME_MESSAGE = select(_MESSAGES.c.id, _MESSAGES.c.text, _MESSAGES.c.kind).where(
    _MESSAGES.c.conversation_id == bindparam("thread"), _MESSAGES.c.external_id == bindparam("external")
)
# As SQLite says it too.
_INSERT_UNLESS_KNOWN = insert(_MESSAGES).on_conflict_do_nothing().returning(_MESSAGES.c.id)
_TALK_ON = update(_CONVERSATIONS).where(_CONVERSATIONS.c.id == bindparam("which"))
_TALK = _CONVERSATIONS.select().where(_CONVERSATIONS.c.id == bindparam("which"))
_REQUESTS = SQLModel.metadata.tables["request"]
_ASKED_IN = select(_REQUESTS.c.ref).where(_REQUESTS.c.conversation_id == bindparam("which")).limit(1)
_GOES_ON = (  # with how it stands and whether anything was asked in it: what most messages need, in one statement
    _TALK_ON.where(_CONVERSATIONS.c.last_at.between(bindparam("since"), bindparam("now")))
    .values(last_at=bindparam("now"))
    .returning(*_CONVERSATIONS.c, _ASKED_IN.scalar_subquery())
)
_WORDS = " "  # parts an id from the digest of the words that came under it; no client of a chat may write it
OUTSIDE = "in:"  # begins the stored id of whatever came from outside, and of nothing that the desk says
OF_PAUSE = frozenset({Attention.DONT_UNANSWERED, Attention.DONT_NOT_ASKED})
# Holds, among a mail's headers, the address that is not the one its thread began with.
OTHER_SENDER = "other_sender"
MACHINE = "machine"  # marks, among a mail's headers, that a rule may not answer it


class Thread(NamedTuple):
    """The talk of a message, whether it was left for longer than it may be, and whether a request may be open in it."""

    conversation: Conversation
    was_left: bool = False
    has_asked: bool = True


class Stored(NamedTuple):
    """A message's number, whether it was there already, and whether its id was that of another one."""

    number: int
    known: bool = False
    reused: bool = False


def find_or_start_conversation(unit: Unit, incoming: Incoming) -> Conversation:
    """Give the conversation of a thread, begun with its first message and active now."""
    return talked_on(unit, incoming, timedelta()).conversation


def talked_on(unit: Unit, incoming: Incoming, idle: timedelta) -> Thread:
    """Give the conversation of a thread, as above, and whether nothing was said in it for so long before this."""
    ident = conversation_id(unit.services, incoming.channel, incoming.thread)
    now = unit.now
    if found := _talked_again(unit.session, ident, now, idle):
        return found
    conversation = Conversation(
        id=ident,
        channel=incoming.channel,
        thread=incoming.thread,
        language=incoming.locale,
        started_at=incoming.received_at,
        last_at=now,
        subject_hint=incoming.sender,
        hint_hash=sender_hash(unit.services.keyring, incoming.sender) if incoming.sender else None,
    )
    unit.session.add(conversation)
    unit.session.flush()
    return Thread(conversation, has_asked=False)


def _talked_again(session: Session, ident: str, now: datetime, idle: timedelta) -> Thread | None:
    """Give a stored conversation as the session would, at a third of the price: every message needs it."""
    execute, since = session.connection().execute, now - idle
    if found := execute(_GOES_ON, {"which": ident, "since": since, "now": now}).one_or_none():
        *values, asked = found
        return Thread(_as_held(session, ident, values), has_asked=asked is not None)
    row = execute(_TALK, {"which": ident}).one_or_none()
    if row is None:
        return None
    conversation = _as_held(session, ident, row)
    before = conversation.last_at
    keep_talk(session, conversation, {"last_at": max(before, now)})
    return Thread(conversation, was_left=before < since)


def _as_held(session: Session, ident: str, row: Iterable[Any]) -> Conversation:
    """Give a row as the session holds it, but for when something was last said."""
    values = dict(zip(_CONVERSATIONS.c.keys(), row, strict=True))
    key = identity_key(Conversation, ident)
    if (held := session.identity_map.get(key)) is not None:
        set_committed_value(held, "last_at", values["last_at"])
        return held
    conversation = manager_of_class(Conversation).new_instance()
    instance_dict(conversation).update(values)
    instance_state(conversation).key = key
    session.add(conversation)
    return conversation


def conversation_id(services: Services, channel: str, thread: str) -> str:
    """Name the conversation of a thread: the same thread, the same conversation, before it is stored."""
    return services.keyring.keyed_hash(f"{channel}:{thread}", "conversation")[:24]


def from_outside(external_id: str) -> str:
    """Name in the store what its sender named: whatever they choose, it is no key of the desk's own."""
    return f"{OUTSIDE}{external_id}"


def as_sent(message: Message) -> str | None:
    """Give the id that its sender chose, to tell it to them; the desk's own keys are told to nobody."""
    ident = message.external_id
    return ident.removeprefix(OUTSIDE).partition(_WORDS)[0] if ident.startswith(OUTSIDE) else None


def store_incoming(
    session: Session,
    conversation: Conversation,
    incoming: Incoming,
    reading: Mapping[str, Any],
) -> Stored:
    """Store a message, once; a mail of somebody else in a thread with the address it came from."""
    if is_from_another(conversation, incoming):
        incoming = replace(incoming, headers={**incoming.headers, OTHER_SENDER: incoming.sender or ""})
    return store_in(session, conversation.id, incoming, reading)


def is_from_another(conversation: Conversation, incoming: Incoming) -> bool:
    """Tell whether a mail is not from the mailbox that its thread began with."""
    by_mail = conversation.channel == "email"
    return by_mail and normal_address(incoming.sender or "") != normal_address(
        conversation.subject_hint or ""
    )


def who_says(unit: Unit, request: PrivacyRequest, sender: str | None) -> str:
    """Name, for the audit, who says something of a request: its person as far as a mail can tell, or another address."""
    began = unit.session.get_one(Conversation, request.conversation_id).subject_hint
    hashed = unit.services.keyring.keyed_hash(normal_address(sender or ""))
    is_theirs = request.contact_hash == hashed or normal_address(began or "") == normal_address(sender or "")
    return "subject" if sender is None or is_theirs else "other_sender"


def store_in(session: Session, ident: str, incoming: Incoming, reading: Mapping[str, Any]) -> Stored:
    """Store a message in the conversation of that name, which need not be readable."""
    row: dict[str, Any] = {
        "conversation_id": ident,
        "external_id": from_outside(incoming.external_id),
        "sender": "you",
        "name": "",
        "text": incoming.text,
        "kind": incoming.kind,
        "choices": [],
        "expects": None,
        "requests": [],
        "reading": dict(reading),
        "handled": True,
        "at": incoming.received_at,
        "subject": incoming.subject,
        "headers": _headers(incoming),
        "raw": incoming.raw,
        "attachments": [asdict(each) for each in incoming.attachments] or None,
    }
    stored = session.connection().execute(_INSERT_UNLESS_KNOWN, row).scalar()
    if stored is not None:
        return Stored(int(stored))
    which = {"thread": ident, "external": row["external_id"]}
    same = session.connection().execute(_SAME_MESSAGE, which).one()
    if _WORDS in incoming.external_id or (same.text, same.kind) == (incoming.text, incoming.kind):
        return Stored(int(same.id), known=True)
    under = f"{incoming.external_id}{_WORDS}{_digest(incoming)}"
    return store_in(session, ident, replace(incoming, external_id=under), reading)._replace(reused=True)


def _digest(incoming: Incoming) -> str:
    said = f"{incoming.kind}:{incoming.text}"
    return hashlib.sha256(said.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _headers(incoming: Incoming) -> dict[str, str]:
    """Whether a mail may be answered by rule is a property of that mail, not of its conversation (RFC 3834)."""
    by_machine = incoming.automatic or incoming.doubtful_sender
    return {**incoming.headers, MACHINE: "1"} if by_machine else dict(incoming.headers)


def keep_talk(session: Session, conversation: Conversation, changes: Mapping[str, Any]) -> None:
    """Keep where a talk stands: in the database, and in the row that this session already holds."""
    session.connection().execute(_TALK_ON, {"which": conversation.id, **changes})
    for name, value in changes.items():
        set_committed_value(conversation, name, value)


def set_handled(session: Session, message_id: int, *, handled: bool) -> None:
    """Mark a message as answered, or as waiting for what cannot be done in one unit."""
    session.execute(update(Message).where(col(Message.id) == message_id).values(handled=handled))


def taken_up(unit: Unit, message_id: int) -> Message | None:
    """Give a message that waited for what could not be done in one unit, marked as answered; None where it was."""
    message = unit.session.get_one(Message, message_id)
    if message.handled:
        return None
    set_handled(unit.session, message_id, handled=True)
    return message


def open_request(
    unit: Unit,
    conversation: Conversation,
    right: Right,
    *,
    received_at: datetime,
    details: Mapping[str, Any],
    tier: Tier,
) -> PrivacyRequest:
    """Open one request, whoever the person is; the clock started when the channel got the message (GDPR 12(3))."""
    dates = due_dates(received_at, calendar=unit.services.calendar)
    request = PrivacyRequest(
        ref=_free_reference(unit),
        right=right,
        status=Status.RECEIVED,
        conversation_id=conversation.id,
        channel=conversation.channel,
        language=conversation.language or unit.services.settings.controller.languages[0],
        received_at=received_at,
        received_on=unit.services.local_day(received_at),
        due_on=dates.due_on,
        safe_on=dates.safe_on,
        rules=list(dates.rules),
        details=dict(details),
        tier_needed=int(tier),
    )
    request.after_ref = _carried_out_before(unit.session, conversation, request)
    request.remind_on = _reminded_on(unit.services, dates)
    unit.session.add(request)
    unit.session.flush()
    record(
        unit,
        request.ref,
        "subject",
        "request_opened",
        right=right,
        channel=conversation.channel,
        received_at=received_at.isoformat(),
        due_on=dates.due_on,
        safe_on=dates.safe_on,
        rules=list(dates.rules),
    )
    if right in CARRIED_OUT_FIRST:
        put_erasure_after(unit.session, _there(unit.session, conversation), request)
    return request


def _carried_out_before(session: Session, conversation: Conversation, erasure: PrivacyRequest) -> str | None:
    if erasure.right not in ERASING:
        return None
    copies = (r for r in _there(session, conversation) if r.right in CARRIED_OUT_FIRST)
    return next((r.ref for r in copies if r.status not in CLOSED and _are_of_one(r, erasure)), None)


def _are_of_one(request: PrivacyRequest, other: PrivacyRequest) -> bool:
    """Tell whether both are the writer's own, or both somebody else's: an erasure waits for a copy of the same data."""
    return is_for_other(request) == is_for_other(other)


def wait_for_own_copy(session: Session, conversation: Conversation) -> None:
    """Have each erasure of a talk wait for a copy of the same person's data alone, now that more is known of whose they are."""
    for erasure in _there(session, conversation):
        first = session.get(PrivacyRequest, erasure.after_ref) if erasure.after_ref else None
        if _may_wait(erasure) and (first is None or not _are_of_one(first, erasure)):
            erasure.after_ref = _carried_out_before(session, conversation, erasure)
            session.add(erasure)


def _may_wait(erasure: PrivacyRequest) -> bool:
    return erasure.right in ERASING and erasure.status not in {*CLOSED, Status.EXECUTING}


def _there(session: Session, conversation: Conversation) -> list[PrivacyRequest]:
    """List the requests of a talk that are there for whoever is in it: what is hidden may be another person's."""
    hidden = conversation.state.get("hidden", ())
    return [request for request in requests_of(session, conversation) if request.ref not in hidden]


def put_erasure_after(session: Session, requests: Iterable[PrivacyRequest], first: PrivacyRequest) -> None:
    """Have the erasures among these wait for what is carried out before them."""
    for request in requests:
        if _may_wait(request) and request.after_ref is None and _are_of_one(first, request):
            request.after_ref = first.ref
            session.add(request)


def requests_of(session: Session, conversation: Conversation) -> list[PrivacyRequest]:
    """List the requests opened in a conversation, oldest first."""
    session.flush()
    if session.connection().execute(_ASKED_IN, {"which": conversation.id}).first() is None:
        return []  # as most talks have it, at a quarter of the price
    return list(
        session.exec(
            select(PrivacyRequest)
            .where(col(PrivacyRequest.conversation_id) == conversation.id)
            .order_by(col(PrivacyRequest.received_at), col(PrivacyRequest.ref))
        )
    )


def move(unit: Unit, request: PrivacyRequest, after: Status, actor: str, **data: Any) -> None:
    """Advance a request's status by the table, with its audit entry; a closed one stops reminding."""
    before = Status(request.status)
    request.status = advance(before, after)
    request.version += 1
    if after in CLOSED:
        request.closed_at, request.remind_on, request.to_plan_at = unit.now, None, None
    elif before in CLOSED:  # lapsed, then proved late: due when it always was, so reminded of again
        request.closed_at = None
        request.remind_on = _reminded_on(unit.services, dates_of(unit.services, request))
    unit.session.add(request)
    record(unit, request.ref, actor, "status", before=before, after=after, **data)


def _reminded_on(services: Services, dates: DueDates) -> date | None:
    """Give the next day on which agents are reminded; none while the clock is suspended: the answer that ends that brings them back."""
    if dates.suspended:
        return None
    return next_reminder(dates.safe_on, services.local_day(services.clock.now()) - timedelta(days=1))


def set_attention(unit: Unit, request: PrivacyRequest, reason: str | None) -> None:
    """Flag a request for a person, or take the flag away; a letter that never arrived goes on asking for one.

    What its contact denied is said first, whatever else came or was settled, until people have decided who asked;
    then that an agent must decide what stands still: a mail that anybody can write hides neither.
    """
    if reason is None:
        reason = lost_letter_reason(unit, request)
    reason = _denial(unit.session, request) or _stands_still(request, reason) or reason
    if request.attention != reason:
        request.attention = reason
        request.version += 1
        unit.session.add(request)
        record(unit, request.ref, "desk", "attention", reason=reason)


def _denial(session: Session, request: PrivacyRequest) -> str | None:
    """Say that the contact denies having asked, as long as nobody has decided who did and something can still begin."""
    if request.status not in STOPPABLE:
        return None
    evidence = evidence_of(session, request)
    return DENIED if was_denied(request) or (evidence and DENIED in evidence.flags) else None


def _stands_still(request: PrivacyRequest, reason: str | None) -> str | None:
    """Say that nobody answered, or could be asked, whether an erasure goes on, as long as it stands still."""
    is_paused = request.dont_at is not None and request.dont_answer is None and request.status in STOPPABLE
    stays = is_paused and request.attention in OF_PAUSE and reason not in OF_PAUSE
    return request.attention if stays else None


def lost_letter_reason(unit: Unit, request: PrivacyRequest) -> str | None:
    """Say why a person is needed where a letter did not arrive, or where a report without our id says so."""
    failures = [row.failure or "" for row in lost_about(unit, request)]
    if any(not failure.startswith(UNPROVED) for failure in failures):
        return Attention.LOST_LETTER
    return Attention.UNPROVED_LOSS if failures else None


def dates_of(services: Services, request: PrivacyRequest, language: str = "en") -> DueDates:
    """Count the dates of a request as it stands today, its rules told in a language."""
    suspensions = [
        Suspension(date.fromisoformat(asked), date.fromisoformat(satisfied) if satisfied else None)
        for asked, satisfied in request.suspensions
        if asked
    ]
    today = services.local_day(services.clock.now())
    return due_dates(
        request.received_at,
        calendar=services.calendar,
        extended_on=request.extended_on,
        suspensions=suspensions,
        today=today,
        language=language,
    )


def recompute_dates(unit: Unit, request: PrivacyRequest) -> DueDates:
    """Compute the clock again after an extension or a suspension, and log the rules applied."""
    dates = dates_of(unit.services, request)
    request.due_on, request.safe_on, request.rules = dates.due_on, dates.safe_on, list(dates.rules)
    request.remind_on = _reminded_on(unit.services, dates)
    unit.session.add(request)
    record(
        unit,
        request.ref,
        "desk",
        "clock",
        due_on=dates.due_on,
        safe_on=dates.safe_on,
        rules=list(dates.rules),
    )
    return dates


def next_reminder(safe_on: date, after: date) -> date:
    """Give the next day on which agents are reminded: those before the safe day and on it, then daily."""
    return next((day for day in reminder_days(safe_on) if day > after), after + timedelta(days=1))


def _free_reference(unit: Unit) -> str:
    while unit.session.get(PrivacyRequest, ref := new_reference(unit.services.random)) is not None:
        pass
    return ref
