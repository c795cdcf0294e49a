"""Sets of rows, held by key in temporary tables, so that what was found stays found while it is changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.sql.compiler import SQLCompiler

from assistant.sources.sql.engine import ROW_BY_ROW, WRITES
from assistant.sources.sql.values import NEVER, Condition, both

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sqlalchemy.sql import Select
    from sqlalchemy.sql.compiler import IdentifierPreparer

    from assistant.sources.sql.layout import Mapped

_SHARED = "privacy_desk_shared"
_KEPT_BY_ROLLBACK = {"mysql", "mariadb"}  # there a rollback leaves temporary tables in place
_COUNTED = {"preserve_rowcount": True}


@dataclass(eq=False)
class Held:
    """Some rows of a mapped table; `shared` of them are another person's as well."""

    mapped: Mapped
    clause: sa.TableClause
    size: int = 0
    shared: int = 0

    def keys(self, columns: Iterable[str], *, shared: bool | None = None) -> Select[Any]:
        """Select these columns of all, of the shared, or of the other rows."""
        query = sa.select(*(self.clause.c[name] for name in columns))
        if shared is None or not (shared or self.shared):
            return query
        return query.where(self.clause.c[_SHARED] == int(shared))

    def has(self, columns: Iterable[str]) -> bool:
        """Say whether it holds these columns of its rows."""
        return {*columns} <= {*self.clause.c.keys()}

    def rows(self, *, shared: bool | None = None) -> Condition:
        """Select the rows of the mapped table that are held."""
        if not self.size or (shared and not self.shared):
            return NEVER
        return within(self.mapped, self.mapped.map.key, self.keys(self.mapped.map.key, shared=shared))

    def adding(self, condition: Condition) -> sa.Insert:
        """Add the rows that fit and are not held yet."""
        columns = [c.name for c in self.clause.columns if c.name != _SHARED]
        rows = sa.select(*self.mapped.columns(columns), sa.literal(0))
        if self.size:
            condition = both(condition, sa.not_(self.rows()))
        return sa.insert(self.clause).from_select([*columns, _SHARED], rows.where(condition))

    def sharing(self, columns: Sequence[str], others: Select[Any]) -> sa.Update:
        """Mark as shared the rows whose columns are among what others lead to."""
        return self.sharing_where(among([self.clause.c[name] for name in columns], others))

    def sharing_where(self, condition: Condition) -> sa.Update:
        """Mark as shared the held rows that fit."""
        return sa.update(self.clause).values({_SHARED: 1}).where(self.clause.c[_SHARED] == 0, condition)


@dataclass(eq=False)
class Sets:
    """The temporary tables of one transaction."""

    connection: sa.Connection
    said: dict[tuple[object, ...], str]  # statements without values of a person, rendered once per layout
    asked: dict[tuple[object, ...], sa.Compiled]  # those that take values, rendered once for a number of them
    _made: list[str] = field(default_factory=list)

    def make(self, mapped: Mapped, columns: tuple[str, ...], name: str) -> Held:
        """Make an empty set with these columns; its name must be its own."""
        dialect = self.connection.dialect
        name = f"privacy_desk_{name}"
        if dialect.name in _KEPT_BY_ROLLBACK:
            self.connection.exec_driver_sql(_drop(dialect.name, name))
        key = ("make", name, mapped.label, columns)
        if key not in self.said:
            self.said[key] = _making(dialect.identifier_preparer, mapped, columns, name)
        self.connection.exec_driver_sql(self.said[key])
        self._made.append(name)
        own = [sa.column(c.name, c.type) for c in mapped.columns(columns)]
        return Held(mapped, sa.table(name, *own, sa.column(_SHARED, sa.Integer)))

    def drop(self) -> None:
        """Remove the sets where the end of the transaction does not; nothing of ours stays behind."""
        dialect, commits = self.connection.dialect.name, self.connection.get_execution_options().get(WRITES)
        if commits or dialect in _KEPT_BY_ROLLBACK:
            for name in self._made:
                self.connection.exec_driver_sql(_drop(dialect, name))

    def fill(self, held: Held, condition: Condition) -> int:
        """Add the rows that fit and are not held yet; gives how many."""
        if condition is NEVER:
            return 0
        return self._grown(held, self.connection.execute(held.adding(condition), execution_options=_COUNTED))

    def fill_by(
        self,
        held: Held,
        key: tuple[object, ...],
        build: Callable[[], Condition],
        values: Mapping[str, str | int],
    ) -> int:
        """Add the rows that fit; equal keys mean equal conditions, but for the values. Gives how many."""
        if key not in self.asked:
            self.asked[key] = held.adding(build()).compile(self.connection)
        said = self.asked[key]
        every: Any = said.construct_params(dict(values))
        names = said.positiontup if isinstance(said, SQLCompiler) else None
        taken = every if names is None else tuple(every[name] for name in names)
        return self._grown(
            held, self.connection.exec_driver_sql(str(said), taken, execution_options=_COUNTED)
        )

    def follow(self, held: Held, columns: tuple[str, ...], parent: Held, references: tuple[str, ...]) -> int:
        """Add the rows whose columns lead to held rows of another table; gives how many."""

        def adding() -> sa.Insert:
            return held.adding(within(held.mapped, columns, parent.keys(references)))

        return self._grown(
            held,
            self.say(
                ("follow", held.clause.name, columns, parent.clause.name, references, held.size > 0), adding
            ),
        )

    def say(self, key: tuple[object, ...], build: Callable[[], sa.ClauseElement]) -> sa.CursorResult[Any]:
        """Run a statement that holds no value of a person; equal keys mean equal statements."""
        if key not in self.said:
            self.said[key] = str(build().compile(self.connection, compile_kwargs={"literal_binds": True}))
        return self.connection.exec_driver_sql(self.said[key], execution_options=_COUNTED)

    def _grown(self, held: Held, done: sa.CursorResult[Any]) -> int:
        held.size += done.rowcount
        return done.rowcount


def within(mapped: Mapped, columns: Sequence[str], keys: Select[Any]) -> Condition:
    """Select the rows of a table whose columns are among the keys."""
    return among(mapped.columns(columns), keys)


def among(columns: Sequence[sa.ColumnElement[Any]], keys: Select[Any]) -> Condition:
    """Compare one or several columns with the keys."""
    return columns[0].in_(keys) if len(columns) == 1 else sa.tuple_(*columns).in_(keys)


def by_index(connection: sa.Connection, change: sa.Update | sa.Delete) -> sa.Update | sa.Delete:
    """Let a change of a table find its rows by an index, whatever database carries it out.

    MySQL and MariaDB run the subquery of a change again for each row of its table, and lock them all, unless the change
    is written as one that may be of several tables: then they plan it as they would a SELECT.
    """
    if connection.dialect.name not in ROW_BY_ROW:
        return change
    if isinstance(change, sa.Update):
        return change.prefix_with("(SELECT 1) AS privacy_desk_one,")
    name = connection.dialect.identifier_preparer.format_table(change.table)
    return change.prefix_with(sa.literal_column(name))


def _making(quote: IdentifierPreparer, mapped: Mapped, columns: Sequence[str], name: str) -> str:
    shape = ", ".join([*map(quote.quote, columns), f"0 AS {_SHARED}"])
    return f"CREATE TEMPORARY TABLE {name} AS SELECT {shape} FROM {quote.format_table(mapped.clause)} WHERE 1 = 0"


def _drop(dialect: str, name: str) -> str:
    if dialect in _KEPT_BY_ROLLBACK:
        return f"DROP TEMPORARY TABLE IF EXISTS {name}"
    return f"DROP TABLE IF EXISTS {'temp' if dialect == 'sqlite' else 'pg_temp'}.{name}"
