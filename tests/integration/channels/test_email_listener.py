"""Mail handed to the desk over real sockets: answered 250 only for what is stored."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, cast

import aiosmtplib
import pytest

from assistant.channels.email import listener
from assistant.channels.email.channel import EmailChannel
from assistant.channels.email.tokens import Tokens
from assistant.errors import ConfigurationError, StoreUnavailable
from tests.doubles.chat_desk import START, StillClock
from tests.doubles.mail_desk import ADDRESS, KEY, MAILS, MemoryMailDesk, mail_settings

MAIL = (MAILS / "fr_erasure_gmail_reply.eml").read_bytes().replace(b"\n", b"\r\n")


@asynccontextmanager
async def listening(tmp_path: Path, desk: MemoryMailDesk, **changed: Any) -> AsyncIterator[tuple[str, int]]:
    settings = mail_settings(
        tmp_path, **{"listen_host": "127.0.0.1", "listen_port": 0, "protocol": "smtp", **changed}
    )
    channel = EmailChannel(settings, StillClock(), KEY)
    async with channel.listening(desk):
        assert channel.listening_at is not None
        yield channel.listening_at
    assert channel.listening_at is None


class Client:
    """A mail server that says exactly what it is told to."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def say(self, *lines: str | bytes) -> str:
        for line in lines:
            self._writer.write((line.encode() if isinstance(line, str) else line) + b"\r\n")
        await self._writer.drain()
        return await self.hear()

    def begin(self, content: bytes) -> None:
        """Send a part of a mail, and no more of it."""
        self._writer.write(content)

    async def hear(self) -> str:
        answer = ""
        while not answer or answer.splitlines()[-1][3:4] == "-":
            line = (await asyncio.wait_for(self._reader.readline(), 20)).decode()
            if not line:
                return answer
            answer += line
        return answer.rstrip()

    async def send(self, content: bytes, *recipients: str) -> str:
        assert (await self.say("MAIL FROM:<a@client.example>")).startswith("250")
        for recipient in recipients or (ADDRESS,):
            assert (await self.say(f"RCPT TO:<{recipient}>")).startswith("250")
        assert (await self.say("DATA")).startswith("354")
        return await self.say(content + b"\r\n.")


@asynccontextmanager
async def connected(at: tuple[str, int], greeting: str = "EHLO mx.client.example") -> AsyncIterator[Client]:
    reader, writer = await asyncio.open_connection(*at)
    client = Client(reader, writer)
    try:
        assert (await client.hear()).startswith("220")
        await client.say(greeting)
        yield client
    finally:
        writer.close()
        with suppress(ConnectionError):  # the desk may have hung up on it, with something still unread
            await writer.wait_closed()


async def test_a_mail_is_stored_with_its_receipt_and_then_acknowledged(tmp_path: Path) -> None:
    desk = MemoryMailDesk()
    async with listening(tmp_path, desk) as (host, port):
        errors, answer = await aiosmtplib.send(
            MAIL, sender="a@client.example", recipients=[ADDRESS], hostname=host, port=port, start_tls=False
        )

    assert (errors, answer[:3]) == ({}, "2.6")
    (incoming,) = desk.taken
    assert incoming.text == "Bonjour,\n\nMerci de supprimer toutes mes données."
    assert incoming.received_at == START
    assert incoming.raw == MAIL


async def test_the_null_sender_of_the_envelope_makes_a_mail_automatic(tmp_path: Path) -> None:
    desk = MemoryMailDesk()
    async with listening(tmp_path, desk) as at, connected(at) as client:
        for sender in ("<>", "<a@client.example>"):
            assert (await client.say(f"MAIL FROM:{sender}")).startswith("250")
            assert (await client.say(f"RCPT TO:<{ADDRESS}>")).startswith("250")
            assert (await client.say("DATA")).startswith("354")
            assert (await client.say(MAIL + sender.encode() + b"\r\n.")).startswith("250")

    assert [incoming.automatic for incoming in desk.taken] == [True, False]


async def test_no_answer_comes_before_the_store_has_committed(tmp_path: Path) -> None:
    desk = MemoryMailDesk()
    desk.may_answer.clear()
    async with listening(tmp_path, desk) as at, connected(at) as client:
        sending = asyncio.create_task(client.send(MAIL))
        await asyncio.wait_for(desk.called.wait(), 20)
        assert not sending.done()
        desk.may_answer.set()

        assert (await sending).startswith("250")


async def test_what_cannot_be_stored_stays_with_the_mail_server_and_the_session_goes_on(
    tmp_path: Path,
) -> None:
    desk = MemoryMailDesk()
    desk.failure = StoreUnavailable()
    async with listening(tmp_path, desk) as at, connected(at) as client:
        assert (await client.send(MAIL)).startswith("451")
        desk.failure = None
        assert (await client.send(MAIL)).startswith("250")

    assert len(desk.taken) == 1


async def test_a_bug_of_ours_loses_no_mail_either(tmp_path: Path) -> None:
    desk = MemoryMailDesk()
    desk.failure = RuntimeError("unforeseen, about a@client.example")  # type: ignore[assignment]
    async with listening(tmp_path, desk) as at, connected(at) as client:
        answer = await client.send(MAIL)

    assert answer.startswith("451")
    assert "client.example" not in answer


async def test_the_same_mail_twice_is_one_message(tmp_path: Path) -> None:
    desk = MemoryMailDesk()
    async with listening(tmp_path, desk) as at, connected(at) as client:
        assert (await client.send(MAIL)).startswith("250")
        assert (await client.send(MAIL)).startswith("250")

    assert (desk.calls, len(desk.taken)) == (2, 1)


async def test_mail_for_anybody_else_is_refused(tmp_path: Path) -> None:
    desk = MemoryMailDesk()
    async with listening(tmp_path, desk) as at, connected(at) as client:
        await client.say("MAIL FROM:<a@client.example>")
        for other in ("sales@desk.example.test", "privacy@evil.example", "privacy"):
            assert (await client.say(f"RCPT TO:<{other}>"))[:3] in {"550", "553"}
        assert (await client.say("DATA")).startswith("503")
        assert (await client.say(f"RCPT TO:<{ADDRESS.upper()}>")).startswith("250")

    assert desk.taken == []


async def test_a_plus_address_on_the_envelope_leads_to_the_conversation(tmp_path: Path) -> None:
    desk = MemoryMailDesk()
    async with listening(tmp_path, desk) as at, connected(at) as client:
        await client.send(MAIL, Tokens(ADDRESS, KEY).reply_address("thread7"))

    assert desk.taken[0].thread == "thread7"


async def test_a_bounce_with_the_null_sender_is_taken(tmp_path: Path) -> None:
    desk = MemoryMailDesk()
    async with listening(tmp_path, desk) as at, connected(at) as client:
        assert (await client.say("MAIL FROM:<>")).startswith("250")
        assert (await client.say(f"RCPT TO:<{ADDRESS}>")).startswith("250")
        await client.say("DATA")
        assert (await client.say(b"Subject: x\r\n\r\nundeliverable\r\n.")).startswith("250")

    assert desk.taken[0].text == "undeliverable"


async def test_the_greeting_says_nothing_about_this_machine(tmp_path: Path) -> None:
    async with listening(tmp_path, MemoryMailDesk()) as at:
        reader, writer = await asyncio.open_connection(*at)
        greeting = (await reader.readline()).decode()
        writer.close()
        await writer.wait_closed()

    assert greeting == "220 desk.example.test SMTP\r\n"
    assert socket.gethostname() not in greeting


# ── limits ──────────────────────────────────────────────────────────────────────────────────────────


async def test_a_mail_that_says_it_is_too_large_is_refused_before_it_is_sent(tmp_path: Path) -> None:
    async with listening(tmp_path, MemoryMailDesk()) as at, connected(at) as client:
        assert "SIZE 25000000" in await client.say("EHLO x")
        assert (await client.say("MAIL FROM:<a@client.example> SIZE=30000000")).startswith("552")


async def test_a_mail_of_30_mb_is_refused_and_the_next_one_taken(tmp_path: Path) -> None:
    desk = MemoryMailDesk()
    line = b"x" * 998 + b"\r\n"
    async with listening(tmp_path, desk) as at, connected(at) as client:
        assert (await client.send(MAIL + line * 30_000)).startswith("552")
        assert (await client.send(MAIL)).startswith("250")

    assert len(desk.taken) == 1


@pytest.mark.parametrize(
    "content",
    [
        b"", b"a", b".", b"..", b"\r\n", b".a\r\n..b\r\n.", b"x" * 200_000, b"." * 200_000, b"a\r\n" * 5_000,
        b"a\n.\nb", b"a\r.\rb", b"a\n.\r\nb", b"\0\xff" * 70_000, b"x" * 65_534 + b"\r\n.y",
    ],
)  # fmt: skip
async def test_every_byte_of_a_message_arrives(tmp_path: Path, content: bytes) -> None:
    desk = MemoryMailDesk()
    stuffed = b"\r\n".join(b"." + line if line.startswith(b".") else line for line in content.split(b"\r\n"))
    async with listening(tmp_path, desk) as at, connected(at) as client:
        assert (await client.send(stuffed)).startswith("250")

    assert desk.taken[0].raw == content + b"\r\n"


async def test_an_empty_message_is_one_too(tmp_path: Path) -> None:
    desk = MemoryMailDesk()
    async with listening(tmp_path, desk) as at, connected(at) as client:
        await client.say("MAIL FROM:<a@client.example>")
        await client.say(f"RCPT TO:<{ADDRESS}>")
        await client.say("DATA")
        assert (await client.say(".")).startswith("250")

    assert desk.taken[0].raw == b""


async def test_a_client_that_stops_in_the_middle_is_hung_up_on_and_nothing_is_stored(tmp_path: Path) -> None:
    desk = MemoryMailDesk()
    async with listening(tmp_path, desk, session_seconds=0.3) as at, connected(at) as client:
        await client.say("MAIL FROM:<a@client.example>")
        await client.say(f"RCPT TO:<{ADDRESS}>")
        await client.say("DATA")
        assert await client.say("Subject: half") == ""

    assert desk.calls == 0


async def test_a_cut_connection_stores_nothing(tmp_path: Path) -> None:
    desk = MemoryMailDesk()
    async with listening(tmp_path, desk) as at:
        async with connected(at) as client:
            await client.say("MAIL FROM:<a@client.example>")
            await client.say(f"RCPT TO:<{ADDRESS}>")
            await client.say("DATA")
        async with connected(at) as client:
            assert (await client.send(MAIL)).startswith("250")

    assert desk.calls == 1


class Line(asyncio.Transport):
    """A connection from an address that this machine has not."""

    def __init__(self, host: str) -> None:
        super().__init__({"peername": (host, 25)})
        self.wrote = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.wrote += bytes(data)

    def close(self) -> None:
        pass

    def is_closing(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("hosts", "admitted"),
    [
        (["2001:db8:1:2::1", "2001:db8:1:2::2", "2001:db8:1:2:3::3"], 2),
        (["192.0.2.7", "::ffff:192.0.2.7", "192.0.2.7"], 2),
        (["2001:db8:1:1::1", "2001:db8:1:2::1", "2001:db8:1:3::1"], 3),
        (["::1", "::1", "::1"], 3),
        (["127.0.0.1", "::ffff:127.0.0.1", "127.0.0.9"], 3),
    ],
)
async def test_one_household_fills_no_more_than_half_the_hall(
    tmp_path: Path, hosts: list[str], admitted: int
) -> None:
    settings = mail_settings(tmp_path)
    gate = listener._Gate(4, settings.max_bytes)
    sessions = [listener._Session(cast("Any", object()), gate, settings) for _ in hosts]
    lines = [Line(host) for host in hosts]
    for session, line in zip(sessions, lines, strict=True):
        session.connection_made(line)
    assert len(gate.sessions) == admitted
    assert sum(line.wrote.startswith(b"421") for line in lines) == len(hosts) - admitted
    for session in sessions:
        session.connection_lost(None)
    await asyncio.sleep(0)
    assert not gate.sessions


async def test_one_session_too_many_is_told_to_come_again(tmp_path: Path) -> None:
    async with listening(tmp_path, MemoryMailDesk(), max_sessions=1) as at:
        async with connected(at):
            reader, writer = await asyncio.open_connection(*at)
            assert (await reader.readline()).startswith(b"421")
            assert await reader.read() == b""
            writer.close()
            await writer.wait_closed()
        async with asyncio.timeout(20):
            while True:
                reader, writer = await asyncio.open_connection(*at)
                answer = await reader.readline()
                writer.close()
                await writer.wait_closed()
                if answer.startswith(b"220"):
                    break


async def test_a_mail_being_stored_when_the_desk_stops_is_still_acknowledged(tmp_path: Path) -> None:
    desk = MemoryMailDesk()
    desk.may_answer.clear()
    async with listening(tmp_path, desk) as at:
        reader, writer = await asyncio.open_connection(*at)
        client = Client(reader, writer)
        await client.hear()
        await client.say("EHLO x")
        sending = asyncio.create_task(client.send(MAIL))
        await asyncio.wait_for(desk.called.wait(), 20)
        asyncio.get_running_loop().call_later(0.2, desk.may_answer.set)

    assert (await sending).startswith("250")
    assert await reader.read() == b""
    writer.close()
    await writer.wait_closed()


async def test_a_taken_port_is_named_with_the_mend(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(ConfigurationError, match=rf"127\.0\.0\.1:{port} .*; stop what listens there"):
            async with listening(tmp_path, MemoryMailDesk(), listen_port=port):
                pass


async def test_no_address_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    desk = MemoryMailDesk()
    async with listening(tmp_path, desk) as at, connected(at) as client:
        await client.send(MAIL)
        await client.say("MAIL FROM:<a@client.example>")
        await client.say("RCPT TO:<canary@client.example>")
        await client.say("CANARY canary@client.example")

    assert "client.example" not in caplog.text


# ── LMTP ────────────────────────────────────────────────────────────────────────────────────────────


async def test_lmtp_answers_once_for_each_recipient(tmp_path: Path) -> None:
    desk = MemoryMailDesk()
    async with (
        listening(tmp_path, desk, protocol="lmtp") as at,
        connected(at, "LHLO mx.client.example") as client,
    ):
        plus = Tokens(ADDRESS, KEY).reply_address("thread7")
        assert (await client.send(MAIL, ADDRESS, plus)).startswith("250")
        assert (await client.hear()).startswith("250")
        big = await client.send(b"x" * 998 + (b"\r\n" + b"x" * 998) * 26_000, ADDRESS, plus)
        assert big.startswith("552")
        assert (await client.hear()).startswith("552")

    assert [incoming.thread for incoming in desk.taken] == ["thread7"]


async def test_lmtp_is_not_spoken_to_in_smtp(tmp_path: Path) -> None:
    async with (
        listening(tmp_path, MemoryMailDesk(), protocol="lmtp") as at,
        connected(at, "LHLO x") as client,
    ):
        assert (await client.say("EHLO x")).startswith("500")


async def test_half_sent_mails_fill_no_memory_and_small_ones_are_still_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.channels.email.listener._FREE", 10_000)
    monkeypatch.setattr("assistant.channels.email.listener._LARGEST_AT_ONCE", 1)
    large = MAIL + b"x" * 60_000
    desk = MemoryMailDesk()
    async with listening(tmp_path, desk, max_bytes=100_000) as at:
        async with connected(at) as half, connected(at) as other:
            await half.say("MAIL FROM:<a@client.example>")
            await half.say(f"RCPT TO:<{ADDRESS}>")
            await half.say("DATA")
            half.begin(large)
            async with asyncio.timeout(20):
                while not (await other.send(large)).startswith("452"):
                    desk.taken.clear()
            assert (await other.send(MAIL)).startswith("250")
        async with connected(at) as other:
            assert (await other.send(large)).startswith("250")


async def test_a_session_that_only_talks_is_hung_up_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.channels.email.listener._MOST_COMMANDS", 10**9)
    async with listening(tmp_path, MemoryMailDesk(), session_seconds=0.2) as at, connected(at) as client:
        with suppress(ConnectionError):
            async with asyncio.timeout(20):
                while answer := await client.say("NOOP"):
                    assert answer.startswith("250")


async def test_what_follows_a_mail_in_one_piece_is_a_command(tmp_path: Path) -> None:
    desk = MemoryMailDesk()
    async with listening(tmp_path, desk) as at, connected(at) as client:
        for _ in range(2):
            await client.say("MAIL FROM:<a@client.example>")
            await client.say(f"RCPT TO:<{ADDRESS}>")
            assert (await client.say("DATA")).startswith("354")
            assert (await client.say(b"..a\r\n.b\r\n.\r\nNOOP")).startswith("250 2.6")
            assert (await client.hear()).startswith("250")
    assert desk.taken[0].raw == b".a\r\nb\r\n"


async def test_a_mail_that_trips_its_reader_is_kept_whole_for_a_person(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def trips(*_: object, **__: object) -> None:
        raise RuntimeError("nobody thought of a@client.example")

    monkeypatch.setattr("assistant.channels.email.channel.parse_message", trips)
    desk = MemoryMailDesk()
    async with listening(tmp_path, desk) as at, connected(at) as client:
        assert (await client.send(MAIL)).startswith("250")
        assert (await client.send(MAIL)).startswith("250")
    (incoming,) = desk.taken
    assert (incoming.raw or b"").startswith(MAIL)
    assert (incoming.text, incoming.sender) == ("", None)
    assert incoming.headers == {"unreadable": "1"}
