"""What was proved, and whether it is enough: asked when it is given, when a plan is approved, and before the effect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlmodel import Session, col, select

from assistant.casework.requests.reach import FOR_OTHER
from assistant.domain.addresses import normal_address
from assistant.domain.assurance import DENIED, TO_A_CONTACT, Answer, Evidence, Method, Need, Tier, satisfies
from assistant.domain.plan import Identity, Plan
from assistant.domain.rights import Right
from assistant.services import Services
from assistant.store.tables import EvidenceRow, PrivacyRequest

PEOPLE_DECIDE = "t3_needed"  # why a person is needed: nothing the person who asks can do is enough
SHORT = "proof_short"
CONTACT_TYPED = "contact_typed"  # where the person is answered is a lead's word, which nobody proved


def as_evidence(services: Services, row: EvidenceRow) -> Evidence:
    """Give the evidence as the type that whatever discloses or erases asks for."""
    return Evidence(
        row.id,
        Method(row.method),
        Tier(row.tier),
        services.keyring.unseal(row.contact),
        row.obtained_at,
        tuple(row.references),
        row.on_file,
        row.fresh_login,
        tuple(row.flags),
    )


def identity_of(services: Services, session: Session, row: EvidenceRow) -> Identity:
    """Give what the sources may be searched for on the strength of this evidence, and nothing more."""
    client_ids = (services.keyring.unseal(row.client_id),) if row.client_id else ()
    contact = services.keyring.unseal(row.contact)
    emails = (normal_address(contact),) if proves_mailbox(session, row) else ()
    return Identity(emails, client_ids, (("conversation", row.conversation_id),))


def proves_mailbox(session: Session, row: EvidenceRow) -> bool:
    """Tell whether the mailbox itself was proved: never by a sign-in, since an account may stand under any address.

    A lead's decision proves what was proved before it, or the address that the lead answers for.
    """
    if row.method in TO_A_CONTACT or CONTACT_TYPED in row.flags:
        return True
    if row.method != Method.AGENT:
        return False
    before = select(EvidenceRow).where(
        col(EvidenceRow.conversation_id) == row.conversation_id,
        col(EvidenceRow.contact_hash) == row.contact_hash,
        col(EvidenceRow.method).in_(TO_A_CONTACT),
    )
    return any(not set(row.references).isdisjoint(each.references) for each in session.exec(before))


def is_account_alone(session: Session, row: EvidenceRow | None) -> bool:
    """Tell whether only an account was proved, so that the rest of what is held was not looked at."""
    return row is not None and row.client_id is not None and not proves_mailbox(session, row)


def need_of(services: Services, right: Right, details: Mapping[str, Any], plan: Plan | None = None) -> Need:
    """Say how sure the desk must be for a right with its details and, once planned, its data; people weigh a mandate."""
    need = services.handlers[right].need(details, plan, services.settings, services.sources)
    return replace(need, tier=Tier.T3) if details.get(FOR_OTHER) and need.tier > Tier.T0 else need


def answer_for(
    services: Services, request: PrivacyRequest, row: EvidenceRow | None, plan: Plan | None = None
) -> Answer:
    """Tell what evidence is worth for a request; the one question of domain/assurance.py, asked with its settings."""
    need = need_of(services, Right(request.right), request.details, plan)
    evidence = as_evidence(services, row) if row else None
    return satisfies(need, evidence, services.settings.periods.hold)


def why_short(answer: Answer, row: EvidenceRow | None) -> str:
    """Name why a person is needed where evidence is not enough."""
    if answer.missing is not Tier.T3:
        return SHORT
    if is_denied(row):
        return DENIED
    return row.flags[0] if row and row.flags else PEOPLE_DECIDE


def is_denied(row: EvidenceRow | None) -> bool:
    """Tell whether the contact says that they never asked what this evidence was given for."""
    return row is not None and DENIED in row.flags
