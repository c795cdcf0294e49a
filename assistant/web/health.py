"""Whether the desk is alive, ready, and how it does; no personal data in any label."""

from __future__ import annotations

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from sqlalchemy import func
from sqlmodel import Session, col, select

from assistant.casework.events import Event
from assistant.domain.status import CLOSED
from assistant.errors import AssistantError
from assistant.services import Services
from assistant.store.migrate import is_current
from assistant.store.queries import undelivered_to_support
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
    """Say whether the database answers and has this version's schema, since when each channel is deaf, and what support misses.

    Neither of these makes the desk less ready: whoever restarted it for that would deafen the others too.
    """
    services = http_request.config_dict[SERVICES]
    try:
        current = await services.read(lambda session: is_current(session.get_bind().engine))
        mails, since = await services.read(undelivered_to_support) if current else (0, None)
    except AssistantError:
        current, mails, since = False, 0, None
    support = {"gets_mail": not mails, "mails_waiting": mails, "since": since.isoformat() if since else None}
    told = {"database": current, "migrations": current, "model": True, "channels": _channels(services)} | {
        "support": support
    }
    return web.json_response(told, status=200 if current else 503)


def _channels(services: Services) -> dict[str, dict[str, dict[str, str] | None]]:
    """Say of each way of each channel since when it does not work and why; None where it works."""
    return {
        name: {
            way.name: {"deaf_since": way.deaf_since.isoformat(), "why": way.why} if way.deaf_since else None
            for way in channel.ways()
        }
        for name, channel in services.channels.items()
    }


async def metrics(http_request: web.Request) -> web.Response:
    """Count what is open, overdue, in need of a person, and waiting to be delivered."""
    services = http_request.config_dict[SERVICES]
    figures = await services.read(_figures)
    registry = CollectorRegistry()
    for name, (meaning, value) in figures.items():
        Gauge(f"privacy_desk_{name}", meaning, registry=registry).set(value)
    for name, meaning in _COUNTED.items():
        Counter(f"privacy_desk_{name}", meaning, registry=registry).inc(services.counts[name])
    refused = Counter("privacy_desk_refused", "What was refused, by kind", ("kind",), registry=registry)
    for kind in Event:
        refused.labels(kind).inc(services.counts[f"event_{kind}"])
    deaf = Gauge(
        "privacy_desk_channel_deaf_since_seconds",
        "Unix time since when a way of a channel does not work; 0 while it works",
        ("channel", "way"),
        registry=registry,
    )
    for name, channel in services.channels.items():
        for way in channel.ways():
            deaf.labels(name, way.name).set(way.deaf_since.timestamp() if way.deaf_since else 0)
    return web.Response(body=generate_latest(registry), content_type="text/plain")


def _figures(session: Session) -> dict[str, tuple[str, int]]:
    is_open = col(PrivacyRequest.status).not_in(CLOSED)
    requests = select(func.count()).select_from(PrivacyRequest)
    waiting = select(func.count()).select_from(Outbox)
    return {
        "requests_open": ("Requests that are not closed", session.exec(requests.where(is_open)).one()),
        "requests_attention": (
            "Requests that need a person",
            session.exec(requests.where(col(PrivacyRequest.attention).is_not(None))).one(),
        ),
        "outbox_waiting": (
            "Messages to deliver",
            session.exec(waiting.where(col(Outbox.state) == "waiting")).one(),
        ),
        "outbox_dead": (
            "Messages that cannot be delivered",
            session.exec(waiting.where(col(Outbox.state) == "dead")).one(),
        ),
        "outbox_bounced": (
            "Messages that a mail server reported as not delivered",
            session.exec(waiting.where(col(Outbox.state) == "bounced")).one(),
        ),
        "support_mail_waiting": (
            "Customers' mails that support does not get",
            undelivered_to_support(session)[0],
        ),
    }
