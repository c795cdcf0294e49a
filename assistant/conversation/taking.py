"""A message is answered: looked up, decided, carried out; in that order, each once."""

from __future__ import annotations

from assistant.casework.talk.carry_out import carry_out
from assistant.casework.talk.look import look
from assistant.casework.talk.turn import Turn
from assistant.conversation import policy
from assistant.conversation.decide import decide, language_heard
from assistant.conversation.heard import Heard, Hearing, Words


def take(turn: Turn, heard: Heard) -> None:
    """Do what the rules of a talk decide about what was heard."""
    view = look(turn)
    if isinstance(heard, Words):
        heard = words = policy.heard_in(turn.unit.services, heard, turn.conversation.language)
    else:
        words = heard.words
    turn.speak(language_heard(view, turn.conversation.language, words))
    turn.given = Hearing(view, words)
    carry_out(turn, decide(view, heard))
