"""The words of one locale that stand inside sentences: names of rights, dates, numbers, lists."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from assistant.domain.elision import elides
from assistant.domain.rights import called
from assistant.interfaces import Instant

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

Filter = Callable[..., str]
Words = Mapping[str, Mapping[str, str]]  # table -> name -> label
NO_BREAK = "\u00a0"
_ARTICLE = re.compile(r"(?P<number>\d+)(?:\((?P<paragraph>\d+)\))?(?:\((?P<point>[a-z])\))?")


def attribute(thing: Any, name: str) -> Any:
    """Read a field of a request, given as an object or as a mapping."""
    return thing[name] if isinstance(thing, Mapping) else getattr(thing, name)


def plain(name: str) -> str:
    """Make an operator's own name readable where no label is written for it."""
    return name.replace("_", " ")


def sentence(words: str) -> str:
    """Begin with a capital, and leave the rest as it is."""
    return f"{words[:1].upper()}{words[1:]}"


def _is_of_another(request: Any) -> bool:
    """Tell whether somebody asks for somebody else, whose data are then not *yours*."""
    if isinstance(request, Mapping):
        return bool(request.get("for_other"))
    return bool(getattr(request, "for_other", False))


def _named_right(request: Any) -> str:
    """Name the right that is used, as whoever asked would."""
    marketing = isinstance(request, Mapping) and bool(request.get("marketing"))
    return called(str(attribute(request, "right")), marketing=marketing)


@dataclass(frozen=True)
class Labels:
    """Labels and formats of one locale; a name without a label is shown as the operator wrote it."""

    tables: Mapping[str, Mapping[str, Any]]
    zone: ZoneInfo

    @classmethod
    def parse(cls, text: str, zone: ZoneInfo, words: Words) -> Labels:
        """Read a labels file, and let the operator's own words stand before ours."""
        tables = tomllib.loads(text)
        return cls(tables | {name: tables.get(name, {}) | dict(words[name]) for name in words}, zone)

    def label(self, table: str, name: str) -> str:
        """Give a label, or the name itself made readable."""
        known = self.tables.get(table, {})
        return str(known.get(name) or known.get(name.replace("-", "_")) or plain(name))

    def _format(self, name: str) -> Any:
        return self.tables["format"][name]

    def day(self, on: date) -> str:
        """Write a calendar day; an instant is taken in the controller's zone."""
        local = on.astimezone(self.zone) if isinstance(on, datetime) else on
        number = self._format("first") if local.day == 1 else str(local.day)
        month = self._format("months")[local.month - 1]
        return str(self._format("day").format(day=number, month=month, year=local.year))

    def time(self, at: datetime) -> str:
        """Write the time of an instant on the controller's clock, and say whose clock that is."""
        return f"{at.astimezone(self.zone):%H:%M} ({self._where})"

    @property
    def _where(self) -> str:
        named = self.label("cities", plain(self.zone.key.rsplit("/", 1)[-1]))
        return str(self._format("zone_elided" if elides(named) else "zone").format(city=named))

    def moment(self, at: datetime) -> str:
        """Write an instant with its day."""
        return str(self._format("moment").format(day=self.day(at), time=self.time(at)))

    def instants(self, text: str, near: datetime) -> list[Instant]:
        """Find what `time` and `moment` wrote in a text that was said at an instant: a time without its day is the nearest."""
        found = self._written_instants.finditer(text) if " (" in text else ()
        told = ((each, self._instant(each, near)) for each in found)
        return [Instant(each[0], at, with_day=each["day"] is not None) for each, at in told if at]

    @cached_property
    def _written_instants(self) -> re.Pattern[str]:
        months = "|".join(map(re.escape, self._format("months")))
        day = self._format("day").format(
            day=rf"(?P<day>\d{{1,2}}|{self._format('first')})",
            month=f"(?P<month>{months})",
            year=r"(?P<year>\d{4})",
        )
        before = self._format("moment").format(day=day, time="")
        return re.compile(
            rf"(?:{before})?(?P<hour>[01]\d|2[0-3]):(?P<minute>[0-5]\d) \({re.escape(self._where)}\)"
        )

    def _instant(self, written: re.Match[str], near: datetime) -> datetime | None:
        clock = time(int(written["hour"]), int(written["minute"]))
        today = near.astimezone(self.zone).date()
        try:
            days = [self._day(written)] if written["day"] else [today + timedelta(days=n) for n in (-1, 0, 1)]
            told = [datetime.combine(each, clock, self.zone).replace(fold=n) for each in days for n in (0, 1)]
            return min((each.astimezone(UTC) for each in told), key=lambda each: abs(each - near))
        except (ValueError, OverflowError):  # an agent wrote it, and there is no such day
            return None

    def _day(self, written: re.Match[str]) -> date:
        number = 1 if written["day"] == self._format("first") else int(written["day"])
        return date(int(written["year"]), self._format("months").index(written["month"]) + 1, number)

    def count(self, number: int, one: str = "", many: str = "") -> str:
        """Write a number with its separators, and the noun in the form the locale wants after it."""
        digits = f"{number:,}".replace(",", self._format("thousands"))
        noun = one if abs(number) in self._format("singular") else many
        return f"{digits}{NO_BREAK}{noun}" if noun else digits

    def listed(self, words: Iterable[str]) -> str:
        """Join words as a sentence does."""
        *first, last = tuple(words) or ("",)
        return f"{', '.join(first)}{self._format('and')}{last}" if first else last

    def article(self, cited: str) -> str:
        """Cite articles of the GDPR, given as GDPR 11(2), 12(2), as a sentence of the locale does."""
        law, _, rest = cited.partition(" ")
        found = [_ARTICLE.fullmatch(part) for part in rest.split(", ")]
        if law != "GDPR" or not all(found):
            return cited
        form = self.tables["article"]
        parts = [
            "".join(form[name].format(value) for name, value in each.groupdict().items() if value)
            for each in found
            if each
        ]
        return str(form["many" if len(parts) > 1 else "one"].format(form["and"].join(parts)))

    def refs(self, requests: Sequence[Any]) -> str:
        """Name the requests by their references."""
        return self.listed(str(attribute(request, "ref")) for request in requests)

    def yours(self, requests: Sequence[Any]) -> str:
        """Name the requests as the person's, in one word and their references."""
        form = self._format("your_requests" if len(requests) > 1 else "your_request")
        return str(form.format(refs=self.refs(requests)))

    def cited(self, requests: Sequence[Any]) -> str:
        """Name the requests as an answer does: right, day of receipt and reference."""
        return self.listed(
            self.label(
                "cited_of_another" if _is_of_another(request) else "cited", _named_right(request)
            ).format(on=self.day(attribute(request, "received_on")), ref=attribute(request, "ref"))
            for request in requests
        )

    def asked(self, request: Any) -> str:
        """Name what a request asks for: about the data of whoever wrote, or of the person they wrote for; and for which of many addresses."""
        asked, part = (
            self._right_asked(request),
            request.get("part") if isinstance(request, Mapping) else None,
        )
        return f"{asked} ({self.label('parts', part)})" if part else asked

    def _right_asked(self, request: Any) -> str:
        table = "rights_of_another" if _is_of_another(request) else "rights"
        return self.label(table, _named_right(request))

    def all_asked(self, requests: Sequence[Any]) -> str:
        """Name what requests ask for, each thing once, for a subject that tells one mail from the next."""
        return self.listed(dict.fromkeys(map(self._right_asked, requests)))

    def due(self, requests: Sequence[Any]) -> str:
        """Write the day by which the last of the requests is answered."""
        return self.day(max(attribute(request, "due_on") for request in requests))

    def filters(self) -> dict[str, Filter]:
        """Give the filters that texts may use."""
        return {name: self._labelling(table) for name, table in LABELLED.items()} | {
            "article": self.article,
            "day": self.day,
            "time": self.time,
            "moment": self.moment,
            "count": self.count,
            "listed": self.listed,
            "sentence": sentence,
            "refs": self.refs,
            "yours": self.yours,
            "asked": self.asked,
            "all_asked": self.all_asked,
            "cited": self.cited,
            "due": self.due,
        }

    def _labelling(self, table: str) -> Filter:
        return lambda name: self.label(table, name)


# filter -> table of labels.toml
LABELLED: Mapping[str, str] = {
    "right_name": "right_names",  # as said to agents: "erasure"
    "status": "statuses",
    "stands": "stands",  # a status as a page tells it to whoever meant to change it
    "step": "steps",
    "channel": "channels",
    "by_channel": "by_channel",
    "field": "fields",
    "your_field": "your_fields",
    "purpose": "purposes",
    "category": "categories",
    "system": "systems",
    "effect": "effects",
    "recipient": "recipients",  # empty here: only the operator has words for them
    "law": "laws",
    "table": "tables",  # likewise, by `source.table` and `source.table.column`
    "column": "columns",
    "identifier": "identifiers",
}
