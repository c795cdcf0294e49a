"""The one writer: many units of work in one transaction, each in its own savepoint, committed together.

Group commit is what makes a durable chat turn cheap: one fsync answers everybody who waited for it. What
the units of a batch compute without the database is computed first, one after the other: the same code on
the same data stays in the processor's cache, and the transaction is that much shorter. Computing has a cap of
time a batch, and so has writing: what does not fit goes into the next one. Units are taken in turn by whose
they are, so whoever comes while another has hundreds waiting is written next, and answered with few others.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeVar

import structlog
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlmodel import Session

from assistant.domain.turns import Turns
from assistant.errors import StoreUnavailable
from assistant.store.keyring import Keyring
from assistant.store.private import create_private
from assistant.store.sealing import give_keyring

T = TypeVar("T")
Unit = Callable[[Session], T]
Preparation = Callable[[], Unit[T]]
_Job = tuple[Preparation[Any], "asyncio.Future[Any]"]
_Prepared = tuple[str, "asyncio.Future[Any]", Unit[Any] | None, BaseException | None]
_Done = tuple["asyncio.Future[Any]", Any, BaseException | None]
_MOST_UNITS_A_COMMIT = 256
_MOST_PREPARING = 0.02  # seconds of processor a batch
_MOST_WRITING = 0.02  # the same, of units: about five times what making it durable takes
_BUSY_TIMEOUT_MS = 5_000

log = structlog.get_logger(__name__)


def open_engine(url: str, *, writes: bool) -> Engine:
    """Open the desk's database; SQLite in WAL mode with a durable commit."""
    if url.startswith("sqlite") and (database := make_url(url).database):
        create_private(Path(database))  # its journals are made with the modes that it has
    engine = create_engine(
        url,
        pool_size=1 if writes else 4,
        max_overflow=0,
        pool_pre_ping=not url.startswith("sqlite"),
        hide_parameters=True,
    )
    if engine.dialect.name == "sqlite":
        _prepare_sqlite(engine, begin="BEGIN IMMEDIATE" if writes else "BEGIN")
    return engine


def _prepare_sqlite(engine: Engine, *, begin: str) -> None:
    @event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # or sqlite3 opens and commits transactions behind our back
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"busy_timeout={_BUSY_TIMEOUT_MS}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    @event.listens_for(engine, "commit")
    def _still_begun(connection: Any) -> None:
        if not connection.connection.in_transaction:  # the driver would say nothing, and keep nothing
            raise OperationalError("COMMIT", None, RuntimeError("The transaction is gone."))


class Store:
    """Units of work are written one after the other; reads run beside them."""

    def __init__(self, url: str, keyring: Keyring) -> None:
        """Open the database at a SQLAlchemy URL, sealed with a keyring; the schema must stand already (see migrate)."""
        self.url = url
        self.engine = open_engine(url, writes=True)
        self.readers = open_engine(url, writes=False)
        for engine in (self.engine, self.readers):
            give_keyring(engine, keyring)
        self._jobs: queue.SimpleQueue[tuple[str, _Job] | None] = queue.SimpleQueue()
        self._reading = ThreadPoolExecutor(4, thread_name_prefix="store-read")
        self._thread = threading.Thread(target=self._run, name="store-write", daemon=True)
        self._closed = False
        self._thread.start()

    async def write(self, work: Unit[T], *, whose: str = "") -> T:
        """Run a unit and return its result once it is on disk; raises what the unit raised, or StoreUnavailable.

        Whose it is decides its turn; nobody's is the desk's own.
        """
        return await self.prepare_and_write(lambda: work, whose=whose)

    async def prepare_and_write(self, prepare: Preparation[T], *, whose: str = "") -> T:
        """Compute before the transaction, on the writer's thread, and run the unit that comes of it, as `write` does."""
        if self._closed:
            raise StoreUnavailable
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._jobs.put((whose, (prepare, future)))
        return await future

    async def read(self, work: Unit[T]) -> T:
        """Run a query beside the writer; it sees only what is committed."""
        return await asyncio.get_running_loop().run_in_executor(self._reading, self._read, work)

    def _read(self, work: Unit[T]) -> T:
        with Session(self.readers, expire_on_commit=False) as session:
            return work(session)

    def close(self) -> None:
        """Finish what was handed in, then stop."""
        if not self._closed:
            self._closed = True
            self._jobs.put(None)
            self._thread.join()
            self._reading.shutdown()
            self.engine.dispose()
            self.readers.dispose()

    def _run(self) -> None:
        waiting: Turns[_Job] = Turns()
        more = True
        while waiting or more:
            more = more and self._take(waiting)
            if waiting:
                units, more = self._prepared(waiting, more=more)
                _answer(self._commit(units, waiting))

    def _take(self, waiting: Turns[_Job]) -> bool:
        """Add what was handed in, waiting for it where nothing else is to be done; False once there will be no more."""
        while True:
            try:
                job = self._jobs.get(block=not waiting)
            except queue.Empty:
                return True
            if job is None:
                return False
            waiting.put(*job)

    def _prepared(self, waiting: Turns[_Job], *, more: bool) -> tuple[list[_Prepared], bool]:
        """Prepare what waits: the first, and as many more as there is time for; who comes meanwhile has their turn too.

        Everybody's first stands before anybody's second, so that a commit of few has somebody of each.
        """
        until = time.thread_time() + _MOST_PREPARING
        units: list[_Prepared] = []
        while waiting and (not units or (time.thread_time() < until and len(units) < _MOST_UNITS_A_COMMIT)):
            whose, (prepare, future) = waiting.take()
            units.append((whose, future, *_settled(prepare)))
            more = more and (not waiting or self._take(waiting))
        return _by_turns(units), more

    def _commit(self, units: list[_Prepared], waiting: Turns[_Job]) -> list[_Done]:
        """Run as many units as there is time for, the first at least, and commit them together; the others wait again."""
        done: list[_Done] = []
        try:
            with UnitSession(self.engine, expire_on_commit=False) as session:
                until = time.thread_time() + _MOST_WRITING
                for _, future, unit, error in units:
                    done.append((future, None, error) if unit is None else (future, *_one(session, unit)))
                    if time.thread_time() >= until:
                        break
                session.commit()
        except SQLAlchemyError as error:  # the disk is full, the database locked: nobody was acknowledged
            log.error(  # noqa: TRY400 - the kind is enough; the text may hold what was to be stored
                "store.commit_failed", kind=type(error).__name__, units=len(units)
            )
            unavailable = StoreUnavailable()
            return [(future, None, unavailable) for _, future, _, _ in units]
        for whose, future, unit, failure in reversed(units[len(done) :]):
            waiting.put_back(whose, (partial(_again, unit, failure), future))
        return done


class UnitSession(Session):
    """A session for many units, each in its own savepoint.

    The savepoint of a unit is one word to the driver: the ORM's own costs seventy times as much, more than
    storing a message. It is opened only by a unit that hands rows to the ORM, because a failing flush
    takes back whatever transaction the session knows of, and that must never be the whole batch.
    """

    def run(self, work: Unit[T]) -> T:
        """Run one unit; whatever it raises, nothing of it is left."""
        connection = self.connection()
        says = connection.connection.cursor().execute
        says("SAVEPOINT unit")
        try:
            result = work(self)
            self.flush()
            if nested := self.get_nested_transaction():
                nested.commit()
            says("RELEASE SAVEPOINT unit")
        except Exception:  # broad: whatever a unit raises, nothing of it may stay; it is raised again
            if nested := self.get_nested_transaction():
                nested.rollback()
            self.expunge_all()
            # Where the whole transaction is gone, as on a full disk, this raises what ends the batch.
            connection.exec_driver_sql("ROLLBACK TO SAVEPOINT unit")
            raise
        return result


@event.listens_for(UnitSession, "before_flush")
def _open_savepoint(session: Session, _context: object, _instances: object) -> None:
    if not session.in_nested_transaction():
        session.begin_nested()


def _by_turns(units: list[_Prepared]) -> list[_Prepared]:
    """Put everybody's first before anybody's second, and leave each one's own in their order."""
    met: Counter[str] = Counter()
    rounds: list[int] = []
    for whose, *_ in units:
        rounds.append(met[whose])
        met[whose] += 1
    return [unit for _, unit in sorted(zip(rounds, units, strict=True), key=itemgetter(0))]


def _again(unit: Unit[T] | None, error: BaseException | None) -> Unit[T]:
    """Give what was prepared already."""
    if unit is None:
        raise error or StoreUnavailable
    return unit


def _one(session: UnitSession, work: Unit[Any]) -> tuple[Any, BaseException | None]:
    result, error = _settled(lambda: session.run(work))
    if isinstance(error, OperationalError | InterfaceError):
        raise error  # the disk is full or the database gone: no neighbour can be kept either
    return result, error


def _settled(work: Callable[[], T]) -> tuple[T | None, BaseException | None]:
    try:
        return work(), None
    except Exception as error:  # broad: an error belongs to whoever handed the unit in, not to its neighbours
        return None, error


def _answer(done: list[_Done]) -> None:
    by_loop: dict[asyncio.AbstractEventLoop, list[_Done]] = {}
    for item in done:
        by_loop.setdefault(item[0].get_loop(), []).append(item)
    for loop, items in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle, items)


def _settle(items: list[_Done]) -> None:
    for future, result, error in items:
        if future.cancelled():
            continue
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)
