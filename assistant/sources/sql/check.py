"""Holds the map against the real schema, so that a gap is found before any request runs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.domain.plan import Hindrance
from assistant.interfaces import Finding
from assistant.sources.sql.layout import labels, linked_columns, named_columns, nearest, referred, target
from assistant.sources.sql.schema import Kind, TableFacts
from assistant.sources.sql.values import WITHOUT_CASE, can_be_dated, unfit_to_blank, unfit_to_lift

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from assistant.domain.data_map import DataMap, TableMap
    from assistant.sources.keeping import Retention
    from assistant.sources.sql.schema import Schema, TableFacts

_LIKE_EMAIL = re.compile(r"e[-_]?mail|courriel|^mail$|mail_?addr", re.IGNORECASE)


@dataclass(frozen=True)
class MapCheck:
    """Compares one source's map with what is really there; reads facts only."""

    source: str
    data_map: DataMap
    schema: Schema
    retention: Retention

    def findings(self) -> list[Finding]:
        """Give every line of `sources check`: errors, warnings, or one line that all is well."""
        found = [*self.unknown(), *self._misfits(), *self._warnings(), *self._forgotten()]
        fits = Finding("ok", self.source, "", f"{len(self.data_map.tables)} tables fit the map.")
        return found or [fits]

    def unknown(self) -> Iterator[Finding]:
        """Give what the map names and the database does not have; while there is any, nothing can run."""
        for label, table in labels(self.data_map):
            facts = self.schema.tables.get((table.table_schema, table.name))
            if facts is None:
                there = (name for schema, name in self.schema.tables if schema == table.table_schema)
                yield self._error(label, f"there is no such table; {nearest(table.name, there)}")
                continue
            for key, column in named_columns(table):
                if column not in facts.columns:
                    yield self._error(
                        f"{label}.{column}",
                        f"{key}: there is no such column; {nearest(column, facts.columns)}",
                    )
            yield from self._unknown_references(label, table)

    def _unknown_references(self, label: str, table: TableMap) -> Iterator[Finding]:
        """Give the columns of other tables that the map of this one names."""
        named = [(link, column) for link in table.links for column in link.references]
        for link, column in dict.fromkeys((*named, *linked_columns(table))):
            to = dict(labels(self.data_map))[target(self.data_map, table, link)]
            facts = self.schema.tables.get((to.table_schema, to.name))
            if facts and column not in facts.columns:
                mend = nearest(column, facts.columns)
                yield self._error(
                    label, f"its link leads to {to.name}.{column}, which does not exist; {mend}"
                )

    def _misfits(self) -> Iterator[Finding]:
        joining = referred(self.data_map)
        for label, table, facts in self._known():
            for where, text in misfits(label, table, facts, joining[label], self.retention):
                yield self._error(where, text)
            yield from self._for_good(label, table, facts)

    def _warnings(self) -> Iterator[Finding]:
        for label, table, facts in self._known():
            yield from self._without_index(label, table, facts)
            if table.account and table.identity and table.link:
                text = "an account with an identity column is found by that alone; its links are not followed"
                yield self._warning(label, text)
            yield from self._bare(label, table, facts)
            left = set(table.hidden) - set(table.erase if isinstance(table.erase, dict) else table.hidden)
            for column in sorted(left - set(table.keep.columns if table.keep else ())):
                yield self._warning(
                    f"{label}.{column}",
                    "is hidden and stays when the row is overwritten; say in erase how it goes",
                )

    def _bare(self, label: str, table: TableMap, facts: TableFacts) -> Iterator[Finding]:
        shown = facts.columns if table.exported == "all" else table.exported
        if bare := [
            name for name in shown if table.meanings and name not in {*table.meanings, *table.hidden}
        ]:
            text = f"no meaning of {', '.join(bare)}: people would read the bare name in their copy"
            yield self._warning(f"{label}.meanings", text)

    def _for_good(self, label: str, table: TableMap, facts: TableFacts) -> Iterator[Finding]:
        if table.restrict and (unfit := unfit_to_lift(facts, table.restrict)):
            yield self._error(f"{label}.{table.restrict.column}", unfit)

    def _without_index(self, label: str, table: TableMap, facts: TableFacts) -> Iterator[Finding]:
        for kind, columns in table.identity.items():
            for column in columns:
                folds = kind in WITHOUT_CASE and facts.columns[column].kind is not Kind.INTEGER
                if not facts.is_view and column not in (facts.folded if folds else facts.led_by):
                    what = _indexed(facts, column) if folds else column
                    mend = f"CREATE INDEX {table.name}_by_{column} ON {facts.name} ({what})"
                    yield self._warning(f"{label}.{column}", f"no index helps to find a person by it; {mend}")

    def _forgotten(self) -> Iterator[Finding]:
        named = {(table.table_schema, table.name) for table in self.data_map.tables}
        for id_, facts in self.schema.tables.items():
            if id_ in named or facts.is_view or {facts.name, id_[1]} & set(self.data_map.ignored):
                continue
            if columns := [name for name in facts.columns if _LIKE_EMAIL.search(name)]:
                text = "looks like an e-mail address and no line of the map mentions the table"
                yield self._error(f"{facts.name}.{columns[0]}", f"{text}; map it, or list it in ignored")
        there = {name for facts in self.schema.tables.values() for name in (facts.name, facts.id[1])}
        for name in self.data_map.ignored:
            if name not in there:
                yield self._warning(name, f"is ignored, and there is no such table; {nearest(name, there)}")

    def _known(self) -> Iterator[tuple[str, TableMap, TableFacts]]:
        for label, table in labels(self.data_map):
            facts = self.schema.tables.get((table.table_schema, table.name))
            if facts and all(column in facts.columns for _, column in named_columns(table)):
                yield label, table, facts

    def _error(self, where: str, text: str) -> Finding:
        return Finding("error", self.source, where, text)

    def _warning(self, where: str, text: str) -> Finding:
        return Finding("warning", self.source, where, text)


Misfit = tuple[str, str]  # where, what


def misfits(
    label: str, table: TableMap, facts: TableFacts, joining: frozenset[str], retention: Retention
) -> Iterator[Misfit]:
    """Give why erasure could not do to this table what its map says, or would leave something unsaid.

    `joining` are its columns that links of other tables lead to.
    """
    if facts.is_view:
        yield label, "is a view; map the tables behind it, and list the view in ignored"
        return
    if not facts.rolls_back:
        yield (
            label,
            "cannot be rolled back, so a step that fails would leave it half done; convert it to InnoDB",
        )
    if facts.key and not facts.is_unique(table.key):
        named, mend = ", ".join(table.key), nearest(table.key[0], facts.key)
        yield label, f"the key {named} does not tell its rows apart; {mend}"
    yield from _keep_misfits(label, table, facts, retention)
    if isinstance(table.erase, dict):
        for column, rule in table.erase.items():
            if unfit := unfit_to_blank(facts, column, rule):
                yield f"{label}.{column}", unfit
            if column in joining:
                yield f"{label}.{column}", "joins tables, so it is never overwritten; take it out of erase"
        yield from _unsaid(label, table, facts, joining)


def _keep_misfits(label: str, table: TableMap, facts: TableFacts, retention: Retention) -> Iterator[Misfit]:
    keep = table.keep
    if table.erase == "keep_untouched":
        yield (
            label,
            "erasure leaves it untouched and no rule says why; give it a keep rule, or say how it is erased",
        )
    if keep is None:
        return
    if keep.rule not in retention.rules:
        yield label, f"there is no retention rule {keep.rule}; {nearest(keep.rule, retention.rules)}"
    if table.erase == "delete":
        yield label, "keeps columns under a rule, so erase must say how each other column is overwritten"
    if not can_be_dated(facts, keep.counted_from):
        kind = facts.columns[keep.counted_from].kind
        yield (
            f"{label}.{keep.counted_from}",
            f"holds a {kind}, from which no period can be counted; name a date",
        )
    blanked = set(table.erase if isinstance(table.erase, dict) else ())
    for column in sorted(blanked & {*keep.columns, keep.counted_from}):
        yield f"{label}.{column}", "is kept under a rule and overwritten by erase; choose one"


def _unsaid(label: str, table: TableMap, facts: TableFacts, joining: frozenset[str]) -> Iterator[Misfit]:
    joined = [column for link in table.link for column in link.columns]
    kept = (*table.keep.columns, table.keep.counted_from) if table.keep else ()
    said: set[str] = {*table.key, *joined, *joining, *kept, *table.hidden, *table.stays, *table.erase}
    for column in facts.columns:
        if column not in said:
            text = (
                "would be left as it is by erasure and nothing says why; name it under erase, keep or stays"
            )
            yield f"{label}.{column}", text


def as_conflicts(table: str, found: Iterable[Misfit]) -> list[Hindrance]:
    """Say misfits of a table as conflicts of a plan."""
    return [_conflict(table, where, text) for where, text in found]


def _conflict(table: str, where: str, text: str) -> Hindrance:
    said = f"{where} {text}."
    if where == table:
        return Hindrance("map_table", said, table)
    return Hindrance("map", said, table, (where.removeprefix(f"{table}."),))


def _indexed(facts: TableFacts, column: str) -> str:
    """Say what an index must be made of to find a value whatever its case."""
    if facts.raw:
        return f"{column} COLLATE NOCASE"
    return column if facts.collates else f"lower(trim({column}))"
