"""By which address a caller is counted; it is kept in memory only, and nowhere logged."""

from __future__ import annotations

from aiohttp import web

from assistant.domain.networks import address_of
from assistant.web.keys import SERVICES


def caller_of(http_request: web.Request) -> str:
    """Name the address; behind a proxy what the proxy says it is."""
    behind_proxy = http_request.config_dict[SERVICES].settings.webchat.behind_proxy
    forwarded = http_request.headers.getall("X-Forwarded-For", ()) if behind_proxy else ()
    return address_of(http_request.remote, forwarded)
