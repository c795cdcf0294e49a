"""An answer to a challenge is tried: reserved before the slow check, counted whatever becomes of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update
from sqlmodel import col, select

from assistant.casework.audit import record
from assistant.casework.proof.challenges import is_open
from assistant.casework.proof.limits import is_paused, next_code_after
from assistant.domain.addresses import normal_address
from assistant.domain.assurance import TRIES_PER_CODE, Method
from assistant.domain.lifecycle import ChallengeState, advance
from assistant.errors import Busy, NotVerified, TooManyAttempts
from assistant.services import Services, Unit
from assistant.store.tables import ChallengeRow, Tally

_AS_OTHER = "failed_as_other"  # against a mailbox that was named by its client number


@dataclass(frozen=True, slots=True)
class Attempt:
    """A reserved try at a challenge: counted before it is checked."""

    challenge_id: str
    conversation_id: str
    method: Method
    stored: str
    spent: bool = False  # the mailbox has no tries left, by guesses under another name of its person


def reserve_attempt(unit: Unit, challenge: ChallengeRow | None) -> Attempt:
    """Book a try as a failure before it is checked, so that guesses side by side count; a right one is taken back.

    Raises NotVerified or TooManyAttempts in the same words for everybody.
    """
    challenge = _still_good(unit.services, challenge)
    now = unit.now
    if is_paused(unit, *_counted_under(unit.services, challenge)[:1]):
        raise TooManyAttempts(paused=True)
    if challenge.attempts >= TRIES_PER_CODE:
        raise TooManyAttempts(next_at=next_code_after(unit, challenge) or now)
    challenge.attempts += 1
    unit.session.add(challenge)
    spent = _is_spent(unit, challenge)
    unit.session.add_all(
        Tally(subject_hash=subject, what=what, at=now)
        for subject, what in _bookings(unit.services, challenge)
    )
    return _attempt(challenge, spent=spent)


def attempt_made(unit: Unit, challenge: ChallengeRow | None, typed_at: datetime) -> Attempt | None:
    """Give the try that was reserved before a restart, to be checked at last; it was counted then."""
    if challenge is None or challenge.asked_at > typed_at or challenge.attempts == 0:
        return None  # what was typed then was no answer to this one
    return _attempt(challenge, spent=_is_spent(unit, challenge, besides=1))


def _attempt(challenge: ChallengeRow, *, spent: bool) -> Attempt:
    method = Method(challenge.method)
    return Attempt(challenge.id, challenge.conversation_id, method, challenge.stored or "", spent)


def _is_spent(unit: Unit, challenge: ChallengeRow, *, besides: int = 0) -> bool:
    """Count what was guessed under another name of this mailbox too, and tell nobody: it would say whose number it is."""
    names = _counted_under(unit.services, challenge)
    return is_paused(unit, *names, what=("failed", _AS_OTHER), besides=besides)


def _still_good(services: Services, challenge: ChallengeRow | None) -> ChallengeRow:
    if challenge is None or not is_open(services, challenge):
        raise NotVerified
    return challenge


async def is_right(services: Services, attempt: Attempt, answer: str) -> bool:
    """Check an answer, slow on purpose, each challenge in its turn; raises Busy where too many wait, and the try is given back."""
    if not attempt.stored:
        return False
    check = services.methods[attempt.method].check
    try:
        await services.slow.codes.run(
            services.peers.of(attempt.conversation_id), lambda: check(attempt.stored, answer)
        )
    except NotVerified:
        return False
    except Busy:
        await services.write(lambda unit: _give_back(unit, attempt))
        raise
    return not attempt.spent


def _counted_under(services: Services, challenge: ChallengeRow) -> tuple[str, ...]:
    """Name what was claimed and whom it led to; guesses at a code for a copy count for its page alone (casework/answers/packages.py)."""
    if challenge.purpose == "package":
        return ()
    if not challenge.contact:
        return (challenge.claimed_hash,)
    contact = services.keyring.keyed_hash(normal_address(services.keyring.unseal(challenge.contact)))
    return (challenge.claimed_hash, contact)


def _bookings(services: Services, challenge: ChallengeRow) -> list[tuple[str, str]]:
    """List under which names a try at a code counts, and as what."""
    names = set(_counted_under(services, challenge))
    return [(name, "failed" if name == challenge.claimed_hash else _AS_OTHER) for name in names]


def _give_back(unit: Unit, attempt: Attempt) -> None:
    """Count a try no more that nobody had the time to check."""
    counted = col(ChallengeRow.attempts)
    unit.session.execute(
        update(ChallengeRow)
        .where(col(ChallengeRow.id) == attempt.challenge_id, counted > 0)
        .values(attempts=counted - 1)
    )
    note_right(unit, attempt.challenge_id)


def note_failure(unit: Unit, challenge_id: str) -> ChallengeRow | None:
    """Leave a wrong answer booked against the subject, over every conversation; the fifth uses the code up."""
    challenge = unit.session.get(ChallengeRow, challenge_id)
    if challenge is None:
        return None
    if challenge.attempts >= TRIES_PER_CODE and challenge.state == ChallengeState.SENT:
        challenge.state = advance(challenge.state, ChallengeState.SPENT)
        unit.session.add(challenge)
    for ref in challenge.references:
        record(unit, ref, "subject", "proof_failed", method=challenge.method, attempts=challenge.attempts)
    return challenge


def note_right(unit: Unit, challenge_id: str) -> None:
    """Take back what was booked for a try that turned out right, whether or not it is the one that counts."""
    challenge = unit.session.get(ChallengeRow, challenge_id)
    for subject, what in _bookings(unit.services, challenge) if challenge else ():
        booked = select(Tally).where(col(Tally.subject_hash) == subject, col(Tally.what) == what)
        if newest := unit.session.exec(booked.order_by(col(Tally.id).desc()).limit(1)).first():
            unit.session.delete(newest)
    unit.session.flush()
