"""Whose rows: everything in a database that is the person's, found once and held while a transaction runs.

Tables that other tables hang on are held as sets of keys in temporary tables, so that deleting or overwriting
in any order never changes what is found, and so that links in either direction and in circles come to an end.
The rest, usually the large logs, is found through those sets when it is needed and never copied.
"""

from __future__ import annotations

from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from assistant.domain.plan import Account, Identity
from assistant.sources.sql_values import Condition, blanking, identifies, keyed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy.sql import Select

    from assistant.sources.sql_layout import Join, Layout, Mapped

_SHARED = "privacy_desk_shared"


class PersonRows:
    """The rows of one person, as conditions on each mapped table."""

    def __init__(self, connection: sa.Connection, layout: Layout) -> None:
        """Take the connection whose transaction holds the sets; `found` fills them."""
        self.connection = connection
        self.layout = layout
        self._sets: dict[str, sa.TableClause] = {}
        self._shared: set[str] = set()  # labels of sets with a shared row in them
        self._extra: list[str] = []

    # what is asked of it

    def theirs(self, mapped: Mapped) -> Condition:
        """Select every row that belongs to the person, shared ones too."""
        return self._select(mapped, [])

    def own(self, mapped: Mapped) -> Condition:
        """Select the rows that belong to the person and to nobody else."""
        return self._select(mapped, [0])

    def shared(self, mapped: Mapped) -> Condition:
        """Select the rows that are another person's as well."""
        return self._select(mapped, [1])

    def may_share(self, mapped: Mapped) -> bool:
        """Say whether any row of the table is shared."""
        held = {mapped.label} if mapped.label in self._sets else {join.to for join in mapped.joins}
        return bool(held & self._shared)

    def count(self, mapped: Mapped, condition: Condition) -> int:
        """Count rows of a table."""
        query = sa.select(sa.func.count()).select_from(mapped.clause).where(condition)
        return int(self.connection.execute(query).scalar_one())

    def accounts(self, source: str) -> Iterator[Account]:
        """List the rows that are accounts."""
        for mapped in self.layout:
            if mapped.map.account:
                label = [mapped.clause.c[mapped.map.label]] if mapped.map.label else [sa.literal("")]
                query = sa.select(*mapped.columns(mapped.map.key), *label).where(self.theirs(mapped))
                for *key, name in self.connection.execute(query.order_by(*mapped.columns(mapped.map.key))):
                    yield Account(source, mapped.label, tuple(map(str, key)), str(name or ""))

    def hold(self, mapped: Mapped, condition: Condition, columns: Iterable[str] = ()) -> sa.TableClause:
        """Hold the keys, and these columns, of some rows as they are now, until the end."""
        held = self._temporary(mapped, dict.fromkeys([*mapped.map.key, *columns]))
        self._extra.append(held.name)
        self._fill(held, mapped, condition)
        return held

    def extend(self, held: sa.TableClause, mapped: Mapped, condition: Condition) -> int:
        """Add to a held set the rows that are not in it yet; gives how many."""
        return self._fill(held, mapped, sa.and_(condition, sa.not_(self.among(mapped, held))))

    def among(self, mapped: Mapped, held: sa.TableClause) -> Condition:
        """Select the rows whose keys are in a held set."""
        return within(mapped, mapped.map.key, sa.select(*(held.c[name] for name in mapped.map.key)))

    # finding

    def find(self, identity: Identity, accounts: Sequence[Account] | None) -> None:
        """Fill the sets, from the accounts where they are known, else from what was proved."""
        for mapped in self.layout:
            if not _found_through_parent(self.layout, mapped):
                self._sets[mapped.label] = self._temporary(mapped, _needed(self.layout, mapped))
        grown = deque(
            m.label for m in self._held() if self._fill(self._sets[m.label], m, _seed(m, identity, accounts))
        )
        while grown:
            grown.extend(self._follow(grown.popleft(), accounts))
        self._mark_shared()

    def drop(self) -> None:
        """Remove the sets; nothing of ours stays on the connection."""
        for name in [*(held.name for held in self._sets.values()), *self._extra]:
            self.connection.execute(sa.text(_drop(self.connection.dialect.name, name)))

    def _held(self) -> list[Mapped]:
        return [self.layout.tables[label] for label in self._sets]

    def _select(self, mapped: Mapped, shared: Sequence[int]) -> Condition:
        if (held := self._sets.get(mapped.label)) is not None:
            return within(mapped, mapped.map.key, self._part(mapped.label, held, mapped.map.key, shared))
        joins = ((join, self._sets[join.to]) for join in mapped.joins)
        return sa.or_(
            *(within(mapped, j.columns, self._part(j.to, s, j.references, shared)) for j, s in joins)
        )

    def _part(
        self, label: str, held: sa.TableClause, columns: Iterable[str], shared: Sequence[int]
    ) -> Select[Any]:
        query = sa.select(*(held.c[name] for name in columns))
        if not shared or (shared == [0] and label not in self._shared):
            return query
        return query.where(held.c[_SHARED] == shared[0])

    def _temporary(self, mapped: Mapped, columns: Iterable[str]) -> sa.TableClause:
        name = f"privacy_desk_{len(self._sets) + len(self._extra)}"
        shape = sa.select(*mapped.columns(columns), sa.literal(0).label(_SHARED)).where(sa.false())
        rendered = shape.compile(self.connection, compile_kwargs={"literal_binds": True})
        self.connection.execute(sa.text(_drop(self.connection.dialect.name, name)))
        self.connection.exec_driver_sql(f"CREATE TEMPORARY TABLE {name} AS {rendered}")
        own = [sa.column(c.name, c.type) for c in mapped.columns(columns)]
        return sa.table(name, *own, sa.column(_SHARED, sa.Integer))

    def _fill(self, held: sa.TableClause, mapped: Mapped, condition: Condition) -> int:
        columns = [c.name for c in held.columns if c.name != _SHARED]
        rows = sa.select(*mapped.columns(columns), sa.literal(0)).where(condition)
        insert = sa.insert(held).from_select([*columns, _SHARED], rows)
        return self.connection.execute(insert, execution_options={"preserve_rowcount": True}).rowcount

    def _follow(self, label: str, accounts: Sequence[Account] | None) -> Iterator[str]:
        """Add what hangs on the rows of one table; gives the tables that grew."""
        for mapped, join in self.layout.linked_to[label]:
            held = self._sets.get(mapped.label)
            if held is None or mapped.stands_alone or (mapped.map.account and accounts is not None):
                continue
            reached = within(mapped, join.columns, self._part(label, self._sets[label], join.references, []))
            if self.extend(held, mapped, reached):
                yield mapped.label

    # sharing

    def _mark_shared(self) -> None:
        joins = [(m, j) for m in self._held() if not m.stands_alone for j in m.joins]
        for mapped, join in joins:
            if not _exclusive(self.layout, mapped, join):
                self._mark(mapped, join.columns, self._leading_from_others(mapped, join))
        marked = deque(self._shared)
        while marked:
            label = marked.popleft()
            hanging = [(m, j) for m, j in joins if j.to == label]
            marked.extend(
                m.label
                for m, j in hanging
                if self._mark(m, j.columns, self._part(label, self._sets[label], j.references, [1]))
            )

    def _mark(self, mapped: Mapped, columns: Sequence[str], leading: Select[Any]) -> int:
        held = self._sets[mapped.label]
        hit = _in([held.c[name] for name in columns], leading)
        done = self.connection.execute(
            sa.update(held).values({_SHARED: 1}).where(held.c[_SHARED] == 0, hit)
        ).rowcount
        if done:
            self._shared.add(mapped.label)
        return done

    def _leading_from_others(self, mapped: Mapped, join: Join) -> Select[Any]:
        """Select what rows of somebody else in the linking table lead to."""
        held, linking = self._sets[mapped.label], self.layout.tables[join.to]
        ours = sa.select(*(held.c[name] for name in join.columns))
        somebody_else = sa.not_(self.among(linking, self._sets[join.to]))
        return sa.select(*linking.columns(join.references)).where(
            within(linking, join.references, ours), somebody_else, sa.not_(_erased(linking))
        )


@contextmanager
def person_rows(
    connection: sa.Connection, layout: Layout, identity: Identity, accounts: Sequence[Account] | None
) -> Iterator[PersonRows]:
    """Hold the rows of one person: of these accounts, or of whoever the identity matches."""
    rows = PersonRows(connection, layout)
    rows.find(identity, accounts)
    yield rows
    rows.drop()


def within(mapped: Mapped, columns: Sequence[str], keys: Select[Any]) -> Condition:
    """Select the rows of a table whose columns are among the keys."""
    return _in(mapped.columns(columns), keys)


def _in(columns: Sequence[sa.ColumnElement[Any]], keys: Select[Any]) -> Condition:
    return columns[0].in_(keys) if len(columns) == 1 else sa.tuple_(*columns).in_(keys)


def _seed(mapped: Mapped, identity: Identity, accounts: Sequence[Account] | None) -> Condition:
    if mapped.map.account and accounts is not None:
        keys = [account.key for account in accounts if account.table == mapped.label]
        return keyed(mapped.facts, mapped.map.key, keys)
    return sa.or_(
        sa.false(),
        *(
            identifies(mapped.facts, column, kind, identity.values(kind))
            for kind, columns in mapped.map.identity.items()
            for column in columns
        ),
    )


def _needed(layout: Layout, mapped: Mapped) -> tuple[str, ...]:
    """List the columns a set must hold: its key, what others refer to and what it refers by."""
    referred = [name for _, join in layout.linked_to[mapped.label] for name in join.references]
    return tuple(
        dict.fromkeys([*mapped.map.key, *referred, *(c for join in mapped.joins for c in join.columns)])
    )


def _found_through_parent(layout: Layout, mapped: Mapped) -> bool:
    """Say whether a table needs no set: nothing hangs on it, and each row hangs on one row of one table."""
    alone = not mapped.map.account and not layout.linked_to[mapped.label]
    return alone and _exclusive(layout, mapped, mapped.joins[0]) if mapped.joins else False


def _exclusive(layout: Layout, mapped: Mapped, join: Join) -> bool:
    return not mapped.map.identity and len(mapped.joins) == 1 and _unique(layout, join)


def _unique(layout: Layout, join: Join) -> bool:
    return layout.tables[join.to].facts.is_unique(join.references)


def _erased(mapped: Mapped) -> Condition:
    """Select the shells left of people erased before: they are nobody any more."""
    if not isinstance(mapped.map.erase, dict):
        return sa.false()
    rules = mapped.map.erase.items()
    if not any(rule.how in {"random", "random_email"} for _, rule in rules):
        return sa.false()
    return sa.and_(*(blanking(mapped.facts, name, rule, bytes).done for name, rule in rules))


def _drop(dialect: str, name: str) -> str:
    if dialect in {"mysql", "mariadb"}:
        return f"DROP TEMPORARY TABLE IF EXISTS {name}"
    return f"DROP TABLE IF EXISTS {'temp' if dialect == 'sqlite' else 'pg_temp'}.{name}"
