"""The demo: a desk on sample data in a folder of its own, ready to be tried by anyone."""

from __future__ import annotations

import asyncio
import json
import secrets
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher

from assistant.app import Assembly, assemble, lock_folder
from assistant.casework.agents import staff
from assistant.casework.requests.queue import Role, Scope
from assistant.channels.email.channel import EmailChannel
from assistant.config import load_settings
from assistant.demo.clock import DemoClock
from assistant.demo.pages import DemoSite, demo_routes
from assistant.demo.people import AGENTS, SUBJECTS, DemoAgent
from assistant.demo.settings import DemoFolder, data_of, lay_out
from assistant.opening import SystemClock
from assistant.services import Unit
from assistant.serving import bind, serve
from assistant.store.tables import Agent

# Whose token the demo prints; nobody signs in as them.
_TOKEN_OWNER = DemoAgent("api-demo", secrets.token_urlsafe(32), AGENTS[0].totp_secret, "lead")
_TOKEN_DAYS = 3660  # its clock is moved by years
# The passwords are printed at every start: what costs a second would protect nothing.
_PRINTED = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """What the command line asks for."""

    folder: Path
    port: int
    mail_port: int
    now: datetime | None
    hold: bool
    as_json: bool
    four_eyes: bool = False
    event_loop: str = "uvloop"


async def run_demo(options: DemoOptions, say: Callable[[str], None]) -> None:
    """Make the sample company where it is missing, serve the desk, and say where everything is."""
    lock = lock_folder(data_of(options.folder))  # before anything is written into the folder of a running one
    listener = bind("127.0.0.1", options.port)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    clock = DemoClock(options.now)
    port = listener.getsockname()[1]
    demo = lay_out(
        options.folder,
        port=port,
        mail_port=options.mail_port,
        today=clock.now().date(),
        hold=options.hold,
        four_eyes=options.four_eyes,
    )
    settings = load_settings(demo.settings_file)
    assembly = assemble(settings, clock=clock, device_clock=SystemClock())
    token = await assembly.services.write(_add_staff)
    site = DemoSite(
        clock=clock,
        mailbox_dir=demo.mailbox_dir,
        public_url=url,
        client_area=demo.client_area,
        contact=settings.controller.contact_email,
    )
    monitor = bind(*settings.server.monitored_at, "server.monitor")
    watched = f"http://127.0.0.1:{monitor.getsockname()[1]}"
    loop = asyncio.get_running_loop()
    clock.on_forward(lambda: _wake_from_thread(loop, assembly))

    async def ready() -> None:
        facts = _facts(assembly, demo, token) | {"monitor": watched}
        say(json.dumps(facts) if options.as_json else _welcome(facts))

    await serve(assembly, listener, routes=demo_routes(site), monitor=monitor, ready=ready)
    del lock


def _wake_from_thread(loop: asyncio.AbstractEventLoop, assembly: Assembly) -> None:
    loop.call_soon_threadsafe(_wake_all, assembly)


def _wake_all(assembly: Assembly) -> None:
    assembly.services.waker.wake(
        ["challenge", "plan", "carry_out", "deliver", "remind", "packages", "expire"]
    )


def _add_staff(unit: Unit) -> str:
    for agent in (*AGENTS, _TOKEN_OWNER):
        if unit.session.get(Agent, agent.name) is None:
            staff.add_agent(
                unit,
                agent.name,
                Role(agent.role),
                password_hash=_PRINTED.hash(agent.password),
                totp_secret=agent.totp_secret,
                email=None if agent is _TOKEN_OWNER else f"{agent.name}@desk.example",
            )
    return staff.new_token(
        unit,
        _TOKEN_OWNER.name,
        Scope.APPROVE,
        may_approve_irreversible=True,
        days=_TOKEN_DAYS,
    )


def _facts(assembly: Assembly, demo: DemoFolder, token: str) -> dict[str, Any]:
    settings, url = assembly.services.settings, demo.public_url
    mail = assembly.channels["email"]
    host, port = (mail.listening_at if isinstance(mail, EmailChannel) else None) or ("127.0.0.1", 0)
    area = demo.client_area
    return {
        "url": url,
        "chat_ws": f"{url.replace('http', 'ws', 1)}/chat/ws",
        "api": f"{url}/api/v1",
        "api_token": token,
        "mail_in": {"host": host, "port": port, "address": settings.email.address},
        "mailbox_dir": str(demo.mailbox_dir),
        "console": {"url": f"{url}/console/", "agents": [asdict(agent) for agent in AGENTS]},
        "subjects": [{k: getattr(s, k) for k in ("name", "email", "client_id", "note")} for s in SUBJECTS],
        "client_area": {"issuer": area.issuer, "audience": area.audience, "key": area.key},
        "sources": [{"name": s.name, "url": s.url} for s in settings.sources if s.url],
    }


def _welcome(facts: Mapping[str, Any]) -> str:
    people = "\n".join(f"  {s['name']:<18} {s['email']:<40} {s['note']}" for s in facts["subjects"])
    agents = "\n".join(
        f"  {a['name']:<10} {a['role']:<9} password {a['password']}  authenticator {a['totp_secret']}"
        for a in facts["console"]["agents"]
    )
    url, mail = facts["url"], facts["mail_in"]
    return (
        f"The desk is open (its controller is invented; Ctrl+C ends it).\n\n"
        f"  everything to try   {url}/demo/\n  a site with the chat {url}/demo/site\n"
        f"  mail that was sent  {url}/demo/mailbox\n  move the clock      {url}/demo/clock\n"
        f"  the agents' console {facts['console']['url']}\n  for monitoring      {facts['monitor']}/readyz and /metrics\n"
        f"  write to            {mail['address']} by SMTP at {mail['host']}:{mail['port']}\n\n"
        f"People to be:\n{people}\n\nAgents (current codes on {url}/demo/):\n{agents}\n\nAPI token: {facts['api_token']}\n"
    )


def say_line(text: str) -> None:
    """Write to standard output at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
