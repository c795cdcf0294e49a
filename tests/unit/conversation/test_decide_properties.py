"""What holds of every decision, whatever is open and whatever is said: no wish is lost, no move is made that is not there to be made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from typing import Any, Final, get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from assistant.casework.talk.carry_out import WAYS
from assistant.conversation.decide import decide
from assistant.conversation.heard import Pressed, Words
from assistant.domain.lifecycle import CLOSED, STOPPABLE, Status
from assistant.domain.moves import (
    AskRight,
    AskToWithdraw,
    AskValueAgain,
    Choose,
    Correct,
    HandOver,
    LeaveEmpty,
    Move,
    NoteContact,
    Open,
    OpenForOther,
    Repeat,
    Say,
    StandStill,
    TryCode,
)
from assistant.domain.rights import CONFIRMED_FIRST, ERASING, Right
from assistant.domain.talk import ASK_DETAIL, TalkView
from intents.awaiting import is_of_another, is_slip, lacks_mailbox
from intents.wishes import CHANGED_MIND, DENIED, DONT, FOR_OTHER, KEPT_IT, takes_all_back
from tests.doubles.talks import SAYINGS, TALKS, Asked, reading, words

_SAID: Final = sorted({words.text for words in SAYINGS.values()})
_CONVERSATIONAL: Final = ("human", "cancel_request", "request_status")
_STOPS: Final = {Right.OBJECTION, Right.CONSENT_WITHDRAWAL}  # what "stop it" may be read as
_CHOICES: Final = {"takeback", "withdraw", "services", "resend", "change", "purpose", "dont"}
_HUMAN: Final = SAYINGS["human"]
NOTHING_HEARD: Final = [Say(name, offers_person=True) for name in ("chat_can_do", "other_than_status")]


def _read_as(text: str, right: Right, **more: Any) -> Words:
    return words(text, "request", right, **more)


requests = st.builds(
    Asked,
    ref=st.sampled_from(["PR-EEEEEEE5", "PR-FFFFFFF6", "PR-GGGGGGG7"]),
    right=st.sampled_from(list(Right)),
    status=st.sampled_from(list(Status)),
    details=st.sampled_from([{}, {"marketing": True}, {"for_other": True}, {"denied": True}]),
    tier_needed=st.integers(0, 3),
    contact=st.sampled_from([None, "sealed"]),
    channel=st.sampled_from(["webchat", "email"]),
    dont_at=st.sampled_from([None, datetime(2026, 11, 20, tzinfo=UTC)]),
    dont_answer=st.sampled_from([None, "keep", "go_on"]),
)


@st.composite
def views(draw: st.DrawFn) -> TalkView:
    """Give any talk: any question, beside any other requests, of whoever is in it and of whoever was."""
    view = TALKS[draw(st.sampled_from(sorted(TALKS)))]
    more = draw(st.lists(requests, max_size=3, unique_by=lambda each: each.ref))
    own, hidden = more[:2], more[2:]
    awaited, sent = draw(st.booleans()), draw(st.booleans())
    return replace(
        view,
        own=(*view.own, *own),
        hidden=(*view.hidden, *hidden),
        agent_talks=draw(st.booleans()),
        person_called=draw(st.booleans()),
        code_sent=sent or view.code_sent,
        code_awaited=(sent and awaited) or view.code_awaited,
    )


@st.composite
def messages(draw: st.DrawFn) -> Words:
    """Give any words, read in any way."""
    decision = draw(st.sampled_from(["none", "ask", "request"]))
    rights = draw(st.lists(st.sampled_from(list(Right)), min_size=1, max_size=3, unique=True))
    names = [
        *(rights if decision != "none" else ()),
        *draw(st.sets(st.sampled_from(_CONVERSATIONAL), max_size=1)),
    ]
    wishes = draw(st.sets(st.sampled_from([DONT, KEPT_IT, DENIED, CHANGED_MIND, FOR_OTHER]), max_size=2))
    text = draw(st.one_of(st.sampled_from(_SAID), st.text(max_size=30)))
    read = reading(decision, *names, text=text, wishes=tuple(sorted(wishes)))
    return Words(text, read, datetime(2026, 11, 23, 9, tzinfo=UTC))


def _named(move: Move) -> set[str]:
    """Name the requests that a move is about; those that it asks to be proved may be none of the talk's."""
    found: set[str] = set()
    for name in ("about", "references", "ref"):
        value = getattr(move, name, None) or ()
        found |= {value} if isinstance(value, str) else set(value)
    return found


@given(views(), messages())
def test_every_move_is_about_requests_that_are_there(view: TalkView, words: Words) -> None:
    own = {request.ref for request in (*view.own, *view.about)}
    hidden = {request.ref for request in view.hidden}
    for move in decide(view, words):
        there = own | hidden if isinstance(move, StandStill) else own
        assert _named(move) <= there, move
        assert not isinstance(move, Choose) or move.what in _CHOICES
        assert not isinstance(move, AskToWithdraw) or move.about


@given(views(), messages())
@example(TALKS["hidden"], _read_as("Sorry, wrong address", Right.RECTIFICATION))
@example(TALKS["open"], _read_as("I changed my mind", Right.ACCESS, wishes=(DONT,)))
@example(TALKS["detail"], _read_as("Thank you", Right.ERASURE))
@example(TALKS["detail"], words("12345678", "request", Right.ACCESS, Right.ERASURE))
def test_no_wish_is_without_a_move(view: TalkView, words: Words) -> None:
    if words.reading.decision != "request":
        return
    assert not _lost(view, words)


@pytest.mark.parametrize("talk", TALKS)
def test_whatever_is_said_beside_it_and_wherever_no_right_that_is_read_is_lost(talk: str) -> None:
    """Every pair that the drawn ones may miss: each saying as a request of each right, in each talk."""
    for text, right, agent in product(_SAID, Right, (False, True)):
        heard = _read_as(text, right)
        view = replace(TALKS[talk], agent_talks=agent or TALKS[talk].agent_talks)
        assert not _lost(view, heard), (text, right, agent)


@pytest.mark.parametrize("talk", ["contact", "code", "sought", "hidden", "write", "called"])
@pytest.mark.parametrize("said", ["Sorry, wrong address", "I lost access to that mailbox"])
def test_a_correction_of_another_field_beside_a_mistaken_contact_is_none_of_that_contact(
    talk: str, said: str
) -> None:
    details = {"field": "last_name", "new_value": "Tamm"}
    both = words(f"{said}, and correct my last name to Tamm", "request", Right.RECTIFICATION, details=details)
    opened = [move for move in decide(TALKS[talk], both) if isinstance(move, Open)]
    assert [move.rights for move in opened] == [(Right.RECTIFICATION,)]


@pytest.mark.parametrize("talk", TALKS)
@pytest.mark.parametrize(
    "said", ["human", "never mind", "cancel all", "don't", "for my father", "newsletter", "my mother"]
)
def test_what_stands_beside_a_code_is_heard_as_it_is_by_itself(talk: str, said: str) -> None:
    view, alone = replace(TALKS[talk], code_live=True, code_sent=True), SAYINGS[said]
    moves = decide(view, replace(alone, text=f"12345678, {alone.text}"))
    if TryCode() not in moves:  # nothing is awaited of a code there
        assert view.state.expects in {"email", "code"}
        return
    by_itself, answered = decide(view, alone), view.rights_asked_about - ERASING
    if any(move in by_itself for move in NOTHING_HEARD) or alone.reading.rights & answered:
        return  # nothing comes of it, or it is no further wish
    assert [m for m in moves if m != TryCode()] == [m for m in by_itself if m != Repeat()]


@pytest.mark.parametrize("talk", ["code", "open"])
@pytest.mark.parametrize(
    "back",
    [
        "but cancel it, I no longer need it",
        "but I don't want it any more",
        "but never mind",
        "mais annulez, je n'en ai plus besoin",
        "mais je n'en veux plus",
        "finalement je n'en ai plus besoin",
        "annulez, ce n'est plus la peine",
    ],
)
@pytest.mark.parametrize(
    "code", ["12345678", "the code is 12345678,", "le code est le 12345678,", "voici : 12345678,"]
)
def test_a_code_and_its_taking_back_are_both_heard(talk: str, back: str, code: str) -> None:
    view = replace(TALKS[talk], code_live=True, code_sent=True)
    first, *rest = decide(view, words(f"{code} {back}"))
    assert first == TryCode()
    assert rest == list(decide(view, words(back)))
    assert [type(move) for move in rest] in ([AskToWithdraw], [StandStill])


def _lost(view: TalkView, words: Words) -> set[Right]:
    """Give the rights that were read and are neither opened, nor asked about, nor answered for."""
    moves = decide(view, words)
    asked = {
        right for move in moves if isinstance(move, Open | OpenForOther | AskRight) for right in move.rights
    }
    if view.state.question == ASK_DETAIL and (Repeat() in moves or view.agent_talks):
        asked |= ERASING | CONFIRMED_FIRST  # both stand on buttons there, and are asked about once more
    wished = {Right(name) for name in words.reading.rights} - asked - view.rights_asked_about
    return wished - _answered(view, words, moves)


def _answered(view: TalkView, words: Words, moves: Sequence[Move]) -> set[Right]:
    """Give the rights whose words meant something else: the answer to what was asked, or that all of it is to stop."""
    text, found = words.text, set[Right]()
    if takes_all_back(text) and view.stoppable:
        return set(Right)  # the whole of it takes back what is open: nothing stands beside that
    if text == SAYINGS["meant"].text:
        found |= ERASING  # that this one is not meant is what it says
    if is_slip(text) or lacks_mailbox(text) or is_of_another(text):
        found |= CONFIRMED_FIRST  # what is said of one's own contact corrects none that is held
    if view.agent_talks and {DONT, KEPT_IT, FOR_OTHER} & set(words.reading.wishes):
        return set(Right)  # which is meant, whoever talks there asks
    stands_still = any(isinstance(move, StandStill) or move == Say("dont_nothing") for move in moves)
    erases = view.state.asks_else or any(r.right == Right.ERASURE for r in view.open)
    of_a_value = any(isinstance(move, AskValueAgain | Correct | LeaveEmpty | NoteContact) for move in moves)
    again = Repeat() in moves or view.agent_talks
    stays = view.state.question == ASK_DETAIL and again  # what is read there may be of the detail
    if stands_still or stays or of_a_value or (erases and any(isinstance(move, Choose) for move in moves)):
        found.add(Right.ERASURE)
    takes_back = any(name.name == "cancel_request" for name in words.reading.intents)
    if view.stoppable and (takes_back or DENIED in words.reading.wishes):
        found |= _STOPS
    return set(Right) if any(isinstance(move, AskToWithdraw) for move in moves) else found


@given(views(), messages())
def test_what_is_hidden_changes_nothing_that_is_said(view: TalkView, words: Words) -> None:
    hidden = {request.ref for request in view.hidden}
    empty = replace(view, hidden=(), state=replace(view.state, hidden=()))
    silent = [
        m for m in decide(view, words) if not (isinstance(m, StandStill) and hidden.issuperset(m.about))
    ]
    assert silent == list(decide(empty, words))


@given(views())
def test_from_everywhere_a_person_is_reached(view: TalkView) -> None:
    moves = decide(view, _HUMAN)
    assert HandOver() in moves or view.agent_talks


@given(views(), messages())
def test_every_message_gets_an_answer_unless_an_agent_talks(view: TalkView, words: Words) -> None:
    assert decide(view, words) or view.agent_talks


@given(
    views(),
    st.sampled_from(
        ["human", "right:none", "right:erasure", "services:end:x", "dont:keep:y", "resend:z", "odd"]
    ),
)
def test_every_button_does_something_however_late(view: TalkView, value: str) -> None:
    pressed = Pressed(Words(value, reading(text=value), datetime(2026, 11, 23, 9, tzinfo=UTC)))
    assert decide(view, pressed)


def test_every_move_has_one_way_to_be_carried_out() -> None:
    assert set(WAYS) == set(get_args(Move))


def test_what_is_closed_is_not_taken_back() -> None:
    closed = tuple(Asked(f"PR-HHHHHHH{n}", Right.ACCESS, status) for n, status in enumerate(sorted(CLOSED)))
    assert not {request.status for request in closed} & set(STOPPABLE)
    view = replace(TALKS["new"], own=closed)
    assert not any(
        isinstance(m, AskToWithdraw | StandStill) for said in SAYINGS.values() for m in decide(view, said)
    )
