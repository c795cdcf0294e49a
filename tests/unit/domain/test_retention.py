"""What the law keeps ends on the right day, and every record of our own has its period."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.domain.calendars import add_months, clamped
from assistant.domain.retention import (
    InvalidRetention,
    RetentionRule,
    kept_until,
    own_retention,
)

ACCOUNTING = RetentionRule(
    "accounting", "Estonian Accounting Act", "section 12", years=7, counted_from="end_of_financial_year"
)
YEARS_ENDS = st.dates(date(2024, 1, 1), date(2024, 12, 31)).map(lambda day: (day.month, day.day))
EVENTS = st.dates(date(1990, 1, 1), date(2100, 12, 31))


def test_an_invoice_of_may_2026_is_kept_until_the_end_of_2033() -> None:
    assert kept_until(ACCOUNTING, date(2026, 5, 15)) == date(2033, 12, 31)


@pytest.mark.parametrize(
    ("event_on", "year_end", "expected"),
    [
        (date(2026, 6, 30), (6, 30), date(2033, 6, 30)),
        (date(2026, 7, 1), (6, 30), date(2034, 6, 30)),
        (date(2026, 12, 31), (12, 31), date(2033, 12, 31)),
        (date(2027, 1, 1), (12, 31), date(2034, 12, 31)),
        (date(2027, 2, 28), (2, 29), date(2034, 2, 28)),
        (date(2025, 2, 28), (2, 29), date(2032, 2, 29)),
    ],
)
def test_the_period_runs_from_the_end_of_the_financial_year(
    event_on: date, year_end: tuple[int, int], expected: date
) -> None:
    assert kept_until(ACCOUNTING, event_on, year_end) == expected


def test_a_period_from_the_event_is_clamped_once() -> None:
    rule = RetentionRule("calls", "an invented law", "1", years=1, months=1, days=1)

    assert kept_until(rule, date(2026, 12, 31)) == date(2028, 2, 1)
    assert kept_until(RetentionRule("logs", "an invented law", "2", months=1), date(2026, 1, 31)) == date(
        2026, 2, 28
    )


@given(EVENTS, YEARS_ENDS)
def test_kept_at_least_the_years_and_less_than_one_more(event_on: date, year_end: tuple[int, int]) -> None:
    until = kept_until(ACCOUNTING, event_on, year_end)

    assert add_months(event_on, 84) <= until + timedelta(1)
    assert until <= add_months(event_on, 96)
    assert until == clamped(until.year, *year_end)


@given(EVENTS, st.integers(0, 800), YEARS_ENDS, st.sampled_from(["event", "end_of_financial_year"]))
def test_a_later_event_is_never_let_go_earlier(
    event_on: date, days: int, year_end: tuple[int, int], counted_from: Any
) -> None:
    rule = RetentionRule("any", "an invented law", "1", years=2, months=3, counted_from=counted_from)

    assert kept_until(rule, event_on, year_end) <= kept_until(rule, event_on + timedelta(days), year_end)


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        ({}, "give a period"),
        ({"years": -1}, "none negative"),
        ({"years": 7, "days": -1}, "none negative"),
        ({"years": 9000}, "over 200 years"),
        ({"years": 7, "counted_from": "birthday"}, "'birthday'"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_by_its_name(options: dict[str, Any], hint: str) -> None:
    with pytest.raises(InvalidRetention, match=hint) as caught:
        RetentionRule("invoices", "an invented law", "1", **options)

    assert "'invoices'" in str(caught.value)


@pytest.mark.parametrize("year_end", [(13, 1), (0, 1), (2, 30), (4, 31)])
def test_a_day_that_no_year_has_ends_no_financial_year(year_end: tuple[int, int]) -> None:
    with pytest.raises(InvalidRetention, match="No year ends on"):
        kept_until(ACCOUNTING, date(2026, 5, 15), year_end)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("one_time_code", datetime(2028, 3, 1, 12, tzinfo=UTC)),
        ("failed_attempts", datetime(2028, 3, 30, 12, tzinfo=UTC)),
        ("refused_attempts", datetime(2028, 5, 29, 12, tzinfo=UTC)),
        ("package", datetime(2028, 3, 7, 12, tzinfo=UTC)),
        ("package_downloaded", datetime(2028, 3, 3, 12, tzinfo=UTC)),
        ("support_message", datetime(2028, 5, 29, 12, tzinfo=UTC)),
        ("case_message", datetime(2028, 5, 29, 12, tzinfo=UTC)),
        ("case_record", datetime(2031, 2, 28, 12, tzinfo=UTC)),
        ("marketing_suppression", None),
    ],
)
def test_each_record_of_our_own_goes_after_its_period(name: str, expected: datetime | None) -> None:
    assert own_retention()[name].gone_at(datetime(2028, 2, 29, 12, tzinfo=UTC)) == expected


def test_every_record_of_our_own_says_why_and_how_long() -> None:
    for row in own_retention().values():
        assert row.law, row.name
        assert row.counted_from, row.name
        assert bool(row.lasting) != bool(row.years or row.days or row.hours), row.name


def test_the_tables_cannot_be_changed_by_who_reads_them() -> None:
    with pytest.raises(TypeError):
        own_retention()["package"] = own_retention()["case_record"]  # type: ignore[index]


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - given a zone beside
def test_what_is_purged_is_past_its_period_and_by_less_than_two_days(now: datetime) -> None:
    for row in own_retention().values():
        if row.lasting:
            with pytest.raises(InvalidRetention):
                row.gone_before(now)
            continue
        event = row.gone_before(now)
        gone_at = row.gone_at(event)
        assert gone_at is not None
        assert now - timedelta(days=2) < gone_at <= now
