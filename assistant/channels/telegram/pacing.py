"""How fast the bot may speak: once a second in a chat, thirty times in all, and not at all when told so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

_REMEMBERED = 1000  # chats; beyond, those that are free again are forgotten


@dataclass(slots=True)
class _Chat:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0
    free_at: float = 0.0


class Pacing:
    """Keeps the messages of a chat in order and apart; all instants are the event loop's seconds."""

    def __init__(self, chat_seconds: float, per_second: float) -> None:
        """Take the seconds between two messages of a chat, and the messages a second of all chats."""
        self._chat_seconds = chat_seconds
        self._gap = 1 / per_second
        self._chats: dict[int, _Chat] = {}
        self._free_at = 0.0
        self._silent_until = 0.0

    @asynccontextmanager
    async def chat(self, chat_id: int) -> AsyncIterator[Callable[[], Awaitable[None]]]:
        """Have the chat alone; what is given waits until one more message may go there."""
        chat = self._chats.setdefault(chat_id, _Chat())
        chat.users += 1
        try:
            async with chat.lock:
                yield lambda: self._wait(chat)
        finally:
            chat.users -= 1
            self._forget()

    def silence(self, seconds: float) -> None:
        """Note that Telegram wants to hear nothing for so long."""
        self._silent_until = max(self._silent_until, _now() + seconds)

    @property
    def is_silent(self) -> bool:
        """Whether that time still runs."""
        return _now() < self._silent_until

    async def _wait(self, chat: _Chat) -> None:
        await _sleep_until(chat.free_at)
        slot = max(_now(), self._free_at)
        self._free_at = slot + self._gap
        chat.free_at = slot + self._chat_seconds
        await _sleep_until(slot)

    def _forget(self) -> None:
        if len(self._chats) > _REMEMBERED:
            now = _now()
            self._chats = {i: chat for i, chat in self._chats.items() if chat.users or chat.free_at > now}


async def _sleep_until(at: float) -> None:
    if (left := at - _now()) > 0:
        await asyncio.sleep(left)


def _now() -> float:
    return asyncio.get_running_loop().time()
