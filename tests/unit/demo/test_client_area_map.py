from __future__ import annotations

import sqlite3
import tomllib
from importlib import resources
from typing import TYPE_CHECKING

import pytest

from assistant.config import Catalogue
from assistant.demo import __name__ as demo_package
from assistant.domain.data_map import DataMap, Flag, TableMap

if TYPE_CHECKING:
    from collections.abc import Iterator

FRENCH = "@fr"


def read(name: str) -> dict[str, object]:
    return tomllib.loads((resources.files(demo_package) / name).read_text("utf-8"))


MAP = DataMap.model_validate(read("client-area.toml"))
CATALOGUE = Catalogue.model_validate(read("catalogue.toml"))
TABLES = pytest.mark.parametrize("table", MAP.tables, ids=lambda table: table.name)


def columns(connection: sqlite3.Connection, table: str) -> dict[str, sqlite3.Row]:
    connection.row_factory = sqlite3.Row
    return {row["name"]: row for row in connection.execute(f"PRAGMA table_info({table})")}


def unique_columns(connection: sqlite3.Connection, table: str) -> set[str]:
    connection.row_factory = sqlite3.Row
    indexes = [row["name"] for row in connection.execute(f"PRAGMA index_list({table})") if row["unique"]]
    members = [
        [row["name"] for row in connection.execute(f"PRAGMA index_info({index})")] for index in indexes
    ]
    return {names[0] for names in members if len(names) == 1}


def named(table: TableMap) -> Iterator[str]:
    yield from table.key
    yield from (c for names in table.identity.values() for c in names)
    yield from (c for link in table.link for c in link.columns)
    yield from (*table.hidden, *table.portable, *table.redacted, *table.stays)
    yield from (name.removesuffix(FRENCH) for name in table.meanings)
    yield from table.rectified().values()
    yield from (c for contact in table.contacts for c in (contact.column, contact.changed) if c)
    yield from table.erase if isinstance(table.erase, dict) else ()
    yield from (*table.keep.columns, table.keep.counted_from) if table.keep else ()
    yield from (flag.column for flag in (table.restrict, *table.stop.values()) if isinstance(flag, Flag))
    if table.active_when:
        yield from (
            c for c in (table.active_when.column, table.active_when.until, table.active_when.label) if c
        )


def test_every_table_of_the_database_is_mapped_or_ignored_and_nothing_else_is(
    client_area: sqlite3.Connection,
) -> None:
    there = {row[0] for row in client_area.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}

    assert {table.name for table in MAP.tables} | set(MAP.ignored) == there


@TABLES
def test_the_map_names_only_columns_that_exist(table: TableMap, client_area: sqlite3.Connection) -> None:
    assert set(named(table)) - columns(client_area, table.name).keys() == set()


@TABLES
def test_every_column_has_its_meaning_in_english_and_french(
    table: TableMap, client_area: sqlite3.Connection
) -> None:
    there = columns(client_area, table.name).keys()

    assert {name for name in table.meanings if not name.endswith(FRENCH)} == there
    assert {name.removesuffix(FRENCH) for name in table.meanings if name.endswith(FRENCH)} == there
    assert all(text.strip() for text in table.meanings.values())


@TABLES
def test_every_column_of_an_overwritten_row_is_erased_or_kept_by_a_rule(
    table: TableMap, client_area: sqlite3.Connection
) -> None:
    if not isinstance(table.erase, dict):
        return
    joins = {c for link in table.link for c in link.columns}
    kept = set(table.keep.columns) if table.keep else set()

    decided = [*table.key, *joins, *kept, *table.stays, *table.erase]

    assert set(decided) == columns(client_area, table.name).keys()
    assert not kept & table.erase.keys()


@TABLES
def test_erasure_asks_nothing_that_not_null_or_unique_or_a_length_forbids(
    table: TableMap, client_area: sqlite3.Connection
) -> None:
    if not isinstance(table.erase, dict):
        return
    there, unique = columns(client_area, table.name), unique_columns(client_area, table.name)
    for name, rule in table.erase.items():
        must_hold = bool(there[name]["notnull"])
        assert rule.how != "null" or not must_hold, name
        assert rule.how in {"random", "random_email", "null"} or name not in unique, name
        assert rule.how != "empty" or there[name]["type"].startswith(("VARCHAR", "TEXT")), name


@TABLES
def test_every_name_the_map_refers_to_is_in_the_catalogue(table: TableMap) -> None:
    assert table.category in CATALOGUE.categories
    assert table.purpose in CATALOGUE.purposes
    for recipient in table.recipients:
        assert recipient.name in CATALOGUE.recipients
        assert recipient.known_by, "a notice could not say whom it is about"
        assert recipient.known_by.keys() <= CATALOGUE.identifiers.keys()
        assert set(recipient.uses) <= CATALOGUE.purposes.keys()
    assert table.stop.keys() <= CATALOGUE.purposes.keys()
    assert table.keep is None or table.keep.rule in CATALOGUE.retention


@TABLES
def test_only_what_rests_on_consent_or_contract_and_comes_from_the_person_is_portable(
    table: TableMap,
) -> None:
    if table.portable:
        assert CATALOGUE.purposes[table.purpose].basis in {"consent", "contract"}
        assert not set(table.portable) & {*table.hidden, *table.redacted}


def test_every_data_group_of_the_policy_has_a_table() -> None:
    policy = {
        "4.1.1",
        "4.1.2",
        "4.1.3",
        "4.1.4",
        "4.1.5",
        "4.1.6",
        "4.1.7",
        "4.2.1",
        "4.2.2",
        "4.2.3",
        "4.2.4",
        "4.2.5",
        "5.2.1",
    }
    used = {CATALOGUE.categories[table.category].clause for table in MAP.tables}

    assert policy <= used


def test_every_text_of_the_catalogue_is_there_in_both_languages_and_used() -> None:
    texts = [
        *((entry.en, entry.fr) for entry in CATALOGUE.categories.values()),
        *((entry.en, entry.fr) for entry in CATALOGUE.purposes.values()),
        *((entry.en, entry.fr) for entry in CATALOGUE.recipients.values()),
        *((entry.en, entry.fr) for entry in CATALOGUE.retention.values()),
        *((entry.law, entry.law_fr) for entry in CATALOGUE.retention.values()),
        *((entry.en, entry.fr) for entry in CATALOGUE.identifiers.values()),
        *((table.title, table.title_fr) for table in MAP.tables),
    ]

    assert all(en.strip() and fr.strip() and en != fr for en, fr in texts)
    assert all(r.safeguards_en and r.safeguards_fr for r in CATALOGUE.recipients.values())
    named = [recipient for table in MAP.tables for recipient in table.recipients]
    assert CATALOGUE.recipients.keys() == {recipient.name for recipient in named}
    assert CATALOGUE.identifiers.keys() == {kind for recipient in named for kind in recipient.known_by}
    assert CATALOGUE.categories.keys() == {table.category for table in MAP.tables}


def test_an_invoice_keeps_what_the_policy_asks_for_and_never_a_card_or_bank_number() -> None:
    keep = MAP.table("invoices").keep

    assert keep is not None
    assert {"client_name", "client_email", "invoice_address", "issued_on", "payment_reference"} <= set(
        keep.columns
    )
    assert not {"card_last4", "payer_iban", "client_phone", "notes", "viewed_from_ip"} & set(keep.columns)
    assert CATALOGUE.retention[keep.rule].counted_from == "end_of_financial_year"


def test_every_identity_column_is_found_by_an_index(client_area: sqlite3.Connection) -> None:
    for table in MAP.tables:
        for column in (c for names in table.identity.values() for c in names):
            plan = client_area.execute(
                f"EXPLAIN QUERY PLAN SELECT 1 FROM {table.name} WHERE {column} = ? COLLATE NOCASE", ["x"]
            ).fetchone()[3]
            exact = client_area.execute(
                f"EXPLAIN QUERY PLAN SELECT 1 FROM {table.name} WHERE {column} = ?", ["x"]
            ).fetchone()[3]
            assert "SEARCH" in plan or "SEARCH" in exact, (table.name, column)


def test_what_could_be_used_to_take_an_account_over_is_not_harmless_to_rectify() -> None:
    for table in MAP.tables:
        contacts = {contact.column for contact in table.contacts}
        for name, field in table.rectifiable.items():
            assert not (field.harmless and contacts & {*field.columns(name).values()}), (table.name, name)
