from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from datetime import date
from typing import TYPE_CHECKING

import pytest

from assistant.demo.company import create_company
from assistant.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

TODAY = date(2026, 11, 24)


def dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


def values(connection: sqlite3.Connection, sql: str) -> list[tuple[object, ...]]:
    return connection.execute(sql).fetchall()


def count(connection: sqlite3.Connection, table: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def tables(connection: sqlite3.Connection) -> list[str]:
    return [str(row[0]) for row in values(connection, "SELECT name FROM sqlite_master WHERE type = 'table'")]


def test_the_same_arguments_give_the_same_rows_and_another_seed_gives_others(tmp_path: Path) -> None:
    for name, seed in (("one", 7), ("two", 7), ("other", 8)):
        create_company(tmp_path / name, clients=40, seed=seed, today=TODAY)

    assert dump(tmp_path / "one") == dump(tmp_path / "two")
    assert dump(tmp_path / "one") != dump(tmp_path / "other")


def test_five_hundred_clients_are_there_within_a_second_of_processor_time(tmp_path: Path) -> None:
    started = time.process_time()
    create_company(tmp_path / "db", today=TODAY)

    assert time.process_time() - started < 1


def test_there_are_as_many_clients_as_asked_for_and_no_table_is_empty(
    client_area: sqlite3.Connection,
) -> None:
    counts = {table: count(client_area, table) for table in tables(client_area)}

    assert counts["clients"] == 500
    assert [table for table, rows in counts.items() if not rows] == []
    assert max(counts, key=lambda table: counts[table]) == "access_logs"


def test_foreign_keys_and_the_file_itself_are_sound(client_area: sqlite3.Connection) -> None:
    assert values(client_area, "PRAGMA foreign_key_check") == []
    assert values(client_area, "PRAGMA integrity_check") == [("ok",)]


@pytest.mark.parametrize("day", [date(2024, 2, 29), date(2026, 1, 1), date(2026, 12, 31)])
def test_no_invoice_and_no_visit_lies_in_the_future_whatever_the_day(tmp_path: Path, day: date) -> None:
    create_company(tmp_path / "db", clients=60, today=day)

    with closing(sqlite3.connect(tmp_path / "db")) as connection:
        newest = values(
            connection, "SELECT max(issued_on) FROM invoices UNION ALL SELECT max(at) FROM access_logs"
        )
        assert all(str(value) < day.isoformat() for (value,) in newest)


def test_what_real_data_has_is_there_too(client_area: sqlite3.Connection) -> None:
    shared = "SELECT count(*) FROM (SELECT address_id FROM client_addresses GROUP BY 1 HAVING count(*) > 1)"
    capitals = "SELECT count(*) FROM clients WHERE email <> lower(email)"
    accents = "SELECT count(*) FROM clients WHERE last_name GLOB '*[éèëõäöü]*'"
    employers = "SELECT count(*) FROM clients WHERE billing_email <> email"
    third_persons = (
        "SELECT count(*) FROM ticket_messages WHERE body LIKE '%Odile Varennes%' AND NOT from_staff"
    )
    without_account = (
        "SELECT count(*) FROM newsletter_subscriptions WHERE email NOT IN (SELECT email FROM clients)"
    )

    for sql in (shared, capitals, accents, employers, third_persons, without_account):
        assert client_area.execute(sql).fetchone()[0] > 0, sql


def test_nobody_can_have_any_of_the_addresses(client_area: sqlite3.Connection) -> None:
    columns = [
        ("clients", "email"),
        ("clients", "billing_email"),
        ("staff", "work_email"),
        ("staff", "private_email"),
        ("tickets", "requester_email"),
        ("abuse_reports", "reporter_email"),
        ("newsletter_subscriptions", "email"),
    ]

    for table, column in columns:
        for (address,) in values(client_area, f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL"):
            assert str(address).lower().endswith(".example"), (table, column)


def test_an_existing_file_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "db").write_text("mine")

    with pytest.raises(ConfigurationError, match="exists already"):
        create_company(tmp_path / "db", today=TODAY)
    assert (tmp_path / "db").read_text() == "mine"


def test_too_few_clients_for_the_people_to_be_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="at least 8 clients, not 7"):
        create_company(tmp_path / "db", clients=7, today=TODAY)
    assert not (tmp_path / "db").exists()
