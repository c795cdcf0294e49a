"""What was asked before a talk was hidden, and by nobody who gave an address: it waits until somebody says that it was them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sqlmodel import col, select

from assistant.casework import proof, talk
from assistant.casework.hidden import NOBODY
from assistant.casework.intake import put_erasure_after
from assistant.casework.reach import is_for_other, lacks_address
from assistant.domain.lifecycle import Status
from assistant.domain.rights import CARRIED_OUT_FIRST
from assistant.store.tables import ChallengeRow, PrivacyRequest

if TYPE_CHECKING:
    from assistant.conversation.turn import Turn

ASK: Final = "ask_whose"
_WAITING: Final = frozenset({Status.RECEIVED, Status.VERIFYING})


def of_nobody(turn: Turn) -> list[PrivacyRequest]:
    """List what is hidden, waits, and was never tied to an address or a client number."""
    named = select(ChallengeRow.references).where(
        col(ChallengeRow.conversation_id) == turn.conversation.id, col(ChallengeRow.claimed_hash) != ""
    )
    tied = {ref for references in turn.unit.session.exec(named) for ref in references}
    untied = [ref for ref in turn.state.hidden if ref not in tied and ref not in turn.state.disowned]
    found = [r for ref in untied if (r := turn.unit.session.get(PrivacyRequest, ref)) and r.contact is None]
    return [r for r in found if (r.status in _WAITING and not is_for_other(r)) or lacks_address(r)]


def hidden_of(turn: Turn, subject: str) -> list[str]:
    """Name what a code to this subject brings back: all that is hidden of them, and nothing that nobody was named for."""
    if not turn.state.is_of(subject):
        return []
    left = {request.ref for request in of_nobody(turn)}
    return [ref for ref in turn.state.hidden if ref not in left]


def asks_first(turn: Turn, claim: proof.Claim, references: Sequence[str]) -> bool:
    """Ask whose that was before any proof, once an address is named; tells whether it asked.

    The words depend on nothing that was typed. A talk that was somebody's is asked about when it has come back.
    """
    if not turn.state.is_of(NOBODY) or not (left := of_nobody(turn)):
        return False
    turn.ask_choice(ASK, references)
    turn.state = replace(turn.state, details={"kind": claim.kind, "value": claim.value})
    buttons = [turn.button("not_mine", "unclaimed:no"), turn.button("was_me", "unclaimed:yes")]
    turn.say(ASK, expects="choice", choices=buttons, asked=[talk.as_seen(request) for request in left])
    return True


def chose(turn: Turn, answer: str) -> None:
    """Give what was asked before to whoever presses that it was them; else it stays hidden, and nobody is asked again."""
    if turn.state.question != ASK:
        turn.say_question_over()
        return
    details = turn.state.details or {}
    claim = proof.Claim(str(details.get("kind")), str(details.get("value")))
    left = tuple(request.ref for request in of_nobody(turn))
    turn.rest()
    if answer == "yes":
        turn.state = replace(turn.state, hidden=tuple(ref for ref in turn.state.hidden if ref not in left))
        _put_in_order(turn)
    else:
        turn.state = replace(turn.state, disowned=(*turn.state.disowned, *left))
    if any(map(turn.missing, turn.all_waiting())):
        turn.reading.details["email" if claim.kind == "email" else "client_id"] = [claim.value]
        turn.next_step(turn.all_waiting())
    elif about := turn.to_be_proved():
        turn.want_code(claim, about)
    else:
        turn.say_how_it_stands()


def _put_in_order(turn: Turn) -> None:
    own = turn.all_waiting()
    for first in (request for request in own if request.right in CARRIED_OUT_FIRST):
        put_erasure_after(turn.unit.session, own, first)
