"""What one row cannot do, or may not do yet, keeps no other row from its turn."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event
from sqlmodel import Session, delete

from assistant.casework.answers import delivery
from assistant.casework.decisions.sparing import ANSWER_WITHIN
from assistant.casework.lease import LETTERS
from assistant.casework.outbox import PROOF
from assistant.casework.plans import execution, planning
from assistant.casework.proof import sending
from assistant.casework.requests import one_by_one
from assistant.casework.requests.one_by_one import failure_of
from assistant.casework.requests.rectification import UNCONFIRMED_FOR
from assistant.casework.upkeep import reminders
from assistant.domain.assurance import Method
from assistant.domain.lifecycle import Status
from assistant.domain.rights import Right
from assistant.jobs import JOBS
from assistant.services import Unit
from assistant.store.tables import Action, ChallengeRow, Outbox, PrivacyRequest
from tests.doubles.console_app import ConsoleSite, console_site

# A plan of SQLite that reads a table of cases whole: without an index for it, or along its own key.
_CASES = (
    "request|action|step|message|conversation|outbox|evidence|audit|challenge|tally|seen|package|stop_link"
    "|contact_domain"
)
WALKS = re.compile(
    rf"SCAN (?:{_CASES})(?! USING INDEX ix_)|SEARCH (?:{_CASES}) .*(?:autoindex_.*|KEY )\(\w+>\?\)"
)
BY_INDEX = {
    "ix_challenge_asked_at",
    "ix_challenge_undecided",
    "ix_contact_domain_seen_at",
    "ix_conversation_last_at",
    "ix_message_of_a_person",
    "ix_outbox_passing",
    "ix_package_gone_at",
    "ix_request_closed_at",
    "ix_request_remind_on",
    "ix_seen_until",
    "ix_stop_link_made_at",
    "ix_tally_at",
}
MANY = 120  # more than any sweep takes at once


@pytest.fixture
async def site(tmp_path: Path, prepared: ConsoleSite) -> AsyncIterator[ConsoleSite]:
    async with console_site(tmp_path, prepared) as site:
        yield site


@pytest.mark.parametrize("flag", ["flag_unconfirmed", "flag_unanswered"])
async def test_of_what_waits_for_a_word_only_what_is_late_costs_a_write(
    site: ConsoleSite, monkeypatch: pytest.MonkeyPatch, flag: str
) -> None:
    now, called = site.clock.now(), list[str]()
    late = {
        "flag_unconfirmed": {"received_at": now - UNCONFIRMED_FOR},
        "flag_unanswered": {"dont_at": now - ANSWER_WITHIN},
    }[flag]
    near = {"due_on": now.date() + timedelta(days=1)} if flag == "flag_unanswered" else late
    fresh: dict[str, Any] = {
        "received_at": now,
        "dont_at": now if flag == "flag_unanswered" else None,
        "status": Status.OPEN,
    }
    fresh |= {"right": Right.RECTIFICATION, "due_on": now.date() + timedelta(days=20), "attention": None}

    def waiting(unit: Unit) -> None:
        held = unit.session.get_one(PrivacyRequest, site.refs["access"]).model_dump() | fresh
        each = {f"PR-{n:08d}": held for n in range(9)} | {"PR-LATE": held | late, "PR-NEAR": held | near}
        unit.session.add_all(PrivacyRequest(**row | {"ref": ref}) for ref, row in each.items())

    await site.services.write(waiting)
    real = getattr(reminders, flag)

    def flagged(unit: Unit, ref: str) -> None:
        called.append(ref)
        real(unit, ref)

    monkeypatch.setattr(reminders, flag, flagged)
    for _ in range(2):
        await reminders.expire(site.services)
    assert sorted(called) == ["PR-LATE", "PR-NEAR"], "once: then a person is called"


async def test_plans_that_may_not_begin_yet_keep_no_other_from_being_carried_out(site: ConsoleSite) -> None:
    now, ready = site.clock.now(), site.actions["erasure"]

    def one_unit(unit: Unit) -> None:
        request = unit.session.get_one(PrivacyRequest, site.refs["erasure"])
        action = unit.session.get_one(Action, ready)
        held = request.model_dump() | {"status": Status.SCHEDULED, "dont_at": now}
        begun = action.model_dump() | {"state": "approved", "not_before": now - timedelta(days=1)}
        unit.session.add_all(PrivacyRequest(**held | {"ref": f"PR-{n:08d}"}) for n in range(MANY))
        unit.session.flush()
        unit.session.add_all(Action(**begun | {"id": f"held-{n}", "ref": f"PR-{n:08d}"}) for n in range(MANY))
        action.state, action.not_before, request.status = "approved", now, Status.SCHEDULED
        unit.session.add_all((action, request))

    await site.services.write(one_unit)
    assert ready in await site.services.write(execution._claim)


async def test_codes_that_wait_for_a_source_keep_no_other_from_being_sent(site: ConsoleSite) -> None:
    now = site.clock.now()

    def row(name: str, **more: Any) -> ChallengeRow:
        asked = {"asked_at": now - timedelta(minutes=5), "expires_at": now + timedelta(minutes=5)} | more
        return ChallengeRow(
            id=name, conversation_id=site.conversations["access"], method=Method.EMAIL_CODE, claimed="",
            claimed_kind="client_id", claimed_hash=name, state="wanted", **asked,
        )  # fmt: skip

    def one_unit(unit: Unit) -> list[str]:
        unit.session.add_all(row(f"tried-{n}", lease_until=now - timedelta(seconds=1)) for n in range(MANY))
        unit.session.add(row("fresh", asked_at=now))
        unit.session.flush()
        return sending._claim_wanted(unit, most=4)

    first = await site.services.write(one_unit)
    assert "fresh" in first
    again = await site.services.write(lambda unit: sending._claim_wanted(unit, most=4))
    assert set(again).isdisjoint(first)
    assert again, "those behind them have their turn too"


async def test_an_answer_goes_out_before_the_second_code_of_whoever_asks_for_many_and_after_its_own_code(
    site: ConsoleSite,
) -> None:
    now, talk = site.clock.now(), site.conversations["erasure"]
    for n in range(MANY):
        site.services.peers.note(f"talk-{n}", "192.0.2.1")

    def letter(key: str, conversation_id: str) -> Outbox:
        return Outbox(
            key=key, channel="email", kind="mail", conversation_id=conversation_id, recipient="", payload="",
            due_at=now, created_at=now,
        )  # fmt: skip

    def begin(unit: Unit) -> None:
        unit.session.execute(delete(Outbox))  # what the company had waiting
        unit.session.add_all(letter(f"{PROOF}{n}", f"talk-{n}") for n in range(MANY))
        unit.session.add_all((letter("answer:1", talk), letter(f"{PROOF}own", talk)))

    def claim(unit: Unit) -> list[str]:
        rows = [unit.session.get_one(Outbox, ident) for ident in delivery._claim(unit, most=3)]
        keys = [row.key for row in rows]
        for row in rows:
            row.state, row.lease_until = "done", None
        unit.session.add_all(rows)
        return keys

    await site.services.write(begin)
    assert await site.services.write(claim) == [f"{PROOF}0", f"{PROOF}own", f"{PROOF}1"]
    assert await site.services.write(claim) == [f"{PROOF}2", "answer:1", f"{PROOF}3"]


async def test_a_row_that_takes_long_keeps_none_that_comes_later_waiting_and_few_are_under_way_at_once(
    site: ConsoleSite,
) -> None:
    due, done, most = list(range(30)), list[int](), 0
    under_way: set[int] = set()
    released = asyncio.Event()

    def claim(_unit: Unit, room: int) -> list[int]:
        taken, due[:] = due[:room], due[room:]
        return taken

    async def work(row: int) -> None:
        nonlocal most
        under_way.add(row)
        most = max(most, len(under_way))
        if row == 0:
            await asyncio.wait_for(released.wait(), 20)
        else:
            await asyncio.sleep(0)
        under_way.remove(row)
        done.append(row)
        if row == 10:
            due.insert(0, 99)
        if row == 29:  # when none but the first is left
            asyncio.get_running_loop().call_later(0.05, due.append, 100)
        if row == 100:
            released.set()

    assert await one_by_one.while_due(site.services, "deliver", LETTERS, claim, work, at_once=6) == 32
    assert most == 6
    assert done[-1] == 0, "the first waited until all others were done"
    assert done.index(99) < 20


def breaks(broken: str, met: list[str], name: Callable[[Any], str]) -> Callable[..., Any]:
    """Give the work of a sweep on one row, which fails on one of them as nobody thought of."""

    async def work(_services: object, row: Any, *_more: object) -> None:
        met.append(name(row))
        if name(row) == broken:
            raise RuntimeError

    return work


async def test_an_error_nobody_thought_of_in_planning_one_request_is_shown_and_stops_no_other(
    site: ConsoleSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    refs, now = [site.refs["access"], site.refs["erasure"]], site.clock.now()

    def one_unit(unit: Unit) -> None:
        for ref in refs:
            request = unit.session.get_one(PrivacyRequest, ref)
            request.to_plan_at, request.attention = now, None
            unit.session.add(request)

    await site.services.write(one_unit)
    met: list[str] = []
    for broken in refs:
        monkeypatch.setattr(planning, "_plan_one", breaks(broken, met, lambda request: str(request.ref)))
        await planning.plan_due(site.services)
        site.clock.at += timedelta(minutes=3)
        assert (await site.get(PrivacyRequest, broken)).attention == "plan_failed:internal"
    assert sorted(met) == sorted(refs * 2)


async def test_a_request_whose_proof_is_gone_calls_a_person_and_is_not_planned_in_silence_for_ever(
    site: ConsoleSite,
) -> None:
    def one_unit(unit: Unit) -> None:
        request = unit.session.get_one(PrivacyRequest, site.refs["erasure"])
        request.to_plan_at, request.attention, request.evidence_id = unit.now, None, None
        unit.session.add(request)

    await site.services.write(one_unit)
    await planning.plan_due(site.services)
    request = await site.get(PrivacyRequest, site.refs["erasure"])
    assert request.attention == "plan_failed:illegal_transition"


async def test_an_error_nobody_thought_of_in_sending_one_code_stops_no_other(
    site: ConsoleSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, names = site.clock.now(), ["one", "two"]

    def one_unit(unit: Unit) -> None:
        unit.session.add_all(
            ChallengeRow(
                id=name, conversation_id=site.conversations["access"], method=Method.EMAIL_CODE, claimed="",
                claimed_kind="email", claimed_hash=name, state="wanted", asked_at=now,
                expires_at=now + timedelta(minutes=9),
            )
            for name in names
        )  # fmt: skip

    await site.services.write(one_unit)
    met: list[str] = []
    for broken in names:
        monkeypatch.setattr(sending, "_send", breaks(broken, met, lambda row: str(row.id)))
        await sending.send_challenges(site.services)
        site.clock.at += timedelta(minutes=1)
    assert sorted(met) == sorted(names * 2)


async def test_no_sweep_walks_through_a_table_that_grows(site: ConsoleSite) -> None:
    """By reference instead of by day, a million open requests took a second each minute.

    Every sweep runs on a morning, a day, a year and many years later, so that each finds what it ends.
    """
    asked: dict[str, Any] = {}

    def hear(_c: object, _cursor: object, statement: str, values: Any, *_more: object) -> None:
        asked[statement] = values

    event.listen(Engine, "before_cursor_execute", hear)
    try:
        for later in (0, 2, 400, 5_000):
            site.clock.at += timedelta(days=later)
            for job in JOBS:
                await failure_of(job.sweep(site.services), "job.failed")
    finally:
        event.remove(Engine, "before_cursor_execute", hear)
    plans = await site.services.read(lambda unit: [_plan_of(unit.session, *each) for each in asked.items()])
    named = {index for plan in plans for index in re.findall(r"ix_\w+", plan)}
    assert named >= BY_INDEX, "each of these finds what is due"
    walking = [
        (statement, plan) for (statement, plan) in zip(asked, plans, strict=True) if WALKS.search(plan)
    ]
    assert walking == []


def _plan_of(session: Session, statement: str, values: Any) -> str:
    if not statement.startswith(("SELECT", "UPDATE", "DELETE")):
        return ""
    rows = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
    return "\n".join(row[3] for row in rows)
