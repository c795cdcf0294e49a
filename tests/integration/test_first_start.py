"""A desk started on a mailbox in use: what came before waits for an agent with its real dates, nobody is answered."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from imapclient import IMAPClient

from assistant.config import load_settings, require_complete
from assistant.demo.settings import lay_out
from assistant.errors import ConfigurationError
from assistant.store.tables import Conversation
from tests.doubles import dovecot
from tests.doubles.console_browser import Console
from tests.doubles.desk_inside import DeskInside, desk_inside
from tests.doubles.desk_process import eventually

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.xdist_group("first_start"),
]

needs_dovecot = pytest.mark.skipif(not dovecot.is_here(), reason=dovecot.MISSING)
_IMAP = """
[email.imap]
host = "127.0.0.1"
port = {port}
user = "privacy@desk.example.test"
password_env = "IMAP_PASSWORD"
tls = false
{read_from}
"""


def in_settings(file: Path, more: str) -> None:
    """Put a table below [email] of the demo's settings."""
    with file.open("a", encoding="utf-8") as settings:
        settings.write(more)


def put(client: IMAPClient, sender: str, text: str, arrived_at: datetime, subject: str = "Hello") -> None:
    head = f"From: {sender}\r\nTo: privacy@kuusik-lierre.example\r\nSubject: {subject}\r\nMessage-ID: <1-{sender}>\r\n"
    raw = f"{head}Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n".encode()
    client.append("INBOX", raw, (), arrived_at)


@pytest.fixture(scope="module")
def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(scope="module")
def server(now: datetime) -> Iterator[dovecot.Dovecot]:
    with dovecot.running() as started, IMAPClient("127.0.0.1", port=started.imap_port, ssl=False) as client:
        client.login(dovecot.USER, dovecot.PASSWORD)
        for years in (1, 2, 3):
            at = now - timedelta(days=365 * years)
            put(client, f"y{years}@mail.example", "Please delete all my personal data.", at)
        put(client, "fr@mail.example", "Supprimez toutes mes données personnelles.", now - timedelta(days=20))
        put(client, "en@mail.example", "Please send me a copy of all my data.", now - timedelta(days=70))
        put(client, "shop@mail.example", "My website is down, please help.", now - timedelta(days=5))
        put(client, "new@mail.example", "Please delete all my personal data.", now)
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(
    server: dovecot.Dovecot, now: datetime, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[DeskInside]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMAP_PASSWORD", dovecot.PASSWORD)
        begins = f'read_from = "{(now - timedelta(hours=1)).isoformat()}"'
        more = _IMAP.format(port=server.imap_port, read_from=begins)
        async with desk_inside(tmp_path_factory.mktemp("first"), more) as opened:
            yield opened


async def in_triage(desk: DeskInside) -> dict[str, Conversation]:
    from assistant.store.queries import conversations_in_triage

    found = await desk.assembly.services.read(lambda unit: conversations_in_triage(unit.session))
    return {str(conversation.subject_hint): conversation for conversation in found.rows}


@needs_dovecot
async def test_older_mail_opens_nothing_and_answers_nobody_and_new_mail_does(desk: DeskInside) -> None:
    (ref,) = await desk.opened_by(set())

    async def listed() -> dict[str, Conversation] | None:
        found = await in_triage(desk)
        return found if len(found) >= 2 else None

    assert sorted(await eventually(listed, "older requests in triage")) == [
        "en@mail.example",
        "fr@mail.example",
    ]
    await desk.mail("new@mail.example", ref)
    await desk.idle()
    assert await desk.refs() == {ref}
    assert {str(mail["to"]) for mail in desk.mails()} == {"new@mail.example"}
    assert not [file for file in desk.demo.mailbox_dir.glob("*.eml") if b"Resent-" in file.read_bytes()]


@needs_dovecot
async def test_nothing_older_was_moved(desk: DeskInside, server: dovecot.Dovecot) -> None:
    await desk.opened_by(set())
    with IMAPClient("127.0.0.1", port=server.imap_port, ssl=False) as client:
        client.login(dovecot.USER, dovecot.PASSWORD)
        client.select_folder("INBOX", readonly=True)
        assert len(client.search()) == 6
        assert not any(b"\\Seen" in flags for flags in client.get_flags(client.search()).values())


@needs_dovecot
async def test_an_agents_key_counts_from_the_real_receipt_and_answers_in_its_language(
    desk: DeskInside, now: datetime
) -> None:
    before = await desk.opened_by(set())

    async def waiting() -> Conversation | None:
        return (await in_triage(desk)).get("fr@mail.example")

    old = await eventually(waiting, "the French mail in triage")
    console = await Console(desk, "agent").sign_in()
    async with console.http:
        page = await console.page("triage")
        assert "came before this desk read the mailbox" in page
        assert "As a request it would be due by" in page
        await console.post(f"triage/{old.id}", right="erasure")
        (ref,) = await desk.opened_by(set(before))
        request = await desk.request(ref)
        assert request["received_at"][:16] == (now - timedelta(days=20)).isoformat()[:16]
        assert (datetime.fromisoformat(request["due_on"]).date() - now.date()).days < 15
        assert "Bonjour" in (await desk.mail("fr@mail.example", ref)).get_content()
        other = (await in_triage(desk))["en@mail.example"]
        await console.page("triage")
        await console.post(f"triage/{other.id}", right="none")
        await desk.idle()
        assert await in_triage(desk) == {}
        assert not [f for f in desk.demo.mailbox_dir.glob("*.eml") if b"Resent-" in f.read_bytes()]


# ── the setting ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("empty", ["", 'read_from = ""'])
async def test_a_mailbox_without_the_day_from_which_it_is_read_stops_the_start(
    tmp_path: Path, now: datetime, empty: str
) -> None:
    demo = lay_out(tmp_path, port=0, mail_port=0, today=now.date())
    in_settings(demo.settings_file, _IMAP.format(port=993, read_from=empty))
    with pytest.raises(
        ConfigurationError, match=r"email\.imap\.read_from: is required and empty; write the day"
    ):
        require_complete(load_settings(demo.settings_file))


@pytest.mark.parametrize(
    ("written", "begins"),
    [
        ('"2026-11-28"', datetime(2026, 11, 27, 22, tzinfo=UTC)),  # the day begins in Tallinn
        ("2026-11-28", datetime(2026, 11, 27, 22, tzinfo=UTC)),
        ("2026-11-28T09:30:00Z", datetime(2026, 11, 28, 9, 30, tzinfo=UTC)),
        ('"2026-11-28T09:30:00+02:00"', datetime(2026, 11, 28, 7, 30, tzinfo=UTC)),
    ],
)
async def test_a_day_or_an_instant_says_from_when(
    tmp_path: Path, now: datetime, written: str, begins: datetime
) -> None:
    demo = lay_out(tmp_path, port=0, mail_port=0, today=now.date())
    in_settings(demo.settings_file, _IMAP.format(port=993, read_from=f"read_from = {written}"))
    settings = load_settings(demo.settings_file)
    require_complete(settings)
    assert settings.email.imap is not None
    assert settings.email.imap.begins("Europe/Tallinn") == begins


@pytest.mark.parametrize("written", ['"yesterday"', "2026-11-28T09:30:00", '"2026-13-01"', "7"])
async def test_what_is_no_day_is_told_with_its_key(tmp_path: Path, now: datetime, written: str) -> None:
    demo = lay_out(tmp_path, port=0, mail_port=0, today=now.date())
    in_settings(demo.settings_file, _IMAP.format(port=993, read_from=f"read_from = {written}"))
    with pytest.raises(ConfigurationError, match=r"email\.imap\.read_from"):
        load_settings(demo.settings_file)
