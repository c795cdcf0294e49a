"""Passing a request on to the owner of a website that we only host (GDPR 28(3)(e), policy 6.1)."""

from __future__ import annotations

from typing import Any, Final

from sqlmodel import Session, col, select

from assistant.casework import saying
from assistant.casework.answers import answers
from assistant.casework.audit import record
from assistant.casework.requests.intake import move, set_attention
from assistant.casework.requests.queue import Principal, Role, Scope, get_request, void_actions
from assistant.domain.addresses import normal_contact
from assistant.domain.attention import Attention
from assistant.domain.lifecycle import TRANSITIONS, LetterState, Status
from assistant.errors import Conflict, Invalid
from assistant.services import Rendered, Services, Unit
from assistant.store.tables import Conversation, Message, Outbox, PrivacyRequest

FORWARD: Final = "forward"
_TOLD: Final = "forwarded_processor"
_FORWARDABLE = frozenset(row.before for row in TRANSITIONS if row.after is Status.FORWARDED)


def forward(unit: Unit, ref: str, owner: str, agent: Principal) -> PrivacyRequest:
    """Send the person's own words to the owner; the person is told that it was passed on once it has arrived.

    It discloses and it ends the request, so the same people may who approve a disclosure.
    """
    agent.require(Role.APPROVER, Role.LEAD, scope=Scope.APPROVE)
    request = get_request(unit.session, ref)
    if request.status not in _FORWARDABLE:
        raise Conflict("Only a request that is not decided yet can be passed on.", status=request.status)
    if "@" not in owner or normal_contact(owner) is None:
        raise Invalid("Write the e-mail address at which the owner of the website takes such requests.")
    if _is_on_its_way(unit.session, ref):
        raise Conflict("It is on its way to the owner already; the page says once it has arrived.")
    record(unit, ref, agent.actor, "forward_ordered")
    request.to_plan_at = None  # what the owner decides about is not planned here meanwhile
    void_actions(unit, ref, "forwarded")
    set_attention(unit, request, None)  # what cannot be written, or fails to arrive, calls a person again
    saying.mail(
        unit,
        "owner_request",
        to=owner.strip(),
        language=unit.services.settings.controller.languages[0],
        ref=ref,
        conversation_id=request.conversation_id,
        key=f"{FORWARD}:{ref}:{unit.services.random(4).hex()}",
        requests=[saying.as_seen(request)],
        received_at=request.received_at,
        **_asked(unit, request),
    )
    return request


def _is_on_its_way(session: Session, ref: str) -> bool:
    waiting = select(Outbox.id).where(
        col(Outbox.ref) == ref,
        col(Outbox.key).startswith(f"{FORWARD}:"),
        col(Outbox.state) == LetterState.WAITING,
    )
    return session.exec(waiting.limit(1)).first() is not None


def _asked(unit: Unit, request: PrivacyRequest) -> dict[str, Any]:
    """Give what the person wrote when they asked, and where the owner can answer them: nothing else that we hold."""
    wrote = select(Message.text).where(
        col(Message.conversation_id) == request.conversation_id,
        col(Message.sender) == "you",
        col(Message.kind) == "text",
        col(Message.at) <= request.received_at,
    )
    said = unit.session.exec(wrote.order_by(col(Message.id).desc()).limit(1)).first() or ""
    conversation = unit.session.get_one(Conversation, request.conversation_id)
    hint = conversation.subject_hint if request.channel == "email" else None
    return {
        "said": said,
        "reached_at": unit.services.keyring.unseal(request.contact) if request.contact else hint,
    }


def letter_once_delivered(services: Services, request: PrivacyRequest) -> Rendered:
    """Write what the person gets once the owner has it, for whoever is about to order that."""
    return services.texts.render(_TOLD, request.language, requests=[saying.as_seen(request)])


def do_delivered(unit: Unit, row: Outbox) -> None:
    """Close the request as passed on, and say so to the person: its owner's mail system has taken it."""
    request = unit.session.get(PrivacyRequest, row.ref) if row.ref else None
    if request is None:
        return
    if request.status not in _FORWARDABLE:
        set_attention(unit, request, Attention.FORWARDED_MEANWHILE)  # its owner has it: nobody else says so
        return
    move(unit, request, Status.FORWARDED, "desk")
    set_attention(unit, request, None)
    answers.give_answer(unit, request, _TOLD)
