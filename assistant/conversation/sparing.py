"""A person says that nothing is to be erased after all, or never asked: what stands still, what is said, what is still asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from assistant.casework import sparing
from assistant.casework.intake import set_attention
from assistant.conversation import denying, picking
from assistant.domain.lifecycle import STOPPABLE
from assistant.domain.rights import Right
from assistant.store.tables import PrivacyRequest
from intents import Reading
from intents.wishes import CHANGED_MIND, DENIED, DONT, KEPT_IT

if TYPE_CHECKING:
    from assistant.conversation.turn import Turn

QUESTION: Final = "dont_asked"
BUTTON: Final = "dont"  # kind of the buttons below it
GOING_ON: Final = "dont_going_on"  # they go on after all: the erasures alone may be withdrawn


def hear(turn: Turn, sender: str | None = None) -> bool:
    """Let the erasures that are meant stand still and ask; True if the message asked for nothing else."""
    wishes = _wishes(turn.reading)
    if turn.kind != "text" or not {DONT, KEPT_IT, CHANGED_MIND, DENIED} & wishes:
        return False
    meant = sparing.erasures_meant(turn.unit, turn.conversation, sender)
    if DENIED in wishes and _is_denied(turn, sender):
        turn.reading = _without_stopping(turn.reading)
        if not meant:
            return turn.reading.decision != "request"
    # "Keep it" is about the erasure that is open or is asked for beside it, else about anything.
    about_it = KEPT_IT in wishes and (bool(meant) or _asks_erasure(turn.reading))
    if not (about_it or DONT in wishes) and (
        not meant or (DENIED not in wishes and turn.reading.decision == "request")
    ):
        return False  # "I changed my mind" about something else, or the other way round
    if not meant and _asks_erasure(turn.reading):
        if sender is not None:
            turn.reading = replace(turn.reading, decision="ask", wishes=())
        return False  # both in one message, and nothing open: which is meant is asked as any doubt is
    turn.choose_language()
    if meant:
        _stand_still(turn, meant, sender)
    else:
        turn.say("dont_nothing")
    turn.reading = _without_erasure(turn.reading)
    asks_more = turn.reading.decision == "request" or (turn.reading.decision == "ask" and not meant)
    return not asks_more and (
        bool(meant) or sender is None
    )  # one question at a time: which is meant goes first


def _wishes(reading: Reading) -> frozenset[str]:
    """Give what is wished; "I never asked for this" of a newsletter that is objected to denies no request."""
    objects = reading.decision == "request" and reading.rights == {Right.OBJECTION} and _names_use(reading)
    return frozenset(reading.wishes) - ({DENIED} if objects else set())


def _names_use(reading: Reading) -> bool:
    return bool(reading.details.get("marketing") or reading.details.get("purpose"))


def _is_denied(turn: Turn, sender: str | None) -> bool:
    """Tell whether something is open that a denial is about, and see to it: by mail it stops, in a talk it is asked about."""
    if sender is not None:
        return bool(denying.call(turn, sender))
    open_here = [request for request in turn.own_requests() if request.status in STOPPABLE]
    if not open_here or turn.conversation.taken_by:
        return False
    if not any(
        request.right == Right.ERASURE for request in open_here
    ):  # those stand still, and are asked about so
        turn.choose_language()
        turn.never_mind()
    return True


def takes_back(reading: Reading) -> bool:
    """Tell whether a message takes back what was asked, in words for any right."""
    return any(intent.name == "cancel_request" for intent in reading.intents)


def as_taken_back(reading: Reading) -> Reading:
    """Read "stop it" beside "I take my request back" as said of that request."""
    return _without_stopping(reading, "") if takes_back(reading) else reading


def _without_stopping(reading: Reading, besides: str = "cancel_request") -> Reading:
    """Read "stop it" as said of what was asked: it objects to no use, unless it names one."""
    said_of_it = {besides} | (set() if _names_use(reading) else {Right.OBJECTION, Right.CONSENT_WITHDRAWAL})
    left = tuple(intent for intent in reading.intents if intent.name not in said_of_it)
    rights = any(intent.name in set(Right) for intent in left)
    return replace(reading, intents=left, decision=reading.decision if rights else "none")


def in_doubt(turn: Turn) -> bool:
    """Tell whether a message asks to erase and not to erase at once: then nothing is opened before it is asked."""
    spares = not {DONT, KEPT_IT}.isdisjoint(turn.reading.wishes)
    return turn.kind == "text" and spares and _asks_erasure(turn.reading)


def _asks_erasure(reading: Reading) -> bool:
    return reading.decision != "none" and any(i.name == Right.ERASURE for i in reading.intents)


def _without_erasure(reading: Reading) -> Reading:
    left = tuple(i for i in reading.intents if i.name not in {Right.ERASURE, "cancel_request"})
    rights = any(i.name in set(Right) for i in left)
    return replace(reading, intents=left, wishes=(), decision=reading.decision if rights else "none")


def _stand_still(turn: Turn, meant: Sequence[PrivacyRequest], sender: str | None) -> None:
    begun = [each for each in meant if not sparing.may_still_stop(each)]
    sparing.pause(turn.unit, meant, turn.conversation)
    if sender is None and turn.state.hidden:  # asked at its contact, and nothing of it is said here
        meant = [each for each in meant if each.ref not in turn.state.hidden]
        begun = [each for each in begun if each in meant]
        if not meant:
            turn.never_mind()
            return
    paused = [each for each in meant if sparing.is_paused(each) and each not in begun]
    decided = [each for each in meant if each not in begun and each not in paused]
    if sender is not None:
        _tell_by_mail(turn, begun, decided, sender)
    elif paused:
        _ask_here(turn, paused)
    elif decided:
        turn.ask_to_withdraw(decided, GOING_ON)
    else:
        turn.say("dont_too_late", requests=turn.seen(begun))


def _ask_here(turn: Turn, paused: Sequence[PrivacyRequest]) -> None:
    turn.ask_choice(QUESTION, [each.ref for each in paused])
    buttons = [
        turn.button("keep_everything", f"dont:{sparing.KEEP}"),
        turn.button("go_on_erasing", f"dont:{sparing.GO_ON}"),
    ]
    turn.say(QUESTION, expects="choice", choices=buttons, requests=turn.seen(paused))


def _tell_by_mail(
    turn: Turn, begun: Sequence[PrivacyRequest], decided: Sequence[PrivacyRequest], sender: str
) -> None:
    """The question goes to the contact on file; what is too late, or was asked before, is told to whom it concerns alone."""
    denied = DENIED in turn.reading.wishes  # then who is called was said before (denying.py)
    for request in () if denied else decided:
        set_attention(turn.unit, request, "wants_to_withdraw")
    for request in () if denied else begun:
        set_attention(turn.unit, request, "new_message")
    if begun and not decided and sender == turn.conversation.subject_hint:
        own = [each for each in begun if each.conversation_id == turn.conversation.id]
        if own:
            turn.say("dont_too_late", requests=turn.seen(own))


def chose(turn: Turn, answer: str, mark: str = "") -> None:
    """Take the button, however late: it speaks of the erasures that it was shown with, whatever is asked by now.

    Typed it speaks of all that were told to stop.
    """
    meant = sparing.erasures_meant(turn.unit, turn.conversation, None)
    told = [each for each in meant if each.dont_at and each.ref not in turn.state.hidden]
    if mark:
        shown_with = picking.requests_shown_with(turn, f"{BUTTON}:{answer}:{mark}")
        told = [each for each in told if each.ref in shown_with]
        if not told:
            turn.say_question_over()
            return
    paused = [each for each in told if sparing.is_paused(each)]
    turn.rest()
    going = [each for each in told if sparing.may_still_stop(each) and each not in paused]
    if not told:
        turn.say_how_it_stands()
    elif paused and answer == sparing.KEEP:
        turn.say("withdrawn", requests=turn.seen(sparing.keep(turn.unit, paused, "subject")))
    elif paused:
        turn.say("dont_goes_on", requests=turn.seen(sparing.go_on(turn.unit, paused, "subject")))
    elif going and answer == sparing.KEEP:
        turn.ask_to_withdraw(going, GOING_ON)
        return
    elif going:
        turn.say("dont_goes_on", requests=turn.seen(going))
    else:
        turn.say("dont_too_late", requests=turn.seen(told))
    turn.resume()
