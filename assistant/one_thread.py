"""One thread for slow work of one kind: whoever waits is served in turn, so who brings much waits for themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from assistant.domain.turns import Turns
from assistant.errors import Busy

T = TypeVar("T")


class OneThread:
    """Turns go by whose the work is: an address, a conversation, a package."""

    def __init__(self, name: str, *, most_of_one: float, most: float) -> None:
        """Begin with nobody waiting, and say how many may; the thread begins with the first."""
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._most_of_one, self._most = most_of_one, most
        self._waiting: Turns[asyncio.Future[None]] = Turns()
        self._is_working = False

    async def run(self, whose: str, work: Callable[[], T]) -> T:
        """Do slow work when its turn comes; raises Busy at once where too much waits already, and what the work raises."""
        await self._turn_of(whose)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        finally:
            self._is_working = self._wake_next()

    def close(self) -> None:
        """End the thread after what it is at."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _turn_of(self, whose: str) -> None:
        if self._waiting.waiting_of(whose) >= self._most_of_one or len(self._waiting) >= self._most:
            raise Busy
        turn = asyncio.get_running_loop().create_future()
        self._waiting.put(whose, turn)
        if not self._is_working:
            self._is_working = self._wake_next()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._is_working = self._wake_next()  # it was given a turn that it no longer takes
            raise

    def _wake_next(self) -> bool:
        """Give the thread to whoever is next; tells whether anybody has it."""
        while self._waiting:
            _, turn = self._waiting.take()
            if not turn.done():
                turn.set_result(None)
                return True
        return False
