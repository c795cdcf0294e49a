"""A plan over seven databases of a company, and a copy of them, when something breaks on the way."""

from __future__ import annotations

import asyncio
import errno
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Any, cast

import pytest
import pytest_asyncio
import sqlalchemy as sa
from sqlmodel import select

from assistant.casework.plans import execution
from assistant.disclosure.sealing import SealingWriter
from assistant.sources.sql.source import SqlSource
from assistant.store.tables import Package, StepRow
from tests.doubles.attacks import Victim
from tests.doubles.desk_inside import DeskInside, desk_inside
from tests.doubles.journeys import prove_in_chat
from tests.doubles.package_browser import Package as Copy
from tests.doubles.package_browser import browser

pytestmark = pytest.mark.asyncio(loop_scope="module")
BRANCHES = [f"branch-{number}" for number in range(1, 8)]
_SOURCE = """
[[sources]]
name = "{name}"
kind = "sql"
title = "Branch {name}"
url = "sqlite:///{file}"
map = "branch.toml"
"""
_MAP = """
[[tables]]
name = "guests"
key = ["id"]
identity = { email = ["email"] }
category = "contact"
purpose = "contract"
erase = "delete"
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskInside]:
    folder = tmp_path_factory.mktemp("seven")
    told = ""
    for name in BRANCHES:
        with closing(sqlite3.connect(folder / f"{name}.db")) as db, db:
            db.execute("CREATE TABLE guests (id INTEGER PRIMARY KEY, email VARCHAR(60), note TEXT)")
            db.execute("CREATE INDEX guests_by_email ON guests (email COLLATE NOCASE)")
        told += _SOURCE.format(name=name, file=folder / f"{name}.db")
    async with desk_inside(folder, told, {"branch.toml": _MAP}) as opened:
        yield opened


@pytest.fixture
def person(desk: DeskInside, people: Iterator[Victim]) -> Victim:
    """A client who was a guest in every branch, beside somebody else."""
    victim = next(people)
    for name in BRANCHES:
        with closing(sqlite3.connect(file_of(desk, name))) as db, db:
            db.execute("DELETE FROM guests")
            rows = [(1, victim.email.upper(), "hers"), (2, "other@mail.example", "not hers")]
            db.executemany("INSERT INTO guests VALUES (?, ?, ?)", rows)
    return victim


def file_of(desk: DeskInside, name: str) -> Path:
    return desk.config.parent / f"{name}.db"


def guests(desk: DeskInside) -> list[int]:
    """Count who is left in each branch."""
    found = []
    for name in BRANCHES:
        with closing(sqlite3.connect(file_of(desk, name))) as db:
            found.append(db.execute("SELECT count(*) FROM guests").fetchone()[0])
    return found


async def asked(desk: DeskInside, sentence: str, right: str, email: str) -> tuple[str, dict[str, Any]]:
    async with desk.chat("en") as chat:
        await chat.say(sentence)
        ref = (await chat.opened())[right]
        await prove_in_chat(desk, chat, email, ref)
    return ref, await desk.approve(ref)


@contextmanager
def cut_off(source: SqlSource, first: str) -> Iterator[None]:
    """Cut the connection to a database when a statement that begins like this is sent."""

    def cut(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if statement.startswith(first):
            raise sa.exc.OperationalError("(cut)", None, sqlite3.OperationalError("disk I/O error"))

    sa.event.listen(source.engine, "before_cursor_execute", cut)
    try:
        yield
    finally:
        sa.event.remove(source.engine, "before_cursor_execute", cut)


async def test_a_connection_cut_in_the_third_of_seven_steps_stops_no_other_and_goes_on_to_the_same_end(
    desk: DeskInside, person: Victim
) -> None:
    third = next(s for s in desk.assembly.services.sources if s.name == BRANCHES[2])
    assert isinstance(third, SqlSource)
    with cut_off(third, "DELETE FROM guests"):
        ref, plan = await asked(desk, "Please delete all my data.", "erasure", person.email)
        await desk.forward("73h")
        await desk.idle()
        assert guests(desk) == [1, 1, 2, 1, 1, 1, 1], "the third is as it was, and keeps none of the others"
        request = await desk.request(ref)
        assert (request["status"], request["attention"][:11]) == ("executing", "step_failed")
        steps = await desk.assembly.services.read(
            lambda unit: unit.session.exec(
                select(StepRow.source, StepRow.state, StepRow.error).where(StepRow.action_id == plan["id"])
            ).all()
        )
        assert {source: state for source, state, _ in steps if source in BRANCHES[:4]} == {
            BRANCHES[0]: "done", BRANCHES[1]: "done", BRANCHES[2]: "failed", BRANCHES[3]: "done",
        }  # fmt: skip
        assert not [error for _, _, error in steps if person.email in error]
    await desk.forward("1h")
    await desk.idle()
    await desk.until_status(ref, "answered")
    assert guests(desk) == [1] * 7
    assert desk.query("SELECT count(*) FROM clients WHERE lower(email) = lower(?)", person.email) == [(0,)]
    events = [event["event"] for event in await desk.events(ref)]
    assert events.count("step_done") == len(steps), "each step is carried out once"


async def test_a_disk_that_fills_while_the_copy_is_written_loses_nothing_and_the_copy_comes_later(
    desk: DeskInside, person: Victim, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = SealingWriter.__init__

    def on_a_full_disk(writer: SealingWriter, target: Any, key: bytes) -> None:
        begin(writer, cast("IO[bytes]", FullDisk(target)), key)

    with monkeypatch.context() as patched:
        patched.setattr(SealingWriter, "__init__", on_a_full_disk)
        ref, plan = await asked(desk, "Please send me a copy of all my data.", "access", person.email)
        await desk.forward("73h")
        await desk.idle()
        request = await desk.request(ref)
        assert (request["status"], request["attention"][:11]) == ("executing", "step_failed")
        folder = desk.config.parent / "data" / "packages"
        assert not [file for file in folder.rglob("*") if file.is_file()]
        shown = await desk.api("GET", f"/queue/{plan['id']}")
        assert shown["state"] == "executing"
    await desk.forward("1h")
    await desk.idle()
    await desk.until_status(ref, "answered")
    assert (await package_of(desk, person.email)).counts(BRANCHES[6]) == {"guests": 1}


class FullDisk:
    """A file on a disk with no room left."""

    def __init__(self, target: Any) -> None:
        self._target = target

    def write(self, _data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._target, name)


async def package_of(desk: DeskInside, email: str, *, seen: int = 0) -> Copy:
    letter = (await desk.mail(email, "The copy of your data is ready", seen=seen)).get_content()
    async with browser(desk, str(letter), "en") as fetching:
        await fetching.want_code()
        await fetching.enter(await desk.code(email, seen=1 + 2 * seen))
        _, raw, _ = await fetching.download()
    return Copy.read(raw)


async def test_a_copy_that_is_begun_twice_at_once_is_made_once(desk: DeskInside, person: Victim) -> None:
    ref, plan = await asked(desk, "Please send me a copy of all my data.", "access", person.email)
    await desk.forward("73h")
    services = desk.assembly.services
    await asyncio.gather(*(execution.carry_out_due(services) for _ in range(8)))
    await desk.idle()
    await desk.until_status(ref, "answered")
    packages = await services.read(
        lambda unit: unit.session.exec(select(Package).where(Package.action_id == plan["id"])).all()
    )
    assert len(packages) == 1
    letters = [m for m in desk.mails(person.email) if "The copy of your data is ready" in str(m["subject"])]
    assert len(letters) == 1
    assert (await package_of(desk, person.email)).counts(BRANCHES[0]) == {"guests": 1}


async def test_a_copy_asked_for_in_two_chats_at_once_is_two_requests_of_one_person(
    desk: DeskInside, person: Victim
) -> None:
    async def one() -> str:
        async with desk.chat("en") as chat:
            await chat.say("Please send me a copy of all my data.")
            return (await chat.opened())["access"]

    refs = await asyncio.gather(one(), one())
    assert len(set(refs)) == 2, "nobody is refused because somebody else asks for the same address"
    statuses = {(await desk.request(ref))["status"] for ref in refs}
    assert statuses <= {"received", "verifying"}


async def test_a_branch_whose_table_was_renamed_is_said_and_planned_once_it_is_mended(
    desk: DeskInside, person: Victim
) -> None:
    with closing(sqlite3.connect(file_of(desk, BRANCHES[3]))) as db, db:
        db.execute("ALTER TABLE guests RENAME TO visitors")
    branch = next(s for s in desk.assembly.services.sources if s.name == BRANCHES[3])
    await branch.check()  # reads the schema afresh
    async with desk.chat("en") as chat:
        await chat.say("Please delete all my data.")
        ref = (await chat.opened())["erasure"]
        await prove_in_chat(desk, chat, person.email, ref)
    await desk.idle()
    request = await desk.request(ref)
    assert (request["status"], request["attention"]) == ("open", "plan_failed:source_misfit")
    with closing(sqlite3.connect(file_of(desk, BRANCHES[3]))) as db, db:
        db.execute("ALTER TABLE visitors RENAME TO guests")
    await desk.forward("2m")
    await desk.idle()
    assert (await desk.plan(ref))["steps"]


async def test_an_error_nobody_thought_of_is_shown_and_tried_again(
    desk: DeskInside, person: Victim, monkeypatch: pytest.MonkeyPatch
) -> None:
    branch = next(s for s in desk.assembly.services.sources if s.name == BRANCHES[6])

    async def broken(*_: object) -> None:
        raise RuntimeError(person.email)

    with monkeypatch.context() as patched:
        patched.setattr(branch, "carry_out", broken)
        ref, _ = await asked(desk, "Please delete all my data.", "erasure", person.email)
        await desk.forward("73h")
        await desk.idle()
        assert (await desk.request(ref))["attention"] == "step_failed:internal"
    await desk.forward("1h")
    await desk.idle()
    await desk.until_status(ref, "answered")
    assert guests(desk) == [1] * 7
