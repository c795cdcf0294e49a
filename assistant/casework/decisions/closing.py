"""What people decide about a request: extend, withdraw, forward, answer by hand, let lapse; refusing.py refuses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from sqlmodel import Session, col, select

from assistant.casework import saying
from assistant.casework.answers import answers, running_services
from assistant.casework.audit import record
from assistant.casework.decisions import approval, four_eyes
from assistant.casework.requests.evidence import answer_for
from assistant.casework.requests.intake import move, recompute_dates, set_attention
from assistant.casework.requests.queue import WORKERS, Principal, Role, get_request, void_actions
from assistant.casework.saying.typed import (
    carried_out,
    check_discloses_nothing,
    check_no_refusal,
    check_words,
)
from assistant.domain.details import RunningServices
from assistant.domain.due_date import due_dates
from assistant.domain.lifecycle import CLOSED, STOPPABLE, PlanState, Status
from assistant.domain.talk import ASK_CONTACT, TalkState
from assistant.errors import Conflict, Invalid, NotVerified
from assistant.services import Unit
from assistant.store.queries import evidence_of
from assistant.store.tables import Action, Conversation, Message, PrivacyRequest

_LONGEST_TEXT = 20_000
_COMES_FIRST: Final = {
    Status.AWAITING_APPROVAL: "A plan waits for approval; reject it or approve it first.",
    Status.SCHEDULED: "A plan is approved and waits for its time; undo the approval and reject it first, or let it be carried out.",
    Status.EXECUTING: "A plan is being carried out, or failed on its way; see it through, or stop it and answer honestly from there.",
}


def extend(unit: Unit, ref: str, reason: str, agent: Principal) -> PrivacyRequest:
    """Extend by two months and tell the person why, inside the first month (GDPR 12(3)); later has no effect."""
    agent.require(Role.LEAD)
    request = get_request(unit.session, ref)
    today = unit.services.local_day(unit.now)
    _check_open(request)
    if request.extended_on:
        raise Conflict("It was extended already; there is no second extension.")
    check_words(reason, empty="Say why: how complex the request is, or how many there are (GDPR 12(3)).")
    check_discloses_nothing(unit, request.conversation_id, reason)
    by = due_dates(request.received_at, calendar=unit.services.calendar).extension_notice_by
    if today > by:
        raise Conflict(f"The notice had to leave by {by}; an extension now has no effect.", notice_by=str(by))
    request.extended_on, request.extension_reason = today, reason.strip()
    dates = recompute_dates(unit, request)
    record(unit, ref, agent.actor, "extended", reason=reason.strip(), due_on=dates.due_on)
    answers.give_answer(unit, request, "extension_notice", reason=reason.strip())
    return request


def withdraw(unit: Unit, requests: Sequence[PrivacyRequest]) -> list[PrivacyRequest]:
    """Take back what the person no longer wants, as long as its effect has not started; the contact is told."""
    done = []
    for request in requests:
        if request.status not in STOPPABLE:
            continue
        void_actions(unit, request.ref, "withdrawn")
        move(unit, request, Status.WITHDRAWN, "subject")
        set_attention(unit, request, None)
        if request.contact:
            saying.mail(
                unit,
                "mail_withdrawn",
                to=unit.services.keyring.unseal(request.contact),
                language=request.language,
                ref=request.ref,
                key=f"withdrawn:{request.ref}",
                requests=[saying.as_seen(request)],
            )
        done.append(request)
    return done


def close(unit: Unit, ref: str, text: str, agent: Principal) -> PrivacyRequest:
    """Answer by hand what the desk does not decide, and close; only a lead ends a request of which no plan was done."""
    agent.require(*WORKERS)
    request = get_request(unit.session, ref)
    _check_open(request)
    if not _was_carried_out(unit.session, ref):
        agent.require(Role.LEAD)
    check_words(
        text,
        done=carried_out(unit.session, request.conversation_id),
        empty="Write the answer that the person gets; nothing is closed in silence (GDPR 12(3)).",
    )
    check_no_refusal(text)
    if request.status in {Status.RECEIVED, Status.VERIFYING}:
        move(unit, request, Status.OPEN, agent.actor)
    _check_no_plan(unit.session, request)
    _check_as_an_answer(unit, request, agent)
    void_actions(unit, ref, "answered")
    move(unit, request, Status.ANSWERED, agent.actor)
    set_attention(unit, request, None)
    answers.give_answer(unit, request, "answer_by_agent", at_contact=True, text=text.strip())
    return request


def _check_no_plan(session: Session, request: PrivacyRequest) -> None:
    """Raise Conflict where a plan comes first; a freeze that has not begun becomes void with the answer."""
    freezing = select(Action.id).where(
        col(Action.ref) == request.ref, col(Action.state).in_((PlanState.EXECUTING, PlanState.STOPPING))
    )
    under_way = session.exec(freezing.limit(1)).first() is not None
    stands = Status.EXECUTING if under_way else Status(request.status)
    if stands != Status.OPEN:
        raise Conflict(_COMES_FIRST[stands], status=request.status)


def _check_as_an_answer(unit: Unit, request: PrivacyRequest, agent: Principal) -> None:
    """Ask of words typed by hand what is asked of an answer of that kind: they may say as much as any package."""
    approval.check_people(request, agent)
    four_eyes.check_close(unit, request, agent)
    answer = answer_for(unit.services, request, evidence_of(unit.session, request))
    if answer.missing is not None:
        raise NotVerified(
            f"Nobody proved enough for an answer: it needs tier {int(answer.missing)}. "
            "Refuse it, let it lapse, or have a lead decide who asks."
        )
    if answer.not_before and answer.not_before > unit.now:
        raise Conflict(
            f"The person may still say that it was not them: answer from {answer.not_before:%Y-%m-%d %H:%M} UTC.",
            possible_from=answer.not_before.isoformat(),
        )


def reply(unit: Unit, conversation: Conversation, text: str, agent: Principal) -> None:
    """Write to the person as an agent, in the channel of the conversation."""
    agent.require(*WORKERS)
    check_words(text, done=carried_out(unit.session, conversation.id))
    check_discloses_nothing(unit, conversation.id, text)
    saying.check_reachable(unit, conversation)
    said = saying.Utterance(
        text=text.strip(),
        key=f"agent:{unit.services.random(8).hex()}",
        sender="agent",
        name=agent.name,
        language=conversation.language or unit.services.settings.controller.languages[0],
        unasked=True,
    )
    saying.say_text(unit, conversation, said)


def note(unit: Unit, ref: str, text: str, agent: Principal) -> None:
    """Leave a note for other agents; the person never sees it here, but it is part of an access."""
    agent.require(*WORKERS)
    if not _said(text):
        raise Invalid("Write something first.")
    request = get_request(unit.session, ref)
    unit.session.add(
        Message(
            conversation_id=request.conversation_id,
            external_id=f"note:{unit.services.random(8).hex()}",
            sender="note",
            name=agent.name,
            text=text.strip(),
            at=unit.now,
        )
    )
    record(unit, ref, agent.actor, "noted")


def assign(unit: Unit, ref: str, assignee: str | None, agent: Principal) -> PrivacyRequest:
    """Give a request to an agent, or take it back."""
    agent.require(*WORKERS)
    request = get_request(unit.session, ref)
    request.assignee = assignee
    unit.session.add(request)
    record(unit, ref, agent.actor, "assigned", assignee=assignee)
    return request


def set_keep_services(unit: Unit, request: PrivacyRequest, *, keep: bool) -> None:
    """Note whether the person keeps the running services, and have the erasure planned again."""
    request.details = RunningServices(keep_services=keep).kept_in(request.details)
    request.to_plan_at = unit.now
    unit.session.add(request)
    record(unit, request.ref, "subject", running_services.DECIDED, keep=keep)
    unit.wake("plan")


def lapse(unit: Unit, ref: str, agent: Principal) -> PrivacyRequest:
    """Approve the letter to somebody who never proved who they are (GDPR 12(4)); reopened if they do so later."""
    agent.require(Role.LEAD)
    request = get_request(unit.session, ref)
    if request.status != Status.VERIFYING:
        raise Conflict("Only a request that waits for proof can lapse.", status=request.status)
    move(unit, request, Status.LAPSED, agent.actor)
    set_attention(unit, request, None)
    answers.give_answer(unit, request, "lapse_letter")
    _wait_for_contact(unit.session, request)
    return request


def _wait_for_contact(session: Session, request: PrivacyRequest) -> None:
    """Have a chat wait for who asks, as the letter says; a mail is answered whenever it comes."""
    conversation = session.get_one(Conversation, request.conversation_id)
    if conversation.channel == "email" or conversation.state.get("hidden"):
        return  # what is hidden comes back by a proof already
    asks = TalkState.of(conversation.state).asking(ASK_CONTACT, "email", [request.ref])
    conversation.state = asks.as_json()
    session.add(conversation)


def lapse_drafts_due(request: PrivacyRequest, today: date) -> bool:
    """Tell whether the letter must be drafted: five days ahead of the due date."""
    return request.status == Status.VERIFYING and _is_near(request, today)


def is_left_incomplete(request: PrivacyRequest, today: date) -> bool:
    """Tell whether a person is to look at what its writer never completed: five days ahead of the due date."""
    return request.status == Status.RECEIVED and request.attention is None and _is_near(request, today)


def _is_near(request: PrivacyRequest, today: date) -> bool:
    return request.due_on - timedelta(days=5) <= today


def _was_carried_out(session: Session, ref: str) -> bool:
    done = select(Action.id).where(col(Action.ref) == ref, col(Action.state) == PlanState.DONE)
    return session.exec(done.limit(1)).first() is not None


def _check_open(request: PrivacyRequest) -> None:
    if request.status in CLOSED:
        raise Conflict(f"The request is {request.status} already.", status=request.status)


def _said(text: str) -> bool:
    if len(text) > _LONGEST_TEXT:
        raise Invalid(f"The text is too long: at most {_LONGEST_TEXT} characters.")
    return bool(text.strip())
