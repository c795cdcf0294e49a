"""What was asked by mail and waits for its proof: its receipt and its link are sent again, to where they went."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, cast

from sqlmodel import col, select

from assistant.casework import saying
from assistant.casework.audit import record
from assistant.casework.proof import challenges, limits
from assistant.casework.requests.intake import requests_of
from assistant.casework.requests.queue import WORKERS, Principal, get_request
from assistant.casework.requests.reach import waits_for_people
from assistant.casework.saying import flood
from assistant.casework.saying.unwritten import written
from assistant.domain.addresses import deliverable, normal_address
from assistant.domain.assurance import Method, Tier
from assistant.domain.lifecycle import Status
from assistant.domain.moves import Claim
from assistant.domain.talk import was_denied
from assistant.errors import Conflict, TooManyAttempts
from assistant.services import Unit
from assistant.store.keyring import sender_hash
from assistant.store.tables import ChallengeRow, Conversation, PrivacyRequest

SENT: Final = "link_sent_again"
_RECEIPT_AND_LINK: Final = 2  # letters
# What a proof opens, however long ago it was asked.
_WAITS: Final = frozenset({Status.VERIFYING, Status.LAPSED})


def waits_for_link(request: PrivacyRequest) -> bool:
    """Tell whether a link by mail may still take a request up: one that lapsed too, as its letter says."""
    unproved = request.status in _WAITS and request.tier_needed > Tier.T0
    return unproved and request.channel == "email" and not (waits_for_people(request) or was_denied(request))


def waiting_of(unit: Unit, sender: str) -> list[PrivacyRequest]:
    """List what was asked by mail from an address, in whatever thread, and waits for its link."""
    return [request for request in _asked_from(unit, sender, _WAITS) if waits_for_link(request)]


def lacking_of(unit: Unit, sender: str) -> list[PrivacyRequest]:
    """List what was asked by mail from an address, in whatever thread, and lacks what our letter asked for."""
    found = _asked_from(unit, sender, {Status.RECEIVED})
    return [r for r in found if r.channel == "email" and not (waits_for_people(r) or was_denied(r))]


def _asked_from(unit: Unit, sender: str, statuses: Collection[Status]) -> Sequence[PrivacyRequest]:
    threads = select(Conversation.id).where(
        col(Conversation.channel) == "email",
        col(Conversation.hint_hash).in_(
            sender_hash(unit.services.keyring, spelt) for spelt in {sender, normal_address(sender)}
        ),
    )
    found = select(PrivacyRequest).where(
        col(PrivacyRequest.conversation_id).in_(threads), col(PrivacyRequest.status).in_(statuses)
    )
    return unit.session.exec(found.order_by(col(PrivacyRequest.received_at), col(PrivacyRequest.ref))).all()


def claim_of(conversation: Conversation, requests: Sequence[PrivacyRequest]) -> Claim:
    """Give whom a link is for: the holder of the client number that a mail named, else the mailbox it came from."""
    numbers = (request.details.get("client_number") for request in reversed(requests))
    named = next((str(number) for number in numbers if number), None)
    if named:
        return Claim("client_id", named)
    return Claim("email", conversation.subject_hint or "")


def of_number(unit: Unit, ident: str, sender: str | None) -> ChallengeRow | None:
    """Give the link of a client number that last went out of a talk, where it went to the very address that writes now."""
    last = select(ChallengeRow).where(
        col(ChallengeRow.conversation_id) == ident,
        col(ChallengeRow.method) == Method.EMAIL_LINK,
        col(ChallengeRow.purpose) == "prove",
        col(ChallengeRow.claimed_kind) == "client_id",
        col(ChallengeRow.contact).is_not(None),
    )
    row = (
        unit.session.exec(last.order_by(col(ChallengeRow.asked_at).desc()).limit(1)).first()
        if sender
        else None
    )
    went_to = unit.services.keyring.unseal(row.contact) if row and row.contact else ""
    return row if normal_address(went_to) == normal_address(sender or "") else None


def waiting_at_contact(unit: Unit, link: ChallengeRow) -> list[PrivacyRequest]:
    """List what the contact on file of a client number may still confirm by such a link, sent once more."""
    named = [
        r for ref in link.references if (r := unit.session.get(PrivacyRequest, ref)) and waits_for_link(r)
    ]
    if not named:
        return []
    first = unit.session.get_one(Conversation, named[0].conversation_id)
    still_meant = unit.services.keyring.keyed_hash(claim_of(first, named).normal) == link.claimed_hash
    return named if still_meant else []  # else another number was named since


def none_before(unit: Unit, conversation: Conversation, claim: Claim) -> datetime | None:
    """Say from when a receipt and a link may go out; None means now. The limits are those of what was named, known or not."""
    letters = _RECEIPT_AND_LINK if claim.kind == "email" else 1
    waits = (
        limits.next_code_of(unit, claim, conversation.id),
        flood.full_until(unit, conversation.subject_hint or "", letters, thread=conversation.id),
    )
    return max((wait for wait in waits if wait), default=None)


def send_again(
    unit: Unit,
    conversation: Conversation,
    requests: Sequence[PrivacyRequest],
    asked_by: str | None = None,
) -> datetime | None:
    """Send the receipt, whose reference the page asks for, and the link after it; or say from when that can be done.

    `asked_by`: the contact on file of the client number that was named, to which both go in a talk of its own.
    """
    claim = replace(claim_of(conversation, requests), asked_by=asked_by)
    if next_at := none_before(unit, conversation, claim):
        return next_at
    elsewhere = claim.kind == "client_id" and asked_by is None
    _say_receipt(unit, conversation, requests, by_number=elsewhere)
    references = [request.ref for request in requests]
    try:
        challenges.want_challenge(unit, conversation, claim, references, method=Method.EMAIL_LINK)
    except TooManyAttempts as error:
        return cast("datetime", error.data["next_at"])
    return None


def _say_receipt(
    unit: Unit,
    conversation: Conversation,
    requests: Sequence[PrivacyRequest],
    *,
    by_number: bool,
) -> None:
    language = conversation.language or unit.services.settings.controller.languages[0]
    seen = [saying.as_seen(request) for request in requests]
    text = written(
        unit,
        "mail_opened_again",
        language,
        conversation_id=conversation.id,
        ref=requests[0].ref,
        requests=seen,
        by_number=by_number,
    )
    if text is None:
        return  # an agent was called for that
    said = saying.Utterance(
        text=text.text,
        subject=text.subject,
        key=unit.services.random(8).hex(),
        language=language,
        requests=seen,
        by_rule=True,
    )
    saying.say_text(unit, conversation, said)


def by_agent(unit: Unit, ref: str, agent: Principal) -> PrivacyRequest:
    """Send receipt and link again because an agent says so, within the same limits; raises Conflict."""
    agent.require(*WORKERS)
    request = get_request(unit.session, ref)
    if not waits_for_link(request):
        raise Conflict("No proof by mail is waited for here.", status=request.status)
    conversation = unit.session.get_one(Conversation, request.conversation_id)
    if not deliverable(conversation.subject_hint or ""):
        raise Conflict("This mail names no address that can be answered; write to the person another way.")
    waiting = [each for each in requests_of(unit.session, conversation) if waits_for_link(each)]
    if next_at := send_again(unit, conversation, waiting):
        raise Conflict(
            f"As much as may be was sent to that address lately; the next link can go out from {next_at:%Y-%m-%d %H:%M} UTC.",
            possible_from=next_at.isoformat(),
        )
    for each in waiting:
        record(unit, each.ref, agent.actor, SENT)
    return request
