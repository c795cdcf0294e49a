"""Measures a desk that holds a million open requests: the sweep for what is due, and the first pages that agents see."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

import aiohttp
from sqlalchemy import text
from sqlmodel import Session, col, select

from assistant.casework.requests.queue import Scope
from assistant.casework.upkeep.reminders import remind_due
from assistant.services import Unit
from assistant.store.queries import request_list
from assistant.store.tables import PrivacyRequest
from tests.doubles.chat_desk import START
from tests.doubles.console_app import ConsoleSite, console_site, prepare

FEW, MANY = 1_000, 1_000_000  # open requests
_PLANS = 1_000  # of them have a plan that waits: as many as agents may ever see
_DAYS = 300  # over which their due dates lie
_TIMES = 25
_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Crowded:
    """What was measured, as ratios, and the seconds beside."""

    sweep: float  # times a bare indexed query
    queue: float  # times the same page with a thousand
    requests: float
    sweep_seconds: float
    queue_seconds: float


async def crowded_figures(folder: Path) -> Crowded:
    """Fill two desks, and measure them in turns so that both meet the same machine."""
    async with AsyncExitStack() as stack:
        few, many = [await _filled(stack, folder / str(count), count) for count in (FEW, MANY)]
        sweep, bare = await _best(lambda: remind_due(many.services), lambda: many.services.read(_bare))
        pages = [await stack.enter_async_context(_signed_in(site)) for site in (many, few)]
        queue, short_queue = await _best(*(partial(_first_page, each) for each in pages))
        requests, few_requests = await _best(
            *(partial(each.services.read, _first_requests) for each in (many, few))
        )
    return Crowded(sweep / bare, queue / short_queue, requests / few_requests, sweep, queue)


async def _filled(stack: AsyncExitStack, folder: Path, count: int) -> ConsoleSite:
    (folder / "first").mkdir(parents=True)
    (folder / "copy").mkdir()
    site = await stack.enter_async_context(console_site(folder / "copy", await prepare(folder / "first")))
    await site.services.write(lambda unit: _fill(unit.session, site, count))
    return site


def _bare(unit: Unit) -> object:
    """Ask by the index for what is due, and nothing more."""
    due = select(PrivacyRequest.ref).where(col(PrivacyRequest.remind_on) <= START.date()).limit(1)
    return unit.session.exec(due).first()


def _fill(session: Session, site: ConsoleSite, count: int) -> None:
    """Copy an erasure and its plan as often as is wanted, due on many days and none of them soon."""
    numbers = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) "
    day = f"date(:soon, '+' || (i * {_DAYS} / {count}) || ' days')"
    ref = (
        "printf('PR-%08d', i)"  # in order, as is the day: an index that only grows at its end is soon filled
    )
    copies = {
        "request": {"ref": ref, "due_on": day, "safe_on": day, "remind_on": day},
        "action": {"id": "'many-' || i", "ref": ref},
    }
    one = {
        "request": ("ref", site.refs["erasure"], count),
        "action": ("id", site.actions["erasure"], _PLANS),
    }
    soon = (site.clock.now() + timedelta(days=40)).date().isoformat()
    for table, changed in copies.items():
        columns = [row[1] for row in session.connection().execute(text(f"PRAGMA table_info({table})"))]
        values = ", ".join(changed.get(column, f"held.{column}") for column in columns)
        key, held, many = one[table]
        session.connection().execute(
            text(
                f"INSERT INTO {table} ({', '.join(columns)}) {numbers.format(many)} "
                f"SELECT {values} FROM n, {table} held WHERE held.{key} = :held"
            ),
            {"soon": soon, "held": held} if table == "request" else {"held": held},
        )
    session.connection().execute(
        text("UPDATE request SET remind_on = :soon WHERE remind_on < :soon"), {"soon": soon}
    )


def _first_requests(unit: Unit) -> object:
    return request_list(unit.session, "todo", "")


@asynccontextmanager
async def _signed_in(site: ConsoleSite) -> AsyncIterator[aiohttp.ClientSession]:
    token = await site.token("Liis", Scope.READ)
    async with aiohttp.ClientSession(site.url, headers={"Authorization": f"Bearer {token}"}) as http:
        yield http


async def _first_page(http: aiohttp.ClientSession) -> None:
    async with http.get(f"/api/v1/queue?limit={_SHOWN}") as answer:
        assert len((await answer.json())["items"]) == _SHOWN


async def _best(*works: Callable[[], Awaitable[object]]) -> list[float]:
    """Measure in turns; what else the machine does only ever lengthens."""
    taken: list[list[float]] = [[] for _ in works]
    for _ in range(_TIMES):
        for work, seconds in zip(works, taken, strict=True):
            began = time.perf_counter()
            await work()
            seconds.append(time.perf_counter() - began)
    return [min(each) for each in taken]
