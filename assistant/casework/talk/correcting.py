"""What is to be corrected: kept as it was said, confirmed from → to, asked for again, and read by a person after that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assistant.casework.requests import queue, rectification
from assistant.casework.requests.intake import set_attention
from assistant.casework.requests.rectification import asked_about, is_unconfirmed
from assistant.casework.talk.after_proof import say_confirmed
from assistant.casework.talk.asking import ask_correction, go_on, say_question_over
from assistant.casework.talk.turn import Turn
from assistant.domain.attention import Attention
from assistant.domain.lifecycle import CLOSED, Status
from assistant.domain.moves import AskValueAgain
from assistant.domain.rectifying import Changes
from assistant.store.tables import PrivacyRequest


def change(turn: Turn, value: str) -> None:
    """Take a button under a question about a correction; one under words that have changed since asks again."""
    answer, _, mark = value.partition(":")
    turn.recall()
    unconfirmed = [r for r in turn.own_requests() if r.status not in CLOSED and is_unconfirmed(r)]
    open_now = [*filter(None, [asked_about(turn.requests_named(turn.state.about))]), *unconfirmed]
    shown = next((each for each in open_now if mark == Changes.of(each.details).digest), None)
    if shown is not None:
        confirm_change(turn, shown, answer)
    else:
        say_question_over(turn)


def correct(turn: Turn, request: PrivacyRequest, changes: Changes) -> None:
    """Keep what was said, and ask for what is missing now; a plan for what was confirmed before is void."""
    if Changes.of(request.details).confirmed:
        queue.unplan(turn.unit, request)
    rectification.keep_changes(turn.unit, request, changes)
    go_on(turn, request)


def confirm_change(turn: Turn, request: PrivacyRequest, answer: str) -> None:
    """Do what a button says: yes, the other way round, one of two values, or something else altogether."""
    changes = Changes.of(request.details)
    part = changes.unsettled
    if answer == "yes" and part is None:
        rectification.confirm_changes(turn.unit, [request])
        if request.status == Status.OPEN:  # who asks was proved before
            say_confirmed(turn, [request])
        go_on(turn, request)
    elif answer == "swap" and part is None:
        correct(turn, request, changes.swapped)
    elif part and answer.isdecimal() and int(answer) < len(part.either):
        correct(turn, request, changes.with_parts([part.settled(part.either[int(answer)])]))
    else:
        correct(turn, request, changes.asked_anew)


def leave_empty(turn: Turn, request: PrivacyRequest) -> None:
    """Say that a person takes care of it, and ask for proof as for any correction."""
    rectification.leave_empty(turn.unit, request)
    turn.say("rectification_to_empty", requests=turn.seen([request]))
    go_on(turn, request)


def note_contact(turn: Turn, request: PrivacyRequest, noted: Mapping[str, Any]) -> None:
    """Keep who asks for later, and ask again what is missing of a correction."""
    turn.recalled = noted
    turn.say("contact_noted")
    _ask_value(turn, request, again=_was_asked_again(turn))


def ask_value_again(turn: Turn, request: PrivacyRequest, move: AskValueAgain) -> None:
    """Ask once more; after that a person reads what was written. What was said of a code is no answer that was not understood."""
    again, part = _was_asked_again(turn), Changes.of(request.details).unsettled
    if move.cannot_be and part:
        turn.say("value_cannot_be", field=part.field)
    if move.of_code or not again:
        _ask_value(turn, request, again=again or not move.of_code)
        return
    set_attention(turn.unit, request, Attention.NOT_UNDERSTOOD)
    turn.rest()
    turn.say("rectification_by_person", requests=turn.seen([request]))
    if not turn.is_mail:  # there the address is known, from which it was written
        go_on(turn, request)


def _was_asked_again(turn: Turn) -> bool:
    return bool((turn.state.details or {}).get("again"))


def _ask_value(turn: Turn, request: PrivacyRequest, *, again: bool) -> None:
    if turn.state.question:
        ask_correction(turn, request, turn.state.question, again=again)
