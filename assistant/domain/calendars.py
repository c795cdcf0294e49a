"""Days as the law counts them: local days, clamped months, and working days of the controller's country."""

from __future__ import annotations

import calendar as month_lengths
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from assistant.errors import Invalid

_DAY = timedelta(days=1)
SATURDAY = 5
_ANY_YEAR = 2026


class UnknownCountry(Invalid):
    """The country is not known; use its two capital letters (ISO 3166), for example EE."""

    code = "unknown_country"


class UnknownZone(Invalid):
    """The time zone is not known; use an IANA name, for example Europe/Tallinn."""

    code = "unknown_zone"


class NaiveInstant(Invalid):
    """The instant has no offset from UTC; write it like 2026-03-05T10:00:00+02:00."""

    code = "naive_instant"


@dataclass(frozen=True, slots=True)
class LegalCalendar:
    """Where the controller acts, and the second zone whose day is considered to be safe.

    Raises UnknownCountry or UnknownZone.
    """

    country: str = "EE"
    zone: str = "Europe/Tallinn"
    audience_zone: str = "Europe/Paris"

    def __post_init__(self) -> None:
        """Refuse a country or a zone nobody knows."""
        _country_known(self.country)
        _zone(self.zone)
        _zone(self.audience_zone)

    @property
    def tz(self) -> ZoneInfo:
        """Give the controller's time zone."""
        return _zone(self.zone)


def local_day(instant: datetime, zone: str) -> date:
    """Give the calendar day of an aware instant in a zone; raises NaiveInstant or UnknownZone."""
    if instant.utcoffset() is None:
        raise NaiveInstant
    return instant.astimezone(_zone(zone)).date()


def clamped(year: int, month: int, day: int) -> date:
    """Give that day, or the last of the month if it has no such day; month 13 is next January."""
    years, month0 = divmod(month - 1, 12)
    year += years
    return date(year, month0 + 1, min(day, month_lengths.monthrange(year, month0 + 1)[1]))


def add_months(day: date, months: int) -> date:
    """Give the same date `months` later, or that month's last day (Regulation 1182/71, Article 3(2)(c))."""
    return clamped(day.year, day.month + months, day.day)


def is_weekend(day: date) -> bool:
    """Tell whether a day is a Saturday or a Sunday."""
    return day.weekday() >= SATURDAY


def is_holiday(day: date, calendar: LegalCalendar) -> bool:
    """Tell whether a day is a public holiday of the controller's country."""
    return day in _holidays(calendar.country, day.year)


def is_working_day(day: date, calendar: LegalCalendar) -> bool:
    """Tell whether a day is no public holiday, Sunday or Saturday (Regulation 1182/71, Article 2(2))."""
    return not is_weekend(day) and not is_holiday(day, calendar)


def next_working_day(day: date, calendar: LegalCalendar) -> date:
    """Give the day itself if it is a working day, else the first one after it (Article 3(4))."""
    while not is_working_day(day, calendar):
        day += _DAY
    return day


def working_days_after(day: date, n: int, calendar: LegalCalendar) -> date:
    """Give the nth working day after a day, which is itself not counted (Article 3(1)).

    With n of two or more the period holds at least two working days by itself, as Article 3(5) asks.
    """
    if n < 1:
        raise ValueError(f"a period in working days needs at least one, not {n}")
    for _ in range(n):
        day = next_working_day(day + _DAY, calendar)
    return day


@cache
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    # A folder of the database, an absolute path or odd characters end in other errors than an unknown name.
    except (KeyError, ValueError, OSError) as cause:
        raise UnknownZone(
            f"The time zone {name!r} is not known; use an IANA name, for example Europe/Tallinn.",
            zone=name,
        ) from cause


@cache
def _holidays(country: str, year: int) -> frozenset[date]:
    # The library takes 0.2 s and 20 MB to import: only whoever computes a due date pays for it.
    from holidays import country_holidays

    return frozenset(country_holidays(country, years=year))


def _country_known(country: str) -> None:
    # The library would also take "Estonia", "EST" and names that are no country at all.
    if not re.fullmatch("[A-Z]{2}", country) or not _has_holidays(country):
        raise UnknownCountry(
            f"The country {country!r} is not known; use its two capital letters (ISO 3166), for example EE.",
            country=country,
        )


def _has_holidays(country: str) -> bool:
    try:
        return bool(_holidays(country, _ANY_YEAR))
    except NotImplementedError:
        return False
