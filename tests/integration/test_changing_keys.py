"""The key that seals is changed while the desk runs, and wherever that is killed nothing is lost and one key is left."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import closing, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import text
from sqlmodel import Session, SQLModel, select

from assistant import local
from assistant.app import Assembly
from assistant.casework import audit, sealing_keys
from assistant.changing_keys import change_sealing_key
from assistant.reading_commands import list_keys
from assistant.services import Services
from assistant.store import resealing, upgrading
from assistant.store.keyfiles import open_keyring
from assistant.store.tables import Conversation, Message
from assistant.store.writer import Store, open_engine
from tests.doubles.chat_desk import StillClock
from tests.doubles.console_app import lay_keys, open_services, prepare

pytestmark = pytest.mark.xdist_group("changing_keys")
SEED = 20261128


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A morning at the desk, filled once."""
    folder = tmp_path_factory.mktemp("morning")
    asyncio.run(prepare(folder))
    return folder


@pytest.fixture
async def desk(tmp_path: Path, prepared: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Services]:
    monkeypatch.setattr(resealing, "_MOST", 5)
    monkeypatch.setattr(sealing_keys, "UNDER_WAY_SECONDS", 0.0)
    (tmp_path / "desk.db").write_bytes((prepared / "desk.db").read_bytes())
    services = open_services(tmp_path, StillClock(), 1)
    lay_keys(services)
    with closing(services.store):
        yield services


def as_read(services: Services) -> Any:
    """Give everything there is, as code reads it."""

    def all_rows(session: Any) -> dict[str, list[tuple[Any, ...]]]:
        return {
            table.name: [tuple(row) for row in session.connection().execute(select(*table.columns))]
            for table in SQLModel.metadata.sorted_tables
            if table.name not in {"keys_in_use", "audit", "chain_head"}
        }

    return services.read(all_rows)


def without_seals(
    rows: dict[str, list[tuple[Any, ...]]], services: Services
) -> dict[str, list[tuple[Any, ...]]]:
    def opened(value: Any) -> Any:
        return services.keyring.unseal(value) if isinstance(value, str) and value.startswith("~") else value

    return {name: [tuple(map(opened, row)) for row in table] for name, table in rows.items()}


def sealed_under(services: Services) -> Any:
    """Count by which keys values are sealed, on the disk."""

    def marks(session: Any) -> set[str]:
        found = set()
        for table in SQLModel.metadata.sorted_tables:
            for row in session.connection().execute(text(f'SELECT * FROM "{table.name}"')):
                found |= {value[1:9] for value in row if isinstance(value, str) and value.startswith("~")}
        return found

    return services.read(marks)


def files(services: Services) -> list[str]:
    return [file.stem for file in (services.settings.server.data_dir / "keys" / "sealing").glob("*.key")]


async def one_call(services: Services, asked: dict[str, Any]) -> Any:
    return await services.write(lambda session: sealing_keys.change_key(services, session, asked))


async def test_everything_is_sealed_anew_and_reads_as_before(desk: Services) -> None:
    before, first = without_seals(await as_read(desk), desk), desk.keyring.current
    assert await sealed_under(desk) == {first}
    reached = await one_call(desk, {})
    assert reached["left"] > 10
    assert len(files(desk)) == 2, "the key before is kept until nothing is left under it"
    while not reached["done"]:
        reached = await one_call(desk, {"place": reached["place"]})
        assert without_seals(await as_read(desk), desk) == before, "it reads the same at every moment"
    assert files(desk) == [desk.keyring.current] != [first]
    assert await sealed_under(desk) == {desk.keyring.current}
    assert await desk.read(lambda session: list(audit.verify(desk.keyring, session))) == []


async def test_killed_anywhere_the_next_start_or_the_next_call_goes_on_with_the_same_key(
    desk: Services, tmp_path: Path
) -> None:
    before, chance = without_seals(await as_read(desk), desk), random.Random(SEED)
    for round_ in range(6):
        first = desk.keyring.current
        reached = await one_call(desk, {})
        second = reached["key"]
        for _ in range(chance.randrange(12)):
            if not reached["done"]:
                reached = await one_call(desk, {"place": reached["place"]})
        desk.store.close()  # the process is gone, and what its memory knew of keys with it
        engine = open_engine(desk.store.url, writes=True)
        keyring = open_keyring(tmp_path, engine)
        assert keyring.current == second
        by_start = round_ % 2 == 0
        if by_start:
            upgrading.seal_everything(engine, keyring, tmp_path)
        engine.dispose()
        desk = desk.with_parts(store=Store(desk.store.url, keyring), keyring=keyring)
        if not by_start and not reached["done"]:
            reached = await one_call(desk, {})
            while not reached["done"]:
                reached = await one_call(desk, {"place": reached["place"]})
        assert desk.keyring.current == second
        assert files(desk) == [second] != [first]
        assert await sealed_under(desk) == {second}
        assert without_seals(await as_read(desk), desk) == before
    desk.store.close()


async def test_what_was_under_way_when_the_key_changed_is_waited_for(
    desk: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing_keys, "UNDER_WAY_SECONDS", 3600.0)
    late = desk.keyring.seal_bytes(b"a large mail that is still being read")
    reached = await one_call(desk, {})
    while not reached.get("waits"):
        reached = await one_call(desk, {"place": reached["place"]})
    assert len(files(desk)) == 2
    ident = await arrive(desk, late)
    monkeypatch.setattr(sealing_keys, "UNDER_WAY_SECONDS", 0.0)
    while not reached["done"]:
        reached = await one_call(desk, {"place": reached["place"]})
    stored = await desk.read(lambda session: session.get_one(Message, ident).raw)
    assert desk.keyring.unseal_bytes(stored or b"") == b"a large mail that is still being read"
    assert files(desk) == [desk.keyring.current]


async def test_the_key_before_stays_while_a_count_finds_something_under_it(desk: Services) -> None:
    late = desk.keyring.seal_bytes(b"a mail that was stored when its part had been looked through")
    reached, last = await one_call(desk, {}), len(resealing.parts()) - 1
    while reached["place"][0] < last:
        reached = await one_call(desk, {"place": reached["place"]})
    ident = await arrive(desk, late)
    while not reached["done"]:
        reached = await one_call(desk, {"place": reached["place"]})
    stored = await desk.read(lambda session: session.get_one(Message, ident).raw)
    assert desk.keyring.unseal_bytes(stored or b"").startswith(b"a mail that was stored")


async def arrive(desk: Services, sealed: bytes) -> int | None:
    """Have a mail stored that was sealed before."""
    conversation = (await desk.read(lambda session: session.exec(select(Conversation.id)).first())) or ""
    message = Message(
        conversation_id=conversation,
        external_id="late",
        sender="you",
        text="late",
        at=desk.clock.now(),
        raw=sealed,
    )
    return await desk.write(lambda session: _stored(session, message))


def _stored(session: Session, message: Message) -> int | None:
    session.add(message)
    session.flush()
    return message.id


async def test_the_command_goes_through_the_running_desk_and_says_how_far_it_is(desk: Services) -> None:
    assembly = cast("Assembly", SimpleNamespace(services=desk, channels={}, desk=None))
    told: list[str] = []
    async with local.socket_of(assembly):
        ended = asyncio.create_task(change_sealing_key(desk.settings, told.append))
        await asyncio.sleep(0.05)
        ended.cancel()
        with suppress(asyncio.CancelledError):
            await ended
        key = await change_sealing_key(desk.settings, told.append)
    assert files(desk) == [key] == [desk.keyring.current]
    assert "rows are to be sealed under" in told[0]
    shown = list_keys(desk.settings)
    assert [row["state"] for row in shown] == ["kept for ever", "seals everything"]
    assert shown[1]["key"] == key
    assert not any(len(str(value)) > 500 for row in shown for value in row.values())
