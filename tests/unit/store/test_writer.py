"""Units share a transaction; what one of them does wrong is its own."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlmodel import Session, col, select

from assistant.errors import StoreUnavailable
from assistant.store.keyring import INDEX_BYTES, SEALING_BYTES, Keyring
from assistant.store.tables import Note, Seen
from assistant.store.writer import Store, Unit, _by_turns
from tests.doubles.schema import lay_schema

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    file = tmp_path / "desk.sqlite3"
    lay_schema(file)
    store = Store(f"sqlite:///{file}", Keyring(b"k" * INDEX_BYTES, b"s" * SEALING_BYTES))
    yield store
    store.close()


def _by_orm(name: str, *, then: Exception | None = None, flush: bool = False) -> Unit[str]:
    def unit(session: Session) -> str:
        session.add(Note(name=name, value="orm"))
        if flush:
            session.flush()
        if then is not None:
            raise then
        return name

    return unit


def _by_statement(name: str, *, then: Exception | None = None) -> Unit[str]:
    def unit(session: Session) -> str:
        session.connection().execute(insert(Note).values(name=name, value="statement"))
        if then is not None:
            raise then
        return name

    return unit


async def _together(store: Store, *units: Unit[str]) -> list[str | BaseException]:
    """Hand units in while the writer is busy, so that they meet in one commit."""
    began, handed_in = threading.Event(), threading.Event()

    def busy(_session: Session) -> bool:
        began.set()
        return handed_in.wait(20)

    held = asyncio.create_task(store.write(busy))
    assert await asyncio.to_thread(began.wait, 20)
    tasks = [asyncio.create_task(store.write(unit)) for unit in units]
    await asyncio.sleep(0)
    handed_in.set()
    assert await held
    return list(await asyncio.gather(*tasks, return_exceptions=True))


async def _names(store: Store) -> list[str]:
    return await store.read(lambda session: list(session.exec(select(Note.name).order_by(col(Note.name)))))


async def test_a_unit_that_raises_leaves_nothing_and_its_neighbours_stay(store: Store) -> None:
    error = ValueError("no")

    results = await _together(
        store,
        _by_statement("a"),
        _by_orm("b", then=error),
        _by_orm("c", then=error, flush=True),
        _by_statement("d", then=error),
        _by_orm("e"),
    )

    assert results == ["a", error, error, error, "e"]
    assert await _names(store) == ["a", "e"]


@pytest.mark.parametrize("flush", [True, False], ids=["flushed by the unit", "flushed at its end"])
async def test_a_failing_flush_takes_back_its_own_unit_alone(store: Store, flush: bool) -> None:
    results = await _together(
        store, _by_statement("a"), _by_orm("a", flush=flush), _by_orm("b"), _by_orm("b"), _by_orm("c")
    )

    assert [type(result) for result in results] == [str, IntegrityError, str, IntegrityError, str]
    assert await _names(store) == ["a", "b", "c"]


def _too_much(session: Session) -> Note:
    """Leave the database no room but for a few rows; gives one that does not fit."""
    pages = session.connection().exec_driver_sql("PRAGMA page_count").scalar_one()
    session.connection().exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
    return Note(name="too much", value="v" * 100_000)


def _full_by_statement(session: Session) -> str:
    session.connection().execute(insert(Note).values(_too_much(session).model_dump()))
    return "full"


def _full_by_orm(session: Session) -> str:
    session.add(_too_much(session))
    return "full"


def _full_unheard(session: Session) -> str:
    with suppress(OperationalError):
        _full_by_statement(session)
    return "full"


def _full_hidden(session: Session) -> str:
    _full_unheard(session)
    session.connection().exec_driver_sql("SAVEPOINT unit")
    return "full"


@pytest.mark.parametrize("full", [_full_by_statement, _full_by_orm, _full_unheard, _full_hidden])
async def test_what_a_full_disk_took_back_was_acknowledged_to_nobody(
    store: Store, full: Unit[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite takes the whole transaction back, and every unit after that would be committed by itself."""
    monkeypatch.setattr("assistant.store.writer._MOST_WRITING", 60.0)  # one batch, however busy the machine
    results = await _together(store, _by_statement("a"), _by_orm("b"), full, _by_statement("c"), _by_orm("d"))

    assert [type(result) for result in results] == [StoreUnavailable] * 5
    if full is not _full_hidden:
        assert await _names(store) == []
    assert await _together(store, _by_statement("e"), _by_orm("f")) == ["e", "f"], "it is written to again"


async def test_a_unit_may_go_on_after_a_savepoint_of_its_own_failed(store: Store) -> None:
    def unit(session: Session) -> str:
        session.add(Seen(value="one", until=NOON))
        try:
            with session.begin_nested():
                session.add(Seen(value="one", until=NOON + timedelta(days=1)))
        except IntegrityError:
            session.add(Note(name="went on", value=""))
        return "done"

    assert await _together(store, unit, _by_orm("next")) == ["done", "next"]
    assert await _names(store) == ["next", "went on"]


async def test_what_a_batch_computes_is_computed_before_its_transaction_and_fails_alone(store: Store) -> None:
    done: list[str] = []
    error = ValueError("not computable")

    def computing(name: str) -> Unit[str]:
        done.append(f"computed {name}")
        if name == "b":
            raise error

        def unit(session: Session) -> str:
            done.append(f"wrote {name}")
            return _by_orm(name)(session)

        return unit

    handed_in = threading.Event()
    held = asyncio.create_task(store.write(lambda _: handed_in.wait(60)))
    tasks = [asyncio.create_task(store.prepare_and_write(partial(computing, name))) for name in "abc"]
    await asyncio.sleep(0)
    handed_in.set()
    assert await held
    results = await asyncio.gather(*tasks, return_exceptions=True)

    assert results == ["a", error, "c"]
    assert done == ["computed a", "computed b", "computed c", "wrote a", "wrote c"]
    assert await _names(store) == ["a", "c"]


async def test_preparing_has_a_cap_a_batch_and_what_does_not_fit_is_next(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.store.writer._MOST_PREPARING", 0)
    done: list[str] = []

    def prepared(name: str) -> Unit[str]:
        done.append(f"prepared {name}")

        def unit(_session: Session) -> str:
            done.append(f"written {name}")
            return name

        return unit

    gate = threading.Event()
    held = asyncio.create_task(store.write(lambda _session: gate.wait(20)))
    tasks = [asyncio.create_task(store.prepare_and_write(partial(prepared, name))) for name in "ab"]
    await asyncio.sleep(0)
    gate.set()
    assert await asyncio.gather(held, *tasks) == [True, "a", "b"]
    assert done == ["prepared a", "written a", "prepared b", "written b"]


async def _behind_a_gate(store: Store, *units: tuple[str, Unit[str]]) -> tuple[list[str], dict[str, int]]:
    """Hand in units of several while the writer is busy; gives the order of answers, and how many were written then."""
    answered: list[str] = []
    written: list[str] = []
    then: dict[str, int] = {}

    async def one(whose: str, unit: Unit[str]) -> None:
        def noted(session: Session) -> str:
            written.append(whose)
            return unit(session)

        await store.write(noted, whose=whose)
        answered.append(whose)
        then[whose] = len(written)

    gate = threading.Event()
    held = asyncio.create_task(store.write(lambda _session: gate.wait(20)))
    tasks = [asyncio.create_task(one(whose, unit)) for whose, unit in units]
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(held, *tasks)
    return answered, then


@pytest.mark.parametrize("cap", ["_MOST_PREPARING", "_MOST_WRITING"])
async def test_whoever_comes_after_a_hundred_of_another_is_answered_after_one_of_them(
    store: Store, monkeypatch: pytest.MonkeyPatch, cap: str
) -> None:
    monkeypatch.setattr(f"assistant.store.writer.{cap}", 0)
    flood = [("flood", _by_statement(f"flood {n:03}")) for n in range(100)]
    honest = [("one", _by_statement("one")), ("two", _by_orm("two"))]

    answered, written = await _behind_a_gate(store, *flood, *honest)

    assert answered[:4] == ["flood", "one", "two", "flood"]
    assert written["one"] < len(flood), "it was answered by a commit of few"
    assert len(await _names(store)) == 102, "all of theirs is done too"


async def test_what_had_no_time_to_be_written_is_neither_computed_again_nor_overtaken_by_its_own(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.store.writer._MOST_WRITING", 0)
    done: list[str] = []

    def prepared(name: str) -> Unit[str]:
        done.append(f"prepared {name}")
        if name == "c":
            raise ValueError

        def unit(_session: Session) -> str:
            done.append(f"written {name}")
            return name

        return unit

    gate = threading.Event()
    held = asyncio.create_task(store.write(lambda _session: gate.wait(20)))
    tasks = [asyncio.create_task(store.prepare_and_write(partial(prepared, name))) for name in "abcd"]
    await asyncio.sleep(0)
    gate.set()
    await held
    results = await asyncio.gather(*tasks, return_exceptions=True)

    assert [results[0], results[1], results[3]] == ["a", "b", "d"]
    assert isinstance(results[2], ValueError)
    assert sorted(done[:4]) == done[:4] == [f"prepared {name}" for name in "abcd"]
    assert done[4:] == ["written a", "written b", "written d"]


async def test_whoever_comes_while_anothers_are_being_computed_is_computed_and_written_next(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stranger's day: the hundred that were there already would be computed and written first."""
    monkeypatch.setattr("assistant.store.writer._MOST_PREPARING", 60)
    gate, computing, handed_in, done = threading.Event(), threading.Event(), threading.Event(), list[str]()

    def prepared(name: str) -> Unit[None]:
        if name == "flood 0":
            computing.set()
            assert handed_in.wait(20)
        done.append(f"computed {name}")
        return lambda _session: done.append(f"written {name}")

    def hand_in(name: str, whose: str) -> asyncio.Task[None]:
        return asyncio.create_task(store.prepare_and_write(partial(prepared, name), whose=whose))

    held = asyncio.create_task(store.write(lambda _session: gate.wait(20)))
    await asyncio.sleep(0)
    flood = [hand_in(f"flood {number}", "flood") for number in range(100)]
    await asyncio.sleep(0)
    gate.set()
    await asyncio.to_thread(computing.wait, 20)
    honest = hand_in("honest", "honest")
    await asyncio.sleep(0)
    handed_in.set()
    await asyncio.gather(held, honest, *flood)
    assert done[:2] == ["computed flood 0", "computed honest"]
    assert [each for each in done if each.startswith("written")].index("written honest") == 1
    assert len(done) == 2 * 101


@given(st.lists(st.sampled_from("abc"), max_size=40))
def test_everybodys_first_is_written_before_anybodys_second(brought: list[str]) -> None:
    units: list[Any] = [(whose, number, None, None) for number, whose in enumerate(brought)]
    ordered: list[tuple[str, Any]] = [(whose, number) for whose, number, *_ in _by_turns(units)]
    assert sorted(number for _, number in ordered) == list(range(len(brought)))
    met: Counter[str] = Counter()
    for whose, _ in ordered:
        assert all(met[whose] <= met[other] for other in set(brought) if met[other] < brought.count(other))
        met[whose] += 1
    for one in "abc":
        own = [number for whose, number in ordered if whose == one]
        assert own == sorted(own)
