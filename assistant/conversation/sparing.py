"""A person says that nothing is to be erased after all, or never asked: what stands still, what is said, what is still asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from assistant.conversation import elsewhere
from assistant.conversation.heard import Found, Hearing
from assistant.domain.lifecycle import STOPPABLE, Status
from assistant.domain.moves import NeverMind, Say, StandStill
from assistant.domain.rights import ENDING_USES, ERASING, Right
from assistant.domain.talk import DONT as ASK_DONT
from assistant.domain.talk import WAITING, WITHDRAW, RequestSeen
from intents import Reading
from intents.small_talk import PATIENCE, small_talk_in
from intents.wishes import CHANGED_MIND, DENIED, DONT, KEPT_IT, is_for_another

BUTTON: Final = "dont"  # kind of the buttons below the question


def hear(hearing: Hearing) -> Found | None:
    """Let the erasures that are meant stand still and ask; what else is asked is left to be heard."""
    wishes = _wishes(hearing.reading)
    if small_talk_in(hearing.text) == PATIENCE and not hearing.is_quiet:
        return _waits(hearing)
    if not {DONT, KEPT_IT, CHANGED_MIND, DENIED} & wishes:
        return None
    found, hidden = _heard_of(hearing, _erasures_in(hearing.view.own)), _erasures_in(hearing.view.hidden)
    of_hidden = heard_about(hearing, hidden) if hidden else None
    silent = [move for move in of_hidden.moves if isinstance(move, StandStill)] if of_hidden else []
    if not silent:
        return found
    return Found((*silent, *found.moves), found.left) if found else Found(tuple(silent), hearing)


def _heard_of(hearing: Hearing, meant: Sequence[RequestSeen]) -> Found | None:
    wishes, view = _wishes(hearing.reading), hearing.view
    if view.state.hidden_of and not meant and not hearing.is_request and not view.agent_talks:
        return Found((NeverMind(),))  # in the same words whether something of that is hidden
    if DENIED not in wishes or not view.stoppable or view.agent_talks:
        return heard_about(hearing, meant)
    # Erasures stand still, and are asked about so.
    erases = any(request.right in ERASING for request in view.stoppable)
    denied = () if erases else (NeverMind(),)
    left = hearing.reads(_without_stopping(hearing.reading))
    if not erases and is_for_another(hearing.text):
        return Found((), left)  # "not me, my mother" says whose data it is, and denies nothing
    if not meant:
        return Found(denied, left if left.is_request else None)
    found = heard_about(left, meant) or Found((), left)
    return Found((*denied, *found.moves), found.left)


def _waits(hearing: Hearing) -> Found | None:
    """Let an erasure that goes on by itself stand still for "hold on"; one that waits for its person does so anyway."""
    state, going = hearing.state, [r for r in _erasures_in(hearing.view.own) if r.status not in WAITING]
    asks_of_others = state.expects and not {r.ref for r in going} & set(state.about)
    if not going or asks_of_others or hearing.is_request:
        return None
    return heard_about(hearing.reads(replace(hearing.reading, wishes=(DONT,))), going)


def heard_about(hearing: Hearing, meant: Sequence[RequestSeen], *, by_mail: bool = False) -> Found | None:
    """Hear that nothing is to be erased of what may be meant; by mail its contact is asked, and nothing is said of none."""
    wishes, reading = _wishes(hearing.reading), hearing.reading
    # "Keep it" is about the erasure that is open or is asked for beside it, else about anything.
    about_it = KEPT_IT in wishes and (bool(meant) or asks_erasure(reading))
    if not (about_it or DONT in wishes) and (not meant or (DENIED not in wishes and hearing.is_request)):
        return None  # "I changed my mind" about something else, or the other way round
    if not meant and asks_erasure(reading):
        if by_mail:
            return Found((), hearing.reads(replace(reading, decision="ask", wishes=())))
        return None  # both in one message, and nothing open: which is meant is asked as any doubt is
    left = _still_asking(hearing, meant) if meant and not by_mail else hearing
    left = left.reads(_without_erasure(reading))
    asks_more = left.is_request or (left.reading.decision == "ask" and not meant)
    if not (meant or by_mail or asks_more) and elsewhere.is_taken_back(hearing):
        return Found((elsewhere.ask_whose(hearing, takes_back=True),))
    if not meant and asks_more:
        # Nothing was opened, and nobody thought so: what they want is answered.
        return Found((), left)
    moves = StandStill(tuple(request.ref for request in meant)) if meant else Say("dont_nothing")
    # One question at a time: which is meant goes first.
    is_all = not asks_more and (bool(meant) or not by_mail)
    return Found((moves,), None if is_all else left)


def _still_asking(hearing: Hearing, meant: Sequence[RequestSeen]) -> Hearing:
    """Give the message in a talk in which it was just asked whether erasures are still wanted."""
    here = [request for request in meant if request in hearing.view.own]
    stopping = [request for request in here if request.status in STOPPABLE]
    paused = [request for request in stopping if request.dont_answer is None]
    if not stopping:
        return hearing
    about, question = (paused, ASK_DONT) if paused else (stopping, WITHDRAW)
    return hearing.stands(hearing.state.asking(question, "choice", [r.ref for r in about]), about)


def _erasures_in(requests: Sequence[RequestSeen]) -> list[RequestSeen]:
    return [r for r in requests if r.right in ERASING and r.status in {*STOPPABLE, Status.EXECUTING}]


def _wishes(reading: Reading) -> frozenset[str]:
    """Give what is wished; "I never asked for this" of a newsletter that is objected to denies no request."""
    ends = reading.decision == "request" and reading.rights <= ENDING_USES and _names_use(reading)
    return frozenset(reading.wishes) - ({DENIED} if ends else set())


def denies(reading: Reading) -> bool:
    """Tell whether a message says that its writer never asked."""
    return DENIED in _wishes(reading)


def is_heard(reading: Reading) -> bool:
    """Tell whether a message says that something is not to be erased, or was never asked."""
    return bool({DONT, KEPT_IT, CHANGED_MIND, DENIED} & _wishes(reading))


def _names_use(reading: Reading) -> bool:
    return bool(reading.details.get("marketing") or reading.details.get("purpose"))


def takes_back(reading: Reading) -> bool:
    """Tell whether a message takes back what was asked, in words for any right."""
    return any(intent.name == "cancel_request" for intent in reading.intents)


def as_taken_back(reading: Reading) -> Reading:
    """Read "stop it" beside "I take my request back" as said of that request."""
    return _without_stopping(reading, "") if takes_back(reading) else reading


def as_denied(reading: Reading) -> Reading:
    """Read "stop it" beside "I never asked for this" as said of what was asked."""
    return _without_stopping(reading)


def _without_stopping(reading: Reading, besides: str = "cancel_request") -> Reading:
    """Read "stop it" as said of what was asked: it objects to no use, unless it names one."""
    said_of_it = {besides} | (set() if _names_use(reading) else ENDING_USES)
    left = tuple(intent for intent in reading.intents if intent.name not in said_of_it)
    rights = any(intent.name in set(Right) for intent in left)
    return replace(reading, intents=left, decision=reading.decision if rights else "none")


def in_doubt(hearing: Hearing) -> bool:
    """Tell whether a message asks to erase and not to erase at once: then nothing is opened before it is asked."""
    return not {DONT, KEPT_IT}.isdisjoint(hearing.reading.wishes) and asks_erasure(hearing.reading)


def asks_erasure(reading: Reading) -> bool:
    """Tell whether a message asks to erase, or may."""
    return reading.decision != "none" and any(i.name in ERASING for i in reading.intents)


def _without_erasure(reading: Reading) -> Reading:
    left = tuple(i for i in reading.intents if i.name not in {*ERASING, "cancel_request"})
    rights = any(i.name in set(Right) for i in left)
    return replace(reading, intents=left, wishes=(), decision=reading.decision if rights else "none")
