"""An erasure over Telegram, and a message that somebody else wrote, on a whole desk with a real database."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from aiohttp.test_utils import TestServer, unused_port

from assistant.app import Assembly, assemble, build, running, take_lock
from assistant.casework.agents import staff
from assistant.casework.requests.queue import Role, Scope
from assistant.config import load_settings
from assistant.demo.clock import DemoClock
from assistant.demo.settings import lay_out
from assistant.services import Unit
from tests.doubles.bot_api import TOKEN, BotApiServer, press_update, text_update
from tests.doubles.desk_process import DeskProcess, eventually

pytestmark = pytest.mark.xdist_group("telegram")

ERASURE = "Bonjour, je voudrais que vous supprimiez toutes mes données personnelles."
TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@dataclass
class Bot:
    """A person with Telegram, and the desk at the other end."""

    api: BotApiServer
    desk: DeskProcess
    clock: DemoClock
    assembly: Assembly
    updates: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    async def say(self, text: str, **more: Any) -> None:
        """Write to the bot."""
        now = datetime.now(UTC)
        update = text_update(next(self.updates), text, language="fr", sent_at=now, **more)
        await self.api.offer(update)

    async def press(self, data: str) -> None:
        """Press a button."""
        await self.api.offer(press_update(next(self.updates), data, language="fr"))

    async def heard(self, *words: str) -> dict[str, Any]:
        """Wait for a message that holds all these words."""

        async def look() -> dict[str, Any] | None:
            sent = self.api.made("sendMessage")
            return next((m for m in sent if all(word in m["text"] for word in words)), None)

        return cast("dict[str, Any]", await eventually(look, f"{words} on Telegram"))

    async def forward(self, duration: timedelta) -> None:
        """Move the desk's clock."""
        self.clock.forward(duration)
        self.assembly.services.waker.wake(["plan", "carry_out", "deliver"])


@pytest.fixture
async def bot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bot]:
    """A desk with a bot, put together as `assistant serve` does, beside a server that speaks the Bot API."""
    monkeypatch.setenv("TELEGRAM_TOKEN", TOKEN)
    clock, port = DemoClock(None), unused_port()
    demo = lay_out(tmp_path, port=port, mail_port=unused_port(), today=clock.now().date())
    async with BotApiServer().running() as api:
        with demo.settings_file.open("a", encoding="utf-8") as file:
            file.write(
                f'\n[telegram]\ntoken_env = "TELEGRAM_TOKEN"\nmode = "polling"\napi_url = "{api.url}"\n'
            )
        settings = load_settings(demo.settings_file)
        take_lock(settings)
        assembly = assemble(settings, clock=clock)
        token = await assembly.services.write(lambda unit: _token(assembly, unit))
        facts = {
            "url": demo.public_url,
            "api": f"{demo.public_url}/api/v1",
            "api_token": token,
            "mailbox_dir": str(demo.mailbox_dir),
        }
        desk = DeskProcess(tmp_path, cast("asyncio.subprocess.Process", None), facts)
        async with running(assembly), TestServer(build(assembly), host="127.0.0.1", port=port):
            yield Bot(api, desk, clock, assembly)
        await desk.http.close()


def _token(assembly: Assembly, unit: Unit) -> str:
    staff.add_agent(unit, "rowan", Role.LEAD, password_hash="", totp_secret=TOTP_SECRET)
    return staff.new_token(unit, "rowan", Scope.APPROVE, may_approve_irreversible=True)


def someone(desk: DeskProcess) -> str:
    """Give a client with nothing running."""
    rows = desk.query(
        "SELECT email FROM clients c WHERE email LIKE '%@%' AND id > 20"
        " AND NOT EXISTS (SELECT 1 FROM services s WHERE s.client_id = c.id AND s.status = 'active')"
        " AND NOT EXISTS (SELECT 1 FROM domains d WHERE d.client_id = c.id AND d.expires_on > '2026-01-01')"
        " AND (SELECT count(*) FROM clients o WHERE lower(o.email) = lower(c.email)) = 1"
        " AND EXISTS (SELECT 1 FROM invoices i WHERE i.client_id = c.id) ORDER BY id LIMIT 1"
    )
    return str(rows[0][0])


async def only_request(desk: DeskProcess) -> dict[str, Any]:
    """Wait for the one request there is."""

    async def look() -> dict[str, Any] | None:
        items = (await desk.api("GET", "/requests"))["items"]
        return items[0] if items else None

    return cast("dict[str, Any]", await eventually(look, "a request"))


async def test_an_erasure_asked_in_french_is_proved_approved_and_answered_over_telegram(bot: Bot) -> None:
    desk, email = bot.desk, someone(bot.desk)
    await bot.say(ERASURE)
    request = await only_request(desk)
    ref = request["ref"]
    assert (request["right"], request["channel"], request["language"]) == ("erasure", "telegram", "fr")
    await bot.heard(ref, "effacement")
    await bot.say(email)
    await bot.heard("code à 8 chiffres")
    await bot.say(await desk.code(email))
    plan = await desk.plan(ref)
    assert (await desk.request(ref))["assurance"] == 1
    assert "clients" in {step["table"] for step in plan["steps"]}
    await desk.approve(ref)
    assert (await desk.request(ref))["status"] == "scheduled"
    assert await desk.mail(email, "/verify/stop/"), "the contact on file is told how to stop it"
    await bot.forward(timedelta(hours=73))
    await desk.until_status(ref, "answered")
    answer = await bot.heard("effac")
    assert answer["chat_id"] == "4711"
    letter = (await desk.mail(email, "Inspektsioon")).get_content()
    assert "Ce que nous gardons" in letter, "an erasure that leaves invoices says so"
    assert not desk.query("SELECT 1 FROM clients WHERE lower(email) = lower(?)", email)


async def test_what_somebody_else_wrote_opens_nothing_until_the_person_says_so(bot: Bot) -> None:
    origin = {"type": "hidden_user", "date": int(datetime.now(UTC).timestamp()), "sender_user_name": "Odo"}
    await bot.say(ERASURE, forward_origin=origin)
    question = await bot.heard("Que souhaitez-vous")
    data = [b["callback_data"] for row in question["reply_markup"]["inline_keyboard"] for b in row]
    (erasure,) = (value for value in data if value.startswith("right:erasure:"))
    assert (await bot.desk.api("GET", "/requests"))["items"] == []
    await bot.press(erasure)
    request = await only_request(bot.desk)
    assert request["right"] == "erasure"


@pytest.mark.parametrize("words", ["Oui, je veux continuer", ""])
async def test_an_answer_to_the_lapse_letter_in_a_chat_takes_the_request_up_again(
    bot: Bot, words: str
) -> None:
    """The letter promises a new code: whoever answers is asked where it goes, and may name that at once."""
    desk, email = bot.desk, someone(bot.desk)
    await bot.say(ERASURE)
    ref = (await only_request(desk))["ref"]
    await bot.say(email)
    await desk.code(email)
    await bot.forward(timedelta(days=26))
    await desk.api("POST", f"/requests/{ref}/lapse")
    await bot.heard("reprendrons votre demande")
    if words:
        asked = len(bot.api.made("sendMessage"))
        await bot.say(words)

        async def look() -> bool | None:
            said = bot.api.made("sendMessage")[asked:]
            return any("Sous quelle adresse" in message["text"] for message in said) or None

        await eventually(look, "the question for an address")
    await bot.say(email)
    await bot.say(await desk.code(email, seen=1))
    await desk.plan(ref)
