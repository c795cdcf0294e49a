"""What settings, catalogue and maps say of kinds of data: why, on which ground, to whom, how long, where from (Articles 13 to 15)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from assistant.domain.countries import is_outside_eea
from assistant.domain.retention import own_retention
from assistant.naming import Naming, readable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from assistant.config import Settings
    from assistant.disclosure.words import Words
    from assistant.domain.data_map import TableMap
    from assistant.domain.http_map import HttpTable
    from assistant.domain.manual_map import ManualMap
    from assistant.domain.retention import OwnRetention


class Held(Protocol):
    """A table that holds data: which kind, for which purpose, where from."""

    @property
    def source(self) -> str:
        """Give the system."""

    @property
    def table(self) -> str:
        """Give the name it has there."""

    @property
    def category(self) -> str:
        """Give the kind of data."""

    @property
    def purpose(self) -> str:
        """Give the purpose."""

    @property
    def origin(self) -> str:
        """Give where they come from."""


T = TypeVar("T", bound=Held)


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


class Described(Generic[T]):
    """What is said of some tables; nothing is said that settings, catalogue and maps do not hold."""

    def __init__(self, settings: Settings, tables: Sequence[T], words: Words) -> None:
        """Take the tables it is about."""
        self.settings = settings
        self.tables = tables
        self.words = words
        self._known = settings.catalogue
        self._naming = Naming(settings)

    @cached_property
    def uses(self) -> list[Use]:
        """List the purposes (Article 15(1)(a))."""
        groups = grouped((t for t in self.tables if t.purpose), lambda table: table.purpose)
        return [self._use(name, tables) for name, tables in groups.items()]

    @cached_property
    def receivers(self) -> list[Receiver]:
        """List those to whom data went (Article 15(1)(c))."""
        pairs = [(name, table) for table in self.tables for name in self._received(table)]
        groups = grouped(pairs, lambda pair: pair[0])
        return [self._receiver(name, [table for _, table in found]) for name, found in groups.items()]

    @property
    def countries_outside(self) -> list[str]:
        """Name the countries outside the EEA that data are transferred to."""
        return list(dict.fromkeys(r.country for r in self.receivers if r.is_outside))

    @property
    def kept(self) -> list[Kept]:
        """Say how long (Article 15(1)(d))."""
        groups = grouped((t for t in self.tables if not self._naming.is_ours(t.source)), self._period)
        return [Kept(sentence, self._by_category(tables)) for sentence, tables in groups.items()]

    @property
    def origins(self) -> list[tuple[str, str, tuple[str, ...]]]:
        """Say where the data come from (Article 15(1)(g)): name, words, categories."""
        groups = grouped(self.tables, lambda table: table.origin)
        label = self.words.label
        return [(name, label("origins", name), self._labels(tables)) for name, tables in groups.items()]

    @property
    def automated(self) -> str:
        """Give what the controller says of decisions by machines alone (Article 22), if anything."""
        return self.words.own(self.settings.controller.automated_decisions)

    def table_name(self, source: str, table: str) -> str:
        """Name a table in the person's language."""
        return self._naming.table(source, table, self.words.locale)

    def _received(self, table: T) -> Iterable[str]:
        """Name the recipients of a table."""
        mapped = self._mapped(table)
        return [each.name for each in mapped.recipients] if mapped else ()

    def _by_category(self, tables: Iterable[T]) -> tuple[tuple[str, tuple[str, ...]], ...]:
        groups = grouped(tables, lambda table: self._short(table.category))
        return tuple(
            (label, tuple(self.table_name(t.source, t.table) for t in group))
            for label, group in groups.items()
        )

    def _labels(self, tables: Iterable[T]) -> tuple[str, ...]:
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

    def _use(self, name: str, tables: Sequence[T]) -> Use:
        described = self._known.purposes.get(name)
        labels = self._labels(tables)
        if described is None:
            # The one use that no operator's catalogue lists is answering requests: Article 12 obliges us.
            is_ours = all(self._naming.is_ours(table.source) for table in tables)
            basis, article = ("legal_obligation", self.words.article("6(1)(c)")) if is_ours else ("", "")
        else:
            basis, article = described.basis, self.words.article(described.article)
        ground = self.words.label("bases", basis) if basis else self.words.say("purposes.unknown")
        return Use(self._purpose(name), basis, ground, article, labels)

    def _receiver(self, name: str, tables: Sequence[T]) -> Receiver:
        known = self._known.recipients.get(name)
        unknown = self.words.say("recipients.no_safeguards")
        if known is None:
            return Receiver(readable(name), "", "", None, unknown, self._labels(tables))
        safeguards = self.words.own(known, "safeguards") or unknown
        return Receiver(
            self._naming.recipient(name, self.words.locale),
            self.words.own(known),
            self.words.country(known.country),
            is_outside_eea(known.country),
            safeguards,
            self._labels(tables),
        )

    def _period(self, table: T) -> str:
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

    def _mapped(self, table: T) -> TableMap | HttpTable | ManualMap | None:
        data_map = self.settings.maps.get(table.source)
        found = data_map.tables if data_map else ()
        return next((t for t in found if table.table in {t.name, f"{t.table_schema}.{t.name}"}), None)


def grouped(things: Iterable[Any], key: Callable[[Any], Any]) -> dict[Any, list[Any]]:
    """Put things together by a key, in the order in which the keys come first."""
    groups: dict[Any, list[Any]] = {}
    for thing in things:
        groups.setdefault(key(thing), []).append(thing)
    return groups


def own_rules(settings: Settings) -> dict[str, OwnRetention]:
    """Give how long this desk keeps its own records, as the settings have it."""
    rules = dict(own_retention())
    rules["package"] = replace(rules["package"], days=settings.periods.package_days)
    hours = settings.periods.package_after_download_hours
    rules["package_downloaded"] = replace(rules["package_downloaded"], hours=hours)
    days = settings.periods.support_message_days
    rules["support_message"] = replace(rules["support_message"], days=days)
    return rules
