"""Who opens the link of a copy that was deleted is told that it is gone and what to do, and promised no code."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from assistant.casework.answers import packages
from assistant.store.tables import Package
from assistant.web import package
from assistant.web.application import web_application
from tests.doubles.chat_desk import START
from tests.doubles.console_app import ConsoleSite, console_site

GONE = {"en": "This copy is no longer there", "fr": "Cette copie n’est plus disponible"}
IDENT, NEVER = "a" * 32, "b" * 32


@pytest.fixture
async def site(tmp_path: Path, prepared: ConsoleSite) -> AsyncIterator[ConsoleSite]:
    async with console_site(tmp_path, prepared) as site:
        row = Package(
            id=IDENT,
            ref=site.refs["access"],
            action_id=site.actions["access"],
            file="kept.sealed",
            wrapped_key=site.services.keyring.seal("key"),
            size=6,
            sha256="0" * 64,
            contact_hash="x",
            ready_at=START,
            gone_at=START + timedelta(days=7),
        )
        await site.services.write(lambda unit: unit.session.add(row))
        app = web_application(site.services)
        app.add_routes(package.routes())
        async with TestServer(app, host="127.0.0.1") as server:
            site.url = str(server.make_url("")).rstrip("/")
            yield site


async def _page(site: ConsoleSite, ident: str, language: str, *, send: bool = False) -> str:
    """Open the page, or press its button; the id and the times in it are left out."""
    headers = {"Accept-Language": language, "Origin": site.services.settings.server.public_url}
    async with aiohttp.ClientSession(headers=headers) as http:
        if send:
            answer = await http.post(f"{site.url}/package/{ident}/send")
        else:
            answer = await http.get(f"{site.url}/package/{ident}")
        return re.sub(r"\d\d:\d\d|[ab]{32}", "", await answer.text())


@pytest.mark.parametrize("language", GONE)
async def test_a_copy_that_is_gone_says_so_and_sends_no_code(site: ConsoleSite, language: str) -> None:
    site.clock.at = START + timedelta(days=8)
    await packages.expire_packages(site.services)
    for send in (False, True):
        page = await _page(site, IDENT, language, send=send)
        assert GONE[language] in page
        assert "/send" not in page


async def test_the_page_of_a_copy_tells_nobody_whether_there_is_one(site: ConsoleSite) -> None:
    assert await _page(site, IDENT, "en") == await _page(site, NEVER, "en")
    site.clock.at = START + timedelta(days=8)
    assert "/send" in await _page(site, NEVER, "en")
