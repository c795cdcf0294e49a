"""Mounts the console: its pages, its buttons, and the two files they load."""

from __future__ import annotations

from importlib import resources
from typing import Final

from aiohttp import web

from assistant.web.console import (
    account,
    acts,
    colleagues_page,
    failing,
    files,
    lists,
    request_page,
    sign_in,
    talks,
)
from assistant.web.console.access import Handler, act, page

_TYPES: Final = {"console.css": "text/css", "console.js": "text/javascript"}


def console_routes() -> list[web.RouteDef]:
    """List the addresses of the console."""
    return [
        web.get("/console", _home),
        web.get("/console/", _home),
        web.get("/console/sign-in", sign_in.show_sign_in),
        web.post("/console/sign-in", sign_in.door()),
        web.post("/console/sign-out", act(sign_in.sign_out)),
        *(web.get(f"/console/static/{name}", _file(name)) for name in _TYPES),
        web.get("/console/queue", page(lists.show_queue)),
        web.post("/console/search", act(lists.search)),
        web.get("/console/requests/{ident}", page(request_page.show_request)),
        web.post("/console/requests/{ident}/reveal", act(acts.reveal_person)),
        web.post("/console/requests/{ident}/{verb}", act(acts.act_on_request)),
        web.get("/console/plans/{ident}/confirm", page(acts.show_confirm)),
        web.post("/console/plans/{ident}/{verb}", act(acts.act_on_plan)),
        web.get("/console/conversations", page(talks.show_talks)),
        web.get("/console/conversations/new", page(talks.new_talks)),
        web.get("/console/conversations/{ident}", page(talks.show_talk)),
        web.get("/console/conversations/{ident}/new", page(talks.new_messages)),
        web.post("/console/conversations/{ident}/{verb}", act(acts.act_in_conversation)),
        web.post("/console/messages/{ident}/files/{which}", act(files.fetch_file)),
        web.get("/console/triage", page(lists.show_triage)),
        web.post("/console/triage/{ident}", act(acts.decide_triage)),
        web.get("/console/failing", page(failing.show_failing)),
        web.post("/console/failing", act(failing.try_again)),
        web.get("/console/agents", page(lists.show_agents)),
        web.get("/console/events", page(lists.show_events)),
        web.get("/console/agents/{ident}", page(colleagues_page.show_colleague)),
        web.post("/console/agents/{ident}/{verb}", act(colleagues_page.act_on_colleague)),
        web.get("/console/account", page(account.show_account)),
        web.post("/console/account/{verb}", act(account.act_on_account)),
        web.get("/console/settings", page(lists.show_settings)),
        web.post("/console/settings/language", act(acts.choose_language)),
    ]


async def _home(_http_request: web.Request) -> web.StreamResponse:
    raise web.HTTPSeeOther(sign_in.HOME)


def _file(name: str) -> Handler:
    content = (resources.files("assistant.web.console") / "static" / name).read_bytes()
    headers = {"Cache-Control": "public, max-age=300", "X-Content-Type-Options": "nosniff"}

    async def give(_http_request: web.Request) -> web.StreamResponse:
        return web.Response(body=content, content_type=_TYPES[name], charset="utf-8", headers=headers)

    return give
