"""Who sends much beside others sends one message at a time, and leaves the desk to the others between two."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

_COMPANY = 10.0  # seconds for which somebody who sent something is there: people think between two messages
_BESIDE = 1.0  # seconds after another's message: later a rest helps nobody, and who shares the address of a flood waits for it
_REST = 3.0  # times what a message took: a quarter of the desk is for who sends all the time
_MOST_REST = 0.25  # seconds: what took long waited for others itself
_Later = Callable[[float, Callable[[], None]], object]


@dataclass(slots=True)
class _Own:
    """The turns of one address."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0


class Pace:
    """Nobody who is alone waits for anything here, and nobody whose next message comes after the answer to the last."""

    def __init__(self, now: Callable[[], float] = time.monotonic, later: _Later | None = None) -> None:
        """Begin with nobody there; the clock is a monotonic one, in seconds."""
        self._now, self._later = now, later
        self._own: dict[str, _Own] = {}
        self._last = self._last_but = ("", float("-inf"))  # who sent last, and who did of all others

    @asynccontextmanager
    async def turn(self, whose: str) -> AsyncIterator[None]:
        """Wait for a turn to have one message taken."""
        self._note(whose)
        if not self._has_company(whose):
            yield
            return
        own = self._own.setdefault(whose, _Own())
        own.waiting += 1
        try:
            await own.lock.acquire()
        finally:
            own.waiting -= 1
        began = self._now()
        try:
            yield
        finally:
            rests = own.waiting and self._has_company(whose, _BESIDE)
            seconds = min(_REST * (self._now() - began), _MOST_REST) if rests else 0.0
            later = self._later or asyncio.get_running_loop().call_later
            later(seconds, partial(self._end, whose, own))

    def _end(self, whose: str, own: _Own) -> None:
        own.lock.release()
        if not own.waiting:
            self._own.pop(whose, None)

    def _note(self, whose: str) -> None:
        if self._last[0] != whose:
            self._last_but = self._last
        self._last = whose, self._now()

    def _has_company(self, whose: str, within: float = _COMPANY) -> bool:
        other = self._last_but if self._last[0] == whose else self._last
        return self._now() - other[1] < within
