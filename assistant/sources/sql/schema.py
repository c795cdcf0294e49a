"""What a database really holds: tables, columns, keys and references, read once and trusted over the map."""

from __future__ import annotations

import itertools
import re
import warnings
from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.exc import SAWarning

from assistant.sources.sql.engine import ROW_BY_ROW

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sqlalchemy.engine.reflection import Inspector

TableId = tuple[str | None, str]  # schema, name


class Kind(StrEnum):
    """What sort of value a column takes, as far as erasing and comparing care."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    INSTANT = "instant"
    JSON = "json"
    BINARY = "binary"
    OTHER = "other"


_KINDS: tuple[tuple[type[Any], Kind], ...] = (
    (sa.JSON, Kind.JSON),
    (sa.Boolean, Kind.BOOLEAN),
    (sa.Enum, Kind.OTHER),
    (sa.Uuid, Kind.OTHER),
    (sa.String, Kind.TEXT),
    (sa.Integer, Kind.INTEGER),
    (sa.Numeric, Kind.NUMBER),
    (sa.Float, Kind.NUMBER),
    (sa.DateTime, Kind.INSTANT),
    (sa.Date, Kind.DATE),
    (sa.LargeBinary, Kind.BINARY),
)


# As PostgreSQL writes it.
_LOWERED = re.compile(r'lower\((?:btrim\(|TRIM\(BOTH FROM )\(?"?(\w+)"?\)?(?:::text)?\)\)')
_SQL_TOKEN = re.compile(
    r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|(?P<check>\bcheck\s*\()|(?P<round>[()])""", re.IGNORECASE
)
_TRIGGERED_POSTGRESQL = sa.text(
    "WITH RECURSIVE has (id) AS (SELECT tgrelid FROM pg_trigger WHERE NOT tgisinternal"
    " UNION SELECT inhparent FROM pg_inherits JOIN has ON inhrelid = id)"
    " SELECT nspname, relname FROM has JOIN pg_class c ON c.oid = id JOIN pg_namespace n ON n.oid = relnamespace"
)
_JSON_CHECK = re.compile(r"json_valid\(`(.+)`\)")


@dataclass(frozen=True, slots=True)
class ColumnFacts:
    """One column as the database declares it."""

    name: str
    type: sa.types.TypeEngine[Any]
    nullable: bool
    checked_json: bool = False  # text that a check lets be JSON only, as MariaDB has it
    folds_case: bool = False  # `=` disregards case by itself, so that an index on the column can be used

    @property
    def kind(self) -> Kind:
        """Say what sort of value it takes."""
        if self.checked_json:
            return Kind.JSON
        return next((kind for type_, kind in _KINDS if isinstance(self.type, type_)), Kind.OTHER)

    @property
    def length(self) -> int | None:
        """Give the longest text it takes, None if it has no limit."""
        return getattr(self.type, "length", None) if self.kind is Kind.TEXT else None


@dataclass(frozen=True, slots=True)
class Reference:
    """A foreign key of the schema: `columns` point to `references` of the table `to`."""

    columns: tuple[str, ...]
    to: TableId
    references: tuple[str, ...]
    on_delete: str = "NO ACTION"
    on_update: str = "NO ACTION"

    @property
    def changes_rows(self) -> bool:
        """Say whether the database itself changes the rows that hold it, for a change of those it points to."""
        return not {self.on_delete, self.on_update} <= {"NO ACTION", "RESTRICT"}


@dataclass(frozen=True)
class TableFacts:
    """One table or view as the database declares it."""

    id: TableId
    columns: Mapping[str, ColumnFacts]
    key: tuple[str, ...] = ()
    uniques: tuple[frozenset[str], ...] = ()
    references: tuple[Reference, ...] = ()
    led_by: frozenset[str] = frozenset()  # columns that some index begins with
    folded: frozenset[str] = frozenset()  # the ones found by an index that disregards case
    is_view: bool = False
    raw: bool = False  # values pass as the driver gives them (SQLite has no types of its own)
    rolls_back: bool = True  # a MyISAM table of MariaDB keeps what a transaction takes back
    collates: bool = False  # `=` takes letters of different case or accent for the same (MariaDB, MySQL)

    @property
    def name(self) -> str:
        """Give the name as a person would write it."""
        return ".".join(part for part in self.id if part)

    @cached_property
    def clause(self) -> sa.TableClause:
        """Give the table for use in statements."""
        columns: list[sa.ColumnClause[Any]] = [
            sa.column(c.name, sa.types.NullType() if self.raw else c.type) for c in self.columns.values()
        ]
        return sa.table(self.id[1], *columns, schema=self.id[0])

    def is_unique(self, columns: Iterable[str]) -> bool:
        """Say whether no two rows may agree in these columns."""
        given = set(columns)
        return any(unique <= given for unique in self.uniques)


@dataclass(frozen=True)
class Schema:
    """All tables and views of the schemas that a map speaks of."""

    tables: Mapping[TableId, TableFacts]

    @property
    def names(self) -> frozenset[str | None]:
        """List the schemas it was read from, None being the default one."""
        return frozenset(schema for schema, _ in self.tables)

    def pointing_at(self, target: TableId) -> Sequence[tuple[TableFacts, Reference]]:
        """List the foreign keys that lead to a table."""
        return [(t, r) for t in self.tables.values() for r in t.references if r.to == target]

    def reached_from(self, changed: Iterable[TableId]) -> set[TableId]:
        """Give these tables and all in which the database itself then changes rows, one behind the other."""
        reached, grown = set[TableId](), deque(changed)
        while grown:
            if (target := grown.popleft()) not in reached:
                reached.add(target)
                grown.extend(child.id for child, key in self.pointing_at(target) if key.changes_rows)
                # It does not say which it changes.
                grown.extend(self.tables if self.tables[target].is_view else ())
        return reached


def read_schema(connection: sa.Connection, schemas: Iterable[str | None]) -> Schema:
    """Read every table and view of these schemas, None being the default one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)  # types SQLAlchemy does not know are Kind.OTHER
        inspector = sa.inspect(connection)
        return Schema(
            {
                (schema, name): _read_table(connection, inspector, (schema, name), is_view=is_view)
                for schema in schemas
                for names, is_view in ((inspector.get_table_names, False), (inspector.get_view_names, True))
                for name in names(schema=schema)
            }
        )


def may_fire_triggers(connection: sa.Connection, schema: Schema, changed: Iterable[TableId]) -> bool:
    """Say whether a change of these tables, or what foreign keys make of it in others, could fire a trigger."""
    reached = {_folded_id(connection, id_) for id_ in schema.reached_from(changed)}
    return any(_folded_id(connection, id_) in reached for id_ in _triggered(connection, schema.names))


def _folded_id(connection: sa.Connection, id_: TableId) -> tuple[str, str]:
    """Write a table as any database compares it: a trigger may name it in another case."""
    schema, name = id_
    return (schema or str(connection.dialect.default_schema_name)).casefold(), name.casefold()


def _triggered(connection: sa.Connection, schemas: Iterable[str | None]) -> Iterator[TableId]:
    """List the tables of these schemas that have a trigger, or a part that has one."""
    if connection.dialect.name == "postgresql":
        yield from ((schema, name) for schema, name in connection.execute(_TRIGGERED_POSTGRESQL))
    elif connection.dialect.name == "sqlite":
        for schema in schemas:
            master = sa.table("sqlite_master", sa.column("tbl_name"), schema=schema or "main")
            names = sa.select(master.c.tbl_name).where(sa.column("type") == "trigger")
            yield from ((schema, name) for name in connection.scalars(names))
    else:
        triggers = sa.table(
            "triggers",
            sa.column("event_object_schema"),
            sa.column("event_object_table"),
            schema="information_schema",
        )
        here = [schema or connection.dialect.default_schema_name for schema in schemas]
        of_these = sa.select(*triggers.c).where(triggers.c.event_object_schema.in_(here))
        yield from ((schema, name) for schema, name in connection.execute(of_these))


def _read_table(
    connection: sa.Connection, inspector: Inspector, id_: TableId, *, is_view: bool
) -> TableFacts:
    schema, name = id_
    raw = connection.dialect.name == "sqlite"
    collates = connection.dialect.name in ROW_BY_ROW
    checked, folding = _checked_json(connection, id_), _folding(connection, id_) if collates else set()
    columns = {
        c["name"]: ColumnFacts(
            c["name"],
            c["type"],
            c["nullable"],
            checked_json=c["name"] in checked,
            folds_case=c["name"] in folding or type(c["type"]).__name__ == "CITEXT",
        )
        for c in inspector.get_columns(name, schema)
    }
    if is_view:
        return TableFacts(id_, columns, is_view=True, raw=raw, collates=collates)
    key = tuple(inspector.get_pk_constraint(name, schema)["constrained_columns"])
    indexes = _sqlite_indexes(connection, id_) if raw else _indexes(inspector, id_)
    uniques = [frozenset(index.columns) for index in indexes if index.unique]
    return TableFacts(
        id_,
        columns,
        key,
        uniques=(*({frozenset(key)} if key else ()), *uniques),
        references=_sqlite_references(connection, id_) if raw else _references(inspector, id_),
        led_by=frozenset(i.columns[0] for i in indexes if i.columns) | set(key[:1]),
        folded=_folded(columns, indexes),
        raw=raw,
        rolls_back=not collates or _rolls_back(connection, id_),
        collates=collates,
    )


def _checked_json(connection: sa.Connection, id_: TableId) -> set[str]:
    """List the columns that MariaDB keeps as text and checks to be JSON: what its JSON type is."""
    if not getattr(connection.dialect, "is_mariadb", False):
        return set()
    checks = _mariadb_checks(connection, id_)
    return {found[1] for check in checks if (found := _JSON_CHECK.fullmatch(check))}


def checks_of(connection: sa.Connection, id_: TableId) -> list[str]:
    """List the conditions of a table's CHECK constraints, as the database writes them."""
    if connection.dialect.name == "sqlite":
        return list(_sqlite_checks(connection, id_))
    if not getattr(connection.dialect, "is_mariadb", False):
        named = sa.inspect(connection).get_check_constraints(id_[1], schema=id_[0])
        return [check["sqltext"] for check in named]
    return _mariadb_checks(connection, id_)


def _mariadb_checks(connection: sa.Connection, id_: TableId) -> list[str]:
    listed = sa.text(  # SQLAlchemy shows none that has no name, and those of a column have none
        "SELECT check_clause FROM information_schema.check_constraints"
        " WHERE constraint_schema = :schema AND table_name = :table"
    )
    which = {"schema": id_[0] or connection.dialect.default_schema_name, "table": id_[1]}
    checks = connection.execute(listed, which).scalars()
    return [check.replace("\\'", "''") for check in checks]  # a quote as everybody else writes it


def _sqlite_checks(connection: sa.Connection, id_: TableId) -> Iterator[str]:
    """Read them out of the text of the table, which is all that SQLite keeps of them."""
    master = sa.table("sqlite_master", sa.column("name"), sa.column("sql"), schema=id_[0] or "main")
    text = connection.execute(sa.select(master.c.sql).where(master.c.name == id_[1])).scalar() or ""
    depth, since = 0, None
    for token in _SQL_TOKEN.finditer(text):
        if since is None:
            since, depth = (token.end(), 1) if token["check"] else (None, 0)
        elif token["round"] or token["check"]:
            depth += -1 if token["round"] == ")" else 1
            if depth == 0:
                yield text[since : token.start()]
                since = None


def _rolls_back(connection: sa.Connection, id_: TableId) -> bool:
    """Say whether the storage engine of a table knows transactions."""
    listed = sa.text(
        "SELECT e.transactions FROM information_schema.tables t JOIN information_schema.engines e"
        " ON e.engine = t.engine WHERE t.table_schema = :schema AND t.table_name = :table"
    )
    which = {"schema": id_[0] or connection.dialect.default_schema_name, "table": id_[1]}
    return connection.execute(listed, which).scalar() == "YES"


def _folding(connection: sa.Connection, id_: TableId) -> set[str]:
    """List the columns whose collation disregards case, named or the table's own."""
    listed = sa.text(
        "SELECT column_name FROM information_schema.columns"
        " WHERE table_schema = :schema AND table_name = :table AND collation_name LIKE '%\\_ci'"
    )
    which = {"schema": id_[0] or connection.dialect.default_schema_name, "table": id_[1]}
    return set(connection.execute(listed, which).scalars())


def _folded(columns: Mapping[str, ColumnFacts], indexes: Sequence[_Index]) -> frozenset[str]:
    led = (i.columns[0] for i in indexes if i.columns and (i.folds_case or columns[i.columns[0]].folds_case))
    return frozenset({*led, *(i.lowers for i in indexes if i.lowers)})


def _references(inspector: Inspector, id_: TableId) -> tuple[Reference, ...]:
    return tuple(
        Reference(
            tuple(key["constrained_columns"]),
            (key["referred_schema"], key["referred_table"]),
            tuple(key["referred_columns"]),
            *(str(key.get("options", {}).get(on) or "NO ACTION").upper() for on in ("ondelete", "onupdate")),
        )
        for key in inspector.get_foreign_keys(id_[1], id_[0])
    )


def _sqlite_references(connection: sa.Connection, id_: TableId) -> tuple[Reference, ...]:
    # The pragma knows what SQLite does; the text of the schema may be written in many ways.
    schema = id_[0] or "main"
    listed = connection.execute(
        sa.text(
            'SELECT id, "table", "from", "to", on_delete, on_update '
            "FROM pragma_foreign_key_list(:t, :s) ORDER BY id, seq"
        ),
        {"t": id_[1], "s": schema},
    )
    found = []
    for _, rows in itertools.groupby(listed.all(), key=lambda row: row[0]):
        _, table, _, to, on_delete, on_update = (parts := list(rows))[0]
        name, key = _sqlite_table(connection, schema, table)
        references = tuple(part[3] for part in parts) if to else key
        columns = tuple(part[2] for part in parts)
        found.append(Reference(columns, (id_[0], name), references, on_delete, on_update))
    return tuple(found)


def _sqlite_table(connection: sa.Connection, schema: str, table: str) -> tuple[str, tuple[str, ...]]:
    """Give the real name of a table named in any case, and its primary key."""
    named = sa.text("SELECT name FROM pragma_table_list WHERE schema = :s AND name = :t COLLATE NOCASE")
    name = connection.execute(named, {"s": schema, "t": table}).scalar() or table
    keys = sa.text("SELECT name FROM pragma_table_info(:t, :s) WHERE pk ORDER BY pk")
    return name, tuple(row[0] for row in connection.execute(keys, {"t": name, "s": schema}))


@dataclass(frozen=True, slots=True)
class _Index:
    columns: tuple[str, ...]  # empty if it begins with an expression
    unique: bool  # over just these columns and all rows
    folds_case: bool = False
    lowers: str | None = None  # the column whose lower(trim()) it begins with


def _indexes(inspector: Inspector, id_: TableId) -> list[_Index]:
    schema, name = id_
    found = [
        _Index(
            _up_to_expression(index["column_names"]),
            bool(index["unique"]) and None not in index["column_names"],
            lowers=_lowered(index.get("expressions", [])),
        )
        for index in inspector.get_indexes(name, schema)
    ]
    return found + [
        _Index(tuple(u["column_names"]), True) for u in inspector.get_unique_constraints(name, schema)
    ]


def _lowered(expressions: Sequence[str]) -> str | None:
    found = _LOWERED.fullmatch(expressions[0]) if expressions else None
    return found[1] if found else None


def _sqlite_indexes(connection: sa.Connection, id_: TableId) -> list[_Index]:
    # The pragmas also show indexes that constraints made, and the collation of each.
    found = []
    schema = id_[0] or "main"
    listed = connection.execute(
        sa.text('SELECT name, "unique", partial FROM pragma_index_list(:t, :s)'), {"t": id_[1], "s": schema}
    )
    for name, unique, partial in listed.all():
        rows = connection.execute(
            sa.text("SELECT name, coll FROM pragma_index_xinfo(:i, :s) WHERE key ORDER BY seqno"),
            {"i": name, "s": schema},
        ).all()
        whole = not partial and None not in [row[0] for row in rows]
        columns = () if partial else _up_to_expression([row[0] for row in rows])
        found.append(_Index(columns, bool(unique) and whole, rows[0][1] == "NOCASE"))
    return found


def _up_to_expression(columns: Sequence[str | None]) -> tuple[str, ...]:
    return tuple(name for name in itertools.takewhile(lambda name: name is not None, columns) if name)
