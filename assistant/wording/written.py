"""Names, days, instants, numbers, plurals and articles as one language writes them, from the CLDR (Babel) and forms.toml."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, cached_property
from importlib.resources import files
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import get_timezone_location
from babel.lists import format_list
from babel.numbers import format_decimal
from babel.units import format_unit

from assistant.domain.elision import elides
from assistant.interfaces import Instant

LOCALES: Final = ("en", "fr")
NO_BREAK: Final = "\u00a0"
_CLDR: Final = {"en": Locale("en", "GB"), "fr": Locale("fr")}
_ARTICLE: Final = re.compile(r"(?P<article>\d+)(?:\((?P<paragraph>\d+)\))?(?:\((?P<point>[a-z])\))?")


def locale_of(language: str | None) -> str:
    """Give the locale a language is written in; English where there are no texts."""
    found = (language or "")[:2].lower()
    return found if found in LOCALES else LOCALES[0]


@cache
def _forms() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads((files(__package__) / "forms.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Written:
    """Writes in one language, with days and times on the controller's clock."""

    locale: str
    zone: ZoneInfo

    @property
    def form(self) -> Mapping[str, str]:
        """Give the forms of the language that the CLDR does not have."""
        return _forms()[self.locale]

    @property
    def _cldr(self) -> Locale:
        return _CLDR[self.locale]

    # ── days and instants ───────────────────────────────────────────────────────────────────────────

    def day(self, on: date) -> str:
        """Write a calendar day: 8 December 2026; an instant is taken on the controller's clock."""
        local = self._local(on)
        return f"{self._number_of(local)} {self._months[local.month - 1]} {local.year}"

    def short_day(self, on: date) -> str:
        """Write a day of these weeks shortly, with its weekday: Tue 8 Dec."""
        local = self._local(on)
        weekday = self._cldr.days["format"]["abbreviated"][local.weekday()]
        return f"{weekday} {self._number_of(local)} {self._short_month(local)}"

    def short_date(self, on: date) -> str:
        """Write a day of any year shortly: 31 Dec 2033."""
        local = self._local(on)
        return f"{self._number_of(local)} {self._short_month(local)} {local.year}"

    def time(self, at: datetime) -> str:
        """Write the time of an instant, and say whose clock that is."""
        return f"{at.astimezone(self.zone):%H:%M} ({self._where})"

    def moment(self, at: datetime) -> str:
        """Write an instant with its day."""
        return self.form["moment"].format(day=self.day(at), time=self.time(at))

    def short_moment(self, at: datetime) -> str:
        """Write an instant of these weeks shortly."""
        return f"{self.short_day(at)}, {at.astimezone(self.zone):%H:%M}"

    def _local(self, on: date) -> date:
        return on.astimezone(self.zone).date() if isinstance(on, datetime) else on

    def _number_of(self, on: date) -> str:
        return self.form["first"] if on.day == 1 else str(on.day)

    def _short_month(self, on: date) -> str:
        return str(self._cldr.months["format"]["abbreviated"][on.month])

    @cached_property
    def _months(self) -> list[str]:
        return [self._cldr.months["format"]["wide"][number] for number in range(1, 13)]

    @cached_property
    def _where(self) -> str:
        city = get_timezone_location(self.zone.key, locale=self._cldr, return_city=True)
        return self.form["clock_elided" if elides(city) else "clock"].format(city=city)

    # ── and read again ──────────────────────────────────────────────────────────────────────────────

    def instants(self, text: str, near: datetime) -> list[Instant]:
        """Find what `time` and `moment` wrote in a text that was said at an instant: a time without its day is the nearest."""
        found = self._written_instants.finditer(text) if " (" in text else ()
        told = ((each, self._instant(each, near)) for each in found)
        return [Instant(each[0], at, with_day=each["day"] is not None) for each, at in told if at]

    @cached_property
    def _written_instants(self) -> re.Pattern[str]:
        months = "|".join(map(re.escape, self._months))
        day = rf"(?P<day>\d{{1,2}}|{self.form['first']}) (?P<month>{months}) (?P<year>\d{{4}})"
        before = self.form["moment"].format(day=day, time="")
        return re.compile(
            rf"(?:{before})?(?P<hour>[01]\d|2[0-3]):(?P<minute>[0-5]\d) \({re.escape(self._where)}\)"
        )

    def _instant(self, written: re.Match[str], near: datetime) -> datetime | None:
        clock = time(int(written["hour"]), int(written["minute"]))
        today = near.astimezone(self.zone).date()
        try:
            days = (
                [self._day_of(written)] if written["day"] else [today + timedelta(days=n) for n in (-1, 0, 1)]
            )
            told = [datetime.combine(each, clock, self.zone).replace(fold=n) for each in days for n in (0, 1)]
            return min((each.astimezone(UTC) for each in told), key=lambda each: abs(each - near))
        except (ValueError, OverflowError):  # an agent wrote it, and there is no such day
            return None

    def _day_of(self, written: re.Match[str]) -> date:
        number = 1 if written["day"] == self.form["first"] else int(written["day"])
        return date(int(written["year"]), self._months.index(written["month"]) + 1, number)

    # ── numbers and lists ───────────────────────────────────────────────────────────────────────────

    def number(self, value: int) -> str:
        """Write a number with its separators."""
        return str(value) if -1000 < value < 1000 else format_decimal(value, locale=self._cldr)  # noqa: PLR2004 - what needs none

    def is_one(self, value: int) -> bool:
        """Say whether the noun after a number is in the singular."""
        return self._cldr.plural_form(value) == "one"

    def counted(self, value: int, one: str = "", many: str = "") -> str:
        """Write a number, and the noun in the form the language wants after it."""
        noun = one if self.is_one(abs(value)) else many
        return f"{self.number(value)}{NO_BREAK}{noun}" if noun else self.number(value)

    def span(self, rule: Any) -> str:
        """Write a period given in `years`, `days` or `hours`; nothing where it has none."""
        for unit in ("years", "days", "hours"):
            if number := getattr(rule, unit):
                said = format_unit(number, f"duration-{unit[:-1]}", locale=self._cldr)
                return said.replace(" ", NO_BREAK)
        return ""

    def listed(self, words: Iterable[str]) -> str:
        """Join words as a sentence does."""
        return format_list(list(words), locale=self._cldr)

    def quoted(self, name: str) -> str:
        """Put quotation marks around a name."""
        return self.form["quoted"].format(name)

    # ── names ───────────────────────────────────────────────────────────────────────────────────────

    def country(self, code: str) -> str:
        """Name a country, or what several are together, by its code (ISO 3166-1, EU, EEA); an unknown one as it is."""
        return self.form.get(code) or str(self._cldr.territories.get(code, code))

    def article(self, cited: str) -> str:
        """Cite one article, given as 6(1)(b), or several of the GDPR, given as GDPR 11(2), 12(2)."""
        law, _, rest = cited.rpartition("GDPR ")
        found = [_ARTICLE.fullmatch(part) for part in rest.split(", ")]
        if law or not all(found):
            return cited
        parts = [
            self.form["between"].join(
                self.form[name].format(value) for name, value in each.groupdict().items() if value
            )
            for each in found
            if each
        ]
        told = self.listed(parts)
        several = "articles" if len(parts) > 1 else "article_of_law"
        return self.form[several].format(told) if cited != rest else self.form["one_article"].format(told)

    def own(self, described: Any, field: str = "") -> str:
        """Give what the operator wrote in this language: `en`, or with a field `safeguards_en`."""
        return str(getattr(described, f"{field}_{self.locale}" if field else self.locale))
