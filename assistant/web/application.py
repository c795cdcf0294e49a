"""What every application of the desk shares: errors in words, bodies within limits, and the headers of each answer."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from assistant.services import Services
from assistant.web.bodies import FORM, limit_bodies
from assistant.web.errors import explain_errors
from assistant.web.keys import SERVICES
from assistant.web.refusals import note_refusals

# Of an answer that did not say otherwise: what says nothing about caching may be personal.
_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_HTTPS_ALONE: Final = "max-age=31536000"  # a year; of this host, since others of the domain are not ours


def web_application(services: Services) -> web.Application:
    """Make an application without routes."""
    app = web.Application(middlewares=[note_refusals, explain_errors, limit_bodies], client_max_size=FORM)
    app[SERVICES] = services
    app.on_response_prepare.append(_complete_headers)
    return app


async def _complete_headers(http_request: web.Request, answer: web.StreamResponse) -> None:
    for name, value in _HEADERS.items():
        answer.headers.setdefault(name, value)
    if http_request.config_dict[SERVICES].settings.server.is_https:
        answer.headers["Strict-Transport-Security"] = _HTTPS_ALONE
    answer.headers.pop("Server", None)  # which program of which version it is helps nobody but an attacker
