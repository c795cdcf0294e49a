"""Mail as a channel: the ways in it was given, and the one way out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from datetime import datetime

from assistant.channels.email import listener, mailbox
from assistant.channels.email.bodies import file_in
from assistant.channels.email.composing import letter
from assistant.channels.email.outbound import FolderOutbound, Outbound, SmtpOutbound
from assistant.channels.email.parsing import CHANNEL, parse_message
from assistant.channels.email.sender import well_formed
from assistant.channels.email.settings import EmailSettings, ImapSettings
from assistant.channels.email.tokens import Tokens
from assistant.errors import ConfigurationError, NotFound
from assistant.interfaces import Clock, Desk, Outgoing

_READERS = 2  # mails read at once; each may be as large as the largest


class EmailChannel:
    """The desk's mail address."""

    name = CHANNEL

    def __init__(self, settings: EmailSettings, clock: Clock, token_key: bytes) -> None:
        """Take the settings and the key that signs conversations; raises ConfigurationError."""
        if well_formed(settings.address) is None:
            raise ConfigurationError("email.address is no mail address; write one like privacy@example.org.")
        self._settings = settings
        self._clock = clock
        self._token_key = token_key
        self._tokens = Tokens(settings.address, token_key)
        self._outbound = _outbound(settings)
        self._reading = asyncio.Semaphore(_READERS)
        self.listening_at: tuple[str, int] | None = None

    @asynccontextmanager
    async def listening(self, desk: Desk) -> AsyncIterator[None]:
        """Take mail while the context is open; raises ConfigurationError where the port is taken."""
        async with AsyncExitStack() as open_ways:
            if self._settings.listen_port is not None:
                self.listening_at = await open_ways.enter_async_context(self._listener(desk))
            if self._settings.imap is not None:
                await open_ways.enter_async_context(self._watching(desk, self._settings.imap))
            try:
                yield
            finally:
                self.listening_at = None

    async def deliver(self, outgoing: Outgoing) -> None:
        """Hand over one mail, the same one for the same key; raises DeliveryDelayed or DeliveryRefused."""
        ready = letter(outgoing, settings=self._settings, tokens=self._tokens, now=self._clock.now())
        await self._outbound.hand_over(ready)

    def attached(self, raw: bytes, number: int) -> bytes:
        """Give one file of a mail by its place in the list; raises NotFound."""
        found = file_in(raw, number)
        if found is None:
            raise NotFound("There is no such file in this message.")
        return found

    async def take(
        self,
        desk: Desk,
        raw: bytes,
        *,
        recipients: Sequence[str] = (),
        arrived_at: datetime | None = None,
        is_cut: bool = False,
    ) -> None:
        """Read one mail and have it stored; returns after the commit.

        Its receipt is when our mail server got it, where that is known, and now otherwise.
        """
        now = self._clock.now()
        received_at = min(now, arrived_at) if arrived_at is not None else now
        async with self._reading:
            incoming = await asyncio.to_thread(
                parse_message,
                raw,
                received_at=received_at,
                settings=self._settings,
                token_key=self._token_key,
                recipients=recipients,
            )
        if is_cut:
            incoming = replace(incoming, headers={**incoming.headers, "truncated": "1"})
        await desk.receive(incoming)

    def _listener(self, desk: Desk) -> AbstractAsyncContextManager[tuple[str, int]]:
        async def take(raw: bytes, recipients: list[str]) -> None:
            await self.take(desk, raw, recipients=recipients)

        return listener.listening(self._settings, self._tokens, take)

    @asynccontextmanager
    async def _watching(self, desk: Desk, imap: ImapSettings) -> AsyncIterator[None]:
        async def store(found: mailbox.Found) -> None:
            await self.take(desk, found.raw, arrived_at=found.arrived_at, is_cut=found.is_cut)

        task = asyncio.create_task(mailbox.watch(self._settings, imap, store), name="mailbox")
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


def _outbound(settings: EmailSettings) -> Outbound:
    if settings.smtp is not None:
        return SmtpOutbound(settings.smtp, settings.domain)
    if settings.mailbox_dir is not None:
        return FolderOutbound(settings.mailbox_dir)
    raise ConfigurationError("There is no way out for mail; set email.smtp, or email.maildir to a folder.")
