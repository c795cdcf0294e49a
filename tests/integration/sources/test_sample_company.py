"""The sample company's database, its map and the real SQL source, together."""

from __future__ import annotations

import sqlite3
import tomllib
from contextlib import closing
from datetime import date
from importlib import resources
from typing import TYPE_CHECKING

import pytest

from assistant.config import Catalogue
from assistant.demo import __name__ as demo_package
from assistant.demo import people
from assistant.demo.company import create_company
from assistant.domain.data_map import DataMap
from assistant.domain.plan import RUNNING_SERVICE, Identity, Operation, Order
from assistant.domain.retention import RetentionRule
from assistant.sources.sql.source import SqlSource

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

TODAY = date(2026, 11, 24)
SUBJECTS = pytest.mark.parametrize("subject", people.SUBJECTS, ids=lambda subject: subject.name)


def read(name: str) -> dict[str, object]:
    return tomllib.loads((resources.files(demo_package) / name).read_text("utf-8"))


def rules() -> dict[str, RetentionRule]:
    found = Catalogue.model_validate(read("catalogue.toml")).retention
    return {
        name: RetentionRule(name, r.law, r.article, r.years, r.months, r.days, r.counted_from)
        for name, r in found.items()
    }


def identity(subject: people.Subject) -> Identity:
    return Identity(emails=(subject.email.upper(),))  # as anybody may type it


@pytest.fixture
def database(tmp_path: Path) -> Path:
    create_company(tmp_path / "client-area.db", clients=60, today=TODAY)
    return tmp_path / "client-area.db"


@pytest.fixture
async def source(database: Path) -> AsyncIterator[SqlSource]:
    source = SqlSource(
        "client-area", f"sqlite:///{database}", DataMap.model_validate(read("client-area.toml")), rules()
    )
    yield source
    await source.close()


def rows_of_others(database: Path, client: int) -> set[tuple[str, str]]:
    with closing(sqlite3.connect(database)) as connection:
        return {
            (table, repr(row))
            for table in (
                "invoices",
                "tickets",
                "services",
                "domains",
                "orders",
                "access_logs",
                "client_profiles",
            )
            for row in connection.execute(f"SELECT * FROM {table} WHERE client_id <> ?", [client])
        }


async def test_the_map_fits_the_database_without_a_warning(source: SqlSource) -> None:
    assert [finding.level for finding in await source.check()] == ["ok"]


@SUBJECTS
async def test_exactly_what_each_person_holds_is_found(source: SqlSource, subject: people.Subject) -> None:
    located = await source.locate(identity(subject))

    assert {table.table: table.rows for table in located.tables if table.rows} == dict(subject.holds)


@pytest.mark.parametrize(
    ("subject", "blocked"),
    [
        (people.CUSTOMER, {"services": 2, "domains": 1}),
        (people.FORMER_CUSTOMER, {}),
        (people.TWO_ACCOUNTS, {"services": 1, "domains": 1}),
    ],
)
async def test_what_runs_blocks_an_erasure(
    source: SqlSource, subject: people.Subject, blocked: dict[str, int]
) -> None:
    located = await source.locate(identity(subject))
    proposal = await source.propose(located, Order(Operation.ERASE, today=TODAY))

    assert {blocker.table: blocker.rows for blocker in proposal.blockers} == blocked
    assert proposal.conflicts == ()


async def test_erasing_the_former_customer_leaves_three_invoices_and_nothing_of_anybody_else_changes(
    source: SqlSource, database: Path
) -> None:
    with closing(sqlite3.connect(database)) as connection:
        row = connection.execute("SELECT id FROM clients WHERE client_no = 'C-10043'").fetchone()[0]
    others = rows_of_others(database, row)
    order = Order(Operation.ERASE, today=TODAY)
    located = await source.locate(identity(people.FORMER_CUSTOMER))
    proposal = await source.propose(located, order)
    assert proposal.step is not None

    outcome = await source.carry_out(proposal.step, located, order, lambda _done, _all: None)

    kept = {(keep.table, keep.rows, keep.until) for keep in proposal.keeps}
    assert kept == {("invoices", 3, date(2031, 12, 31)), ("invoice_lines", 6, date(2031, 12, 31))}
    assert outcome.left == ()
    after = await source.locate(identity(people.FORMER_CUSTOMER))
    assert {t.table: t.rows for t in after.tables if t.rows} == {"invoices": 3, "invoice_lines": 6}
    with closing(sqlite3.connect(database)) as connection:
        shell = connection.execute("SELECT first_name, last_name, phone FROM clients WHERE id = ?", [row])
        assert shell.fetchone() == ("", "", None)
        left = connection.execute(
            "SELECT client_name, card_last4, client_phone, viewed_from_ip FROM invoices WHERE client_id = ?",
            [row],
        )
        assert set(left) == {("Liis Põldaru", None, None, None)}
        shared = connection.execute(
            "SELECT count(*) FROM addresses a JOIN client_addresses c ON c.address_id = a.id "
            "JOIN clients k ON k.id = c.client_id WHERE k.client_no = 'C-10046'"
        )
        assert shared.fetchone() == (1,)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    assert rows_of_others(database, row) == others


async def test_keeping_the_services_keeps_what_the_running_ones_need_and_ends_what_the_ended_one_had(
    source: SqlSource, database: Path
) -> None:
    order = Order(Operation.ERASE, today=TODAY, keep_services=True)
    located = await source.locate(identity(people.CUSTOMER))
    proposal = await source.propose(located, order)
    assert proposal.step is not None
    assert proposal.conflicts == ()
    needed = {keep.table: keep.rows for keep in proposal.keeps if keep.rule == RUNNING_SERVICE}
    assert needed == {
        "clients": 1,
        "client_addresses": 1,
        "addresses": 1,
        "orders": 1,
        "services": 2,
        "ip_assignments": 2,
        "domains": 1,
        "payment_methods": 2,
    }

    await source.carry_out(proposal.step, located, order, lambda _done, _all: None)

    with closing(sqlite3.connect(database)) as connection:
        assigned = connection.execute(
            "SELECT s.status, count(i.id) FROM services s JOIN clients k ON k.id = s.client_id "
            "LEFT JOIN ip_assignments i ON i.service_id = s.id WHERE k.client_no = 'C-10042' GROUP BY s.id"
        )
        assert set(assigned) == {("active", 1)}
        account = "SELECT email, status, marketing_opt_in, notes FROM clients WHERE client_no = 'C-10042'"
        assert connection.execute(account).fetchone() == (people.CUSTOMER.email, "active", None, None)
