"""The widget's own pages: what they may load, who may frame them, how long they may be kept."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from assistant.errors import ConfigurationError
from assistant.web.widget import Widget, WidgetSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

Client = TestClient[web.Request, web.Application]

SETTINGS = WidgetSettings(
    public_url="https://desk.example",
    sites=("https://shop.example", "https://www.shop.example:8443"),
    controller='Alder & "Sons" </script><script>alert(1)</script>',
    privacy_url="https://shop.example/privacy",
)


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    app = web.Application()
    app.add_routes(Widget(SETTINGS).routes())
    async with TestClient(TestServer(app)) as client:
        yield client


def policy(header: str) -> dict[str, list[str]]:
    rules = [rule.split() for rule in header.split(";")]
    return {name: values for name, *values in rules}


async def test_the_panel_loads_only_its_own_and_is_framed_only_by_named_sites(client: Client) -> None:
    response = await client.get("/chat/")
    rules = policy(response.headers["Content-Security-Policy"])
    assert rules["default-src"] == ["'none'"]
    assert rules["script-src"] == rules["style-src"] == ["'self'"]
    assert rules["connect-src"] == ["'self'", "wss://desk.example"]
    assert rules["frame-ancestors"] == ["'self'", "https://shop.example", "https://www.shop.example:8443"]
    assert "X-Frame-Options" not in response.headers
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Cache-Control"] == "no-store"


async def test_nothing_in_the_panel_is_inline_or_from_elsewhere(client: Client) -> None:
    page = await (await client.get("/chat/")).text()
    assert " style=" not in page
    assert not re.search(r"\son\w+=", page)
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(loaded) >= 6
    assert all(address.startswith("/chat/assets/") for address in loaded)
    for address in loaded:
        assert (await client.get(address)).status == 200


async def test_what_settings_say_cannot_end_the_script_it_stands_in(client: Client) -> None:
    page = await (await client.get("/chat/")).text()
    assert "alert(1)</script>" not in page
    data = re.search(r'<script type="application/json" id="desk">(.*?)</script>', page, re.DOTALL)
    assert data is not None
    assert json.loads(data[1])["controller"] == SETTINGS.controller


@pytest.mark.parametrize(
    ("query", "accepted", "language"),
    [("", "en", "en"), ("", "fr-FR,fr;q=0.9", "fr"), ("?locale=fr", "en", "fr"), ("?locale=xx", "fr", "en")],
)
async def test_the_panel_comes_in_the_language_asked_for(
    client: Client, query: str, accepted: str, language: str
) -> None:
    page = await (await client.get(f"/chat/{query}", headers={"Accept-Language": accepted})).text()
    assert f'<html lang="{language}">' in page


async def test_the_loader_is_kept_briefly_and_its_version_for_good(client: Client) -> None:
    loader = await client.get("/chat/widget.js")
    assert loader.content_type == "text/javascript"
    assert loader.headers["Cache-Control"] == "public, max-age=300"
    again = await client.get("/chat/widget.js", headers={"If-None-Match": loader.headers["ETag"]})
    assert again.status == 304
    assets = re.search(r"/chat/assets/\w+/", await (await client.get("/chat/")).text())
    assert assets
    versioned = await client.get(f"{assets[0]}widget.js")
    assert "immutable" in versioned.headers["Cache-Control"]
    assert versioned.headers["Access-Control-Allow-Origin"] == "*"
    assert await versioned.read() == await loader.read()
    stale = await client.get("/chat/assets/0000/widget.js")
    assert stale.headers["Cache-Control"] == "no-store"


async def test_nothing_but_the_widgets_files_is_served(client: Client) -> None:
    for name in ("panel.html", "en.json", "..%2Fpages.py", "%2Fetc%2Fpasswd", "unknown.js"):
        assert (await client.get(f"/chat/assets/0000/{name}")).status == 404


@pytest.mark.parametrize(
    "site", ["shop.example", "https://*.shop.example", "https://a b", "*", "ftp://a.example"]
)
def test_a_site_must_be_one_exact_origin(site: str) -> None:
    with pytest.raises(ConfigurationError, match="is no site"):
        Widget(WidgetSettings(public_url="https://d.example", sites=(site,), controller="A", privacy_url="/"))
