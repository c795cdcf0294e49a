"""A greeting, thanks, "are you a robot?", an insult, nonsense: answered as a person would, and what is asked stays asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from assistant.conversation import correcting
from intents.rectifying import is_no, is_yes
from intents.small_talk import small_talk_in

if TYPE_CHECKING:
    from assistant.conversation.turn import Turn

_ANSWERS: Final = {
    "greeting": "small_greeting",
    "thanks": "small_thanks",
    "farewell": "small_farewell",
    "noted": "small_noted",
    "robot": "small_robot",
    "insult": "small_insult",
    "nonsense": "small_nonsense",
}
_AT_REST: Final = frozenset(
    {"noted", "nonsense"}
)  # where something is asked these are no answer to it, and it is asked again
_ALONE: Final = frozenset(
    {"email", "code"}
)  # asked without buttons of its own: said to be still open in the same breath


def take(turn: Turn) -> bool:
    """Answer what is about nothing, in a chat, and ask again what was asked; a wish beside it is read as any other."""
    said = _heard(turn)
    if said is None:
        return False
    asked = turn.state
    awaited = asked.expects if asked.expects in _ALONE else None
    choices = turn.code_choices() if awaited == "code" else [turn.button("talk_to_person", "human")]
    told: dict[str, Any] = {"awaited": awaited} if awaited else {}
    turn.say(_ANSWERS[said], expects=awaited, choices=choices, **told)
    if asked.asks_else:
        turn.buttons_are_gone = True
        turn.go_back_to(asked)
    return True


def _heard(turn: Turn) -> str | None:
    if turn.is_mail or turn.muted or turn.forwarded or turn.reading.decision == "request":
        return None
    said = small_talk_in(turn.text)
    asks = turn.state.expects is not None
    confirms = turn.state.question == correcting.CONFIRM and (is_yes(turn.text) or is_no(turn.text))
    return None if confirms or (asks and said in _AT_REST) else said
