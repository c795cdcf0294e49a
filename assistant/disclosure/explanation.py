"""What Article 15 wants said beside the copy, worked out for this one person from their tables."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from assistant.config import Authority
from assistant.disclosure.words import countries
from assistant.domain.law import read_law
from assistant.domain.retention import own_retention
from assistant.naming import Naming, readable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from assistant.config import Settings
    from assistant.disclosure.facts import Column, CopiedTable, PackageFacts
    from assistant.disclosure.words import Words
    from assistant.domain.data_map import TableMap
    from assistant.domain.http_map import HttpTable
    from assistant.domain.manual_map import ManualMap
    from assistant.domain.plan import Located
    from assistant.domain.retention import OwnRetention


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
class Use:
    """A purpose, with its ground (Article 15(1)(a))."""

    label: str
    basis: str
    ground: str
    article: str
    categories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Receiver:
    """A recipient by name (Article 15(1)(c), 15(2)); `is_outside` the EEA, None if not recorded."""

    name: str
    what: str
    country: str
    is_outside: bool | None
    safeguards: str
    categories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """How long, and for which tables by category (Article 15(1)(d))."""

    sentence: str
    tables: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Searched:
    """A system that was searched."""

    title: str
    tables: int
    copied: int
    empty: tuple[str, ...]


class Explanation:
    """Everything the page says, as values; nothing is said that settings, map or copy do not hold."""

    def __init__(self, facts: PackageFacts, tables: Sequence[CopiedTable], words: Words) -> None:
        """Take what was copied for whom."""
        self.facts = facts
        self.tables = tables
        self.words = words
        self._known = facts.settings.catalogue
        self._naming = Naming(facts.settings)

    # what is there

    @property
    def rows(self) -> int:
        """Count the records of the copy."""
        return sum(table.rows for table in self.tables)

    @cached_property
    def categories(self) -> list[Category]:
        """List the kinds of data, in the order of the sources (Article 15(1)(b))."""
        groups = _grouped(self.tables, lambda table: table.category)
        return [Category(name, self._category(name), tuple(tables)) for name, tables in groups.items()]

    @cached_property
    def uses(self) -> list[Use]:
        """List the purposes (Article 15(1)(a))."""
        groups = _grouped((t for t in self.tables if t.purpose), lambda table: table.purpose)
        return [self._use(name, tables) for name, tables in groups.items()]

    @cached_property
    def receivers(self) -> list[Receiver]:
        """List those to whom rows of the copy went (Article 15(1)(c)), as the plan found them recorded."""
        received = self.facts.plan.received
        pairs = [(name, table) for table in self.tables for name in received(table.source, table.table)]
        groups = _grouped(pairs, lambda pair: pair[0])
        return [self._receiver(name, [table for _, table in found]) for name, found in groups.items()]

    @property
    def countries_outside(self) -> list[str]:
        """Name the countries outside the EEA that data are transferred to."""
        return list(dict.fromkeys(r.country for r in self.receivers if r.is_outside))

    @property
    def kept(self) -> list[Kept]:
        """Say how long (Article 15(1)(d))."""
        groups = _grouped((t for t in self.tables if not self._is_ours(t.source)), self._period)
        return [Kept(sentence, self._by_category(tables)) for sentence, tables in groups.items()]

    @property
    def own_kept(self) -> list[str]:
        """Say how long this desk keeps its own records."""
        say, span = self.words.say, self.words.span
        rules = _own_rules(self.facts.settings)
        return [say(f"own_retention.{rule.name}", span=span(rule)) for rule in rules]

    @property
    def origins(self) -> list[tuple[str, str, tuple[str, ...]]]:
        """Say where the data come from (Article 15(1)(g)): name, words, categories."""
        groups = _grouped(self.tables, lambda table: table.origin)
        label = self.words.label
        return [(name, label("origins", name), self._labels(tables)) for name, tables in groups.items()]

    @property
    def has_others(self) -> bool:
        """Say whether some of it came from other people or companies."""
        return any(table.origin == "third_party" for table in self.tables)

    @property
    def automated(self) -> str:
        """Give what the controller says of decisions by machines alone (Article 22), if anything."""
        return self.words.own(self.facts.settings.controller.automated_decisions)

    def uses_on(self, basis: str) -> list[str]:
        """List the purposes that rest on one ground."""
        return [use.label for use in self.uses if use.basis == basis]

    # who answers, and how it was searched

    @property
    def authorities(self) -> list[Mapping[str, str]]:
        """Give name, address, telephone and web page of every authority (Article 77)."""
        return [_authority(entry) for entry in self.facts.settings.controller.authorities]

    @property
    def searched_for(self) -> list[tuple[str, tuple[str, ...]]]:
        """List what was searched for, by kind; of a conversation only that it is one."""
        pairs = dict.fromkeys(pair for at in self.facts.plan.located for pair in _identifiers(at))
        groups = _grouped(pairs, lambda pair: pair[0])
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

    def table_name(self, source: str, table: str) -> str:
        """Name a table in the person's language."""
        return self._naming.table(source, table, self.words.locale)

    @cached_property
    def withheld(self) -> tuple[str, ...]:
        """Say in whole sentences what is not in the copy, why, and under which article."""
        redacted = self._left_out("redacted", lambda table: table.redacted)
        partly = self._left_out("partly", lambda table: table.partly)
        if self.facts.portable_only:
            return (self.words.say("withheld.portable_only"), *redacted, *partly)
        return (*self._left_out("hidden", lambda table: table.hidden), *redacted, *partly)

    # how it is put

    def _left_out(self, how: str, columns: Callable[[CopiedTable], tuple[Column, ...]]) -> Iterator[str]:
        pairs = [(column.meaning, table) for table in self.tables for column in columns(table)]
        article = self.words.article("20(4)" if self.facts.portable_only else "15(4)")
        for (meaning, source), found in _grouped(pairs, lambda pair: (pair[0], pair[1].source)).items():
            tables = [self.words.quoted(self.table_name(source, table.table)) for _, table in found]
            yield self.words.say(
                f"withheld.{how}",
                field=self.words.quoted(meaning),
                tables=self.words.listed(tables),
                system=self.title(source),
                article=article,
            )

    def _by_category(self, tables: Iterable[CopiedTable]) -> tuple[tuple[str, tuple[str, ...]], ...]:
        groups = _grouped(tables, lambda table: self._short(table.category))
        return tuple(
            (label, tuple(self.table_name(t.source, t.table) for t in group))
            for label, group in groups.items()
        )

    def _labels(self, tables: Iterable[CopiedTable]) -> tuple[str, ...]:
        return tuple(self._short(name) for name in dict.fromkeys(table.category for table in tables))

    def _short(self, name: str) -> str:
        # "Contact details: name, address, …" is said whole once, where the kinds of data are listed.
        return self._category(name).partition(":")[0].rstrip()

    def _category(self, name: str) -> str:
        described = self._known.categories.get(name)
        return self.words.own(described) if described else self.words.label("categories", name)

    def _purpose(self, name: str) -> str:
        described = self._known.purposes.get(name)
        return self.words.own(described) if described else self.words.label("purposes", name)

    def _use(self, name: str, tables: Sequence[CopiedTable]) -> Use:
        described = self._known.purposes.get(name)
        labels = self._labels(tables)
        if described is None:
            # The one use that no operator's catalogue lists is answering requests: Article 12 obliges us.
            is_ours = all(self._is_ours(table.source) for table in tables)
            basis, article = ("legal_obligation", self.words.article("6(1)(c)")) if is_ours else ("", "")
        else:
            basis, article = described.basis, self.words.article(described.article)
        ground = self.words.label("bases", basis) if basis else self.words.say("purposes.unknown")
        return Use(self._purpose(name), basis, ground, article, labels)

    def _receiver(self, name: str, tables: Sequence[CopiedTable]) -> Receiver:
        known = self._known.recipients.get(name)
        unknown = self.words.say("recipients.no_safeguards")
        if known is None:
            return Receiver(readable(name), "", "", None, unknown, self._labels(tables))
        country = countries().get(known.country, {})
        safeguards = self.words.own(known, "safeguards") or unknown
        return Receiver(
            self._naming.recipient(name, self.words.locale),
            self.words.own(known),
            country.get(self.words.locale, known.country),
            not country.get("eea", False),
            safeguards,
            self._labels(tables),
        )

    def _period(self, table: CopiedTable) -> str:
        mapped = self._mapped(table)
        rule = self._known.retention.get(mapped.keep.rule) if mapped and mapped.keep else None
        say = self.words.say
        if rule and mapped and mapped.keep:
            law = self._naming.law(mapped.keep.rule, self.words.locale)
            return say("retention.rule", sentence=self.words.own(rule), law=law, article=rule.article)
        stays = mapped is not None and mapped.erase == "keep_untouched"
        described = self._known.categories.get(table.category)
        if described and not stays and (period := self.words.own(described, "period")):
            return f"{period.rstrip('.')}."
        return say(f"retention.{'stays' if stays else 'criterion'}", purpose=self._purpose(table.purpose))

    def _mapped(self, table: CopiedTable) -> TableMap | HttpTable | ManualMap | None:
        data_map = self.facts.settings.maps.get(table.source)
        found = data_map.tables if data_map else ()
        return next((t for t in found if table.table in {t.name, f"{t.table_schema}.{t.name}"}), None)

    def _is_ours(self, source: str) -> bool:
        return any(s.name == source and s.kind == "own_records" for s in self.facts.settings.sources)

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


def _grouped(things: Iterable[Any], key: Callable[[Any], Any]) -> dict[Any, list[Any]]:
    groups: dict[Any, list[Any]] = {}
    for thing in things:
        groups.setdefault(key(thing), []).append(thing)
    return groups


def _identifiers(at: Located) -> Iterator[tuple[str, str]]:
    identity = at.identity
    yield from (("email", value) for value in identity.emails)
    yield from (("client_id", value) for value in identity.client_ids)
    yield from identity.others


def _own_rules(settings: Settings) -> list[OwnRetention]:
    rules = dict(own_retention())
    rules["package"] = replace(rules["package"], days=settings.periods.package_days)
    hours = settings.periods.package_after_download_hours
    rules["package_downloaded"] = replace(rules["package_downloaded"], hours=hours)
    days = settings.periods.support_message_days
    rules["support_message"] = replace(rules["support_message"], days=days)
    return list(rules.values())


def _authority(entry: str | Authority) -> Mapping[str, str]:
    if isinstance(entry, Authority):
        return entry.model_dump()
    known = read_law("authorities").get(entry, {"name": entry})
    given = {key: known.get(key, "") for key in ("name", "address", "phone")}
    return {**given, "web": known.get("website", "")}
