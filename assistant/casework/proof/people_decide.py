"""A lead decides who asks (T3), with the reason: for a lost mailbox, a contested account, or what no code may unlock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlmodel import col, select

from assistant.casework.audit import record
from assistant.casework.proof import mail_domains
from assistant.casework.proof.attaching import attach
from assistant.casework.requests.evidence import CONTACT_TYPED, PEOPLE_DECIDE, is_denied
from assistant.casework.requests.intake import set_attention
from assistant.casework.requests.queue import MAY_APPROVE_IRREVERSIBLE, Principal, Role, get_request
from assistant.domain.addresses import normal_address
from assistant.domain.assurance import Method, Tier
from assistant.domain.lifecycle import Status
from assistant.domain.masking import mask_email
from assistant.errors import Conflict, Invalid
from assistant.services import Unit
from assistant.store.keyring import client_hash
from assistant.store.tables import Audit, EvidenceRow, PrivacyRequest

_WAITING: Final = frozenset({Status.RECEIVED, Status.VERIFYING, Status.LAPSED})
_DECIDABLE: Final = _WAITING | {Status.OPEN, Status.AWAITING_APPROVAL}


def may_decide(request: PrivacyRequest) -> bool:
    """Tell whether who asks is still to be decided by people, or can be."""
    return request.status in _DECIDABLE and request.tier_needed > Tier.T0 and request.assurance < Tier.T3


@dataclass(frozen=True, slots=True)
class TypedContact:
    """Where a lead says that a person is answered, and for which account: nobody proved it."""

    by: str
    contact: str
    client_id: str
    on_file: bool


def typed_contact(unit: Unit, request: PrivacyRequest, agent: Principal) -> TypedContact | None:
    """Give what a lead typed by hand, whole to whoever may approve what it unlocks: they answer for it too."""
    evidence = unit.session.get(EvidenceRow, request.evidence_id) if request.evidence_id else None
    if evidence is None or CONTACT_TYPED not in evidence.flags:
        return None
    decided = select(Audit.actor).where(col(Audit.chain) == request.ref, col(Audit.event) == "t3_decided")
    by = (unit.session.exec(decided).first() or "").removeprefix("agent:")
    contact = unit.services.keyring.unseal(evidence.contact)
    client_id = unit.services.keyring.unseal(evidence.client_id) if evidence.client_id else ""
    if agent.role not in MAY_APPROVE_IRREVERSIBLE:
        contact, client_id = mask_email(contact), "…" if client_id else ""
    return TypedContact(by, contact, client_id, evidence.on_file)


def decide_t3(
    unit: Unit,
    ref: str,
    reason: str,
    agent: Principal,
    *,
    contact: str = "",
    client_id: str = "",
) -> PrivacyRequest:
    """Take a lead's word for who asks, with its reason; a second person must approve what it unlocks."""
    agent.require(Role.LEAD)
    request = get_request(unit.session, ref)
    before = unit.session.get(EvidenceRow, request.evidence_id) if request.evidence_id else None
    check_decide_t3(request, before, reason, contact.strip(), client_id.strip())
    evidence = _do_decide(unit, request, before, contact.strip(), client_id.strip())
    record(unit, ref, agent.actor, "t3_decided", reason=reason.strip(), evidence=evidence.id)
    if request.status in _WAITING:
        attach(unit, request, evidence, actor=agent.actor)
        unit.wake("plan")
    else:
        request.evidence_id, request.assurance = evidence.id, int(evidence.tier)
        unit.session.add(request)
        if is_denied(before):  # planned anew, so that the contact hears of the new hold and can stop it again
            request.to_plan_at = unit.now
            unit.wake("plan")
    if before is not None:
        mail_domains.trust_what_moved(unit, before)
    if request.attention in {PEOPLE_DECIDE, *(before.flags if before else ())}:
        set_attention(unit, request, None)
    return request


def check_decide_t3(
    request: PrivacyRequest, before: EvidenceRow | None, reason: str, contact: str, client_id: str
) -> None:
    """Say why it cannot be decided now; raises Conflict or Invalid."""
    if not may_decide(request):
        raise Conflict(
            f"There is nothing to decide: the request is {request.status}, needs no proof or was decided; "
            "undo an approval first.",
            status=request.status,
        )
    if not reason.strip():
        raise Invalid("Say why you are sure who asks; the audit keeps it.")
    if before is None and "@" not in contact:
        raise Invalid("Nothing was proved yet: say at which e-mail address the person is to be answered.")
    if before is not None and (contact or client_id):
        raise Conflict("An address was proved; whoever asks is answered there and nowhere else.")


def _do_decide(
    unit: Unit,
    request: PrivacyRequest,
    before: EvidenceRow | None,
    contact: str,
    client_id: str,
) -> EvidenceRow:
    seal, ident = unit.services.keyring.seal, unit.services.random(12).hex()
    evidence = EvidenceRow(
        id=ident,
        method=Method.AGENT,
        tier=Tier.T3,
        contact=before.contact if before else seal(contact),
        contact_hash=before.contact_hash
        if before
        else unit.services.keyring.keyed_hash(normal_address(contact)),
        client_id=before.client_id if before else (seal(client_id.upper()) if client_id else None),
        client_hash=before.client_hash
        if before
        else (client_hash(unit.services.keyring, client_id) if client_id else None),
        conversation_id=request.conversation_id,
        references=[request.ref],
        on_file=before.on_file if before else False,
        fresh_login=before.fresh_login and not is_denied(before) if before else False,
        obtained_at=unit.now,
        flags=[CONTACT_TYPED] if before is None or CONTACT_TYPED in before.flags else [],
    )
    unit.session.add(evidence)
    unit.session.flush()
    return evidence
