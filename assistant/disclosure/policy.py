"""What the maps say of everybody's data, for whoever asks about the policy: nobody's rows are read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from assistant.disclosure.described import Described, grouped, own_rules
from assistant.domain import own_records
from assistant.naming import Naming

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from assistant.config import Settings
    from assistant.disclosure.words import Words
    from assistant.naming import AnyTable

Where = tuple[str, str]  # source, table
Labels = tuple[list[str], list[str], list[str]]  # titles, parts of the kind of data, columns

_TOLD_OF_OWN: Final = ("case_message", "case_record", "support_message")
_PARTS: Final = re.compile(r"[:,;]|\s(?:and|et)\s")
_CLAUSE: Final = re.compile(r"\d+(?:\.\d+)*")


@dataclass(frozen=True, slots=True)
class Mapped:
    """A table as its map describes it."""

    source: str
    table: str
    category: str
    purpose: str
    origin: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an answer; `clause` is that of the policy, where the catalogue names one."""

    text: str
    more: str = ""
    clause: str = ""


class Policy(Described[Mapped]):
    """The facts of the policy, of all data or of some kinds."""

    def __init__(self, settings: Settings, words: Words, chosen: Collection[Where] = ()) -> None:
        """Take the tables that it is asked of; none means all."""
        tables = [table for table in _mapped(settings) if not chosen or (table.source, table.table) in chosen]
        super().__init__(settings, tables, words)

    def data(self) -> list[Line]:
        """List the kinds of data, each with its clause."""
        names = dict.fromkeys(table.category for table in self.tables)
        known = self._known.categories
        clauses = {name: known[name].clause for name in names if name in known}
        return [Line(self._category(name), clause=_number(clauses.get(name, ""))) for name in names]

    def purposes(self) -> list[Line]:
        """List the purposes, each with the ground that it rests on."""
        return [Line(use.label, ", ".join(filter(None, (use.ground, use.article)))) for use in self.uses]

    def retention(self) -> list[Line]:
        """Say how long each kind is kept; of what a law keeps, with its clause."""
        periods = grouped((t for t in self.tables if not self._naming.is_ours(t.source)), self._period)
        lines = [
            Line(", ".join(self._named(tables)), sentence, self._clause_of_law(tables[0]))
            for sentence, tables in periods.items()
        ]
        ours = any(self._naming.is_ours(table.source) for table in self.tables)
        return [*lines, Line(self._category(own_records.CATEGORY), self._own_periods())] if ours else lines

    def recipients(self) -> list[Line]:
        """Name those who receive data, with their country and what they do."""
        return [Line(_placed(r.name, r.country), r.what) for r in self.receivers]

    def outside(self) -> list[Line] | None:
        """Name those outside the EEA with the safeguards; None where of some no country is recorded, or of nobody."""
        if not self.receivers or any(r.is_outside is None for r in self.receivers):
            return None
        return [Line(_placed(r.name, r.country), r.safeguards) for r in self.receivers if r.is_outside]

    def countries(self) -> str:
        """Name the countries of those who receive data."""
        return self.words.listed(dict.fromkeys(r.country for r in self.receivers))

    def sources(self) -> list[Line]:
        """Say where the data come from, each with the kinds of data."""
        return [Line(said.rstrip("."), ", ".join(kinds)) for _, said, kinds in self.origins]

    def rests_on_consent(self) -> bool:
        """Tell whether some use rests on consent."""
        return any(use.basis == "consent" for use in self.uses)

    def _own_periods(self) -> str:
        rules = own_rules(self.settings)
        return " ".join(
            self.words.say(f"own_retention.{name}", span=self.words.span(rules[name]))
            for name in _TOLD_OF_OWN
        )

    def _named(self, tables: Collection[Mapped]) -> Iterator[str]:
        """Name the kinds of data of some tables, and the tables where they are not all that a kind has."""
        for category, some in grouped(tables, lambda table: table.category).items():
            whole = sum(each.category == category for each in _mapped(self.settings)) == len(some)
            names = ", ".join(self.table_name(each.source, each.table) for each in some)
            yield self._short(category) if whole else f"{self._short(category)} ({names})"

    def _clause_of_law(self, table: Mapped) -> str:
        mapped = self._mapped(table)
        rule = self._known.retention.get(mapped.keep.rule) if mapped and mapped.keep else None
        return rule.clause if rule else ""


def kinds_of(settings: Settings) -> Mapping[Where, Labels]:
    """Give what each table of the maps is called, in every language, by which a question may name it."""
    return {(source, name): _called(settings, table) for source, name, table in Naming(settings).tables()}


def _called(settings: Settings, table: AnyTable) -> Labels:
    known = settings.catalogue.categories.get(table.category)
    parts = [part for said in ((known.en, known.fr) if known else ()) for part in _PARTS.split(said)]
    return [table.title, table.title_fr], parts, list(getattr(table, "meanings", {}).values())


def _mapped(settings: Settings) -> Iterator[Mapped]:
    naming = Naming(settings)
    for source, name, table in naming.tables():
        yield Mapped(source, name, table.category, table.purpose, table.origin)
    for name in naming.own_sources if settings.maps else ():  # alone they would not be all that is held
        yield Mapped(name, own_records.MESSAGES, own_records.CATEGORY, own_records.PURPOSE, "person")


def _placed(name: str, country: str) -> str:
    return f"{name} ({country})" if country else name


def _number(clause: str) -> str:
    """Give the number of a clause; what stands outside of the policy has none."""
    return clause if _CLAUSE.fullmatch(clause) else ""
