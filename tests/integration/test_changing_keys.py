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
from sqlalchemy import text, update
from sqlalchemy.exc import StatementError
from sqlmodel import Session, SQLModel, select

from assistant import local
from assistant.app import Assembly
from assistant.casework import audit
from assistant.casework.upkeep import sealing_keys
from assistant.changing_keys import change_sealing_key
from assistant.errors import ConfigurationError
from assistant.reading_commands import list_keys
from assistant.services import Services, Unit
from assistant.store import resealing, upgrading
from assistant.store.keyfiles import is_whole, open_keyring
from assistant.store.tables import Conversation, Message, StepRow
from assistant.store.writer import Store, open_engine
from tests.doubles.chat_desk import StillClock
from tests.doubles.console_app import ConsoleSite, lay_keys, open_services

pytestmark = pytest.mark.xdist_group("changing_keys")
SEED = 20261128


@pytest.fixture
async def desk(
    tmp_path: Path, prepared: ConsoleSite, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Services]:
    monkeypatch.setattr(resealing, "_MOST", 5)
    (tmp_path / "desk.db").write_bytes((prepared.services.settings.server.data_dir / "desk.db").read_bytes())
    services = open_services(tmp_path, StillClock(), 1)
    lay_keys(services)
    with closing(services.store):
        yield services


def as_read(services: Services) -> Any:
    """Give everything there is, as code reads it."""

    def all_rows(unit: Unit) -> dict[str, list[tuple[Any, ...]]]:
        return {
            table.name: [tuple(row) for row in unit.session.connection().execute(select(*table.columns))]
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

    def marks(unit: Unit) -> set[str]:
        found = set()
        for table in SQLModel.metadata.sorted_tables:
            for row in unit.session.connection().execute(text(f'SELECT * FROM "{table.name}"')):
                found |= {value[1:9] for value in row if isinstance(value, str) and value.startswith("~")}
        return found

    return services.read(marks)


def files(services: Services) -> list[str]:
    return [file.stem for file in (services.settings.server.data_dir / "keys" / "sealing").glob("*.key")]


async def one_call(services: Services, asked: dict[str, Any]) -> Any:
    return await services.write(lambda unit: sealing_keys.change_key(unit, asked))


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
    assert await desk.read(lambda unit: list(audit.verify(desk.keyring, unit.session))) == []


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


async def rotate(services: Services) -> None:
    reached = await one_call(services, {})
    while not reached["done"]:
        reached = await one_call(services, {"place": reached["place"]})


async def test_what_was_on_its_way_when_the_key_changed_is_sealed_anew_where_it_is_stored(
    desk: Services,
) -> None:
    late, address = (
        desk.keyring.seal_bytes(b"a large mail that is still being read"),
        desk.keyring.seal("a@b.test"),
    )
    first = desk.keyring.current
    await rotate(desk)
    ident = await arrive(desk, late)
    await desk.write(lambda unit: unit.session.execute(update(StepRow).values(found=address)).close())
    stored = await desk.read(lambda unit: unit.session.get_one(Message, ident).raw)
    (found,) = set(await desk.read(lambda unit: unit.session.exec(select(StepRow.found)).all()))
    assert desk.keyring.unseal_bytes(stored or b"") == b"a large mail that is still being read"
    assert desk.keyring.unseal(found or "") == "a@b.test"
    assert files(desk) == [desk.keyring.current] != [first]
    again = open_keyring(desk.settings.server.data_dir, desk.store.engine)
    assert again.unseal_bytes(stored or b"") == b"a large mail that is still being read"
    assert again.unseal(found or "") == "a@b.test", "after a start too, without the key before"


async def test_what_is_not_sealed_is_not_stored_where_code_seals_by_hand(desk: Services) -> None:
    with pytest.raises(StatementError) as raised:
        await desk.write(lambda unit: unit.session.execute(update(StepRow).values(found="a@b.test")).close())
    assert isinstance(raised.value.orig, ConfigurationError)
    assert "a@b.test" not in str(raised.value)


async def test_the_key_before_stays_while_a_count_finds_something_under_it(desk: Services) -> None:
    late = desk.keyring.seal("stored past the desk when its part had been looked through")
    reached, last = await one_call(desk, {}), len(resealing.parts()) - 1
    while reached["place"][0] < last:
        reached = await one_call(desk, {"place": reached["place"]})
    put_back = text("UPDATE message SET text = :late")
    await desk.write(lambda unit: unit.session.execute(put_back, {"late": late}).close())
    while not reached["done"]:
        reached = await one_call(desk, {"place": reached["place"]})
    assert await sealed_under(desk) == {desk.keyring.current}


async def test_the_key_before_is_removed_only_once_it_is_committed_that_nothing_is_left_under_it(
    desk: Services,
) -> None:
    """The disk is full at the last commit: what was sealed anew is taken back with it."""

    def all_at_once(unit: Unit) -> None:
        reached = sealing_keys.change_key(unit, {})
        while not is_whole(unit.session.connection()):
            reached = sealing_keys.change_key(unit, {"place": reached["place"]})
        raise OSError("the disk is full")

    first = desk.keyring.current
    with pytest.raises(OSError, match="full"):
        await desk.write(all_at_once)
    assert first in files(desk)
    assert await sealed_under(desk) == {first}


async def arrive(desk: Services, sealed: bytes) -> int | None:
    """Have a mail stored that was sealed before."""
    conversation = (await desk.read(lambda unit: unit.session.exec(select(Conversation.id)).first())) or ""
    message = Message(
        conversation_id=conversation,
        external_id="late",
        sender="you",
        text="late",
        at=desk.clock.now(),
        raw=sealed,
    )
    return await desk.write(lambda unit: _stored(unit.session, message))


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
