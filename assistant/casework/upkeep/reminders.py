"""The clock of the requests: agents are reminded, letters drafted, sessions, codes and tallies expire."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any, Final

from sqlalchemy import delete, text, update
from sqlalchemy import select as sa_select
from sqlmodel import col, select

from assistant.casework import events, saying
from assistant.casework.agents import staff
from assistant.casework.audit import do_checkpoint, record
from assistant.casework.decisions.closing import is_left_incomplete, lapse_drafts_due
from assistant.casework.decisions.sparing import flag_unanswered, unanswered_due
from assistant.casework.requests.intake import next_reminder, set_attention
from assistant.casework.requests.one_by_one import (
    each,
    forget_untried,
    may_be_tried,
    together,
)
from assistant.casework.requests.queue import Role
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
_MOST_LISTED: Final = 200  # in one mail, those that are due first


async def remind_due(services: Services) -> int:
    """Mail each agent one list of what nears its safe date or is overdue; a day missed while the desk was down is made up once, late."""
    due = await services.read(_to_remind)
    if not due:
        return 0
    await services.write(partial(_tell_agents, due=due))
    batches = [due[at : at + _BATCH] for at in range(0, len(due), _BATCH)]
    return sum([await together(services, "remind", batch, _remind_one) for batch in batches])


def _to_remind(unit: Unit) -> list[str]:
    """List what agents are to be reminded of, what is due first before the rest."""
    name, on = col(PrivacyRequest.ref), col(PrivacyRequest.remind_on)
    due = sa_select(name).where(
        on.is_not(None),
        # By its index: this is looked at each minute.
        on.between(date.min, unit.services.local_day(unit.now)),
        may_be_tried("remind", PrivacyRequest.ref, unit.now),
    )
    return list(unit.session.scalars(due.order_by(col(PrivacyRequest.due_on), name)))


def _tell_agents(unit: Unit, due: Sequence[str]) -> None:
    """Queue the list for each agent who may do something about it, once for the same requests of a day."""
    today, settings = unit.services.local_day(unit.now), unit.services.settings
    listed = [row for ref in due[:_MOST_LISTED] if (row := _facts(unit, ref))]
    if not listed:
        return
    where = f"requests/{due[0]}" if len(due) == 1 else "queue"
    these = hashlib.sha256(" ".join(due).encode()).hexdigest()[:16]
    for address, language in _agents(unit):
        saying.mail(
            unit,
            "agent_due",
            to=address,
            language=language,
            key=f"remind:{today}:{these}:{unit.services.keyring.keyed_hash(address)[:16]}",
            ref=due[0],
            requests=listed,
            today=today,
            total=len(due),
            overdue=sum(row["due_on"] < today for row in listed),
            url=f"{settings.server.public_url}/console/{where}",
        )


def _facts(unit: Unit, ref: str) -> Mapping[str, Any] | None:
    """Give what a list says of a request; None where its row cannot be read: that fails by itself, and keeps the rest from nobody."""
    facts = (PrivacyRequest.ref, PrivacyRequest.right, PrivacyRequest.safe_on, PrivacyRequest.due_on)
    try:
        row = unit.session.execute(sa_select(*map(col, facts)).where(col(PrivacyRequest.ref) == ref)).one()
    except (ValueError, TypeError, LookupError):
        return None
    return row._asdict()


def _remind_one(unit: Unit, ref: str) -> int:
    request, today = unit.session.get_one(PrivacyRequest, ref), unit.services.local_day(unit.now)
    if request.remind_on is None:
        return 0  # closed in the meantime
    if lapse_drafts_due(request, today):
        set_attention(unit, request, Attention.LAPSE_LETTER_TO_APPROVE)
    elif is_left_incomplete(request, today):
        set_attention(unit, request, Attention.NEVER_COMPLETED)
    record(unit, request.ref, "desk", "reminded", on=today, due_on=request.due_on)
    request.remind_on = next_reminder(request.safe_on, today)
    unit.session.add(request)
    return 1


def _agents(unit: Unit) -> list[tuple[str, str]]:
    """Give the addresses of the agents who may change something; an auditor may not."""
    rows = unit.session.exec(
        select(Agent.email, Agent.language).where(
            col(Agent.active).is_(True), col(Agent.email).is_not(None), col(Agent.role) != Role.AUDITOR
        )
    ).all()
    found = [(email, language) for email, language in rows if email]
    return found or [
        (unit.services.settings.support.forward_to, unit.services.settings.support.agents_language)
    ]


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
