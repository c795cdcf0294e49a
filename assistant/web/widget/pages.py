"""Serves the widget from memory, with the headers that keep it where it was meant to be."""

from __future__ import annotations

import hashlib
import html
import json
from dataclasses import dataclass
from importlib import resources
from string import Template
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from aiohttp import web

from assistant.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LANGUAGES: Final = ("en", "fr")

_TYPES: Final = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
_FOREVER: Final = "public, max-age=31536000, immutable"
_BRIEFLY: Final = "public, max-age=300"
_LAUNCHER: Final = ("launcher.", "frame.")  # the texts that the loader itself needs


@dataclass(frozen=True, slots=True, kw_only=True)
class WidgetSettings:
    """What the panel tells before the first message, and which sites may embed it."""

    public_url: str
    sites: tuple[str, ...] = ()
    controller: str
    privacy_url: str
    contact: str | None = None  # the controller's address for those who would rather write
    invented: bool = False  # the demo says so
    max_text: int = 4000


class Widget:
    """`GET /chat/widget.js`, `GET /chat/` and what they load."""

    def __init__(self, settings: WidgetSettings) -> None:
        """Read and render everything once; raises ConfigurationError where an address is none."""
        self._sites = tuple(dict.fromkeys(_origin(site) for site in settings.sites))
        texts = {language: catalogue(language) for language in LANGUAGES}
        self._assets = _assets(texts)
        self._version = _digest(self._assets.values())
        self._pages = {language: self._page(settings, texts, language) for language in LANGUAGES}
        self._policy = _policy(_origin(settings.public_url), self._sites)

    def routes(self) -> list[web.RouteDef]:
        """Give the routes of the widget; the socket is its channel's."""
        return [
            web.get("/chat/widget.js", self._loader),
            web.get("/chat/", self._panel),
            web.get("/chat/assets/{version}/{name}", self._asset),
        ]

    async def _loader(self, http_request: web.Request) -> web.Response:
        tag = f'"{self._version}"'
        headers = _static_headers(_BRIEFLY) | {"ETag": tag}
        if http_request.headers.get("If-None-Match") == tag:
            return web.Response(status=304, headers=headers)
        return _script(self._assets["widget.js"], "widget.js", headers)

    async def _asset(self, http_request: web.Request) -> web.Response:
        name = http_request.match_info["name"]
        if name not in self._assets:
            raise web.HTTPNotFound(text="There is no such file in the chat widget.")
        current = http_request.match_info["version"] == self._version
        return _script(self._assets[name], name, _static_headers(_FOREVER if current else "no-store"))

    async def _panel(self, http_request: web.Request) -> web.Response:
        accepted: str = http_request.headers.get("Accept-Language", "")
        wanted = http_request.query.get("locale", accepted)
        language = "fr" if wanted[:2].lower() == "fr" else "en"
        headers = {
            "Content-Security-Policy": self._policy,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
            "Cache-Control": "no-store",
        }
        return web.Response(text=self._pages[language], content_type="text/html", headers=headers)

    def _page(self, settings: WidgetSettings, texts: Mapping[str, Any], language: str) -> str:
        data = {
            "sites": [*self._sites, _origin(settings.public_url)],
            "controller": settings.controller,
            "privacyUrl": settings.privacy_url,
            "contact": settings.contact,
            "invented": settings.invented,
            "maxText": settings.max_text,
            "texts": texts,
        }
        return Template(_read("panel.html")).substitute(
            language=language,
            title=html.escape(texts[language]["title"]),
            assets=f"/chat/assets/{self._version}",
            data=_script_safe(data),
        )


def catalogue(language: str) -> dict[str, str]:
    """Give every text of the widget in a language."""
    texts: dict[str, str] = json.loads(_read(f"texts/{language}.json"))
    return texts


def _assets(texts: Mapping[str, Mapping[str, str]]) -> dict[str, bytes]:
    folder = resources.files(__package__).joinpath("static")
    assets = {file.name: file.read_bytes() for file in folder.iterdir() if file.name.endswith(tuple(_TYPES))}
    launcher = {
        language: {key: text for key, text in known.items() if key.startswith(_LAUNCHER)}
        for language, known in texts.items()
    }
    loader = assets["widget.js"].decode().replace('"$texts"', json.dumps(launcher, ensure_ascii=False))
    return assets | {"widget.js": loader.encode()}


def _read(name: str) -> str:
    return resources.files(__package__).joinpath("static", name).read_text("utf-8")


def _digest(contents: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for content in contents:
        digest.update(content)
    return digest.hexdigest()[:16]


def _script_safe(data: Mapping[str, Any]) -> str:
    """Write JSON that cannot end the script element it stands in."""
    return json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")


def _origin(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or set(parts.netloc) & set(" ;,'\"*"):
        raise ConfigurationError(f"{url!r} is no site; write it like https://www.example.com.")
    return f"{parts.scheme}://{parts.netloc}".lower()


def _policy(own: str, sites: tuple[str, ...]) -> str:
    """Say what the panel may load (nothing but its own) and who may frame it."""
    socket = own.replace("http", "ws", 1)  # Safari before 15.4 does not count it as 'self'
    rules = (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        f"connect-src 'self' {socket}",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors " + " ".join(("'self'", *sites)),
        "require-trusted-types-for 'script'",
    )
    return "; ".join(rules)


def _static_headers(cache: str) -> dict[str, str]:
    return {
        "Cache-Control": cache,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Access-Control-Allow-Origin": "*",  # public code; a script tag with an integrity hash needs it
        "Cross-Origin-Resource-Policy": "cross-origin",
    }


def _script(content: bytes, name: str, headers: Mapping[str, str]) -> web.Response:
    kind = _TYPES[name[name.rindex(".") :]]
    return web.Response(body=content, content_type=kind, charset="utf-8", headers=headers)
