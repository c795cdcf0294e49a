"""Whether the desk is alive, ready, and how it does; no personal data in any label.

Only that it is alive stands on the public port. The rest has an address of its own, and is coarse all the same: figures that
follow one person's act would tell whoever sees them before and after which client numbers exist.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Gauge, disable_created_metrics, generate_latest

from assistant.casework.events import Event
from assistant.casework.requests.one_by_one import SWEEPS, failing_by_sweep
from assistant.domain.lifecycle import LetterState
from assistant.errors import AssistantError
from assistant.interfaces import DataSource
from assistant.services import Services, Unit
from assistant.store import queries
from assistant.store.migrate import is_current_in
from assistant.web.keys import SERVICES

_COUNTED = {
    "suppression_lookups": "Times another program asked whom marketing must not reach",
    "suppression_addresses": "Addresses and numbers it asked about",
    "stopped_again": "Persons for whom marketing was stopped again after a system had taken it up",
}
_LETTERS = {
    LetterState.WAITING: "Messages to deliver",
    LetterState.DEAD: "Messages that cannot be delivered",
    LetterState.BOUNCED: "Messages that a mail server reported as not delivered",
}

_FIGURES_STAND: Final = timedelta(minutes=5)
_COARSE: Final = 10  # figures are told in tens, rounded up: none, one to ten, eleven to twenty
_SOURCES_STAND: Final = timedelta(minutes=5)
_PATIENCE: Final = 30.0  # seconds, for one source


# A registry is made for each answer: when it was made says nothing about a counter.
disable_created_metrics()  # type: ignore[no-untyped-call]


def routes() -> list[web.RouteDef]:
    """List the addresses that anybody may open."""
    return [web.get("/healthz", alive)]


def monitor_routes() -> list[web.RouteDef]:
    """List the addresses of whoever watches the desk; each call makes them anew, with nothing looked up yet."""
    watch = _Watch()
    return [web.get("/healthz", alive), web.get("/readyz", watch.ready), web.get("/metrics", watch.metrics)]


async def alive(http_request: web.Request) -> web.Response:
    """Say that the loop turns."""
    del http_request
    return web.json_response({"alive": True})


class _Watch:
    """What was looked up lately for those who ask again and again."""

    def __init__(self) -> None:
        self._figures: Mapping[str, tuple[str, int]] = {}
        self._failing: Mapping[str, int] = {}
        self._counted_at: datetime | None = None
        self._sources = _Sources()

    async def ready(self, http_request: web.Request) -> web.Response:
        """Say whether the database answers and has this version's schema, since when each channel and source is deaf, and what support misses.

        None of these makes the desk less ready: whoever restarted it for that would deafen the others too.
        """
        services = http_request.config_dict[SERVICES]
        try:
            current = await services.read(lambda unit: is_current_in(unit.session))
            mails, since = (
                await services.read(lambda unit: queries.undelivered_to_support(unit.session))
                if current
                else (0, None)
            )
        except AssistantError:
            current, mails, since = False, 0, None
        support = {
            "gets_mail": not mails,
            "mails_waiting": mails,
            "since": since.isoformat() if since else None,
        }
        told = {
            "database": current,
            "migrations": current,
            "model": True,
            "channels": _channels(services),
            "sources": self._sources.lately(services),
            "support": support,
        }
        return web.json_response(told, status=200 if current else 503)

    async def metrics(self, http_request: web.Request) -> web.Response:
        """Count what is open, overdue, in need of a person, and waiting to be delivered."""
        services = http_request.config_dict[SERVICES]
        now = services.clock.now()
        if not _stands(self._counted_at, now, _FIGURES_STAND):
            counted = await services.read(lambda unit: (_figures(unit), failing_by_sweep(unit.session)))
            (self._figures, self._failing), self._counted_at = counted, now
        registry = CollectorRegistry()
        for name, (meaning, value) in self._figures.items():
            Gauge(f"privacy_desk_{name}", f"{meaning}, in tens", registry=registry).set(coarse(value))
        for name, meaning in _COUNTED.items():
            Counter(f"privacy_desk_{name}", meaning, registry=registry).inc(services.counts[name])
        refused = Counter("privacy_desk_refused", "What was refused, by kind", ("kind",), registry=registry)
        for kind in Event:
            refused.labels(kind).inc(services.counts[f"event_{kind}"])
        _tell_failing(self._failing, registry)
        _tell_deaf(services, registry)
        return web.Response(body=generate_latest(registry), content_type="text/plain")


def _stands(looked_at: datetime | None, now: datetime, period: timedelta) -> bool:
    """Tell whether what was looked up still stands; not where the clock was put back meanwhile."""
    return looked_at is not None and timedelta() <= now - looked_at < period


def coarse(count: int) -> int:
    """Round up to tens: nought stays nought, and one act of one person is seen once in ten times at most."""
    return -(-count // _COARSE) * _COARSE


class _Sources:
    """Whether each source could be reached lately; asked beside, never by the one who wants to know."""

    def __init__(self) -> None:
        self._asked_at: datetime | None = None
        self._deaf: dict[str, str | None] = {}
        self._asking: asyncio.Task[None] | None = None

    def lately(self, services: Services) -> Mapping[str, object]:
        """Say of each source since when it is deaf, None where it answers; one not asked yet is left out."""
        now = services.clock.now()
        is_stale = not _stands(self._asked_at, now, _SOURCES_STAND)
        if is_stale and (self._asking is None or self._asking.done()):  # or an older answer could come last
            self._asked_at = now
            self._asking = asyncio.create_task(self._ask(services, now))
        return {name: {"deaf_since": since} if since else None for name, since in sorted(self._deaf.items())}

    async def _ask(self, services: Services, now: datetime) -> None:
        reached = await asyncio.gather(*map(_reached, services.sources), return_exceptions=True)
        for source, answer in zip(services.sources, reached, strict=True):
            since = self._deaf.get(source.name) or now.isoformat()
            self._deaf[source.name] = None if answer is True else since


async def _reached(source: DataSource) -> bool:
    async with asyncio.timeout(_PATIENCE):
        return all(finding.level != "error" for finding in await source.check())


def _channels(services: Services) -> dict[str, dict[str, dict[str, str] | None]]:
    """Say of each way of each channel since when it does not work and why; None where it works."""
    return {
        name: {
            way.name: {"deaf_since": way.deaf_since.isoformat(), "why": way.why} if way.deaf_since else None
            for way in channel.ways()
        }
        for name, channel in services.channels.items()
    }


def _tell_failing(failing: Mapping[str, int], registry: CollectorRegistry) -> None:
    fails = Gauge(
        "privacy_desk_rows_failing",
        "Rows that a sweep could not do and tries again",
        ("sweep",),
        registry=registry,
    )
    for job in SWEEPS:
        fails.labels(job).set(failing.get(job, 0))


def _tell_deaf(services: Services, registry: CollectorRegistry) -> None:
    deaf = Gauge(
        "privacy_desk_channel_deaf_since_seconds",
        "Unix time since when a way of a channel does not work; 0 while it works",
        ("channel", "way"),
        registry=registry,
    )
    for name, channel in services.channels.items():
        for way in channel.ways():
            deaf.labels(name, way.name).set(way.deaf_since.timestamp() if way.deaf_since else 0)


def _figures(unit: Unit) -> dict[str, tuple[str, int]]:
    session = unit.session
    return {
        "requests_open": ("Requests that are not closed", queries.count_open(session)),
        "requests_attention": ("Requests that need a person", queries.count_open(session, attention=True)),
        **{
            f"outbox_{state}": (meaning, queries.count_letters(session, state))
            for state, meaning in _LETTERS.items()
        },
        "support_mail_waiting": (
            "Customers' mails that support does not get",
            queries.undelivered_to_support(session)[0],
        ),
    }
