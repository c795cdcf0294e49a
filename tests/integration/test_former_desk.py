"""A desk of the former version, in the middle of everything, is upgraded by a start of this one, and everything goes on."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa
from alembic import command
from sqlmodel import SQLModel

from assistant.casework.agents import talking
from assistant.casework.requests.queue import Principal, Role
from assistant.domain.lifecycle import OPEN, ChallengeState, PlanState
from assistant.store import migrate, upgrading
from assistant.store.keyfiles import open_keyring
from assistant.store.sealing import give_keyring
from tests.doubles.databases import MISSING, POSTGRESQL, SQLITE, Server, is_here, running
from tests.doubles.desk_inside import DeskInside, desk_inside
from tests.doubles.former_desk import ARCHIVE, MAPS, MORE, Former, address_of, lay_out_former
from tests.doubles.journeys import answer_mail, confirm_link

pytestmark = pytest.mark.asyncio(loop_scope="module")
CONFIRMED = "you are confirmed"
# What is written next in each talk, or begins the value of the button that is pressed; what the desk then waits for.
GOES_ON = {
    "session_hidden": (address_of(3), "code"),
    "awaiting_approval": ("Where does my request stand?", None),
    "scheduled": ("Where does my request stand?", None),
    "open": ("All that you have about my orders.", None),
    "withdraw_confirm": ("[withdraw:yes", None),
    "services_running": ("[services:keep", None),
    "ask_contact": ("somebody@elsewhere.example", "code"),
    "ask_rectification": ("my phone number is +44 7700 900123", "choice"),
    "ask_rectification_which": ("+44 7700 900222", "choice"),
    "confirm_rectification": ("[change:yes", "email"),
    "ask_consent_purpose": ("profiling", "email"),
    "ask_objection_purpose": ("profiling", "email"),
    "ask_marketing_address": ("reader@elsewhere.example", None),
    "answer_waits_here": ("other@elsewhere.example", "code"),
    "chat_ask_detail": ("[right:erasure", None),
    "chat_ask_right": ("[right:erasure", None),
    "code_sent_client_id": ("Where does my request stand?", None),
    "nothing_asked": ("Please send me a copy of all my data.", None),
    "wants_person": ("Where does my request stand?", None),
    "taken_by_agent": ("Please send me a copy of all my data.", None),
}
ELSEWHERE = {"code_sent_email", "code_wanted"}  # tests of their own


@dataclass
class Upgraded:
    """A desk of this version, and what people hold from the former one."""

    desk: DeskInside
    former: Former


@asynccontextmanager
async def upgraded(folder: Path) -> AsyncIterator[Upgraded]:
    former = lay_out_former(folder)
    async with desk_inside(folder, MORE, MAPS, at=datetime.fromisoformat(former.at)) as desk:
        yield Upgraded(desk, former)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def both(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Upgraded]:
    async with upgraded(tmp_path_factory.mktemp("former")) as opened:
        yield opened


def question_of(desk: DeskInside, ident: str) -> str | None:
    ((state,),) = desk.own("SELECT opened(state) FROM conversation WHERE id = ?", ident)
    question: str | None = json.loads(state).get("question")
    return question


async def test_it_was_of_before_and_in_the_middle_of_everything(tmp_path: Path) -> None:
    former = lay_out_former(tmp_path)
    with closing(sqlite3.connect(tmp_path / "data" / "desk.db")) as database:

        def all_of(column: str, table: str) -> set[str]:
            return {str(value) for (value,) in database.execute(f'SELECT {column} FROM "{table}"')}

        assert not all_of("version_num", "alembic_version") & {migrate._head()}
        assert all_of("status", "request") >= {*OPEN}
        plans = {PlanState.PROPOSED, PlanState.APPROVED, PlanState.EXECUTING, PlanState.STOPPED}
        assert all_of("state", "action") >= {*plans, PlanState.REJECTED}
        assert all_of("state", "challenge") >= {
            ChallengeState.WANTED, ChallengeState.SENT, ChallengeState.USED,
        }  # fmt: skip
    assert former.talks.keys() == GOES_ON.keys() | ELSEWHERE


@pytest.mark.parametrize("kind", [SQLITE, POSTGRESQL])
async def test_every_row_of_before_is_there_afterwards_and_opens(tmp_path: Path, kind: str) -> None:
    lay_out_former(tmp_path)
    data_dir = tmp_path / "data"
    before = sa.create_engine(f"sqlite:///{data_dir / 'desk.db'}")
    with before.connect() as connection:
        counted = {
            name: connection.execute(sa.select(sa.func.count()).select_from(sa.table(name))).scalar_one()
            for name in sa.inspect(connection).get_table_names()
        }
    with server_of(kind) as server:
        engine = sa.create_engine(server.database().url) if server else before
        if server:
            copy_rows(before, engine)
        migrate.migrate(engine)
        keyring = open_keyring(data_dir, engine)
        upgrading.seal_everything(engine, keyring, data_dir)
        give_keyring(engine, keyring)
        with engine.connect() as connection:
            for table in SQLModel.metadata.sorted_tables:
                rows = connection.execute(sa.select(table)).all()  # whatever is sealed is opened
                assert len(rows) == counted.get(table.name, 0), table.name
        engine.dispose()
    before.dispose()


@contextmanager
def server_of(kind: str) -> Iterator[Server | None]:
    """Give a server, or None for a file."""
    if kind == SQLITE:
        yield None
        return
    if not is_here(POSTGRESQL):
        pytest.skip(MISSING)
    with running(POSTGRESQL) as started:
        yield started


def copy_rows(before: sa.Engine, engine: sa.Engine) -> None:
    """Copy a desk of before from its file to a server, laid out by the migrations of before."""
    with before.connect() as source, engine.begin() as connection:
        (revision,) = source.exec_driver_sql("SELECT version_num FROM alembic_version").one()
        config = migrate._config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        there = sa.MetaData()
        there.reflect(connection)
        for table in there.sorted_tables:
            rows = source.exec_driver_sql(f'SELECT * FROM "{table.name}"').mappings().all()
            if rows and table.name != "alembic_version":
                connection.execute(sa.insert(table), [typed(table, dict(row)) for row in rows])


def typed(table: sa.Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """Give what a file keeps as text and numbers as what its column says."""
    reads: dict[type, Callable[[Any], Any]] = {
        sa.JSON: json.loads,
        sa.Boolean: bool,
        sa.Date: date.fromisoformat,
    }
    given = {}
    for name, value in row.items():
        read = next((read for kind, read in reads.items() if isinstance(table.c[name].type, kind)), None)
        given[name] = read(value) if read and value is not None else value
    return given


async def test_nothing_is_lost_and_the_audit_of_before_holds(both: Upgraded) -> None:
    assert await both.desk.faults() == []
    for name, ref in both.former.requests.items():
        request = await both.desk.request(ref)
        assert request["status"] in OPEN or name == "withdraw_confirm", name


@pytest.mark.parametrize("talk", sorted(GOES_ON))
async def test_a_message_in_each_talk_is_answered_by_what_its_question_was(both: Upgraded, talk: str) -> None:
    desk, (words, expects) = both.desk, GOES_ON[talk]
    kept = both.former.talks[talk]
    if talk == "taken_by_agent":
        lead = Principal("leonie", Role.LEAD)
        await desk.assembly.services.write(lambda unit: talking.give_back(unit, kept["id"], lead))
    async with desk.chat("en", kept["session"]) as chat:
        assert chat.session == kept["session"]
        assert chat.history, "what was said is still there"
        if words.startswith("["):
            offered = [choice["value"] for said in chat.history for choice in said["choices"]]
            await chat.choose(next(value for value in offered if value.startswith(words[1:])))
        else:
            await chat.say(words)
        said = await chat.until(lambda m: m["from"] == "assistant")
        if expects:
            await chat.asked(expects)
    assert said["text"]
    if kept["asked"] and talk != "code_sent_client_id":
        assert question_of(desk, kept["id"]) != kept["asked"], "it was understood, and is asked no more"
    if talk == "withdraw_confirm":
        assert (await desk.request(both.former.requests[talk]))["status"] == "withdrawn"


async def test_a_code_that_was_sent_before_still_counts(both: Upgraded) -> None:
    async with both.desk.chat("en", both.former.talks["code_sent_email"]["session"]) as chat:
        await chat.say(both.former.code)
        await chat.until(lambda m: CONFIRMED in m["text"])
    await both.desk.until_status(both.former.requests["verifying"], "awaiting_approval")


async def test_a_code_that_was_wanted_when_it_stopped_is_sent_and_counts(both: Upgraded) -> None:
    await both.desk.forward("3m")  # it was taken up a moment before, and the lease of that runs out
    async with both.desk.chat("en", both.former.talks["code_wanted"]["session"]) as chat:
        await chat.say(await both.desk.code(both.former.mails["wanted_by"]))
        await chat.until(lambda m: CONFIRMED in m["text"])


async def test_a_link_that_was_mailed_before_still_confirms(both: Upgraded) -> None:
    ref = both.former.requests["verifying_by_mail"]
    await confirm_link(both.desk, f"{both.desk.url}/verify/{both.former.mails['link']}", ref)
    await both.desk.until_status(ref, "open", "awaiting_approval")


async def test_an_answer_to_a_mail_of_before_goes_on_with_its_thread(both: Upgraded) -> None:
    mails = both.former.mails
    asked = EmailMessage()
    asked["Message-ID"], asked["Reply-To"] = mails["lacks_id"], mails["lacks_to"]
    before = await both.desk.refs()
    text = "My phone number should be +44 7700 900124."
    await asyncio.to_thread(answer_mail, both.desk, asked, text, mails["lacks"])
    await both.desk.mail(mails["lacks"])
    assert await both.desk.refs() == before, "the request of before, and no second one"


async def test_an_open_plan_of_before_is_approved(both: Upgraded) -> None:
    ref = both.former.requests["awaiting_approval"]
    await both.desk.approve(ref)
    assert (await both.desk.request(ref))["status"] in {"scheduled", "executing"}


async def test_a_plan_under_way_is_finished_and_one_that_was_stopped_goes_on(both: Upgraded) -> None:
    for name in ("executing", "stopped"):
        ref = both.former.requests[name]
        (plan,) = (await both.desk.request(ref))["actions"]
        if name == "stopped":
            await both.desk.api("POST", f"/queue/{plan}/go_on", json={})
        found = {"source": ARCHIVE, "found": ["A letter of 2024."]}
        await both.desk.api("POST", f"/queue/{plan}/by_hand", json=found)
        await both.desk.idle()
        await both.desk.until_status(ref, "answered")


async def test_a_plan_that_waited_is_carried_out_when_its_hold_is_over(tmp_path: Path) -> None:
    async with upgraded(tmp_path) as after:
        desk, ref = after.desk, after.former.requests["scheduled"]
        await desk.forward("73h")
        await desk.idle()
        await desk.until_status(ref, "executing")
        (plan,) = (await desk.request(ref))["actions"]
        await desk.api("POST", f"/queue/{plan}/by_hand", json={"source": ARCHIVE, "rows": 1})
        await desk.idle()
        await desk.until_status(ref, "answered")
