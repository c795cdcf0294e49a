"""The clock of the requests: agents are reminded, letters drafted, sessions, codes and tallies expire."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from assistant.casework import events, staff, talk
from assistant.casework.audit import do_checkpoint, record
from assistant.casework.closing import lapse_drafts_due
from assistant.casework.intake import local_day, next_reminder, set_attention
from assistant.casework.rectification import flag_unconfirmed
from assistant.casework.sparing import flag_unanswered
from assistant.domain.retention import own_retention
from assistant.services import Services
from assistant.store.tables import Agent, ChallengeRow, PrivacyRequest, Seen, Tally

_BATCH = 200


async def remind_due(services: Services) -> int:
    """Mail agents what nears its safe date or is overdue; a day missed while the desk was down is made up once, late."""
    reminded = 0
    while batch := await services.write(lambda session: _remind_batch(services, session)):
        reminded += batch
    return reminded


def _remind_batch(services: Services, session: Session) -> int:
    today = local_day(services, services.clock.now())
    due = session.exec(
        select(PrivacyRequest)
        .where(col(PrivacyRequest.remind_on).is_not(None), col(PrivacyRequest.remind_on) <= today)
        .order_by(col(PrivacyRequest.remind_on))
        .limit(_BATCH)
    ).all()
    addresses = _agents(services, session)
    for request in due:
        _remind(services, session, request, today, addresses)
        request.remind_on = next_reminder(request.safe_on, today)
        session.add(request)
    return len(due)


def _agents(services: Services, session: Session) -> list[tuple[str, str]]:
    rows = session.exec(
        select(Agent.email, Agent.language).where(col(Agent.active).is_(True), col(Agent.email).is_not(None))
    ).all()
    found = [(email, language) for email, language in rows if email]
    return found or [(services.settings.support.forward_to, services.settings.support.agents_language)]


def _remind(
    services: Services,
    session: Session,
    request: PrivacyRequest,
    today: date,
    addresses: list[tuple[str, str]],
) -> None:
    url = f"{services.settings.server.public_url}/console/requests/{request.ref}"
    seen = [talk.as_seen(request)]
    text, facts = _how_late(request, today)
    for address, language in addresses:
        talk.mail(
            services,
            session,
            text,
            to=address,
            language=language,
            key=f"remind:{request.ref}:{today}:{services.keyring.keyed_hash(address)[:16]}",
            ref=request.ref,
            requests=seen,
            url=url,
            **facts,
        )
    if lapse_drafts_due(request, today):
        set_attention(services, session, request, "lapse_letter_to_approve")
    record(services, session, request.ref, "desk", "reminded", on=today, due_on=request.due_on)


def _how_late(request: PrivacyRequest, today: date) -> tuple[str, dict[str, Any]]:
    if today > request.due_on:
        return "agent_overdue", {"days": (today - request.due_on).days}
    days_left = max((request.safe_on - today).days, 0)
    return "agent_reminder", {"days_left": days_left, "safe_on": request.safe_on}


async def expire(services: Services) -> None:
    """Forget what has run out: codes, tallies, one-time values, sessions; call an agent where no yes came; seal the audit."""
    await services.write(lambda session: _expire(services, session))


def _expire(services: Services, session: Session) -> None:
    now, rules = services.clock.now(), own_retention()
    # A link is renewed by a new one, so that an expired one is as dead as a code.
    session.execute(
        update(ChallengeRow)
        .where(col(ChallengeRow.state).in_(("wanted", "sent")), col(ChallengeRow.expires_at) <= now)
        .values(state="dead", stored=None)
    )
    session.execute(
        delete(ChallengeRow).where(
            col(ChallengeRow.state).in_(("dead", "used")),
            col(ChallengeRow.asked_at) <= rules["one_time_code"].gone_before(now),
        )
    )
    session.execute(delete(Tally).where(col(Tally.at) <= rules["failed_attempts"].gone_before(now)))
    session.execute(delete(Seen).where(col(Seen.until) <= now))
    staff.expire(services, session)
    events.expire(session, rules["refused_attempts"].gone_before(now))
    flag_unconfirmed(services, session)
    flag_unanswered(services, session)
    do_checkpoint(services, session)
