"""What is to be corrected, and the person's yes to exactly that: kept with the request, before any plan exists (GDPR 16)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from sqlmodel import col, select

from assistant.casework.audit import record
from assistant.casework.requests.intake import set_attention
from assistant.casework.requests.reach import Seen
from assistant.domain.attention import Attention
from assistant.domain.fields import DAYS
from assistant.domain.in_parts import taken_apart
from assistant.domain.lifecycle import CLOSED, Status
from assistant.domain.rectifying import SAID, Changes, Correctable, correctable_in
from assistant.domain.rights import CONFIRMED_FIRST
from assistant.domain.spoken import day_in
from assistant.domain.talk import RequestSeen
from assistant.errors import ChangedMeanwhile, Conflict
from assistant.services import Services, Unit
from assistant.store.tables import PrivacyRequest

UNCONFIRMED_FOR: Final = timedelta(days=7)  # then an agent decides
BEFORE_A_PLAN: Final = (Status.RECEIVED, Status.VERIFYING, Status.OPEN)


# ── what the maps say ───────────────────────────────────────────────────────────────────────────────


def fields_of(services: Services) -> Mapping[str, Correctable]:
    """Give every field that some map lets a person have corrected."""
    return correctable_in(source.correctable() for source in services.sources)


def in_parts(services: Services, found: Changes) -> Changes:
    """Give the changes as the maps have the fields: an address or a name in its parts, those not said left open."""
    return taken_apart(found, fields_of(services))


# ── kept with the request ───────────────────────────────────────────────────────────────────────────


def keep_changes(unit: Unit, request: PrivacyRequest, changes: Changes, actor: str = "subject") -> None:
    """Keep what is to be corrected; a yes to it lets an open request be planned."""
    before = Changes.of(request.details)
    plain = {k: v for k, v in request.details.items() if k not in SAID}
    request.details = {**plain, **changes.as_details()}
    unit.session.add(request)
    if changes.confirmed and not before.confirmed:
        fields = sorted(part.field for part in changes.parts)
        record(unit, request.ref, actor, "changes_confirmed", fields=fields)
        if request.attention in {Attention.CHANGE_UNCONFIRMED, Attention.NOT_UNDERSTOOD}:
            set_attention(unit, request, None)
        if request.status == Status.OPEN:
            request.to_plan_at = unit.now
            unit.wake("plan")


def confirm_changes(unit: Unit, requests: Iterable[PrivacyRequest], actor: str = "subject") -> None:
    """Take the yes to every part as it stands; what is still open stays so."""
    for request in requests:
        changes = Changes.of(request.details)
        if is_unconfirmed(request) and is_whole(changes):
            keep_changes(unit, request, replace(changes, confirmed=True), actor)


def is_whole(changes: Changes) -> bool:
    """Tell whether a yes can be said to it: every part has its value, and none is to be emptied."""
    return bool(changes.parts) and not changes.unsettled and not changes.to_empty


def leave_empty(unit: Unit, request: PrivacyRequest) -> None:
    """Keep that nothing is to be put instead, and call an agent: no source is told to empty a field."""
    keep_changes(unit, request, replace(Changes.of(request.details), to_empty=True))
    set_attention(unit, request, Attention.TO_EMPTY)


def is_to_be_emptied(request: PrivacyRequest) -> bool:
    """Tell whether a person carries a correction out, since nothing is to be put instead."""
    return request.right in CONFIRMED_FIRST and Changes.of(request.details).to_empty


def confirm_as_shown(unit: Unit, requests: Sequence[PrivacyRequest], digest: str) -> None:
    """Take the yes of a page; raises ChangedMeanwhile where the page showed other parts than there are now."""
    if digest and digest != digest_of(requests):
        raise ChangedMeanwhile
    confirm_changes(unit, requests)


def decide_unconfirmed(unit: Unit, request: PrivacyRequest, actor: str) -> None:
    """Let an agent say yes where the person has not in seven days; raises Conflict before, or where a value is missing."""
    if not is_unconfirmed(request):
        return
    if is_to_be_emptied(request):
        raise Conflict("The person wants it emptied: do that in your systems, then answer and close.")
    if not is_whole(Changes.of(request.details)):
        raise Conflict("Nobody knows yet what is right; ask the person.")
    if request.received_at > unit.now - UNCONFIRMED_FOR:
        raise Conflict("The person has not confirmed from → to yet; after seven days an agent decides.")
    confirm_changes(unit, [request], actor)


def asked_about(about: Sequence[Seen]) -> Seen | None:
    """Give the correction that an open question is about."""
    is_open = about and about[0].right in CONFIRMED_FIRST and about[0].status not in CLOSED
    return about[0] if is_open else None


def is_unconfirmed(request: RequestSeen) -> bool:
    """Tell whether a correction still waits for its person's yes, or for a value."""
    return request.right in CONFIRMED_FIRST and not Changes.of(request.details).confirmed


def shown(requests: Iterable[PrivacyRequest]) -> list[dict[str, Any]]:
    """Give from and to of what these requests correct, in the words of the person, never what is stored; to nothing where it is emptied."""
    return [
        {
            "field": part.field,
            "old": part.old,
            "new": part.new,
            "old_on": _day(part.field, part.old),
            "new_on": _day(part.field, part.new),
        }
        for request in requests
        if request.right in CONFIRMED_FIRST
        for part in Changes.of(request.details).parts
        if part.new or is_to_be_emptied(request)
    ]


def digest_of(requests: Iterable[PrivacyRequest]) -> str:
    """Name exactly what a page shows, so that a button confirms nothing else."""
    return ".".join(Changes.of(r.details).digest for r in requests if r.right in CONFIRMED_FIRST)


def _day(name: str, value: str | None) -> Any:
    return day_in(value) if value and name in DAYS else None


def unconfirmed_due(unit: Unit) -> list[str]:
    """List the corrections that have waited too long for a plan and for which nobody is called."""
    waiting = select(PrivacyRequest.ref).where(
        col(PrivacyRequest.right).in_(CONFIRMED_FIRST),
        col(PrivacyRequest.status).in_(BEFORE_A_PLAN),
        col(PrivacyRequest.attention).is_(None),
        col(PrivacyRequest.received_at) <= unit.now - UNCONFIRMED_FOR,
    )
    return list(unit.session.exec(waiting))


def flag_unconfirmed(unit: Unit, ref: str) -> None:
    """Call an agent for a correction that nobody has confirmed in seven days."""
    request = unit.session.get_one(PrivacyRequest, ref)
    is_late = request.received_at <= unit.now - UNCONFIRMED_FOR
    if is_late and request.attention is None and is_unconfirmed(request):
        set_attention(unit, request, Attention.CHANGE_UNCONFIRMED)
