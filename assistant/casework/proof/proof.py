"""Who is asking: challenges wanted, sent, answered and consumed; counted so that guessing never pays."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import chain
from typing import Any

import structlog
from sqlalchemy import ColumnElement, func, update
from sqlmodel import Session, col, or_, select

from assistant.casework import saying
from assistant.casework.audit import record
from assistant.casework.lease import CHALLENGES
from assistant.casework.outbox import PROOF, REPLY, said_in
from assistant.casework.requests.evidence import (
    answer_for,
    is_account_alone,
    is_denied,
    proves_mailbox,
    why_short,
)
from assistant.casework.requests.hidden import comes_back
from assistant.casework.requests.intake import move, set_attention
from assistant.casework.requests.one_by_one import may_be_tried, while_due
from assistant.casework.requests.queue import void_actions
from assistant.casework.requests.reach import only_says_where, write_to
from assistant.casework.requests.together import stopped_together
from assistant.casework.saying import bystanders, flood
from assistant.domain.addresses import normal_address
from assistant.domain.assurance import (
    CODE_LIFETIME,
    CODES_FOR_OWNER,
    CODES_PER_DAY,
    CODES_PER_HOUR,
    DENIED,
    DENIED_BEFORE,
    FAILURES_PER_DAY,
    LINK_LIFETIME,
    SHARED,
    STOP_LINK_LASTS,
    TO_A_CONTACT,
    TRIES_PER_CODE,
    Method,
    Tier,
)
from assistant.domain.lifecycle import ChallengeState, LetterState, Status, advance, ways_to
from assistant.domain.mailboxes import counted_as
from assistant.domain.moves import Claim
from assistant.domain.plan import Contact, Identity
from assistant.domain.reference import ends_as
from assistant.domain.rights import Right
from assistant.domain.shared_mailboxes import is_shared
from assistant.domain.talk import was_denied
from assistant.errors import AssistantError, Busy, NotVerified, TooManyAttempts
from assistant.interfaces import Challenge, SignedIn
from assistant.services import Services, Unit
from assistant.store.keyring import client_hash
from assistant.store.queries import evidence_of
from assistant.store.tables import (
    Audit,
    ChallengeRow,
    Conversation,
    EvidenceRow,
    Outbox,
    PrivacyRequest,
    StopLink,
    Tally,
)

log = structlog.get_logger(__name__)

_RACE = timedelta(minutes=10)
_DAY = timedelta(days=1)
_SWEEP = "challenge"
_AT_ONCE = 4  # challenges made at a time: so few others may stand before whoever comes now
_MOST_WAITING = 1000  # of those that wait, looked at for whose turn it is
OPEN_LOGINS = 10  # unused sign-ins to the client area of one conversation, the newest ones
_AS_OTHER = "failed_as_other"  # against a mailbox that was named by its client number
# What counts against a mailbox: as it was named, and under another name of it. What mail had sent, which may be anybody's,
# leaves live talks theirs, and the other way round.
_IN_TALK = ("sent", "sent_as_other")
_BY_MAIL = ("sent_by_mail", "sent_by_mail_as_other")


def limit_of(services: Services, claim: Claim) -> str:
    """Name under what codes for a claim are counted: of an address its mailbox, for counting and for nothing else."""
    return services.keyring.keyed_hash(counted_as(claim.value) if claim.kind == "email" else claim.normal)


# ── asking ──────────────────────────────────────────────────────────────────────────────────────────


def next_code_at(
    unit: Unit,
    subject_hash: str,
    what: Sequence[str] = _IN_TALK[:1],
    *,
    more: int = 0,
) -> datetime | None:
    """Give when the next code may go to what was typed, known or not; None means now.

    `what` names the share, of live talks or of mail: a mailbox gets at most three an hour and six a day of each, and two
    more of each in answer to what surely comes from it; so never more than ten in an hour.
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
    share = _share_of(unit, conversation_id, purpose)
    if claim.asked_by is None:
        more = more_for_owner(unit, conversation_id, claim)
        return next_code_at(unit, limit_of(unit.services, claim), share[:1], more=more)
    return next_code_at(unit, limit_of(unit.services, Claim("email", claim.asked_by)), share)


def _share_of(unit: Unit, conversation_id: str, purpose: str) -> tuple[str, str]:
    """Name the tallies of the share that a code or a link is of; that of a package is asked for on its page, not by mail."""
    conversation = unit.session.get(Conversation, conversation_id)
    by_mail = conversation is not None and conversation.channel == "email" and purpose != "package"
    return _BY_MAIL if by_mail else _IN_TALK


def more_for_owner(unit: Unit, conversation_id: str, claim: Claim) -> int:
    """Give how many codes more may go to a mailbox in answer to what surely comes from it."""
    own = claim.kind == "email" and flood.is_own(unit, claim.value, conversation_id)
    return CODES_FOR_OWNER if own else 0


def next_code_after(unit: Unit, challenge: ChallengeRow) -> datetime | None:
    """Give when the next code may go where this one went; None means now."""
    claim = Claim(challenge.claimed_kind, unit.services.keyring.unseal(challenge.claimed))
    share = _share_of(unit, challenge.conversation_id, challenge.purpose)
    return next_code_at(unit, limit_of(unit.services, claim), share[:1])


def is_paused(unit: Unit, *subject_hashes: str, what: Sequence[str] = ("failed",)) -> bool:
    """Tell whether verification of a subject pauses: ten failures in a day, over every conversation and channel."""
    since = unit.now - _DAY
    count = (
        select(col(Tally.subject_hash), func.count())
        .where(col(Tally.subject_hash).in_(subject_hashes), col(Tally.what).in_(what), col(Tally.at) > since)
        .group_by(col(Tally.subject_hash))
    )
    return any(failures >= FAILURES_PER_DAY for _, failures in unit.session.exec(count))


def want_challenge(
    unit: Unit,
    conversation: Conversation,
    claim: Claim,
    references: Sequence[str],
    *,
    method: Method,
    purpose: str = "prove",
    package_id: str | None = None,
) -> ChallengeRow:
    """Have a challenge sent; a new one kills the older ones of the conversation. Raises TooManyAttempts with `next_at`.

    What the contact of a client number asks itself counts for its mailbox alone, when it is sent: whoever named the
    number would read of it in the limits of the number.
    """
    subject, counted = unit.services.keyring.keyed_hash(claim.normal), limit_of(unit.services, claim)
    now = unit.now
    if next_at := next_code_of(unit, claim, conversation.id, purpose):
        raise TooManyAttempts(next_at=next_at)
    if method is Method.EMAIL_CODE and purpose == "prove":
        full = bystanders.full_until(unit, conversation, counted, subject)
        if full:
            named = [r for ref in references if (r := unit.session.get(PrivacyRequest, ref))]
            bystanders.hold_back(unit, named)
            raise TooManyAttempts(next_at=full)
    room = partial(flood.take_room, unit, thread=conversation.id)
    if claim.kind == "email" and (full := room(claim.value, references)):
        raise TooManyAttempts(next_at=full)
    talks = {conversation.id}
    if claim.asked_by is not None:  # what was asked in another's talk
        talks |= {r.conversation_id for ref in references if (r := unit.session.get(PrivacyRequest, ref))}
    unit.session.execute(
        update(ChallengeRow)
        .where(
            col(ChallengeRow.conversation_id).in_(talks),
            col(ChallengeRow.purpose) == purpose,
            col(ChallengeRow.state).in_(ways_to(ChallengeState.DEAD)),
            col(ChallengeRow.method) != Method.CLIENT_AREA,
        )
        .values(state=ChallengeState.DEAD)
    )
    link = method is Method.EMAIL_LINK
    row = ChallengeRow(
        id=unit.services.random(12).hex(),
        conversation_id=conversation.id,
        method=method,
        references=list(references),
        purpose=purpose,
        package_id=package_id,
        claimed=unit.services.keyring.seal(claim.value.strip()),
        claimed_kind=claim.kind,
        claimed_hash=subject,
        asked_at=now,
        expires_at=now + (LINK_LIFETIME if link else CODE_LIFETIME),
    )
    unit.session.add(row)
    if claim.asked_by is None:
        share = _share_of(unit, conversation.id, purpose)
        unit.session.add(Tally(subject_hash=counted, what=share[0], at=now))
    unit.session.flush()
    for ref in references:
        record(unit, ref, "desk", "proof_asked", method=method, purpose=purpose)
    unit.wake("challenge")
    return row


def offer_login(
    unit: Unit,
    conversation: Conversation,
    references: Sequence[str],
    *,
    package_id: str | None = None,
) -> str | None:
    """Give the address of a client-area sign-in bound to these requests by a nonce, or None if there is no client area."""
    nonce = unit.services.random(24).hex()
    if (url := login_address(unit.services, nonce)) is None:
        return None
    _forget_unused_logins(unit, conversation)
    unit.session.add(
        ChallengeRow(
            id=unit.services.random(12).hex(),
            conversation_id=conversation.id,
            method=Method.CLIENT_AREA,
            references=list(references),
            purpose="package" if package_id else "prove",
            package_id=package_id,
            claimed="",
            claimed_kind="none",
            claimed_hash="",
            state=ChallengeState.SENT,
            link_hash=unit.services.keyring.keyed_hash(nonce, "link"),
            asked_at=unit.now,
            expires_at=unit.now + LINK_LIFETIME,
        )
    )
    return url


def _forget_unused_logins(unit: Unit, conversation: Conversation) -> None:
    """Keep a few sign-ins open, so that asking again and again fills nothing and ends nobody's own."""
    unused = select(ChallengeRow).where(
        col(ChallengeRow.conversation_id) == conversation.id,
        col(ChallengeRow.method) == Method.CLIENT_AREA,
        col(ChallengeRow.state) == ChallengeState.SENT,
    )
    rows = unit.session.exec(unused.order_by(col(ChallengeRow.asked_at).desc())).all()
    now = unit.now
    for number, row in enumerate(rows, start=1):
        if number >= OPEN_LOGINS or (row.expires_at and row.expires_at <= now):
            unit.session.delete(row)


def login_address(services: Services, nonce: str) -> str | None:
    """Give where a person signs in to the client area, or None if there is none."""
    login = services.settings.client_area.login_url
    back = f"{services.settings.server.public_url}/verify/client-area"
    return f"{login}?nonce={nonce}&return={back}" if login else None


# ── sending ─────────────────────────────────────────────────────────────────────────────────────────


async def send_challenges(services: Services) -> int:
    """Send what is wanted: to the contact on file, or to the very address typed; the same work either way."""
    return await while_due(services, _SWEEP, _claim_wanted, partial(_send_one, services), at_once=_AT_ONCE)


async def _send_one(services: Services, ident: str) -> None:
    """Send one; what could not be sent is taken up again when its lease has run out."""
    row = await services.read(lambda unit: unit.session.get(ChallengeRow, ident))
    if row is not None:
        await _send(services, row)


def _claim_wanted(unit: Unit, most: int) -> list[str]:
    """Take the next few, everybody in turn: who asks for hundreds waits for them, and nobody else does."""
    now = unit.now
    # What was tried already waits for a system that is away: whoever asked since is not kept waiting with it.
    fresh_first = (
        col(ChallengeRow.lease_until).is_not(None),
        col(ChallengeRow.lease_until),
        col(ChallengeRow.asked_at),
    )
    wanted = select(ChallengeRow.id, ChallengeRow.conversation_id).where(
        col(ChallengeRow.state) == ChallengeState.WANTED,
        CHALLENGES.is_free(now),
        may_be_tried(_SWEEP, ChallengeRow.id, now),
        _receipt_is_out(),
    )
    waiting = unit.session.exec(wanted.order_by(*fresh_first).limit(_MOST_WAITING)).all()
    taken = unit.services.peers.in_turn(waiting)[:most]
    CHALLENGES.take(unit, taken)
    return taken


def _receipt_is_out() -> ColumnElement[bool]:
    """Hold a link back while what was said before it is on its way: its page asks for what only that says."""
    on_its_way = select(Outbox.id).where(
        col(Outbox.conversation_id) == col(ChallengeRow.conversation_id),
        col(Outbox.kind) == REPLY,
        col(Outbox.state) == LetterState.WAITING,
    )
    proves = (col(ChallengeRow.method) == Method.EMAIL_LINK) & (col(ChallengeRow.purpose) == "prove")
    return ~(proves & on_its_way.exists())


def _was_told(unit: Unit, row: ChallengeRow) -> bool:
    """Tell whether a mail server took a message that names one of the references which a link will ask for."""
    said = select(Outbox).where(
        col(Outbox.conversation_id) == row.conversation_id,
        col(Outbox.kind) == REPLY,
        col(Outbox.state) == LetterState.DONE,
    )
    told = {ref for each in unit.session.exec(said) for ref in said_in(unit.services, each).get("about", ())}
    return not told.isdisjoint(row.references)


async def _send(services: Services, row: ChallengeRow) -> None:
    claim = Claim(row.claimed_kind, services.keyring.unseal(row.claimed))
    on_file, all_asked = await _contacts_that_answer(services, claimed_identity(claim))
    contact = _contact_for(claim, on_file)
    if contact is None and not all_asked:
        return  # taken up again when its lease has run out
    method, whose = services.methods[Method(row.method)], services.peers.of(row.conversation_id)
    now = services.clock.now()
    try:
        challenge = await services.slow.made.run(whose, lambda: method.challenge(now))
    except Busy:
        return  # as above
    await services.write(
        lambda unit: _do_send(unit, row.id, challenge, contact, known=bool(on_file)),
        whose=row.id,  # its own: who asked may have many messages waiting, and it keeps others from being claimed
    )


async def _contacts_that_answer(services: Services, identity: Identity) -> tuple[list[Contact], bool]:
    """List the addresses on file in every source that answers, and tell whether all did.

    One system that is down, or whose map no longer fits, must not keep everybody from proving who they are.
    """
    asked = (source.contacts(identity) for source in services.sources)
    found = await asyncio.gather(*asked, return_exceptions=True)
    failed = [answer for answer in found if isinstance(answer, BaseException)]
    for error in failed:
        if not isinstance(error, AssistantError):
            raise error
        log.warning("source.unusable", code=error.code)
    return [each for answer in found if not isinstance(answer, BaseException) for each in answer], not failed


def claimed_identity(claim: Claim) -> Identity:
    """Give what the sources are asked about a claim."""
    return Identity(emails=(claim.normal,)) if claim.kind == "email" else Identity(client_ids=(claim.normal,))


def _contact_for(claim: Claim, on_file: Sequence[Contact]) -> str | None:
    if claim.kind == "email":
        return claim.value.strip()
    return next((c.address for c in on_file if c.own and c.kind == "email"), None)


def _do_send(
    unit: Unit,
    challenge_id: str,
    challenge: Challenge,
    contact: str | None,
    *,
    known: bool,
) -> None:
    row = unit.session.get(ChallengeRow, challenge_id)
    if row is None or row.state != ChallengeState.WANTED:
        return
    unit.session.add(row)
    if is_confirmation(row) and not _was_told(unit, row):
        row.state = advance(
            row.state, ChallengeState.DEAD
        )  # its receipt came back: an agent was called for that
        return
    held_until = _full_until(unit, row, contact) if contact else None
    if held_until and is_confirmation(row):
        row.lease_until = held_until  # its receipt promised it, and it lasts for a day
        return
    row.state = advance(row.state, ChallengeState.SENT)
    row.stored, row.lease_until = challenge.stored, None
    row.on_file = known
    if is_confirmation(row):
        row.expires_at = unit.now + LINK_LIFETIME  # it may have waited for its receipt
    for ref in (
        row.references if held_until else ()
    ):  # no attention: a chat would ask otherwise, and tell whose number it is
        record(unit, ref, "desk", "withheld_code", until=held_until)
    if contact and not held_until:
        row.contact = unit.services.keyring.seal(contact)
        if Method(row.method) is Method.EMAIL_LINK:
            row.link_hash = unit.services.keyring.keyed_hash(challenge.secret, "link")
        _mail_challenge(unit, row, challenge, contact)


def is_confirmation(row: ChallengeRow) -> bool:
    """Tell whether a challenge is the link of a mail by which somebody says that they asked: it takes the reference."""
    return row.method == Method.EMAIL_LINK and row.purpose == "prove"


def _full_until(unit: Unit, row: ChallengeRow, contact: str) -> datetime | None:
    """Keep the limits of a mailbox over all the ways in which it is named; in silence, or it would tell whose number it is."""
    claim = Claim("email", contact)
    mailbox = limit_of(unit.services, claim)
    share = _share_of(unit, row.conversation_id, row.purpose)
    if row.claimed_kind == "email":  # counted already, when it was asked for
        more = 1 + more_for_owner(unit, row.conversation_id, claim)
        return next_code_at(unit, mailbox, share, more=more)
    if held_until := next_code_at(unit, mailbox, share):
        return held_until
    unit.session.add(Tally(subject_hash=mailbox, what=share[1], at=unit.now))
    return None


def channel_of(session: Session, row: ChallengeRow, conversation: Conversation | None) -> str:
    """Name the channel in which that was said which a code or a link is about: a "don't" not always where the request was."""
    heard = _heard_in(session, row) if row.purpose == "dont" else None
    return heard or (conversation.channel if conversation else "webchat")


def _heard_in(session: Session, row: ChallengeRow) -> str | None:
    heard = select(Audit).where(col(Audit.chain).in_(row.references), col(Audit.event) == "dont_heard")
    entry = session.exec(heard).first()
    found = session.get(Conversation, entry.data.get("conversation")) if entry else None
    return found.channel if found else None


def _mail_challenge(unit: Unit, row: ChallengeRow, challenge: Challenge, contact: str) -> None:
    conversation = unit.session.get(Conversation, row.conversation_id)
    requests = [r for ref in row.references if (r := unit.session.get(PrivacyRequest, ref))]
    said_in = channel_of(unit.session, row, conversation)
    url = f"{unit.services.settings.server.public_url}/verify/{challenge.secret}"
    asked = {"channel": said_in, "asked_at": asked_at_of(row, requests)}
    contact_hash = unit.services.keyring.keyed_hash(normal_address(contact))
    names = names_of_mailbox(unit.session, row.conversation_id, contact_hash)
    code = {
        "code": challenge.secret,
        "shown_again": conversation is not None and comes_back(conversation, row.claimed_hash, *names),
    }
    facts: dict[str, Any]
    if row.purpose == "package":
        text, facts = "mail_package_code", {"code": challenge.secret}
    elif not requests:  # a talk is to be gone on with, and nothing of it is this address's to know
        seeks = conversation is not None and bool(conversation.state.get("sought"))
        text, facts = "mail_code_talk", {**code, "channel": said_in, "asked_at": row.asked_at, "seeks": seeks}
    elif row.purpose == "dont":
        text, facts = "mail_dont", {"url": url, **asked}
    else:
        asked["not_me_url"] = stop_link(unit, row.references, contact)
        if Method(row.method) is Method.EMAIL_LINK:
            text, facts = (
                "mail_link",
                {"url": url, "effects": effects_of(unit.services, row, requests), **asked},
            )
        else:
            text, facts = "mail_code", {**code, **asked}
    if requests:
        facts["requests"] = [saying.as_seen(request) for request in requests]
    saying.mail(
        unit,
        text,
        to=contact,
        language=(conversation and conversation.language) or unit.services.settings.controller.languages[0],
        key=f"{PROOF}{row.id}:{row.expires_at}",
        conversation_id=row.conversation_id,
        fate=_fate(row),
        until=row.expires_at,
        **facts,
    )


def asked_at_of(row: ChallengeRow, requests: Sequence[PrivacyRequest]) -> datetime:
    """Say when that was asked which a code or a link is about: the requests, or to take them back; not when a proof was."""
    received = [request.received_at for request in requests if row.purpose == "prove"]
    return max(received, default=row.asked_at)


def effects_of(services: Services, row: ChallengeRow, requests: Sequence[PrivacyRequest]) -> list[str]:
    """Name all that confirming does: it takes back, or it sets going each thing that was asked."""
    if row.purpose == "withdraw":
        return ["withdraw"]
    named = (services.handlers[Right(request.right)].effects(request.details) for request in requests)
    return list(dict.fromkeys(chain.from_iterable(named)))


def _fate(row: ChallengeRow) -> saying.Fate:
    """An address typed in this talk may be told of there, known or not; what a client number led to never."""
    typed = row.claimed_kind == "email" and row.purpose == "prove" and Method(row.method) is Method.EMAIL_CODE
    return saying.Fate(about=row.references, typed=typed, until=row.expires_at)


def stop_link(unit: Unit, references: Sequence[str], contact: str) -> str:
    """Make a link by which the holder of a contact says that it was not them."""
    secret = unit.services.random(24).hex()
    unit.session.add(
        StopLink(
            link_hash=unit.services.keyring.keyed_hash(secret, "stop"),
            references=list(references),
            contact_hash=unit.services.keyring.keyed_hash(normal_address(contact)),
            made_at=unit.now,
        )
    )
    return f"{unit.services.settings.server.public_url}/verify/stop/{secret}"


async def contacts_of(services: Services, identity: Identity) -> list[Contact]:
    """List the addresses on file of whoever an identity matches, over all sources."""
    found = await asyncio.gather(*(source.contacts(identity) for source in services.sources))
    return [contact for contacts in found for contact in contacts]


async def contact_of_sign_in(services: Services, who: SignedIn) -> str:
    """Give where somebody who signed in is answered: a token proves its client number, and no address that is not on file for it.

    Raises NotVerified where none is: an address that only the token names may be anybody's.
    """
    found = await contacts_of(services, claimed_identity(Claim("client_id", who.client_id)))
    own = [each.address for each in found if each.own and each.kind == "email"]
    named = [address for address in own if normal_address(address) == normal_address(who.email)]
    if not own:
        raise NotVerified("This sign-in belongs to no account that we know.")
    return (named or own)[0]


# ── answering ───────────────────────────────────────────────────────────────────────────────────────


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
    if is_paused(unit, challenge.claimed_hash):
        raise TooManyAttempts(paused=True)
    if challenge.attempts >= TRIES_PER_CODE:
        raise TooManyAttempts(next_at=next_code_after(unit, challenge) or now)
    challenge.attempts += 1
    unit.session.add(challenge)
    # What was guessed under another name of this mailbox counts, and is not told: it would say whose number it is.
    spent = is_paused(unit, *_counted_under(unit.services, challenge), what=("failed", _AS_OTHER))
    unit.session.add_all(
        Tally(subject_hash=subject, what=what, at=now)
        for subject, what in _bookings(unit.services, challenge)
    )
    return Attempt(
        challenge.id, challenge.conversation_id, Method(challenge.method), challenge.stored or "", spent
    )


def attempt_made(challenge: ChallengeRow | None, typed_at: datetime) -> Attempt | None:
    """Give the try that was reserved before a restart, to be checked at last; it was counted then."""
    if challenge is None or challenge.asked_at > typed_at or challenge.attempts == 0:
        return None  # what was typed then was no answer to this one
    return Attempt(challenge.id, challenge.conversation_id, Method(challenge.method), challenge.stored or "")


def is_open(services: Services, challenge: ChallengeRow) -> bool:
    """Tell whether a question for proof was sent and can still be answered."""
    now = services.clock.now()
    return challenge.state == ChallengeState.SENT and (challenge.expires_at or now) > now


def _still_good(services: Services, challenge: ChallengeRow | None) -> ChallengeRow:
    if challenge is None or not is_open(services, challenge):
        raise NotVerified
    return challenge


def has_reference(session: Session, challenge: ChallengeRow, typed: str) -> bool:
    """Tell whether the end of a reference was typed that only its receipt says; five wrong ones use a link up.

    A guard against machines that press buttons, and no proof: it is counted against nobody, and an empty field not at all.
    """
    told = select(PrivacyRequest.ref).where(
        col(PrivacyRequest.conversation_id) == challenge.conversation_id
    )  # another receipt of the same mail says its own: whoever reads either reads both
    if any(ends_as(typed, ref) for ref in {*challenge.references, *session.exec(told)}):
        return True
    if typed.strip():
        challenge.attempts += 1
        if challenge.attempts >= TRIES_PER_CODE:
            challenge.state = advance(challenge.state, ChallengeState.DEAD)
        session.add(challenge)
    return False


def current_challenge(
    session: Session, conversation: Conversation, purpose: str = "prove"
) -> ChallengeRow | None:
    """Give the newest code asked for in this very conversation; a code typed elsewhere is worth nothing (A19)."""
    return session.exec(
        select(ChallengeRow)
        .where(
            col(ChallengeRow.conversation_id) == conversation.id,
            col(ChallengeRow.purpose) == purpose,
            col(ChallengeRow.method) == Method.EMAIL_CODE,
            col(ChallengeRow.state).in_((ChallengeState.WANTED, ChallengeState.SENT)),
        )
        .order_by(col(ChallengeRow.asked_at).desc())
        .limit(1)
    ).first()


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
        record(
            unit,
            ref,
            "subject",
            "proof_failed",
            method=challenge.method,
            attempts=challenge.attempts,
        )
    return challenge


def note_right(unit: Unit, challenge_id: str) -> None:
    """Take back what was booked for a try that turned out right, whether or not it is the one that counts."""
    challenge = unit.session.get(ChallengeRow, challenge_id)
    for subject, what in _bookings(unit.services, challenge) if challenge else ():
        booked = select(Tally).where(col(Tally.subject_hash) == subject, col(Tally.what) == what)
        if newest := unit.session.exec(booked.order_by(col(Tally.id).desc()).limit(1)).first():
            unit.session.delete(newest)
    unit.session.flush()


def consume(unit: Unit, challenge_id: str) -> EvidenceRow:
    """Turn a right answer into evidence, once: one conditional update decides. Raises NotVerified."""
    taken = unit.session.execute(
        update(ChallengeRow)
        .where(
            col(ChallengeRow.id) == challenge_id, col(ChallengeRow.state).in_(ways_to(ChallengeState.USED))
        )
        .values(state=ChallengeState.USED)
    )
    challenge = unit.session.get(ChallengeRow, challenge_id)
    if taken.rowcount != 1 or challenge is None or challenge.contact is None:  # type: ignore[attr-defined]
        raise NotVerified
    unit.session.refresh(challenge)
    contact = unit.services.keyring.unseal(challenge.contact)
    claimed = unit.services.keyring.unseal(challenge.claimed)
    return give_evidence(
        unit,
        method=Method(challenge.method),
        contact=contact,
        conversation_id=challenge.conversation_id,
        references=challenge.references,
        on_file=challenge.on_file,
        client_id=claimed if challenge.claimed_kind == "client_id" else None,
    )


def known_in(session: Session, conversation: Conversation, since: datetime) -> list[str]:
    """Name by keyed hash who was proved in a talk after an instant; where nobody was, who was said to be there."""
    proved = session.exec(
        select(EvidenceRow).where(
            col(EvidenceRow.conversation_id) == conversation.id, col(EvidenceRow.obtained_at) > since
        )
    ).all()
    mailboxes = {each.contact_hash for each in proved if proves_mailbox(session, each)}
    signed_in = {
        each.client_hash or each.contact_hash for each in proved if each.contact_hash not in mailboxes
    }
    if found := mailboxes | signed_in:
        return sorted(found)
    claimed = select(ChallengeRow.claimed_hash).where(
        col(ChallengeRow.conversation_id) == conversation.id,
        col(ChallengeRow.claimed_hash) != "",
        col(ChallengeRow.asked_at) > since,
    )
    return sorted(session.exec(claimed.distinct()).all())


def names_of(session: Session, evidence: EvidenceRow) -> list[str]:
    """Name by keyed hash who is proved in a talk: by a sign-in its account, by a mailbox all that was signed in to with it."""
    if not proves_mailbox(session, evidence):
        return [evidence.client_hash or ""]
    return names_of_mailbox(session, evidence.conversation_id, evidence.contact_hash)


def names_of_mailbox(session: Session, conversation_id: str, contact_hash: str) -> list[str]:
    """Name a mailbox, and the accounts with its address that were signed in to in a talk."""
    there = select(EvidenceRow.client_hash).where(
        col(EvidenceRow.conversation_id) == conversation_id, col(EvidenceRow.contact_hash) == contact_hash
    )
    return [contact_hash, *(each for each in session.exec(there) if each)]


def is_used(session: Session, challenge_id: str) -> bool:
    """Tell whether a challenge has been answered rightly."""
    challenge = session.get(ChallengeRow, challenge_id)
    return challenge is not None and challenge.state == ChallengeState.USED


def give_evidence(
    unit: Unit,
    *,
    method: Method,
    contact: str,
    conversation_id: str,
    references: Sequence[str],
    on_file: bool,
    client_id: str | None = None,
) -> EvidenceRow:
    """Store what was proved and open the requests it was asked for."""
    now = unit.now
    fresh = method is Method.CLIENT_AREA
    contact_hash = unit.services.keyring.keyed_hash(normal_address(contact))
    evidence = EvidenceRow(
        id=unit.services.random(12).hex(),
        method=method,
        tier=Tier.T2 if fresh else Tier.T1,
        contact=unit.services.keyring.seal(contact),
        contact_hash=contact_hash,
        conversation_id=conversation_id,
        client_id=unit.services.keyring.seal(client_id) if client_id else None,
        client_hash=client_hash(unit.services.keyring, client_id) if client_id else None,
        references=list(references),
        on_file=on_file,
        fresh_login=fresh,
        obtained_at=now,
    )
    if references and _raced(unit.session, evidence):
        evidence.flags = ["two_verifiers"]
    if not fresh and is_shared(contact):
        evidence.flags = [*evidence.flags, SHARED]
    requests = [request for ref in references if (request := unit.session.get(PrivacyRequest, ref))]
    if any(was_denied(request) for request in requests):  # whoever reads the mailbox would press on
        evidence.flags = [*evidence.flags, DENIED]
    unit.session.add(evidence)
    unit.session.flush()
    for request in requests:
        attach(unit, request, evidence)
    unit.wake("plan")
    return evidence


def _raced(session: Session, evidence: EvidenceRow) -> bool:
    """Tell whether two conversations verified one mailbox at once; a sign-in verifies an account, under whatever address."""
    if evidence.method not in TO_A_CONTACT:
        return False
    other = select(EvidenceRow).where(
        col(EvidenceRow.contact_hash) == evidence.contact_hash,
        col(EvidenceRow.conversation_id) != evidence.conversation_id,
        col(EvidenceRow.method).in_(TO_A_CONTACT),
        col(EvidenceRow.obtained_at) > evidence.obtained_at - _RACE,
    )
    return any(
        each.references for each in session.exec(other)
    )  # what only said where it stands claimed nothing


def attach(
    unit: Unit,
    request: PrivacyRequest,
    evidence: EvidenceRow,
    actor: str = "subject",
) -> None:
    """Let evidence open a request that waited for it, and have it planned; what is not enough leaves it waiting."""
    if only_says_where(request, evidence):
        write_to(request, evidence)
        unit.session.add(request)
        _note_proved(unit, request, evidence, actor)
        return
    if _adds_mailbox(unit.session, request, evidence):
        _take_mailbox_too(unit, request, evidence, actor)
        return
    if request.status not in {Status.RECEIVED, Status.VERIFYING, Status.LAPSED}:
        return
    answer = answer_for(unit.services, request, evidence)
    request.assurance = int(Tier.T0 if is_denied(evidence) else evidence.tier)
    _note_proved(unit, request, evidence, actor)
    if answer.missing is not None and answer.missing is not Tier.T3:
        _wait_for_more(unit, request, answer.missing)
        return
    request.evidence_id = evidence.id
    request.details = {key: value for key, value in request.details.items() if key != DENIED_BEFORE}
    request.contact, request.contact_hash = evidence.contact, evidence.contact_hash
    request.to_plan_at = unit.now
    move(unit, request, Status.OPEN, actor)
    if answer.missing is Tier.T3:
        set_attention(unit, request, why_short(answer, evidence))


def _adds_mailbox(session: Session, request: PrivacyRequest, evidence: EvidenceRow) -> bool:
    """Tell whether the mailbox of an account is proved too, for what is open on a sign-in to that account and not approved."""
    before = evidence_of(session, request)
    return (
        request.status in {Status.OPEN, Status.AWAITING_APPROVAL}
        and before is not None
        and before.method != Method.AGENT
        and is_account_alone(session, before)
        and proves_mailbox(session, evidence)
        and evidence.contact_hash == before.contact_hash
        and not (evidence.flags or before.flags)
    )


def _take_mailbox_too(unit: Unit, request: PrivacyRequest, evidence: EvidenceRow, actor: str) -> None:
    """Plan anew for all that both proved, by the rules of the mailbox: what it adds must not go without its hold."""
    before = unit.session.get_one(EvidenceRow, request.evidence_id)
    evidence.client_id, evidence.client_hash = before.client_id, before.client_hash
    request.evidence_id, request.assurance = evidence.id, int(evidence.tier)
    request.to_plan_at = unit.now
    unit.session.add_all((request, evidence))
    _note_proved(unit, request, evidence, actor)


def _note_proved(unit: Unit, request: PrivacyRequest, evidence: EvidenceRow, actor: str) -> None:
    record(
        unit,
        request.ref,
        actor,
        "proved",
        method=evidence.method,
        tier=int(evidence.tier),
        evidence=evidence.id,
        on_file=evidence.on_file,
        flags=evidence.flags,
    )


def _wait_for_more(unit: Unit, request: PrivacyRequest, missing: Tier) -> None:
    unit.session.add(request)
    record(unit, request.ref, "desk", "proof_short", tier=int(missing))
    if request.status == Status.RECEIVED:
        move(unit, request, Status.VERIFYING, "desk")


# ── this was not me ─────────────────────────────────────────────────────────────────────────────────


def live_stop_link(unit: Unit, secret: str) -> StopLink | None:
    """Give a link that still stops something; its page and its buttons ask here alone, so that they end together."""
    link = unit.session.get(StopLink, unit.services.keyring.keyed_hash(secret, "stop"))
    ended = link is None or link.used_at or link.made_at < unit.now - STOP_LINK_LASTS
    return None if ended else link


def do_stop(unit: Unit, secret: str) -> list[PrivacyRequest]:
    """Stop what somebody asked in a contact's name; raises NotVerified for a link that is none, was used or has ended."""
    link = live_stop_link(unit, secret)
    if link is None:
        raise NotVerified
    link.used_at = unit.now
    unit.session.add(link)
    denied = [r for ref in link.references if (r := unit.session.get(PrivacyRequest, ref))]
    _end_challenges(unit, denied, link.contact_hash)
    return stop_requests(unit, denied)


def stop_denied(unit: Unit, requests: Sequence[PrivacyRequest], mailbox: str) -> None:
    """Stop what a mail that surely comes from its mailbox denies, and tell that mailbox also where nothing was proved."""
    _end_challenges(unit, requests, unit.services.keyring.keyed_hash(normal_address(mailbox)))
    stopped = [request for request in stop_requests(unit, requests) if request.contact is None]
    if stopped:
        _tell_they_are_stopped(unit, stopped, mailbox, stopped[0].language)


def _end_challenges(unit: Unit, denied: Sequence[PrivacyRequest], contact_hash: str) -> None:
    unit.session.execute(
        update(ChallengeRow)
        .where(
            col(ChallengeRow.state).in_(ways_to(ChallengeState.DEAD)),
            or_(
                col(ChallengeRow.claimed_hash) == contact_hash,
                # under a client number too
                col(ChallengeRow.conversation_id).in_(r.conversation_id for r in denied),
            ),
        )
        .values(state=ChallengeState.DEAD)
    )


def stop_requests(unit: Unit, requests: Sequence[PrivacyRequest]) -> list[PrivacyRequest]:
    """Stop what its contact says it never asked for, and what falls with it, until a person has looked."""
    stopped = stopped_together(unit.session, requests)
    for request in (*requests, *stopped):
        _void_proof(unit, request)
    by_contact: dict[tuple[str, str], list[PrivacyRequest]] = {}
    for request in stopped:
        _halt(unit, request)
        if request.contact:
            to = unit.services.keyring.unseal(request.contact)
            by_contact.setdefault((to, request.language), []).append(request)
    for (to, language), theirs in by_contact.items():
        _tell_they_are_stopped(unit, theirs, to, language)
    return stopped


def _void_proof(unit: Unit, request: PrivacyRequest) -> None:
    """Mark what was proved as denied, also where the effect can no longer be stopped: nothing more is to follow from it."""
    evidence = evidence_of(unit.session, request)
    if evidence is not None and not is_denied(evidence):
        evidence.flags = [*evidence.flags, DENIED]
        unit.session.add(evidence)
        record(unit, request.ref, "desk", "evidence_flagged", flag=DENIED)


def _halt(unit: Unit, request: PrivacyRequest) -> None:
    record(unit, request.ref, "subject", "not_me", right=request.right)
    if request.status == Status.SCHEDULED:
        move(unit, request, Status.AWAITING_APPROVAL, "subject", reason="not_me")
    void_actions(unit, request.ref, "not_me")
    if request.evidence_id is None:
        request.details = {**request.details, DENIED_BEFORE: True}
    request.assurance = int(Tier.T0)
    request.to_plan_at = None  # what was not planned yet is planned when an agent says so
    unit.session.add(request)
    set_attention(unit, request, DENIED)


def _tell_they_are_stopped(unit: Unit, requests: Sequence[PrivacyRequest], to: str, language: str) -> None:
    """Write to the address that was proved: whoever did ask must learn that nothing goes on."""
    first = requests[0]
    saying.mail(
        unit,
        "mail_stopped",
        to=to,
        language=language,
        key=f"stopped:{first.ref}:{first.version}",
        ref=first.ref,
        fate=saying.Fate(about=[request.ref for request in requests]),
        requests=[saying.as_seen(request) for request in requests],
    )


def notices_due(unit: Unit, contacts: Sequence[Contact], proved: str, *, what: str) -> list[str]:
    """List the person's own other addresses that get such a notice today: at most one of a kind a day each."""
    now = unit.now
    addresses = {normal_address(c.address): c.address for c in contacts if c.own and c.kind == "email"}
    addresses.pop(normal_address(proved), None)
    due = []
    for normal, address in addresses.items():
        subject = unit.services.keyring.keyed_hash(normal)
        told = select(Tally.id).where(
            col(Tally.subject_hash) == subject, col(Tally.what) == what, col(Tally.at) > now - _DAY
        )
        if unit.session.exec(told).first() is None:
            unit.session.add(Tally(subject_hash=subject, what=what, at=now))
            due.append(address)
    return due
