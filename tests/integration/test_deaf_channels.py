"""A channel that hears nothing says so: `readyz` and `/metrics` since when, `doctor` what to mend."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
from aiosmtpd.smtp import SMTP

from assistant.channels.email.channel import EmailChannel
from assistant.channels.email.settings import ImapSettings, SmtpSettings
from assistant.demo.settings import lay_out
from assistant.doctor import examine
from assistant.errors import DeliveryDelayed, SourceUnavailable
from assistant.interfaces import Finding
from assistant.reaching import check_each
from tests.doubles.bot_api import SECRET, TOKEN, BotApiServer
from tests.doubles.certificates import server_context
from tests.doubles.chat_desk import StillClock
from tests.doubles.desk_inside import desk_inside
from tests.doubles.desk_process import eventually
from tests.doubles.mail_desk import KEY, mail_settings, outgoing

NOWHERE = """
[email.imap]
host = "127.0.0.1"
port = 1
user = "privacy@desk.example.test"
password_env = "IMAP_PASSWORD"
read_from = "2026-11-01"
"""


async def test_readyz_and_metrics_say_since_when_each_channel_is_deaf(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMAP_PASSWORD", "an invented secret")
    began = datetime.now(UTC)
    async with desk_inside(tmp_path, NOWHERE) as desk, aiohttp.ClientSession() as http:

        async def look() -> dict[str, dict[str, dict[str, str] | None]] | None:
            async with http.get(f"{desk.monitor}/readyz") as answer:
                assert answer.status == 200, "a deaf channel is no reason to restart the others"
                told = (await answer.json())["channels"]
            settled = told["telegram"]["hook"] is None
            return told if settled and told["email"]["mailbox"]["why"] == "unreachable" else None

        told = await eventually(look, "the deaf mailbox")
        mailbox = told["email"].pop("mailbox")
        assert mailbox is not None
        assert began <= datetime.fromisoformat(mailbox["deaf_since"]) <= datetime.now(UTC)
        assert told == {
            "transfer": {},
            "webchat": {},
            "email": {"listener": None, "outgoing": None},
            "telegram": {"hook": None, "outgoing": None},
        }
        async with http.get(f"{desk.monitor}/metrics") as answer:
            metrics = await answer.text()
        lines = dict(line.rsplit(" ", 1) for line in metrics.splitlines() if "channel_deaf_since" in line)
        name = "privacy_desk_channel_deaf_since_seconds"
        assert float(lines[f'{name}{{channel="email",way="mailbox"}}']) == pytest.approx(
            datetime.fromisoformat(mailbox["deaf_since"]).timestamp()
        )
        assert lines[f'{name}{{channel="telegram",way="hook"}}'] == "0.0"
        assert "desk.example" not in metrics + str(told)


async def test_doctor_signs_in_everywhere_and_names_each_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, secret in {
        "IMAP_PASSWORD": "hush",
        "SMTP_PASSWORD": "hush",
        "BOT": TOKEN,
        "HOOK": SECRET,
    }.items():
        monkeypatch.setenv(name, secret)
    demo = lay_out(tmp_path, port=0, mail_port=0, today=datetime.now(UTC).date())
    async with refusing_smtp() as port, BotApiServer(token="654321:another").running() as bot:
        smtp = f'[email.smtp]\nhost = "127.0.0.1"\nport = {port}\nstarttls = false\nuser = "u"\npassword_env = "SMTP_PASSWORD"\n'
        telegram = f'[telegram]\ntoken_env = "BOT"\nsecret_env = "HOOK"\napi_url = "{bot.url}"\n'
        with demo.settings_file.open("a", encoding="utf-8") as file:
            file.write(f"{NOWHERE}\n{smtp}\n{telegram}")
        demo.client_area_file.unlink()
        rows = defaultdict[str, list[tuple[str, str]]](list)
        for row in await examine(demo.settings_file):
            rows[row["part"]].append((row["level"], row["text"]))
    assert rows["channels email"] == [
        (
            "error",
            f"outgoing 127.0.0.1:{port}: it refuses user or password; mend user and the variable that password_env names",
        ),
        (
            "error",
            "mailbox 127.0.0.1:1: nobody listens there; look at host and port, and whether the server runs",
        ),
    ]
    assert rows["channels telegram"] == [
        ("error", "bot: Telegram does not accept the bot's token; mend telegram.token_env.")
    ]
    assert rows["sources client-area"][0][0] == "error"
    assert "hush" not in str(rows)


@pytest.mark.parametrize("expired", [True, False])
async def test_a_certificate_that_ran_out_is_told_from_one_that_is_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, expired: bool
) -> None:
    context, trusted = server_context(tmp_path, expired=expired)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))

    async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* BYE not today\r\n")
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0, ssl=context)
    async with server:
        port = server.sockets[0].getsockname()[1]
        box = ImapSettings(
            host="127.0.0.1", port=port, user="u", password="p", read_from=datetime(2026, 11, 1, tzinfo=UTC)
        )
        smtp = SmtpSettings(host="127.0.0.1", port=port, tls=True, starttls=False, timeout=5)
        channel = EmailChannel(mail_settings(tmp_path, imap=box, smtp=smtp), StillClock(), KEY)
        found = await channel.check()
        with pytest.raises(DeliveryDelayed):
            await channel.deliver(outgoing())
    refused = "certificate is not accepted (certificate has expired)"
    assert [refused in each.text for each in found] == [expired, expired]
    (_, out) = channel.ways()
    assert (out.why == "certificate") is expired


async def test_one_that_never_answers_holds_up_no_other() -> None:
    class Part:
        def __init__(self, name: str) -> None:
            self.name = name

        async def check(self) -> Sequence[Finding]:
            if self.name == "silent":
                await asyncio.Event().wait()
            if self.name == "gone":
                raise SourceUnavailable
            return [Finding("ok", self.name, "", "there")]

    found = await check_each([Part("silent"), Part("there"), Part("gone")], patience=0.1)
    assert [(each.source, each.level) for each in found] == [
        ("silent", "error"),
        ("there", "ok"),
        ("gone", "error"),
    ]
    assert found[0].text.startswith("does not answer within 0.1 seconds")


@asynccontextmanager
async def refusing_smtp() -> AsyncIterator[int]:
    """Run a mail server that refuses every sign-in."""
    from tests.integration.channels.test_email_outbound import Sink, SinkSession

    left, sessions = asyncio.Event(), set[SMTP]()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SinkSession(Sink(), sessions, left), "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        async with asyncio.timeout(20):
            while sessions:
                left.clear()
                await left.wait()
        await server.wait_closed()
