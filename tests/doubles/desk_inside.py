"""The whole desk inside the process of the tests, as `assistant demo` puts it together, with a bot and its log at hand."""

from __future__ import annotations

import asyncio
import io
import itertools
import logging
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, closing, contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
import structlog
from aiohttp.test_utils import unused_port
from sqlalchemy import text
from sqlmodel import col, select

from assistant.app import Assembly, assemble, build, build_monitor, running, take_lock
from assistant.casework import audit
from assistant.casework.agents import staff
from assistant.casework.requests.queue import Role, Scope
from assistant.channels.email.channel import EmailChannel
from assistant.config import load_settings
from assistant.demo.clock import DemoClock
from assistant.demo.pages import DemoSite, demo_routes
from assistant.demo.people import AGENTS
from assistant.demo.settings import DemoFolder, lay_out
from assistant.logs import SIEVE, configure_logging
from assistant.opening import SystemClock
from assistant.services import Unit
from assistant.serving import bind
from assistant.store.tables import Audit, PrivacyRequest
from assistant.web.connections import connections_for_watchers, connections_of_this_machine, listening
from tests.doubles.agents import OwnAgent, new_agent
from tests.doubles.bot_api import SECRET, TOKEN, BotApiServer, text_update
from tests.doubles.desk_process import DeskProcess, eventually
from tests.doubles.sample_company import sample_company
from tests.doubles.schema import lay_schema

if TYPE_CHECKING:
    from assistant.config import Settings
    from assistant.interfaces import Resolver

_SETTINGS = """
[telegram]
token_env = "TELEGRAM_TOKEN"
secret_env = "TELEGRAM_SECRET"
mode = "webhook"
api_url = "{api_url}"
"""
_WAKE = ["challenge", "plan", "carry_out", "deliver", "remind", "packages", "expire"]


class DeskInside(DeskProcess):
    """A desk with every channel, whose clock, log and parts the tests can reach."""

    def __init__(self, demo: DemoFolder, assembly: Assembly, clock: DemoClock, bot: BotApiServer) -> None:
        super().__init__(demo.settings_file.parent, cast("asyncio.subprocess.Process", None), {})
        self.demo, self.assembly, self.clock, self.bot = demo, assembly, clock, bot
        self.log = io.StringIO()
        self.tokens: dict[str, str] = {}  # role -> API token
        self._updates = itertools.count(1)

    # ── what a test process does otherwise, because the desk shares its loop ───────────────────────────

    async def raw_mail(self, raw: bytes, sender: str = "someone@mail.example") -> None:
        """Send bytes by SMTP from a thread: the desk answers on this loop."""
        await asyncio.to_thread(self.send_raw, raw, sender)

    async def forward(self, duration: str) -> None:
        """Move the desk's clock."""
        await super().forward(duration)
        self.assembly.services.waker.wake(_WAKE)

    def change(self, sql: str, *values: Any) -> None:
        """Change the client area as the company itself would."""
        with closing(sqlite3.connect(self.database, timeout=20)) as db, db:
            db.execute(sql, values)

    async def agent(self, role: str) -> OwnAgent:
        """Take on one more agent, to sign in as."""
        agent, services = new_agent(role), self.assembly.services
        hashed = await asyncio.to_thread(staff.hash_password, agent.password)

        def work(unit: Unit) -> None:
            staff.add_agent(
                unit,
                agent.name,
                Role(role),
                password_hash=hashed,
                totp_secret=agent.totp_secret,
            )

        await services.write(work)
        return agent

    # ── the bot ──────────────────────────────────────────────────────────────────────────────────────

    async def telegram(self, words: str, **more: Any) -> dict[str, Any]:
        """Post a message to the webhook as Telegram would; gives the update, to be posted again."""
        update = text_update(next(self._updates), words, sent_at=datetime.now(UTC), **more)
        assert await self.bot.post(update) == 200
        return update

    # ── what is on record ────────────────────────────────────────────────────────────────────────────

    async def refs(self) -> set[str]:
        """Give the reference of every request there is."""
        return set(await self.assembly.services.read(_references))

    async def opened_by(self, before: set[str], count: int = 1) -> list[str]:
        """Wait for requests that were not there before."""

        async def look() -> list[str] | None:
            fresh = await self.refs() - before
            return sorted(fresh) if len(fresh) >= count else None

        return await eventually(look, f"{count} new requests")

    async def events(self, ref: str) -> list[dict[str, Any]]:
        """Give the audit entries of a request, with what was decided and why."""
        items: list[dict[str, Any]] = (await self.api("GET", f"/requests/{ref}/timeline"))["items"]
        return [item for item in items if item["kind"] == "audit"]

    async def own_audit(self, event: str) -> list[dict[str, Any]]:
        """Give the audit entries of a kind, of whatever request or of none."""
        query = select(Audit).where(col(Audit.event) == event).order_by(col(Audit.id))
        rows = await self.assembly.services.read(lambda unit: list(unit.session.exec(query)))
        return [{"actor": row.actor, "data": row.data, "chain": row.chain} for row in rows]

    async def faults(self) -> list[audit.Fault]:
        """Verify the audit."""
        services = self.assembly.services
        return await services.read(lambda unit: list(audit.verify(services.keyring, unit.session)))

    async def tamper(self, sql: str, **values: object) -> None:
        """Change the desk's own database as somebody who holds the file can; it must hit something."""

        def work(unit: Unit) -> None:
            assert unit.session.connection().execute(text(sql), values).rowcount > 0

        await self.assembly.services.write(work)

    async def idle(self) -> None:
        """Run every sweep once, so that what was going to be sent has been sent."""
        await self.assembly.desk.settle()
        await self.assembly.sweeper.run_all()
        await self.assembly.sweeper.run("deliver")


def _references(unit: Unit) -> list[str]:
    return list(unit.session.exec(select(PrivacyRequest.ref)))


@contextmanager
def _logged_to(log: io.StringIO) -> Iterator[None]:
    """Have all that is logged, by us and by libraries, written as `serve` writes it, and kept."""
    before = structlog.get_config()
    configure_logging()
    structlog.configure(
        logger_factory=structlog.PrintLoggerFactory(log),
        cache_logger_on_first_use=False,  # or other tests in this process go on writing into this log
    )
    try:
        yield
    finally:
        logging.getLogger().removeHandler(SIEVE)
        structlog.configure(**before)


@asynccontextmanager
async def desk_inside(
    folder: Path,
    more: str = "",
    maps: Mapping[str, str] | None = None,
    resolver: Resolver | None = None,
    clients: int = 500,
    at: datetime | None = None,
) -> AsyncIterator[DeskInside]:
    """Open a desk on sample data in a folder, with more settings and the maps that they name."""
    for name, drawn in (maps or {}).items():
        (folder / name).write_text(drawn, encoding="utf-8")
    clock, port = DemoClock(at), unused_port()
    database = folder / "client-area.db"
    if not database.exists():
        database.write_bytes(sample_company(clock.now().date(), clients))
    demo = lay_out(folder, port=port, mail_port=0, today=clock.now().date())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TELEGRAM_TOKEN", TOKEN)
        patch.setenv("TELEGRAM_SECRET", SECRET)
        async with BotApiServer().running() as bot:
            with demo.settings_file.open("a", encoding="utf-8") as file:
                file.write(_SETTINGS.format(api_url=bot.url) + more)
            settings = load_settings(demo.settings_file)
            take_lock(settings)
            _lay_schema(settings)
            assembly = assemble(settings, clock=clock, device_clock=SystemClock(), resolver=resolver)
            desk = DeskInside(demo, assembly, clock, bot)
            desk.tokens = await assembly.services.write(lambda unit: _staff(assembly, unit))
            site = DemoSite(
                clock=clock,
                mailbox_dir=demo.mailbox_dir,
                public_url=demo.public_url,
                client_area=demo.client_area,
                contact=settings.controller.contact_email,
            )
            listener, monitor = bind("127.0.0.1", port), bind("127.0.0.1", 0)
            connections = connections_of_this_machine(behind_proxy=False)
            public = listening(build(assembly, more_routes=demo_routes(site)), listener, connections)
            watched = listening(build_monitor(assembly), monitor, connections_for_watchers())
            with _logged_to(desk.log):
                async with running(assembly), public, watched:
                    desk.facts = _facts(desk) | {"monitor": f"http://127.0.0.1:{monitor.getsockname()[1]}"}
                    await bot.called("setWebhook")
                    yield desk
                    await desk.http.close()


def _lay_schema(settings: Settings) -> None:
    """Lay the schema out, as `assemble` does anew for every desk that has none."""
    file = settings.server.data_dir / "desk.db"
    if settings.database_url == f"sqlite:///{file}" and not file.exists():
        lay_schema(file)


@cache
def _hashed(password: str) -> str:
    return staff.hash_password(password)


def _staff(assembly: Assembly, unit: Unit) -> dict[str, str]:
    there = {agent.name for agent in staff.list_agents(unit.session)}  # in a desk that is opened again
    for agent in AGENTS:
        if agent.name in there:
            continue
        staff.add_agent(
            unit,
            agent.name,
            Role(agent.role),
            password_hash=_hashed(agent.password),
            totp_secret=agent.totp_secret,
        )
    return {
        agent.role: staff.new_token(unit, agent.name, Scope.APPROVE, may_approve_irreversible=True, days=3660)
        for agent in AGENTS
    }


def _facts(desk: DeskInside) -> dict[str, Any]:
    mail = desk.assembly.channels["email"]
    host, port = (mail.listening_at if isinstance(mail, EmailChannel) else None) or ("127.0.0.1", 0)
    url = desk.demo.public_url
    return {
        "url": url,
        "chat_ws": f"{url.replace('http', 'ws', 1)}/chat/ws",
        "api": f"{url}/api/v1",
        "api_token": desk.tokens["lead"],
        "mail_in": {"host": host, "port": port, "address": desk.assembly.services.settings.email.address},
        "mailbox_dir": str(desk.demo.mailbox_dir),
    }
