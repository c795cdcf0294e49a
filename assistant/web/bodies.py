"""The body of a request: how large, how long on its way and of which kind it may be, by route; read nowhere else."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from aiohttp import web

from assistant.domain.outside import is_storable, json_of
from assistant.errors import Unreadable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

FORM: Final = 64 * 2**10
# Bytes by the beginning of the route, the longer before the shorter; whatever stands here not takes a form.
LARGEST: Final = (
    ("/api/v1/suppressed", 512 * 2**10),  # a thousand addresses at once
    ("/api/", 256 * 2**10),  # 20 000 characters, each escaped as JSON may escape them
    ("/hooks/", 256 * 2**10),  # what Telegram sends of one message, with room
)
_SECONDS: Final = 20.0  # for a body to arrive whole
_MOST_FIELDS: Final = 500  # a page that lets an agent choose among passages has one each
_IS_FORM: Final = "application/x-www-form-urlencoded"
_UTF_8: Final = frozenset({None, "utf-8", "utf8", "us-ascii"})


@web.middleware
async def limit_bodies(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuse what is too large before it is read and while it is, what is packed, and what does not arrive."""
    http_request = request  # the name that aiohttp calls this parameter by
    if not all(is_storable(text) for text in _said_beside(http_request)):
        raise web.HTTPBadRequest(reason="The address or a header holds bytes that are no text")
    if not http_request.body_exists:
        return await handler(http_request)
    if http_request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise web.HTTPUnsupportedMediaType(reason="Send the body as it is, not packed")
    most = largest_of(http_request.path)
    if (http_request.content_length or 0) > most:
        raise web.HTTPRequestEntityTooLarge(most, http_request.content_length or 0)
    limited = http_request.clone(client_max_size=most)
    try:
        with _in_time(http_request):
            return await handler(limited)
    finally:
        http_request.update(limited)  # what was noted of it is looked for in the one that came


def largest_of(path: str) -> int:
    """Give the most bytes that a route takes."""
    return next((most for beginning, most in LARGEST if path.startswith(beginning)), FORM)


def _said_beside(http_request: web.Request) -> Iterator[str]:
    yield http_request.path
    yield http_request.query_string
    yield from http_request.headers.values()


@contextmanager
def _in_time(http_request: web.Request) -> Iterator[None]:
    """Whoever reads a body that does not arrive in time gets 408 out of it; reading it stays where it is needed."""
    late = web.HTTPRequestTimeout(reason="The body did not arrive in time")
    clock = asyncio.get_running_loop().call_later(_SECONDS, _give_up, http_request, late)
    try:
        yield
    finally:
        clock.cancel()


def _give_up(http_request: web.Request, late: web.HTTPRequestTimeout) -> None:
    if not http_request.content.is_eof():
        http_request.content.set_exception(late)


async def form_of(http_request: web.Request) -> Mapping[str, str]:
    """Read the fields of a form as our pages send them; of two of one name the last counts."""
    raw = await http_request.read()
    if not raw:
        return {}
    if http_request.content_type != _IS_FORM or _charset(http_request) not in _UTF_8:
        raise web.HTTPUnsupportedMediaType(reason="Send the form as its page does")
    try:
        fields = parse_qsl(
            raw.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS
        )
    except ValueError:
        raise Unreadable("The form cannot be read; send it as its page does.") from None
    if not all(is_storable(name) and is_storable(value) for name, value in fields):
        raise Unreadable("The form holds characters that are none.")
    return dict(fields)


async def document_of(http_request: web.Request) -> Any:
    """Read a JSON document; no body at all is an empty object."""
    raw = await http_request.read()
    if not raw:
        return {}
    if http_request.content_type.rpartition("+")[2].rpartition("/")[2] != "json":
        raise web.HTTPUnsupportedMediaType(reason="Send application/json")
    return json_of(raw)


def _charset(http_request: web.Request) -> str | None:
    charset = http_request.charset
    return charset.lower() if charset else None
