"""The migrations, from nothing, lead to exactly the tables of `store/tables.py`, on both databases a desk may stand on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from sqlmodel import SQLModel

from assistant.store import migrate, tables
from tests.doubles.databases import MISSING, POSTGRESQL, SQLITE, Server, is_here, running

pytestmark = pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
Schema = dict[str, str]

# SQLite changes no column but by making its table anew, which of a desk with years of mail takes long and as much room
# again. What it was declared as says only what becomes of a text that looks like a number, and none of these holds one:
# what is sealed begins with "~", and an instant is written in full.
STILL_DECLARED_AS = {
    SQLITE: {
        "action.approvals": "JSON",
        "action.plan": "JSON",
        "audit.data": "JSON",
        "conversation.state": "JSON",
        "message.attachments": "JSON",
        "message.choices": "JSON",
        "message.headers": "JSON",
        "message.reading": "JSON",
        "package.manifest": "JSON",
        "request.details": "JSON",
        "request.dont_at": "DATETIME",
        "step.done": "JSON, default '[]'",
        "step.left": "JSON",
    },
    POSTGRESQL: {},
}
INSTEAD = {
    "request.dont_at": "VARCHAR(32)",
    "step.done": "TEXT, default None",
}  # of what the tables say; else text
_INDEXES = {
    SQLITE: "SELECT type, name, sql FROM sqlite_master WHERE type <> 'table' AND sql IS NOT NULL",
    POSTGRESQL: "SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
    " UNION SELECT 'trigger', tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
}
# Each takes away one thing that the tables say, or puts there what they do not.
CHANGES = {
    "a column more": "ALTER TABLE suppression ADD COLUMN more VARCHAR",
    "a column that may be empty": "ALTER TABLE note ADD COLUMN value_2 VARCHAR; ALTER TABLE note DROP COLUMN value;"
    " ALTER TABLE note RENAME COLUMN value_2 TO value",
    "a column of another type": "ALTER TABLE step DROP COLUMN rows_done; ALTER TABLE step ADD COLUMN rows_done VARCHAR"
    " NOT NULL DEFAULT '0'",
    "another default": "ALTER TABLE step DROP COLUMN error_code; ALTER TABLE step ADD COLUMN error_code VARCHAR NOT NULL"
    " DEFAULT 'x'",
    "an index less": "DROP INDEX ix_challenge_asked_at",
    "an index under another condition": "DROP INDEX ix_challenge_unsent; CREATE INDEX ix_challenge_unsent ON challenge"
    " (id) WHERE state = 'sent'",
    "an index that is unique": "DROP INDEX ix_package_file; CREATE UNIQUE INDEX ix_package_file ON package (file)",
    "an index in another order": "DROP INDEX ix_request_by_due_date; CREATE INDEX ix_request_by_due_date ON request"
    " (ref, due_on)",
    "a key that is not unique": "DROP TABLE correction; CREATE TABLE correction (id INTEGER NOT NULL PRIMARY KEY,"
    " message_id INTEGER NOT NULL)",
    "a foreign key less": "DROP TABLE agent_recovery; CREATE TABLE agent_recovery (code_hash VARCHAR NOT NULL PRIMARY KEY,"
    " agent VARCHAR NOT NULL); CREATE INDEX ix_agent_recovery_agent ON agent_recovery (agent)",
    "a condition less": "DROP TABLE outbox",
    "a table more": "CREATE TABLE left_behind (id INTEGER)",
}


@pytest.fixture(scope="module", params=[SQLITE, POSTGRESQL])
def server(request: pytest.FixtureRequest) -> Iterator[Server | None]:
    """Give a server, or None for a file."""
    if request.param == SQLITE:
        yield None
        return
    if not is_here(POSTGRESQL):
        pytest.skip(MISSING)
    with running(POSTGRESQL) as started:
        yield started


@pytest.fixture(scope="module")
def engines(
    server: Server | None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[sa.Engine, sa.Engine]]:
    """Give a database that was migrated from nothing, and one that was made from the tables."""
    folder = tmp_path_factory.mktemp("schema")
    urls = [server.database().url if server else f"sqlite:///{folder / name}.db" for name in ("a", "b")]
    migrated, made = (sa.create_engine(url) for url in urls)
    migrate.migrate(migrated)
    SQLModel.metadata.create_all(made)
    yield migrated, made
    migrated.dispose()
    made.dispose()


def test_the_newest_file_is_the_only_head_of_the_migrations() -> None:
    assert ScriptDirectory.from_config(migrate._config()).get_heads() == [migrate._head()]


def schema(connection: sa.Connection) -> Schema:
    """Give all that a database says of its tables, but for the order of their columns."""
    looked = sa.inspect(connection)
    found: Schema = {}
    for table in sorted({*looked.get_table_names()} - {"alembic_version"}):
        for column in looked.get_columns(table):
            found[f"{table}.{column['name']}"] = _column(column)
        found[f"{table}: key"] = str(looked.get_pk_constraint(table)["constrained_columns"])
        found[f"{table}: points to"] = _listed(
            (key["constrained_columns"], key["referred_table"], key["referred_columns"], key["options"])
            for key in looked.get_foreign_keys(table)
        )
        found[f"{table}: unique"] = _listed(
            key["column_names"] for key in looked.get_unique_constraints(table)
        )
        found[f"{table}: checked"] = _listed(
            (key["name"], key["sqltext"]) for key in looked.get_check_constraints(table)
        )
    for kind, name, words in connection.exec_driver_sql(_INDEXES[connection.dialect.name]):
        if not name.startswith("alembic_version"):
            found[f"{kind} {name}"] = " ".join(words.split())
    return found


def _listed(found: Iterable[object]) -> str:
    return "; ".join(sorted(map(str, found)))


def _column(column: Any) -> str:
    named = str(column["type"])
    named = "TEXT" if named == "VARCHAR" else named  # without a length they are one to both
    more = (f"{name} {column.get(name)}" for name in ("nullable", "default", "autoincrement"))
    return ", ".join((named, *more))


def differences(one: Schema, other: Schema) -> dict[str, tuple[str, str]]:
    return {
        name: (one.get(name, ""), other.get(name, ""))
        for name in one.keys() | other.keys()
        if one.get(name) != other.get(name)
    }


def test_the_migrations_from_nothing_lead_to_exactly_the_tables(engines: tuple[sa.Engine, sa.Engine]) -> None:
    assert tables.Conversation.metadata is SQLModel.metadata
    with engines[0].connect() as one, engines[1].connect() as other:
        migrated, made = schema(one), schema(other)
    kept = STILL_DECLARED_AS[engines[0].dialect.name]
    differ = differences(migrated, made)
    assert {name: ", ".join(_but(one, other)) for name, (one, other) in differ.items()} == kept
    assert {name: ", ".join(_but(other, one)) for name, (one, other) in differ.items()} == dict.fromkeys(
        differ, "TEXT"
    ) | {name: other for name, other in INSTEAD.items() if name in kept}


def _but(one: str, other: str) -> list[str]:
    return [each for each in one.split(", ") if each not in other.split(", ")]


@pytest.mark.parametrize("what", sorted(CHANGES))
def test_the_comparison_sees_whatever_differs(engines: tuple[sa.Engine, sa.Engine], what: str) -> None:
    with engines[0].connect() as connection:
        before = schema(connection)
        if connection.dialect.name == SQLITE:
            connection.exec_driver_sql("BEGIN")  # which its driver does for rows, and not for tables
        for statement in CHANGES[what].split(";"):
            connection.exec_driver_sql(statement)
        after = schema(connection)
        connection.rollback()
        assert differences(before, after) != {}
        assert schema(connection) == before
