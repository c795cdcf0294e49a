"""One desk, one file: commands that write go through the running desk's own socket, or take its lock."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from aiohttp import web

from assistant.app import Assembly, assemble, take_lock
from assistant.asking import socket_path
from assistant.casework.agents import colleagues, credentials, staff
from assistant.casework.decisions import approval
from assistant.casework.decisions.four_eyes import approved_by
from assistant.casework.requests.queue import DESK, Role, Scope
from assistant.casework.upkeep import corrections
from assistant.casework.upkeep.sealing_keys import change_key
from assistant.channels.email.channel import EmailChannel
from assistant.config import Settings
from assistant.errors import AssistantError, ConfigurationError
from assistant.services import Unit
from assistant.store.backup import back_up
from assistant.store.tables import Agent

_LARGEST_MAIL = 26 * 2**20  # bytes: the only way in for one this large, and its owner's alone
_Work = Callable[[Unit, Mapping[str, Any]], Mapping[str, Any]]


def _add_agent(unit: Unit, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    agent = staff.add_agent(
        unit,
        asked["name"],
        Role(asked["role"]),
        password_hash=asked["password_hash"],
        totp_secret=asked["totp_secret"],
        email=asked.get("email"),
        language=asked.get("language", "en"),
    )
    return {"name": agent.name, "role": agent.role}


def _token(unit: Unit, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    irreversible = bool(asked["may_approve_irreversible"])
    scope = Scope(asked["scope"])
    token = staff.new_token(
        unit,
        asked["name"],
        scope,
        may_approve_irreversible=irreversible,
        days=int(asked["days"]),
    )
    return {"name": asked["name"], "scope": scope, "days": asked["days"], "token": token}


def _disable(unit: Unit, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    return _state(colleagues.disable(unit, asked["name"], colleagues.OPERATOR))


def _enable(unit: Unit, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    return _state(colleagues.enable(unit, asked["name"], colleagues.OPERATOR))


def _role(unit: Unit, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    role = Role(asked["role"])
    return _state(colleagues.change_role(unit, asked["name"], role, colleagues.OPERATOR))


def _password(unit: Unit, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    return _state(colleagues.reset_password(unit, asked["name"], asked["password_hash"]))


def _authenticator(unit: Unit, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    secret = asked["totp_secret"]
    return _state(colleagues.reset_authenticator(unit, asked["name"], secret, colleagues.OPERATOR))


def _state(agent: Agent) -> Mapping[str, Any]:
    return {"name": agent.name, "role": agent.role, "active": agent.active}


def _recovery(unit: Unit, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    name = staff.get_agent(unit.session, asked["name"]).name
    return {"name": name, "codes": credentials.new_recovery_codes(unit, name, DESK)}


def _end_session(unit: Unit, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    name = colleagues.end_session(unit, asked["session"], colleagues.OPERATOR)
    return {"session": asked["session"], "name": name, "ended": True}


def _revoke(unit: Unit, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    name = colleagues.revoke_token(unit, asked["token"], colleagues.OPERATOR)
    return {"token": asked["token"], "name": name, "ended": True}


def _approve(unit: Unit, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    agent = staff.principal_of_token(unit, asked["token"])
    action = approval.approve(unit, asked["action"], asked["plan_hash"], agent)
    return {
        "id": action.id,
        "state": action.state,
        "approved_by": list(approved_by(action)),
        "not_before": action.not_before and action.not_before.isoformat(),
    }


def _reject(unit: Unit, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    agent = staff.principal_of_token(unit, asked["token"])
    action = approval.reject(unit, asked["action"], asked["reason"], agent)
    return {"id": action.id, "state": action.state}


def _review(unit: Unit, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    kept = bool(asked["keep"])
    correction = corrections.review(unit, int(asked["correction"]), kept=kept)
    return {"correction": correction.id, "kept": kept}


COMMANDS: Mapping[str, _Work] = {
    "keys-rotate": change_key,
    "corrections-review": _review,
    "agents-add": _add_agent,
    "agents-token": _token,
    "agents-disable": _disable,
    "agents-enable": _enable,
    "agents-role": _role,
    "agents-password": _password,
    "agents-recovery": _recovery,
    "agents-reset-totp": _authenticator,
    "agents-end-session": _end_session,
    "agents-revoke": _revoke,
    "queue-approve": _approve,
    "queue-reject": _reject,
}


@asynccontextmanager
async def socket_of(assembly: Assembly) -> AsyncIterator[None]:
    """Listen for the desk's own commands on a socket that only its owner may open."""
    path = socket_path(assembly.services.settings)
    path.unlink(missing_ok=True)
    app = web.Application(client_max_size=_LARGEST_MAIL)
    app.router.add_post("/run/{command}", partial(_run, assembly))
    app.router.add_post("/mail-in", partial(_mail_in, assembly))
    app.router.add_post("/backup", partial(_back_up, assembly))
    runner = web.AppRunner(app, access_log=None, handle_signals=False)
    await runner.setup()
    mask = os.umask(0o177)
    try:
        await web.UnixSite(runner, str(path)).start()
    finally:
        os.umask(mask)
    try:
        yield
    finally:
        await runner.cleanup()
        with suppress(FileNotFoundError):
            path.unlink()


async def _run(assembly: Assembly, http_request: web.Request) -> web.Response:
    work = COMMANDS[http_request.match_info["command"]]
    asked = await http_request.json()
    try:
        done = await assembly.services.write(lambda unit: work(unit, asked))
    except AssistantError as error:
        return _told(error)
    return web.json_response(done)


async def _mail_in(assembly: Assembly, http_request: web.Request) -> web.Response:
    channel = assembly.channels.get("email")
    if not isinstance(channel, EmailChannel):
        return _told(ConfigurationError("email.address: is empty; name the desk's address to take mail."))
    try:
        await channel.take(assembly.desk, await http_request.read())
    except AssistantError as error:
        return _told(error)
    return web.json_response({"stored": True})


async def _back_up(assembly: Assembly, http_request: web.Request) -> web.Response:
    asked = await http_request.json()
    try:
        await asyncio.to_thread(back_up, assembly.services.store.url, Path(asked["file"]))
    except AssistantError as error:
        return _told(error)
    return web.json_response({"file": asked["file"]})


def _told(error: AssistantError) -> web.Response:
    return web.json_response({"code": error.code, "message": error.message}, status=error.http_status)


async def run_alone(settings: Settings, command: str, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """Run a command that writes alone on the database of a desk that does not run; raises ConfigurationError if it does."""
    lock = take_lock(settings)
    assembly = assemble(settings)
    try:
        return await assembly.services.write(lambda unit: COMMANDS[command](unit, asked))
    finally:
        assembly.services.store.close()
        if lock is not None:
            os.close(lock)
