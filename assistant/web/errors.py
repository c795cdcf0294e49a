"""One place where an error becomes an answer: a problem document for programs, a page for people."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from aiohttp import web
from pydantic import ValidationError

from assistant.errors import AssistantError, Busy, Invalid, Unreadable
from assistant.web.keys import SERVICES
from assistant.web.pages import language_of, show_page

log = structlog.get_logger(__name__)
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_FOR_PROGRAMS = ("/api/", "/v1/", "/hooks/", "/metrics", "/healthz", "/readyz")
_PAGES = {404: "not_found", 405: "not_found"}
_SERVER_ERROR = 500
_SAID_BESIDE = ("Allow", "Content-Range")
_NOT_TOLD = frozenset({"failed", "type", "title", "status", "code"})  # ours to know, or the document's own


@web.middleware
async def explain_errors(request: web.Request, handler: _Handler) -> web.StreamResponse:
    """Answer an error in words; what nobody foresaw is logged by its kind, never with what it holds."""
    http_request = request  # the name that aiohttp calls this parameter by; everywhere else it is ours
    try:
        return await handler(http_request)
    except web.HTTPException as error:
        return await _refused(http_request, error)
    except web.RequestPayloadError:  # chunks that are none, a length that is another
        return _told(http_request, Unreadable("The body is not what its headers say."))
    except ConnectionResetError:
        return web.Response(status=400)  # nobody is there to read it, and it is no failure of ours
    except (ValidationError, AssistantError) as error:
        return _told(http_request, error if isinstance(error, AssistantError) else Invalid(_first(error)))
    except Exception as error:  # broad: the person gets an answer and the log the kind of the error
        log.exception("web.failed", route=_route(http_request), kind=type(error).__name__)
        return _told(
            http_request, AssistantError("Something went wrong here. Nothing was changed; please try again.")
        )


async def _refused(http_request: web.Request, error: web.HTTPException) -> web.StreamResponse:
    """Say why, in the document or on the page that fits; a redirect is no refusal."""
    if error.status < 400:  # noqa: PLR2004
        raise error
    if _is_program(http_request):
        answer = problem(error.status, "http", error.reason)
    else:
        if error.status == 405 and http_request.method == "GET":  # noqa: PLR2004
            await _lead_back(http_request)
        answer = _page(http_request, _PAGES.get(error.status, "unreadable"), error.status)
    # What the exception had to say beside: which methods there are, which bytes.
    answer.headers.update({name: error.headers[name] for name in _SAID_BESIDE if name in error.headers})
    return answer


async def _lead_back(http_request: web.Request) -> None:
    """Lead whoever reloads what a form was sent to back to the page with the form, where there is one."""
    page = await _page_above(http_request)
    if page is not None:
        raise web.HTTPSeeOther(page)


async def _page_above(http_request: web.Request) -> str | None:
    """Give the nearest address above that is a page to look at; the start page leads nobody back."""
    above = http_request.rel_url.with_query(None)
    while above.parent.path != "/":
        above = above.parent
        found = await http_request.app.router.resolve(http_request.clone(rel_url=above))
        if found.http_exception is None:
            return str(above)
    return None


def problem(status: int, code: str, title: str, **more: Any) -> web.Response:
    """Give an RFC 9457 problem document."""
    body = {"type": f"urn:privacy-desk:{code}", "title": title, "status": status, "code": code, **more}
    return web.json_response(body, status=status, content_type="application/problem+json")


def _told(http_request: web.Request, error: AssistantError) -> web.StreamResponse:
    if _is_program(http_request):
        plain = {k: str(v) for k, v in error.data.items() if k not in _NOT_TOLD}
        return problem(error.http_status, error.code, error.message, **plain)
    return _page(http_request, _page_of(error), error.http_status)


def _page_of(error: AssistantError) -> str:
    if isinstance(error, Unreadable):
        return "unreadable"
    if isinstance(error, Busy):
        return "busy"
    return "error" if error.http_status >= _SERVER_ERROR else "not_found"


def _is_program(http_request: web.Request) -> bool:
    return http_request.path.startswith(_FOR_PROGRAMS)


def _page(http_request: web.Request, name: str, status: int) -> web.Response:
    texts = http_request.config_dict[SERVICES].texts.page(name, language_of(http_request))
    return show_page(texts, language_of(http_request), status=status)


def _route(http_request: web.Request) -> str:
    resource = http_request.match_info.route.resource
    return resource.canonical if resource else "?"


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    return f"{'.'.join(str(part) for part in first['loc']) or 'the body'}: {first['msg']}."
