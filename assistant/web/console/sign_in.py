"""Signing in with name, password and authenticator, and out again."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from aiohttp import web
from sqlmodel import Session

from assistant.casework import staff
from assistant.errors import Busy, NotAuthenticated
from assistant.store.tables import Agent, AgentSession
from assistant.web import cookies
from assistant.web.callers import caller_of
from assistant.web.console.access import COOKIE, Visit, explained, read_form, show_to_nobody
from assistant.web.console.words import words_of
from assistant.web.keys import SERVICES
from assistant.web.pages import language_of

HOME: Final = "/console/queue"
_OURS: Final = re.compile(r"/console/[A-Za-z0-9_./-]*")
_LASTS: Final = timedelta(hours=12)


async def show_sign_in(http_request: web.Request) -> web.StreamResponse:
    """Ask who it is."""
    return show_to_nobody(
        http_request, "sign_in.html", error="", name="", next=http_request.query.get("next", "")
    )


async def do_sign_in(http_request: web.Request) -> web.StreamResponse:
    """Begin a session; says the same whatever was wrong."""
    form = await read_form(http_request)
    name, wanted = form.get("name", "").strip(), form.get("next", "")
    try:
        secret = await _begin(http_request, name, form.get("password", ""), form.get("code", ""))
    except (Busy, NotAuthenticated) as error:
        services = http_request.config_dict[SERVICES]
        words = words_of(language_of(http_request), services.settings.controller.timezone)
        told = explained(words, error)
        return show_to_nobody(
            http_request, "sign_in.html", status=error.http_status, error=told, name=name, next=wanted
        )
    answer = web.HTTPSeeOther(wanted if _OURS.fullmatch(wanted) else HOME)
    services = http_request.config_dict[SERVICES]
    cookies.give(services, answer, COOKIE, secret, path="/console", lasts=_LASTS, same_site="Strict")
    raise answer


async def _begin(http_request: web.Request, name: str, password: str, code: str) -> str:
    services = http_request.config_dict[SERVICES]
    agent = await services.read(lambda session: session.get(Agent, name))
    stored = agent.password if agent else None
    password_ok = await services.slow.sign_ins.run(
        caller_of(http_request), lambda: staff.password_matches(stored, password)
    )

    def unit(session: Session) -> tuple[str, AgentSession]:
        return staff.sign_in(services, session, name, code, password_ok=password_ok)

    try:
        secret, _ = await services.write(unit)
    except NotAuthenticated as error:
        if failed := error.data.get("failed"):
            await services.write(lambda session: staff.note_failed_sign_in(services, session, failed))
        raise
    return secret


async def sign_out(visit: Visit) -> web.StreamResponse:
    """End the session."""
    secret = cookies.value_of(visit.services, visit.http_request, COOKIE)
    await visit.services.write(lambda session: staff.sign_out(visit.services, session, secret))
    answer = web.HTTPSeeOther("/console/sign-in")
    cookies.take_back(visit.services, answer, COOKIE, path="/console")
    raise answer
