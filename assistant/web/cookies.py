"""Cookies that no other site and no sibling of this host can set: `__Host-` wherever the desk is reached by https."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from aiohttp import web

from assistant.services import Services


def give(
    services: Services,
    answer: web.StreamResponse,
    name: str,
    value: str,
    *,
    path: str,
    lasts: timedelta,
    same_site: Literal["Strict", "Lax"],
) -> None:
    """Give a browser a cookie; by https it is one of the host, which has no path of its own."""
    answer.set_cookie(
        _name(services, name),
        value,
        path=_path(services, path),
        max_age=int(lasts.total_seconds()),
        httponly=True,
        samesite=same_site,
        secure=services.settings.server.is_https,
    )


def value_of(services: Services, http_request: web.Request, name: str) -> str:
    """Give what a browser brought; empty where it brought none."""
    return http_request.cookies.get(_name(services, name), "")


def take_back(services: Services, answer: web.StreamResponse, name: str, *, path: str) -> None:
    """Have a browser forget a cookie."""
    secure = services.settings.server.is_https
    answer.del_cookie(_name(services, name), path=_path(services, path), secure=secure, httponly=True)


def _name(services: Services, name: str) -> str:
    return f"__Host-{name}" if services.settings.server.is_https else name


def _path(services: Services, path: str) -> str:
    return "/" if services.settings.server.is_https else path
