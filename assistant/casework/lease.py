"""Leases: what somebody works at is nobody else's until its lease has run out, whatever became of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, update
from sqlmodel import col

from assistant.services import Unit
from assistant.store.tables import Action, ChallengeRow, Outbox, PrivacyRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """How rows of one kind are taken: `until` says when a row is free, `attempts` counts how often it was taken.

    `is_queue`: a row that says nothing in `until` is not free but needs nothing.
    """

    name: Any
    until: Any
    lasts: timedelta
    attempts: Any = None
    is_queue: bool = False

    def is_free(self, now: datetime) -> ColumnElement[bool]:
        """Give the condition of rows that nobody works at."""
        run_out: ColumnElement[bool] = col(self.until) <= now
        return run_out if self.is_queue else run_out | col(self.until).is_(None)

    def take(self, unit: Unit, names: Sequence[Any]) -> None:
        """Take rows, which were free in this very unit."""
        counted = {} if self.attempts is None else {self.attempts.key: col(self.attempts) + 1}
        self._set(unit, col(self.name).in_(names), {self.until.key: unit.now + self.lasts, **counted})

    def renew(self, unit: Unit, names: Sequence[Any]) -> None:
        """Keep rows for as long again that are still held, once a third of the time is over: well before its end."""
        ends = col(self.until) <= unit.now + self.lasts * 2 / 3
        self._set(unit, col(self.name).in_(names) & ends, {self.until.key: unit.now + self.lasts})

    def release_all(self, unit: Unit) -> None:
        """Free what a killed process had taken; only for a desk that is alone on its database."""
        freed = {self.until.key: unit.now if self.is_queue else None}
        self._set(unit, col(self.until).is_not(None), freed)

    def _set(self, unit: Unit, which: ColumnElement[bool], values: dict[str, Any]) -> None:
        changed = update(self.until.class_).where(which).values(values)
        unit.session.execute(changed.execution_options(synchronize_session=False))


# What could not be sent is tried again when it has run out.
CHALLENGES: Final = Lease(name=ChallengeRow.id, until=ChallengeRow.lease_until, lasts=timedelta(seconds=30))
PLANNING: Final = Lease(
    name=PrivacyRequest.ref, until=PrivacyRequest.to_plan_at, lasts=timedelta(minutes=2), is_queue=True
)
ACTIONS: Final = Lease(
    name=Action.id, until=Action.lease_until, lasts=timedelta(minutes=10), attempts=Action.attempts
)
LETTERS: Final = Lease(
    name=Outbox.id, until=Outbox.lease_until, lasts=timedelta(minutes=2), attempts=Outbox.attempts
)
LEASES: Final = (CHALLENGES, PLANNING, ACTIONS, LETTERS)


def pause_after(times: int, first: timedelta, longest: timedelta) -> timedelta:
    """Give how long something waits that failed so many times: each time twice as long, up to the longest."""
    return min(first * (1 << min(times - 1, 16)), longest)
