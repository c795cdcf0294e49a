"""Whose rows: everything in a database that is the person's, found once and held while a transaction runs.

Tables that other tables hang on are held as sets of keys, so that deleting or overwriting in any order never
changes what is found, and so that links in either direction and in circles come to an end.
The rest, usually the large logs, is found through those sets when it is needed and never copied.
"""

from __future__ import annotations

from collections import deque
from contextlib import contextmanager
from itertools import chain, count
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from assistant.domain.plan import Account, Identity
from assistant.sources.sql.sets import Held, Sets, within
from assistant.sources.sql.values import NEVER, Condition, either, identified, keyed, sought

_REACHED_BY = frozenset({"email", "phone"})  # several may use one, so no other system is searched for them

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy.sql import Select

    from assistant.sources.sql.layout import Join, Layout, Mapped


class PersonRows:
    """The rows of one person, as conditions on each mapped table."""

    def __init__(self, connection: sa.Connection, layout: Layout) -> None:
        """Take the connection whose transaction holds the sets; `find` fills them."""
        self.connection = connection
        self.layout = layout
        self.sets = Sets(connection, layout.said, layout.asked)
        self._found: dict[str, Held] = {}
        self._held = 0

    # what is asked of it

    def theirs(self, mapped: Mapped) -> Condition:
        """Select every row that belongs to the person, shared ones too."""
        return self._select(mapped, shared=None)

    def own(self, mapped: Mapped) -> Condition:
        """Select the rows that belong to the person and to nobody else."""
        return self._select(mapped, shared=False)

    def number(self, mapped: Mapped, *, shared: bool = False) -> int:
        """Count the rows, or the shared rows, that were found in a table."""
        if held := self._found.get(mapped.label):
            return held.shared if shared else held.size
        condition = self._select(mapped, shared=shared or None)
        if condition is NEVER:
            return 0
        count = sa.select(sa.func.count()).select_from(mapped.clause)
        said = self.sets.say(("number", mapped.label, shared), lambda: count.where(condition))
        return int(said.scalar_one())

    def count(self, mapped: Mapped, condition: Condition) -> int:
        """Count rows of a table as they are now."""
        if condition is NEVER:
            return 0
        query = sa.select(sa.func.count()).select_from(mapped.clause).where(condition)
        return int(self.connection.execute(query).scalar_one())

    def selected(self, mapped: Mapped, columns: Sequence[str], condition: Condition) -> Select[Any]:
        """Select columns of some rows, from the set if it holds them: its table may be large, and planners guess."""
        held = self._found.get(mapped.label)
        if held and held.has(columns) and condition.compare(self.own(mapped)):
            return held.keys(columns, shared=False)
        return sa.select(*mapped.columns(columns)).where(condition)

    def hold(self, mapped: Mapped, condition: Condition, columns: Iterable[str] = ()) -> Held:
        """Hold the keys, and these columns, of some rows as they are now, until the end."""
        self._held += 1
        held = self.sets.make(mapped, tuple(dict.fromkeys([*mapped.map.key, *columns])), f"held_{self._held}")
        self.sets.fill(held, condition)
        return held

    def accounts(self, source: str) -> Iterator[Account]:
        """List the rows that are accounts."""
        for mapped in self.layout:
            if mapped.map.account and mapped.label in self._found:
                label = [mapped.clause.c[mapped.map.label]] if mapped.map.label else [sa.literal("")]
                key = mapped.columns(mapped.map.key)
                query = sa.select(*key, *label).where(self.theirs(mapped)).order_by(*key)
                for *values, name in self.connection.execute(query):
                    yield Account(source, mapped.label, tuple(map(str, values)), str(name or ""))

    def ids(self) -> Iterator[tuple[str, str]]:
        """Give kind and value of what identifies the person's own rows, beside how they are reached."""
        for mapped in self.layout:
            own = self.own(mapped)
            for kind, columns in mapped.map.identity.items():
                if own is not NEVER and kind not in _REACHED_BY:
                    for column in map(mapped.clause.c.__getitem__, columns):
                        query = sa.select(column).where(own, column.is_not(None)).distinct()
                        yield from ((kind, str(value)) for value in self.connection.scalars(query))

    def _select(self, mapped: Mapped, *, shared: bool | None) -> Condition:
        if not self.layout.hangs_on_one_row(mapped):
            held = self._found.get(mapped.label)
            return held.rows(shared=shared) if held else NEVER
        join = mapped.joins[0]
        parent = self._found.get(join.to)
        if not parent or not parent.size or (shared and not parent.shared):
            return NEVER
        return within(mapped, join.columns, parent.keys(join.references, shared=shared))

    # finding

    def find(self, identity: Identity, accounts: Sequence[Account] | None) -> None:
        """Fill the sets, from the accounts where they are known, else from what was proved."""
        for mapped in self.layout:
            if mapped.map.account and accounts is not None:
                keys = [account.key for account in accounts if account.table == mapped.label]
                if keys:
                    self.sets.fill(self._set(mapped), keyed(mapped.facts, mapped.map.key, keys))
            else:
                self._find_identified(mapped, identity)
        grown = deque(label for label, held in self._found.items() if held.size)
        while grown:
            grown.extend(self._follow(grown.popleft(), accounts))
        self._mark_shared()

    def _find_identified(self, mapped: Mapped, identity: Identity) -> None:
        found = {
            (kind, column): values
            for kind, columns in mapped.map.identity.items()
            for column in columns
            if (values := sought(mapped.facts, column, kind, identity.values(kind)))
        }
        if not found:
            return

        def named() -> Condition:
            numbers = count()
            return either(
                *(
                    identified(mapped.facts, column, kind, [_placeholder(next(numbers), v) for v in values])
                    for (kind, column), values in found.items()
                )
            )

        key = ("identified", mapped.label, *((*which, len(values)) for which, values in found.items()))
        named_values = {_name(n): v for n, v in enumerate(chain.from_iterable(found.values()))}
        self.sets.fill_by(self._set(mapped), key, named, named_values)

    def _set(self, mapped: Mapped) -> Held:
        if mapped.label not in self._found:
            columns, number = self.layout.needed[mapped.label], self.layout.numbers[mapped.label]
            self._found[mapped.label] = self.sets.make(mapped, columns, f"found_{number}")
        return self._found[mapped.label]

    def _follow(self, label: str, accounts: Sequence[Account] | None) -> Iterator[str]:
        """Add what hangs on the rows of one table; gives the tables that grew."""
        for mapped, join in self.layout.linked_to[label]:
            known = mapped.map.account and accounts is not None
            if known or mapped.stands_alone or self.layout.hangs_on_one_row(mapped):
                continue
            if self.sets.follow(self._set(mapped), join.columns, self._found[label], join.references):
                yield mapped.label

    # sharing

    def _mark_shared(self) -> None:
        links = [
            (held, join)
            for held in self._found.values()
            if held.size and not held.mapped.stands_alone
            for join in held.mapped.joins
        ]
        for held, join in links:
            if not self.layout.leads_to_one_row(held.mapped, join):
                self._mark_by_others(held, join)
        marked = deque(held for held in self._found.values() if held.shared)
        while marked:
            parent = marked.popleft()
            for held, join in links:
                if join.to == parent.mapped.label:
                    leading = parent.keys(join.references, shared=True)
                    done = self.connection.execute(held.sharing(join.columns, leading)).rowcount
                    held.shared += done
                    marked.extend([held] if done else [])

    def _mark_by_others(self, held: Held, join: Join) -> None:
        linking, ours = self.layout.tables[join.to], self._found.get(join.to)

        def sharing() -> sa.Update:
            return held.sharing_where(self._is_of_others(held, join, linking, ours))

        key = ("share", held.clause.name, join, bool(ours and ours.size))
        held.shared += self.sets.say(key, sharing).rowcount

    def _is_of_others(self, held: Held, join: Join, linking: Mapped, ours: Held | None) -> Condition:
        """Tell of a held row whether a row of somebody else in the linking table leads to it.

        Asked row by row: where a column is empty in nearly every row, planners would rather read the whole table.
        """
        leads = zip(linking.columns(join.references), join.columns, strict=True)
        theirs = sa.select(sa.literal(1)).where(
            *(column == held.clause.c[name] for column, name in leads),
            sa.not_(ours.rows() if ours else NEVER),
            sa.not_(self.layout.shells[join.to]),
        )
        return sa.exists(theirs.select_from(linking.clause).correlate(held.clause))


@contextmanager
def person_rows(
    connection: sa.Connection,
    layout: Layout,
    identity: Identity,
    accounts: Sequence[Account] | None,
) -> Iterator[PersonRows]:
    """Hold the rows of one person: of these accounts, or of whoever the identity matches."""
    rows = PersonRows(connection, layout)
    rows.find(identity, accounts)
    yield rows
    rows.sets.drop()


def _name(number: int) -> str:
    return f"sought_{number}"


def _placeholder(number: int, value: str | int) -> sa.BindParameter[str | int]:
    return sa.bindparam(_name(number), type_=sa.Integer() if isinstance(value, int) else sa.String())
