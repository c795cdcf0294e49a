"""Which use of their data a person wants ended: asked with buttons, and heard in the words they type instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from assistant.domain.fields import can_hold
from assistant.domain.rights import Right
from assistant.interfaces import Choice
from intents.purposes import use_answered

if TYPE_CHECKING:
    from assistant.conversation.turn import Turn

_OFFERED: Final = ("marketing", "profiling", "analytics")
_EVERY: Final = {"ask_objection_purpose": (), "ask_consent_purpose": ("all_consents",)}


def is_asked(question: str) -> bool:
    """Tell whether a question is one for a use."""
    return question in _EVERY


def choices(turn: Turn, question: str) -> list[Choice]:
    """Give the buttons under a question for a use; none under any other question."""
    if not is_asked(question):
        return []
    offered = (*_OFFERED, *_EVERY[question], "something_else")
    uses = [turn.button(name, f"purpose:{name}") for name in offered]
    return uses if turn.is_mail else [*uses, turn.button("talk_to_person", "human")]


def take_answer(turn: Turn) -> bool:
    """Take words for the use that was asked for: one that nobody knows is for a person, what is no use is left to be read."""
    # "Profiling" alone reads as an objection: beside a withdrawal it is still the answer.
    others = set(turn.rights()) - {Right.OBJECTION, Right.CONSENT_WITHDRAWAL}
    if turn.state.question not in _EVERY or (turn.reading.decision != "none" and others):
        return False
    again = turn.reading.decision == "request" and not turn.reading.details
    talks = any(intent.name not in set(Right) for intent in turn.reading.intents)
    use = None if again or talks or not can_hold("use", turn.text) else use_answered(turn.text)
    return use is not None and turn.set_use(use)
