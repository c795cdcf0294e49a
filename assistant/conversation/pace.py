"""Who sends much beside others sends one message at a time, and leaves the desk to the others between two."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

from assistant.domain.turns import Turns
from assistant.interfaces import nobody_left

_COMPANY = 10.0  # seconds for which somebody who sent something is there: people think between two messages
_BESIDE = 1.0  # seconds after another's message: later a rest helps nobody, and who shares the address of a flood waits for it
_REST = 3.0  # times what a message took: a quarter of the desk is for who sends all the time
_MOST_REST = 0.25  # seconds: what took long waited for others itself
_LEFT_AT_ONCE = 8  # messages whose writers have left meanwhile: nobody waits for their answers, and others wait behind them
_Later = Callable[[float, Callable[[], None]], object]


@dataclass(slots=True, eq=False)
class _Message:
    """A message that waits for its turn."""

    has_left: Callable[[], bool]
    ready: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


@dataclass(slots=True)
class _Own:
    """The turns of one address: who of its talks waits, and of whom nobody waits for an answer any more."""

    waiting: Turns[_Message] = field(default_factory=Turns)
    left: deque[_Message] = field(default_factory=deque)
    taken: int = 0  # messages that have the turn now
    began: float = 0.0

    def next(self) -> list[_Message]:
        """Take the next talk's first message, with some of those whose writers have left."""
        found: list[_Message] = []
        while self.waiting and not found:
            _, message = self.waiting.take()
            if not message.ready.done():
                (self.left if message.has_left() else found).append(message)
        while self.left and len(found) <= _LEFT_AT_ONCE:
            if not (message := self.left.popleft()).ready.done():
                found.append(message)
        return found


class Pace:
    """Nobody who is alone waits for anything here, and nobody whose next message comes after the answer to the last."""

    def __init__(self, now: Callable[[], float] = time.monotonic, later: _Later | None = None) -> None:
        """Begin with nobody there; the clock is a monotonic one, in seconds."""
        self._now, self._later = now, later
        self._own: dict[str, _Own] = {}
        self._last = self._last_but = ("", float("-inf"))  # who sent last, and who did of all others

    @asynccontextmanager
    async def turn(
        self, whose: str, talk: str = "", has_left: Callable[[], bool] = nobody_left
    ) -> AsyncIterator[None]:
        """Wait for a turn to have one message taken: of one address its talks in turn, whoever left beside the others."""
        self._note(whose)
        if not self._has_company(whose):
            yield
            return
        own = self._own.get(whose)
        if own is None:
            own = self._own[whose] = _Own(taken=1, began=self._now())
        else:
            await self._wait(whose, own, talk, has_left)
        try:
            yield
        finally:
            self._done(whose, own)

    async def _wait(self, whose: str, own: _Own, talk: str, has_left: Callable[[], bool]) -> None:
        message = _Message(has_left)
        own.waiting.put(talk, message)
        try:
            await message.ready
        except asyncio.CancelledError:
            if message.ready.done() and not message.ready.cancelled():
                self._done(whose, own)  # it had its turn already
            raise

    def _done(self, whose: str, own: _Own) -> None:
        own.taken -= 1
        if own.taken:
            return
        rests = (own.waiting or own.left) and self._has_company(whose, _BESIDE)
        seconds = min(_REST * (self._now() - own.began), _MOST_REST) if rests else 0.0
        later = self._later or asyncio.get_running_loop().call_later
        later(seconds, partial(self._next, whose, own))

    def _next(self, whose: str, own: _Own) -> None:
        found = own.next()
        if not found:
            del self._own[whose]
            return
        own.taken, own.began = len(found), self._now()
        for message in found:
            message.ready.set_result(None)

    def _note(self, whose: str) -> None:
        if self._last[0] != whose:
            self._last_but = self._last
        self._last = whose, self._now()

    def _has_company(self, whose: str, within: float = _COMPANY) -> bool:
        other = self._last_but if self._last[0] == whose else self._last
        return self._now() - other[1] < within
