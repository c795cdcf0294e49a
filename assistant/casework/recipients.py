"""Article 19: whoever received data from us learns that they were corrected, erased or restricted here."""

from __future__ import annotations

from typing import Any

from sqlmodel import Session

from assistant.casework import talk
from assistant.casework.audit import record
from assistant.domain.plan import Identity, Operation, Plan
from assistant.services import Services
from assistant.store.tables import PrivacyRequest

_TEXTS = {
    Operation.ERASE: "recipient_erased",
    Operation.RECTIFY: "recipient_corrected",
    Operation.RESTRICT: "recipient_restricted",
    Operation.LIFT: "recipient_unrestricted",
    Operation.STOP: "recipient_stopped",
}


def tell_recipients(
    services: Services, session: Session, request: PrivacyRequest, plan: Plan, *, failed: frozenset[str]
) -> None:
    """Queue one notice to each recipient of what changed (GDPR 19); what failed in a source did not change.

    A recipient whose address the catalogue lacks is told by people: the notice goes to them instead.
    """
    text = _TEXTS.get(plan.order.operation)
    if text is None:
        return
    language = services.settings.controller.languages[0]
    known = services.settings.catalogue.recipients
    for name, categories in plan.told(without=failed).items():
        recipient = known.get(name)
        address = recipient.notify if recipient else ""
        talk.mail(
            services,
            session,
            text,
            to=address or services.settings.support.forward_to,
            language=language,
            ref=request.ref,
            key=f"recipient:{request.ref}:{plan.order.operation}:{name}",
            requests=[talk.as_seen(request)],
            recipient=recipient.name if recipient else name,
            by_hand=not address,
            person=_known_as(plan),
            categories=list(categories),
            **_new_values(plan),
        )
        record(
            services,
            session,
            request.ref,
            "desk",
            "recipient_told" if address else "recipient_to_tell",
            recipient=name,
        )


def _new_values(plan: Plan) -> dict[str, Any]:
    if plan.order.operation is not Operation.RECTIFY:
        return {}
    return {"corrected": [{"field": name, "value": value} for name, value in plan.order.new_values.items()]}


def _known_as(plan: Plan) -> list[dict[str, str]]:
    """Name the person by what was proved, which is what the recipient can know them by; nothing more."""
    identity = next((at.identity for at in plan.located), Identity())
    return [
        {"field": kind, "value": value} for kind in ("email", "client_id") for value in identity.values(kind)
    ]
