"""The mail server of everybody we write to: what it answers stands in the domain of whom a mail is for."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass(frozen=True)
class Arrived:
    """A mail that was accepted."""

    to: str
    sender: str
    content: str

    @property
    def message_id(self) -> str:
        found = re.search(r"^(?:Resent-)?Message-ID:\s*(<[^>]+>)", self.content, re.MULTILINE | re.IGNORECASE)
        return found[1] if found else ""

    @property
    def mark(self) -> str:
        found = re.search(r"^X-Privacy-Desk:\s*(\S+)", self.content, re.MULTILINE)
        return found[1] if found else ""


@dataclass
class MailServer:
    """Accepts what it is not told to refuse; `answers` gives a reply to RCPT or DATA by domain."""

    answers: dict[str, tuple[str, str]] = field(default_factory=dict)  # domain -> (rcpt or data, reply)
    arrived: list[Arrived] = field(default_factory=list)
    port: int = 0
    _sessions: set[SMTP] = field(default_factory=set)
    _left: asyncio.Event = field(default_factory=asyncio.Event)

    def to(self, address: str) -> list[Arrived]:
        return [mail for mail in self.arrived if mail.to == address]

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self._answer(address, "rcpt")

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        to = envelope.rcpt_tos[0]
        answer = self._answer(to, "data")
        if answer.startswith("250"):
            content = envelope.original_content or b""
            self.arrived.append(Arrived(to, envelope.mail_from or "", content.decode("utf-8", "replace")))
        return answer

    def _answer(self, address: str, at: str) -> str:
        where, reply = self.answers.get(address.rpartition("@")[2], ("", ""))
        return reply if where == at else "250 OK"

    @asynccontextmanager
    async def running(self) -> AsyncIterator[MailServer]:
        """Listen on a free port of this machine."""
        server = await asyncio.get_running_loop().create_server(self._session, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            async with asyncio.timeout(20):
                while self._sessions:
                    self._left.clear()
                    await self._left.wait()
            await server.wait_closed()

    def _session(self) -> SMTP:
        return _Counted(self, self._sessions, self._left)


class _Counted(SMTP):
    """A session that is waited for, so that no test leaves one behind."""

    def __init__(self, server: MailServer, sessions: set[SMTP], left: asyncio.Event) -> None:
        super().__init__(server, hostname="mx.example", loop=asyncio.get_running_loop())
        self._counted_in, self._left = sessions, left

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._counted_in.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self._counted_in.discard(self)
        self._left.set()
