"""Every page of the console about whatever came in, opened as an agent opens it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp

if TYPE_CHECKING:
    from tests.doubles.desk_process import DeskProcess

_LISTS = ("queue", "conversations", "triage", "failing", "events")


async def pages_that_fail(desk: DeskProcess) -> list[str]:
    """Name the pages of requests and conversations that do not open, each with its status."""
    agent = await desk.agent("lead")
    items = [ref for (ref,) in desk.own("SELECT ref FROM request")]
    talks = [ident for (ident,) in desk.own("SELECT id FROM conversation")]
    paths = [*_LISTS, *(f"requests/{ref}" for ref in items), *(f"conversations/{ident}" for ident in talks)]
    failed = []
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        async with http.post(f"{desk.url}/console/sign-in", data=agent.form()) as signed_in:
            assert signed_in.status == 200
            assert "sign-in" not in str(signed_in.url)
        for path in paths:
            async with http.get(f"{desk.url}/console/{path}") as page:
                if page.status >= 400:
                    failed.append(f"{path}: {page.status}")
    return failed
