"""The audit tells when any of its rows was edited, removed, moved or swapped, and of which request it was."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import text

from assistant.casework import audit
from assistant.casework.audit import Fault
from assistant.services import Services, Unit
from tests.doubles.chat_desk import StillClock
from tests.doubles.console_app import open_services
from tests.doubles.schema import lay_schema

HERE, THERE = "PR-AAAAAAA1", "PR-BBBBBBB2"
# What an entry holds, and something else to write into it.
EDITS = {
    "at": "2020-01-01T00:00:00.000000Z",
    "actor": "agent:nobody",
    "event": "nothing_happened",
    "data": '{"n": 99}',
    "previous": "f" * 64,
    "hash": "f" * 64,
    "ordinal": 77,
    "chain": "PR-CCCCCCC3",
}


@dataclass(frozen=True, slots=True)
class Book:
    """An audit with two requests and the desk's own chain, sealed by a checkpoint in the middle."""

    services: Services

    async def change(self, sql: str, **values: object) -> None:
        """Do what somebody with the database file can do; it must hit something."""

        def work(unit: Unit) -> None:
            assert unit.session.connection().execute(text(sql), values).rowcount > 0

        await self.services.write(work)

    async def faults(self) -> list[Fault]:
        """Verify."""
        keyring = self.services.keyring
        return await self.services.read(lambda unit: list(audit.verify(keyring, unit.session)))


@pytest.fixture
async def book(tmp_path: Path) -> AsyncIterator[Book]:
    lay_schema(tmp_path / "desk.db")
    services = open_services(tmp_path, StillClock(), 1)
    for round_ in range(3):
        for chain in (HERE, THERE, ""):
            await services.write(
                lambda unit, c=chain, n=round_: audit.record(unit, c, "desk", f"step_{n}", n=n)  # type: ignore[misc]
            )
        if round_ == 1:
            await services.write(audit.do_checkpoint)
    yield Book(services)
    services.store.close()


async def test_what_was_only_written_verifies(book: Book) -> None:
    assert await book.faults() == []
    assert await book.services.write(audit.do_checkpoint)
    assert await book.faults() == []


@pytest.mark.parametrize("ordinal", [1, 2, 3])
@pytest.mark.parametrize("column", list(EDITS))
async def test_an_edited_entry_is_found_and_its_request_named(book: Book, column: str, ordinal: int) -> None:
    await book.change(
        f"UPDATE audit SET {column} = :value WHERE chain = :chain AND ordinal = :ordinal",
        value=EDITS[column],
        chain=HERE,
        ordinal=ordinal,
    )
    chains = {fault.chain for fault in await book.faults()}
    assert HERE in chains
    assert THERE not in chains


@pytest.mark.parametrize("ordinal", [1, 2, 3])
async def test_a_removed_entry_is_found_and_its_request_named(book: Book, ordinal: int) -> None:
    await book.change(
        "DELETE FROM audit WHERE chain = :chain AND ordinal = :ordinal", chain=HERE, ordinal=ordinal
    )
    chains = {fault.chain for fault in await book.faults()}
    assert HERE in chains
    assert THERE not in chains


@pytest.mark.parametrize("chain", [HERE, THERE, ""])
async def test_two_swapped_entries_are_found_and_their_request_named(book: Book, chain: str) -> None:
    for before, after in ((1, -1), (2, 1), (-1, 2)):
        await book.change(
            "UPDATE audit SET ordinal = :after WHERE chain = :chain AND ordinal = :before",
            before=before,
            after=after,
            chain=chain,
        )
    assert chain in {fault.chain for fault in await book.faults()}


async def test_entries_swapped_between_two_requests_are_found_and_both_named(book: Book) -> None:
    for before, after in ((HERE, "aside"), (THERE, HERE), ("aside", THERE)):
        await book.change(
            "UPDATE audit SET chain = :after WHERE chain = :before AND ordinal = 2",
            before=before,
            after=after,
        )
    assert {HERE, THERE} <= {fault.chain for fault in await book.faults()}


@pytest.mark.parametrize("column", ["ordinal", "hash", "mac"])
async def test_an_edited_head_is_found_and_its_request_named(book: Book, column: str) -> None:
    value = 2 if column == "ordinal" else "0" * 64
    await book.change(
        f"UPDATE chain_head SET {column} = :value WHERE chain = :chain",
        value=value,
        chain=HERE,
    )
    assert {fault.chain for fault in await book.faults()} == {HERE}


async def test_a_removed_head_is_found_and_its_request_named(book: Book) -> None:
    await book.change("DELETE FROM chain_head WHERE chain = :chain", chain=HERE)
    assert HERE in {fault.chain for fault in await book.faults()}


async def test_a_chain_cut_off_with_its_head_put_back_is_found(book: Book) -> None:
    await book.change("DELETE FROM audit WHERE chain = :chain AND ordinal = 3", chain=HERE)
    await book.change(
        "UPDATE chain_head SET ordinal = 2,"
        " hash = (SELECT hash FROM audit a WHERE a.chain = :chain AND a.ordinal = 2) WHERE chain = :chain",
        chain=HERE,
    )
    assert {fault.chain for fault in await book.faults()} == {HERE}


async def test_a_chain_that_vanished_whole_is_found_at_the_checkpoint(book: Book) -> None:
    await book.change("DELETE FROM audit WHERE chain = :chain", chain=HERE)
    await book.change("DELETE FROM chain_head WHERE chain = :chain", chain=HERE)
    assert any("checkpoint" in fault.what for fault in await book.faults())


@pytest.mark.parametrize(("column", "value"), [("mac", "0" * 64), ("last_audit_id", 2)])
async def test_an_edited_checkpoint_is_found(book: Book, column: str, value: object) -> None:
    await book.change(f"UPDATE checkpoint SET {column} = :value", value=value)
    assert any("checkpoint" in fault.what for fault in await book.faults())


async def test_an_entry_added_by_hand_is_found(book: Book) -> None:
    await book.change(
        "INSERT INTO audit (chain, ordinal, at, actor, event, data, previous, hash)"
        " SELECT chain, 4, at, actor, event, data, hash, hash FROM audit WHERE chain = :chain AND ordinal = 3",
        chain=HERE,
    )
    assert {fault.chain for fault in await book.faults()} == {HERE}
