"""This was not me: a link of each letter ends what rests on a proof that its reader never gave."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import update
from sqlmodel import col, or_

from assistant.casework import saying
from assistant.casework.audit import record
from assistant.casework.requests.evidence import is_denied
from assistant.casework.requests.intake import move, set_attention
from assistant.casework.requests.queue import void_actions
from assistant.casework.requests.together import stopped_together
from assistant.domain.addresses import normal_address
from assistant.domain.assurance import DENIED, DENIED_BEFORE, STOP_LINK_LASTS, Tier
from assistant.domain.lifecycle import ChallengeState, Status, ways_to
from assistant.errors import NotVerified
from assistant.services import Unit
from assistant.store.queries import evidence_of
from assistant.store.tables import ChallengeRow, PrivacyRequest, StopLink


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
    if request.evidence_id is None:
        request.details = {**request.details, DENIED_BEFORE: True}
    request.assurance = int(Tier.T0)
    void_plan(unit, request, "not_me")
    set_attention(unit, request, DENIED)


def void_plan(unit: Unit, request: PrivacyRequest, reason: str) -> None:
    """Let nothing that was planned go on, approved or not."""
    if request.status == Status.SCHEDULED:
        move(unit, request, Status.AWAITING_APPROVAL, "subject", reason=reason)
    void_actions(unit, request.ref, reason)
    request.to_plan_at = None  # what was not planned yet is planned when an agent says so
    unit.session.add(request)


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
