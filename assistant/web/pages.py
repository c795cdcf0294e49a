"""The plain pages behind links in mails: a title, what it is about, and the buttons that decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Final

from aiohttp import web

from assistant.wording.texts import pages_of

_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Cache-Control": "no-store",
}
_ENVIRONMENT: Final = pages_of("assistant.web")
_STYLE: Final = (resources.files("assistant.web") / "static" / "page.css").read_text("utf-8")


@dataclass(frozen=True, slots=True)
class Entry:
    """What a form asks to be typed: the name of its field, its words, and how a browser helps."""

    name: str
    label: str
    longest: int
    hint: str = ""
    numeric: bool = False


@dataclass(frozen=True, slots=True)
class Button:
    """A form with one button; `entry` adds a field, GET never changes anything so all are POST."""

    label: str
    action: str
    quiet: bool = False
    entry: Entry | None = None
    hidden: tuple[tuple[str, str], ...] = ()


def show_page(
    texts: Mapping[str, str],
    language: str,
    *,
    buttons: Sequence[Button] = (),
    link: tuple[str, str] | None = None,
    alert: str = "",
    status: int = 200,
) -> web.Response:
    """Show a page of replies/<locale>/pages.toml with its buttons."""
    shown = {
        key: texts.get(key, "")
        for key in ("title", "intro", "text", "what", "effect_heading", "effect", "note", "safety")
    }
    html = _ENVIRONMENT.get_template("page.html").render(
        language=language, buttons=buttons, link=link, alert=alert, **shown
    )
    return web.Response(text=html, content_type="text/html", status=status, headers=_HEADERS)


async def style(http_request: web.Request) -> web.Response:
    """Give the style of these pages."""
    del http_request
    return web.Response(
        text=_STYLE, content_type="text/css", headers={"Cache-Control": "public, max-age=300"}
    )


def language_of(http_request: web.Request) -> str:
    """Tell which of our languages a browser prefers."""
    accepted = http_request.headers.get("Accept-Language", "").lower()
    return "fr" if accepted.startswith("fr") else "en"
