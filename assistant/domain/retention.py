"""How long data are kept although erasure was asked, and how long this desk keeps its own records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from assistant.domain.calendars import add_months, clamped
from assistant.domain.law import read_law
from assistant.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

CountedFrom = Literal["event", "end_of_financial_year"]
_CALENDAR_YEAR = (12, 31)
_LEAP_YEAR = 2024
# No law known to us keeps anything that long: more is a slip of the keyboard.
MOST_YEARS = 200


class InvalidRetention(Invalid):
    """A retention rule needs a period in years, months or days, and none of them negative."""

    code = "invalid_retention"


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """A period for which the law makes the controller keep something; the columns kept stand in the map.

    Raises InvalidRetention.
    """

    name: str
    law: str
    article: str
    years: int = 0
    months: int = 0
    days: int = 0
    counted_from: CountedFrom = "event"

    def __post_init__(self) -> None:
        """Refuse a rule without a period."""
        period = (self.years, self.months, self.days)
        if min(period) < 0 or not any(period):
            raise InvalidRetention(
                f"Retention rule {self.name!r}: give a period in years, months or days, none negative."
            )
        if self.years + self.months / 12 + self.days / 365 > MOST_YEARS:
            raise InvalidRetention(f"Retention rule {self.name!r}: over {MOST_YEARS} years; check it.")
        if self.counted_from not in {"event", "end_of_financial_year"}:
            raise InvalidRetention(
                f"Retention rule {self.name!r}: counted_from is 'event' or 'end_of_financial_year', "
                f"not {self.counted_from!r}."
            )


def kept_until(
    rule: RetentionRule, event_on: date, financial_year_end: tuple[int, int] = _CALENDAR_YEAR
) -> date:
    """Give the last day on which it must still be kept; `financial_year_end` is (month, day).

    (2, 29) means the last day of February. Raises InvalidRetention for a day that no year has.
    """
    months = 12 * rule.years + rule.months
    if rule.counted_from == "event":
        return add_months(event_on, months) + timedelta(rule.days)
    month, day = _checked(financial_year_end)
    year = event_on.year if event_on <= clamped(event_on.year, month, day) else event_on.year + 1
    # From the named day, not from a clamped one: 29 February comes back in leap years.
    return clamped(year, month + months, day) + timedelta(rule.days)


def _checked(financial_year_end: tuple[int, int]) -> tuple[int, int]:
    try:
        date(_LEAP_YEAR, *financial_year_end)
    except ValueError as cause:
        month, day = financial_year_end
        raise InvalidRetention(f"No year ends on day {day} of month {month}; give (month, day).") from cause
    return financial_year_end


@dataclass(frozen=True, slots=True)
class OwnRetention:
    """How long this desk keeps one kind of its own records; printed in the answer to an access request.

    No period means: as long as the purpose in `lasting` does. `stays` names what is left afterwards.
    """

    name: str
    law: str
    counted_from: str
    stays: str = ""
    lasting: str = ""
    years: int = 0
    days: int = 0
    hours: int = 0

    def gone_at(self, event_at: datetime) -> datetime | None:
        """Give the instant from which it is purged (None while its purpose lasts)."""
        if self.lasting:
            return None
        later = event_at + timedelta(days=self.days, hours=self.hours)
        day = add_months(later.date(), 12 * self.years)
        return later.replace(year=day.year, month=day.month, day=day.day)

    def gone_before(self, now: datetime) -> datetime:
        """Give an instant such that whatever happened up to it is gone by `now`; never for what lasts."""
        if self.lasting:
            raise InvalidRetention(
                f"Own records {self.name!r} last as long as their purpose; they have no end."
            )
        day = add_months(now.date(), -12 * self.years)
        earlier = now.replace(year=day.year, month=day.month, day=day.day)
        return earlier - timedelta(days=self.days, hours=self.hours)


@cache
def own_retention() -> Mapping[str, OwnRetention]:
    """Give how long this desk keeps its own records, by name (the defaults of this project)."""
    return MappingProxyType(
        {name: OwnRetention(name, **row) for name, row in read_law("own_retention").items()}
    )
