"""What an answer does: a button, a value, a use, a yes to what is to be corrected, a proof that counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlmodel import col, select

from assistant.casework.audit import record
from assistant.casework.decisions import closing, sparing
from assistant.casework.proof import attaching, checking
from assistant.casework.requests import asked_beside, queue, rectification
from assistant.casework.requests.evidence import answer_for
from assistant.casework.requests.intake import move, set_attention
from assistant.casework.requests.reach import is_for_other
from assistant.casework.requests.rectification import is_unconfirmed
from assistant.casework.requests.whose import part_of
from assistant.casework.saying.unwritten import written
from assistant.casework.talk import elsewhere, standing
from assistant.casework.talk.asking import (
    ask_about_services,
    ask_correction,
    ask_for_more,
    ask_what_is_left,
    go_on,
    next_step,
    question_asked,
    repeat,
    requests_shown_with,
    resume,
    say_question_over,
)
from assistant.casework.talk.opening import leave_alone
from assistant.casework.talk.proving import say_no_code, want_code
from assistant.casework.talk.turn import Turn, mark_of_code
from assistant.domain.details import FoundOut
from assistant.domain.lifecycle import CLOSED, STOPPABLE, Status
from assistant.domain.moves import AskRight, AskValueAgain, Claim, TellPolicy
from assistant.domain.presses import unmarked
from assistant.domain.rectifying import Changes
from assistant.domain.rights import (
    ASKED_MOST,
    CARRIED_OUT_FIRST,
    CONFIRMED_FIRST,
    ENDING_USES,
    ERASING,
    Right,
)
from assistant.domain.talk import (
    ALL,
    ASK_DETAIL,
    ASK_EXCEPTION,
    ASK_MARKETING,
    ASK_RIGHT,
    ASK_SERVICES,
    DONT,
    DONT_GOING_ON,
    NOT_UNDERSTOOD,
    ONLY_NAMED,
    WAITING,
    WITHDRAW,
    WITHDRAW_WHICH,
    TalkState,
)
from assistant.errors import NotVerified
from assistant.interfaces import Choice
from assistant.services import Unit
from assistant.store.tables import ChallengeRow, EvidenceRow, PrivacyRequest

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
_OF_WITHDRAWAL: Final = {WITHDRAW: standing.ask_to_withdraw, WITHDRAW_WHICH: standing.ask_which_back}
_OFFERED_AT_ONCE: Final = 4  # rights on one menu
_BUTTON_DONT: Final = "dont"


def choose(turn: Turn, what: str, answer: str, mark: str) -> None:
    """Do what a button says, whatever it answers."""
    if what == _BUTTON_DONT:
        _dont(turn, answer, mark)
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


def _change(turn: Turn, value: str) -> None:
    """Take a button under a question about a correction; one under words that have changed since asks again."""
    answer, _, mark = value.partition(":")
    turn.recall()
    unconfirmed = [r for r in turn.own_requests() if r.status not in CLOSED and is_unconfirmed(r)]
    open_now = [*filter(None, [_correction_asked_about(turn)]), *unconfirmed]
    shown = next((each for each in open_now if mark == Changes.of(each.details).digest), None)
    if shown is not None:
        confirm_change(turn, shown, answer)
    else:
        say_question_over(turn)


def _correction_asked_about(turn: Turn) -> PrivacyRequest | None:
    found = turn.requests_named(turn.state.about)
    is_open = found and found[0].right in CONFIRMED_FIRST and found[0].status not in CLOSED
    return found[0] if is_open else None


def _purpose(turn: Turn, name: str) -> None:
    end_use(turn, {"marketing": True} if name == "marketing" else {"purpose": name})


_CHOICES: Final[Mapping[str, Callable[[Turn, str], None]]] = {
    "withdraw": _withdrawal,
    "takeback": _take_back,
    "services": _services,
    "resend": _resend,
    "change": _change,
    "purpose": _purpose,
}

# ── which right ─────────────────────────────────────────────────────────────────────────────────────


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
    """Answer what is about nothing, and ask again what was asked with buttons of its own."""
    awaited = turn.state.expects if turn.state.expects in _SAID_TO_BE_OPEN else None
    choices = turn.code_choices() if awaited == "code" else [turn.person_button()]
    told: dict[str, Any] = {"awaited": awaited} if awaited else {}
    turn.say(_SMALL_TALK[said], expects=awaited, choices=choices, **told)
    if turn.state.asks_else:
        repeat(turn)


def end_use(turn: Turn, use: Mapping[str, Any]) -> None:
    """Keep which use is to end, and go on."""
    about = [r for r in turn.requests_named(turn.state.about) if r.right in ENDING_USES]
    request = next((r for r in about if r.status in WAITING), None)
    if request is not None:
        request.details = {**request.details, **use}
        turn.set_tier(request)
        turn.rest()
        next_step(turn, turn.all_waiting())


# ── what is to be corrected ─────────────────────────────────────────────────────────────────────────


def correct(turn: Turn, request: PrivacyRequest, changes: Changes) -> None:
    """Keep what was said, and ask for what is missing now; a plan for what was confirmed before is void."""
    if Changes.of(request.details).confirmed:
        queue.unplan(turn.unit, request, "changed")
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
    set_attention(turn.unit, request, NOT_UNDERSTOOD)
    turn.rest()
    turn.say("rectification_by_person", requests=turn.seen([request]))
    if not turn.is_mail:  # there the address is known, from which it was written
        go_on(turn, request)


def _was_asked_again(turn: Turn) -> bool:
    return bool((turn.state.details or {}).get("again"))


def _ask_value(turn: Turn, request: PrivacyRequest, *, again: bool) -> None:
    if turn.state.question:
        ask_correction(turn, request, turn.state.question, again=again)


# ── nothing is to be erased after all ───────────────────────────────────────────────────────────────


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


def _dont(turn: Turn, answer: str, mark: str) -> None:
    """Take the button, however late: it speaks of the erasures that it was shown with, whatever is asked by now.

    Typed it speaks of all that were told to stop.
    """
    under_way = {*STOPPABLE, Status.EXECUTING}
    meant = [each for each in turn.own_requests() if each.right in ERASING and each.status in under_way]
    told = [each for each in meant if each.dont_at]
    if mark:
        shown_with = requests_shown_with(turn, f"{_BUTTON_DONT}:{answer}:{mark}")
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


# ── a proof that counts ─────────────────────────────────────────────────────────────────────────────


def proved(turn: Turn, evidence: EvidenceRow, claimed: str = "") -> None:
    """Say what happens next to the requests that a proof opened; what is hidden comes back to the same person alone."""
    if not turn.state.asks_else:
        turn.rest()  # who asks is answered
    session, services = turn.unit.session, turn.unit.services
    names = attaching.names_of(session, evidence)
    names = [name for name in dict.fromkeys((*names, claimed)) if name]
    comes_back = not set(names).isdisjoint(turn.state.hidden_of)
    if turn.state.hidden_of:
        part = part_of(session, services.keyring, turn.conversation.id, names)
        own = [request.ref for request in part.requests] if part else []
        turn.state = turn.state.opened_by(names, {*own, *evidence.references})
    takes_back, sought = turn.state.takes_back, standing.bring(turn, evidence)
    turn.state = replace(turn.state, sought=(), takes_back=False)
    turn.store_state()  # or what is said of it now would still be kept back
    requests = [r for ref in evidence.references if (r := session.get(PrivacyRequest, ref))]
    joined = _joins_earlier(turn, requests, evidence)
    by_hand = any(source.kind == "manual" for source in services.sources)  # may know them all the same
    reached = [r for r in requests if r.contact == evidence.contact and r.evidence_id != evidence.id]
    opened = [r for r in requests if r not in reached and r.status not in CLOSED | {Status.VERIFYING}]
    opened = [r for r in opened if not sparing.is_paused(r)]  # of these it is asked whether they go on at all
    _say_reached(turn, reached)
    if (evidence.on_file or by_hand) and opened:
        say_confirmed(turn, opened)
    short = [r for r in requests if r.status == Status.VERIFYING and not is_for_other(r)]
    if short:
        ask_for_more(turn, short)
    told = sought if takes_back else [r for r in sought if r not in opened and r not in short]
    if told:
        standing.say_what_was_sought(turn, told, takes_back=takes_back)
    elif not (joined or reached or opened or short) and (comes_back or claimed):
        standing.say_how_it_stands(turn)
    if comes_back or not turn.state.expects:
        ask_about_services(turn)  # also of what was asked in another talk, and is here now
    ask_what_is_left(turn)
    turn.unit.wake("plan")


def _say_reached(turn: Turn, reached: Sequence[PrivacyRequest]) -> None:
    """Say that a letter comes, and of what waits for a mandate what will be asked: no proof of the writer's own is."""
    of_others = [r for r in reached if is_for_other(r)]
    for name, told in (
        ("will_ask_there", of_others),
        ("will_write_there", [r for r in reached if r not in of_others]),
    ):
        if told:
            turn.say(name, requests=turn.seen(told))


def _joins_earlier(
    turn: Turn, requests: Sequence[PrivacyRequest], evidence: EvidenceRow
) -> list[PrivacyRequest]:
    """Close what its person asked already in another talk, where that goes on; gives the earlier ones, which are here from now on."""
    joined: list[PrivacyRequest] = []
    closed: list[PrivacyRequest] = []
    for request in (r for r in requests if r.status == Status.OPEN and r.evidence_id == evidence.id):
        earlier = elsewhere.asked_before(turn.unit, request, evidence)
        if earlier is None:
            continue
        after_it = select(PrivacyRequest).where(col(PrivacyRequest.after_ref) == request.ref)
        for waiting in turn.unit.session.exec(after_it):  # each may have its own proof, or none yet
            waiting.after_ref = earlier.ref
        record(turn.unit, request.ref, "desk", "asked_already", earlier=earlier.ref)
        request.details = FoundOut(joined=earlier.ref).kept_in(request.details)
        if asked_beside.is_unread(turn.unit.session, request):
            asked_beside.note(turn.unit, [earlier], turn.conversation)
        move(turn.unit, request, Status.WITHDRAWN, "desk")
        set_attention(turn.unit, request, None)
        joined.append(earlier)
        closed.append(request)
    if joined:
        standing.have_here(turn, joined)
        turn.say("already_open", requests=turn.seen(joined), also=turn.seen(closed))
    return joined


def code_was_right(turn: Turn, challenge_id: str) -> None:
    """Say what a right code opened, and ask again what was open beside it, unless that was asked or settled meanwhile."""
    evidence = _taken(turn.unit, challenge_id)
    if evidence is None:
        if not attaching.is_used(
            turn.unit.session, challenge_id
        ):  # else the same code, sent twice, has just succeeded
            say_no_code(turn)
        return
    turn.buttons_are_gone = True  # the code was typed below them
    proved_beside(turn, evidence, turn.unit.session.get_one(ChallengeRow, challenge_id).claimed_hash)


def proved_beside(turn: Turn, evidence: EvidenceRow, claimed: str = "") -> None:
    """Say what a proof opened, and ask again what was open beside it."""
    asked: TalkState = turn.state
    proved(turn, evidence, claimed)
    was_asked = turn.state.question == asked.question and not turn.buttons_are_gone
    if asked.asks_else and not was_asked and not turn.stands_back:
        turn.state = turn.state.asking_again(asked)
        repeat(turn)


def _taken(unit: Unit, challenge_id: str) -> EvidenceRow | None:
    """Give what a right code proves, the first time that it is typed."""
    checking.note_right(unit, challenge_id)
    try:
        return attaching.consume(unit, challenge_id)
    except NotVerified:
        return None


def say_confirmed(turn: Turn, opened: Sequence[PrivacyRequest]) -> None:
    """Say that these requests go on, and what of them waits."""
    waits = [(Right(request.right), _not_before(turn, request)) for request in opened]
    turn.say("verified_requests", requests=turn.seen(opened), **what_waits(waits))


def _not_before(turn: Turn, request: PrivacyRequest) -> datetime | None:
    if is_unconfirmed(request):
        return (
            None  # a person reads it, or does it in the company's systems: nothing here holds them to a day
        )
    evidence = turn.unit.session.get(EvidenceRow, request.evidence_id) if request.evidence_id else None
    return answer_for(turn.unit.services, request, evidence).not_before


def what_waits(waits: Sequence[tuple[Right, datetime | None]]) -> dict[str, Any]:
    """Give what the text needs beside the requests; of two that wait the later instant holds for both."""
    copies, erasure = CARRIED_OUT_FIRST, ERASING

    def latest(rights: frozenset[Right]) -> datetime | None:
        return max((at for right, at in waits if at and right in rights), default=None)

    return {
        "copies": any(right in copies for right, _ in waits),
        "copy_from": latest(copies),
        "erased_from": latest(erasure),
        "changed_from": latest(frozenset(Right) - copies - erasure),
    }
