"""A chat whose person was promised that somebody joins: when nobody does in time, that is said, and support gets it by mail."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Final

from sqlmodel import col, select

from assistant.casework.requests.one_by_one import each, may_be_tried
from assistant.casework.talk.asking import ask_what_is_left
from assistant.casework.talk.turn import Turn
from assistant.services import Services, Unit
from assistant.store.tables import Conversation

# After a stop of the desk: who was promised more before has left long ago.
_LOOKED_BACK: Final = timedelta(days=1)


async def hand_over_due(services: Services) -> int:
    """Open the ticket of every chat for which nobody came within the set minutes."""
    waiting = await services.read(_waiting_too_long)
    return await each(services, "handover", waiting, partial(_give_up, services))


def _waiting_too_long(unit: Unit) -> list[str]:
    since = unit.now - timedelta(minutes=unit.services.settings.periods.handover_minutes)
    called = select(Conversation.id).where(
        col(Conversation.wants_person_at) <= since,
        col(Conversation.wants_person_at) > since - _LOOKED_BACK,
        col(Conversation.taken_by).is_(None),
        may_be_tried("handover", Conversation.id, unit.now),
    )
    return list(unit.session.exec(called))


async def _give_up(services: Services, ident: str) -> None:
    await services.write(partial(_open_ticket, ident=ident))


def _open_ticket(unit: Unit, ident: str) -> None:
    """Say that nobody came and how an answer comes, and go on with what was asked meanwhile."""
    # Nobody wrote: it stays as old as it is.
    turn = Turn.quiet(unit, unit.session.get_one(Conversation, ident))
    if turn.state.awaits_person and turn.stands_back and not turn.conversation.taken_by:
        turn.open_ticket()
        ask_what_is_left(turn)
        turn.store_state()
