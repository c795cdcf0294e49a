"""A browser of a person who fetches a package: its own cookies, its own language, and what lies in the zip."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import aiohttp

if TYPE_CHECKING:
    from types import TracebackType

    from tests.doubles.desk_process import DeskProcess


class PackageBrowser:
    """One browser at the page of one package."""

    def __init__(self, url: str, origin: str, language: str) -> None:
        self.url = url
        self._origin = origin
        self._http = aiohttp.ClientSession(
            # A demo is reached by its number, for which a browser keeps cookies too.
            cookie_jar=aiohttp.CookieJar(unsafe=True),
            headers={"Accept-Language": language},
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        del kind, error, trace
        await self._http.close()

    async def page(self) -> str:
        """Open the page."""
        async with self._http.get(self.url) as response:
            assert response.status == 200
            return await response.text()

    async def want_code(self) -> str:
        """Press the button that sends a code."""
        return await self._press("send")

    async def enter(self, code: str) -> str:
        """Type a code, and give the page that comes."""
        return await self._press("open", code=code)

    async def open_sign_in(self) -> str:
        """Press the other button, and give the page of the client area."""
        return await self._press("sign-in")

    async def sign_in(self, number: str) -> str:
        """Sign in to the client area as an account, and give the page that comes."""
        page = await self.open_sign_in()
        form = dict(re.findall(r'name="(nonce|return)" value="([^"]*)"', page))
        page = await self._post("/demo/login", **form, client=number)
        (token,) = re.findall(r'name="token" value="([^"]*)"', page)
        return await self._post(form["return"], token=token)

    async def _press(self, button: str, **form: str) -> str:
        return await self._post(f"{urlsplit(self.url).path}/{button}", **form)

    async def _post(self, path: str, **form: str) -> str:
        url, headers = f"{self._origin}{path}", {"Origin": self._origin}
        async with self._http.post(url, data=form, headers=headers) as response:
            return await response.text()

    async def download(self, begin: int = 0) -> tuple[int, bytes, str]:
        """Fetch the file, from an offset if one is given: the status, what came, and which range it is."""
        headers = {"Range": f"bytes={begin}-"} if begin else {}
        async with self._http.get(f"{self.url}/download", headers=headers) as response:
            return response.status, await response.read(), response.headers.get("Content-Range", "")

    async def look_at_download(self) -> int:
        """Ask for the head of the file only; gives the status."""
        async with self._http.head(f"{self.url}/download") as response:
            return response.status

    async def broken_download(self, after: int) -> bytes:
        """Fetch the beginning of the file, then lose the connection."""
        async with self._http.get(f"{self.url}/download") as response:
            begun = await response.content.readexactly(after)
            response.close()
        return begun


@dataclass(frozen=True, slots=True)
class Package:
    """What lies in the zip."""

    files: dict[str, bytes]

    @classmethod
    def read(cls, raw: bytes) -> Self:
        """Read a zip of one folder."""
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            assert archive.testzip() is None
            return cls({name.split("/", 1)[1]: archive.read(name) for name in archive.namelist()})

    @property
    def index(self) -> str:
        return self.files["index.html"].decode()

    @property
    def manifest(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.files["manifest.json"])
        return found

    def counts(self, source: str) -> dict[str, int]:
        """Give the counts of the manifest for one source."""
        return {t["table"]: t["rows"] for t in self.manifest["tables"] if t["source"] == source}

    def records(self, table: dict[str, Any]) -> list[dict[str, Any]]:
        """Read the JSON Lines of a table of the manifest."""
        name = next(name for name in table["files"] if name.endswith(".jsonl"))
        return [json.loads(line) for line in self.files[name].decode().splitlines()]

    def spreadsheet(self, table: dict[str, Any]) -> list[list[str]]:
        """Read the CSV of a table of the manifest, its heading first."""
        name = next(name for name in table["files"] if name.endswith(".csv"))
        return list(csv.reader(io.StringIO(self.files[name].decode("utf-8-sig"), newline="")))

    def addresses(self) -> set[str]:
        """List every e-mail address anywhere in the package, in small letters."""
        pattern = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
        return {
            found.lower()
            for content in self.files.values()
            for found in pattern.findall(content.decode("utf-8-sig"))
        }


def package_link(letter: str) -> str:
    """Find the address of the package's page in a letter."""
    return str(re.findall(r"http://\S+/package/\w+", letter)[0])


def browser(desk: DeskProcess, letter: str, language: str = "en") -> PackageBrowser:
    """Give a browser that is about to follow the link of a letter."""
    return PackageBrowser(package_link(letter), desk.url, language)
