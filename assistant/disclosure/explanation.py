"""What Article 15 wants said beside the copy, worked out for this one person from their tables."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from assistant.config import Authority
from assistant.disclosure.described import Described, grouped, own_rules
from assistant.domain.law import read_law

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from assistant.disclosure.facts import Column, CopiedTable, PackageFacts
    from assistant.disclosure.words import Words
    from assistant.domain.plan import Located


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of data and the tables that hold it."""

    name: str
    label: str
    tables: tuple[CopiedTable, ...]

    @property
    def rows(self) -> int:
        """Count the records."""
        return sum(table.rows for table in self.tables)


@dataclass(frozen=True, slots=True)
class Searched:
    """A system that was searched."""

    title: str
    tables: int
    copied: int
    empty: tuple[str, ...]


class Explanation(Described["CopiedTable"]):
    """Everything the page says, as values; nothing is said that settings, map or copy do not hold."""

    def __init__(self, facts: PackageFacts, tables: Sequence[CopiedTable], words: Words) -> None:
        """Take what was copied for whom."""
        super().__init__(facts.settings, tables, words)
        self.facts = facts

    # what is there

    @property
    def rows(self) -> int:
        """Count the records of the copy."""
        return sum(table.rows for table in self.tables)

    @cached_property
    def categories(self) -> list[Category]:
        """List the kinds of data, in the order of the sources (Article 15(1)(b))."""
        groups = grouped(self.tables, lambda table: table.category)
        return [Category(name, self._category(name), tuple(tables)) for name, tables in groups.items()]

    @property
    def own_kept(self) -> list[str]:
        """Say how long this desk keeps its own records."""
        say, span = self.words.say, self.words.span
        rules = own_rules(self.settings)
        return [say(f"own_retention.{rule.name}", span=span(rule)) for rule in rules.values()]

    @property
    def has_others(self) -> bool:
        """Say whether some of it came from other people or companies."""
        return any(table.origin == "third_party" for table in self.tables)

    def uses_on(self, basis: str) -> list[str]:
        """List the purposes that rest on one ground."""
        return [use.label for use in self.uses if use.basis == basis]

    # who answers, and how it was searched

    @property
    def authorities(self) -> list[Mapping[str, str]]:
        """Give name, address, telephone and web page of every authority (Article 77)."""
        return [_authority(entry) for entry in self.settings.controller.authorities]

    @property
    def searched_for(self) -> list[tuple[str, tuple[str, ...]]]:
        """List what was searched for, by kind; of a conversation only that it is one."""
        pairs = dict.fromkeys(pair for at in self.facts.plan.located for pair in _identifiers(at))
        groups = grouped(pairs, lambda pair: pair[0])
        return [
            (self.words.label("kinds", kind), tuple(value for _, value in found if kind != "conversation"))
            for kind, found in groups.items()
        ]

    @property
    def searched(self) -> list[Searched]:
        """List the systems, those without a record too."""
        return [self._searched(at) for at in self.facts.plan.located]

    def title(self, source: str) -> str:
        """Name a system in the person's language."""
        return self._naming.source(source, self.words.locale)

    @cached_property
    def withheld(self) -> tuple[str, ...]:
        """Say in whole sentences what is not in the copy, why, and under which article."""
        redacted = self._left_out("redacted", lambda table: table.redacted)
        partly = self._left_out("partly", lambda table: table.partly)
        if self.facts.portable_only:
            return (self.words.say("withheld.portable_only"), *redacted, *partly)
        return (*self._left_out("hidden", lambda table: table.hidden), *redacted, *partly)

    # how it is put

    def _received(self, table: CopiedTable) -> Iterable[str]:
        """Name those to whom rows of the copy went, as the plan found them recorded."""
        return self.facts.plan.received(table.source, table.table)

    def _left_out(self, how: str, columns: Callable[[CopiedTable], tuple[Column, ...]]) -> Iterator[str]:
        pairs = [(column.meaning, table) for table in self.tables for column in columns(table)]
        article = self.words.article("20(4)" if self.facts.portable_only else "15(4)")
        for (meaning, source), found in grouped(pairs, lambda pair: (pair[0], pair[1].source)).items():
            tables = [self.words.quoted(self.table_name(source, table.table)) for _, table in found]
            yield self.words.say(
                f"withheld.{how}",
                field=self.words.quoted(meaning),
                tables=self.words.listed(tables),
                system=self.title(source),
                article=article,
            )

    def _searched(self, at: Located) -> Searched:
        copied = sum(table.rows for table in self.tables if table.source == at.source)
        empty = tuple(self.table_name(at.source, table.table) for table in at.tables if not table.rows)
        return Searched(self.title(at.source), len(at.tables), copied, empty)


def rows_by_category(tables: Iterable[CopiedTable]) -> dict[str, int]:
    """Count the records by category."""
    rows: Counter[str] = Counter()
    for table in tables:
        rows[table.category] += table.rows
    return dict(rows)


def _identifiers(at: Located) -> Iterator[tuple[str, str]]:
    identity = at.identity
    yield from (("email", value) for value in identity.emails)
    yield from (("client_id", value) for value in identity.client_ids)
    yield from identity.others


def _authority(entry: str | Authority) -> Mapping[str, str]:
    if isinstance(entry, Authority):
        return entry.model_dump()
    known = read_law("authorities").get(entry, {"name": entry})
    given = {key: known.get(key, "") for key in ("name", "address", "phone")}
    return {**given, "web": known.get("website", "")}
