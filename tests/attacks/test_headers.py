"""What every answer carries, whatever is asked of whichever route, and what cookies are called by https."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from assistant.app import build
from assistant.demo.pages import DemoSite, demo_routes
from tests.doubles.desk_inside import DeskInside
from tests.meta.reading import ROOT

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("attacks")]

HTTPS = "https://desk.example.test"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
# What is the same for everybody may be kept by whoever likes to.
FOR_ALL = re.compile(r"/(chat/widget\.js|chat/assets/|verify/page\.css|console/static/|demo/demo\.css)")

Client = TestClient[web.Request, web.Application]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def by_https(desk: DeskInside) -> AsyncIterator[Client]:
    """The same desk as a proxy with TLS would show it."""
    services = desk.assembly.services
    server = services.settings.server.model_copy(update={"public_url": HTTPS})
    settings = services.settings.model_copy(update={"server": server})
    assembly = replace(desk.assembly, services=services.with_parts(settings=settings))
    site = DemoSite(desk.clock, desk.demo.mailbox_dir, desk.demo.client_area, HTTPS, "privacy@host.example")
    app = build(assembly, more_routes=demo_routes(site))
    app.on_shutdown.clear()  # the chat goes on at the other address
    async with TestClient(TestServer(app), cookie_jar=aiohttp.DummyCookieJar()) as client:
        yield client


def addresses(app: web.Application | None) -> Iterator[str]:
    """Give an address of every resource there is, and one of none."""
    assert app is not None
    for resource in app.router.resources():
        yield re.sub(r"{[^}]+}", "none", resource.canonical)
    yield "/nowhere"


async def test_every_answer_of_every_route_carries_its_headers(by_https: Client) -> None:
    """B27: nosniff, no-store, no version, HSTS, and which methods there are."""
    asked = sorted(set(addresses(by_https.app)))
    assert len(asked) > 60
    for path in asked:
        for method in METHODS:
            async with by_https.request(method, path, allow_redirects=False) as answer:
                about = (method, path, answer.status, dict(answer.headers))
                assert answer.status < 500, about
                assert answer.headers["X-Content-Type-Options"] == "nosniff", about
                assert answer.headers["Referrer-Policy"] in {"no-referrer", "same-origin"}, about
                assert answer.headers["Strict-Transport-Security"].startswith("max-age="), about
                assert "Server" not in answer.headers, about
                kept = answer.headers["Cache-Control"]
                assert kept == "no-store" or (FOR_ALL.match(path) and answer.status in {200, 304}), about
                assert (answer.status == 405) == ("Allow" in answer.headers), about


async def test_by_https_a_session_of_the_console_is_a_cookie_of_this_host(
    desk: DeskInside, by_https: Client
) -> None:
    """B27: a sibling of the host sets no session, and nothing but https carries it."""
    form = (await desk.agent("approver")).form()
    async with by_https.post("/console/sign-in", data=form, allow_redirects=False) as answer:
        assert answer.status == 303
        given = answer.headers["Set-Cookie"]
    assert given.startswith("__Host-desk_session=")
    assert {"Path=/", "Secure", "HttpOnly", "SameSite=Strict"} <= set(given.split("; "))
    assert "Domain" not in given
    cookie = given.partition(";")[0]
    for sent, status in ((cookie, 200), (cookie.removeprefix("__Host-"), 303)):
        async with by_https.get("/console/queue", headers={"Cookie": sent}, allow_redirects=False) as page:
            assert page.status == status


async def test_cookies_are_read_and_given_in_one_place() -> None:
    """B27: by https their names begin with `__Host-`; whoever asks for the plain name finds nothing there."""
    beside = {
        file.name
        for file in (ROOT / "assistant").rglob("*.py")
        if re.search(r"\bcookies\.get\(|\.(set|del)_cookie\(", file.read_text("utf-8"))
    }
    assert beside == {"cookies.py"}
