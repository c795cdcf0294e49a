"""Slow hashes, each kind in a thread of its own with fair turns: who sends many waits for themselves, not others for them."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final, TypeVar

from assistant.errors import Busy

T = TypeVar("T")
_WAITING_OF_ONE: Final = 8
_WAITING: Final = 256


class Turns:
    """One thread; whoever waits is served by turns of their key: an address, a conversation, a package."""

    def __init__(self) -> None:
        """Begin with nobody waiting; the thread begins with the first."""
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="hash")
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()
        self._is_working = False

    async def run(self, key: str, work: Callable[[], T]) -> T:
        """Run slow work when its turn comes; raises Busy at once where too many wait already."""
        if self._is_working:
            await self._turn_of(key)
        self._is_working = True
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        finally:
            self._is_working = self._wake_next()

    def close(self) -> None:
        """End the thread after what it is at."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _turn_of(self, key: str) -> None:
        of_one = self._waiting.get(key, deque())
        if len(of_one) >= _WAITING_OF_ONE or sum(map(len, self._waiting.values())) >= _WAITING:
            raise Busy
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._is_working = self._wake_next()  # it was given a turn that it no longer takes
            raise

    def _wake_next(self) -> bool:
        """Give the thread to the first of the next key, whose others go to the end; tells whether anybody has it."""
        while self._waiting:
            key, turns = self._waiting.popitem(last=False)
            turn = turns.popleft()
            if turns:
                self._waiting[key] = turns
            if not turn.done():
                turn.set_result(None)
                return True
        return False


@dataclass(frozen=True, slots=True)
class SlowHashes:
    """The kinds: none of them waits for another."""

    sign_ins: Turns = field(default_factory=Turns)  # by the address it comes from
    codes: Turns = field(default_factory=Turns)  # by the conversation or the package they are typed in
    made: Turns = field(default_factory=Turns)  # of codes that are sent, by the address they were asked for

    def close(self) -> None:
        """End every thread."""
        for turns in (self.sign_ins, self.codes, self.made):
            turns.close()
