"""Every worked example of the law pages, and what must hold for any receipt whatever."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.domain import due_date
from assistant.domain.calendars import (
    LegalCalendar,
    NaiveInstant,
    UnknownCountry,
    UnknownZone,
    add_months,
    is_working_day,
    local_day,
)
from assistant.domain.due_date import (
    DueDates,
    ImpossibleDates,
    Suspension,
    _rule_texts,
    due_dates,
    due_report,
    reminder_days,
)
from assistant.errors import Invalid

DATA = Path(__file__).parents[2] / "data"
EXAMPLES: list[dict[str, Any]] = [
    json.loads(line) for line in (DATA / "due_dates.jsonl").read_text(encoding="utf-8").splitlines()
]
ESTONIA = LegalCalendar()


def day(value: str | None) -> date | None:
    return date.fromisoformat(value) if value else None


def counted(example: dict[str, Any], country: str) -> DueDates:
    asked = day(example.get("asked"))
    return due_dates(
        datetime.fromisoformat(example["received_at"]),
        calendar=LegalCalendar(country, example["clock_tz"]),
        extended_on=day(example.get("extension_notice_sent")),
        suspensions=[Suspension(asked, day(example["satisfied"]))] if asked else [],
    )


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["id"])
def test_every_worked_example_comes_out_exactly(example: dict[str, Any]) -> None:
    estonia, france = counted(example, "EE"), counted(example, "FR")

    assert estonia.received_on == day(example["receipt_date"])
    assert estonia.due_on == day(example["due_EE"])
    assert france.due_on == day(example["due_FR"])
    assert estonia.due_at.isoformat() == example["due_instant"]
    assert estonia.safe_on == france.safe_on == day(example["safe_target"])
    assert estonia.suspended_days == example["suspended_days"]
    assert estonia.extension_effective == (example["months"] == 3)
    if "extension_notice_deadline" in example:
        assert estonia.extension_notice_by == day(example["extension_notice_deadline"])


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["id"])
def test_the_command_reports_the_same_as_json(example: dict[str, Any]) -> None:
    report = due_report(
        example["received_at"],
        timezone=example["clock_tz"],
        extended_on=example.get("extension_notice_sent"),
        asked_on=example.get("asked"),
        satisfied_on=example.get("satisfied"),
    )

    assert set(report) == {
        "due_on",
        "due_at",
        "safe_on",
        "extension_notice_by",
        "extension_effective",
        "suspended_days",
        "rules",
    }
    assert json.loads(json.dumps(report)) == report
    assert report["due_on"] == example["due_EE"]
    assert report["due_at"] == example["due_instant"]
    assert report["safe_on"] == example["safe_target"]


def test_the_rules_are_told_in_the_order_applied() -> None:
    dates = due_dates(
        datetime.fromisoformat("2026-01-31T10:00:00+02:00"),
        calendar=ESTONIA,
        suspensions=[Suspension(date(2026, 2, 3), date(2026, 2, 10))],
    )

    assert [rule.split(": ")[0] for rule in dates.rules] == [
        "Regulation 1182/71 Article 3(1)",
        "GDPR 12(3)",
        "Regulation 1182/71 Article 3(2)(c)",
        "EDPB Guidelines 01/2022, 5.3",
        "Regulation 1182/71 Article 3(4)",
        "Choice of this desk",
    ]
    assert "its last day, 2026-02-28" in dates.rules[2]
    assert "7 days suspended: 2026-03-07" in dates.rules[3]
    assert "2026-03-07 is a Saturday: the next working day, 2026-03-09" in dates.rules[4]


def test_a_rule_names_the_holiday_and_the_undue_delay() -> None:
    holiday = due_dates(datetime(2026, 5, 23, 7, tzinfo=UTC), calendar=ESTONIA)
    delay = due_dates(
        datetime(2026, 9, 1, 7, tzinfo=UTC),
        calendar=ESTONIA,
        suspensions=[Suspension(date(2026, 9, 25), date(2026, 9, 28))],
    )

    assert any("2026-06-23 is a public holiday in EE" in rule for rule in holiday.rules)
    assert any("asked on 2026-09-25, later than 2026-09-04, is undue delay" in rule for rule in delay.rules)


@pytest.mark.parametrize(("asked_on", "days"), [(date(2026, 9, 4), 6), (date(2026, 9, 5), 0)])
def test_proof_must_be_asked_within_three_working_days(asked_on: date, days: int) -> None:
    dates = due_dates(
        datetime(2026, 9, 1, 7, tzinfo=UTC),
        calendar=ESTONIA,
        suspensions=[Suspension(asked_on, date(2026, 9, 10))],
    )

    assert dates.suspended_days == days


def test_days_on_which_two_questions_were_open_count_once() -> None:
    dates = due_dates(
        datetime(2026, 6, 1, 7, tzinfo=UTC),
        calendar=ESTONIA,
        suspensions=[
            Suspension(date(2026, 6, 2), date(2026, 6, 12)),
            Suspension(date(2026, 6, 4), date(2026, 6, 8)),
            Suspension(date(2026, 6, 3), date(2026, 6, 15)),
        ],
    )

    assert dates.suspended_days == 13


def test_a_running_suspension_counts_up_to_today_and_pauses_the_reminders() -> None:
    received_at, running = datetime(2026, 6, 1, 7, tzinfo=UTC), [Suspension(date(2026, 6, 2))]

    unknown = due_dates(received_at, calendar=ESTONIA, suspensions=running)
    later = due_dates(received_at, calendar=ESTONIA, suspensions=running, today=date(2026, 6, 12))
    over = due_dates(
        received_at, calendar=ESTONIA, suspensions=[Suspension(date(2026, 6, 2), date(2026, 6, 12))]
    )

    assert (unknown.suspended_days, unknown.due_on, unknown.suspended) == (0, date(2026, 7, 1), True)
    assert (later.suspended_days, later.due_on, later.suspended) == (10, date(2026, 7, 13), True)
    assert (over.due_on, over.suspended) == (later.due_on, False)


def test_a_question_asked_too_late_pauses_nothing_while_it_runs() -> None:
    dates = due_dates(
        datetime(2026, 6, 1, 7, tzinfo=UTC),
        calendar=ESTONIA,
        suspensions=[Suspension(date(2026, 6, 20))],
        today=date(2026, 6, 28),
    )

    assert (dates.suspended, dates.suspended_days) == (False, 0)


def test_an_extension_told_on_the_last_day_counts_and_one_day_later_does_not() -> None:
    received_at = datetime(2026, 1, 31, 10, tzinfo=UTC)  # the first month ends on Saturday 28 February

    timely = due_dates(received_at, calendar=ESTONIA, extended_on=date(2026, 3, 2))
    late = due_dates(received_at, calendar=ESTONIA, extended_on=date(2026, 3, 3))

    assert (timely.extension_effective, timely.due_on) == (True, date(2026, 4, 30))
    assert (late.extension_effective, late.due_on) == (False, date(2026, 3, 2))
    assert any("has no effect" in rule for rule in late.rules)


def test_where_clocks_go_back_at_midnight_the_day_ends_the_second_time() -> None:
    # In Egypt the hour before midnight of Thursday 26 October 2023 came twice.
    calendar = LegalCalendar(zone="Africa/Cairo", audience_zone="Africa/Cairo")
    dates = due_dates(datetime(2023, 9, 26, 12, tzinfo=UTC), calendar=calendar)

    assert dates.due_on == date(2023, 10, 26)
    assert dates.due_at.astimezone(UTC) == datetime(2023, 10, 26, 21, 59, 59, tzinfo=UTC)


def test_reminders_fall_ten_five_two_and_one_day_before_and_on_the_day() -> None:
    assert reminder_days(date(2026, 3, 3)) == (
        date(2026, 2, 21),
        date(2026, 2, 26),
        date(2026, 3, 1),
        date(2026, 3, 2),
        date(2026, 3, 3),
    )


@pytest.mark.parametrize(
    ("options", "error", "hint"),
    [
        ({"received_at": "2026-03-05T10:00:00"}, NaiveInstant, "2026-03-05T10:00:00+02:00"),
        ({"received_at": "2026-03-05"}, NaiveInstant, "offset"),
        ({"received_at": datetime.fromisoformat("2026-03-05")}, NaiveInstant, "offset"),
        ({"received_at": "5 March"}, Invalid, "'5 March'"),
        ({"received_at": "0206-03-05T10:00:00+02:00"}, ImpossibleDates, "206"),
        ({"received_at": "9999-12-31T23:00:00-10:00"}, ImpossibleDates, "9999"),
        ({"country": "XX"}, UnknownCountry, "'XX'"),
        ({"country": "Estonia"}, UnknownCountry, "two capital letters"),
        ({"country": "ee"}, UnknownCountry, "two capital letters"),
        ({"timezone": "Europe/Talinn"}, UnknownZone, "'Europe/Talinn'"),
        ({"timezone": "Europe"}, UnknownZone, "'Europe'"),
        ({"audience_timezone": "../../etc/passwd"}, UnknownZone, "IANA"),
        ({"audience_timezone": ""}, UnknownZone, "IANA"),
        ({"extended_on": "2026-03-04"}, ImpossibleDates, "before receipt on 2026-03-05"),
        ({"extended_on": "soon"}, Invalid, "extended_on 'soon'"),
        ({"asked_on": "2026-03-04"}, ImpossibleDates, "before receipt"),
        ({"asked_on": "2026-03-09", "satisfied_on": "2026-03-06"}, ImpossibleDates, "before it was asked"),
        ({"satisfied_on": "2026-03-06"}, ImpossibleDates, "the day it was asked"),
    ],
)
def test_what_cannot_be_is_refused(options: dict[str, Any], error: type[Invalid], hint: str) -> None:
    with pytest.raises(error) as caught:
        due_report(**{"received_at": "2026-03-05T10:00:00+02:00", **options})

    assert hint in str(caught.value)
    assert caught.value.http_status == 422


# ── for any receipt ─────────────────────────────────────────────────────────────────────────────────

ZONES = st.sampled_from(
    [
        "Europe/Tallinn",
        "Europe/Paris",
        "Atlantic/Azores",
        "America/Los_Angeles",
        "Pacific/Kiritimati",
        "Australia/Lord_Howe",
        "Africa/Cairo",
        "Asia/Kathmandu",
        "UTC",
    ]
)
CALENDARS = st.builds(LegalCalendar, st.sampled_from(["EE", "FR", "DE", "ES"]), ZONES, ZONES)
INSTANTS = st.datetimes(
    datetime.fromisoformat("2000-01-01"), datetime.fromisoformat("2100-12-31"), timezones=ZONES.map(ZoneInfo)
)
PAUSES = st.lists(st.tuples(st.integers(0, 10), st.none() | st.integers(0, 60)), max_size=3)


def suspensions_after(received_on: date, drawn: list[tuple[int, int | None]]) -> list[Suspension]:
    asked = [(received_on + timedelta(offset), length) for offset, length in drawn]
    return [Suspension(on, None if length is None else on + timedelta(length)) for on, length in asked]


@given(INSTANTS, CALENDARS)
def test_due_on_the_first_working_day_not_before_the_nominal_day(
    at: datetime, calendar: LegalCalendar
) -> None:
    dates = due_dates(at, calendar=calendar)
    nominal = add_months(dates.received_on, 1)

    assert nominal <= dates.due_on
    assert is_working_day(dates.due_on, calendar)
    skipped = [nominal + timedelta(n) for n in range((dates.due_on - nominal).days)]
    assert not any(is_working_day(day, calendar) for day in skipped)


@given(INSTANTS, st.integers(0, 40), CALENDARS)
def test_a_later_receipt_is_never_due_earlier(at: datetime, days: int, calendar: LegalCalendar) -> None:
    earlier, later = due_dates(at, calendar=calendar), due_dates(at + timedelta(days), calendar=calendar)

    assert earlier.due_on <= later.due_on
    assert earlier.safe_on <= later.safe_on
    assert earlier.extension_notice_by <= later.extension_notice_by


@given(INSTANTS, st.integers(0, 150), PAUSES, CALENDARS)
def test_whatever_happened_the_safe_day_is_not_after_the_due_day_and_an_extension_never_shortens(
    at: datetime, told_after: int, drawn: list[tuple[int, int | None]], calendar: LegalCalendar
) -> None:
    received_on = local_day(at, calendar.zone)
    suspensions = suspensions_after(received_on, drawn)
    told = received_on + timedelta(told_after)
    today = received_on + timedelta(90)

    plain = due_dates(at, calendar=calendar, suspensions=suspensions, today=today)
    extended = due_dates(at, calendar=calendar, suspensions=suspensions, extended_on=told, today=today)

    for dates in (plain, extended):
        assert dates.safe_on <= dates.due_on
        assert is_working_day(dates.due_on, calendar)
        assert dates.due_at.date() == dates.due_on
        assert dates.suspended_days >= 0
    assert extended.extension_notice_by == plain.extension_notice_by == plain.due_on
    assert extended.extension_effective == (told <= plain.due_on)
    assert extended.due_on >= plain.due_on
    if extended.extension_effective:
        assert extended.due_on >= add_months(received_on, 3)
    else:
        assert (extended.due_on, extended.safe_on) == (plain.due_on, plain.safe_on)


@given(INSTANTS, st.integers(0, 60))
def test_suspended_days_move_the_nominal_day_and_nothing_else(at: datetime, length: int) -> None:
    received_on = local_day(at, ESTONIA.zone)
    paused = due_dates(
        at, calendar=ESTONIA, suspensions=[Suspension(received_on, received_on + timedelta(length))]
    )

    nominal = add_months(received_on, 1) + timedelta(length)
    assert paused.suspended_days == length
    assert timedelta(0) <= paused.due_on - nominal < timedelta(7)
    assert paused.safe_on == due_dates(at, calendar=ESTONIA).safe_on


@given(INSTANTS)
def test_the_day_is_clamped_from_the_day_of_receipt_only(at: datetime) -> None:
    received_on = local_day(at, ESTONIA.zone)
    three = add_months(received_on, 3)
    extended = due_dates(at, calendar=ESTONIA, extended_on=received_on)

    assert three.day == received_on.day or (three + timedelta(1)).day == 1
    assert three <= extended.due_on
    assert extended.safe_on <= three


@given(INSTANTS, CALENDARS)
def test_the_due_instant_is_the_last_second_of_the_day_across_clock_changes(
    at: datetime, calendar: LegalCalendar
) -> None:
    dates = due_dates(at, calendar=calendar)
    after = dates.due_at.astimezone(UTC) + timedelta(seconds=1)

    assert dates.due_at.time() == time(23, 59, 59)
    assert local_day(after, calendar.zone) == dates.due_on + timedelta(1)
    assert local_day(dates.due_at, calendar.zone) == dates.due_on


@given(INSTANTS, ZONES)
def test_the_same_instant_written_in_another_zone_is_due_alike(at: datetime, zone: str) -> None:
    assert due_dates(at.astimezone(ZoneInfo(zone)), calendar=ESTONIA) == due_dates(at, calendar=ESTONIA)


def test_every_rule_of_the_clock_is_told_in_both_languages_and_applied_somewhere() -> None:
    texts, source = _rule_texts(), Path(due_date.__file__).read_text("utf-8")
    assert texts["en"].keys() == texts["fr"].keys()
    for name, english in texts["en"].items():
        assert f'"{name}"' in source, name
        assert set(re.findall(r"{\w+}", english)) == set(re.findall(r"{\w+}", texts["fr"][name])), name


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_rules_are_told_in_the_language_that_is_asked_for(language: str) -> None:
    received_at = datetime(2026, 1, 31, 10, tzinfo=UTC)
    dates = due_dates(
        received_at, calendar=LegalCalendar("EE", "Europe/Tallinn", "Europe/Paris"), language=language
    )
    law = {"en": "Regulation 1182/71", "fr": "Règlement 1182/71"}[language]
    assert dates.rules[0].startswith(law)
    assert len(dates.rules) == len(
        due_dates(received_at, calendar=LegalCalendar("EE", "Europe/Tallinn", "Europe/Paris")).rules
    )
