"""What a proof opens: what goes on, what comes back with it to the same person, and what is still asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlmodel import col, select

from assistant.casework.audit import record
from assistant.casework.decisions import sparing
from assistant.casework.proof import attaching, checking
from assistant.casework.requests import asked_beside
from assistant.casework.requests.evidence import answer_for
from assistant.casework.requests.intake import move, set_attention
from assistant.casework.requests.reach import is_for_other
from assistant.casework.requests.rectification import is_unconfirmed
from assistant.casework.requests.whose import part_of
from assistant.casework.talk import elsewhere, standing
from assistant.casework.talk.asking import ask_about_services, ask_for_more, ask_what_is_left, repeat
from assistant.casework.talk.proving import say_no_code
from assistant.casework.talk.turn import Turn
from assistant.domain.details import FoundOut
from assistant.domain.lifecycle import CLOSED, Status
from assistant.domain.rights import CARRIED_OUT_FIRST, ERASING, Right
from assistant.domain.talk import CORRECTING, WAITING, TalkState
from assistant.errors import NotVerified
from assistant.services import Unit
from assistant.store.tables import ChallengeRow, EvidenceRow, PrivacyRequest


def code_was_right(turn: Turn, challenge_id: str) -> None:
    """Say what a right code opened, and ask again what was open beside it, unless that was asked or settled meanwhile."""
    evidence = _taken(turn.unit, challenge_id)
    if evidence is None:
        # Else the same code, sent twice, has just succeeded.
        if not attaching.is_used(turn.unit.session, challenge_id):
            say_no_code(turn)
        return
    turn.buttons_are_gone = True  # the code was typed below them
    proved_beside(turn, evidence, turn.unit.session.get_one(ChallengeRow, challenge_id).claimed_hash)


def proved_beside(turn: Turn, evidence: EvidenceRow, claimed: str = "") -> None:
    """Say what a proof opened, and ask again what was open beside it."""
    if turn.state.question in CORRECTING and not any(
        map(turn.missing, turn.requests_named(turn.state.about))
    ):
        turn.rest()  # what was asked of a correction was said on the page of the proof
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
    asked, sought = turn.state, standing.bring(turn, evidence)
    turn.state = replace(turn.state, sought=(), takes_back=False)
    turn.store_state()  # or what is said of it now would still be kept back
    requests = [r for ref in evidence.references if (r := session.get(PrivacyRequest, ref))]
    joined = _joins_earlier(turn, requests, evidence)
    by_hand = any(source.kind == "manual" for source in services.sources)  # may know them all the same
    reached = [r for r in requests if r.contact == evidence.contact and r.evidence_id != evidence.id]
    opened = [r for r in requests if r not in reached and r.status not in CLOSED | WAITING]
    opened = [r for r in opened if not sparing.is_paused(r)]  # of these it is asked whether they go on at all
    _say_reached(turn, reached)
    if (evidence.on_file or by_hand) and opened:
        say_confirmed(turn, opened)
    short = [r for r in requests if r.status == Status.VERIFYING and not is_for_other(r)]
    if short:
        ask_for_more(turn, short)
    told = sought if asked.takes_back else [r for r in sought if r not in opened and r not in short]
    if told:
        standing.say_what_was_sought(turn, told, asked)
    elif not (joined or reached or opened or short) and (comes_back or claimed):
        standing.say_of_nothing(turn, asked if claimed else turn.state)  # a sign-in opens no mailbox
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


def say_confirmed(turn: Turn, opened: Sequence[PrivacyRequest]) -> None:
    """Say that these requests go on, and what of them waits."""
    waits = [(Right(request.right), _not_before(turn, request)) for request in opened]
    turn.say("verified_requests", requests=turn.seen(opened), **what_waits(waits))


def _not_before(turn: Turn, request: PrivacyRequest) -> datetime | None:
    if is_unconfirmed(request):
        # A person reads it, or does it in the company's systems: nothing here holds them to a day.
        return None
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
