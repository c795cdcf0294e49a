"""Mail fetched from a real Dovecot: nothing moves before it is stored, nothing is lost where that fails."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from imapclient import IMAPClient
from structlog.testing import capture_logs

from assistant.channels.email import mailbox as email_mailbox
from assistant.channels.email.channel import EmailChannel
from assistant.channels.email.settings import ImapSettings
from assistant.errors import StoreUnavailable
from assistant.interfaces import Way
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


def put(mailbox: IMAPClient, raw: bytes, arrived_at: datetime = ARRIVED) -> None:
    mailbox.append("INBOX", raw.replace(b"\n", b"\r\n"), (), arrived_at)


def a_mail(subject: str) -> bytes:
    head = f"From: a@client.example\nSubject: {subject}\nMessage-ID: <{subject}@client.example>\n"
    return f"{head}\nPlease delete my data.\n".encode()


def left(mailbox: IMAPClient) -> int:
    mailbox.select_folder("INBOX", readonly=True)
    return len(mailbox.search())


def put_away(mailbox: IMAPClient) -> int:
    if not mailbox.folder_exists("Processed"):
        return 0
    return int(mailbox.folder_status("Processed", ["MESSAGES"])[b"MESSAGES"])


_PATIENCE = 30.0  # seconds
_LOOKS = 11  # waiting twice as long before each would make the last wait longer than that patience


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(_PATIENCE):
        while not await asyncio.to_thread(holds):  # noqa: ASYNC110  another process decides
            await asyncio.sleep(0.05)


@asynccontextmanager
async def watching(
    server: dovecot.Dovecot,
    desk: MemoryMailDesk,
    tmp_path: Path,
    *,
    password: str = dovecot.PASSWORD,
    read_from: datetime = ARRIVED,
    processed_folder: str = "Processed",
    **changed: Any,
) -> AsyncIterator[EmailChannel]:
    imap = ImapSettings(
        host="127.0.0.1",
        port=server.imap_port,
        user=dovecot.USER,
        password=password,
        tls=False,
        read_from=read_from,
        processed_folder=processed_folder,
    )
    settings = mail_settings(tmp_path, **{"imap": imap, "poll_every": 0.1, **changed})
    channel = EmailChannel(settings, StillClock(LATER), KEY)
    async with channel.listening(desk):
        yield channel


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


# ── a mailbox that was in use before ────────────────────────────────────────────────────────────────


async def test_mail_from_before_the_first_start_is_shown_once_with_its_day_and_never_moved(
    server: dovecot.Dovecot, mailbox: IMAPClient, tmp_path: Path
) -> None:
    desk = MemoryMailDesk()
    days = {"ancient": 91, "old": 89, "yesterday": 1, "just": 0}
    for subject, ago in days.items():
        put(mailbox, a_mail(subject), ARRIVED - timedelta(days=ago, seconds=1))
    put(mailbox, a_mail("new"), ARRIVED)
    async with watching(server, desk, tmp_path):
        await until(lambda: put_away(mailbox) == 1 and bool(desk.looked))
    assert [incoming.subject for incoming in desk.taken] == ["new"]
    shown = {incoming.subject: incoming.received_at for incoming in desk.earlier}
    assert shown == {
        name: ARRIVED - timedelta(days=days[name], seconds=1) for name in ("old", "yesterday", "just")
    }
    assert left(mailbox) == 4

    put(mailbox, a_mail("moved back in"), ARRIVED - timedelta(days=2))
    put(mailbox, a_mail("newer"), ARRIVED + timedelta(days=1))
    async with watching(server, desk, tmp_path):
        await until(lambda: put_away(mailbox) == 2 and len(desk.earlier) > 3)
        await until(lambda: len(set(desk.looked.values())) == 1)
    assert [incoming.subject for incoming in desk.earlier[3:]] == ["moved back in"]
    assert [incoming.subject for incoming in desk.taken] == ["new", "newer"]
    assert left(mailbox) == 5


async def test_mail_nobody_thought_of_stays_and_holds_up_no_other(
    server: dovecot.Dovecot, mailbox: IMAPClient, tmp_path: Path
) -> None:
    desk = MemoryMailDesk()
    desk.poisoned = {"two"}
    for subject in ("one", "two", "three"):
        put(mailbox, a_mail(subject))
    async with watching(server, desk, tmp_path) as channel:
        await until(lambda: put_away(mailbox) == 2 and way_of(channel).why == "not_stored")
        assert way_of(channel).deaf_since == LATER
        desk.poisoned = set()
        await until(lambda: put_away(mailbox) == 3 and way_of(channel).deaf_since is None)
    assert [incoming.subject for incoming in desk.taken] == ["one", "three", "two"]


async def test_a_mail_that_cannot_be_stored_slows_the_mailbox_down_for_nobody(
    server: dovecot.Dovecot, mailbox: IMAPClient, tmp_path: Path
) -> None:
    desk = MemoryMailDesk()
    desk.poisoned = {"poison"}
    put(mailbox, a_mail("poison"))
    async with watching(server, desk, tmp_path) as channel:
        for number in range(_LOOKS):
            await until(lambda: way_of(channel).why == "not_stored")
            put(mailbox, a_mail(f"mail-{number}"))
            await until(lambda number=number: put_away(mailbox) == number + 1)  # type: ignore[misc]
    assert [incoming.subject for incoming in desk.taken] == [f"mail-{n}" for n in range(_LOOKS)]


# ── deaf ────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_earlier_mail_nobody_thought_of_keeps_no_other_from_being_shown_and_comes_again(
    server: dovecot.Dovecot, mailbox: IMAPClient, tmp_path: Path
) -> None:
    desk = MemoryMailDesk()
    desk.poisoned = {"mail-3"}
    number = 230  # more than two looks show
    for each in range(number):
        put(mailbox, a_mail(f"mail-{each}"))
    async with watching(server, desk, tmp_path, read_from=ARRIVED + timedelta(days=2)):
        await until(lambda: len(desk.earlier) >= number - 1)
        assert {mail.subject for mail in desk.earlier} == {f"mail-{n}" for n in range(number) if n != 3}
        desk.poisoned = set()
        await until(lambda: len(desk.earlier) >= number)
        await until(lambda: bool(desk.looked))
    assert len(desk.earlier) == number, "each is shown once"
    assert desk.earlier[-1].subject == "mail-3"
    assert left(mailbox) == number


def way_of(channel: EmailChannel) -> Way:
    return next(way for way in channel.ways() if way.name == "mailbox")


@pytest.mark.parametrize(
    ("wrong", "why", "told"),
    [
        ({"password": "wrong"}, "sign_in", "refuses user or password"),
        ({"processed_folder": "bad//name"}, "folder", "does not let us open INBOX or make bad//name"),
        ({"port": 1}, "unreachable", "nobody listens there"),
    ],
)
async def test_a_deaf_mailbox_says_since_when_and_what_to_mend(
    server: dovecot.Dovecot, mailbox: IMAPClient, tmp_path: Path, wrong: dict[str, Any], why: str, told: str
) -> None:
    where = replace(server, imap_port=wrong.pop("port", server.imap_port))
    async with watching(where, MemoryMailDesk(), tmp_path, **wrong) as channel:
        await until(lambda: way_of(channel).why == why)
        assert way_of(channel).deaf_since == LATER
        findings = {each.where.split()[0]: each for each in await channel.check()}
    if why != "folder":  # what is not there yet is made at the first look, and `check` changes nothing
        assert findings["mailbox"].level == "error"
        assert told in findings["mailbox"].text
        assert "wrong" not in findings["mailbox"].text
    async with watching(server, MemoryMailDesk(), tmp_path) as channel:
        await until(lambda: way_of(channel).deaf_since is None)
        assert [each.level for each in await channel.check()] == ["warning", "ok"]


async def test_checking_a_mailbox_moves_and_makes_nothing(
    server: dovecot.Dovecot, mailbox: IMAPClient, tmp_path: Path
) -> None:
    put(mailbox, a_mail("new"))
    imap = ImapSettings(
        host="127.0.0.1",
        port=server.imap_port,
        user=dovecot.USER,
        password=dovecot.PASSWORD,
        tls=False,
        read_from=ARRIVED,
    )
    channel = EmailChannel(mail_settings(tmp_path, imap=imap), StillClock(LATER), KEY)
    _, found = await channel.check()
    assert (found.level, found.where) == ("warning", f"mailbox 127.0.0.1:{server.imap_port}")
    assert "Processed is not there yet" in found.text
    assert left(mailbox) == 1
    assert not mailbox.folder_exists("Processed")


async def test_who_stops_looking_while_it_connects_leaves_no_connection_open(
    server: dovecot.Dovecot, mailbox: IMAPClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[IMAPClient] = []
    begun, goes_on, ended = threading.Event(), threading.Event(), threading.Event()

    def slowly(*given: Any, **named: Any) -> IMAPClient:
        begun.set()
        assert goes_on.wait(20)
        made.append(IMAPClient(*given, **named))
        return made[0]

    def hangs_up(client: Any) -> None:
        real(client)
        ended.set()

    real = email_mailbox._hang_up
    monkeypatch.setattr(email_mailbox, "IMAPClient", slowly)
    monkeypatch.setattr(email_mailbox, "_hang_up", hangs_up)
    async with watching(server, MemoryMailDesk(), tmp_path):
        assert await asyncio.to_thread(begun.wait, 20)
    goes_on.set()
    assert await asyncio.to_thread(ended.wait, 20)
    assert made[0].socket().fileno() == -1
