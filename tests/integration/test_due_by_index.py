"""PostgreSQL, too, finds by an index what a daily sweep is to end."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from alembic import command
from sqlalchemy import Engine, create_engine, event, text
from sqlmodel import Session

from assistant.casework.upkeep import purge, reminders
from assistant.services import Services, Unit
from assistant.store import migrate
from assistant.store.keyring import INDEX_BYTES, SEALING_BYTES, Keyring
from assistant.store.sealing import give_keyring
from tests.doubles.databases import MISSING, POSTGRESQL, is_here, running

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
BY_INDEX = {
    "ix_challenge_asked_at",
    "ix_challenge_undecided",
    "ix_conversation_last_at",
    "ix_message_of_a_person",
    "ix_outbox_passing",
    "ix_request_closed_at",
    "ix_stop_link_made_at",
}
# Read without a condition: whole, whether by an index or not; what is small stays small however many people write.
_WHOLE = re.compile(r"Seq Scan on (?:message|conversation|outbox|request|challenge|stop_link|package)\b")


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    if not is_here(POSTGRESQL):
        pytest.skip(MISSING)
    with running(POSTGRESQL) as server:
        made = create_engine(server.database().url)
        give_keyring(made, Keyring(b"i" * INDEX_BYTES, b"s" * SEALING_BYTES))
        config = migrate._config()
        with made.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        yield made
        made.dispose()


async def test_each_daily_sweep_asks_by_an_index(engine: Engine) -> None:
    asked: dict[str, Any] = {}

    def hear(_c: object, _cursor: object, statement: str, values: Any, *_more: object) -> None:
        asked[statement] = values

    long_ago = {name: NOW - timedelta(days=9) for name in purge.Cutoffs.__dataclass_fields__}
    with Session(engine) as session:

        async def read(work: Callable[[Unit], Any]) -> Any:
            return work(Unit(services, session))

        services = cast("Services", SimpleNamespace(read=read, clock=SimpleNamespace(now=lambda: NOW)))
        event.listen(engine, "before_cursor_execute", hear)
        for name, sweep in purge._SWEEPS.items():
            if name != "files":  # which asks of one file at a time
                assert await sweep(services, purge.Cutoffs(**long_ago)) == 0
        reminders._expire_codes(Unit(services, session))
        event.remove(engine, "before_cursor_execute", hear)
        session.execute(text("SET enable_seqscan = off"))  # on a few rows it would be right to read them all
        plans = {
            statement: "\n".join(
                row[0] for row in session.connection().exec_driver_sql(f"EXPLAIN {statement}", values)
            )
            for statement, values in asked.items()
        }
    assert {index for plan in plans.values() for index in re.findall(r"ix_\w+", plan)} >= BY_INDEX
    assert [plan for plan in plans.items() if _WHOLE.search(plan[1])] == []
