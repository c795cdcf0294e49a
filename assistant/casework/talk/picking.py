"""Which right is meant: the menu, what was asked before it, and what is noted while it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from assistant.casework.decisions import sparing
from assistant.casework.talk import standing
from assistant.casework.talk.asking import ask_about_services, question_asked
from assistant.casework.talk.opening import leave_alone
from assistant.casework.talk.turn import Turn
from assistant.domain.lifecycle import STOPPABLE
from assistant.domain.moves import AskRight
from assistant.domain.presses import unmarked
from assistant.domain.rights import ASKED_MOST, ERASING, Right
from assistant.domain.talk import (
    ALL,
    ASK_DETAIL,
    ASK_EXCEPTION,
    ASK_MARKETING,
    ASK_RIGHT,
    ASK_SERVICES,
    DONT,
    ONLY_NAMED,
    WITHDRAW,
    WITHDRAW_WHICH,
    TalkState,
)
from assistant.interfaces import Choice

_OF_WITHDRAWAL: Final = {WITHDRAW: standing.ask_to_withdraw, WITHDRAW_WHICH: standing.ask_which_back}
_OFFERED_AT_ONCE: Final = 4  # rights on one menu


def ask_right(turn: Turn, move: AskRight) -> None:
    """Ask which right is meant; a button that erases all is not to be pressed for less."""
    question = ASK_DETAIL if move.menu == ASK_DETAIL else ASK_RIGHT
    turn.state = turn.state.menu(question, move.since, move.details)
    turn.say(move.menu, expects="choice", choices=[*_menu(turn, move)])


def _menu(turn: Turn, move: AskRight) -> Sequence[Choice]:
    others = [right for right in move.rights if right not in ERASING]
    none = turn.button("not_a_request", "right:none")
    if move.menu == ASK_DETAIL:
        named = turn.button("only_named", ONLY_NAMED)
        return [named, turn.button("erase_all", ALL), none, turn.person_button()]
    if move.menu == ASK_EXCEPTION:  # an erasure takes all, a person can see to the exception
        beside = [turn.button(right, f"right:{right}") for right in others]
        return [turn.person_button(), turn.button("erase_all", ALL), *beside, none]
    offered = dict.fromkeys([*move.rights, *ASKED_MOST])
    rights = [turn.button(right, f"right:{right}") for right in list(offered)[:_OFFERED_AT_ONCE]]
    return [*rights, none, turn.person_button()]


def not_that(turn: Turn, noted: Mapping[str, Any]) -> None:
    """Leave the menu; what was noted meanwhile answers what was asked before, and what has no other way to be asked is asked again."""
    before = turn.state.before_menu() if turn.state.displaced else None
    if before is None and _offers_other_rights(turn):
        return
    turn.rest()
    turn.say("chat_can_do", choices=[turn.person_button()])
    turn.recalled = {name: noted[name] for name in ("email", "client_id") if noted.get(name)}
    emails, waiting = noted.get("email"), turn.all_waiting()
    if emails and any(turn.missing(request) == ASK_MARKETING for request in waiting):
        leave_alone(turn, emails)
    if before is not None and not turn.state.expects:
        _ask_before_menu(turn, before)


def _offers_other_rights(turn: Turn) -> bool:
    """Ask once more with the rights that the menu had no buttons for; tells whether there was such a menu."""
    asked = question_asked(turn) if turn.state.question == ASK_RIGHT else None
    shown = {unmarked(each["value"])[0] for each in asked.choices} if asked else set()
    others = [right for right in Right if f"right:{right}" not in shown]
    if not asked or not others:
        return False
    noted = turn.state.details or {}
    turn.state = turn.state.menu(ASK_RIGHT, turn.state.received_at or turn.unit.now.isoformat(), noted)
    buttons = [turn.button(right, f"right:{right}") for right in others]
    turn.say("chat_other_rights", expects="choice", choices=[*buttons, turn.person_button()])
    return True


def _ask_before_menu(turn: Turn, asked: TalkState) -> None:
    """Ask again the question with buttons that a menu came before: what waits for its person is asked for anyway."""
    about = turn.requests_named(asked.about)
    if asked.question == ASK_SERVICES:
        ask_about_services(turn)
    elif asked.question == DONT and (paused := [each for each in about if sparing.is_paused(each)]):
        standing.ask_whether_still_wanted(turn, paused)
    elif asked.question in _OF_WITHDRAWAL and (left := [r for r in about if r.status in STOPPABLE]):
        _OF_WITHDRAWAL[asked.question](turn, left)


def note_contact_first(turn: Turn, noted: Mapping[str, Any], says: str) -> None:
    """Keep a contact that was typed before it is needed, and say so."""
    turn.state = replace(turn.state, details={**(turn.state.details or {}), **noted})
    turn.say(says)
