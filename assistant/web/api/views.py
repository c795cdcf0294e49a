"""Turns rows of the store into what the API answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from assistant.casework.answers.outcomes import outcome_of
from assistant.casework.answers.redaction import mentions_of
from assistant.casework.answers.undelivered import Lost, lost_letters_of
from assistant.casework.decisions import four_eyes, questions, sparing
from assistant.casework.presses import labels_of
from assistant.casework.proof.people_decide import typed_contact
from assistant.casework.requests.clock import waits_since
from assistant.casework.requests.intake import OTHER_SENDER
from assistant.casework.requests.person import masked_person_of, reveal
from assistant.casework.requests.queue import Principal
from assistant.casework.requests.whose import apart_from
from assistant.domain.lifecycle import StepState
from assistant.domain.masking import mask_email, mask_text
from assistant.domain.plan import Plan, plan_from_json
from assistant.domain.rights import Right
from assistant.services import Unit
from assistant.store import queries
from assistant.store.rows import (
    Action,
    Audit,
    Conversation,
    EvidenceRow,
    Message,
    Outbox,
    PrivacyRequest,
    StepRow,
)
from assistant.web.api.models import (
    BlockerOut,
    ConversationOut,
    KeepOut,
    LossOut,
    MessageOut,
    QueueItem,
    RequestDetail,
    RequestOut,
    StepOut,
    Timeline,
    TimelineEntry,
    TypedContactOut,
)


def request_out(unit: Unit, request: PrivacyRequest, revealed_to: Principal | None = None) -> RequestOut:
    """Give a request; with its person in clear only for an agent who asked, and that is noted."""
    person = (
        reveal(unit, request, revealed_to) if revealed_to is not None else masked_person_of(unit, request)
    )
    plain = {
        name: getattr(request, name)
        for name in RequestOut.model_fields
        if name not in {"person", "outcome", "attention"}
    }
    return RequestOut(
        **plain,
        attention=sparing.first_reason(request),
        person=person,
        outcome=outcome_of(unit.session, request),
    )


def request_detail(
    unit: Unit, request: PrivacyRequest, revealed_to: Principal | None = None
) -> RequestDetail:
    """Give a request with what it follows from; values the person wrote are masked unless revealed."""
    shown = request.details if revealed_to else {k: _masked(v) for k, v in request.details.items()}
    return RequestDetail(
        **request_out(unit, request, revealed_to).model_dump(),
        rules=request.rules,
        details=shown,
        extended_on=request.extended_on,
        extension_reason=request.extension_reason,
        asked_on=waits_since(request),
        ask_by=questions.ask_by(unit.services, request),
        after=request.after_ref,
        actions=[action.id for action in queries.plans_of(unit.session, request.ref)],
        conversation=request.conversation_id,
        closed_at=request.closed_at,
        undelivered=[_loss(each) for each in lost_letters_of(unit, request)],
    )


def _loss(lost: Lost) -> LossOut:
    return LossOut(letter=lost.what, to=lost.to, failed_at=lost.failed_at, why=lost.why, code=lost.code)


def _masked(value: object) -> object:
    """Mask what was written, however deep it lies in a detail."""
    if isinstance(value, Mapping):
        return {name: _masked(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_masked(each) for each in value]
    return mask_text(value) if isinstance(value, str) else value


def queue_item(unit: Unit, action: Action, request: PrivacyRequest, agent: Principal) -> QueueItem:
    """Give a plan with one entry for each table that it touches."""
    plan = plan_from_json(action.plan)
    right = Right(request.right)
    carried_out = queries.steps_of(unit.session, action.id)
    typed = typed_contact(unit, request, agent)
    mentions = mentions_of(unit.services, action)
    return QueueItem(
        stands_still=sparing.is_paused(request),
        id=action.id,
        request=request.ref,
        right=right,
        operation=action.operation,
        state=action.state,
        plan_hash=action.plan_hash,
        created_at=action.created_at,
        due_on=request.due_on,
        not_before=action.not_before,
        rows_done=action.rows_done,
        rows_to_do=action.rows_to_do,
        waits_for=[step.source for step in carried_out if step.state == StepState.BY_HAND],
        needs_second_person=four_eyes.needs_second_person(unit.services, action, request),
        approved_by=list(four_eyes.approved_by(action)),
        typed_contact=TypedContactOut(**asdict(typed)) if typed else None,
        steps=_steps(plan, {row.ordinal: row for row in carried_out}),
        keeps=[
            KeepOut(
                source=k.source,
                table=k.table,
                rows=k.rows,
                columns=list(k.columns),
                rule=k.rule,
                law=k.law,
                until=k.until,
            )
            for k in plan.keeps
        ],
        recipients=list(plan.possible_recipients),
        undecided=list(plan.undecided),
        left_in=sum(not each.is_left_out for each in mentions),
        left_out=sum(each.is_left_out for each in mentions),
        blockers=[
            BlockerOut(source=b.source, table=b.table, rows=b.rows, what=b.what) for b in plan.blockers
        ],
        conflicts=[each.said for each in plan.conflicts],
    )


def _steps(plan: Plan, carried_out: Mapping[int, StepRow]) -> list[StepOut]:
    return [
        StepOut(
            source=step.source,
            table=effect.table,
            operation=step.operation,
            rows=effect.rows,
            category=effect.category,
            columns=list(effect.columns),
            state=row.state if row else StepState.WAITING,
            done_at=row.done_at if row else None,
        )
        for ordinal, step in enumerate(plan.steps)
        for row in (carried_out.get(ordinal),)
        for effect in step.effects
    ]


def timeline(unit: Unit, request: PrivacyRequest, *, revealed: bool) -> Timeline:
    """Give messages, proof and audit of a request as one story, in its order."""
    messages = queries.messages_about(unit.session, request)
    pressed, apart = labels_of(messages), apart_from(unit.session, unit.services.keyring, request)
    told = [_message_entry(each, pressed.get(each.id, each.text), revealed=revealed) for each in messages]
    entries = [
        entry.model_copy(update={"in_no_copy": message.id in apart})
        for message, entry in zip(messages, told, strict=True)
    ]
    entries += [_audit_entry(entry) for entry in queries.audit_of(unit.session, request.ref)]
    if evidence := queries.evidence_of(unit.session, request):
        entries.append(_evidence_entry(evidence))
    entries += [_delivery_entry(row) for row in queries.delivered_of(unit.session, request.ref)]
    return Timeline(items=sorted(entries, key=lambda entry: entry.at))


def _message_entry(message: Message, said: str, *, revealed: bool) -> TimelineEntry:
    text = said if revealed else mask_text(said)
    actor = f"agent:{message.name}" if message.sender in {"agent", "note"} else message.sender
    actor = OTHER_SENDER if OTHER_SENDER in message.headers else actor
    return TimelineEntry(
        at=message.at,
        kind="note" if message.sender == "note" else "message",
        actor=actor,
        event=message.kind,
        text=text,
    )


def _audit_entry(entry: Audit) -> TimelineEntry:
    return TimelineEntry(at=entry.at, kind="audit", actor=entry.actor, event=entry.event, data=entry.data)


def _delivery_entry(row: Outbox) -> TimelineEntry:
    data = {"channel": row.channel, "attempts": row.attempts}
    return TimelineEntry(
        at=row.done_at or row.created_at, kind="delivery", actor="desk", event="handed_over", data=data
    )


def _evidence_entry(evidence: EvidenceRow) -> TimelineEntry:
    data = {
        "method": evidence.method,
        "tier": evidence.tier,
        "on_file": evidence.on_file,
        "fresh_login": evidence.fresh_login,
        "flags": evidence.flags,
        "requests": evidence.references,
    }
    return TimelineEntry(at=evidence.obtained_at, kind="evidence", actor="subject", event="proved", data=data)


def conversation_out(unit: Unit, conversation: Conversation) -> ConversationOut:
    """Give a conversation with its messages, masked."""
    messages = queries.messages_of(unit.session, conversation.id)
    pressed = labels_of(messages)
    return ConversationOut(
        id=conversation.id,
        channel=conversation.channel,
        language=conversation.language,
        taken_by=conversation.taken_by,
        wants_person_at=conversation.wants_person_at,
        requests=[request.ref for request in queries.requests_in(unit.session, conversation.id)],
        messages=[
            _message_out(each, pressed.get(each.id, each.text), conversation.seen_id) for each in messages
        ],
    )


def _message_out(message: Message, said: str, seen_id: int | None) -> MessageOut:
    other = message.headers.get(OTHER_SENDER)
    name = message.name if other is None else mask_email(other)
    values = {"id": message.id, "from": message.sender, "name": name, "at": message.at}
    values["seen"] = None if seen_id is None else (message.id or 0) <= seen_id
    return MessageOut.model_validate(values | {"text": mask_text(said)})
