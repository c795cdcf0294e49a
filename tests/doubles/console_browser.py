"""An agent in a browser without JavaScript."""

from __future__ import annotations

import re
from html import unescape

import aiohttp

from tests.doubles.desk_process import DeskProcess


class Console:
    """Signs in, keeps the cookie, sends the token of the last page with each form."""

    def __init__(self, desk: DeskProcess, role: str) -> None:
        self.desk, self.role = desk, role
        self.http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        self.name = self.csrf = ""

    async def sign_in(self) -> Console:
        form = (await self.desk.agent(self.role)).form()
        self.name = form["name"]
        async with self.http.post(f"{self.desk.url}/console/sign-in", data=form) as answer:
            assert answer.url.path == "/console/queue", await answer.text()
        return self

    async def page(self, path: str) -> str:
        async with self.http.get(f"{self.desk.url}/console/{path}") as answer:
            text = await answer.text()
        if token := re.search(r'name="csrf" value="(\w+)"', text):
            self.csrf = token[1]
        return unescape(text)

    async def post(self, path: str, **form: str) -> tuple[int, bytes, dict[str, str]]:
        fields = {"csrf": self.csrf, **form}
        async with self.http.post(f"{self.desk.url}/console/{path}", data=fields) as answer:
            return answer.status, await answer.read(), dict(answer.headers)
