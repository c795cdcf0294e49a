"""Challenges are sent to the contact on file, in their turn, and their letters say what they are for."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import chain
from typing import Any

import structlog
from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from assistant.casework import saying
from assistant.casework.audit import record
from assistant.casework.lease import CHALLENGES
from assistant.casework.outbox import PROOF, REPLY, said_in
from assistant.casework.proof.attaching import names_of_mailbox
from assistant.casework.proof.challenges import is_confirmation
from assistant.casework.proof.limits import limit_of, next_code_at, share_of
from assistant.casework.requests.hidden import comes_back
from assistant.casework.requests.one_by_one import may_be_tried, while_due
from assistant.domain.addresses import normal_address
from assistant.domain.assurance import LINK_LIFETIME, Method
from assistant.domain.attention import Attention
from assistant.domain.lifecycle import ChallengeState, LetterState, advance
from assistant.domain.moves import Claim
from assistant.domain.plan import Contact, Identity
from assistant.domain.rights import Right
from assistant.errors import AssistantError, Busy, NotVerified
from assistant.interfaces import Challenge, SignedIn
from assistant.services import Services, Unit
from assistant.store.tables import Audit, ChallengeRow, Conversation, Outbox, PrivacyRequest, StopLink, Tally

log = structlog.get_logger(__name__)
_DAY = timedelta(days=1)
_SWEEP = "challenge"
_AT_ONCE = 4  # challenges made at a time: so few others may stand before whoever comes now
_MOST_WAITING = 1000  # of those that wait, looked at for whose turn it is


async def send_challenges(services: Services) -> int:
    """Send what is wanted: to the contact on file, or to the very address typed; the same work either way."""
    send = partial(_send_one, services)
    return await while_due(services, _SWEEP, CHALLENGES, _claim_wanted, send, at_once=_AT_ONCE)


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
        # Its receipt came back: an agent was called for that.
        row.state = advance(row.state, ChallengeState.DEAD)
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


def _full_until(unit: Unit, row: ChallengeRow, contact: str) -> datetime | None:
    """Send no more by a client number than its mailbox may get, however named; in silence, or it would tell whose it is.

    What an address was typed for was counted when it was asked for, and was promised: a number typed by others ends no promise.
    """
    if row.claimed_kind == "email":
        return None
    mailbox = limit_of(unit.services, Claim("email", contact))
    share = share_of(unit, row.conversation_id, row.purpose)
    if held_until := next_code_at(unit, mailbox, share):
        return held_until
    unit.session.add(Tally(subject_hash=mailbox, what=share[1], at=unit.now))
    return None


def channel_of(session: Session, row: ChallengeRow, conversation: Conversation | None) -> str:
    """Name the channel in which that was said which a code or a link is about: a "don't" not always where the request was."""
    heard = _heard_in(session, row) if row.purpose == "dont" else None
    return heard or (conversation.channel if conversation else "webchat")


def _heard_in(session: Session, row: ChallengeRow) -> str | None:
    heard = select(Audit).where(
        col(Audit.chain).in_(row.references), col(Audit.event) == Attention.DONT_HEARD
    )
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
