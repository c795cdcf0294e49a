"""Fetching updates where Telegram cannot reach us: nothing is given up before it is stored."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import structlog

from assistant.channels.hearing import NOT_STORED, Hearing
from assistant.errors import AssistantError, DeliveryDelayed

log = structlog.get_logger(__name__)
_LONGEST_PAUSE = 60.0
_AT_ONCE = 100  # updates that Telegram gives out beyond the one it waits for

Fetch = Callable[[int | None], Awaitable[Sequence[Mapping[str, Any]]]]
Take = Callable[[Mapping[str, Any]], Awaitable[None]]


class Backoff:
    """Pauses that double from the first one up to a minute."""

    def __init__(self, first: float) -> None:
        """Take the first pause, in seconds."""
        self._first = first
        self._next = first

    async def pause(self, at_least: float = 0.0) -> None:
        """Wait, and wait longer next time."""
        seconds, self._next = max(self._next, at_least), min(self._next * 2, _LONGEST_PAUSE)
        await asyncio.sleep(seconds)

    def reset(self) -> None:
        """Begin with the first pause again."""
        self._next = self._first


async def persist(call: Callable[[], Awaitable[None]], what: str, backoff: Backoff, hearing: Hearing) -> None:
    """Repeat a call until Telegram takes it; the desk runs on meanwhile."""
    while True:
        try:
            await call()
        except AssistantError as error:
            hearing.fails(_why(error))
            await _wait_out(error, what, backoff)
        else:
            return backoff.reset()


class Polling:
    """Fetches and hands on, and fetches again from the first update that could not be stored."""

    def __init__(self, fetch: Fetch, take: Take, backoff: Backoff, hearing: Hearing) -> None:
        """Take where updates come from, who stores them, and where it is noted whether that works."""
        self._hearing = hearing
        self._fetch = fetch
        self._take = take
        self._backoff = backoff
        self._offset: int | None = None
        self._taken: set[int] = set()  # beyond the offset
        self._unfit: set[int] = set()  # what failed for no reason that passes

    async def run(self) -> None:
        """Poll until cancelled."""
        while True:
            try:
                updates = await self._fetch(self._offset)
            except AssistantError as error:
                self._hearing.fails(_why(error))
                await _wait_out(error, "getUpdates", self._backoff)
                continue
            if await self._hand_on(updates):
                self._hearing.works()
                self._backoff.reset()
            else:
                self._hearing.fails(NOT_STORED)
                await self._backoff.pause()

    async def _hand_on(self, updates: Sequence[Mapping[str, Any]]) -> bool:
        """Have every update stored; one that fails stays Telegram's, and holds up nobody else's."""
        numbered = {number: u for u in updates if isinstance(number := u.get("update_id"), int)}
        numbers = sorted(numbered)
        for number in numbers:
            if number not in self._taken and await self._was_taken(number, numbered[number]):
                self._taken.add(number)
        left = [number for number in numbers if number not in self._taken]
        if len(left) >= _AT_ONCE and left[0] in self._unfit:  # nothing behind them would ever be given out
            log.error("telegram.given_up", update_id=left[0])
            del left[0]
        if numbers:
            self._offset = left[0] if left else numbers[-1] + 1
            self._taken = {number for number in self._taken if number > self._offset}
            self._unfit = {number for number in self._unfit if number >= self._offset}
        return not left

    async def _was_taken(self, number: int, update: Mapping[str, Any]) -> bool:
        try:
            await self._take(update)
        except Exception as error:  # broad: whatever is wrong with one message, the next one is fetched
            if not isinstance(error, AssistantError):
                self._unfit.add(number)
            log.warning("telegram.not_stored", kind=type(error).__name__)
            return False
        return True


def _why(error: AssistantError) -> str:
    return str(error.data.get("why") or "refused")


async def _wait_out(error: AssistantError, what: str, backoff: Backoff) -> None:
    log.warning("telegram.call_failed", call=what, code=error.code, why=error.message)
    await backoff.pause(float(error.data.get("seconds", 0)) if isinstance(error, DeliveryDelayed) else 0.0)
