"""The desk's own records behave like any other source."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from assistant.domain.own_records import CONVERSATIONS, MESSAGES, REQUESTS
from assistant.domain.plan import Identity, Operation, Order
from assistant.sources.own_records import OwnRecords

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MARI = Identity(emails=("mari@example.test",))
TODAY = date(2026, 11, 2)
ERASE = Order(Operation.ERASE, TODAY)


@dataclass
class Transcripts:
    """What a store would answer: of these messages the first `open_ones` belong to an open request."""

    messages: list[tuple[Any, ...]]
    open_ones: int = 0
    asked: list[Identity] = field(default_factory=list)

    async def count(self, identity: Identity) -> Mapping[str, int]:
        self.asked.append(identity)
        return {MESSAGES: len(self.messages), CONVERSATIONS: 1 if self.messages else 0}

    async def rows(self, identity: Identity, table: str) -> Sequence[tuple[Any, ...]]:
        return self.messages if table == MESSAGES else [("webchat", "en", None, None)]

    async def erasable(self, identity: Identity, today: date) -> int:
        return len(self.messages) - self.open_ones

    async def kept(self, identity: Identity, today: date) -> Mapping[str, tuple[int, date | None]]:
        return {MESSAGES: (self.open_ones, None), REQUESTS: (0, None)}

    async def erase(self, identity: Identity, today: date) -> int:
        gone = len(self.messages) - self.open_ones
        del self.messages[self.open_ones :]
        return gone


def messages(number: int) -> list[tuple[Any, ...]]:
    return [(None, "webchat", "you", "You", f"message {i}") for i in range(number)]


async def test_every_table_is_named_even_where_it_is_empty() -> None:
    located = await OwnRecords(Transcripts(messages(3))).locate(MARI)
    assert {t.table: t.rows for t in located.tables} == {CONVERSATIONS: 1, MESSAGES: 3, REQUESTS: 0}
    assert located.accounts == ()


async def test_erasure_takes_what_no_open_request_needs_and_says_what_stays() -> None:
    store = Transcripts(messages(5), open_ones=2)
    desk = OwnRecords(store)
    located = await desk.locate(MARI)
    proposal = await desk.propose(located, ERASE)
    assert proposal.step
    assert [(e.table, e.rows, e.deletes) for e in proposal.step.effects] == [(MESSAGES, 3, True)]
    assert [(k.table, k.rows, k.until) for k in proposal.keeps] == [(MESSAGES, 2, None)]
    assert len(store.messages) == 5
    told: list[tuple[int, int]] = []
    first = await desk.carry_out(
        proposal.step, located, ERASE, lambda done, total: told.append((done, total))
    )
    second = await desk.carry_out(proposal.step, located, ERASE, lambda *_: None)
    assert (first.rows_done, first.already_done, second.already_done) == (3, False, True)
    assert told == [(3, 3)]
    assert len(store.messages) == 2


async def test_nothing_to_erase_gives_no_step() -> None:
    desk = OwnRecords(Transcripts(messages(2), open_ones=2))
    assert (await desk.propose(await desk.locate(MARI), ERASE)).step is None


async def test_other_orders_do_nothing_here() -> None:
    desk = OwnRecords(Transcripts(messages(2)))
    located = await desk.locate(MARI)
    for operation in (Operation.RECTIFY, Operation.RESTRICT, Operation.LIFT, Operation.STOP):
        assert (await desk.propose(located, Order(operation, TODAY))).step is None


async def test_transcripts_are_disclosed_in_batches_with_their_meaning() -> None:
    desk = OwnRecords(Transcripts(messages(2500)))
    located = await desk.locate(MARI)
    proposal = await desk.propose(located, Order(Operation.EXPORT, TODAY))
    assert proposal.step
    assert {e.table: e.rows for e in proposal.step.effects} == {CONVERSATIONS: 1, MESSAGES: 2500}
    found = {}
    async for each in desk.export(located):
        batches = [batch async for batch in each.rows]
        assert all(len(batch) <= 1000 for batch in batches)
        assert all(name in each.meanings for name in each.columns)
        found[each.table] = sum(map(len, batches))
    assert found == {CONVERSATIONS: 1, MESSAGES: 2500}


async def test_desk_has_no_contact_on_file_and_fits_itself() -> None:
    desk = OwnRecords(Transcripts([]))
    assert await desk.contacts(MARI) == []
    assert [finding.level for finding in await desk.check()] == ["ok"]
