"""What the world does to the desk: a full disk, a source that another program has locked."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlmodel import Session, col, select

from assistant.conversation.desk import TalkingDesk
from assistant.errors import StoreUnavailable
from assistant.interfaces import Incoming
from assistant.store.migrate import migrate
from assistant.store.tables import Message
from assistant.store.writer import open_engine
from intents import Reader
from tests.doubles.chat_desk import START, StillClock
from tests.doubles.console_app import open_services, settings
from tests.doubles.desk_process import DeskProcess, eventually
from tests.doubles.journeys import type_code

LONG = "My website is slow since this morning. " * 90


def _incoming(number: int, text: str = LONG) -> Incoming:
    return Incoming("webchat", f"thread-{number}", f"message-{number}", text, START, locale="en")


def _pages(session: Session, most: int | None = None) -> int:
    """Give the size of the database in pages, after forbidding it to grow beyond `most`."""
    raw = session.connection()
    if most is not None:
        raw.exec_driver_sql(f"PRAGMA max_page_count = {most}")
    return int(raw.exec_driver_sql("PRAGMA page_count").scalar_one())


async def test_on_a_full_disk_nothing_is_acknowledged_and_afterwards_everything_works(tmp_path: Path) -> None:
    engine = open_engine(settings(tmp_path).database_url, writes=True)
    migrate(engine)
    engine.dispose()
    services = open_services(tmp_path, StillClock(), 1)
    desk = TalkingDesk(services, Reader.load())
    first = await desk.receive(_incoming(0))
    size = await services.write(lambda unit: _pages(unit.session))

    await services.write(lambda unit: _pages(unit.session, size))
    answers = await asyncio.gather(
        *(desk.receive(_incoming(n)) for n in range(1, 40)), return_exceptions=True
    )
    refused = [n for n, answer in enumerate(answers, 1) if isinstance(answer, BaseException)]
    assert refused
    assert {type(answer) for answer in answers if isinstance(answer, BaseException)} == {StoreUnavailable}
    stored = set(
        await services.read(
            lambda unit: list(
                unit.session.exec(select(Message.external_id).where(col(Message.sender) == "you"))
            )
        )
    )
    assert stored == {f"in:message-{n}" for n in range(40) if n not in refused}, (
        "acknowledged is stored, refused is not"
    )

    await services.write(lambda unit: _pages(unit.session, 1_000_000))
    again = [await desk.receive(_incoming(n)) for n in range(40)]
    assert again[0].message_id == first.message_id
    assert [n for n, receipt in enumerate(again) if not receipt.duplicate] == refused
    services.store.close()


async def test_a_source_that_is_locked_is_shown_to_agents_and_tried_again_until_it_is_done(
    tmp_path: Path,
) -> None:
    desk = await DeskProcess.start(tmp_path / "desk", "--no-hold")
    try:
        email = desk.query(
            "SELECT email FROM clients c WHERE email LIKE '%@%' AND id > 20"
            " AND NOT EXISTS (SELECT 1 FROM services s WHERE s.client_id = c.id AND s.status = 'active')"
            " AND NOT EXISTS (SELECT 1 FROM domains d WHERE d.client_id = c.id AND d.expires_on > '2026-01-01')"
            " AND (SELECT count(*) FROM clients o WHERE lower(o.email) = lower(c.email)) = 1 ORDER BY id"
        )[0][0]
        ref = await _approved_but_failing(desk, email)
        assert desk.query("SELECT 1 FROM clients WHERE email = ?", email), "nothing is half done"
        await desk.forward("1h")
        await desk.until_status(ref, "answered")
        assert (await desk.request(ref))["attention"] is None
        assert not desk.query("SELECT 1 FROM clients WHERE email = ?", email)
        assert desk.command("audit", "verify").returncode == 0
    finally:
        await desk.stop()


async def _approved_but_failing(desk: DeskProcess, email: str) -> str:
    """Have an erasure approved and its source fail; gives the reference once an agent is told."""
    async with desk.chat() as chat:
        await chat.say("Please delete my account and all my data.")
        ref = (await chat.opened())["erasure"]
        await type_code(desk, chat, email)
        await desk.plan(ref)
        with closing(sqlite3.connect(desk.database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")  # another program is in the middle of something long
            await desk.approve(ref)

            async def told() -> bool:
                return str((await desk.request(ref))["attention"]).startswith("step_failed:")

            await eventually(told, "the failed step to be shown")
    return ref
