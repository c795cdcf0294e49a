"""What is asked beside an erasure in words that no rule reads: a person reads them before anything is erased."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.casework import asked_beside, sparing
from intents.awaiting import asks_beside

if TYPE_CHECKING:
    from assistant.conversation.turn import Turn
    from assistant.interfaces import Incoming


def hear(turn: Turn) -> bool:
    """Call a person to the erasures of a chat that such words stand beside, and say so; True where nothing else is asked."""
    if not _is_asked(turn):
        return False
    meant = asked_beside.note(turn.unit, turn.own_requests(), turn.conversation)
    is_said = bool(meant) and turn.reading.decision == "none" and not turn.conversation.taken_by
    if is_said:
        turn.choose_language()
        turn.say("a_person_reads", requests=turn.seen(meant))
    return is_said and not turn.state.expects


def hear_mail(turn: Turn, incoming: Incoming) -> None:
    """Call a person to the erasures that a mail may mean, each once in its life: a mail is easily forged (A48)."""
    if _is_asked(turn):
        meant = sparing.erasures_meant(turn.unit, turn.conversation, incoming.sender or "")
        fresh = [each for each in meant if not asked_beside.was_asked(turn.unit.session, each)]
        asked_beside.note(turn.unit, fresh, turn.conversation)


def _is_asked(turn: Turn) -> bool:
    is_plain = turn.kind == "text" and not (turn.forwarded or turn.muted or turn.reading.wishes)
    return is_plain and turn.reading.decision != "request" and asks_beside(turn.text)
