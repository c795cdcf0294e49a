"""A clock that can be moved forward, so that three days of waiting take one press of a button."""

from __future__ import annotations

import re
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from assistant.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable

FURTHEST = timedelta(days=3660)
_DURATION = re.compile(r"(\d{1,6})\s*([smhdw])", re.IGNORECASE)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class DemoClock:
    """Real time plus an offset that only grows; safe to read and to move from any thread."""

    def __init__(self, start: datetime | None = None) -> None:
        """Begin at `start`, an aware instant, or at the present."""
        if start is not None and start.tzinfo is None:
            raise Invalid("the demo's clock needs an instant with its zone, such as 2026-03-02T09:00:00Z")
        self._offset = start - datetime.now(UTC) if start else timedelta()
        self._lock = threading.Lock()
        self._listeners: list[Callable[[], None]] = []

    def now(self) -> datetime:
        """Give the instant, aware and in UTC."""
        return datetime.now(UTC) + self._offset

    def on_forward(self, listener: Callable[[], None]) -> None:
        """Have `listener` called after each move, in the thread that moved the clock."""
        with self._lock:
            self._listeners.append(listener)

    def forward(self, by: timedelta) -> datetime:
        """Move the clock and give its new instant; raises Invalid for a step back or over ten years."""
        if not timedelta() < by <= FURTHEST:
            raise Invalid("the clock moves forward only, and at most ten years at a time")
        with self._lock:
            try:
                datetime.now(UTC) + (offset := self._offset + by)
            except OverflowError:
                raise Invalid("the clock cannot go beyond the year 9999") from None
            self._offset = offset
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener()
        return self.now()


def parse_duration(text: str) -> timedelta:
    """Read a duration such as 10m, 72h, 8d or 2w; raises Invalid saying how to write one."""
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise Invalid("write how far to move, such as 10m, 72h or 8d")
    return timedelta(**{_UNITS[match[2].lower()]: int(match[1])})
