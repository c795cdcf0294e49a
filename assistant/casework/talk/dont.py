"""Nothing is to be erased after all: what stands still, what a late button still decides, and what a person reads first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from assistant.casework.decisions import sparing
from assistant.casework.requests import asked_beside
from assistant.casework.talk import standing
from assistant.casework.talk.asking import requests_shown_with, resume, say_question_over
from assistant.casework.talk.turn import Turn
from assistant.domain.lifecycle import STOPPABLE, Status
from assistant.domain.rights import ERASING
from assistant.domain.talk import DONT_GOING_ON
from assistant.store.tables import PrivacyRequest

BUTTON: Final = "dont"


def stand_still(turn: Turn, meant: Sequence[PrivacyRequest]) -> None:
    """Let erasures stand still, and ask whether they are still wanted; of what is hidden at its contact alone, and here in silence."""
    begun = [each for each in meant if not sparing.may_still_stop(each)]
    sparing.pause(turn.unit, meant, turn.conversation)
    here = [each for each in meant if each.ref not in turn.state.hidden]
    begun = [each for each in begun if each in here]
    paused = [each for each in here if sparing.is_paused(each) and each not in begun]
    decided = [each for each in here if each not in begun and each not in paused]
    if begun:
        turn.say("dont_too_late", requests=turn.seen(begun))
    if paused:
        standing.ask_whether_still_wanted(turn, paused)
    elif decided:
        standing.ask_to_withdraw(turn, decided, DONT_GOING_ON)


def choose(turn: Turn, answer: str, mark: str) -> None:
    """Take the button, however late: it speaks of the erasures that it was shown with, whatever is asked by now.

    Typed it speaks of all that were told to stop.
    """
    under_way = {*STOPPABLE, Status.EXECUTING}
    meant = [each for each in turn.own_requests() if each.right in ERASING and each.status in under_way]
    told = [each for each in meant if each.dont_at]
    if mark:
        shown_with = requests_shown_with(turn, f"{BUTTON}:{answer}:{mark}")
        told = [each for each in told if each.ref in shown_with]
        if not told:
            say_question_over(turn)
            return
    paused = [each for each in told if sparing.is_paused(each)]
    turn.rest()
    going = [each for each in told if sparing.may_still_stop(each) and each not in paused]
    if not told:
        standing.say_how_it_stands(turn)
    elif paused and answer == sparing.KEEP:
        turn.say("withdrawn", requests=turn.seen(sparing.keep(turn.unit, paused, "subject")))
    elif paused:
        turn.say("dont_goes_on", requests=turn.seen(sparing.go_on(turn.unit, paused, "subject")))
    elif going and answer == sparing.KEEP:
        standing.ask_to_withdraw(turn, going, DONT_GOING_ON)
        return
    elif going:
        turn.say("dont_goes_on", requests=turn.seen(going))
    else:
        turn.say("dont_too_late", requests=turn.seen(told))
    resume(turn)


def have_read_beside(turn: Turn, references: Sequence[str], *, said: bool) -> None:
    """Have a person read what was said beside erasures or corrections before anything is carried out."""
    meant = asked_beside.note(turn.unit, turn.requests_named(references), turn.conversation)
    if said:
        turn.say("a_person_reads", requests=turn.seen(meant))
