"""Who looks at a page of the console: the cookie, the form's token, and the page around it all."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlsplit

from aiohttp import web

from assistant.casework.agents.staff import get_agent, session_of, touch_session
from assistant.casework.events import Event
from assistant.casework.requests.queue import WORKERS, Principal, Role
from assistant.errors import AssistantError, NotAllowed, NotAuthenticated, NotFresh
from assistant.naming import Naming
from assistant.services import Services, Unit
from assistant.store.rows import AgentSession
from assistant.web import cookies
from assistant.web.bodies import form_of
from assistant.web.console.words import Words, words_of
from assistant.web.keys import AGENT, REFUSED_AS, SERVICES
from assistant.web.pages import language_of
from assistant.wording.texts import pages_of

COOKIE: Final = "desk_session"
SIGN_IN: Final = "/console/sign-in"
_DONE: Final = "desk_done"  # what the last press of a button did, for the page it leads to
_SAID_WITHIN: Final = timedelta(minutes=1)
HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Cache-Control": "no-store",
}
_ENVIRONMENT: Final = pages_of("assistant.web.console")
_SEEN_EVERY: Final = timedelta(minutes=1)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Visit:
    """One agent looking at one page."""

    http_request: web.Request
    services: Services
    row: AgentSession
    agent: Principal
    words: Words
    form: Mapping[str, str] = field(default_factory=dict)

    @property
    def may_work(self) -> bool:
        """Tell whether to show what changes something; the casework decides again."""
        return self.agent.role in WORKERS

    @property
    def is_lead(self) -> bool:
        """Tell whether to show what a lead decides."""
        return self.agent.role is Role.LEAD

    def after(self) -> str:
        """Give the row after which the page of a list begins."""
        return self.http_request.query.get("after", "")[:100]

    def ident(self) -> str:
        """Give the name that stands in the address."""
        return self.http_request.match_info["ident"]

    async def write(self, work: Callable[[Unit, Principal], T]) -> T:
        """Run a unit as who the agent is by then: whoever was disabled or given another role meanwhile acts as that.

        Leads to the sign-in if the session has ended.
        """
        secret = cookies.value_of(self.services, self.http_request, COOKIE)

        def one_unit(unit: Unit) -> T:
            return work(unit, session_of(unit, secret)[1])

        try:
            return await self.services.write(one_unit)
        except NotFresh:
            raise
        except NotAuthenticated:
            raise web.HTTPSeeOther(SIGN_IN) from None


Work = Callable[[Visit], Awaitable[web.StreamResponse]]


def page(work: Work) -> Handler:
    """Show a page to whoever is signed in, and the sign-in to whoever is not."""

    async def handle(http_request: web.Request) -> web.StreamResponse:
        try:
            visit = await _visit(http_request)
        except NotAuthenticated:
            if http_request.headers.get("Sec-Fetch-Site") == "cross-site":
                return show_to_nobody(http_request, "again.html", to=quote(http_request.path))
            raise web.HTTPSeeOther(f"/console/sign-in?next={quote(http_request.path)}") from None
        return await _answered(visit, work)

    return handle


def act(work: Work) -> Handler:
    """Do what a form asks, if the form is one of ours."""

    async def handle(http_request: web.Request) -> web.StreamResponse:
        try:
            visit = await _visit(http_request, await read_form(http_request))
        except NotAuthenticated:
            raise web.HTTPSeeOther(SIGN_IN) from None
        if not hmac.compare_digest(visit.form.get("csrf", "").encode(), visit.row.csrf.encode()):
            http_request[REFUSED_AS] = Event.FORM_FORGED
            return error_page(visit, NotAllowed("This form was not made for you here; open the page again."))
        return await _answered(visit, work)

    return handle


async def _answered(visit: Visit, work: Work) -> web.StreamResponse:
    try:
        return await work(visit)
    except AssistantError as error:
        return error_page(visit, error)


async def _visit(http_request: web.Request, form: Mapping[str, str] | None = None) -> Visit:
    services = http_request.config_dict[SERVICES]
    secret = cookies.value_of(services, http_request, COOKIE)

    def look(unit: Unit) -> tuple[AgentSession, Principal, str]:
        row, agent = session_of(unit, secret)
        return row, agent, get_agent(unit.session, agent.name).language

    row, agent, language = await services.read(look)
    http_request[AGENT] = agent.name
    if row.last_at < services.clock.now() - _SEEN_EVERY:
        await services.write(lambda unit: touch_session(unit, secret))
    words = words_of(language, services.settings.controller.timezone)
    return Visit(http_request, services, row, agent, words, form or {})


async def read_form(http_request: web.Request) -> Mapping[str, str]:
    """Read the fields of a form; raises NotAllowed if another site sent it."""
    origin = http_request.headers.get("Origin")
    public = urlsplit(http_request.config_dict[SERVICES].settings.server.public_url).netloc
    if origin is not None and urlsplit(origin).netloc not in {http_request.host, public}:
        http_request[REFUSED_AS] = Event.FORM_FORGED
        raise NotAllowed("This form was sent from another site; open the console itself.")
    return await form_of(http_request)


def error_page(visit: Visit, error: AssistantError) -> web.Response:
    """Say what went wrong and what to do."""
    told = explained(visit.words, error)
    return show(visit, "error.html", status=error.http_status, title=visit.words("error.title"), error=told)


def explained(words: Words, error: AssistantError) -> str:
    """Say an error in the agent's language: its own words in English, those for its kind in others."""
    if words.locale == "en":
        return error.message
    told, about = words.known("errors", error.code), error.data.get("words") or error.data.get("fact")
    return f"{told} ({words.known('facts', str(about))})" if about else told


def show(visit: Visit, template: str, *, status: int = 200, **values: Any) -> web.Response:
    """Show a page of the console to an agent."""
    services = visit.services
    said, _, led_to = cookies.value_of(services, visit.http_request, _DONE).partition("@")
    done = said if led_to == visit.http_request.path else ""
    html = render(
        template,
        visit.words,
        visit=visit,
        csrf=visit.row.csrf,
        here=visit.http_request.path,
        today=services.local_day(services.clock.now()),
        invented=services.settings.controller.invented,
        label=lambda table, name: services.texts.label(table, name, visit.words.locale),
        named=Naming(services.settings),
        done=visit.words.texts.get(f"done.{done}", ""),
        **{"error": "", **values},
    )
    answer = web.Response(text=html, content_type="text/html", status=status, headers=HEADERS)
    if done:
        cookies.take_back(services, answer, _DONE, path=visit.http_request.path)
    return answer


def show_to_nobody(
    http_request: web.Request, template: str, *, status: int = 200, **values: Any
) -> web.Response:
    """Show a page to somebody who is not signed in."""
    services = http_request.config_dict[SERVICES]
    words = words_of(language_of(http_request), services.settings.controller.timezone)
    html = render(
        template,
        words,
        visit=None,
        invented=services.settings.controller.invented,
        done="",
        here="",
        **values,
    )
    return web.Response(text=html, content_type="text/html", status=status, headers=HEADERS)


def render(template: str, words: Words, **values: Any) -> str:
    """Fill a template in."""
    return _ENVIRONMENT.get_template(template).render(t=words, language=words.locale, **values)


def back(visit: Visit, to: str, done: str) -> web.HTTPSeeOther:
    """Lead to a page after an act, so that reloading does not repeat it; what was done is said there once.

    Said again later it could be false: an approval may have been carried out by then.
    """
    answer = web.HTTPSeeOther(to)
    # By https a cookie has no path, so it says itself which page it is for.
    cookies.give(
        visit.services, answer, _DONE, f"{done}@{to}", path=to, lasts=_SAID_WITHIN, same_site="Strict"
    )
    return answer
