"""Questions that pages, programs and the command line ask of the store; each reads, none changes anything."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Integer, and_, case, func, literal_column, or_, text
from sqlalchemy.orm import defer
from sqlmodel import Session, col, select

from assistant.domain.lifecycle import CLOSED, LetterState, PlanState, Status
from assistant.domain.plan import Operation
from assistant.domain.rights import Right
from assistant.store.paging import Page, count_of, page
from assistant.store.tables import (
    IS_OPEN,
    IS_UNPROVED,
    NEEDS_AGENT,
    Action,
    Agent,
    Audit,
    Conversation,
    EvidenceRow,
    Message,
    Outbox,
    PrivacyRequest,
    StepRow,
)

_WITHOUT_ORIGINAL = defer(Message.raw)  # type: ignore[arg-type] # a column here; lists hold many mails
UNPROVED = "unproved"  # begins the failure that only a report without our own id tells of
View = Literal["todo", "open", "all"]
_WANTS_A_PERSON = select(Conversation).where(
    or_(col(Conversation.wants_person_at).is_not(None), col(Conversation.taken_by).is_not(None))
)
_PROVED_FIRST = case(
    (
        select(PrivacyRequest.ref)
        .where(
            col(PrivacyRequest.conversation_id) == col(Conversation.id),
            col(PrivacyRequest.evidence_id).is_not(None),
        )
        .exists(),
        0,
    ),
    else_=1,
)  # talks in which nobody proved anything never hide those in which somebody did
_LIVE_PLANS = (PlanState.PROPOSED, PlanState.APPROVED, PlanState.EXECUTING, PlanState.FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFilter:
    """Which requests are looked for; `reference` is the beginning of one, the hashes what was proved."""

    status: Status | None = None
    right: Right | None = None
    due_before: date | None = None
    only_open: bool = False
    or_attention: bool = False  # beside the open ones the closed ones for which a person is needed
    attention: bool = False
    reference: str = ""
    contact_hash: str = ""
    client_hash: str = ""


def requests_by_due_date(
    session: Session, wanted: RequestFilter, *, after: tuple[date, str] | None = None, limit: int
) -> list[PrivacyRequest]:
    """List requests by (due_on, ref), those after a place in that order only."""
    query = select(PrivacyRequest).where(*_conditions(wanted))
    if after is not None:
        due_on, ref = after
        query = query.where(
            or_(
                col(PrivacyRequest.due_on) > due_on,
                and_(col(PrivacyRequest.due_on) == due_on, col(PrivacyRequest.ref) > ref),
            )
        )
    by_due_date = query.order_by(col(PrivacyRequest.due_on), col(PrivacyRequest.ref))
    return list(session.exec(by_due_date.limit(limit)))


def request_list(session: Session, view: View, after: str) -> Page[PrivacyRequest]:
    """Give a page of a view of agents: whoever proved who they are before whoever did not, by due date in each."""
    query = select(PrivacyRequest)
    order: list[Any] = [col(PrivacyRequest.due_on), col(PrivacyRequest.ref)]
    if view != "all":
        query = query.where(text(f"({NEEDS_AGENT if view == 'todo' else IS_OPEN})"))
        order.insert(0, literal_column(IS_UNPROVED, Integer()))
    return page(session, query, order, after=after)


def requests_found(session: Session, wanted: RequestFilter, after: str) -> Page[PrivacyRequest]:
    """Give a page of what was searched for."""
    query = select(PrivacyRequest).where(*_conditions(wanted))
    return page(session, query, (col(PrivacyRequest.due_on), col(PrivacyRequest.ref)), after=after)


def _conditions(wanted: RequestFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.status:
        found.append(col(PrivacyRequest.status) == wanted.status)
    if wanted.right:
        found.append(col(PrivacyRequest.right) == wanted.right)
    if wanted.due_before:
        found.append(col(PrivacyRequest.due_on) < wanted.due_before)
    if wanted.only_open:
        is_open = col(PrivacyRequest.status).not_in(CLOSED)
        needed = col(PrivacyRequest.attention).is_not(None)
        found.append(or_(is_open, needed) if wanted.or_attention else is_open)
    if wanted.attention:
        found.append(col(PrivacyRequest.attention).is_not(None))
    named = _named(wanted)
    return [*found, or_(*named)] if named else found


def _named(wanted: RequestFilter) -> list[ColumnElement[bool]]:
    either: list[ColumnElement[bool]] = []
    if wanted.reference:
        either.append(col(PrivacyRequest.ref).startswith(wanted.reference, autoescape=True))
    if wanted.contact_hash:
        either.append(col(PrivacyRequest.contact_hash) == wanted.contact_hash)
    if wanted.client_hash:
        proved = select(EvidenceRow.id).where(col(EvidenceRow.client_hash) == wanted.client_hash)
        either.append(col(PrivacyRequest.evidence_id).in_(proved))
    return either


def was_passed_on(session: Session, message_id: int | None) -> bool:
    """Tell whether a mail was handed on to support, or is on its way there."""
    relayed = select(Outbox.id).where(col(Outbox.raw_message_id) == message_id)
    return session.exec(relayed.limit(1)).first() is not None


def messages_of(session: Session, conversation_id: str) -> list[Message]:
    """List what was written in a conversation, in its order."""
    query = select(Message).where(col(Message.conversation_id) == conversation_id).order_by(col(Message.id))
    return list(session.exec(query.options(_WITHOUT_ORIGINAL)))


def messages_about(session: Session, request: PrivacyRequest) -> list[Message]:
    """List what was written in the talk of a request, and in every other in which the person spoke of it, in their order."""
    heard = select(Audit.data).where(col(Audit.chain) == request.ref, col(Audit.actor) == "subject")
    elsewhere = {data["conversation"] for data in session.exec(heard) if data.get("conversation")}
    talks = col(Message.conversation_id).in_({request.conversation_id, *elsewhere})
    return list(
        session.exec(select(Message).where(talks).order_by(col(Message.id)).options(_WITHOUT_ORIGINAL))
    )


def message_without_original(session: Session, message_id: int) -> Message | None:
    """Give a message; its original, which may be large, is read only by `casework/answers/originals.py`."""
    query = select(Message).where(col(Message.id) == message_id)
    return session.exec(query.options(_WITHOUT_ORIGINAL)).first()


def requests_named(session: Session, references: Iterable[str]) -> list[PrivacyRequest]:
    """List the requests of these references, in this order; those that were purged are left out."""
    return [request for ref in references if (request := session.get(PrivacyRequest, ref))]


def requests_in(session: Session, conversation_id: str) -> list[PrivacyRequest]:
    """List the requests opened in a conversation, oldest first."""
    return list(
        session.exec(
            select(PrivacyRequest)
            .where(col(PrivacyRequest.conversation_id) == conversation_id)
            .order_by(col(PrivacyRequest.received_at), col(PrivacyRequest.ref))
        )
    )


def audit_of(session: Session, ref: str) -> list[Audit]:
    """List the audit entries of a request, in their order."""
    return list(session.exec(select(Audit).where(col(Audit.chain) == ref).order_by(col(Audit.ordinal))))


def evidence_of(session: Session, request: PrivacyRequest) -> EvidenceRow | None:
    """Give what was proved for a request."""
    return session.get(EvidenceRow, request.evidence_id) if request.evidence_id else None


def live_plan_of(session: Session, ref: str) -> Action | None:
    """Give the plan of a request that is waiting, under way or failed."""
    return session.exec(
        select(Action)
        .where(col(Action.ref) == ref, col(Action.state).in_(_LIVE_PLANS))
        .order_by(col(Action.created_at).desc())
    ).first()


def plans_of(session: Session, ref: str) -> list[Action]:
    """List every plan a request ever had, newest first."""
    query = select(Action).where(col(Action.ref) == ref).order_by(col(Action.created_at).desc())
    return list(session.exec(query))


def done_plan_of(session: Session, ref: str) -> Action | None:
    """Give the last plan of a request that was carried out; a use frozen meanwhile is none."""
    query = select(Action).where(
        col(Action.ref) == ref, col(Action.state) == PlanState.DONE, col(Action.operation) != Operation.LIFT
    )
    return session.exec(query.order_by(col(Action.created_at).desc()).limit(1)).first()


def last_event_of(session: Session, ref: str, events: Sequence[str]) -> str | None:
    """Give the last of these events in the audit of a request."""
    query = select(Audit.event).where(col(Audit.chain) == ref, col(Audit.event).in_(events))
    return session.exec(query.order_by(col(Audit.ordinal).desc()).limit(1)).first()


def last_answer_of(session: Session, ref: str) -> str | None:
    """Give the name of the last answer written to a request."""
    query = select(Audit.data).where(col(Audit.chain) == ref, col(Audit.event) == "answered")
    found = session.exec(query.order_by(col(Audit.ordinal).desc()).limit(1)).first()
    return str(found["text"]) if found else None


def steps_of(session: Session, action_id: str) -> list[StepRow]:
    """List how far each step of a plan has come, in their order."""
    query = select(StepRow).where(col(StepRow.action_id) == action_id).order_by(col(StepRow.ordinal))
    return list(session.exec(query))


def delivered_of(session: Session, ref: str) -> list[Outbox]:
    """List what was handed over for delivery about a request."""
    return list(
        session.exec(select(Outbox).where(col(Outbox.ref) == ref, col(Outbox.state) == LetterState.DONE))
    )


def conversations_wanting_a_person(session: Session, after: str = "") -> Page[Conversation]:
    """List the conversations that asked for a person or that an agent has taken, longest waiting first."""
    since = func.coalesce(col(Conversation.wants_person_at), col(Conversation.last_at))
    return page(session, _WANTS_A_PERSON, (_PROVED_FIRST, since, col(Conversation.id)), after=after)


def count_wanting_a_person(session: Session) -> int:
    """Count them."""
    return count_of(session, _WANTS_A_PERSON, col(Conversation.id))


def conversations_in_triage(session: Session, after: str = "") -> Page[Conversation]:
    """List the mails of which it is in doubt whether they hold a request, oldest first."""
    query = select(Conversation).where(col(Conversation.triage))
    order = (_PROVED_FIRST, col(Conversation.started_at), col(Conversation.id))
    return page(session, query, order, after=after)


def undelivered_to_support(session: Session) -> tuple[int, datetime | None]:
    """Count the customers' mails that support does not get, and give since when the oldest of them waits."""
    query = select(func.count(), func.min(col(Outbox.created_at))).where(
        col(Outbox.kind) == "relay",
        col(Outbox.failed_at).is_not(None),
        col(Outbox.settled_at).is_(None),
        ~col(Outbox.failure).startswith(UNPROVED),  # anybody can write a report: it may be made up
    )
    return session.exec(query).one()


def count_letters(session: Session, state: LetterState) -> int:
    """Count the letters that stand there."""
    return session.exec(select(func.count()).select_from(Outbox).where(col(Outbox.state) == state)).one()


def last_message_of(session: Session, conversation_id: str, sender: str = "you") -> Message | None:
    """Give the last message of one side of a conversation."""
    return session.exec(
        select(Message)
        .where(col(Message.conversation_id) == conversation_id, col(Message.sender) == sender)
        .order_by(col(Message.id).desc())
        .limit(1)
        .options(_WITHOUT_ORIGINAL)
    ).first()


def is_active_agent(session: Session, name: str) -> bool:
    """Tell whether somebody of that name works here."""
    agent = session.get(Agent, name)
    return agent is not None and agent.active


def count_by(session: Session, column: str) -> dict[str, int]:
    """Count requests by `right` or `status`."""
    by = col({"right": PrivacyRequest.right, "status": PrivacyRequest.status}[column])
    return dict(session.exec(select(by, func.count()).group_by(by)).all())


def count_open(session: Session, *, due_before: date | None = None, attention: bool = False) -> int:
    """Count the open requests, those due before a day only; or, open or closed, those flagged for a person."""
    wanted = RequestFilter(only_open=True, due_before=due_before, or_attention=attention, attention=attention)
    conditions = _conditions(wanted)
    return session.exec(select(func.count()).select_from(PrivacyRequest).where(*conditions)).one()


def unhandled(session: Session, until: datetime) -> list[int]:
    """List the messages that were stored by then and not answered, the oldest first."""
    waiting = select(col(Message.id)).where(col(Message.handled).is_(False), col(Message.at) <= until)
    return [ident for ident in session.exec(waiting.order_by(col(Message.id))) if ident is not None]
