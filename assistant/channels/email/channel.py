"""Mail as a channel: the ways in it was given, and the one way out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, cast

import aiosmtplib
import structlog
from imapclient.exceptions import IMAPClientError

from assistant.channels.email import listener, mailbox
from assistant.channels.email.bodies import file_in
from assistant.channels.email.composing import letter
from assistant.channels.email.outbound import FolderOutbound, Outbound, SmtpOutbound
from assistant.channels.email.parsing import CHANNEL, check_size, parse_message, unread_message
from assistant.channels.email.reach import fault_of
from assistant.channels.email.settings import EmailSettings, ImapSettings
from assistant.channels.email.tokens import Tokens
from assistant.channels.hearing import STARTING, Hearing
from assistant.domain.addresses import well_formed
from assistant.errors import ConfigurationError, DeliveryDelayed, DeliveryRefused, NotFound
from assistant.interfaces import Clock, Desk, Finding, Incoming, MailDesk, Outgoing, Way

log = structlog.get_logger(__name__)
_LISTENER, _MAILBOX, _OUTGOING = "listener", "mailbox", "outgoing"
_LARGE = 500_000  # bytes: one such mail is read at a time, and keeps no smaller one waiting


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
        self._reading = {is_large: asyncio.Semaphore(1) for is_large in (False, True)}
        self._hearing = {name: Hearing(CHANNEL, name, clock) for name in _ways_of(settings)}
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

    async def deliver(self, outgoing: Outgoing) -> str:
        """Hand over one mail, the same one for the same key, and give its Message-ID; raises DeliveryDelayed or DeliveryRefused."""
        ready = letter(outgoing, settings=self._settings, tokens=self._tokens, now=self._clock.now())
        try:
            await self._outbound.hand_over(ready)
        except DeliveryDelayed as error:
            if why := error.data.get("why"):
                self._hearing[_OUTGOING].fails(why)
            raise
        except DeliveryRefused:
            self._hearing[_OUTGOING].works()  # our server answers, about this one mail
            raise
        self._hearing[_OUTGOING].works()
        return ready.message_id

    def ways(self) -> Sequence[Way]:
        """Say of each way in and out since when it does not work."""
        return [hearing.way for hearing in self._hearing.values()]

    async def check(self) -> Sequence[Finding]:
        """Sign in to the mailbox and to the server that takes our mail, side by side."""
        checks = [_found(f"{_OUTGOING} {self._outbound.where}", self._outbound.check())]
        if (imap := self._settings.imap) is not None:
            checks.append(_found(f"{_MAILBOX} {imap.host}:{imap.port}", mailbox.check(imap)))
        return await asyncio.gather(*checks)

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
        envelope_sender: str | None = None,
        arrived_at: datetime | None = None,
        is_cut: bool = False,
    ) -> None:
        """Read one mail and have it stored; returns after the commit, raises TooLarge.

        Its receipt is when our mail server got it, where that is known, and now otherwise.
        """
        check_size(raw, self._settings)
        await desk.receive(
            await self._read(
                raw, arrived_at, recipients=recipients, envelope_sender=envelope_sender, is_cut=is_cut
            )
        )

    async def _read(
        self,
        raw: bytes,
        arrived_at: datetime | None,
        *,
        recipients: Sequence[str] = (),
        envelope_sender: str | None = None,
        is_cut: bool,
    ) -> Incoming:
        check_size(raw, self._settings)
        now = self._clock.now()
        received_at = min(now, arrived_at) if arrived_at is not None else now
        known: dict[str, Any] = {
            "received_at": received_at,
            "settings": self._settings,
            "token_key": self._token_key,
        }
        parse = partial(parse_message, raw, recipients=recipients, envelope_sender=envelope_sender, **known)
        async with self._reading[len(raw) > _LARGE]:
            try:
                incoming = await asyncio.to_thread(parse)
            except Exception as error:  # broad: a mail that nobody thought of is kept, and a person reads it
                log.error("mail.unreadable", kind=type(error).__name__)  # noqa: TRY400 - what it says may quote the mail
                incoming = await asyncio.to_thread(unread_message, raw, **known)
        return replace(incoming, headers={**incoming.headers, "truncated": "1"}) if is_cut else incoming

    async def list_earlier(self, desk: MailDesk, found: mailbox.Found) -> None:
        """Have a mail that came before the mailbox was read shown to an agent, if it may be a request."""
        incoming = await self._read(found.raw, found.arrived_at, is_cut=found.is_cut)
        await desk.receive_earlier(incoming)

    def _listener(self, desk: Desk) -> AbstractAsyncContextManager[tuple[str, int]]:
        async def take(raw: bytes, recipients: list[str], sender: str) -> None:
            with self._hearing[_LISTENER].trying():
                await self.take(desk, raw, recipients=recipients, envelope_sender=sender)

        return listener.listening(self._settings, self._tokens, take)

    @asynccontextmanager
    async def _watching(self, desk: Desk, imap: ImapSettings) -> AsyncIterator[None]:
        hearing = self._hearing[_MAILBOX]
        hearing.fails(STARTING)
        taker = _Taker(self, cast("MailDesk", desk))
        task = asyncio.create_task(mailbox.watch(self._settings, imap, taker, hearing), name="mailbox")
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


@dataclass(frozen=True, slots=True)
class _Taker:
    """Hands what lies in the mailbox to the desk."""

    channel: EmailChannel
    desk: MailDesk

    async def store(self, found: mailbox.Found) -> None:
        await self.channel.take(self.desk, found.raw, arrived_at=found.arrived_at, is_cut=found.is_cut)

    async def list_earlier(self, found: mailbox.Found) -> None:
        await self.channel.list_earlier(self.desk, found)

    async def looked_through(self, mailbox: str) -> int:
        return await self.desk.looked_through(mailbox)

    async def note_looked_through(self, mailbox: str, number: int) -> None:
        await self.desk.note_looked_through(mailbox, number)


def _ways_of(settings: EmailSettings) -> list[str]:
    into = [_LISTENER] * (settings.listen_port is not None) + [_MAILBOX] * (settings.imap is not None)
    return [*into, _OUTGOING]


async def _found(where: str, check: Awaitable[Sequence[str]]) -> Finding:
    try:
        told = await check
    except (IMAPClientError, aiosmtplib.SMTPException, OSError, EOFError, ValueError, LookupError) as error:
        return Finding("error", CHANNEL, where, fault_of(error).text)
    return Finding("warning" if told else "ok", CHANNEL, where, "; ".join(told) or "signed in")


def _outbound(settings: EmailSettings) -> Outbound:
    if settings.smtp is not None:
        return SmtpOutbound(settings.smtp, settings.domain)
    if settings.mailbox_dir is not None:
        return FolderOutbound(settings.mailbox_dir)
    raise ConfigurationError("There is no way out for mail; set email.smtp, or email.maildir to a folder.")
