"""The clock of the desk: each job is a name, a trigger and one casework call; each runs at the start, and a wake comes before the next tick."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from assistant.casework import events
from assistant.casework.answers import delivery, packages
from assistant.casework.plans import execution, planning
from assistant.casework.proof import sending
from assistant.casework.requests import one_by_one
from assistant.casework.talk import handover
from assistant.casework.upkeep import clock_back, purge, reminders
from assistant.casework.uses import stopping_again
from assistant.services import Services

log = structlog.get_logger(__name__)
# Times its interval: a clock that was put back must not hold a sweep up until the day has caught up.
_LATE = 2
_SET = timedelta(seconds=10)  # a clock that is only kept right goes back by less


@dataclass(frozen=True, slots=True)
class Job:
    """A sweep over what is due; its cost follows what is due, not what is open."""

    name: str
    every: timedelta
    sweep: Callable[[Services], Awaitable[object]]


JOBS: tuple[Job, ...] = (
    Job("challenge", timedelta(seconds=2), sending.send_challenges),
    Job("plan", timedelta(seconds=5), planning.plan_due),
    Job("carry_out", timedelta(seconds=5), execution.carry_out_due),
    Job("deliver", timedelta(seconds=2), delivery.deliver_due),
    Job("handover", timedelta(seconds=30), handover.hand_over_due),
    Job("remind", timedelta(minutes=1), reminders.remind_due),
    Job("events", timedelta(minutes=1), events.write_events),
    Job("packages", timedelta(minutes=1), packages.expire_packages),
    Job("expire", timedelta(minutes=10), reminders.expire),
    # Once a day; looked for every hour, since a clock in memory forgets at each start how long it has run.
    Job("purge", timedelta(hours=1), purge.purge),
    Job("stop_again", timedelta(hours=1), stopping_again.stop_again),
)


class Sweeper:
    """Runs each job by its trigger or when woken, one run of a job at a time."""

    def __init__(self, services: Services, jobs: tuple[Job, ...] = JOBS) -> None:
        """Take what the jobs need."""
        self._services = services
        self._jobs = {job.name: job for job in jobs}
        self._locks = {job.name: asyncio.Lock() for job in jobs}
        self._ran_at: dict[str, float] = {}
        self._last_now = services.clock.now()
        self._looks_at_clock = asyncio.Lock()

    async def run(self, name: str) -> None:
        """Run one sweep now; what it raises is kept, and tried again at its next turn."""
        async with self._locks[name]:
            failure = await one_by_one.failure_of(self._swept(name), "job.failed", job=name)
            self._ran_at[name] = asyncio.get_running_loop().time()
            if failure:
                log.warning("job.failed", job=name, code=failure.code)

    async def _swept(self, name: str) -> None:
        await self._go_back_with_the_clock()
        known = await one_by_one.known_to_fail(self._services, name)
        swept = self._jobs[name].sweep(self._services)
        await one_by_one.one(self._services, name, one_by_one.ITSELF, swept, known)

    async def _go_back_with_the_clock(self) -> None:
        async with self._looks_at_clock:
            now = self._services.clock.now()
            if (by := self._last_now - now) > _SET:
                log.warning("clock.put_back", seconds=round(by.total_seconds()))
                await self._services.write(partial(clock_back.move, by=by))
            self._last_now = now

    async def run_all(self) -> None:
        """Run every sweep once, in order, after time was moved."""
        for name in self._jobs:
            await self.run(name)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep the clock while the context is open; a sweep under way is finished before it closes."""
        scheduler = AsyncIOScheduler(timezone="UTC")
        for job in self._jobs.values():
            scheduler.add_job(
                self.run,
                "interval",
                args=[job.name],
                seconds=job.every.total_seconds(),
                id=job.name,
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
            )
        scheduler.start()
        wakers = [asyncio.create_task(self._when_woken(name)) for name in self._jobs]
        try:
            yield
        finally:
            scheduler.shutdown(wait=False)
            for lock in self._locks.values():
                await lock.acquire()  # whoever sweeps is let finish; nobody begins again
            for waker in wakers:
                waker.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.gather(*wakers)

    async def _when_woken(self, name: str) -> None:
        event = self._services.waker.events[name]
        # What fell due while the desk was down; one that dies often gets on all the same.
        await self.run(name)
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(self._late_at(name)):
                    await event.wait()
            if event.is_set() or self._late_at(name) <= asyncio.get_running_loop().time():
                event.clear()
                await self.run(name)

    def _late_at(self, name: str) -> float:
        """Say when a sweep must have run again, by a clock that nobody sets: the scheduler waits for the time of day."""
        return self._ran_at[name] + _LATE * self._jobs[name].every.total_seconds()
