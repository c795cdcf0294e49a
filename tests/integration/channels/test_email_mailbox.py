"""Mail fetched from a real Dovecot: nothing moves before it is stored, nothing is lost where that fails."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from imapclient import IMAPClient
from structlog.testing import capture_logs

from assistant.channels.email.channel import EmailChannel
from assistant.channels.email.settings import ImapSettings
from assistant.errors import StoreUnavailable
from tests.doubles import dovecot
from tests.doubles.chat_desk import StillClock
from tests.doubles.mail_desk import KEY, MAILS, MemoryMailDesk, mail_settings

pytestmark = pytest.mark.skipif(not dovecot.is_here(), reason=dovecot.MISSING)

LATER = datetime(2100, 1, 1, tzinfo=UTC)
ARRIVED = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def server() -> Iterator[dovecot.Dovecot]:
    with dovecot.running() as started:
        yield started


@pytest.fixture
def mailbox(server: dovecot.Dovecot) -> Iterator[IMAPClient]:
    """A second client of the mailbox, which begins empty."""
    with IMAPClient("127.0.0.1", port=server.imap_port, ssl=False) as client:
        client.login(dovecot.USER, dovecot.PASSWORD)
        client.select_folder("INBOX")
        client.delete_messages(client.search())
        client.expunge()
        if client.folder_exists("Processed"):
            client.delete_folder("Processed")
        yield client


def put(mailbox: IMAPClient, raw: bytes) -> None:
    mailbox.append("INBOX", raw.replace(b"\n", b"\r\n"), (), ARRIVED)


def left(mailbox: IMAPClient) -> int:
    mailbox.select_folder("INBOX", readonly=True)
    return len(mailbox.search())


def put_away(mailbox: IMAPClient) -> int:
    if not mailbox.folder_exists("Processed"):
        return 0
    return int(mailbox.folder_status("Processed", ["MESSAGES"])[b"MESSAGES"])


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not await asyncio.to_thread(holds):  # noqa: ASYNC110  another process decides
            await asyncio.sleep(0.05)


@asynccontextmanager
async def watching(
    server: dovecot.Dovecot,
    desk: MemoryMailDesk,
    tmp_path: Path,
    *,
    password: str = dovecot.PASSWORD,
    **changed: Any,
) -> AsyncIterator[None]:
    imap = ImapSettings(
        host="127.0.0.1", port=server.imap_port, user=dovecot.USER, password=password, tls=False
    )
    settings = mail_settings(tmp_path, **{"imap": imap, "poll_every": 0.1, **changed})
    async with EmailChannel(settings, StillClock(LATER), KEY).listening(desk):
        yield


async def test_mail_is_read_stored_and_put_away_with_the_instant_it_arrived(
    server: dovecot.Dovecot, mailbox: IMAPClient, tmp_path: Path
) -> None:
    desk = MemoryMailDesk()
    put(mailbox, (MAILS / "fr_erasure_gmail_reply.eml").read_bytes())
    put(mailbox, (MAILS / "winmail.eml").read_bytes())
    async with watching(server, desk, tmp_path):
        await until(lambda: put_away(mailbox) == 2)

    assert left(mailbox) == 0
    assert [incoming.received_at for incoming in desk.taken] == [ARRIVED, ARRIVED]
    assert desk.taken[0].text == "Bonjour,\n\nMerci de supprimer toutes mes données."


async def test_mail_that_comes_in_over_lmtp_is_fetched_too(
    server: dovecot.Dovecot, mailbox: IMAPClient, tmp_path: Path
) -> None:
    desk = MemoryMailDesk()
    async with watching(server, desk, tmp_path):
        await until(lambda: deliver(server.lmtp_port, (MAILS / "winmail.eml").read_bytes()))
        await until(lambda: put_away(mailbox) == 1)

    assert desk.taken[0].text == "Please correct my address."
    assert b"Delivered-To: privacy+tag@desk.example.test" in (desk.taken[0].raw or b"")


def deliver(port: int, raw: bytes) -> bool:
    import smtplib

    with smtplib.LMTP("127.0.0.1", port) as client:
        return client.sendmail("a@client.example", ["privacy+tag@desk.example.test"], raw) == {}


async def test_nothing_moves_before_it_is_stored(
    server: dovecot.Dovecot, mailbox: IMAPClient, tmp_path: Path
) -> None:
    desk = MemoryMailDesk()
    desk.may_answer.clear()
    put(mailbox, (MAILS / "winmail.eml").read_bytes())
    async with watching(server, desk, tmp_path):
        await asyncio.wait_for(desk.called.wait(), 30)
        assert await asyncio.to_thread(left, mailbox) == 1
        desk.may_answer.set()
        await until(lambda: put_away(mailbox) == 1)


async def test_a_mail_that_cannot_be_stored_stays_and_comes_again(
    server: dovecot.Dovecot, mailbox: IMAPClient, tmp_path: Path
) -> None:
    desk = MemoryMailDesk()
    desk.failure = StoreUnavailable()
    put(mailbox, (MAILS / "winmail.eml").read_bytes())
    async with watching(server, desk, tmp_path):
        await until(lambda: desk.calls >= 2)
        assert await asyncio.to_thread(left, mailbox) == 1
        desk.failure = None
        await until(lambda: put_away(mailbox) == 1)

    assert len(desk.taken) == 1


async def test_a_mail_that_was_stored_but_not_put_away_is_one_message(
    server: dovecot.Dovecot, mailbox: IMAPClient, tmp_path: Path
) -> None:
    desk = MemoryMailDesk()
    put(mailbox, (MAILS / "winmail.eml").read_bytes())
    async with watching(server, desk, tmp_path):
        await until(lambda: put_away(mailbox) == 1)
        put(mailbox, (MAILS / "winmail.eml").read_bytes())
        await until(lambda: put_away(mailbox) == 2)

    assert (desk.calls, len(desk.taken)) == (2, 1)


async def test_reading_leaves_no_trace_on_a_mail_that_stays(
    server: dovecot.Dovecot, mailbox: IMAPClient, tmp_path: Path
) -> None:
    desk = MemoryMailDesk()
    desk.failure = StoreUnavailable()
    put(mailbox, (MAILS / "winmail.eml").read_bytes())
    async with watching(server, desk, tmp_path):
        await until(lambda: desk.calls >= 1)

    mailbox.select_folder("INBOX", readonly=True)
    assert b"\\Seen" not in next(iter(mailbox.get_flags(mailbox.search()).values()))


async def test_a_mail_over_the_limit_is_told_from_its_head_and_kept_whole(
    server: dovecot.Dovecot, mailbox: IMAPClient, tmp_path: Path
) -> None:
    desk = MemoryMailDesk()
    head = b"From: a@client.example\nSubject: Delete\n\nPlease delete my data.\n"
    put(mailbox, head + (b"x" * 998 + b"\n") * 2_000)
    async with watching(server, desk, tmp_path, max_bytes=1_500_000):
        await until(lambda: put_away(mailbox) == 1)

    assert desk.taken[0].headers["truncated"] == "1"
    assert desk.taken[0].text.startswith("Please delete my data.")
    assert len(desk.taken[0].raw or b"") == 1_000_000


async def test_a_wrong_password_is_tried_again_without_being_logged(
    server: dovecot.Dovecot, mailbox: IMAPClient, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    desk = MemoryMailDesk()
    with capture_logs() as said:
        async with watching(server, desk, tmp_path, password="wrong secret"):
            await until(lambda: any(line["event"] == "mailbox.unreachable" for line in said))

    told = caplog.text + repr(said)
    assert "wrong secret" not in told
    assert dovecot.USER not in told


async def test_connections_that_break_are_tried_again(
    server: dovecot.Dovecot, mailbox: IMAPClient, tmp_path: Path
) -> None:
    desk = MemoryMailDesk()
    put(mailbox, (MAILS / "winmail.eml").read_bytes())
    async with (
        failing_first(server.imap_port, 2) as (port, cut),
        watching(replace(server, imap_port=port), desk, tmp_path),
    ):
        await until(lambda: put_away(mailbox) == 1)

    assert len(cut) == 2
    assert len(desk.taken) == 1


@asynccontextmanager
async def failing_first(port: int, times: int) -> AsyncIterator[tuple[int, list[int]]]:
    """Stand before a server and cut the first connections in the middle of its greeting."""
    cut: list[int] = []
    pipes: set[asyncio.Task[None]] = set()

    async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", port)
        if len(cut) < times:
            cut.append(1)
            writer.write((await there.read(65_536))[:10])
            writer.close()
            back.close()
            return
        pipes.update(asyncio.ensure_future(each) for each in (pipe(reader, back), pipe(there, writer)))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], cut
    await asyncio.wait_for(asyncio.gather(*pipes, return_exceptions=True), 20)
