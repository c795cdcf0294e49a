"""Erasures stand still once they were told not to go on: asked once at the contact on file, then an agent decides."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, or_, select

from assistant.casework import saying
from assistant.casework.audit import record
from assistant.casework.decisions import closing, four_eyes
from assistant.casework.proof import challenges, sending
from assistant.casework.requests.intake import set_attention, who_says
from assistant.casework.requests.queue import Principal, Role, get_request
from assistant.casework.requests.together import stopped_together
from assistant.domain.addresses import deliverable, normal_address
from assistant.domain.assurance import Method
from assistant.domain.attention import Attention
from assistant.domain.lifecycle import CLOSED, STOPPABLE, PlanState, Status
from assistant.domain.moves import Claim
from assistant.domain.rights import ERASING
from assistant.errors import Conflict, TooManyAttempts
from assistant.services import Services, Unit
from assistant.store.keyring import sender_hash
from assistant.store.queries import live_plan_of
from assistant.store.tables import Audit, Conversation, PrivacyRequest

PURPOSE: Final = "dont"
KEEP, GO_ON = "keep", "go_on"
ANSWER_WITHIN: Final = timedelta(days=3)  # then an agent decides; the date stays what it was
_BEFORE_DUE: Final = timedelta(days=1)
LIFTED_WAITS: Final = timedelta(days=1)  # the contact hears of it, and can still stop it
_ANSWERED: Final = "dont_answered"


def is_paused(request: PrivacyRequest) -> bool:
    """Tell whether an erasure stands still until somebody says whether it is still wanted."""
    return request.dont_at is not None and request.dont_answer is None and request.status not in CLOSED


def first_reason(request: PrivacyRequest) -> str | None:
    """Say why a person is needed; that an erasure stands still comes before all else."""
    if not is_paused(request) or request.attention in {Attention.DONT_UNANSWERED, Attention.DONT_NOT_ASKED}:
        return request.attention
    return Attention.DONT_HEARD


def erasures_meant(unit: Unit, conversation: Conversation, sender: str | None) -> list[PrivacyRequest]:
    """List the erasures under way that a message may mean: of its conversation, and of the address it was mailed from."""
    ways = [col(PrivacyRequest.conversation_id) == conversation.id]
    if sender:
        hashed = unit.services.keyring.keyed_hash(normal_address(sender))
        theirs = select(Conversation.id).where(
            col(Conversation.channel) == "email",
            col(Conversation.hint_hash) == sender_hash(unit.services.keyring, sender),
        )
        ways += [col(PrivacyRequest.contact_hash) == hashed, col(PrivacyRequest.conversation_id).in_(theirs)]
    found = (
        select(PrivacyRequest)
        .where(
            col(PrivacyRequest.right).in_(ERASING),
            col(PrivacyRequest.status).in_((*STOPPABLE, Status.EXECUTING)),
            or_(*ways),
        )
        .order_by(col(PrivacyRequest.received_at), col(PrivacyRequest.ref))
    )
    return list(unit.session.exec(found).all())


def may_still_stop(request: PrivacyRequest) -> bool:
    """Tell whether the effect has not started."""
    return request.status in STOPPABLE


def pause(
    unit: Unit, requests: Sequence[PrivacyRequest], heard_in: Conversation, sender: str | None = None
) -> list[PrivacyRequest]:
    """Let erasures stand still, each once in its life, and ask at the contact on file; gives those that were not before.

    Once, because a mail is easily forged: a second one stalls nothing (A48).
    """
    fresh = [each for each in requests if each.dont_at is None and may_still_stop(each)]
    for request in fresh:
        request.dont_at = unit.now
        request.version += 1
        unit.session.add(request)
        record(
            unit, request.ref, who_says(unit, request, sender), Attention.DONT_HEARD, conversation=heard_in.id
        )
        if request.attention is None:
            set_attention(unit, request, Attention.DONT_HEARD)
    for conversation_id, contact in dict.fromkeys((r.conversation_id, _contact_of(unit, r)) for r in fresh):
        asked = [r for r in fresh if r.conversation_id == conversation_id and _contact_of(unit, r) == contact]
        _ask(unit, unit.session.get_one(Conversation, conversation_id), contact, asked)
    return fresh


def _contact_of(unit: Unit, request: PrivacyRequest) -> str | None:
    if request.contact:
        return unit.services.keyring.unseal(request.contact)
    conversation = unit.session.get_one(Conversation, request.conversation_id)
    hint = conversation.subject_hint if conversation.channel == "email" else None
    return hint if hint and deliverable(hint) else None


def _ask(
    unit: Unit,
    conversation: Conversation,
    contact: str | None,
    requests: Sequence[PrivacyRequest],
) -> None:
    if contact is None:
        return  # in a chat without a contact the talk itself asks
    try:
        asked = challenges.want_challenge(
            unit,
            conversation,
            Claim("email", contact),
            [request.ref for request in requests],
            method=Method.EMAIL_LINK,
            purpose=PURPOSE,
        )
        asked.expires_at = unit.now + ANSWER_WITHIN
        unit.session.add(asked)
    except TooManyAttempts:
        for request in requests:
            set_attention(unit, request, Attention.DONT_NOT_ASKED)


# ── what comes of it ────────────────────────────────────────────────────────────────────────────────


def keep(unit: Unit, requests: Sequence[PrivacyRequest], actor: str) -> list[PrivacyRequest]:
    """Take the erasures back, as long as their effect has not started; gives those taken back."""
    stopped = [request for request in requests if may_still_stop(request)]
    for request in stopped:
        _answered(unit, request, KEEP, actor)
    return closing.withdraw(unit, stopped)


def go_on(unit: Unit, requests: Sequence[PrivacyRequest], actor: str) -> list[PrivacyRequest]:
    """Let erasures go on that stood still; gives those that did."""
    paused = [request for request in requests if is_paused(request)]
    for request in paused:
        _answered(unit, request, GO_ON, actor)
        if request.attention in {Attention.DONT_HEARD, Attention.DONT_UNANSWERED, Attention.DONT_NOT_ASKED}:
            set_attention(unit, request, None)
    if paused:
        unit.wake("carry_out")
    return paused


def _answered(unit: Unit, request: PrivacyRequest, answer: str, actor: str) -> None:
    if request.dont_at is None or request.dont_answer is not None:
        return
    request.dont_answer = answer
    request.version += 1
    unit.session.add(request)
    record(unit, request.ref, actor, "dont_answered", answer=answer)


# ── what an agent decides ───────────────────────────────────────────────────────────────────────────


def decide(unit: Unit, ref: str, answer: str, agent: Principal) -> PrivacyRequest:
    """Let an agent decide what nobody answered: whoever may approve an erasure lets it go on, a lead ends it.

    Raises Conflict for a "go on" while the contact may still answer, NotAllowed for whoever approved the plan.
    """
    agent.require(*((Role.LEAD,) if answer == KEEP else (Role.APPROVER, Role.LEAD)))
    request = get_request(unit.session, ref)
    if not is_paused(request):
        raise Conflict(
            "This request does not stand still; there is nothing to decide.", status=request.status
        )
    if answer == KEEP:
        keep(unit, [request], agent.actor)
    else:
        _lift(unit, request, agent)
    return request


def lift_from(services: Services, request: PrivacyRequest) -> datetime | None:
    """Say from when an agent may let an erasure go on that nobody answered for; none where it does not stand still."""
    if request.dont_at is None or not is_paused(request):
        return None
    zone = ZoneInfo(services.settings.controller.timezone)
    near_due = datetime.combine(request.due_on - _BEFORE_DUE, time(), zone).astimezone(UTC)
    return min(request.dont_at + ANSWER_WITHIN, near_due)


def lifted_waits_until(session: Session, request: PrivacyRequest) -> datetime | None:
    """Say until when an erasure waits that an agent let go on: its contact was told, and may stop it."""
    if request.dont_answer != GO_ON:
        return None
    lifted = select(Audit.at).where(
        col(Audit.chain) == request.ref,
        col(Audit.event) == _ANSWERED,
        col(Audit.actor).startswith("agent:"),
    )
    at = session.exec(lifted).first()
    return at + LIFTED_WAITS if at else None


def holds_back(unit: Unit, request: PrivacyRequest) -> bool:
    """Tell whether nothing may begin: it stands still, or its contact was told a moment ago that it goes on."""
    until = lifted_waits_until(unit.session, request)
    return is_paused(request) or (until is not None and unit.now < until)


def _lift(unit: Unit, request: PrivacyRequest, agent: Principal) -> None:
    possible = lift_from(unit.services, request)
    if possible is not None and unit.now < possible:
        zone = ZoneInfo(unit.services.settings.controller.timezone)
        raise Conflict(
            "Somebody asked not to erase, and the contact may still answer which is meant. "
            f"You can let it go on from {possible.astimezone(zone):%Y-%m-%d %H:%M}; a lead can end it at any time.",
            possible_from=possible.isoformat(),
        )
    four_eyes.check_lift(unit, request, agent)
    go_on(unit, [request], agent.actor)
    starts = unit.now + LIFTED_WAITS
    action = live_plan_of(unit.session, request.ref)
    if action and action.not_before and action.state == PlanState.APPROVED:
        action.not_before = max(action.not_before, starts)
        unit.session.add(action)
    _tell_it_goes_on(unit, request, starts)


def _tell_it_goes_on(unit: Unit, request: PrivacyRequest, not_before: datetime) -> None:
    conversation = unit.session.get_one(Conversation, request.conversation_id)
    contact = _contact_of(unit, request)
    seen = [saying.as_seen(request)]
    if contact is None:
        saying.say(unit, conversation, "dont_lifted", requests=seen, not_before=not_before)
        return
    stops = stopped_together(unit.session, [request]) or [request]
    saying.mail(
        unit,
        "mail_dont_lifted",
        to=contact,
        language=request.language,
        key=f"dont_lifted:{request.ref}",
        ref=request.ref,
        conversation_id=request.conversation_id,
        fate=saying.Fate(about=[request.ref]),
        requests=seen,
        not_before=not_before,
        stop_url=sending.stop_link(unit, [each.ref for each in stops], contact),
        stops=[saying.as_seen(each) for each in stops],
    )


def unanswered_due(unit: Unit) -> list[str]:
    """List the erasures for which nobody answered in three days, or whose date is near, as `lift_from` counts it."""
    near = unit.services.local_day(unit.now) + _BEFORE_DUE
    waiting = select(PrivacyRequest.ref).where(
        or_(col(PrivacyRequest.dont_at) <= unit.now - ANSWER_WITHIN, col(PrivacyRequest.due_on) <= near),
        col(PrivacyRequest.dont_at).is_not(None),
        col(PrivacyRequest.dont_answer).is_(None),
        col(PrivacyRequest.status).in_(STOPPABLE),
        col(PrivacyRequest.attention).is_distinct_from(Attention.DONT_UNANSWERED),
    )
    return list(unit.session.exec(waiting))


def flag_unanswered(unit: Unit, ref: str) -> None:
    """Call an agent where nobody answered in three days, or the date is near: a forged mail must not stall an erasure."""
    request = unit.session.get_one(PrivacyRequest, ref)
    possible = lift_from(unit.services, request)
    if possible is not None and possible <= unit.now and request.attention != Attention.DONT_UNANSWERED:
        set_attention(unit, request, Attention.DONT_UNANSWERED)
