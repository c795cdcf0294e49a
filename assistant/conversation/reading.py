"""Long messages are read beside the writer, one after the other, whoever sends them each in turn."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from assistant.interfaces import Incoming
    from intents import Reader, Reading

SHORT: Final = 600  # characters: so much is read by the writer, in about a millisecond
_Job = tuple[Callable[[], "Reading"], "asyncio.Future[Reading]"]


@dataclass(slots=True)
class LongReadings:
    """One thread and one queue a sender: who sends forty long messages waits for forty, and nobody else does."""

    reader: Reader
    _waiting: dict[str, deque[_Job]] = field(default_factory=dict)
    _work: asyncio.Task[None] | None = None
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "read-long"))

    async def read(self, whose: str, text: str, quoted: Sequence[str] = ()) -> Reading:
        """Read a message when it is its sender's turn; raises what reading raised."""
        done: asyncio.Future[Reading] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(whose, deque()).append(
            (partial(self.reader.read, text, quoted=quoted), done)
        )
        if self._work is None:
            self._work = asyncio.create_task(self._one_by_one())
        return await done

    async def _one_by_one(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            whose = next(iter(self._waiting))
            own = self._waiting.pop(whose)
            read, done = own.popleft()
            reading = loop.run_in_executor(self._thread, read)
            await asyncio.wait([reading])
            if own := deque([*own, *self._waiting.pop(whose, ())]):
                self._waiting[whose] = own  # behind all who came meanwhile
            if done.cancelled():
                continue
            if error := reading.exception():
                done.set_exception(error)
            else:
                done.set_result(reading.result())
        self._work = None


def whose_turn(incoming: Incoming) -> str:
    """Say with whom a message shares its turns: who sends from one place is one, and all mail is one, for it can wait."""
    return incoming.peer or (incoming.channel if incoming.channel == "email" else incoming.thread)
