"""Mail handed to a real mail server, and what its refusals become."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from assistant.channels.email.channel import EmailChannel
from assistant.channels.email.settings import SmtpSettings
from assistant.channels.email.tokens import Tokens
from assistant.errors import DeliveryDelayed, DeliveryRefused
from tests.doubles.chat_desk import StillClock
from tests.doubles.mail_desk import ADDRESS, KEY, MAILS, mail_settings, outgoing

RECIPIENT = "claire.dumas@client.example"


class Sink:
    """A mail server that keeps what it gets, or answers what it is told."""

    def __init__(self, **answers: str) -> None:
        self.answers = answers
        self.envelopes: list[Envelope] = []
        self.signed_in: list[tuple[bytes, bytes]] = []

    async def handle_MAIL(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address or "<>"
        return self.answers.get("mail", "250 OK")

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.answers.get("rcpt", "250 OK")

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.envelopes.append(envelope)
        return self.answers.get("data", "250 OK")

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any
    ) -> AuthResult:
        self.signed_in.append((data.login, data.password))
        return AuthResult(success=data.password == b"right", handled=False)


class SinkSession(SMTP):
    """A session that is waited for, so that no test leaves one behind."""

    def __init__(self, sink: Sink, open_sessions: set[SMTP], left: asyncio.Event) -> None:
        super().__init__(
            sink,
            hostname="mx.example",
            loop=asyncio.get_running_loop(),
            authenticator=sink.authenticate,
            auth_require_tls=False,
        )
        self._open_sessions = open_sessions
        self._left = left

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._open_sessions.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self._open_sessions.discard(self)
        self._left.set()


@asynccontextmanager
async def channel_to(sink: Sink, tmp_path: Path, **changed: Any) -> AsyncIterator[EmailChannel]:
    open_sessions: set[SMTP] = set()
    left = asyncio.Event()
    server = await asyncio.get_running_loop().create_server(
        lambda: SinkSession(sink, open_sessions, left), "127.0.0.1", 0
    )
    port = server.sockets[0].getsockname()[1]
    smtp = SmtpSettings(host="127.0.0.1", port=port, **{"starttls": False, "timeout": 5.0, **changed})
    try:
        yield EmailChannel(mail_settings(tmp_path, smtp=smtp), StillClock(), KEY)
    finally:
        server.close()
        async with asyncio.timeout(20):
            while open_sessions:
                left.clear()
                await left.wait()
        await server.wait_closed()


async def test_a_reply_reaches_the_server_whole(tmp_path: Path) -> None:
    sink = Sink()
    async with channel_to(sink, tmp_path) as channel:
        await channel.deliver(outgoing(text="Ligne\n.point\n..deux\nété"))

    (envelope,) = sink.envelopes
    assert envelope.rcpt_tos == [RECIPIENT]
    assert envelope.mail_from == Tokens(ADDRESS, KEY).reply_address("thread7")
    assert b"\r\n.point\r\n..deux\r\n=C3=A9t=C3=A9" in (envelope.original_content or b"")
    assert not (tmp_path / "sent").exists()


async def test_an_acknowledgement_has_the_null_sender(tmp_path: Path) -> None:
    sink = Sink()
    async with channel_to(sink, tmp_path) as channel:
        await channel.deliver(outgoing(headers={"envelope": "null"}))

    assert sink.envelopes[0].mail_from == "<>"


async def test_a_relay_arrives_byte_for_byte(tmp_path: Path) -> None:
    original = (MAILS / "winmail.eml").read_bytes().replace(b"\n", b"\r\n")
    sink = Sink()
    async with channel_to(sink, tmp_path) as channel:
        await channel.deliver(
            outgoing(kind="relay", thread=None, recipient="support@client.example", raw=original)
        )

    assert (sink.envelopes[0].original_content or b"").endswith(original)
    assert sink.envelopes[0].rcpt_tos == ["support@client.example"]


@pytest.mark.parametrize("at", ["mail", "rcpt", "data"])
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ("550 5.1.1 claire.dumas@client.example is unknown", DeliveryRefused),
        ("450 4.2.1 claire.dumas@client.example is busy", DeliveryDelayed),
        ("530 5.7.0 sign in first", DeliveryDelayed),
    ],
)
async def test_the_servers_answer_decides_and_is_not_repeated(
    tmp_path: Path, at: str, answer: str, error: type[Exception]
) -> None:
    async with channel_to(Sink(**{at: answer}), tmp_path) as channel:
        with pytest.raises(error) as raised:
            await channel.deliver(outgoing())

    told = "".join(traceback.format_exception(raised.value)) + repr(vars(raised.value))
    assert answer[:3] in str(raised.value)
    assert "client.example" not in told


async def test_a_server_that_is_not_there_delays_the_mail(tmp_path: Path) -> None:
    async with channel_to(Sink(), tmp_path) as channel:
        pass

    with pytest.raises(DeliveryDelayed, match="could not be reached"):
        await channel.deliver(outgoing())


async def test_a_server_that_says_nothing_delays_the_mail(tmp_path: Path) -> None:
    ended = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        await writer.wait_closed()
        ended.set()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    smtp = SmtpSettings(
        host="127.0.0.1", port=server.sockets[0].getsockname()[1], starttls=False, timeout=0.2
    )
    async with server:
        channel = EmailChannel(mail_settings(tmp_path, smtp=smtp), StillClock(), KEY)
        with pytest.raises(DeliveryDelayed):
            await channel.deliver(outgoing())
        await asyncio.wait_for(ended.wait(), 20)


async def test_starttls_that_is_asked_for_is_required(tmp_path: Path) -> None:
    sink = Sink()
    async with channel_to(sink, tmp_path, starttls=True) as channel:
        with pytest.raises(DeliveryDelayed):
            await channel.deliver(outgoing())

    assert sink.envelopes == []


async def test_a_wrong_password_delays_and_a_right_one_delivers(tmp_path: Path) -> None:
    sink = Sink()
    async with channel_to(sink, tmp_path, user="desk", password="wrong") as channel:
        with pytest.raises(DeliveryDelayed, match="535"):
            await channel.deliver(outgoing())
    async with channel_to(sink, tmp_path, user="desk", password="right") as channel:
        await channel.deliver(outgoing())

    assert set(sink.signed_in) == {(b"desk", b"wrong"), (b"desk", b"right")}
    assert len(sink.envelopes) == 1
