"""The clock of the machine is put back by an hour: no sweep stands still until it has caught up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from typing import Any, cast

import apscheduler.schedulers.base
import apscheduler.triggers.interval
import pytest

from assistant.jobs import Job, Sweeper
from assistant.services import Services, Waker
from tests.doubles.desk_process import eventually

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
