"""Rectifying, restricting, stopping a use, contacts and disclosure in a real database."""

from __future__ import annotations

import asyncio
import tracemalloc
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from assistant.domain.plan import Operation
from tests.integration.sources.shop import KINDS, Shop, link, no_progress, order, table

if TYPE_CHECKING:
    from collections.abc import Callable

    OpenShop = Callable[..., Shop]

pytestmark = pytest.mark.parametrize("kind", KINDS)
SCHEMA = """
CREATE TABLE clients (id INTEGER PRIMARY KEY, email VARCHAR(30) UNIQUE, changed INTEGER, phone TEXT,
    name TEXT NOT NULL,
    born DATE, secret TEXT, offers BOOLEAN NOT NULL DEFAULT TRUE, restricted BOOLEAN NOT NULL DEFAULT FALSE,
    address_id INTEGER);
CREATE TABLE addresses (id INTEGER PRIMARY KEY, street TEXT);
CREATE TABLE newsletter (email TEXT PRIMARY KEY, since TEXT);
CREATE TABLE calls (id INTEGER PRIMARY KEY, client_id INTEGER REFERENCES clients (id), with_whom TEXT,
    note TEXT);
INSERT INTO clients VALUES (1, 'mari@example.test', 1767225600, '+372 5550', 'Mari', '1990-02-03',
    'hash', TRUE, FALSE, 50),
    (2, 'luc@example.test', NULL, NULL, 'Luc', NULL, 'hash', TRUE, FALSE, 50);
INSERT INTO addresses VALUES (50, 'Pikk 1');
INSERT INTO newsletter VALUES ('MARI@example.test', '2025-01-01T10:00:00+02:00'), ('luc@example.test',
    '2024');
INSERT INTO calls VALUES (1, 1, 'Eva Kask', 'about the bill'), (2, 1, NULL, NULL), (3, 2, 'Jean', 'x');
"""


def tables() -> list[dict[str, Any]]:
    return [
        table(
            "clients",
            identity={"email": ["email"], "phone": ["phone"], "client_id": ["id"]},
            account=True,
            label="name",
            hidden=["secret"],
            portable=["email", "name", "secret"],
            meanings={"email": "Address", "email@fr": "Adresse", "secret": "Password hash"},
            recipients=["Payment Ltd"],
            rectifiable={
                "email": {"column": "email"},
                "name": {"column": "name", "harmless": True},
                "birthday": {"column": "born"},
            },
            contacts=[
                {"column": "email", "changed": "changed"},
                {"column": "phone", "kind": "phone", "own": False},
            ],
            restrict={"column": "restricted", "value": True},
            stop={"marketing": {"column": "offers", "value": False}},
        ),
        table(
            "addresses",
            link=[link("id", "clients", "address_id")],
            rectifiable={"street": {"column": "street"}},
        ),
        table(
            "newsletter",
            key=["email"],
            identity={"email": ["email"]},
            stop={"marketing": "delete"},
            contacts=[{"column": "email", "changed": "since"}],
        ),
        table("calls", link=[link("client_id", "clients")], redacted=["with_whom"], origin="third_party"),
    ]


@pytest.fixture
def company(shop: OpenShop) -> Shop:
    return shop(SCHEMA, *tables())


# ── rectification ───────────────────────────────────────────────────────────────────────────────────


async def test_rectification_writes_one_column_of_one_person(company: Shop) -> None:
    before = company.dump()
    located = await company.locate("mari@example.test")
    wanted = {"new_values": {"email": "new@example.test", "birthday": "1991-02-03"}}
    proposal = await company.propose(located, Operation.RECTIFY, **wanted)
    assert proposal.conflicts == ()
    assert proposal.step
    (effect,) = proposal.step.effects
    assert effect.values == {"email": "new@example.test", "born": "1991-02-03"}
    assert [h.recipient for e in proposal.step.effects for h in e.handed_over] == ["Payment Ltd"]
    await company.carry_out(located, Operation.RECTIFY, **wanted)
    after = company.dump()
    assert after["clients"][0] == (
        1,
        "new@example.test",
        *before["clients"][0][2:5],
        "1991-02-03",
        "hash",
        1,
        0,
        50,
    )
    assert after | {"clients": before["clients"]} == before | {"clients": before["clients"]}
    assert after["clients"][1] == before["clients"][1]


async def test_rectified_twice_is_done_once(company: Shop) -> None:
    located = await company.locate("mari@example.test")
    wanted = order(Operation.RECTIFY, new_values={"email": "new@example.test"})
    step = (await company.source.propose(located, wanted)).step
    assert step
    first = await company.source.carry_out(step, located, wanted, no_progress)
    second = await company.source.carry_out(step, located, wanted, no_progress)
    assert (first.already_done, first.rows_done, second.already_done) == (False, 1, True)


@pytest.mark.parametrize("typed", ["3 February 1991", "le 3 février 1991", "03/02/1991"])
async def test_a_day_is_written_as_the_column_holds_it_whatever_words_were_typed(
    company: Shop, typed: str
) -> None:
    located = await company.locate("mari@example.test")
    proposal = await company.propose(located, Operation.RECTIFY, new_values={"birthday": typed})
    assert proposal.step
    assert [dict(effect.values) for effect in proposal.step.effects] == [{"born": "1991-02-03"}]


async def test_what_reads_already_as_it_should_is_named_and_no_step_is_made(company: Shop) -> None:
    located = await company.locate("mari@example.test")
    proposal = await company.propose(
        located, Operation.RECTIFY, new_values={"email": "mari@example.test", "shoe_size": "43"}
    )
    assert (proposal.step, proposal.corrects, proposal.holds) == (None, (), ("email",))


async def test_a_contact_is_never_harmless_whatever_the_map_says_of_its_field(company: Shop) -> None:
    known = company.source.correctable()
    assert {name: (each.harmless, each.contact) for name, each in known.items()} == {
        "email": (False, True),
        "name": (True, False),
        "birthday": (False, False),
        "street": (False, False),
    }


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("email", "far.too.long.an.address@example.test", "cannot hold the new value of email"),
        ("email", "luc@example.test", "Address must be unique"),
        ("birthday", "third of May", "cannot hold the new value of birthday"),
        ("street", "Lai 2", "another person's as well"),
    ],
)
async def test_value_that_cannot_be_written_is_a_conflict(
    company: Shop, field: str, value: str, said: str
) -> None:
    before = company.dump()
    located = await company.locate("mari@example.test")
    proposal = await company.propose(located, Operation.RECTIFY, new_values={field: value})
    assert said in " ".join(each.said for each in proposal.conflicts)
    assert value not in " ".join(each.said for each in proposal.conflicts)
    assert company.dump() == before


# ── restriction, objection ──────────────────────────────────────────────────────────────────────────


async def test_restriction_sets_the_flag_and_lifting_takes_it_back(company: Shop) -> None:
    before = company.dump()
    located = await company.locate("mari@example.test")
    await company.carry_out(located, Operation.RESTRICT)
    assert company.rows("SELECT id FROM clients WHERE restricted") == [(1,)]
    await company.carry_out(located, Operation.LIFT)
    assert company.dump() == before


ALERTS = """
CREATE TABLE alerts (id INTEGER PRIMARY KEY, email VARCHAR(30), state VARCHAR(10) NOT NULL);
INSERT INTO alerts VALUES (1, 'mari@example.test', 'on'), (2, 'mari@example.test', 'off'),
    (3, 'luc@example.test', 'on'), (4, 'luc@example.test', 'frozen');
"""
FROZEN = {"column": "state", "value": "frozen"}


async def test_restriction_leaves_what_nobody_uses_and_lifting_switches_nothing_on(shop: OpenShop) -> None:
    restrict = FROZEN | {"instead_of": "on"}
    company = shop(ALERTS, table("alerts", identity={"email": ["email"]}, restrict=restrict))
    before = company.dump()
    located = await company.locate("mari@example.test")
    await company.carry_out(located, Operation.RESTRICT)
    states = company.rows("SELECT state FROM alerts ORDER BY id")
    assert states == [("frozen",), ("off",), ("on",), ("frozen",)]
    await company.carry_out(located, Operation.LIFT)
    assert company.dump() == before


async def test_restriction_that_could_never_be_lifted_is_a_conflict(shop: OpenShop) -> None:
    company = shop(ALERTS, table("alerts", identity={"email": ["email"]}, restrict=FROZEN))
    proposal = await company.propose(await company.locate("mari@example.test"), Operation.RESTRICT)
    assert proposal.step is None
    assert [c for c in proposal.conflicts if "alerts.state is no flag" in c.said and "instead_of" in c.said]
    found = [finding.where for finding in await company.source.check() if "instead_of" in finding.text]
    assert found == ["alerts.state"]


async def test_stopping_marketing_ends_it_everywhere_for_this_person_only(company: Shop) -> None:
    located = await company.locate("mari@example.test")
    await company.carry_out(located, Operation.STOP, purposes=("marketing",))
    assert company.rows("SELECT id FROM clients WHERE offers") == [(2,)]
    assert company.rows("SELECT email FROM newsletter") == [("luc@example.test",)]
    assert (await company.propose(located, Operation.STOP, purposes=("marketing",))).step is None
    assert (await company.propose(located, Operation.STOP, purposes=("profiling",))).step is None


# ── contacts ────────────────────────────────────────────────────────────────────────────────────────


async def test_contacts_say_whose_they_are_and_when_they_changed(company: Shop) -> None:
    found = await company.source.contacts((await company.locate(client_id=("1",))).identity)
    assert [(c.address, c.kind, c.own, c.changed_at, c.account and c.account.key) for c in found] == [
        ("mari@example.test", "email", True, datetime(2026, 1, 1, tzinfo=UTC), ("1",)),
        ("+372 5550", "phone", False, None, ("1",)),
    ]


async def test_contact_on_file_elsewhere_is_found_by_its_address(company: Shop) -> None:
    found = await company.source.contacts((await company.locate("luc@example.test")).identity)
    assert [(c.address, c.account and c.account.label, c.changed_at) for c in found] == [
        ("luc@example.test", "Luc", None)
    ]


async def test_phone_is_compared_without_its_punctuation(company: Shop) -> None:
    assert [a.key for a in (await company.locate(phone=("+372-55.50",))).accounts] == [("1",)]


# ── disclosure ──────────────────────────────────────────────────────────────────────────────────────


async def exported(
    company: Shop, *, portable_only: bool = False
) -> dict[str, tuple[Any, list[tuple[Any, ...]]]]:
    found = {}
    located = await company.locate("mari@example.test")
    async for each in company.source.export(located, portable_only=portable_only):
        found[each.table] = each, [row async for batch in each.rows for row in batch]
    return found


async def test_disclosure_hides_secrets_and_redacts_third_persons(company: Shop) -> None:
    found = await exported(company)
    assert list(found) == ["clients", "addresses", "newsletter", "calls"]
    clients, rows = found["clients"]
    assert "secret" not in clients.columns
    assert clients.hidden == ("secret",)
    assert clients.meanings["email@fr"] == "Adresse"
    assert dict(zip(clients.columns, rows[0], strict=True))["email"] == "mari@example.test"
    calls, rows = found["calls"]
    assert rows == [(1, 1, "[redacted]", "about the bill"), (2, 1, None, None)]
    assert (calls.redacted, calls.origin) == (("with_whom",), "third_party")


async def test_portability_gives_the_portable_columns_only(company: Shop) -> None:
    found = await exported(company, portable_only=True)
    assert {name: (each.columns, rows) for name, (each, rows) in found.items()} == {
        "clients": (("email", "name"), [("mari@example.test", "Mari")])
    }


async def test_step_of_a_disclosure_counts_what_it_copies(company: Shop) -> None:
    located = await company.locate("mari@example.test")
    proposal = await company.propose(located, Operation.EXPORT)
    assert proposal.step
    assert {e.table: (e.rows, e.shared) for e in proposal.step.effects} == {
        "clients": (1, 0),
        "addresses": (1, 1),
        "newsletter": (1, 0),
        "calls": (2, 0),
    }
    outcome = await company.source.carry_out(proposal.step, located, order(Operation.EXPORT), no_progress)
    assert outcome.rows_done == 5


async def test_disclosure_left_in_the_middle_frees_the_database(company: Shop) -> None:
    located = await company.locate("mari@example.test")
    reading = company.source.export(located)
    await anext(reading)
    await reading.aclose()  # type: ignore[attr-defined] # the protocol promises an iterator, this is a generator
    outcome = await company.carry_out(located, Operation.RESTRICT)
    assert outcome.rows_done > 0
    assert not outcome.already_done


async def test_large_table_is_read_in_flat_memory(shop: OpenShop) -> None:
    company = shop(SCHEMA, *tables())
    company.database.insert(
        "calls", *((n, 1, None, f"a call about nothing that takes some room {n}") for n in range(10, 60001))
    )
    located = await company.locate("mari@example.test")
    rows = 0
    tracemalloc.start()
    async for each in company.source.export(located):
        async for batch in each.rows:
            assert len(batch) <= 2000
            rows += len(batch)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert rows == 59996
    assert peak < 8 * 2**20


# ── being stopped ───────────────────────────────────────────────────────────────────────────────────


async def test_cancelled_work_is_not_committed(company: Shop) -> None:
    before = company.dump()
    located = await company.locate("mari@example.test")
    step = (await company.propose(located)).step
    assert step
    loop, begun, go_on = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()

    def wait(done: int, total: int) -> None:
        if done == 0:
            loop.call_soon_threadsafe(begun.set)
            asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result()

    work = asyncio.create_task(company.source.carry_out(step, located, order(), wait))
    await begun.wait()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    go_on.set()
    await company.source.close()  # waits for the thread
    assert company.dump() == before


async def test_progress_counts_up_to_everything(company: Shop) -> None:
    told: list[tuple[int, int]] = []
    located = await company.locate("mari@example.test")
    step = (await company.propose(located)).step
    assert step
    outcome = await company.source.carry_out(
        step, located, order(), lambda done, total: told.append((done, total))
    )
    assert told[0] == (0, outcome.rows_done)
    assert told[-1] == (outcome.rows_done, outcome.rows_done)
    assert told == sorted(told)


async def test_a_conflict_names_tables_and_columns_as_people_call_them(shop: OpenShop) -> None:
    mapped = tables()
    mapped[0] |= {"title": "Customers"}
    company = shop(SCHEMA, *mapped)
    located = await company.locate("mari@example.test")
    wanted = {"new_values": {"email": "luc@example.test"}}
    (conflict,) = (await company.propose(located, Operation.RECTIFY, **wanted)).conflicts
    assert conflict.said == "Customers: Address must be unique, and another row would hold the same."
    assert "clients" not in conflict.said
