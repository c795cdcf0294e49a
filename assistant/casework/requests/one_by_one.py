"""One row of a sweep at a time: what it meets, thought of or not, is its own, is counted, and stops no other.

A sweep finds the names of its rows and reads each row in its own turn, so that one that cannot even be read ends
nothing. What failed waits longer each time and stands before nobody meanwhile; the third time people are called.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Container, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, TypeVar

import structlog
from sqlalchemy import ColumnElement, String, cast, func
from sqlmodel import Session, col, delete, select
from sqlmodel.sql.expression import SelectOfScalar

from assistant.casework.audit import record
from assistant.casework.lease import Lease, pause_after
from assistant.casework.requests.intake import set_attention
from assistant.casework.requests.queue import Principal, Role
from assistant.domain.attention import Attention
from assistant.errors import AssistantError, NotFound, StoreUnavailable
from assistant.services import Services, Unit
from assistant.store.paging import Page, page
from assistant.store.tables import Action, Outbox, Package, PrivacyRequest, SweepFailure

log = structlog.get_logger(__name__)
_LOOKS_AGAIN: Final = 0.5  # seconds, while a slow row is under way, for what has come since
CALLED_AFTER: Final = 3  # failures of one row, after which people are called
SWEEPS: Final = (  # jobs.JOBS, and what is taken up of the talks
    "challenge", "plan", "carry_out", "deliver", "handover", "remind", "events", "packages", "expire", "purge", "stop_again", "recover",
)  # fmt: skip
ITSELF: Final = ""  # names the sweep, where what failed is no row of it
PAUSES: Final = timedelta(minutes=1), timedelta(hours=6)  # the first, and the longest
_UNTRIED = timedelta(days=3)
K = TypeVar("K", str, int)
_REQUEST_OF: Final[Mapping[str, Callable[[str], SelectOfScalar[Any]]]] = {
    "carry_out": lambda row: select(Action.ref).where(col(Action.id) == row),
    "deliver": lambda row: select(Outbox.ref).where(cast(col(Outbox.id), String) == row),
    "packages": lambda row: select(Package.ref).where(col(Package.id) == row),
}


async def failure_of(work: Awaitable[object], event: str, **names: str) -> AssistantError | None:
    """Do the work of one row; gives why it failed, or None. The log names what nobody thought of, and no value."""
    try:
        await work
    except AssistantError as error:
        return error
    except Exception as error:  # broad: what one row meets keeps no other from its turn; it is tried again
        log.error(event, **named(error), **names)  # noqa: TRY400 - it may quote a row
        failure = AssistantError(kind=type(error).__name__)
        failure.__cause__ = error
        return failure
    return None


def named(error: BaseException) -> dict[str, str]:
    """Name an error by its kind and the line that raised it: what it says may quote a row or a person."""
    at = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    where = f"{at.tb_frame.f_globals.get('__name__')}:{at.tb_lineno}" if at else ""
    return {"kind": type(error).__name__, "where": where}


async def each(
    services: Services, sweep: str, rows: Iterable[K], work: Callable[[K], Awaitable[object]]
) -> int:
    """Do every row, one after the other, and keep which of them fail; gives how many were done.

    What the work answers for itself (a letter that is tried again, a plan that failed) it does not raise.
    """
    named = list(rows)
    known = await known_to_fail(services, sweep) if named else frozenset()
    return sum([await one(services, sweep, row, work(row), known) for row in named])


async def while_due(
    services: Services,
    sweep: str,
    lease: Lease,
    claim: Callable[[Unit, int], list[K]],
    work: Callable[[K], Awaitable[object]],
    *,
    at_once: int,
) -> int:
    """Do a few rows at a time, and claim more as soon as a quarter has room; gives how many were done.

    What is under way keeps its lease, however long it takes: nobody does it a second time meanwhile.

    Few, so that what somebody waits for now stands behind no more than these; and never a whole batch, so that
    one slow row keeps nothing else from its turn: neither what is due already nor what comes while it takes its time.
    """
    under_way: dict[asyncio.Task[bool], K] = {}
    done = 0
    try:
        while True:
            kept, room = list(under_way.values()), at_once - len(under_way)
            claimed = await services.write(partial(_claimed, lease, kept, claim, room), whose=sweep)
            known = await known_to_fail(services, sweep) if claimed else frozenset()
            for row in claimed:
                under_way[asyncio.create_task(one(services, sweep, row, work(row), known))] = row
            if not under_way:
                return done
            while under_way:
                finished, _ = await asyncio.wait(
                    under_way, timeout=_LOOKS_AGAIN, return_when=asyncio.FIRST_COMPLETED
                )
                for task in finished:
                    del under_way[task]
                done += sum(task.result() for task in finished)
                if not finished or len(under_way) <= at_once - at_once // 4:
                    break
    finally:  # the store is gone: what is under way hears of it too
        await asyncio.gather(*under_way, return_exceptions=True)


def _claimed(
    lease: Lease, kept: Sequence[K], claim: Callable[[Unit, int], list[K]], most: int, unit: Unit
) -> list[K]:
    lease.renew(unit, kept)  # in the same unit, or what is under way might be claimed once more
    return claim(unit, most)


async def together(
    services: Services, sweep: str, rows: Sequence[K], work: Callable[[Unit, K], int], kind: str = ""
) -> int:
    """Write a batch of rows in one unit, and where that fails each in its own; gives the sum of what each came to."""

    def one_unit(unit: Unit) -> int:
        return sum(work(unit, each_row) for each_row in rows)

    done: list[int] = []
    known = await known_to_fail(services, sweep)
    if (
        known.isdisjoint(f"{kind}{row}" for row in rows)
        and await failure_of(_kept(done, services.write(one_unit)), "sweep.batch_failed", sweep=sweep) is None
    ):
        return sum(done)
    for row in rows:
        alone = _kept(done, services.write(partial(_alone, work, row)))
        await one(services, sweep, f"{kind}{row}", alone, known)
    return sum(done)


def _alone(work: Callable[[Unit, K], int], row: K, unit: Unit) -> int:
    return work(unit, row)


async def _kept(done: list[int], work: Awaitable[int]) -> None:
    done.append(await work)


async def one(
    services: Services, sweep: str, row: K, work: Awaitable[object], known: Container[str] = ()
) -> bool:
    """Do one row, and keep whether it fails; raises StoreUnavailable, since then nothing can be kept."""
    failure = await failure_of(work, "sweep.row_failed", sweep=sweep, row=str(row))
    if isinstance(failure, StoreUnavailable):
        raise failure
    if failure is None:
        if str(row) in known:
            await services.write(lambda unit: forget(unit.session, sweep, str(row)))
        return True
    times = await services.write(lambda unit: note(unit, sweep, row, failure))
    if times == CALLED_AFTER:  # in a unit of its own: the request may be what cannot be read
        calls = services.write(lambda unit: _call_a_person(unit, sweep, str(row)))
        await failure_of(calls, "sweep.nobody_called", sweep=sweep, row=str(row))
    return False


async def known_to_fail(services: Services, sweep: str) -> frozenset[str]:
    """Give the rows of a sweep that failed when they were last tried."""
    failed = select(SweepFailure.which).where(col(SweepFailure.sweep) == sweep)
    return await services.read(lambda unit: frozenset(unit.session.exec(failed)))


def _call_a_person(unit: Unit, sweep: str, row: str) -> None:
    """Flag the request that a row is about, unless it asks for a person already; the list of what fails names every row."""
    about = _REQUEST_OF.get(sweep)
    ref = unit.session.exec(about(row)).first() if about else row
    request = unit.session.get(PrivacyRequest, ref) if ref else None
    if request is not None and request.attention is None:
        set_attention(unit, request, f"{Attention.SWEEP_FAILED}:{sweep}")


def note(unit: Unit, sweep: str, row: K, failure: AssistantError) -> int:
    """Count a failure of a row, and put its next try off: one minute, two, four, up to six hours. Gives how often it failed."""
    now = unit.now
    kept = unit.session.get(SweepFailure, (sweep, str(row)))
    if kept is None:
        kept = SweepFailure(
            sweep=sweep, which=str(row), times=0, code="", first_at=now, last_at=now, next_at=now
        )
    kept.times += 1
    kept.code = str(failure.data.get("kind") or failure.code)
    kept.last_at, kept.next_at = now, now + pause_after(kept.times, *PAUSES)
    unit.session.add(kept)
    return kept.times


def forget(session: Session, sweep: str, row: str) -> None:
    """Take a row off the list: it was done, or is not there any more."""
    session.execute(
        delete(SweepFailure).where(col(SweepFailure.sweep) == sweep, col(SweepFailure.which) == row)
    )


def forget_untried(unit: Unit) -> None:
    """Take what its sweep has not come back to for days off the list: it is due no more, or gone."""
    late = unit.now - _UNTRIED
    unit.session.execute(delete(SweepFailure).where(col(SweepFailure.next_at) <= late))


def may_be_tried(sweep: str, name: ColumnElement[Any] | Any, now: datetime) -> ColumnElement[bool]:
    """Leave out, in the query of a sweep, what failed and waits: so no number of such rows starves the rest."""
    waits = select(SweepFailure.which).where(
        col(SweepFailure.sweep) == sweep,
        col(SweepFailure.which) == cast(name, String),
        col(SweepFailure.next_at) > now,
    )
    return ~waits.exists()


def failing(session: Session, after: str = "") -> Page[SweepFailure]:
    """List the rows that people are called for."""
    called = select(SweepFailure).where(col(SweepFailure.times) >= CALLED_AFTER)
    name = col(SweepFailure.sweep) + ":" + col(SweepFailure.which)
    return page(session, called, (name,), after=after)


def try_again(unit: Unit, sweep: str, row: str, agent: Principal) -> None:
    """Have a row tried at the next turn of its sweep, which is now; raises NotFound."""
    agent.require(Role.LEAD)
    kept = unit.session.get(SweepFailure, (sweep, row))
    if kept is None:
        raise NotFound("That does not fail any more; look at the list again.")
    kept.next_at = unit.now
    unit.session.add(kept)
    record(unit, "", agent.actor, "row_tried_again", sweep=sweep, row=row)
    unit.wake(sweep)


def failing_by_sweep(session: Session) -> dict[str, int]:
    """Count the rows that fail, sweep by sweep."""
    counted = select(SweepFailure.sweep, func.count()).group_by(col(SweepFailure.sweep))
    return dict(session.exec(counted).all())
