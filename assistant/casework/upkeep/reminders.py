"""The clock of the requests: agents are reminded, letters drafted, sessions, codes and tallies expire."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import Any

from sqlalchemy import delete, or_, text, update
from sqlalchemy import select as sa_select
from sqlmodel import col, select

from assistant.casework import events, saying
from assistant.casework.agents import staff
from assistant.casework.audit import do_checkpoint, record
from assistant.casework.decisions.closing import is_left_incomplete, lapse_drafts_due
from assistant.casework.decisions.sparing import flag_unanswered, unanswered_due
from assistant.casework.requests.intake import next_reminder, set_attention
from assistant.casework.requests.one_by_one import each, forget_untried, may_be_tried, together
from assistant.casework.requests.rectification import flag_unconfirmed, unconfirmed_due
from assistant.domain.attention import Attention
from assistant.domain.lifecycle import ChallengeState
from assistant.domain.retention import own_retention
from assistant.services import Services, Unit
from assistant.store.tables import (
    UNDECIDED_PROOF,
    Agent,
    ChallengeRow,
    ContactDomain,
    PrivacyRequest,
    Seen,
    Tally,
)

_BATCH = 200


async def remind_due(services: Services) -> int:
    """Mail agents what nears its safe date or is overdue; a day missed while the desk was down is made up once, late."""
    reminded, after = 0, (date.min, "")
    while due := await services.read(partial(_to_remind, after=after)):
        refs = [ref for _day, ref in due]
        reminded += await together(services, "remind", refs, _remind_one)
        after = due[-1]
    return reminded


def _to_remind(unit: Unit, after: tuple[date, str]) -> list[tuple[date, str]]:
    """Find what is due by day first: in the order of references every open request would be looked at each minute."""
    now, (day, ref) = unit.now, after
    on, name = col(PrivacyRequest.remind_on), col(PrivacyRequest.ref)
    due = sa_select(on, name).where(
        on.is_not(None),
        on.between(day, unit.services.local_day(now)),
        or_(on > day, name > ref),
        may_be_tried("remind", PrivacyRequest.ref, now),
    )
    return [(row[0], row[1]) for row in unit.session.execute(due.order_by(on, name).limit(_BATCH))]


def _remind_one(unit: Unit, ref: str) -> int:
    request, today = unit.session.get_one(PrivacyRequest, ref), unit.services.local_day(unit.now)
    if request.remind_on is None:
        return 0  # closed in the meantime
    _remind(unit, request, today, _agents(unit))
    request.remind_on = next_reminder(request.safe_on, today)
    unit.session.add(request)
    return 1


def _agents(unit: Unit) -> list[tuple[str, str]]:
    rows = unit.session.exec(
        select(Agent.email, Agent.language).where(col(Agent.active).is_(True), col(Agent.email).is_not(None))
    ).all()
    found = [(email, language) for email, language in rows if email]
    return found or [
        (unit.services.settings.support.forward_to, unit.services.settings.support.agents_language)
    ]


def _remind(unit: Unit, request: PrivacyRequest, today: date, addresses: list[tuple[str, str]]) -> None:
    url = f"{unit.services.settings.server.public_url}/console/requests/{request.ref}"
    seen = [saying.as_seen(request)]
    text, facts = _how_late(request, today)
    for address, language in addresses:
        saying.mail(
            unit,
            text,
            to=address,
            language=language,
            key=f"remind:{request.ref}:{today}:{unit.services.keyring.keyed_hash(address)[:16]}",
            ref=request.ref,
            requests=seen,
            url=url,
            **facts,
        )
    if lapse_drafts_due(request, today):
        set_attention(unit, request, Attention.LAPSE_LETTER_TO_APPROVE)
    elif is_left_incomplete(request, today):
        set_attention(unit, request, Attention.NEVER_COMPLETED)
    record(unit, request.ref, "desk", "reminded", on=today, due_on=request.due_on)


def _how_late(request: PrivacyRequest, today: date) -> tuple[str, dict[str, Any]]:
    if today > request.due_on:
        return "agent_overdue", {"days": (today - request.due_on).days}
    days_left = max((request.safe_on - today).days, 0)
    return "agent_reminder", {"days_left": days_left, "safe_on": request.safe_on}


async def expire(services: Services) -> None:
    """Forget what has run out: codes, tallies, one-time values, sessions; call an agent where no yes came; seal the audit."""
    await each(services, "expire", _PARTS, lambda part: services.write(_PARTS[part]))
    unconfirmed, unanswered = (
        await services.read(unconfirmed_due),
        await services.read(unanswered_due),
    )
    await each(
        services, "expire", unconfirmed, lambda ref: services.write(lambda unit: flag_unconfirmed(unit, ref))
    )
    await each(
        services, "expire", unanswered, lambda ref: services.write(lambda unit: flag_unanswered(unit, ref))
    )


def _expire_codes(unit: Unit) -> None:
    now, rules = unit.now, own_retention()
    # A link is renewed by a new one, so that an expired one is as dead as a code.
    unit.session.execute(
        update(ChallengeRow)
        .where(text(UNDECIDED_PROOF), col(ChallengeRow.expires_at) <= now)
        .values(state=ChallengeState.DEAD, stored=None)
    )
    unit.session.execute(
        delete(ChallengeRow).where(
            col(ChallengeRow.state).in_((ChallengeState.DEAD, ChallengeState.USED)),
            col(ChallengeRow.asked_at) <= rules["one_time_code"].gone_before(now),
        )
    )


def _expire_counts(unit: Unit) -> None:
    now, rules = unit.now, own_retention()
    unit.session.execute(delete(Tally).where(col(Tally.at) <= rules["failed_attempts"].gone_before(now)))
    unit.session.execute(
        delete(ContactDomain).where(col(ContactDomain.seen_at) <= rules["case_record"].gone_before(now))
    )
    unit.session.execute(delete(Seen).where(col(Seen.until) <= now))
    staff.expire(unit)
    events.expire(unit.session, rules["refused_attempts"].gone_before(now))
    forget_untried(unit)


_PARTS: Mapping[str, Callable[[Unit], object]] = {
    "codes": _expire_codes,
    "counts": _expire_counts,
    "audit": do_checkpoint,
}
