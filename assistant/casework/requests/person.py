"""Who a request is about, as agents see it: masked, until somebody asks and the audit notes it."""

from __future__ import annotations

from assistant.casework.audit import record
from assistant.casework.requests.queue import Principal, Role, Scope
from assistant.domain.masking import mask_email
from assistant.domain.uses import EndOfUse
from assistant.services import Unit
from assistant.store.tables import Conversation, PrivacyRequest


def person_of(unit: Unit, request: PrivacyRequest) -> str | None:
    """Give the address a request is about: the proved one, or else the one it claims to come from."""
    if request.contact:
        return unit.services.keyring.unseal(request.contact)
    conversation = unit.session.get(Conversation, request.conversation_id)
    claimed = conversation.subject_hint if conversation else None
    return next(iter(EndOfUse.of(request.details).addresses), None) or claimed


def masked_person_of(unit: Unit, request: PrivacyRequest) -> str | None:
    """Give the same, masked for lists and pages."""
    person = person_of(unit, request)
    return mask_email(person) if person else None


def reveal(unit: Unit, request: PrivacyRequest, agent: Principal) -> str | None:
    """Show an agent who a request is about, with its audit entry."""
    agent.require(*Role, scope=Scope.REPLY)
    record(unit, request.ref, agent.actor, "revealed")
    return person_of(unit, request)
