"""A row that somebody works at is nobody else's until its lease has run out, and long work keeps its own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from sqlmodel import SQLModel, delete, select

from assistant.casework.answers.delivery import deliver_due
from assistant.casework.lease import ACTIONS, CHALLENGES, LEASES, LETTERS, PLANNING, Lease
from assistant.casework.plans.steps import Watch
from assistant.casework.proof import sending
from assistant.domain.assurance import Method
from assistant.domain.lifecycle import PlanState
from assistant.errors import Stopped, StoreUnavailable
from assistant.interfaces import Channel, Outgoing
from assistant.services import Unit
from assistant.store.tables import Action, ChallengeRow, Outbox, PrivacyRequest
from tests.doubles.console_app import ConsoleSite, console_site


@pytest.fixture
async def site(tmp_path: Path, prepared: ConsoleSite) -> AsyncIterator[ConsoleSite]:
    async with console_site(tmp_path, prepared) as site:
        yield site


def challenge(site: ConsoleSite, unit: Unit) -> str:
    row = ChallengeRow(
        id="one", conversation_id=site.conversations["access"], method=Method.EMAIL_CODE, claimed="", state="wanted",
        claimed_kind="client_id", claimed_hash="one", asked_at=unit.now, expires_at=unit.now + timedelta(minutes=5),
    )  # fmt: skip
    unit.session.add(row)
    return row.id


def letter(site: ConsoleSite, unit: Unit) -> int | None:
    row = Outbox(
        key="answer:one", channel="email", kind="mail", conversation_id=site.conversations["access"], recipient="",
        payload="", due_at=unit.now, created_at=unit.now,
    )  # fmt: skip
    unit.session.add(row)
    unit.session.flush()
    return row.id


def request(site: ConsoleSite, unit: Unit) -> str:
    row = unit.session.get_one(PrivacyRequest, site.refs["erasure"])
    row.to_plan_at = unit.now
    unit.session.add(row)
    return row.ref


def action(site: ConsoleSite, unit: Unit) -> str:
    row = unit.session.get_one(Action, site.actions["erasure"])
    row.state = "executing"
    unit.session.add(row)
    return row.id


KINDS: list[tuple[Lease, Callable[[ConsoleSite, Unit], Any]]] = [
    (CHALLENGES, challenge),
    (PLANNING, request),
    (ACTIONS, action),
    (LETTERS, letter),
]


@pytest.mark.parametrize(("lease", "made"), KINDS, ids=lambda each: getattr(each, "__name__", ""))
async def test_what_is_taken_is_free_again_when_its_lease_has_run_out_or_was_given_back(
    site: ConsoleSite, lease: Lease, made: Callable[[ConsoleSite, Unit], Any]
) -> None:
    name = await site.services.write(lambda unit: made(site, unit))

    async def is_free() -> bool:
        free = select(lease.name).where(lease.name == name)
        return bool(
            await site.services.read(
                lambda unit: unit.session.exec(free.where(lease.is_free(unit.now))).first()
            )
        )

    assert await is_free()
    await site.services.write(lambda unit: lease.take(unit, [name]))
    assert not await is_free()
    site.clock.at += lease.lasts - timedelta(seconds=1)
    assert not await is_free()
    await site.services.write(lambda unit: lease.renew(unit, [name]))
    site.clock.at += lease.lasts - timedelta(seconds=1)
    assert not await is_free(), "it was kept"
    site.clock.at += timedelta(seconds=1)
    assert await is_free()
    await site.services.write(lambda unit: lease.take(unit, [name]))
    await site.services.write(lease.release_all)
    assert await is_free(), "a desk that starts alone takes up at once what a killed one had taken"
    if lease.attempts is not None:
        counted = select(lease.attempts).where(lease.name == name)
        assert await site.services.read(lambda unit: unit.session.exec(counted).one()) == 2


def test_every_column_of_a_lease_belongs_to_one() -> None:
    columns = {
        str(column)
        for table in SQLModel.metadata.tables.values()
        for column in table.columns
        if column.name in {"lease_until", "to_plan_at"}
    }
    assert columns == {str(lease.until.property.columns[0]) for lease in LEASES}


async def held(site: ConsoleSite, lease: Lease, rows: int) -> None:
    """Wait until so many rows of a kind are somebody's for more than half a lease from now."""
    kept = select(lease.name).where(~lease.is_free(site.clock.now() + lease.lasts / 2))
    async with asyncio.timeout(20):
        while len(await site.services.read(lambda unit: unit.session.exec(kept).all())) < rows:  # noqa: ASYNC110 - the desk's own task decides
            await asyncio.sleep(0.05)


async def test_what_takes_longer_than_its_lease_is_done_once_by_this_desk_and_by_no_other(
    site: ConsoleSite,
) -> None:
    """Eight letters at once, as many as may be under way: none of them ends, so nothing else would be claimed."""
    released, taken = asyncio.Event(), list[str]()

    class Slow:
        async def deliver(self, outgoing: Outgoing) -> None:
            taken.append(outgoing.key)
            await asyncio.wait_for(released.wait(), 30)

    def begin(unit: Unit) -> None:
        unit.session.execute(delete(Outbox))  # what the company had waiting
        unit.session.add_all(
            Outbox(
                key=f"answer:{n}", channel="email", kind="mail", ref=site.refs["erasure"], due_at=unit.now, created_at=unit.now,
                payload=unit.services.keyring.seal(
                    json.dumps({"subject": "", "text": "", "language": "en", "choices": [], "headers": {}})
                ),
            )
            for n in range(8)
        )  # fmt: skip

    await site.services.write(begin)
    services = site.services.with_parts(channels={"email": cast("Channel", Slow())})
    delivering = asyncio.create_task(deliver_due(services))
    await held(site, LETTERS, 8)
    for step in (LETTERS.lasts / 2, LETTERS.lasts / 2, LETTERS.lasts * 3):
        site.clock.at += step
        await held(site, LETTERS, 8)
    released.set()
    await delivering
    assert sorted(taken) == [f"answer:{n}" for n in range(8)]
    rows = await site.services.read(lambda unit: unit.session.exec(select(Outbox)).all())
    assert {(row.state, row.attempts, row.lease_until) for row in rows} == {("done", 1, None)}


async def test_a_code_that_takes_longer_than_its_lease_to_be_made_is_made_once(
    site: ConsoleSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    released, made = asyncio.Event(), list[str]()

    async def send(_services: object, row: ChallengeRow) -> None:
        made.append(row.id)
        await asyncio.wait_for(released.wait(), 30)

    monkeypatch.setattr(sending, "_send", send)
    ident = await site.services.write(lambda unit: challenge(site, unit))
    sending_it = asyncio.create_task(sending.send_challenges(site.services))
    for _ in range(2):
        site.clock.at += CHALLENGES.lasts * 2
        await held(site, CHALLENGES, 1)
    released.set()
    await sending_it
    assert made == [ident]


async def test_a_row_that_nobody_holds_is_not_held_by_being_kept(site: ConsoleSite) -> None:
    ident = await site.services.write(lambda unit: action(site, unit))
    await site.services.write(lambda unit: ACTIONS.renew(unit, [ident]))
    assert (await site.get(Action, ident)).lease_until is None


async def test_a_plan_that_takes_longer_than_its_lease_stays_with_whoever_carries_it_out(
    site: ConsoleSite,
) -> None:
    ident = await site.services.write(lambda unit: action(site, unit))
    await site.services.write(lambda unit: ACTIONS.take(unit, [ident]))
    began = (await site.get(Action, ident)).lease_until
    assert began is not None
    async with Watch(site.services, ident, 1000) as watch:

        async def kept_until(at: datetime) -> None:
            async with asyncio.timeout(20):
                while ((await site.get(Action, ident)).lease_until or began) < at:  # noqa: ASYNC110 - its own task decides
                    await asyncio.sleep(0.05)

        site.clock.at += ACTIONS.lasts / 2
        watch(10, 1000)  # it goes on
        await kept_until(began + ACTIONS.lasts / 2)
        site.clock.at += ACTIONS.lasts / 2  # one statement that says nothing for long
        await kept_until(began + ACTIONS.lasts)


@pytest.mark.parametrize("state", [PlanState.STOPPING, PlanState.STOPPED])
async def test_work_ends_once_its_plan_is_stopped_also_after_the_store_was_away(
    site: ConsoleSite, monkeypatch: pytest.MonkeyPatch, state: PlanState
) -> None:
    ident = await site.services.write(lambda unit: action(site, unit))
    await site.services.write(lambda unit: ACTIONS.take(unit, [ident]))
    away = asyncio.Event()

    async def refused(*_given: object, **_more: object) -> None:
        away.set()
        raise StoreUnavailable

    def end(unit: Unit) -> None:
        row = unit.session.get_one(Action, ident)
        row.state = state
        unit.session.add(row)

    async with Watch(site.services, ident, 1000) as watch:
        with monkeypatch.context() as patch:
            patch.setattr(site.services.store, "prepare_and_write", refused)
            watch(10, 1000)  # which cannot be noted
            await asyncio.wait_for(away.wait(), 20)
        await site.services.write(end)
        with pytest.raises(Stopped):
            await until_stopped(watch)


async def until_stopped(watch: Watch) -> None:
    async with asyncio.timeout(20):
        while True:
            await asyncio.sleep(0.05)
            watch(20, 1000)
