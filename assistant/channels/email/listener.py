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
from assistant.errors import AssistantError, ConfigurationError

Take = Callable[[bytes, list[str], str], Awaitable[None]]
"""Stores one mail, given its bytes, and of its envelope the recipients and the sender; returns after the commit."""

_LONGEST_LINE = 65_536  # octets; longer ones are read in pieces
_MOST_RECIPIENTS = 100  # RFC 5321 section 4.5.3.1.8
_MOST_COMMANDS = 1_000  # of one kind in a session
_PATIENCE = 10.0  # seconds for a mail that is being taken when the desk stops
_STORED = "250 2.6.0 Taken"
_LATER = "451 4.3.0 The desk cannot store the message now; try again later"
_TOO_LARGE = "552 5.3.4 The message is larger than the desk takes"

log = structlog.get_logger(__name__)


class _Gate:
    """Who is connected, whether anybody else may be, and whether all are asked to leave."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.is_closing = False
        self.sessions: set[_Session] = set()
        self._left = asyncio.Event()

    @property
    def is_full(self) -> bool:
        return len(self.sessions) >= self.most

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
        log.error("mail.session_failed", error=type(error).__name__)
        return _LATER


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
        self.is_busy = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._gate.sessions.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._gate.leave(self)
        super().connection_lost(error)

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
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        self.is_busy = True
        try:
            content = await self._content()
            envelope.content = envelope.original_content = content
            status = _TOO_LARGE if content is None else await self._call_handler_hook("DATA")
            await self.push("\r\n".join([status] * self._answers(envelope)))
        finally:
            self.is_busy = False
            self.envelope = self._create_envelope()
            if self._gate.is_closing:
                self.hang_up()

    async def _content(self) -> bytes | None:
        """Read up to the line with one dot, dots that only stand for themselves undone; None if too large."""
        content = bytearray()
        size = 0
        line_starts = True
        while True:
            piece = await self._piece()
            if line_starts and piece == b".\r\n":
                return bytes(content) if size <= (self.data_size_limit or math.inf) else None
            size += len(piece)
            if size <= (self.data_size_limit or math.inf):
                content += piece[1:] if line_starts and piece.startswith(b".") else piece
            else:
                content.clear()
            line_starts = piece.endswith(b"\r\n")

    async def _piece(self) -> bytes:
        """Read a line, or as much of a long one as there is."""
        try:
            return await self._reader.readuntil(b"\r\n")
        except asyncio.LimitOverrunError as error:
            return await self._reader.read(error.consumed)

    def _answers(self, envelope: Envelope) -> int:
        return 1


class _LmtpSession(_Session, LMTP):
    """The same in LMTP, which answers once for each recipient (RFC 2033 section 4.2)."""

    def _answers(self, envelope: Envelope) -> int:
        return len(envelope.rcpt_tos)


class _Busy(asyncio.Protocol):
    """Whoever comes when the desk is full."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.WriteTransport):
            transport.write(b"421 4.3.2 Too many sessions; try again later\r\n")
        transport.close()


@asynccontextmanager
async def listening(settings: EmailSettings, tokens: Tokens, take: Take) -> AsyncIterator[tuple[str, int]]:
    """Listen for mail and give the address bound; raises ConfigurationError where it is taken."""
    _quieten()
    gate = _Gate(settings.max_sessions)
    handler = _Handler(tokens, take)
    made = _LmtpSession if settings.protocol == "lmtp" else _Session
    server = await _bound(
        lambda: _Busy() if gate.is_full else made(handler, gate, settings),
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
