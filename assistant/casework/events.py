"""What was refused, counted by kind and hour: no address, no name of a visitor, and an agent's only where they were signed in.

Counted in memory and written once a minute, so that whoever causes events fills no disk and holds up nobody;
what was counted in the minute of a crash is lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete
from sqlmodel import Session, col, select

from assistant.services import Services
from assistant.store.tables import RefusedCount


class Event(StrEnum):
    """A kind of attempt that was refused."""

    SIGN_IN_FAILED = "sign_in_failed"
    CODE_WRONG = "code_wrong"
    TOKEN_BAD = "token_bad"  # noqa: S105 - the name of an event
    LINK_GUESSED = "link_guessed"
    ACT_REFUSED = "act_refused"
    FORM_FORGED = "form_forged"
    WEBHOOK_FORGED = "webhook_forged"
    FLOOD = "flood"
    TOO_MANY_NAMED = "too_many_named"


def note_event(services: Services, kind: Event, agent: str = "") -> None:
    """Count an event; costs no more than that, however often it is called."""
    services.counts[f"event_{kind}"] += 1
    services.refused[kind, agent] += 1


async def write_events(services: Services) -> int:
    """Add what was counted since the last time to its hour; says how many. What could not be written is kept."""
    counted = dict(services.refused)
    if not counted:
        return 0
    await services.write(lambda unit: _add(unit.session, services.clock.now(), counted))
    services.refused.subtract(counted)
    for key in [key for key, left in services.refused.items() if not left]:
        del services.refused[key]
    return sum(counted.values())


def _add(session: Session, now: datetime, counted: Mapping[tuple[str, str], int]) -> None:
    hour = now.replace(minute=0, second=0, microsecond=0)
    for (kind, agent), times in counted.items():
        row = session.get(RefusedCount, (hour, kind, agent)) or RefusedCount(
            hour=hour, kind=kind, agent=agent
        )
        row.times += times
        session.add(row)


def expire(session: Session, kept_since: datetime) -> None:
    """Forget the hours past their period."""
    session.execute(delete(RefusedCount).where(col(RefusedCount.hour) <= kept_since))


def events_since(session: Session, since: datetime) -> list[RefusedCount]:
    """List what was refused, the newest hour first."""
    query = select(RefusedCount).where(col(RefusedCount.hour) >= since)
    return list(session.exec(query.order_by(col(RefusedCount.hour).desc(), col(RefusedCount.kind))))
