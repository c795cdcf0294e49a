"""Erasing in a real database: exactly the person's rows, all or nothing, once."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from assistant.domain.plan import Operation
from tests.integration.sources.shop import KINDS, Shop, counts, link, order, table

if TYPE_CHECKING:
    from collections.abc import Callable

    OpenShop = Callable[..., Shop]

pytestmark = pytest.mark.parametrize("kind", KINDS)
COMPANY = """
CREATE TABLE clients (id INTEGER PRIMARY KEY, email VARCHAR(254) NOT NULL UNIQUE, name VARCHAR(60) NOT NULL,
    phone VARCHAR(24), points INTEGER NOT NULL DEFAULT 0, profile JSON);
CREATE TABLE orders (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL REFERENCES clients (id), note TEXT);
CREATE TABLE order_items (order_id INTEGER NOT NULL REFERENCES orders (id), line INTEGER NOT NULL,
    gift_for TEXT,
    PRIMARY KEY (order_id, line));
CREATE TABLE invoices (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL REFERENCES clients (id),
    issued_on DATE NOT NULL, name VARCHAR(60) NOT NULL, total INTEGER NOT NULL, ip VARCHAR(45),
    memo TEXT NOT NULL);
CREATE TABLE newsletter (email TEXT PRIMARY KEY, topics TEXT);
INSERT INTO clients VALUES (1, 'Mari@Example.test ', 'Mari Tamm', '+372 5550 1000', 7,
    '{"mail": "mari@example.test"}'),
    (2, 'luc@example.test', 'Luc Petit', NULL, 3, '{}');
INSERT INTO orders VALUES (10, 1, 'for Mari'), (11, 1, NULL), (20, 2, 'for Luc');
INSERT INTO order_items VALUES (10, 1, 'mother'), (10, 2, NULL), (20, 1, 'friend');
INSERT INTO invoices VALUES (100, 1, '2012-03-01', 'Mari Tamm', 120, '192.0.2.1', 'old'),
    (101, 1, '2024-05-05', 'Mari Tamm', 240, '192.0.2.1', 'recent'),
    (102, 1, '2025-01-10', 'Mari Tamm', 90, NULL, 'new'),
    (200, 2, '2012-03-01', 'Luc Petit', 10, '192.0.2.2', 'other');
INSERT INTO newsletter VALUES ('MARI@EXAMPLE.TEST', 'offers'), ('luc@example.test', 'offers');
"""


def company_map() -> list[dict[str, Any]]:
    return [
        table(
            "clients",
            identity={"email": ["email"], "client_id": ["id"]},
            account=True,
            label="name",
            recipients=["Payment Ltd"],
            erase={
                "email": {"how": "random_email"},
                "name": {"how": "fixed", "value": "erased"},
                "phone": {"how": "null"},
                "points": {"how": "random"},
                "profile": {"how": "empty"},
            },
        ),
        table("orders", link=[link("client_id", "clients")], recipients=["Carrier Ltd"]),
        table("order_items", key=["order_id", "line"], link=[link("order_id", "orders")]),
        table(
            "invoices",
            link=[link("client_id", "clients")],
            erase={"ip": {"how": "null"}, "memo": {"how": "fixed", "value": "-"}},
            keep={
                "rule": "accounting",
                "counted_from": "issued_on",
                "columns": ["issued_on", "name", "total"],
            },
        ),
        table("newsletter", key=["email"], identity={"email": ["email"]}),
    ]


@pytest.fixture
def company(shop: OpenShop) -> Shop:
    return shop(COMPANY, *company_map())


async def test_person_is_found_through_every_table_without_regard_to_case(company: Shop) -> None:
    located = await company.locate("mari@example.test")
    assert counts(located) == {"clients": 1, "orders": 2, "order_items": 2, "invoices": 3, "newsletter": 1}
    assert [(a.table, a.key, a.label) for a in located.accounts] == [("clients", ("1",), "Mari Tamm")]


async def test_stranger_is_found_nowhere_and_every_table_says_so(company: Shop) -> None:
    located = await company.locate("nobody@example.test")
    assert located.rows == 0
    assert len(located.tables) == 5
    assert (await company.propose(located)).step is None


async def test_plan_says_what_goes_what_is_kept_and_until_when(company: Shop) -> None:
    before = company.dump()
    proposal = await company.propose(await company.locate("mari@example.test"))
    assert proposal.conflicts == ()
    assert proposal.blockers == ()
    assert proposal.step
    told = [(e.table, e.rows, e.deletes, dict(e.values)) for e in proposal.step.effects]
    assert ("orders", 2, True, {}) in told
    assert ("invoices", 1, True, {}) in told
    assert ("invoices", 2, False, {"ip": "null", "memo": "fixed: -"}) in told
    assert {h.recipient for e in proposal.step.effects for h in e.handed_over} == {
        "Carrier Ltd",
        "Payment Ltd",
    }
    (keep,) = proposal.keeps
    assert (keep.rows, keep.rule, keep.law) == (2, "accounting", "Accounting Act, section 12")
    assert keep.until == date(2032, 12, 31)
    assert keep.by_year == ((2024, 1, date(2031, 12, 31)), (2025, 1, date(2032, 12, 31)))
    assert company.dump() == before


async def test_erasure_changes_exactly_what_was_planned(company: Shop) -> None:
    before = company.dump()
    outcome = await company.carry_out(await company.locate("mari@example.test"))
    after = company.dump()
    assert not outcome.already_done
    assert outcome.left == ()
    assert after["orders"] == [(20, 2, "for Luc")]
    assert after["order_items"] == [(20, 1, "friend")]
    assert after["newsletter"] == [("luc@example.test", "offers")]
    assert after["invoices"] == [
        (101, 1, "2024-05-05", "Mari Tamm", 240, None, "-"),
        (102, 1, "2025-01-10", "Mari Tamm", 90, None, "-"),
        before["invoices"][3],
    ]
    erased, luc = after["clients"]
    assert luc == before["clients"][1]
    assert erased[0] == 1
    assert erased[1].startswith("erased-")
    assert erased[1].endswith("@erased.invalid")
    assert erased[2:4] == ("erased", None)
    assert erased[4] < -(2**30)
    assert erased[5] == "{}"


async def test_second_run_finds_everything_done_and_changes_nothing(company: Shop) -> None:
    located = await company.locate("mari@example.test")
    step = (await company.propose(located)).step
    assert step
    first = await company.source.carry_out(step, located, order(), lambda *_: None)
    after = company.dump()
    second = await company.source.carry_out(step, located, order(), lambda *_: None)
    assert (first.already_done, second.already_done) == (False, True)
    assert second.rows_done == 0
    assert company.dump() == after


async def test_erased_person_is_not_found_again_and_luc_is(company: Shop) -> None:
    await company.carry_out(await company.locate("mari@example.test"))
    assert (await company.locate("mari@example.test")).rows == 0
    assert counts(await company.locate("luc@example.test"))["clients"] == 1


async def test_stopping_in_the_middle_leaves_the_database_as_it_was(company: Shop) -> None:
    before = company.dump()
    located = await company.locate("mari@example.test")
    step = (await company.propose(located)).step
    assert step

    def kill(done: int, total: int) -> None:
        if done > total / 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await company.source.carry_out(step, located, order(), kill)
    assert company.dump() == before


async def test_random_values_are_fresh_every_time(shop: OpenShop) -> None:
    written = set()
    for _ in range(3):
        company = shop(COMPANY, *company_map())
        await company.carry_out(await company.locate("mari@example.test"))
        written.add(company.rows("SELECT email FROM clients WHERE id = 1")[0][0])
    assert len(written) == 3


async def test_client_number_finds_the_same_person(company: Shop) -> None:
    located = await company.locate(client_id=(" 1 ",))
    assert counts(located) == {"clients": 1, "orders": 2, "order_items": 2, "invoices": 3}


async def test_plan_of_an_erased_person_has_only_what_is_kept(company: Shop) -> None:
    located = await company.locate("mari@example.test")
    await company.carry_out(located)
    proposal = await company.propose(located)
    assert proposal.step is None
    assert [keep.rows for keep in proposal.keeps] == [2]


async def test_operation_without_anything_to_do_gives_no_step(company: Shop) -> None:
    located = await company.locate("mari@example.test")
    for operation in (Operation.RESTRICT, Operation.LIFT, Operation.STOP, Operation.RECTIFY):
        assert (await company.propose(located, operation)).step is None
