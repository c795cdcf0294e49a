"""Which language a talk goes on in: the one that is asked for, at any point, and what is open is asked again in it."""

from __future__ import annotations

from typing import Final

from assistant.conversation.heard import Found, Hearing, all_of
from assistant.conversation.reading import LONG_ENOUGH
from assistant.domain.moves import AskRight, AskToWithdraw, AskWhichBack, Move, Repeat, Say
from assistant.domain.rights import Right
from assistant.domain.talk import PICKERS, WHERE_TO_WRITE, WITHDRAW, WITHDRAW_WHICH
from intents.languages import language_asked

OURS: Final = "languages_spoken"


def hear(hearing: Hearing) -> Found | None:
    """Go on in the language that a chat asks for; of another than ours it is said which we write."""
    is_value = hearing.state.expects == "detail" and len(hearing.text.split()) == 1  # a nationality, say
    is_beside = hearing.is_quiet or hearing.is_request or is_value
    asked = None if is_beside else language_asked(hearing.text)
    if asked is None:
        return None
    if asked not in hearing.view.languages:
        return all_of(Say(OURS, offers_person=True))
    return all_of(Say("in_this_language"), *_asked_again(hearing))


def told_first(hearing: Hearing, moves: tuple[Move, ...]) -> tuple[Move, ...]:
    """Say once, before anything else, which languages we write to whoever asks for something in another."""
    view, reading = hearing.view, hearing.reading
    is_believed = len(hearing.text) >= LONG_ENOUGH and reading.decision != "none"
    is_foreign = is_believed and reading.language not in view.languages
    if hearing.is_quiet or view.agent_talks or view.state.told_language or not is_foreign:
        return moves
    return (Say(OURS), *moves)


def _asked_again(hearing: Hearing) -> tuple[Move, ...]:
    """Ask what is open again; what is shown with its buttons is written anew, for what was said stays in its language."""
    state = hearing.state
    if state.expects is None or state.question in WHERE_TO_WRITE:
        return ()
    if state.question in PICKERS:
        offered = [each.value.removeprefix("right:") for each in hearing.view.buttons or ()]
        rights = tuple(right for right in Right if right in offered)
        return (AskRight(rights, str(state.question), str(state.received_at), dict(state.details or {})),)
    if state.question == WITHDRAW:
        return (AskToWithdraw(state.about),)
    return (AskWhichBack(state.about),) if state.question == WITHDRAW_WHICH else (Repeat(),)
