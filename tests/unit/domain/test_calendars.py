"""The public holidays are exactly those of the law pages, and working days are counted over them."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.domain.calendars import (
    LegalCalendar,
    add_months,
    clamped,
    is_holiday,
    is_working_day,
    next_working_day,
    working_days_after,
)

ESTONIA, FRANCE = LegalCalendar("EE"), LegalCalendar("FR")
EASTER_SUNDAYS = [
    date(2024, 3, 31),
    date(2025, 4, 20),
    date(2026, 4, 5),
    date(2027, 3, 28),
    date(2028, 4, 16),
    date(2029, 4, 1),
    date(2030, 4, 21),
]
FIXED = {
    "EE": [(1, 1), (2, 24), (5, 1), (6, 23), (6, 24), (8, 20), (12, 24), (12, 25), (12, 26)],
    "FR": [(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)],
}
# Days from Easter Sunday: Good Friday, Easter and Pentecost Sunday; Easter Monday, Ascension, Whit Monday.
MOVING = {"EE": [-2, 0, 49], "FR": [1, 39, 50]}
DAYS = st.dates(date(2000, 1, 1), date(2100, 12, 31))
CALENDARS = st.sampled_from([ESTONIA, FRANCE])


@pytest.mark.parametrize("easter", EASTER_SUNDAYS, ids=lambda easter: str(easter.year))
@pytest.mark.parametrize("country", ["EE", "FR"])
def test_the_holidays_are_exactly_the_official_ones(country: str, easter: date) -> None:
    official = {date(easter.year, month, day) for month, day in FIXED[country]}
    official |= {easter + timedelta(days) for days in MOVING[country]}

    year = [date(easter.year, 1, 1) + timedelta(n) for n in range(366)]
    known = {day for day in year if day.year == easter.year and is_holiday(day, LegalCalendar(country))}

    assert known == official


def test_easter_monday_is_a_working_day_in_estonia_and_not_in_france() -> None:
    assert is_working_day(date(2027, 3, 29), ESTONIA)
    assert not is_working_day(date(2027, 3, 29), FRANCE)


@pytest.mark.parametrize(
    ("n", "expected"), [(1, date(2026, 12, 28)), (2, date(2026, 12, 29)), (4, date(2026, 12, 31))]
)
def test_working_days_are_counted_over_christmas_from_the_day_after(n: int, expected: date) -> None:
    assert working_days_after(date(2026, 12, 23), n, ESTONIA) == expected


def test_a_period_of_no_working_days_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        working_days_after(date(2026, 12, 23), 0, ESTONIA)


@given(DAYS, st.integers(1, 15), CALENDARS)
def test_a_period_of_n_working_days_ends_on_the_nth(day: date, n: int, calendar: LegalCalendar) -> None:
    end = working_days_after(day, n, calendar)
    passed = [day + timedelta(k) for k in range(1, (end - day).days + 1)]

    assert is_working_day(end, calendar)
    assert sum(is_working_day(each, calendar) for each in passed) == n


@given(DAYS, CALENDARS)
def test_every_month_holds_two_working_days_as_article_3_5_asks(day: date, calendar: LegalCalendar) -> None:
    assert working_days_after(day, 2, calendar) <= next_working_day(add_months(day, 1), calendar)


@given(DAYS, st.integers(0, 120))
def test_months_keep_the_date_or_end_with_the_month(day: date, months: int) -> None:
    end = add_months(day, months)

    assert (end.year - day.year) * 12 + end.month - day.month == months
    assert end.day == day.day or (end.day < day.day and (end + timedelta(1)).day == 1)


def test_a_day_the_month_does_not_have_becomes_its_last() -> None:
    assert clamped(2027, 2, 29) == date(2027, 2, 28)
    assert clamped(2026, 14, 31) == date(2027, 2, 28)
    assert clamped(2026, 12, 31) == date(2026, 12, 31)


def test_the_holiday_library_is_imported_only_by_who_counts_days() -> None:
    code = "import sys, assistant.domain.due_date as d; sys.exit('holidays' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
