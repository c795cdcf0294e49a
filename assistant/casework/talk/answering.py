"""What a button does, and what is answered in a talk beside what was asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from assistant.casework.decisions import closing
from assistant.casework.proof import attaching
from assistant.casework.saying.unwritten import written
from assistant.casework.talk import after_proof, correcting, dont, standing
from assistant.casework.talk.asking import (
    choices_of,
    next_step,
    question_asked,
    repeat,
    resume,
    say_question_over,
)
from assistant.casework.talk.proving import want_code
from assistant.casework.talk.turn import Turn, mark_of_code
from assistant.domain.lifecycle import Status
from assistant.domain.moves import Claim, TellPolicy
from assistant.domain.rights import ENDING_USES
from assistant.domain.talk import ASK_SERVICES, DONT, WAITING, WITHDRAW

_SMALL_TALK: Final = {
    "greeting": "small_greeting",
    "there": "small_greeting",
    "how_are_you": "small_how_are_you",
    "called": "small_called",
    "thanks": "small_thanks",
    "farewell": "small_farewell",
    "noted": "small_noted",
    "patience": "small_patience",
    "robot": "small_robot",
    "insult": "small_insult",
    "nonsense": "small_nonsense",
}
# Asked without buttons of its own: said to be still open in the same breath.
_SAID_TO_BE_OPEN: Final = frozenset({"email", "code"})


def choose(turn: Turn, what: str, answer: str, mark: str) -> None:
    """Do what a button says, whatever it answers."""
    if what == dont.BUTTON:
        dont.choose(turn, answer, mark)
    else:
        _CHOICES[what](turn, answer)


def _withdrawal(turn: Turn, answer: str) -> None:
    is_asked = turn.state.question == WITHDRAW  # an older button is a yes to nothing that is asked now
    about = turn.requests_named(turn.state.about) if is_asked else []
    standing.take_back(turn, about, yes=answer == "yes")
    resume(turn)


def _take_back(turn: Turn, answer: str) -> None:
    standing.take_one_back(turn, answer)
    resume(turn)


def _services(turn: Turn, answer: str) -> None:
    is_asked = turn.state.question == ASK_SERVICES
    for request in turn.requests_named(turn.state.about) if is_asked else ():
        closing.set_keep_services(turn.unit, request, keep=answer == "keep")
    turn.rest()
    standing.say_all(turn)
    resume(turn)


def _resend(turn: Turn, mark: str) -> None:
    challenge = turn.last_challenge()
    if mark and (challenge is None or mark != mark_of_code(challenge)):
        say_question_over(turn)
        return
    about = turn.to_be_proved()
    proves_again = bool(turn.state.hidden_of or turn.state.sought) and turn.state.expects == "code"
    if challenge is None or not (about or proves_again):
        repeat(turn)
        return
    claimed = turn.unit.services.keyring.unseal(challenge.claimed)
    want_code(turn, Claim(challenge.claimed_kind, claimed), about)


def _purpose(turn: Turn, name: str) -> None:
    end_use(turn, {"marketing": True} if name == "marketing" else {"purpose": name})


_CHOICES: Final[Mapping[str, Callable[[Turn, str], None]]] = {
    "withdraw": _withdrawal,
    "takeback": _take_back,
    "services": _services,
    "resend": _resend,
    "change": correcting.change,
    "purpose": _purpose,
}


def end_use(turn: Turn, use: Mapping[str, Any]) -> None:
    """Keep which use is to end, and go on."""
    about = [r for r in turn.requests_named(turn.state.about) if r.right in ENDING_USES]
    request = next((r for r in about if r.status in WAITING), None)
    if request is not None:
        request.details = {**request.details, **use}
        turn.set_tier(request)
        turn.rest()
        if attaching.attach_earlier(turn.unit, request) and request.status == Status.OPEN:
            after_proof.say_confirmed(turn, [request])
        next_step(turn, turn.all_waiting())


def tell_policy(turn: Turn, move: TellPolicy) -> bool:
    """Answer what was asked of the privacy policy in one message; False where that is not said, and somebody else answers."""
    unit, conversation = turn.unit, turn.conversation
    turn.speak(move.language)
    where = {"conversation_id": conversation.id}
    texts = [written(unit, name, move.language, **where, **values) for name, values in move.texts]
    if None in texts:
        return False  # who is called was called (casework/saying/unwritten.py)
    turn.buttons_are_gone = move.is_below
    said = "\n\n".join(each.text for each in texts if each)
    return turn.say_text(said, presented={"choices": [turn.person_button()] if move.offers_person else ()})


def small_talk(turn: Turn, said: str) -> None:
    """Answer what is about nothing, and ask again what was asked with buttons of its own; below a long one its buttons alone."""
    if turn.state.question == DONT and (asked := question_asked(turn)):
        buttons = [*choices_of(asked), turn.person_button()]
        turn.say(_SMALL_TALK[said], choices=buttons, awaited="choice")
        return
    awaited = turn.state.expects if turn.state.expects in _SAID_TO_BE_OPEN else None
    choices = turn.code_choices() if awaited == "code" else [turn.person_button()]
    told: dict[str, Any] = {"awaited": awaited} if awaited else {}
    turn.say(_SMALL_TALK[said], expects=awaited, choices=choices, **told)
    if turn.state.asks_else:
        repeat(turn)
