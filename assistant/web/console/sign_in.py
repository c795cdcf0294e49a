"""Signing in with name, password and authenticator, and out again."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Final

from aiohttp import web

from assistant.casework.agents import staff
from assistant.domain.pacing import Buckets
from assistant.errors import Busy, NotAuthenticated, TooManyAttempts
from assistant.web import cookies
from assistant.web.callers import caller_of
from assistant.web.console.access import COOKIE, Handler, Visit, explained, read_form, show_to_nobody
from assistant.web.console.words import words_of
from assistant.web.keys import SERVICES
from assistant.web.pages import language_of

HOME: Final = "/console/queue"
_OURS: Final = re.compile(r"/console/[A-Za-z0-9_./-]*")
BROWSER: Final = "desk_browser"  # by which a browser is known as one in which this agent signed in
# Failures from one address, in browsers that are not known: so many at once, and so many more a minute.
_MOST_FAILURES: Final = 20
_FAILURES_A_MINUTE: Final = 2


async def show_sign_in(http_request: web.Request) -> web.StreamResponse:
    """Ask who it is."""
    return show_to_nobody(
        http_request, "sign_in.html", error="", name="", next=http_request.query.get("next", "")
    )


def door() -> Handler:
    """Make what takes the sign-ins, with its own count of the failures of each address."""
    failures = Buckets(_FAILURES_A_MINUTE, _MOST_FAILURES)

    async def do_sign_in(http_request: web.Request) -> web.StreamResponse:
        form = await read_form(http_request)
        try:
            begun = await _begin(http_request, form, failures)
        except (Busy, NotAuthenticated, TooManyAttempts) as error:
            return _refused(http_request, form, error)
        services, wanted = http_request.config_dict[SERVICES], form.get("next", "")
        answer = web.HTTPSeeOther(wanted if _OURS.fullmatch(wanted) else HOME)
        for name, secret, lasts in (
            (COOKIE, begun.session, staff.SESSION_LASTS),
            (BROWSER, begun.browser, staff.BROWSER_KNOWN),
        ):
            cookies.give(services, answer, name, secret, path="/console", lasts=lasts, same_site="Strict")
        raise answer

    return do_sign_in


def _refused(
    http_request: web.Request, form: Mapping[str, str], error: Busy | NotAuthenticated | TooManyAttempts
) -> web.Response:
    """Say the same whatever was wrong; that nobody looked is another matter, and tells nothing."""
    services = http_request.config_dict[SERVICES]
    words = words_of(language_of(http_request), services.settings.controller.timezone)
    told = explained(words, error if isinstance(error, Busy) else NotAuthenticated(staff.REFUSED))
    name, wanted = form.get("name", ""), form.get("next", "")
    return show_to_nobody(
        http_request, "sign_in.html", status=error.http_status, error=told, name=name.strip(), next=wanted
    )


async def _begin(http_request: web.Request, form: Mapping[str, str], failures: Buckets) -> staff.Begun:
    """Try a sign-in; one that fails counts for its address, unless the browser is known as the agent's own."""
    services = http_request.config_dict[SERVICES]
    name = form.get("name", "").strip()
    browser = cookies.value_of(services, http_request, BROWSER)
    looked = await services.read(lambda unit: staff.look_up(unit, name, browser))
    caller = caller_of(http_request)
    counted = failures.of(caller, asyncio.get_running_loop().time())
    excused = looked.is_known_browser or staff.looks_like_recovery(form.get("code", ""))
    # Booked before it is tried, so that many at once count as many; a right one is taken back.
    if not excused and counted.take(asyncio.get_running_loop().time()):
        raise TooManyAttempts
    try:
        password_ok = await services.slow.sign_ins.run(
            caller, lambda: staff.password_matches(looked.password, form.get("password", ""))
        )
    except Busy:
        if not excused:
            counted.give_back()
        raise
    begun = await services.write(
        lambda unit: staff.sign_in(unit, name, form.get("code", ""), password_ok=password_ok, browser=browser)
    )
    if begun is None:
        raise NotAuthenticated(staff.REFUSED)
    if not excused:
        counted.give_back()
    return begun


async def sign_out(visit: Visit) -> web.StreamResponse:
    """End the session."""
    secret = cookies.value_of(visit.services, visit.http_request, COOKIE)
    await visit.services.write(lambda unit: staff.sign_out(unit, secret))
    answer = web.HTTPSeeOther("/console/sign-in")
    cookies.take_back(visit.services, answer, COOKIE, path="/console")
    raise answer
