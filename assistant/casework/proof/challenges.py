"""Which proof is wanted of whom: a code, a link, a sign-in; made once, and open until it is used or over."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from sqlalchemy import update
from sqlmodel import Session, col, select

from assistant.casework.audit import record
from assistant.casework.proof.limits import limit_of, next_code_of, share_of
from assistant.casework.saying import bystanders, flood
from assistant.domain.assurance import CODE_LIFETIME, LINK_LIFETIME, TRIES_PER_CODE, Method
from assistant.domain.lifecycle import ChallengeState, advance, ways_to
from assistant.domain.moves import Claim
from assistant.domain.reference import ends_as
from assistant.errors import TooManyAttempts
from assistant.services import Services, Unit
from assistant.store.tables import ChallengeRow, Conversation, PrivacyRequest, Tally

OPEN_LOGINS = 10  # unused sign-ins to the client area of one conversation, the newest ones


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
    if next_at := next_code_of(unit, claim, conversation.id, purpose):
        raise TooManyAttempts(next_at=next_at)
    if method is Method.EMAIL_CODE and purpose == "prove":
        _hold_back_where_full(unit, conversation, references, counted, subject)
    room = partial(flood.take_room, unit, thread=conversation.id)
    is_asked_by_anybody = claim.kind == "email" and purpose != "package"
    if is_asked_by_anybody and (full := room(claim.value, references)):
        raise TooManyAttempts(next_at=full)
    _end_older(unit, conversation, claim, references, purpose)
    now = unit.now
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
        share = share_of(unit, conversation.id, purpose)
        unit.session.add(Tally(subject_hash=counted, what=share[0], at=now))
    unit.session.flush()
    for ref in references:
        record(unit, ref, "desk", "proof_asked", method=method, purpose=purpose)
    unit.wake("challenge")
    return row


def _hold_back_where_full(
    unit: Unit, conversation: Conversation, references: Sequence[str], counted: str, subject: str
) -> None:
    if full := bystanders.full_until(unit, conversation, counted, subject):
        named = [r for ref in references if (r := unit.session.get(PrivacyRequest, ref))]
        bystanders.hold_back(unit, named)
        raise TooManyAttempts(next_at=full)


def _end_older(
    unit: Unit, conversation: Conversation, claim: Claim, references: Sequence[str], purpose: str
) -> None:
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


def is_confirmation(row: ChallengeRow) -> bool:
    """Tell whether a challenge is the link of a mail by which somebody says that they asked: it takes the reference."""
    return row.method == Method.EMAIL_LINK and row.purpose == "prove"


def is_open(services: Services, challenge: ChallengeRow) -> bool:
    """Tell whether a question for proof was sent and can still be answered."""
    now = services.clock.now()
    return challenge.state == ChallengeState.SENT and (challenge.expires_at or now) > now


def has_reference(session: Session, challenge: ChallengeRow, typed: str) -> bool:
    """Tell whether the end of a reference was typed that only its receipt says; five wrong ones use a link up.

    A guard against machines that press buttons, and no proof: it is counted against nobody, and an empty field not at all.
    """
    # Another receipt of the same mail says its own: whoever reads either reads both.
    told = select(PrivacyRequest.ref).where(col(PrivacyRequest.conversation_id) == challenge.conversation_id)
    if any(ends_as(typed, ref) for ref in {*challenge.references, *session.exec(told)}):
        return True
    if typed.strip():
        challenge.attempts += 1
        if challenge.attempts >= TRIES_PER_CODE:
            challenge.state = advance(challenge.state, ChallengeState.DEAD)
        session.add(challenge)
    return False


def current_challenge(session: Session, conversation: Conversation) -> ChallengeRow | None:
    """Give the newest code asked for in this very conversation; a code typed elsewhere is worth nothing (A19)."""
    return session.exec(
        select(ChallengeRow)
        .where(
            col(ChallengeRow.conversation_id) == conversation.id,
            col(ChallengeRow.purpose) == "prove",
            col(ChallengeRow.method) == Method.EMAIL_CODE,
            col(ChallengeRow.state).in_((ChallengeState.WANTED, ChallengeState.SENT)),
        )
        .order_by(col(ChallengeRow.asked_at).desc())
        .limit(1)
    ).first()
