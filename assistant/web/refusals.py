"""Tells by the answer what was refused, for every address in one place: no page forgets it, and none can say too much."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from assistant.casework.events import Event, note_event
from assistant.web.keys import AGENT, REFUSED_AS, SERVICES

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
# The first that fits counts; a status beside these is no event.
_RULES: Final = (
    ("/", {429}, Event.FLOOD),
    ("/hooks/", {401, 403}, Event.WEBHOOK_FORGED),
    ("/api/", {401}, Event.TOKEN_BAD),
    ("/v1/", {401}, Event.TOKEN_BAD),
    ("/verify/client-area", {403}, Event.TOKEN_BAD),
    ("/verify/", {403, 404, 410}, Event.LINK_GUESSED),
    ("/package/", {403, 404, 410}, Event.LINK_GUESSED),
    ("/console/sign-in", {401}, Event.SIGN_IN_FAILED),
    ("/console/", {401}, Event.CODE_WRONG),
    ("/chat/", {403}, Event.FORM_FORGED),
    ("/", {403}, Event.ACT_REFUSED),
)


@web.middleware
async def note_refusals(request: web.Request, handler: _Handler) -> web.StreamResponse:
    """Count what is refused; who asked is kept only where it is an agent who is signed in."""
    http_request = request  # the name that aiohttp calls this parameter by; everywhere else it is ours
    try:
        answer = await handler(http_request)
    except web.HTTPException as error:
        _note(http_request, error.status)
        raise
    _note(http_request, answer.status)
    return answer


def _note(http_request: web.Request, status: int) -> None:
    kind = http_request.get(REFUSED_AS) or kind_of(http_request.path, status)
    if kind:
        note_event(http_request.config_dict[SERVICES], kind, http_request.get(AGENT, ""))


def kind_of(path: str, status: int) -> Event | None:
    """Tell what kind of event an answer is; None for one that is none."""
    return next(
        (kind for begin, statuses, kind in _RULES if path.startswith(begin) and status in statuses), None
    )
