"""Whatever is wrong with one row, its sweep does the next: every column of every table that a sweep reads is spoilt once."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import JSON, Column, Date, Integer
from sqlmodel import Session, SQLModel, col, select

from assistant.casework.lease import pause_after
from assistant.casework.outbox import queue_outgoing
from assistant.casework.requests import one_by_one
from assistant.casework.requests.queue import do_propose
from assistant.casework.uses.suppression import subject_of
from assistant.conversation.desk import TalkingDesk
from assistant.domain.assurance import Method
from assistant.domain.letter import Letter
from assistant.domain.lifecycle import Status
from assistant.domain.plan import Identity, Located, Operation, Order, Plan, Proposal, Step, TableEffect
from assistant.domain.rights import Right
from assistant.interfaces import AddressBatch, Outgoing
from assistant.jobs import JOBS, Job, Sweeper
from assistant.services import Services, Unit
from assistant.store.tables import (
    Action,
    ChallengeRow,
    Conversation,
    Instant,
    Message,
    Outbox,
    Package,
    PrivacyRequest,
    Suppression,
    SweepFailure,
)
from assistant.verification import METHODS
from handlers import HANDLERS
from tests.doubles.console_app import ConsoleSite, console_site

LONG_AGO: Final = timedelta(days=4000)


@pytest.fixture
async def site(tmp_path: Path, prepared: ConsoleSite) -> AsyncIterator[ConsoleSite]:
    async with console_site(tmp_path, prepared) as site:
        yield site


class Taking:
    """A channel that takes everything."""

    name = "email"

    async def deliver(self, outgoing: Outgoing) -> str | None:
        return None


class Listing:
    """A system that lists one address again and again."""

    name, kind = "crm", "sql"
    stopped: tuple[Located, ...] = ()

    async def nothing(self, *_: Any) -> tuple[()]:
        return ()

    check = correctable = contacts = known_as = export = nothing

    async def locate(self, identity: Identity) -> Located:
        return Located(self.name, identity, (), ())

    async def addresses(self, _purpose: str, _after: str | None) -> AddressBatch:
        return AddressBatch(tuple((str(n), f"person-{n}@mail.example") for n in range(2)), None)

    async def agreed_at(self, _identity: Identity, _purpose: str) -> datetime | None:
        return None

    async def propose(self, _located: Located, _order: Order) -> Proposal:
        effect = TableEffect("clients", "contact", 1)
        return Proposal(step=Step(self.name, Operation.STOP, (effect,)))

    async def carry_out(self, _step: Step, located: Located, *_: Any) -> None:
        self.stopped = (*self.stopped, located)


@dataclass
class Case:
    """One sweep: what it does, the row it must do, and how one sees that it did."""

    table: type[SQLModel]
    ready: Callable[[ConsoleSite, Unit], str | int]  # makes a row due; gives its key
    is_done: Callable[[Any], bool]  # of the row as it is afterwards, None where it is gone
    key: str = "id"
    whose: str = (
        ""  # whose request the spoilt ones belong to, where two of one request would be in each other's way
    )


def request_due(site: ConsoleSite, session: Session, which: str = "access", **more: Any) -> str:
    """Take a request of the morning and make it due for something."""
    request = session.get_one(PrivacyRequest, site.refs[which])
    for name, value in more.items():
        setattr(request, name, value)
    session.add(request)
    return request.ref


def planned(site: ConsoleSite, unit: Unit) -> str:
    return request_due(site, unit.session, to_plan_at=site.clock.now(), status=Status.OPEN, attention=None)


def reminded(site: ConsoleSite, unit: Unit) -> str:
    return request_due(site, unit.session, remind_on=site.clock.now().date())


def paused(site: ConsoleSite, unit: Unit) -> str:
    long_ago = site.clock.now() - timedelta(days=9)
    return request_due(
        site, unit.session, dont_at=long_ago, dont_answer=None, status=Status.OPEN, attention=None
    )


def long_closed(site: ConsoleSite, unit: Unit) -> str:
    closed = site.clock.now() - LONG_AGO
    return request_due(site, unit.session, status=Status.ANSWERED, closed_at=closed, remind_on=None)


def challenged(site: ConsoleSite, unit: Unit) -> str:
    now, seal = site.clock.now(), site.services.keyring.seal
    unit.session.add(
        ChallengeRow(
            id="wanted", conversation_id=site.conversations["access"], method=Method.EMAIL_CODE, references=[],
            claimed=seal("someone@mail.example"), claimed_kind="email", claimed_hash="h", state="wanted",
            asked_at=now, expires_at=now + timedelta(hours=1),
        )
    )  # fmt: skip
    return "wanted"


def approved(site: ConsoleSite, unit: Unit) -> str:
    request = unit.session.get_one(PrivacyRequest, site.refs["access"])
    request.right, request.status, request.evidence_id = Right.OBJECTION, Status.RECEIVED, None
    request.details = {"marketing": True, "address": "someone@mail.example"}
    request.tier_needed = 0
    order = Order(Operation.STOP, site.clock.now().date(), purposes=("marketing",))
    action = do_propose(unit, request, Plan(Right.OBJECTION, (), order, ()), automatic=True)
    action.state, action.not_before = "approved", site.clock.now()
    unit.session.add(action)
    return action.id


def queued(site: ConsoleSite, unit: Unit) -> int:
    letter = Letter(
        key="letter", channel="email", kind="mail", text="Hello", subject="Hello", language="en",
        recipient="someone@mail.example", ref=site.refs["access"],
    )  # fmt: skip
    queue_outgoing(unit, letter)
    return unit.session.exec(select(Outbox.id).where(col(Outbox.key) == "letter")).one() or 0


def packed(site: ConsoleSite, unit: Unit) -> str:
    now = site.clock.now()
    unit.session.add(
        Package(
            id="package", ref=site.refs["access"], action_id=site.actions["access"], file="package.sealed",
            wrapped_key=site.services.keyring.seal("k"), size=1, sha256="s", contact_hash="h", ready_at=now, gone_at=now,
        )
    )  # fmt: skip
    return "package"


def suppressed(site: ConsoleSite, unit: Unit) -> None:
    """Keep marketing off for both whom the system lists."""
    for number in range(2):
        subject = subject_of(site.services.keyring, f"person-{number}@mail.example")
        unit.session.add(Suppression(subject_hash=subject, purpose="marketing", since=site.clock.now()))


def called(site: ConsoleSite, unit: Unit) -> str:
    """Have a chat wait for somebody who was called long ago."""
    conversation = unit.session.get_one(Conversation, site.conversations["chat"])
    conversation.wants_person_at = site.clock.now() - timedelta(minutes=9)
    conversation.state = {"awaits_person": True}
    unit.session.add(conversation)
    return conversation.id


def unanswered(site: ConsoleSite, unit: Unit) -> int:
    message = unit.session.exec(
        select(Message).where(col(Message.conversation_id) == site.conversations["access"])
    ).first()
    assert message is not None
    message.handled = False
    unit.session.add(message)
    return message.id or 0


CASES: Final[Mapping[str, Case]] = {
    "challenge": Case(ChallengeRow, challenged, lambda row: row.state == "sent"),
    "plan": Case(PrivacyRequest, planned, lambda row: row.to_plan_at is None, "ref"),
    "carry_out": Case(Action, approved, lambda row: row.state == "done", whose="erasure"),
    "deliver": Case(Outbox, queued, lambda row: row.state == "done"),
    "handover": Case(Conversation, called, lambda row: "awaits_person" not in row.state),
    "remind": Case(PrivacyRequest, reminded, lambda row: row.remind_on > date(2026, 11, 24), "ref"),
    "packages": Case(Package, packed, lambda row: row.erased),
    "expire": Case(PrivacyRequest, paused, lambda row: row.attention == "dont_unanswered", "ref"),
    "purge": Case(PrivacyRequest, long_closed, lambda row: row is None, "ref"),
    "recover": Case(Message, unanswered, lambda row: row.handled),
}


def test_every_sweep_has_its_case() -> None:
    """A new sweep has rows too, and one of them is spoilt some day."""
    assert (
        {job.name for job in JOBS} | {"recover"}
        == set(one_by_one.SWEEPS)
        == set(CASES) | {"stop_again", "events"}
    )


def spoilt(column: Column[Any]) -> list[Any]:
    """Give what may stand in a column after a fault, a bad migration or a hand in the database."""
    if isinstance(column.type, JSON):
        return ["{", "3", "null"]
    if isinstance(column.type, Instant | Date):
        return ["never"]
    return ["many"] if isinstance(column.type, Integer) else ["no such thing"]


def file_of(site: ConsoleSite) -> Path:
    return site.services.settings.server.data_dir / "desk.db"


def poison(site: ConsoleSite, case: Case, key: str | int) -> Iterator[str]:
    """Put copies of a row before it, each with one column spoilt; the disk does not ask what they mean."""
    table = case.table.__table__  # type: ignore[attr-defined]
    with closing(sqlite3.connect(file_of(site), timeout=20)) as db, db:
        db.row_factory = sqlite3.Row
        quoted = f'"{table.name}"'
        healthy = dict(db.execute(f"SELECT * FROM {quoted} WHERE {case.key} = ?", (key,)).fetchone())
        number = 0
        for column in table.columns:
            for value in spoilt(column) if column.name != case.key else ():
                number += 1
                unique = {
                    each.name: f"{number}" for each in table.columns if each.unique and healthy[each.name]
                }
                if case.whose:
                    unique["ref"] = site.refs[case.whose]
                if "thread" in healthy:
                    unique["thread"] = f"{number}"
                if "external_id" in healthy:
                    unique["external_id"] = f"in:{number}"
                name = -number if isinstance(key, int) else f"!{number:03}"
                row = healthy | unique | {column.name: value} | {case.key: name}
                names = ", ".join(f'"{each}"' for each in row)
                marks = ", ".join("?" for _ in row)
                db.execute(f"INSERT INTO {quoted} ({names}) VALUES ({marks})", tuple(row.values()))
                yield column.name


def ready(site: ConsoleSite) -> Services:
    """Give the services with what the sweeps need beside a store."""
    return site.services.with_parts(
        methods={method.method: method for method in METHODS},
        handlers={handler.right: handler for handler in HANDLERS},
        channels={"email": Taking()},
    )


async def swept(services: Services, sweep: str) -> None:
    if sweep == "recover":
        await TalkingDesk(services, None).recover()  # type: ignore[arg-type] # nothing is read
    else:
        await Sweeper(services).run(sweep)


@pytest.mark.parametrize("sweep", sorted(CASES))
async def test_a_sweep_does_the_healthy_row_behind_any_number_of_spoilt_ones(
    site: ConsoleSite, sweep: str
) -> None:
    case, services = CASES[sweep], ready(site)
    key = await services.write(lambda unit: case.ready(site, unit))
    spoilt_columns = list(poison(site, case, key))
    assert len(spoilt_columns) > 5

    for _ in range(4):  # what is beyond one batch has its turn in the next
        await swept(services, sweep)
        site.clock.at += timedelta(seconds=45)

    row = await services.read(lambda unit: unit.session.get(case.table, key))
    assert case.is_done(row), "the healthy row had its turn"


async def test_marketing_is_stopped_for_the_next_one_where_one_suppression_cannot_be_read(
    site: ConsoleSite,
) -> None:
    source = Listing()
    services = ready(site).with_parts(sources=(source,))
    await services.write(lambda unit: suppressed(site, unit))
    with closing(sqlite3.connect(file_of(site))) as db, db:
        db.execute(
            "UPDATE suppression SET since = 'never' WHERE rowid = (SELECT min(rowid) FROM suppression)"
        )
    await swept(services, "stop_again")
    assert len(source.stopped) == 1
    assert await services.read(lambda unit: one_by_one.failing_by_sweep(unit.session)) == {"stop_again": 1}


async def test_what_fails_waits_longer_each_time_calls_a_person_the_third_time_and_is_forgotten_once_it_is_done(
    site: ConsoleSite,
) -> None:
    services, met = site.services, 0
    ref, works = site.refs["complaint"], [False]
    await services.write(lambda unit: request_due(site, unit.session, "complaint", attention=None))

    async def work(_services: Services) -> object:
        async def row(_ref: str) -> None:
            nonlocal met
            met += 1
            if not works[0]:
                raise ZeroDivisionError("a person's words: Mari Maasikas")

        now = services.clock.now()
        may = select(PrivacyRequest.ref).where(
            col(PrivacyRequest.ref) == ref, one_by_one.may_be_tried("plan", PrivacyRequest.ref, now)
        )
        due = await services.read(lambda unit: list(unit.session.exec(may)))
        return await one_by_one.each(services, "plan", due, row)

    sweeper = Sweeper(services, (Job("plan", timedelta(seconds=1), work),))
    waited = []
    for _ in range(4):
        begun, since = met, site.clock.at
        while met == begun:
            site.clock.at += timedelta(seconds=30)
            await sweeper.run("plan")
        waited.append((site.clock.at - since) / timedelta(minutes=1))
        failure = await services.read(lambda unit: unit.session.get_one(SweepFailure, ("plan", ref)))
        assert failure.code == "ZeroDivisionError"
        request = await site.get(PrivacyRequest, ref)
        called = failure.times >= one_by_one.CALLED_AFTER
        assert (request.attention == "sweep_failed:plan") == called
    assert waited == [0.5, 1, 2, 4]
    assert [pause_after(n, *one_by_one.PAUSES) for n in (1, 2, 3, 4, 99)] == [
        *(timedelta(minutes=n) for n in (1, 2, 4, 8)),
        timedelta(hours=6),
    ]
    works[0] = True
    site.clock.at += timedelta(hours=6)
    await sweeper.run("plan")
    assert await services.read(lambda unit: one_by_one.failing_by_sweep(unit.session)) == {}


async def test_a_sweep_that_fails_as_a_whole_is_counted_too(site: ConsoleSite) -> None:
    async def work(_services: Services) -> object:
        raise RuntimeError

    job = Job("purge", timedelta(seconds=1), work)
    await Sweeper(site.services, (job,)).run("purge")
    assert await site.services.read(lambda unit: one_by_one.failing_by_sweep(unit.session)) == {"purge": 1}

    async def well(_services: Services) -> object:
        return None

    await Sweeper(site.services, (replace(job, sweep=well),)).run("purge")
    assert await site.services.read(lambda unit: one_by_one.failing_by_sweep(unit.session)) == {}
