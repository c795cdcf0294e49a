"""Calls to one system by HTTP: signed in, paced, tried again where that helps, and believed only if they answer JSON.

Nothing that was sent or received stands in an error or a log: addresses hold what persons are known by.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import quote, urlencode

import aiohttp
from yarl import URL

from assistant.domain.http_map import Auth, Call, HttpMap, filled
from assistant.errors import ConfigurationError, SourceMisfit, SourceUnavailable

_TIMEOUT: Final = aiohttp.ClientTimeout(total=30, connect=10)
_LARGEST_ANSWER: Final = 16 * 2**20
_TRIES: Final = 5
_FIRST_PAUSE: Final = 0.5  # seconds, doubled each time
_LONGEST_PAUSE: Final = 60.0
_AGAIN: Final = frozenset({429, 500, 502, 503, 504})
_REFUSED: Final = frozenset({401, 403})
_SLACK: Final = 30.0  # seconds before its end at which a token is renewed
_DONE: Final = 200
_UNAUTHORIZED: Final = 401
_LOCAL: Final = frozenset({"127.0.0.1", "::1", "localhost"})

Known = Callable[[str], Any]  # what stands for a placeholder
Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """What the operator says of one system: the values its map leaves open, and its secrets."""

    values: Mapping[str, str]
    secrets: Mapping[str, str]
    address: str = ""  # instead of the map's own


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: nothing there, or JSON (empty for an empty body)."""

    missing: bool
    data: Any


class HttpClient:
    """The calls of one system; raises SourceUnavailable, and SourceMisfit for a call that is refused as wrong."""

    def __init__(
        self, source: str, http_map: HttpMap, settings: HttpSettings, *, sleep: Sleep = asyncio.sleep
    ) -> None:
        """Take the map and what the settings say; nothing is connected before the first call."""
        self._source, self._map, self._settings, self._sleep = source, http_map, settings, sleep
        self._address = (settings.address or self._fixed(http_map.address)).rstrip("/")
        url = URL(self._address)
        if url.scheme != "https" and url.host not in _LOCAL:
            raise ConfigurationError(
                f"sources.{source}: its address must begin with https://; data of persons go there."
            )
        self._session: aiohttp.ClientSession | None = None
        self._pace = asyncio.Lock()
        self._free_at = 0.0
        self._token = ""
        self._token_until = 0.0

    async def close(self) -> None:
        """Close the connections."""
        if self._session:
            await self._session.close()
            self._session = None

    async def call(self, call: Call, known: Known, more: Mapping[str, str] | None = None) -> Answer:
        """Make a call, with `more` in its query; a status among its `missing` is an answer too."""
        url = self._url(call, known, more or {})
        body = _body(call, self._putting(known))
        told = f"{call.method} {call.path}"
        status, kind, raw, renewed = 0, "", b"", False
        for attempt in range(_TRIES):
            status, kind, raw, wait = await self._once(call.method, url, body, told, attempt)
            if status == _UNAUTHORIZED and self._map.auth.kind == "oauth2" and not renewed:
                self._token, renewed = "", True  # it ended before its time
                continue
            if status not in _AGAIN or attempt == _TRIES - 1 or wait is None:
                break
            await self._sleep(wait)
        return self._read(call, told, status, kind, raw)

    # ── one try ──────────────────────────────────────────────────────────────────────────────────────

    async def _once(
        self, method: str, url: URL, body: Mapping[str, Any], told: str, attempt: int
    ) -> tuple[int, str, bytes, float | None]:
        """Give status, type and body, and how long to wait before another try; None: longer than anybody waits."""
        pause = min(_FIRST_PAUSE * 2**attempt, _LONGEST_PAUSE)
        try:
            url, headers = await self._signed(url)
            await self._paced()
            async with self._http().request(
                method, url, headers=headers, allow_redirects=False, **body
            ) as answer:
                raw = await _limited(answer, f"{self._source}: {told}")
                asked = _asked_to_wait(answer.headers)
                return answer.status, answer.content_type, raw, _patient(asked, pause)
        except _TryAgainError as again:
            return again.status, "", b"", _patient(again.asked, pause)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            if attempt == _TRIES - 1:
                raise SourceUnavailable(
                    f"{self._source}: cannot be reached ({type(error).__name__}); it is tried again.",
                    source=self._source,
                ) from None
            return 503, "", b"", pause

    def _read(self, call: Call, told: str, status: int, kind: str, raw: bytes) -> Answer:
        if status in call.missing:
            return Answer(missing=True, data={})
        if status in call.done:
            return Answer(missing=False, data=self._json(call, told, kind, raw))
        if status in _REFUSED:
            raise self._unavailable(told, f"answers {status}: it refuses the sign-in; mend its secrets")
        if status in _AGAIN:
            raise self._unavailable(told, f"still answers {status} after {_TRIES} tries; it is tried again")
        if 300 <= status < 400:  # noqa: PLR2004 - RFC 9110, 15.4
            raise self._unavailable(told, f"answers {status} and sends us elsewhere; mend its address")
        raise SourceMisfit(f"{self._source}: {told} answers {status}; its map does not fit this system.")

    def _json(self, call: Call, told: str, kind: str, raw: bytes) -> Any:
        if not raw.strip():
            if call.answers:
                raise self._unavailable(told, "answers nothing where the map expects something")
            return {}
        if not (kind == "application/json" or kind.endswith("+json")):
            what = f"answers {kind or 'something'} instead of JSON"
            raise self._unavailable(told, f"{what}; the address may be that of a website or a sign-in page")
        try:
            data = json.loads(raw)
        except ValueError:
            raise self._unavailable(told, "answers broken JSON") from None
        if call.answers and at(data, call.answers) is None:
            raise self._unavailable(told, f"answers without {call.answers}, so it is not done")
        return data

    def _unavailable(self, told: str, what: str) -> SourceUnavailable:
        return SourceUnavailable(f"{self._source}: {told} {what}.", source=self._source)

    # ── signing in and pacing ────────────────────────────────────────────────────────────────────────

    async def _signed(self, url: URL) -> tuple[URL, dict[str, str]]:
        auth = self._map.auth
        headers = {
            "Accept": "application/json",
            **{name: self._fixed(text) for name, text in self._map.headers.items()},
        }
        match auth.kind:
            case "bearer":
                headers["Authorization"] = f"Bearer {self._secret(auth.secret)}"
            case "header":
                headers[auth.name] = f"{auth.prefix}{self._secret(auth.secret)}"
            case "basic":
                user = self._fixed(auth.user)
                pair = (user, self._secret(auth.secret)) if user else (self._secret(auth.secret), "")
                headers["Authorization"] = aiohttp.encode_basic_auth(*pair)
            case "oauth2":
                headers["Authorization"] = f"Bearer {await self._access_token(auth)}"
            case "query":
                joined = f"{url.raw_query_string}&" if url.raw_query_string else ""
                mine = urlencode({auth.name: self._secret(auth.secret)}, quote_via=quote)
                url = URL(f"{str(url).partition('?')[0]}?{joined}{mine}", encoded=True)
        return url, headers

    async def _access_token(self, auth: Auth) -> str:
        """Give a token that still holds, fetched when it does not (RFC 6749, 4.4 and 6)."""
        now = asyncio.get_running_loop().time()
        if self._token and now < self._token_until:
            return self._token
        form = {"grant_type": auth.grant, "client_id": self._fixed(auth.client_id)}
        form["client_secret"] = self._secret(auth.secret)
        if auth.grant == "refresh_token":
            form["refresh_token"] = self._secret(auth.refresh_secret)
        if auth.scope:
            form["scope"] = auth.scope
        path = auth.token_path
        url = self._settings.address.rstrip("/") + URL(path).raw_path if self._settings.address else path
        async with self._http().post(url, data=form, allow_redirects=False) as answer:
            raw = await _limited(answer, f"{self._source}: signing in")
            if answer.status in _AGAIN:
                raise _TryAgainError(answer.status, _asked_to_wait(answer.headers))
            try:
                given = json.loads(raw) if answer.status == _DONE else {}
            except ValueError:
                given = {}
        if not isinstance(given, Mapping) or not isinstance(given.get("access_token"), str):
            raise self._unavailable("signing in", f"answers {answer.status} and no token; mend its secrets")
        self._token = given["access_token"]
        self._token_until = now + float(given.get("expires_in") or 0) - _SLACK
        return self._token

    async def _paced(self) -> None:
        """Wait until the next call may leave."""
        async with self._pace:
            now = asyncio.get_running_loop().time()
            if self._free_at > now:
                await self._sleep(self._free_at - now)
            self._free_at = max(now, self._free_at) + 1 / self._map.per_second

    def _http(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=_TIMEOUT, cookie_jar=aiohttp.DummyCookieJar())
        return self._session

    # ── what stands for placeholders ─────────────────────────────────────────────────────────────────

    def _secret(self, name: str) -> str:
        return self._settings.secrets[name]

    def _fixed(self, text: str) -> str:
        return filled(text, lambda name, _filter: self._settings.values[name])

    def _putting(self, known: Known) -> Callable[[str, str], str]:
        def put(name: str, filtered: str) -> str:
            value = self._settings.values.get(name)
            if value is None:
                value = known(name)
            if value is None or isinstance(value, dict | list):
                raise SourceMisfit(f"{self._source}: a record lacks {name}, which its map puts into a call.")
            return _filtered(str(value), filtered)

        return put

    def _url(self, call: Call, known: Known, more: Mapping[str, str]) -> URL:
        """Write the address, every value encoded whole, so that none of them can lead elsewhere."""
        put = self._putting(known)

        def segment(name: str, filtered: str) -> str:
            value = put(name, filtered)
            if value in {"", ".", ".."}:
                raise SourceMisfit(f"{self._source}: {name} holds nothing that can stand in an address.")
            return quote(value, safe="")

        path = filled(call.path, segment)
        query = urlencode(
            {**{name: filled(text, put) for name, text in call.query.items()}, **more}, quote_via=quote
        )
        return URL(f"{self._address}{path}{'?' if query else ''}{query}", encoded=True)


class _TryAgainError(Exception):
    """Signing in failed in a way that passes."""

    def __init__(self, status: int, asked: float | None) -> None:
        super().__init__(status)
        self.status, self.asked = status, asked


def _patient(asked: float | None, pause: float) -> float | None:
    """Give how long to wait: what was asked for, our own pause, or None for longer than anybody waits."""
    if asked is None:
        return pause
    return asked if asked <= _LONGEST_PAUSE else None


def _body(call: Call, put: Callable[[str, str], str]) -> dict[str, Any]:
    if call.form is not None:
        return {"data": {name: filled(text, put) for name, text in call.form.items()}}
    return {} if call.json_body is None else {"json": written(call.json_body, put)}


def written(value: Any, put: Callable[[str, str], str]) -> Any:
    """Write every text of a value with its placeholders replaced."""
    if isinstance(value, str):
        return filled(value, put)
    if isinstance(value, Mapping):
        return {name: written(inner, put) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [written(inner, put) for inner in value]
    return value


def _filtered(value: str, name: str) -> str:
    match name:
        case "sql":  # inside single quotes of SQL
            return value.replace("'", "''")
        case "search":  # inside double quotes of a search
            return value.replace("\\", "\\\\").replace('"', '\\"')
        case "md5":  # a name by which some systems know an address, no secret
            return hashlib.md5(value.lower().encode(), usedforsecurity=False).hexdigest()
    return value


def at(data: Any, path: str | None) -> Any:
    """Give what stands at a dotted path, None where there is nothing."""
    for name in path.split(".") if path else ():
        if isinstance(data, Mapping):
            data = data.get(name)
        elif isinstance(data, list) and name.isdigit() and int(name) < len(data):
            data = data[int(name)]
        else:
            return None
    return data


async def _limited(answer: aiohttp.ClientResponse, told: str) -> bytes:
    raw = b""
    async for part in answer.content.iter_chunked(2**16):
        raw += part
        if len(raw) > _LARGEST_ANSWER:
            raise SourceUnavailable(f"{told} answers more than {_LARGEST_ANSWER // 2**20} MiB at once.")
    return raw


def _asked_to_wait(headers: Mapping[str, str]) -> float | None:
    """Give the seconds that an answer asks to wait, as a number or as a date (RFC 9110, 10.2.3)."""
    said = headers.get("Retry-After") or headers.get("RetryAfter") or ""
    if said.strip().isdigit():
        return float(said)
    try:
        until = parsedate_to_datetime(said)
    except (ValueError, TypeError):
        return None
    return max((until - datetime.now(UTC)).total_seconds(), 0.0) if until.tzinfo else None
