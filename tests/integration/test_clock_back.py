"""The clock of the machine is put back by an hour: no sweep stands still until it has caught up."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, datetime, timedelta, tzinfo
from types import SimpleNamespace
from typing import Any, cast

import apscheduler.schedulers.base
import apscheduler.triggers.interval
import pytest
from sqlalchemy import Column, insert, update
from sqlmodel import SQLModel, select

from assistant.casework.upkeep import clock_back
from assistant.jobs import Job, Sweeper
from assistant.services import Services, Unit, Waker
from assistant.store.sealing import SealedByHand, SealedBytes
from assistant.store.tables import Instant, Outbox
from assistant.web import health
from assistant.web.keys import SERVICES
from tests.doubles.chat_desk import StillClock
from tests.doubles.console_app import open_services
from tests.doubles.desk_process import eventually
from tests.doubles.schema import lay_schema

EVERY = timedelta(milliseconds=100)
BACK = timedelta(hours=1)


class Machine(datetime):
    """The clock of a machine that somebody sets."""

    behind = timedelta()

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return datetime.now(tz) - cls.behind


async def test_every_sweep_goes_on_when_the_clock_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (apscheduler.schedulers.base, apscheduler.triggers.interval):
        monkeypatch.setattr(module, "datetime", Machine)
    swept: list[float] = []
    loop = asyncio.get_running_loop()

    async def sweep(_services: Services) -> None:
        swept.append(loop.time())

    class Parts:
        waker = Waker()
        clock = StillClock()

        async def read(self, _query: object) -> frozenset[str]:
            return frozenset()  # nothing failed before

    sweeper = Sweeper(cast("Services", cast("Any", Parts())), (Job("one", EVERY, sweep),))
    async with sweeper.running():
        await until(lambda: len(swept) > 3)
        monkeypatch.setattr(Machine, "behind", BACK)
        reached = len(swept)
        await until(lambda: len(swept) > reached + 5)
        assert len(swept) < reached + 10, "and none runs all the time"


async def until(holds: Callable[[], bool]) -> None:
    async def look() -> bool | None:
        return holds() or None

    await eventually(look, "the sweeps to run")


# What is not moved back with the clock, and why.
STAYS = {
    "action.not_before": "a hold, and a time that a person set: rather late than early",
    "agent_token.expires_at": "days",
    "package.gone_at": "days, and what a letter says",
    "seen.until": "what was used must not count again",
    "step.remind_at": "days",
}


def test_every_moment_that_something_waits_for_is_moved_with_the_clock_or_has_a_reason_not_to_be() -> None:
    waits = {
        f"{table.name}.{column.name}"
        for table in SQLModel.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, Instant)
        and re.search(r"until$|^(due|next|to_plan|remind|expires|gone|not_before)", column.name)
    }
    moved = {f"{each.class_.__tablename__}.{each.key}" for each in clock_back.MOVED}
    assert waits - moved == set(STAYS)
    assert not moved & set(STAYS)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """A desk with one row in every table; each test begins with what it writes."""
    tmp_path = tmp_path_factory.mktemp("desk")
    lay_schema(tmp_path / "desk.db")
    services = open_services(tmp_path, StillClock(), 1)
    with services.store.engine.begin() as connection:
        for table in SQLModel.metadata.sorted_tables:
            row = {column.name: _anything(services, column) for column in table.columns}
            connection.execute(insert(table).values(row))
    with closing(services.store):
        yield services


def _anything(services: Services, column: Column[Any]) -> Any:
    if isinstance(column.type, SealedByHand | SealedBytes):
        return services.keyring.seal("x") if isinstance(column.type, SealedByHand) else None
    if isinstance(column.type, Instant):
        return services.clock.now()
    return {int: 1, bool: False, date: services.clock.now().date(), dict: {}}.get(
        column.type.python_type, "x"
    )


@pytest.mark.parametrize("column", clock_back.MOVED, ids=str)
async def test_what_waits_a_minute_waits_a_minute_when_the_clock_is_put_back(
    desk: Services, column: Any
) -> None:
    clock, wait = cast("StillClock", desk.clock), timedelta(minutes=1)
    sweeper = Sweeper(desk, ())
    table = column.class_

    def later(unit: Unit) -> None:
        unit.session.execute(update(table).values({column.key: clock.now() + wait}))

    await desk.write(later)
    clock.at -= BACK
    for _ in range(2):  # the second look moves nothing more
        await sweeper._go_back_with_the_clock()
        assert await moments(desk, column) == [clock.now() + wait]


async def moments(desk: Services, column: Any) -> list[datetime]:
    return list(await desk.read(lambda unit: unit.session.exec(select(column)).all()))


async def test_a_long_wait_stays_and_a_clock_that_goes_on_moves_nothing(desk: Services) -> None:
    clock, sweeper = cast("StillClock", desk.clock), Sweeper(desk, ())
    far = clock.now() + timedelta(days=3)
    await desk.write(lambda unit: unit.session.execute(update(Outbox).values(due_at=far)).close())
    for by in (BACK, -BACK, timedelta(seconds=5)):
        clock.at -= by
        await sweeper._go_back_with_the_clock()
    assert await moments(desk, Outbox.due_at) == [far]


async def test_what_monitoring_looks_up_is_looked_up_again_when_the_clock_is_put_back() -> None:
    class Source:
        name, checks = "clients", 0

        async def check(self) -> list[Any]:
            self.checks += 1
            return []

    class Parts:
        clock, sources, counts, channels, reads = (
            StillClock(),
            (Source(),),
            Counter[str](),
            cast("Any", {}),
            0,
        )

        async def read(self, _query: object) -> tuple[dict[str, Any], dict[str, int]]:
            self.reads += 1
            return {}, {}

    parts, watch = Parts(), health._Watch()
    http_request = cast("Any", SimpleNamespace(config_dict={SERVICES: parts}))
    looked = []
    for by in (timedelta(), timedelta(), BACK):
        parts.clock.at -= by
        watch._sources.lately(cast("Services", cast("Any", parts)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await cast("asyncio.Task[None]", watch._sources._asking)
        await watch.metrics(http_request)
        looked.append((parts.sources[0].checks, parts.reads))
    assert looked == [(1, 1), (1, 1), (2, 2)]
