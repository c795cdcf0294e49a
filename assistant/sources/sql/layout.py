"""The map laid over the schema: what every statement about a person is built from."""

from __future__ import annotations

import difflib
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from assistant.domain.recipients import Recorded
from assistant.sources.sql.values import NEVER, Condition, blanking, both, unfit_to_blank

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import sqlalchemy as sa

    from assistant.domain.data_map import DataMap, TableMap
    from assistant.domain.link import Link
    from assistant.domain.recipients import Recipient
    from assistant.sources.sql.schema import Schema, TableFacts, TableId


@dataclass(frozen=True, slots=True)
class Join:
    """A link of the map with the table it leads to made certain."""

    columns: tuple[str, ...]
    to: str
    references: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Mapped:
    """One mapped table: its name in plans, its map, its facts and its links."""

    label: str
    map: TableMap
    facts: TableFacts
    joins: tuple[Join, ...]
    needs: tuple[Join, ...] = ()  # to the rows whose running services need those of this table
    # Recipient -> tables its links lead to.
    evidence: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def clause(self) -> sa.TableClause:
        """Give the table for use in statements."""
        return self.facts.clause

    @property
    def title(self) -> str:
        """Give what people call it: its title, or its name in plans."""
        return self.map.title or self.label

    def place(self, column: str) -> str:
        """Give what people call one of its columns, with the table."""
        named = self.map.meanings.get(column, column)
        return f"{self.map.title}: {named}" if self.map.title else f"{self.label}.{column}"

    def columns(self, names: Iterable[str]) -> list[sa.ColumnClause[Any]]:
        """Give some of its columns for use in statements."""
        return [self.clause.c[name] for name in names]

    @property
    def stands_alone(self) -> bool:
        """Say whether its rows are accounts by themselves: only what was proved makes them the person's."""
        return self.map.account and bool(self.map.identity)

    @cached_property
    def exported(self) -> tuple[str, ...]:
        """List the columns a disclosure shows, in the order of the map."""
        wanted = tuple(self.facts.columns) if self.map.exported == "all" else self.map.exported
        return tuple(name for name in wanted if name not in self.map.hidden)


def labels(data_map: DataMap) -> list[tuple[str, TableMap]]:
    """Name every mapped table; two of the same name are told apart by their schema."""
    twice = {name for name, times in Counter(t.name for t in data_map.tables).items() if times > 1}
    return [
        (f"{t.table_schema}.{t.name}" if t.table_schema and t.name in twice else t.name, t)
        for t in data_map.tables
    ]


def target(data_map: DataMap, table: TableMap, link: Link) -> str:
    """Name the table a link leads to; of two with that name the one in the same schema."""
    named = [(label, t) for label, t in labels(data_map) if t.name == link.to]
    return next((label for label, t in named if t.table_schema == table.table_schema), named[0][0])


def referred(data_map: DataMap) -> Mapping[str, frozenset[str]]:
    """List, per table, the columns that links of the map lead to: they join tables and are never blanked."""
    named = dict(labels(data_map))
    leading = [(target(data_map, t, link), link.references) for t in named.values() for link in t.link]
    return {label: frozenset(c for to, columns in leading if to == label for c in columns) for label in named}


@dataclass(frozen=True)
class Layout:
    """Every mapped table over its facts, and the whole schema around them."""

    tables: Mapping[str, Mapped]
    schema: Schema
    # Statements rendered once: those without values, and those that take some.
    said: dict[tuple[object, ...], str] = field(default_factory=dict)
    asked: dict[tuple[object, ...], sa.Compiled] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Mapped]:
        """Go through the mapped tables in the order of the map."""
        return iter(self.tables.values())

    @cached_property
    def by_id(self) -> Mapping[TableId, Mapped]:
        """Find a mapped table by where it stands in the database."""
        return {mapped.facts.id: mapped for mapped in self}

    @cached_property
    def linked_to(self) -> Mapping[str, tuple[tuple[Mapped, Join], ...]]:
        """List, for each table, the links of others (and its own) that lead to it."""
        return {
            label: tuple((m, join) for m in self for join in m.joins if join.to == label)
            for label in self.tables
        }

    @cached_property
    def needed_by(self) -> Mapping[str, tuple[tuple[Mapped, Join], ...]]:
        """List, for each table, the tables whose rows a running service needs once it needs one of this table."""
        return {
            label: tuple((m, join) for m in self for join in m.needs if join.to == label)
            for label in self.tables
        }

    @cached_property
    def shells(self) -> Mapping[str, Condition]:
        """Select, per table, what is left of people erased before: those are nobody any more."""
        return {label: _shell(mapped) for label, mapped in self.tables.items()}

    def hangs_on_one_row(self, mapped: Mapped) -> bool:
        """Say whether each row of a table is found through one row of one other, and nothing through it."""
        alone = not mapped.map.account and not self.linked_to[mapped.label]
        return alone and bool(mapped.joins) and self.leads_to_one_row(mapped, mapped.joins[0])

    def leads_to_one_row(self, mapped: Mapped, join: Join) -> bool:
        """Say whether a row belongs to whoever one row of the linked table does, and to nobody else."""
        only = not mapped.map.identity and len(mapped.joins) == 1
        return only and self.tables[join.to].facts.is_unique(join.references)

    @cached_property
    def needed(self) -> Mapping[str, tuple[str, ...]]:
        """List, per table, the columns a set of its rows must hold: its key, what others refer to, what it refers by."""
        return {label: self._needed(mapped) for label, mapped in self.tables.items()}

    def _needed(self, mapped: Mapped) -> tuple[str, ...]:
        own = (name for join in mapped.joins for name in join.columns)
        return tuple(dict.fromkeys([*mapped.map.key, *sorted(self.joining(mapped)), *own]))

    def joining(self, mapped: Mapped) -> frozenset[str]:
        """List its columns that links lead to."""
        return frozenset(name for _, join in self.linked_to[mapped.label] for name in join.references)

    @cached_property
    def numbers(self) -> Mapping[str, int]:
        """Number each table by its place in the map."""
        return {label: number for number, label in enumerate(self.tables)}


def _shell(mapped: Mapped) -> Condition:
    rules = mapped.map.erase.items() if isinstance(mapped.map.erase, dict) else ()
    if not any(rule.how in {"random", "random_email"} for _, rule in rules):
        return NEVER
    blanks = [(name, rule) for name, rule in rules if unfit_to_blank(mapped.facts, name, rule) is None]
    return both(*(blanking(mapped.facts, name, rule, bytes).done for name, rule in blanks))


def lay_out(data_map: DataMap, schema: Schema) -> Layout:
    """Lay a map over a schema that holds every table it names; KeyError if one is missing."""
    return Layout(
        {
            label: Mapped(
                label,
                table,
                schema.tables[table.table_schema, table.name],
                _joins(data_map, table, table.link),
                _joins(data_map, table, table.needed_by_service.link if table.needed_by_service else ()),
                {r.name: tuple(target(data_map, table, k) for k in r.link) for r in table.recipients},
            )
            for label, table in labels(data_map)
        },
        schema,
    )


def _joins(data_map: DataMap, table: TableMap, links: Iterable[Link]) -> tuple[Join, ...]:
    return tuple(Join(k.columns, target(data_map, table, k), k.references) for k in links)


def named_columns(table: TableMap) -> Iterator[tuple[str, str]]:
    """Go through every column a table's map names, with the key of the map that names it."""
    lists: dict[str, Iterable[str]] = {
        "key": table.key,
        "hidden": table.hidden,
        "portable": table.portable,
        "redacted": table.redacted,
        "free_text": table.free_text,
        "meanings": (name.partition("@")[0] for name in table.meanings),  # "column@fr" is the French text
        "stays": table.stays,
        "exported": () if table.exported == "all" else table.exported,
        "erase": table.erase if isinstance(table.erase, dict) else (),
        "keep": (*table.keep.columns, table.keep.counted_from) if table.keep else (),
        "link": [c for link in table.link for c in link.columns],
        "needed_by_service": [
            c
            for needed in [table.needed_by_service]
            if needed
            for c in (*needed.columns, *(c for link in needed.link for c in link.columns))
        ],
        "identity": [c for columns in table.identity.values() for c in columns],
        "rectifiable": table.rectified().values(),
        "contacts": [c for k in table.contacts for c in (k.column, k.changed) if c],
        "label": [table.label] if table.label else (),
        "recipients": [c for r in table.recipients for c in _own_columns(r)],
        "restrict": [table.restrict.column] if table.restrict else (),
        "stop": [flag.column for flag in table.stop.values() if flag != "delete"],
        "agreed_at": table.agreed_at.values(),
        "active_when": [c for a in [table.active_when] if a for c in (a.column, a.until, a.label) if c],
    }
    return ((key, column) for key, columns in lists.items() for column in columns)


def _own_columns(recipient: Recipient) -> Iterator[str]:
    """Go through the columns of the table itself that say something of a recipient."""
    yield from recipient.columns
    if recipient.link:
        yield from recipient.link[0].columns
    else:
        yield from _showing(recipient)


def _showing(recipient: Recipient) -> Iterator[str]:
    if isinstance(recipient.when, Recorded):
        yield recipient.when.column
    yield from recipient.known_by.values()


def linked_columns(table: TableMap) -> Iterator[tuple[Link, str]]:
    """Go through the columns of other tables that say something of a recipient, each with the link that leads there."""
    for recipient in table.recipients:
        for link, beyond in zip(recipient.link, (*recipient.link[1:], None), strict=False):
            yield from ((link, column) for column in (beyond.columns if beyond else _showing(recipient)))


def nearest(name: str, existing: Iterable[str]) -> str:
    """Give the mend for an unknown name: the closest one there is, or the list of all."""
    there = sorted(existing)
    close = difflib.get_close_matches(name.lower(), [t.lower() for t in there], n=1)
    if close:
        return f"did you mean {next(t for t in there if t.lower() == close[0])}?"
    return f"there are: {', '.join(there) or 'none'}"
