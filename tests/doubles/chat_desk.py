"""A desk in memory that answers live chat, for trying the socket and the widget without the rest."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from assistant.errors import NotVerified, StoreUnavailable
from assistant.interfaces import ChatMessage, ChatSession, Incoming, Receipt

Item = ChatMessage | Literal["typing"]
IDLE_SECONDS = 1800
START = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


class StillClock:
    """A clock that stands until it is moved."""

    def __init__(self, at: datetime = START) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


@dataclass
class Thread:
    """One conversation: what was said, and who watches."""

    token: str
    messages: list[ChatMessage] = field(default_factory=list)
    watchers: list[asyncio.Queue[Item | None]] = field(default_factory=list)
    receipts: dict[str, Receipt] = field(default_factory=dict)
    seen: list[int] = field(default_factory=list)
    locales: list[str | None] = field(default_factory=list)


Answer = Callable[["MemoryChatDesk", str, Incoming], Awaitable[None]]


class MemoryChatDesk:
    """Keeps every promise of ChatDesk in a dict; `answer` is called after each stored message."""

    def __init__(self, answer: Answer | None = None) -> None:
        self.threads: dict[str, Thread] = {}
        self.received: list[Incoming] = []
        self.identified: list[tuple[str, str]] = []
        self.broken = False
        self.hidden_before = 0
        self.gate: asyncio.Event | None = None
        self.reached_gate = asyncio.Event()
        self.before_watch: Callable[[str], object] | None = None
        self._answer = answer
        self._last_id = 0

    async def open_session(self, token: str | None, after: int | None, locale: str | None) -> ChatSession:
        self._check()
        name = f"thread of {token}"
        if token is None or name not in self.threads:
            token = f"token-{len(self.threads) + 1}"
            name = f"thread of {token}"
            self.threads[name] = Thread(token)
        thread = self.threads[name]
        thread.locales.append(locale)
        since = max(after or 0, self.hidden_before)
        shown = tuple(message for message in thread.messages if message.id > since)
        return ChatSession(
            token, name, shown, self.hidden_before, idle_seconds=IDLE_SECONDS, hidden_in=IDLE_SECONDS
        )

    async def receive(self, incoming: Incoming) -> Receipt:
        if self.gate is not None:
            self.reached_gate.set()
            await self.gate.wait()
        self._check()
        thread = self.threads[incoming.thread]
        if incoming.external_id in thread.receipts:
            return replace(thread.receipts[incoming.external_id], duplicate=True)
        self.received.append(incoming)
        said = self.say(incoming.thread, incoming.text, sender="you", client_id=incoming.external_id)
        receipt = Receipt(incoming.thread, said.id, duplicate=False)
        thread.receipts[incoming.external_id] = receipt
        if self._answer is not None:
            await self._answer(self, incoming.thread, incoming)
        return receipt

    async def identify(self, thread: str, token: str) -> None:
        if token != "signed-by-the-site":
            raise NotVerified
        self.identified.append((thread, token))

    async def seen(self, thread: str, message_id: int) -> None:
        self.threads[thread].seen.append(message_id)

    @asynccontextmanager
    async def watch(self, thread: str) -> AsyncIterator[AsyncIterator[Item]]:
        if self.before_watch is not None:
            self.before_watch(thread)
        queue: asyncio.Queue[Item | None] = asyncio.Queue()
        self.threads[thread].watchers.append(queue)
        try:
            yield self._stream(queue)
        finally:
            self.threads[thread].watchers.remove(queue)

    def say(
        self,
        thread: str,
        text: str,
        sender: Literal["assistant", "agent", "you"] = "assistant",
        **fields: Any,
    ) -> ChatMessage:
        """Commit a message and tell whoever watches."""
        self._last_id += 1
        name = {"assistant": "Assistant", "agent": "Maya", "you": ""}[sender]
        at = START + timedelta(seconds=self._last_id)
        message = ChatMessage(self._last_id, sender, name, text, at, **fields)
        self.threads[thread].messages.append(message)
        self._tell(thread, message)
        return message

    def type(self, thread: str) -> None:
        """Show that somebody writes."""
        self._tell(thread, "typing")

    def end(self, thread: str) -> None:
        """End the session for whoever watches."""
        self._tell(thread, None)

    def _tell(self, thread: str, item: Item | None) -> None:
        for queue in self.threads[thread].watchers:
            queue.put_nowait(item)

    def _check(self) -> None:
        if self.broken:
            raise StoreUnavailable

    @staticmethod
    async def _stream(queue: asyncio.Queue[Item | None]) -> AsyncIterator[Item]:
        while (item := await queue.get()) is not None:
            yield item
