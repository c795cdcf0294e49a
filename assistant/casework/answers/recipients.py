"""Article 19: whoever received data from us learns that they were corrected, erased or restricted here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from assistant.casework import saying
from assistant.casework.audit import record
from assistant.casework.requests.intake import set_attention
from assistant.casework.requests.queue import WORKERS, Principal, get_request, plan_again
from assistant.domain.attention import Attention
from assistant.domain.details import FoundOut
from assistant.domain.lifecycle import PlanState
from assistant.domain.plan import Operation, Plan, plan_from_json
from assistant.domain.recipients import Notice
from assistant.errors import Conflict
from assistant.naming import Naming
from assistant.services import Services, Unit
from assistant.store import queries
from assistant.store.tables import PrivacyRequest

_TEXTS = {
    Operation.ERASE: "recipient_erased",
    Operation.RECTIFY: "recipient_corrected",
    Operation.RESTRICT: "recipient_restricted",
    Operation.LIFT: "recipient_unrestricted",
    Operation.STOP: "recipient_stopped",
}
_YES_OR_NO = {"true": "yes", "false": "no"}


def tell_recipients(unit: Unit, request: PrivacyRequest, plan: Plan, *, failed: frozenset[str]) -> None:
    """Queue one notice to each of those to whom the rows that changed went (GDPR 19); what failed did not change.

    A recipient without an address in the catalogue, or whom our rows do not let say who is meant, is told by people:
    the notice goes to them instead.
    """
    text = _TEXTS.get(plan.order.operation)
    if text is None:
        return
    for name, notice in plan.told(without=failed).items():
        _tell(unit, request, plan, text, name, notice)
    if plan.undecided:
        set_attention(unit, request, Attention.RECIPIENTS_UNDECIDED)


def _tell(unit: Unit, request: PrivacyRequest, plan: Plan, text: str, name: str, notice: Notice) -> None:
    language, naming = unit.services.settings.controller.languages[0], Naming(unit.services.settings)
    known = unit.services.settings.catalogue.recipients.get(name)
    address = known.notify if known and notice.known_by else ""
    saying.mail(
        unit,
        text,
        to=address or unit.services.settings.support.forward_to,
        language=language,
        ref=request.ref,
        key=f"recipient:{request.ref}:{plan.order.operation}:{name}:{_rows_told(unit.services, notice)}",
        requests=[saying.as_seen(request)],
        recipient=naming.recipient(name, language),
        by_hand=not address,
        person=[{"kind": kind, "value": value} for kind, value in notice.known_by],
        data=list(dict.fromkeys(naming.table(*where, language) for where in notice.tables)),
        **_what(unit.services, plan, notice, language),
    )
    record(unit, request.ref, "desk", "recipient_told" if address else "recipient_to_tell", recipient=name)


def _rows_told(services: Services, notice: Notice) -> str:
    """Name what a notice is about: where the rest is carried out later, whoever had rows of it is told of those too."""
    return services.keyring.keyed_hash("\n".join(sorted(map(".".join, notice.tables))))[:16]


def _what(services: Services, plan: Plan, notice: Notice, language: str) -> Mapping[str, Any]:
    """Say what is corrected, as far as they had it, or which uses have ended."""
    if plan.order.operation is Operation.STOP:
        return {"purposes": list(notice.uses)}
    if plan.order.operation is not Operation.RECTIFY:
        return {}
    values = {field: plan.order.new_values[field] for field in notice.fields}
    return {
        "corrected": [
            {"field": field, "value": _in_words(services, value, language)} for field, value in values.items()
        ]
    }


def _in_words(services: Services, value: str, language: str) -> str:
    label = _YES_OR_NO.get(value.lower())
    return services.texts.label("values", label, language) if label else value


def decide(unit: Unit, ref: str, recipient: str, agent: Principal, *, went_there: bool) -> PrivacyRequest:
    """Say of a recipient of whom nothing is recorded whether the data went there; the plan is made again."""
    agent.require(*WORKERS)
    request = get_request(unit.session, ref)
    action = queries.live_plan_of(unit.session, ref)
    plan = plan_from_json(action.plan) if action and action.state == PlanState.PROPOSED else None
    if plan is None or recipient not in plan.to_decide:
        raise Conflict("That is decided while a plan that asks it waits for its approval.")
    found = FoundOut.of(request.details)
    yes, no = {*(found.handed_over or ())} - {recipient}, {*(found.not_handed_over or ())} - {recipient}
    (yes if went_there else no).add(recipient)
    found = replace(found, handed_over=sorted(yes), not_handed_over=sorted(no))
    request.details = found.kept_in(request.details)
    record(unit, ref, agent.actor, "hand_over_decided", recipient=recipient, went_there=went_there)
    return plan_again(unit, ref, agent)
