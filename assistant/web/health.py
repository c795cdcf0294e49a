"""Whether the desk is alive, ready, and how it does; no personal data in any label."""

from __future__ import annotations

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from sqlalchemy import func
from sqlmodel import Session, col, select

from assistant.domain.status import CLOSED
from assistant.errors import AssistantError
from assistant.store.migrate import is_current
from assistant.store.tables import Outbox, PrivacyRequest
from assistant.web.keys import SERVICES

_COUNTED = {
    "suppression_lookups": "Times another program asked whom marketing must not reach",
    "suppression_addresses": "Addresses and numbers it asked about",
    "stopped_again": "Persons for whom marketing was stopped again after a system had taken it up",
}


def routes() -> list[web.RouteDef]:
    """List the addresses."""
    return [web.get("/healthz", alive), web.get("/readyz", ready), web.get("/metrics", metrics)]


async def alive(http_request: web.Request) -> web.Response:
    """Say that the loop turns."""
    del http_request
    return web.json_response({"alive": True})


async def ready(http_request: web.Request) -> web.Response:
    """Say whether the database answers and has the schema of this version."""
    services = http_request.config_dict[SERVICES]
    try:
        current = await services.read(lambda session: is_current(session.get_bind().engine))
    except AssistantError:
        current = False
    return web.json_response(
        {"database": current, "migrations": current, "model": True}, status=200 if current else 503
    )


async def metrics(http_request: web.Request) -> web.Response:
    """Count what is open, overdue, in need of a person, and waiting to be delivered."""
    services = http_request.config_dict[SERVICES]
    figures = await services.read(_figures)
    registry = CollectorRegistry()
    for name, (meaning, value) in figures.items():
        Gauge(f"privacy_desk_{name}", meaning, registry=registry).set(value)
    for name, meaning in _COUNTED.items():
        Counter(f"privacy_desk_{name}", meaning, registry=registry).inc(services.counts[name])
    return web.Response(body=generate_latest(registry), content_type="text/plain")


def _figures(session: Session) -> dict[str, tuple[str, int]]:
    is_open = col(PrivacyRequest.status).not_in(CLOSED)
    requests = select(func.count()).select_from(PrivacyRequest)
    waiting = select(func.count()).select_from(Outbox)
    return {
        "requests_open": ("Requests that are not closed", session.exec(requests.where(is_open)).one()),
        "requests_attention": (
            "Requests that need a person",
            session.exec(requests.where(is_open, col(PrivacyRequest.attention).is_not(None))).one(),
        ),
        "outbox_waiting": (
            "Messages to deliver",
            session.exec(waiting.where(col(Outbox.state) == "waiting")).one(),
        ),
        "outbox_dead": (
            "Messages that cannot be delivered",
            session.exec(waiting.where(col(Outbox.state) == "dead")).one(),
        ),
    }
