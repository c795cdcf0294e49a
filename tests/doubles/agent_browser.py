"""An agent's browser without JavaScript at a console of the tests, from an address of one's choice."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, Any, Self

import aiohttp

from tests.doubles.console_app import PASSWORD

if TYPE_CHECKING:
    from tests.doubles.console_app import ConsoleSite


class AgentBrowser:
    """Follows redirects, keeps cookies, sends the token of the last page."""

    def __init__(self, site: ConsoleSite, name: str, address: str = "192.0.2.1") -> None:
        self.site, self.name = site, name
        self.http = aiohttp.ClientSession(
            cookie_jar=aiohttp.CookieJar(unsafe=True), headers={"X-Forwarded-For": address}
        )
        self.status, self.text, self.csrf, self.path = 0, "", "", ""
        self.headers: Any = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.http.close()

    async def get(self, path: str) -> str:
        return await self._read(self.http.get(f"{self.site.url}/console/{path}"))

    async def post(self, path: str, **fields: str) -> str:
        form = {"csrf": self.csrf, **fields}
        return await self._read(self.http.post(f"{self.site.url}/console/{path}", data=form))

    async def press(self, path: str, **fields: str) -> str:
        """Press, read what would be sent, and press again: what reads a letter first takes both."""
        shown = re.search(r'name="seen" value="(\w+)"', await self.post(path, **fields))
        assert shown, self.text
        return await self.post(path, **fields, seen=shown[1])

    async def sign_in(self, **changed: str) -> int:
        """Give the status of the answer: a sign-in leads to the queue, which is 200."""
        code = self.site.code(self.name) if self.name in self.site.secrets else "000000"
        fields = {"name": self.name, "password": PASSWORD, "code": code, **changed}
        await self._read(self.http.post(f"{self.site.url}/console/sign-in", data=fields))
        return self.status

    def told(self) -> str:
        """Give what the page says went wrong."""
        found = re.search(r'role="alert">(.+?)<', self.text)
        return found[1] if found else ""

    async def _read(self, call: Any) -> str:
        async with call as answer:
            self.status, self.headers, self.path = answer.status, answer.headers, str(answer.url.path)
            # A reader sees a space, whether a line may break there or not.
            self.text = unescape(await answer.text()).replace("\u00a0", " ")
        if token := re.search(r'name="csrf" value="(\w+)"', self.text):
            self.csrf = token[1]
        return self.text
