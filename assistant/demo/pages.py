"""The pages to try the demo with: mailbox, clock, client area, and a website that carries the chat."""

from __future__ import annotations

import asyncio
import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import pyotp
from aiohttp import web

from assistant.demo import mailbox, people
from assistant.demo.client_area import ClientArea, account_of, accounts, checked_nonce, checked_return
from assistant.demo.clock import DemoClock, parse_duration
from assistant.errors import AssistantError, Invalid, NotAllowed
from assistant.web.bodies import document_of, form_of
from assistant.wording.texts import pages_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_STRICT: Final = (
    "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": _STRICT,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
_STEPS: Final = (
    ("10m", "10 minutes"),
    ("1h", "1 hour"),
    ("72h", "72 hours"),
    ("8d", "8 days"),
    ("31d", "31 days"),
)


@dataclass(frozen=True, slots=True)
class DemoSite:
    """What the pages show and move; `public_url` is where the desk is reached, without a slash at its end."""

    clock: DemoClock
    mailbox_dir: Path
    client_area: ClientArea
    public_url: str
    contact: str
    console_path: str = "/console/"


def demo_routes(site: DemoSite) -> list[web.RouteDef]:
    """Give the routes of every demo page; they need no other part of the desk."""
    pages = _Pages(site)
    return [
        web.get("/", _to_demo),
        web.get("/demo", _to_demo),
        web.get("/demo/", pages.index),
        web.get("/demo/demo.css", pages.style),
        web.get("/demo/mailbox", _telling(pages.mailbox)),
        web.get("/demo/mailbox/{name}", _telling(pages.mail)),
        web.get("/demo/clock", pages.clock),
        web.post("/demo/clock", _telling(pages.forward)),
        web.get("/demo/login", _telling(pages.login)),
        web.post("/demo/login", _telling(pages.sign_in)),
        web.get("/demo/site", pages.website),
        web.get("/demo/policy", pages.policy),
    ]


class _Pages:
    """The handlers; each renders one template."""

    def __init__(self, site: DemoSite) -> None:
        self._site = site
        self._style = (resources.files(__package__) / "static" / "demo.css").read_text("utf-8")
        self._catalogue = tomllib.loads((resources.files(__package__) / "catalogue.toml").read_text("utf-8"))

    async def index(self, http_request: web.Request) -> web.Response:
        del http_request
        # An authenticator on a person's phone knows nothing of our moved clock, so the desk goes by its time.
        codes = {agent.name: pyotp.TOTP(agent.totp_secret).now() for agent in people.AGENTS}
        return _page(
            "index.html", site=self._site, subjects=people.SUBJECTS, agents=people.AGENTS, codes=codes
        )

    async def style(self, http_request: web.Request) -> web.Response:
        del http_request
        return web.Response(text=self._style, content_type="text/css", headers={"Cache-Control": "no-cache"})

    async def mailbox(self, http_request: web.Request) -> web.Response:
        every = await asyncio.to_thread(mailbox.list_mails, self._site.mailbox_dir)
        chosen = http_request.query.get("box", "")
        boxes = {line.box: line.recipient for line in every if line.recipient}
        lines = [line for line in every if chosen in {"", line.box}]
        shown = lines[: mailbox.SHOWN_AT_ONCE]
        return _page(
            "mailbox.html",
            lines=shown,
            older=len(lines) - len(shown),
            boxes=sorted(boxes.items(), key=lambda box: box[1]),
            chosen=chosen,
        )

    async def mail(self, http_request: web.Request) -> web.Response:
        mail = await asyncio.to_thread(
            mailbox.read_mail, self._site.mailbox_dir, http_request.match_info["name"]
        )
        return _page("mail.html", mail=mail)

    async def clock(self, http_request: web.Request) -> web.Response:
        del http_request
        return _page("clock.html", now=self._site.clock.now(), steps=_STEPS)

    async def forward(self, http_request: web.Request) -> web.Response:
        """Move the desk's time: JSON gets JSON back, a form the page."""
        self._same_site(http_request)
        if http_request.content_type == "application/json":
            now = self._site.clock.forward(parse_duration(await _forward_in(http_request)))
            return web.json_response({"now": now.isoformat()})
        form = await form_of(http_request)
        self._site.clock.forward(parse_duration(str(form.get("other") or form.get("forward") or "")))
        raise web.HTTPSeeOther("/demo/clock")

    async def login(self, http_request: web.Request) -> web.Response:
        """Play the client area's sign-in, asked for by the desk's link; GET signs nobody in.

        Whoever only wants to see their account, which is not played here, is shown who there is to be.
        """
        if not {"nonce", "return"} & http_request.query.keys():
            raise web.HTTPSeeOther("/demo/")
        nonce = checked_nonce(http_request.query.get("nonce", ""))
        back = checked_return(http_request.query.get("return", ""), self._site.public_url)
        language = _language(http_request)
        return _page(f"login.{language}.html", accounts=accounts(), nonce=nonce, back=back, language=language)

    async def sign_in(self, http_request: web.Request) -> web.Response:
        """Sign the token and have the browser carry it back by POST, so that it stands in no address."""
        self._same_site(http_request)
        form = await form_of(http_request)
        nonce = checked_nonce(str(form.get("nonce", "")))
        back = checked_return(str(form.get("return", "")), self._site.public_url)
        account = account_of(str(form.get("client", "")))
        token = self._site.client_area.token(account, nonce, self._site.clock.now())
        return _page(f"login_return.{_language(http_request)}.html", account=account, token=token, back=back)

    async def website(self, http_request: web.Request) -> web.Response:
        """Show the hosting company's own website, which embeds the chat by its one script tag."""
        return self._of_the_company(http_request, "site")

    async def policy(self, http_request: web.Request) -> web.Response:
        """Show the company's privacy policy, whose clauses are the catalogue's own words."""
        held = ("purposes", "recipients", "retention")
        return self._of_the_company(
            http_request,
            "policy",
            contact=self._site.contact,
            clauses=self._clauses,
            **{name: self._catalogue[name].values() for name in held},
        )

    def _of_the_company(self, http_request: web.Request, template: str, **values: Any) -> web.Response:
        script = f"{self._site.public_url}/chat/widget.js"
        page = _page(f"{template}.{_language(http_request)}.html", script=script, **values)
        del page.headers["Content-Security-Policy"]  # a site of its own, as any site that embeds the chat
        return page

    def _clauses(self, beginning: str, language: str) -> list[tuple[str, str]]:
        """List the categories of data that stand under these clauses of the policy."""
        categories = self._catalogue["categories"].values()
        return [(c["clause"], c[language]) for c in categories if c["clause"].startswith(beginning)]

    def _same_site(self, http_request: web.Request) -> None:
        origin = http_request.headers.get("Origin")
        if origin and urlsplit(origin).netloc not in {
            http_request.host,
            urlsplit(self._site.public_url).netloc,
        }:
            raise NotAllowed("only the demo's own pages may do this")


_ENVIRONMENT: Final = pages_of("assistant.demo")


def _page(template: str, status: int = 200, **values: Any) -> web.Response:
    text = _ENVIRONMENT.get_template(template).render(values)
    return web.Response(text=text, status=status, content_type="text/html", headers=_HEADERS)


def _telling(handler: Handler) -> Handler:
    """Turn an error a person can mend into a page (or, for a program, a problem document)."""

    async def told(http_request: web.Request) -> web.StreamResponse:
        try:
            return await handler(http_request)
        except AssistantError as error:
            if http_request.content_type == "application/json":
                problem = {
                    "type": "about:blank",
                    "title": error.message,
                    "status": error.http_status,
                    "code": error.code,
                }
                return web.json_response(
                    problem, status=error.http_status, content_type="application/problem+json"
                )
            return _page("told.html", error.http_status, message=error.message)

    return told


async def _to_demo(_http_request: web.Request) -> web.StreamResponse:
    raise web.HTTPFound("/demo/")


async def _forward_in(http_request: web.Request) -> str:
    body = await document_of(http_request)
    if not isinstance(body, dict) or not isinstance(body.get("forward"), str):
        raise Invalid('send JSON such as {"forward": "72h"}')
    return str(body["forward"])


def _language(http_request: web.Request) -> str:
    wanted: str = http_request.query.get("lang") or http_request.headers.get("Accept-Language") or ""
    return "fr" if wanted.lower().startswith("fr") else "en"
