"""The way in from our own mail server: SMTP or LMTP on loopback, answered 250 once the desk has the mail."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import structlog
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session, syntax

from assistant.channels.email.settings import EmailSettings
from assistant.channels.email.tokens import Tokens
from assistant.domain.networks import address_of, is_this_machine
from assistant.errors import AssistantError, ConfigurationError

Take = Callable[[bytes, list[str], str], Awaitable[None]]
"""Stores one mail, given its bytes, and of its envelope the recipients and the sender; returns after the commit."""

_LONGEST_LINE = 4_096  # octets of a command
_MOST_RECIPIENTS = 100  # RFC 5321 section 4.5.3.1.8
_MOST_COMMANDS = 1_000  # of one kind in a session
_PATIENCE = 10.0  # seconds for a mail that is being taken when the desk stops
_STORED = "250 2.6.0 Taken"
_LATER = "451 4.3.0 The desk cannot store the message now; try again later"
_FULL = "452 4.3.1 Too much mail is on its way; try again later"
_COME_AGAIN = b"421 4.3.2 Too many sessions; try again later\r\n"
_AT_LEAST = 10.0  # seconds that a session has for a mail before somebody else may have its place
_FREE = 1_000_000  # bytes of a mail on its way that are taken whatever the others hold
_LARGEST_AT_ONCE = 4  # mails of the largest size, beyond that
_END = b"\r\n.\r\n"
_TOO_LARGE = "552 5.3.4 The message is larger than the desk takes"

log = structlog.get_logger(__name__)


class _Gate:
    """Who is connected, whether anybody else may be, how much all hold, and whether all are asked to leave."""

    def __init__(self, most: int, most_held: int) -> None:
        self.most = most
        self.most_held = most_held
        self.is_closing = False
        self.sessions: set[_Session] = set()
        self._left = asyncio.Event()

    def admit(self, session: _Session) -> bool:
        """Let a session in; one that brought nothing for the longest time makes room, and no host but our own fills the hall."""
        others = sum(each.host == session.host for each in self.sessions)
        if others >= max(1, self.most // 2) and not session.is_ours:
            return False
        if len(self.sessions) >= self.most and not self._make_room(session.since):
            return False
        self.sessions.add(session)
        return True

    def _make_room(self, now: float) -> bool:
        idle = (each for each in self.sessions if not each.is_storing)
        eldest = min(idle, key=lambda each: each.since, default=None)
        if eldest is None or now - eldest.since < _AT_LEAST:
            return False
        eldest.hang_up()
        self.leave(eldest)
        return True

    def has_room(self, session: _Session, size: int) -> bool:
        """Tell whether a mail on its way may go on growing: half-sent ones must not fill the memory."""
        held = sum(max(0, each.held - _FREE) for each in self.sessions if each is not session)
        return size <= _FREE or held + size <= self.most_held

    def leave(self, session: _Session) -> None:
        self.sessions.discard(session)
        self._left.set()

    async def empty(self, seconds: float) -> None:
        """Let a mail that is being taken be taken, and close everything else."""
        self.is_closing = True
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self.sessions:
                    self._left.clear()
                    self._hang_up(lambda session: not session.is_busy)
                    await self._left.wait()
        self._hang_up(lambda _: True)

    def _hang_up(self, chosen: Callable[[_Session], bool]) -> None:
        for session in [each for each in self.sessions if chosen(each)]:
            session.hang_up()


class _Handler:
    """Decides on recipients and mails; aiosmtpd calls it by the names of the commands."""

    def __init__(self, tokens: Tokens, take: Take) -> None:
        self._tokens = tokens
        self._take = take

    async def handle_MAIL(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take any sender, the null one of bounces too."""
        envelope.mail_from = address or "<>"
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take mail for the desk's address and its plus-addresses, and for nobody else."""
        if not self._tokens.is_ours(address):
            return "550 5.1.1 There is no such mailbox here"
        if len(envelope.rcpt_tos) >= _MOST_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Say that a mail is taken only after the desk has said so."""
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        try:
            await self._take(content, list(envelope.rcpt_tos), envelope.mail_from or "<>")
        except AssistantError as error:
            log.warning("mail.not_stored", reason=error.code)
            return _LATER
        return _STORED

    async def handle_exception(self, error: Exception) -> str:
        """Have the mail server keep the mail, whatever went wrong here."""
        with suppress(Exception):  # or the library answers 500, and the mail is returned for good
            log.error("mail.session_failed", error=type(error).__name__)
        return _LATER


class _Coming:
    """A mail on its way: held up to the line with one dot, dots that only stand for themselves undone."""

    def __init__(self, why_not: Callable[[int], str]) -> None:
        self._why_not = why_not
        self._refused = ""
        self._held = bytearray(b"\r\n")  # so that the first line begins like any other
        self.content: asyncio.Future[bytes | str] = asyncio.get_running_loop().create_future()

    @property
    def size(self) -> int:
        return len(self._held)

    def feed(self, data: bytes) -> bytes | None:
        """Take a piece; gives what follows the mail once that is whole."""
        looked_at = max(0, len(self._held) - len(_END) + 1)
        self._held += data
        end = self._held.find(_END, looked_at)
        self._refused = self._refused or self._why_not(len(self._held) if end < 0 else end)
        if end >= 0:
            rest = bytes(self._held[end + len(_END) :])
            del self._held[end + 2 :]
            if not self.content.done():
                self.content.set_result(self._refused or bytes(self._held).replace(b"\r\n.", b"\r\n")[2:])
            return rest
        if self._refused:
            del self._held[: -len(_END)]
        return None


class _Session(SMTP):
    """One connection of a mail server."""

    line_length_limit = _LONGEST_LINE

    def __init__(self, handler: _Handler, gate: _Gate, settings: EmailSettings) -> None:
        super().__init__(
            handler,
            data_size_limit=settings.max_bytes,
            enable_SMTPUTF8=True,
            hostname=settings.domain,
            ident=settings.protocol.upper(),
            timeout=settings.session_seconds,
            command_call_limit=_MOST_COMMANDS,
            loop=asyncio.get_running_loop(),
        )
        self._gate = gate
        self._patience = 2 * settings.session_seconds
        self._runs_out: asyncio.TimerHandle | None = None
        self.host = ""  # or its household
        self.is_ours = False
        self.since = 0.0  # when it came, or brought its last mail
        self._coming: _Coming | None = None
        self.is_busy = False  # a mail is on its way, or being stored
        self.is_storing = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        host = str((transport.get_extra_info("peername") or ("",))[0])
        self.host, self.is_ours = address_of(host), is_this_machine(host)
        self._begin_waiting()
        if self._gate.admit(self):
            super().connection_made(transport)
            return
        self._end_waiting()
        if isinstance(transport, asyncio.WriteTransport):
            transport.write(_COME_AGAIN)
        transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        self._end_waiting()
        if self.transport is not None:
            self._gate.leave(self)
            super().connection_lost(error)

    def _begin_waiting(self) -> None:
        """Wait for a mail, however many commands come instead."""
        self._end_waiting()
        loop = asyncio.get_running_loop()
        self.since = loop.time()
        self._runs_out = loop.call_later(self._patience, self._lose_patience)

    def _end_waiting(self) -> None:
        if self._runs_out is not None:
            self._runs_out.cancel()

    def _lose_patience(self) -> None:
        if self.is_storing:
            self._begin_waiting()
        else:
            self.hang_up()

    @property
    def held(self) -> int:
        """Give how many bytes of a mail on its way are held."""
        return self._coming.size if self._coming else 0

    def hang_up(self) -> None:
        if self.transport is not None:
            self.transport.close()

    @syntax("DATA")
    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        """Read a mail into one buffer; the library's own way takes 40 times its size for short lines."""
        if await self.check_helo_needed() or await self.check_auth_needed("DATA"):
            return
        envelope = self.envelope
        if envelope is None or not envelope.rcpt_tos or arg:
            await self.push("501 Syntax: DATA" if arg else "503 Error: need RCPT command")
            return
        self.is_busy = True
        coming = self._coming = _Coming(self._why_not)
        try:
            await self.push("354 End data with <CR><LF>.<CR><LF>")
            status = await self._taken(envelope, await coming.content)
            await self.push("\r\n".join([status] * self._answers(envelope)))
        finally:
            self.is_busy = self.is_storing = False
            self._coming = None
            self._begin_waiting()
            self.envelope = self._create_envelope()
            if self._gate.is_closing:
                self.hang_up()

    async def _taken(self, envelope: Envelope, content: bytes | str) -> str:
        """Have a mail stored; gives what is said to that."""
        if isinstance(content, str):
            return content
        envelope.content = envelope.original_content = content
        self.is_storing = True
        status: str = await self._call_handler_hook("DATA")
        return status

    def data_received(self, data: bytes) -> None:
        """Take a mail in whole pieces: a line at a time, short ones would keep everybody else waiting."""
        if self._coming is None:
            super().data_received(data)
            return
        rest = self._coming.feed(data)
        if rest is not None:
            self._coming = None
            super().data_received(rest)

    def eof_received(self) -> bool | None:
        if self._coming is not None:
            return False  # half a mail: the connection closes
        return super().eof_received()

    def _why_not(self, size: int) -> str:
        """Say why a mail of this size is not taken; empty where it is."""
        if size > (self.data_size_limit or math.inf):
            return _TOO_LARGE
        return "" if self._gate.has_room(self, size) else _FULL

    def _answers(self, envelope: Envelope) -> int:
        return 1


class _LmtpSession(_Session, LMTP):
    """The same in LMTP, which answers once for each recipient (RFC 2033 section 4.2)."""

    def _answers(self, envelope: Envelope) -> int:
        return len(envelope.rcpt_tos)


@asynccontextmanager
async def listening(settings: EmailSettings, tokens: Tokens, take: Take) -> AsyncIterator[tuple[str, int]]:
    """Listen for mail and give the address bound; raises ConfigurationError where it is taken."""
    _quieten()
    gate = _Gate(settings.max_sessions, _LARGEST_AT_ONCE * settings.max_bytes)
    handler = _Handler(tokens, take)
    made = _LmtpSession if settings.protocol == "lmtp" else _Session
    server = await _bound(
        lambda: made(handler, gate, settings),
        settings.listen_host or "127.0.0.1",
        settings.listen_port or 0,
    )
    host, port = server.sockets[0].getsockname()[:2]
    log.info("mail.listening", host=host, port=port, protocol=settings.protocol)
    try:
        yield str(host), int(port)
    finally:
        server.close()
        await gate.empty(_PATIENCE)
        await server.wait_closed()


async def _bound(factory: Callable[[], asyncio.Protocol], host: str, port: int) -> asyncio.Server:
    try:
        return await asyncio.get_running_loop().create_server(factory, host, port)
    except OSError as error:
        raise ConfigurationError(
            f"Mail cannot be taken at {host}:{port} ({error.strerror}); "
            "stop what listens there, or set another address in email.listen."
        ) from error


def _quieten() -> None:
    """Silence the library's own log, which writes down every address and every line."""
    logging.getLogger("mail.log").disabled = True
