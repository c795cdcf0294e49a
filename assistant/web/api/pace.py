"""How often each agent's programs may call an address of the API that is limited."""

from __future__ import annotations

from datetime import datetime, timedelta

from assistant.errors import TooOften

_MINUTE = timedelta(minutes=1)


class Pace:
    """So many calls a minute for each name; nought means no limit."""

    def __init__(self, a_minute: int) -> None:
        """Begin with nobody having called."""
        self._a_minute = a_minute
        self._called: dict[str, tuple[datetime, int]] = {}

    def keep(self, name: str, now: datetime) -> None:
        """Count a call; raises TooOften, with the instant from which it may be made again."""
        if not self._a_minute:
            return
        begun, calls = self._called.get(name, (now, 0))
        if now - begun >= _MINUTE:
            begun, calls = now, 0
        if calls >= self._a_minute:
            raise TooOften(next_at=(begun + _MINUTE).isoformat())
        self._called[name] = begun, calls + 1
