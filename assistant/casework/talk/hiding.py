"""A chat that somebody left: what was said in it is kept from whoever sits there next, and shown to the same person again (B13)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_, update
from sqlmodel import Session, col, select

from assistant.casework import saying
from assistant.casework.answers import answers
from assistant.casework.proof import attaching
from assistant.casework.requests import intake
from assistant.casework.requests.hidden import hidden_up_to, is_kept_back
from assistant.casework.requests.intake import Thread, conversation_id, requests_of
from assistant.casework.requests.whose import HIDING, part_of
from assistant.casework.talk.turn import Turn
from assistant.domain.assurance import Tier
from assistant.domain.talk import TalkState
from assistant.interfaces import ChatSession, Incoming
from assistant.services import Services, Unit
from assistant.store.tables import Conversation, Message, PrivacyRequest

_MOST_HISTORY = 200
_HIDDEN_TEXT = 1  # message: alone since a talk was hidden, it leaves nothing to hide


def idle_seconds(services: Services) -> int:
    """Give how long a chat may be left before whoever comes may be somebody else."""
    return 60 * services.settings.periods.idle_minutes


def quiet_turn(unit: Unit, ident: str) -> Turn:
    """Give a turn in which nobody wrote anything; what was left is hidden first."""
    conversation = unit.session.get_one(Conversation, ident)
    if conversation.channel in saying.LIVE and _is_left(unit, conversation.last_at):
        _hide(unit, conversation, TalkState.of(conversation.state))
    conversation.last_at = max(conversation.last_at, unit.now)
    return Turn.quiet(unit, conversation)


def talked_on(unit: Unit, incoming: Incoming) -> Thread:
    """Give the talk of a message; what came from a page that stood open too long finds nothing of before there."""
    thread = intake.talked_on(unit, incoming, timedelta(seconds=idle_seconds(unit.services)))
    if incoming.channel in saying.LIVE and thread.was_left:
        _hide(unit, thread.conversation, TalkState.of(thread.conversation.state))
    return thread


def resume(unit: Unit, thread: str, after: int | None) -> ChatSession | None:
    """Give a chat as its holder may see it now; None where its session is over."""
    services, periods = unit.services, unit.services.settings.periods
    idle = idle_seconds(services)
    conversation = unit.session.get(Conversation, conversation_id(services, "webchat", thread))
    if conversation is None:
        return begun(services, thread)
    waiting = _waiting_here(unit.session, conversation, unit.now - timedelta(days=periods.answer_waits_days))
    if conversation.last_at < unit.now - timedelta(hours=periods.session_hours) and not waiting:
        return None
    state, is_left = TalkState.of(conversation.state), _is_left(unit, conversation.last_at)
    if is_left:
        state = _hide(unit, conversation, state)
    hidden_in = idle if is_left else math.ceil(idle - (unit.now - conversation.last_at).total_seconds())
    own = _own_before(unit, conversation, state)
    shown = [
        row
        for row in _said(unit.session, conversation, after or 0, waiting)
        if (not state.back or (row.id or 0) > state.hidden_before or row.id in own)
        and not is_kept_back(conversation, row.sender, row.requests, shown=waiting)
    ]
    return ChatSession(
        "",
        thread,
        tuple(saying.chat_message(row) for row in shown),
        hidden_before=hidden_up_to(conversation),
        idle_seconds=idle,
        hidden_in=hidden_in,
    )


def begun(services: Services, thread: str, token: str = "") -> ChatSession:
    """Give a session in which nothing was said."""
    idle = idle_seconds(services)
    return ChatSession(token, thread, (), idle_seconds=idle, hidden_in=idle)


def note_seen(unit: Unit, ident: str, message_id: int) -> None:
    """Note the last message the person has seen."""
    unit.session.execute(update(Conversation).where(col(Conversation.id) == ident).values(seen_id=message_id))


def _own_before(unit: Unit, conversation: Conversation, state: TalkState) -> set[int | None]:
    """Number what was said before a talk was hidden and is of whoever proved since; nothing where that cannot be told."""
    part = part_of(unit.session, unit.services.keyring, conversation.id, state.back) if state.back else None
    return {message.id for message in part.messages} if part else set()


def _said(session: Session, conversation: Conversation, after: int, waiting: Sequence[str]) -> list[Message]:
    """List what was said last, oldest first: since it was hidden, and of before what answers a request that waits here."""
    rows = session.exec(
        select(Message)
        .where(
            col(Message.conversation_id) == conversation.id,
            or_(
                col(Message.id) > max(after, hidden_up_to(conversation)),
                *(_answers(ref) & (col(Message.id) > after) for ref in waiting),
            ),
            col(Message.sender) != "note",
        )
        .order_by(col(Message.id).desc())
        .limit(_MOST_HISTORY)
    )
    return list(rows.all())[::-1]


def _is_left(unit: Unit, last_at: datetime) -> bool:
    """Tell whether whoever sits at a chat now may be somebody else than at its last message."""
    return last_at < unit.now - timedelta(seconds=idle_seconds(unit.services))


def _hide(unit: Unit, conversation: Conversation, state: TalkState) -> TalkState:
    """Hide what was said so far, and say so, unless it is hidden and nothing was said since."""
    newest = unit.session.exec(
        select(Message.id)
        .where(
            col(Message.conversation_id) == conversation.id,
            col(Message.id) > state.hidden_before,
        )
        .order_by(col(Message.id).desc())
        .limit(_HIDDEN_TEXT + 1)
    ).all()
    if state.hidden_of and not state.back and len(newest) <= _HIDDEN_TEXT:
        return state
    last = newest[0] if newest else None
    opened = (request.ref for request in requests_of(unit.session, conversation))
    references = list(dict.fromkeys([*opened, *state.brought]))
    is_new = not set(references) <= set(state.hidden) or state.back or not state.hidden_of
    since = Turn.quiet(unit, conversation).left_at  # who asked before is known, and may be another
    known = attaching.known_in(unit.session, conversation, since) if is_new else state.hidden_of
    hidden = state.hiding(last or 0, references, known)
    values = {"state": hidden.as_json(), "last_at": unit.now}
    unit.session.execute(update(Conversation).where(col(Conversation.id) == conversation.id).values(**values))
    unit.session.expire(conversation)
    key = f"{HIDING}{last or 0}"  # by which it is known whose was what in a talk of several (casework/requests/whose.py)
    saying.say(unit, conversation, "session_hidden", expects="email", key=key)
    return hidden


def _waiting_here(session: Session, conversation: Conversation, since: datetime) -> list[str]:
    """List the requests whose answer waits in the talk, for want of an address to send it to."""
    query = select(PrivacyRequest).where(
        col(PrivacyRequest.conversation_id) == conversation.id,
        col(PrivacyRequest.tier_needed) == int(Tier.T0),
        col(PrivacyRequest.contact).is_(None),
        or_(col(PrivacyRequest.closed_at).is_(None), col(PrivacyRequest.closed_at) > since),
    )
    return [r.ref for r in session.exec(query) if not r.details.get("marketing")]  # that one names an address


def _answers(ref: str) -> ColumnElement[bool]:
    return col(Message.external_id).startswith(answers.key_of(ref))
