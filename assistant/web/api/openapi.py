"""Describes the API in OpenAPI 3.1, from the same table and models that answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from assistant.web.api.endpoints import Endpoint
from assistant.web.api.models import Problem

_ABOUT: Final = "Privacy requests, as agents work on them."
_REFS: Final = "#/components/schemas/{model}"
_NO_NUL: Final = r"^[^\u0000]*$"
_ERRORS: Final = {
    400: "The address or a header holds bytes that are no text",
    401: "No token, or one that is not known here",
    403: "The agent's role or the token's scope does not allow it",
    404: "There is nothing under that name",
    409: "Something changed in the meantime; for a stale plan with its current hash and the new plan",
    408: "The body did not arrive in time",
    413: "The body is larger than this address takes",
    415: "The body is not sent as application/json",
    422: "What was sent cannot be used",
    429: "Asked too often; wait a minute",
    503: "Nothing can be stored or checked at the moment; try again",
}


def openapi(endpoints: Sequence[Endpoint], prefix: str) -> dict[str, Any]:
    """Give the whole description."""
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        paths.setdefault(prefix + endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Privacy desk", "version": "1", "description": _ABOUT},
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": _schemas(endpoints),
        },
    }


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    told = (endpoint.work.__doc__ or "").strip()
    done = {"200": {"description": "Done", "content": _content(endpoint.answer)}}
    operation: dict[str, Any] = {
        "operationId": endpoint.work.__name__,
        "summary": told,
        "description": f"{told} Needs the scope `{endpoint.scope}`.",
        "parameters": [*_path_parameters(endpoint.path), *_query_parameters(endpoint.query)],
        "responses": done | _problems(endpoint),
    }
    if endpoint.body is not None:
        needed = any(field.is_required() for field in endpoint.body.model_fields.values())
        operation["requestBody"] = {"required": needed, "content": _content(endpoint.body)}
    return operation


def _content(model: type[BaseModel], kind: str = "application/json") -> dict[str, Any]:
    return {kind: {"schema": {"$ref": _REFS.format(model=model.__name__)}}}


def _storable(schema: Any) -> Any:
    """Say of every text that it holds no NUL, as `limit_bodies` and `json_of` see to for all of them."""
    if isinstance(schema, list):
        return [_storable(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    described = {name: _storable(each) for name, each in schema.items()}
    if schema.get("type") == "string" and not {"enum", "const", "format", "pattern"} & schema.keys():
        described["pattern"] = _NO_NUL
    if schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), dict):
        described["propertyNames"] = {"pattern": _NO_NUL}
    return described


def _path_parameters(path: str) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": _storable({"type": "string"})}
        for name in re.findall(r"{(\w+)}", path)
    ]


def _query_parameters(model: type[BaseModel]) -> list[dict[str, Any]]:
    schema = model.model_json_schema(ref_template=_REFS)
    return [
        {"name": name, "in": "query", "required": False, "schema": _storable(described)}
        for name, described in schema.get("properties", {}).items()
    ]


def _problems(endpoint: Endpoint) -> dict[str, Any]:
    never = {
        HTTPStatus.CONFLICT: endpoint.method != "POST" or endpoint.reads,
        HTTPStatus.TOO_MANY_REQUESTS: not endpoint.a_minute,
        HTTPStatus.REQUEST_TIMEOUT: endpoint.body is None,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: endpoint.body is None,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE: endpoint.body is None,
    }
    wanted = {code for code in _ERRORS if not never.get(HTTPStatus(code))}
    content = _content(Problem, "application/problem+json")
    return {str(code): {"description": _ERRORS[code], "content": content} for code in sorted(wanted)}


def _schemas(endpoints: Sequence[Endpoint]) -> dict[str, Any]:
    models: list[tuple[type[BaseModel], Any]] = [(Problem, "serialization")]
    for endpoint in endpoints:
        models.append((endpoint.answer, "serialization"))
        models.append((endpoint.query, "validation"))
        if endpoint.body is not None:
            models.append((endpoint.body, "validation"))
    unique = list(dict.fromkeys(models))
    _, definitions = models_json_schema(unique, by_alias=True, ref_template=_REFS)
    asked = {model.__name__ for model, mode in unique if mode == "validation"}
    schemas: dict[str, Any] = definitions["$defs"]
    return {name: _storable(schema) if name in asked else schema for name, schema in schemas.items()}
