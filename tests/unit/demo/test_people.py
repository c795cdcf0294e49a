from __future__ import annotations

import tomllib
from importlib import resources
from typing import TYPE_CHECKING

import pytest

from assistant.demo import __name__ as demo_package
from assistant.demo import people
from assistant.domain.data_map import DataMap, TableMap
from tests.doubles.agents import code_at

if TYPE_CHECKING:
    import sqlite3

TODAY = "2026-11-24"
MAP = DataMap.model_validate(
    tomllib.loads((resources.files(demo_package) / "client-area.toml").read_text("utf-8"))
)
SUBJECTS = pytest.mark.parametrize("subject", people.SUBJECTS, ids=lambda subject: subject.name)


def belonging(table: TableMap, email: str) -> str:
    """Select the row numbers of a table that an address leads to, straight from the map."""
    ways = [f"lower({column}) = '{email.lower()}'" for column in table.identity.get("email", ())]
    for link in table.link:
        parent = MAP.table(link.to)
        theirs = belonging(parent, email)
        ways.append(f"{link.columns[0]} IN (SELECT {link.references[0]} FROM {link.to} WHERE {theirs})")
    return " OR ".join(ways) or "0"


@SUBJECTS
def test_each_person_holds_exactly_what_is_said_of_them(
    subject: people.Subject, client_area: sqlite3.Connection
) -> None:
    found = {}
    for table in MAP.tables:
        sql = f"SELECT count(*) FROM {table.name} WHERE {belonging(table, subject.email)}"
        if rows := client_area.execute(sql).fetchone()[0]:
            found[table.name] = rows

    assert found == dict(subject.holds)


def client_nos(client_area: sqlite3.Connection, email: str) -> list[str]:
    rows = client_area.execute("SELECT client_no FROM clients WHERE email = ? ORDER BY 1", [email])
    return [row[0] for row in rows]


@SUBJECTS
def test_each_person_has_the_accounts_they_name(
    subject: people.Subject, client_area: sqlite3.Connection
) -> None:
    named = [subject.client_id, *subject.other_client_ids] if subject.client_id else []

    assert client_nos(client_area, subject.email) == named


def running(client_area: sqlite3.Connection, client_no: str) -> tuple[int, int]:
    theirs = "client_id = (SELECT id FROM clients WHERE client_no = ?)"
    services = f"SELECT count(*) FROM services WHERE status = 'active' AND {theirs}"
    domains = f"SELECT count(*) FROM domains WHERE status = 'registered' AND expires_on > ? AND {theirs}"
    return (
        client_area.execute(services, [client_no]).fetchone()[0],
        client_area.execute(domains, [TODAY, client_no]).fetchone()[0],
    )


@pytest.mark.parametrize(
    ("client_no", "services", "domains"),
    [("C-10042", 2, 1), ("C-10043", 0, 0), ("C-10044", 1, 1), ("C-10045", 0, 0)],
)
def test_what_runs_is_what_the_notes_say(
    client_area: sqlite3.Connection, client_no: str, services: int, domains: int
) -> None:
    assert running(client_area, client_no) == (services, domains)


def test_the_former_customer_has_invoices_on_both_sides_of_the_seven_years(
    client_area: sqlite3.Connection,
) -> None:
    rows = client_area.execute(
        "SELECT issued_on FROM invoices WHERE client_email = ? ORDER BY 1", [people.FORMER_CUSTOMER.email]
    )
    issued = [row[0] for row in rows]

    assert issued == ["2017-05-15", "2018-11-15", "2019-02-15", "2023-06-15", "2024-09-15"]


def test_the_former_customer_shares_an_address_with_one_other_client(client_area: sqlite3.Connection) -> None:
    rows = client_area.execute(
        "SELECT c.client_no FROM client_addresses a JOIN client_addresses b USING (address_id) "
        "JOIN clients c ON c.id = b.client_id JOIN clients f ON f.id = a.client_id "
        "WHERE f.client_no = 'C-10043' AND b.client_id <> a.client_id"
    ).fetchall()

    assert rows == [("C-10046",)]


def test_nobody_to_be_changed_their_address_lately(client_area: sqlite3.Connection) -> None:
    for subject in people.SUBJECTS:
        rows = client_area.execute("SELECT email_changed_at FROM clients WHERE email = ?", [subject.email])
        assert all(changed_at is None for (changed_at,) in rows)


def test_the_agents_can_sign_in_each_with_a_role_of_their_own() -> None:
    assert [agent.role for agent in people.AGENTS] == ["agent", "approver", "lead", "auditor"]
    assert len({(agent.name, agent.password, agent.totp_secret) for agent in people.AGENTS}) == 4
    for agent in people.AGENTS:
        assert len(code_at(agent.totp_secret, 0)) == 6
