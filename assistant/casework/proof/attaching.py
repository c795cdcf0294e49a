"""What was proved becomes evidence of the requests that it counts for, and consumes its challenge."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlmodel import Session, col, select

from assistant.casework.audit import record
from assistant.casework.requests.evidence import (
    answer_for,
    is_account_alone,
    is_denied,
    proves_mailbox,
    why_short,
)
from assistant.casework.requests.intake import move, set_attention
from assistant.casework.requests.reach import needs_proof, only_says_where, write_to
from assistant.domain.addresses import normal_address
from assistant.domain.assurance import DENIED, DENIED_BEFORE, SHARED, TO_A_CONTACT, Method, Tier
from assistant.domain.lifecycle import ChallengeState, Status, ways_to
from assistant.domain.rights import ENDING_USES
from assistant.domain.shared_mailboxes import is_shared
from assistant.domain.talk import TO_PROVE, was_denied
from assistant.domain.uses import lacks_use
from assistant.errors import NotVerified
from assistant.services import Unit
from assistant.store.keyring import client_hash
from assistant.store.queries import evidence_of
from assistant.store.tables import ChallengeRow, Conversation, EvidenceRow, PrivacyRequest

_RACE = timedelta(minutes=10)
_ONE_PROOF_LASTS = timedelta(minutes=30)  # for what is named later on


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
    # What only said where it stands claimed nothing.
    return any(each.references for each in session.exec(other))


def attach(unit: Unit, request: PrivacyRequest, evidence: EvidenceRow, actor: str = "subject") -> None:
    """Let evidence open a request that waited for it, and have it planned; what is not enough leaves it waiting."""
    if only_says_where(request, evidence):
        write_to(request, evidence)
        unit.session.add(request)
        _note_proved(unit, request, evidence, actor)
        return
    if _adds_mailbox(unit.session, request, evidence):
        _take_mailbox_too(unit, request, evidence, actor)
        return
    if evidence.tier < Tier.T3 and request.right in ENDING_USES and lacks_use(request.details):
        return  # it is asked first, and `attach_earlier` takes the proof up
    if not needs_proof(request) or request.status not in TO_PROVE:
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


def attach_earlier(unit: Unit, request: PrivacyRequest) -> bool:
    """Let a proof of the last half hour open a request that lacked a detail then; tells whether there was one that was asked for it."""
    proofs = select(EvidenceRow).where(
        col(EvidenceRow.conversation_id) == request.conversation_id,
        col(EvidenceRow.obtained_at) > unit.now - _ONE_PROOF_LASTS,
    )
    found = unit.session.exec(proofs.order_by(col(EvidenceRow.obtained_at).desc()))
    evidence = next((each for each in found if request.ref in each.references), None)
    if evidence is not None:
        attach(unit, request, evidence)
        unit.wake("plan")
    return evidence is not None


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
