"""How often a proof may be tried or sent, counted under what was named and under what it leads to, so that guessing never pays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func
from sqlmodel import col, select

from assistant.casework.saying import flood
from assistant.domain.assurance import CODES_FOR_OWNER, CODES_PER_DAY, CODES_PER_HOUR, FAILURES_PER_DAY
from assistant.domain.mailboxes import counted_as
from assistant.domain.moves import Claim
from assistant.services import Services, Unit
from assistant.store.tables import ChallengeRow, Conversation, Tally

_DAY = timedelta(days=1)
# What counts against a mailbox: as it was named, and under another name of it. What mail had sent, which may be anybody's,
# leaves live talks theirs, and the other way round.
_IN_TALK = ("sent", "sent_as_other")
_BY_MAIL = ("sent_by_mail", "sent_by_mail_as_other")
# What the page of a copy had sent: its link only the mailbox has, so nobody else uses that up.
_FOR_COPY = ("sent_for_copy", "sent_for_copy_as_other")


def limit_of(services: Services, claim: Claim) -> str:
    """Name under what codes for a claim are counted: of an address its mailbox, for counting and for nothing else."""
    return services.keyring.keyed_hash(counted_as(claim.value) if claim.kind == "email" else claim.normal)


def next_code_at(
    unit: Unit,
    subject_hash: str,
    what: Sequence[str] = _IN_TALK[:1],
    *,
    more: int = 0,
) -> datetime | None:
    """Give when the next code may go to what was typed, known or not; None means now.

    `what` names the share, of live talks or of mail: a mailbox gets at most three an hour and six a day of each, two
    more of each in answer to what surely comes from it, and three more of each where it is named by its client number
    too; so never more than sixteen in an hour.
    """
    now = unit.now
    sent = unit.session.exec(
        select(Tally.at)
        .where(col(Tally.subject_hash) == subject_hash, col(Tally.what).in_(what), col(Tally.at) > now - _DAY)
        .order_by(col(Tally.at))
    ).all()
    waits = []
    a_day, an_hour = CODES_PER_DAY + more, CODES_PER_HOUR + more
    if len(sent) >= a_day:
        waits.append(sent[-a_day] + _DAY)
    if len(recent := [at for at in sent if at > now - timedelta(hours=1)]) >= an_hour:
        waits.append(recent[-an_hour] + timedelta(hours=1))
    return max(waits, default=None)


def next_code_of(unit: Unit, claim: Claim, conversation_id: str, purpose: str = "prove") -> datetime | None:
    """Give when the next code may go out for a claim, or to the contact that asks for it itself; None means now."""
    share = share_of(unit, conversation_id, purpose)
    if claim.asked_by is None:
        more = more_for_owner(unit, conversation_id, claim)
        return next_code_at(unit, limit_of(unit.services, claim), share[:1], more=more)
    return next_code_at(unit, limit_of(unit.services, Claim("email", claim.asked_by)), share)


def share_of(unit: Unit, conversation_id: str, purpose: str) -> tuple[str, str]:
    """Name the tallies of the share that a code or a link is of; that of a copy is asked for on its own page."""
    if purpose == "package":
        return _FOR_COPY
    conversation = unit.session.get(Conversation, conversation_id)
    by_mail = conversation is not None and conversation.channel == "email"
    return _BY_MAIL if by_mail else _IN_TALK


def more_for_owner(unit: Unit, conversation_id: str, claim: Claim) -> int:
    """Give how many codes more may go to a mailbox in answer to what surely comes from it."""
    own = claim.kind == "email" and flood.is_own(unit, claim.value, conversation_id)
    return CODES_FOR_OWNER if own else 0


def next_code_after(unit: Unit, challenge: ChallengeRow) -> datetime | None:
    """Give when the next code may go where this one went; None means now."""
    claim = Claim(challenge.claimed_kind, unit.services.keyring.unseal(challenge.claimed))
    share = share_of(unit, challenge.conversation_id, challenge.purpose)
    return next_code_at(unit, limit_of(unit.services, claim), share[:1])


def is_paused(unit: Unit, *subject_hashes: str, what: Sequence[str] = ("failed",), besides: int = 0) -> bool:
    """Tell whether verification of a subject pauses: ten failures in a day, over every conversation and channel.

    `besides`: how many of those that are booked are the very try that is asked about.
    """
    since = unit.now - _DAY
    count = (
        select(col(Tally.subject_hash), func.count())
        .where(col(Tally.subject_hash).in_(subject_hashes), col(Tally.what).in_(what), col(Tally.at) > since)
        .group_by(col(Tally.subject_hash))
    )
    return any(failures - besides >= FAILURES_PER_DAY for _, failures in unit.session.exec(count))
