"""Asking the person for what is needed to go on: the clock stands still until they answer, if it was asked in time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any

from sqlmodel import col, or_, select

from assistant.casework import saying
from assistant.casework.audit import record
from assistant.casework.requests.clock import waits_since
from assistant.casework.requests.intake import conversation_id, recompute_dates, set_attention
from assistant.casework.requests.queue import WORKERS, Principal, get_request
from assistant.casework.saying.typed import check_discloses_nothing, check_words
from assistant.domain.addresses import deliverable, normal_address
from assistant.domain.assurance import Tier
from assistant.domain.attention import Attention
from assistant.domain.due_date import question_by
from assistant.domain.lifecycle import Status
from assistant.domain.questions import QuestionGround, ground_to_ask, grounds_to_ask
from assistant.domain.reference import parse_references
from assistant.domain.rights import Right
from assistant.domain.talk import TalkState
from assistant.errors import AskedLate, Conflict, Invalid
from assistant.interfaces import Incoming
from assistant.services import Services, Unit
from assistant.store.tables import Conversation, PrivacyRequest

_LONGEST_QUESTION = 5_000
_LETTERS = {"question_in_time": "mail_question_in_time", "question_late": "mail_question_late"}
# Once a plan is approved its effect is on its way: undo the approval first.
_ASKABLE = frozenset({Status.RECEIVED, Status.VERIFYING, Status.OPEN, Status.AWAITING_APPROVAL})


def grounds_of(request: PrivacyRequest) -> tuple[QuestionGround, ...]:
    """List the grounds on which the person may be asked now."""
    if request.status not in _ASKABLE or waits_since(request):
        return ()
    return grounds_to_ask(Right(request.right), needs_proof=request.tier_needed > Tier.T0)


def ask_by(services: Services, request: PrivacyRequest) -> date:
    """Give the last day on which a question stops the clock."""
    return question_by(request.received_at, services.calendar)


def ask(
    unit: Unit,
    ref: str,
    ground_name: str,
    text: str,
    agent: Principal,
    *,
    although_late: bool = False,
) -> PrivacyRequest:
    """Ask the person in their channel (GDPR 12(6), Recital 63); raises AskedLate before anything is sent."""
    agent.require(*WORKERS)
    request = get_request(unit.session, ref)
    ground = ground_to_ask(ground_name, Right(request.right), needs_proof=request.tier_needed > Tier.T0)
    conversation = unit.session.get_one(Conversation, request.conversation_id)
    check_ask(unit.services, request, conversation, text)
    check_discloses_nothing(unit, conversation.id, text)
    today, by = unit.services.local_day(unit.now), ask_by(unit.services, request)
    if today > by and not although_late:
        raise AskedLate(
            f"Asked now it stops no clock: that was possible until {by}. Nothing was sent; "
            f"ask although it is late, and the answer stays due on {request.due_on}.",
            ask_by=str(by),
        )
    record(
        unit,
        ref,
        agent.actor,
        "question_asked",
        ground=ground.name,
        article=ground.article,
        suspends=today <= by,
    )
    _do_ask(unit, request, conversation, text.strip(), today)
    return request


def check_ask(services: Services, request: PrivacyRequest, conversation: Conversation, text: str) -> None:
    """Say why a question cannot be asked now; raises Conflict or Invalid."""
    check_words(text, empty="Write the question that the person gets.")
    if len(text) > _LONGEST_QUESTION:
        raise Invalid(f"The question is too long: at most {_LONGEST_QUESTION} characters.")
    if request.status not in _ASKABLE:
        raise Conflict(
            f"The request is {request.status}; ask before a plan is approved or the request closed.",
            status=request.status,
        )
    if since := waits_since(request):
        raise Conflict(f"The person was asked on {since} and has not answered yet.", asked_on=str(since))
    if not _reaches(services, request, conversation):
        raise Conflict(
            "Nobody would read it: the chat has ended and no contact was proved; or the mail names no address."
        )


def _reaches(services: Services, request: PrivacyRequest, conversation: Conversation) -> bool:
    if conversation.channel in saying.LIVE and request.contact is None:
        return not saying.has_ended(services, conversation)
    return conversation.channel != "email" or deliverable(conversation.subject_hint or "") is not None


def _do_ask(unit: Unit, request: PrivacyRequest, conversation: Conversation, text: str, today: date) -> None:
    name = "question_in_time" if today <= ask_by(unit.services, request) else "question_late"
    request.suspensions = [*request.suspensions, [today.isoformat(), None]]
    recompute_dates(unit, request)
    state = TalkState.of(conversation.state)
    conversation.state = replace(state, asked=(*state.asked, request.ref)).as_json()
    unit.session.add(conversation)
    _tell(unit, request, conversation, name, len(request.suspensions), question=text)


def _tell(
    unit: Unit,
    request: PrivacyRequest,
    conversation: Conversation,
    name: str,
    number: int,
    *,
    by_mail: bool = False,
    **values: Any,
) -> None:
    """Say it in the conversation, and to whom has left a chat as a letter."""
    seen, key = [saying.as_seen(request)], f"{name}:{request.ref}:{number}"
    render = partial(unit.services.texts.render, requests=seen, **values)
    language = conversation.language or request.language
    letter = render(_LETTERS[name], language) if name in _LETTERS else None
    told = letter if letter and conversation.channel == "email" else render(name, language)
    said = saying.Utterance(
        text=told.text,
        subject=told.subject,
        letter=letter,
        language=language,
        requests=seen,
        key=key,
        unasked=True,
        answers_mail=by_mail,
    )
    saying.say_text(unit, conversation, said)


# ── the answer ──────────────────────────────────────────────────────────────────────────────────────


def questions_answered(unit: Unit, conversation: Conversation, incoming: Incoming) -> list[PrivacyRequest]:
    """List the requests whose question a message answers: in the chat where it was asked, or in the thread of its letter.

    A sender is only claimed, but nothing is released on it: the clock goes on and an agent reads the answer.
    """
    if incoming.kind != "text" or incoming.automatic or incoming.doubtful_sender:
        return []
    if incoming.channel != "email":
        hidden = conversation.state.get("hidden", ())  # whoever is there now may be another
        asked = [ref for ref in dict.fromkeys(conversation.state.get("asked", ())) if ref not in hidden]
        return [r for ref in asked if (r := unit.session.get(PrivacyRequest, ref)) and waits_since(r)]
    asked = asked_of(unit, conversation, incoming)
    return [request for request in asked if _is_answered(unit.services, request, incoming)]


def asked_of(unit: Unit, conversation: Conversation, incoming: Incoming) -> list[PrivacyRequest]:
    """List the requests with a question that is still to be answered by whoever sent a mail: asked in its talk, or of its contact."""
    contact = unit.services.keyring.keyed_hash(normal_address(incoming.sender or ""))
    ways = [col(PrivacyRequest.contact_hash) == contact] if incoming.sender else []
    if incoming.sender and normal_address(incoming.sender) == normal_address(conversation.subject_hint or ""):
        ways.append(col(PrivacyRequest.conversation_id) == conversation.id)
    if not ways:
        return []
    theirs = select(PrivacyRequest).where(or_(*ways), col(PrivacyRequest.status).in_(_ASKABLE))
    return [request for request in unit.session.exec(theirs) if waits_since(request)]


def _is_answered(services: Services, request: PrivacyRequest, incoming: Incoming) -> bool:
    """Tell whether a mail stands in the thread of the question, or is an answer whose subject still names it."""
    here = conversation_id(services, incoming.channel, incoming.thread)
    if request.conversation_id in {here, incoming.thread}:
        return True
    return "answers" in incoming.headers and request.ref in parse_references(incoming.subject or "")


def take_answer(unit: Unit, requests: Sequence[PrivacyRequest], answered_in: str) -> None:
    """Let the clocks go on from today, tell the person the date, and have an agent read what they wrote."""
    today = unit.services.local_day(unit.now)
    for request in requests:
        asked, _ = request.suspensions[-1]
        request.suspensions = [*request.suspensions[:-1], [asked, today.isoformat()]]
        record(unit, request.ref, "subject", "question_answered", conversation=answered_in)
        recompute_dates(unit, request)
        set_attention(unit, request, Attention.QUESTION_ANSWERED)
        conversation = unit.session.get_one(Conversation, request.conversation_id)
        by_mail = answered_in != conversation.id
        _tell(unit, request, conversation, "clock_goes_on", len(request.suspensions), by_mail=by_mail)
