"""The clock of the machine was put back under a running desk: what waits for a moment waits no longer than it was meant to."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import update
from sqlmodel import select

from assistant.services import Unit
from assistant.store.tables import (
    Action,
    Agent,
    AgentBrowser,
    AgentSession,
    ChallengeRow,
    Outbox,
    Package,
    PrivacyRequest,
    SweepFailure,
    Tally,
)

# Short waits, counts and freshness. What the law counts from, holds, and what was used stay as they were written:
# those end late rather than early.
MOVED: Final[tuple[Any, ...]] = (
    Action.lease_until,
    Agent.locked_until,
    AgentBrowser.locked_until,
    AgentSession.last_at,
    AgentSession.totp_at,
    ChallengeRow.asked_at,
    ChallengeRow.expires_at,
    ChallengeRow.lease_until,
    Outbox.due_at,
    Outbox.lease_until,
    Package.grant_until,
    PrivacyRequest.to_plan_at,
    SweepFailure.next_at,
    Tally.at,
)
_SHORT: Final = timedelta(minutes=15)  # what was begun before may have been meant to wait this long


def move(unit: Unit, by: timedelta) -> None:
    """Put back with the clock what was written before and lies ahead of it now."""
    now = unit.now
    for column in MOVED:
        ahead = select(column).where(column > now, column <= now + by + _SHORT).distinct()
        for at in unit.session.exec(ahead.order_by(column)).all():
            unit.session.execute(update(column.class_).where(column == at).values({column.key: at - by}))
