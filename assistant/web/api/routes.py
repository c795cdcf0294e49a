"""Mounts the API: reads the token and the parameters, runs the unit, answers JSON."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from functools import cache

from aiohttp import web
from pydantic import BaseModel

from assistant.casework.agents.staff import principal_of_token
from assistant.casework.requests.queue import Role
from assistant.errors import NotAuthenticated, StalePlan
from assistant.services import Unit
from assistant.web.api.endpoints import ENDPOINTS, Call, Endpoint
from assistant.web.api.models import Out
from assistant.web.api.openapi import openapi
from assistant.web.api.pace import Pace
from assistant.web.bodies import document_of
from assistant.web.errors import problem
from assistant.web.keys import AGENT, SERVICES

PREFIX = "/api/v1"
_NO_STORE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def api_routes() -> list[web.RouteDef]:
    """List the addresses of the API."""
    description = _description(_described())
    return [
        web.get(PREFIX, description),  # the address that settings and people name leads to what stands there
        web.get(f"{PREFIX}/openapi.json", description),
        *(web.route(each.method, PREFIX + each.path, _handler(each)) for each in ENDPOINTS),
    ]


@cache
def _described() -> str:
    return json.dumps(openapi(ENDPOINTS, PREFIX))


def _description(described: str) -> _Handler:
    async def describe(_http_request: web.Request) -> web.StreamResponse:
        return web.Response(text=described, content_type="application/json", headers=_NO_STORE)

    return describe


def _handler(endpoint: Endpoint) -> _Handler:
    pace = Pace(endpoint.a_minute)

    async def handle(http_request: web.Request) -> web.StreamResponse:
        try:
            token = _token(http_request)
            answer = await _run(endpoint, http_request, token, pace)
        except NotAuthenticated as error:
            answered = problem(401, error.code, error.message)
            answered.headers["WWW-Authenticate"] = "Bearer"
            return answered
        except StalePlan as error:
            return problem(409, error.code, error.message, **error.data)
        return web.Response(
            text=answer.model_dump_json(by_alias=True), content_type="application/json", headers=_NO_STORE
        )

    return handle


async def _run(endpoint: Endpoint, http_request: web.Request, token: str, pace: Pace) -> Out:
    services = http_request.config_dict[SERVICES]
    caller = await services.read(lambda unit: principal_of_token(unit, token))
    http_request[AGENT] = caller.name
    caller.require(*Role, scope=endpoint.scope)
    pace.keep(caller.name, services.clock.now())
    query = endpoint.query.model_validate(dict(http_request.query))
    body = await _body(http_request, endpoint.body) if endpoint.body else None
    ident = next(iter(http_request.match_info.values()), "")

    def one_unit(unit: Unit) -> Out:
        agent = principal_of_token(unit, token)
        agent.require(*Role, scope=endpoint.scope)
        return endpoint.work(Call(unit, agent, ident, query, body))

    return await (services.write(one_unit) if endpoint.writes(query) else services.read(one_unit))


def _token(http_request: web.Request) -> str:
    scheme, _, token = http_request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotAuthenticated("Send `Authorization: Bearer …`; `assistant agents token NAME` makes one.")
    return token.strip()


async def _body(http_request: web.Request, model: type[BaseModel]) -> BaseModel:
    return model.model_validate(await document_of(http_request), strict=True)  # nought is no false
