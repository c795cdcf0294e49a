"""When a request must be answered: GDPR 12(3), counted as Regulation 1182/71 counts."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from assistant.domain.calendars import (
    SATURDAY,
    LegalCalendar,
    NaiveInstant,
    add_months,
    is_holiday,
    local_day,
    next_working_day,
    working_days_after,
)
from assistant.domain.law import read_law
from assistant.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_LAST_SECOND = time(23, 59, 59)
# The Regulation applies since mid 1971; a year far out is a slip of the keyboard, not a receipt.
_YEARS = range(1972, 2201)


class ImpossibleDates(Invalid):
    """These dates cannot all be true; check which came first."""

    code = "impossible_dates"


@dataclass(frozen=True, slots=True)
class Suspension:
    """The clock stands still from the day proof was asked for until enough came; None: it still does."""

    asked_on: date
    satisfied_on: date | None = None

    def __post_init__(self) -> None:
        """Refuse an answer before the question."""
        if self.satisfied_on is not None and self.satisfied_on < self.asked_on:
            raise ImpossibleDates(
                f"Satisfied on {self.satisfied_on}, before it was asked on {self.asked_on}; check the dates."
            )


@dataclass(frozen=True, slots=True)
class DueDates:
    """By when a request must be answered, by when it is safest, and the rules applied, in order."""

    due_on: date
    due_at: datetime  # the last second of due_on in the controller's zone
    safe_on: date  # earliest defensible date: work to this one
    extension_notice_by: date
    extension_effective: bool
    suspended_days: int
    rules: tuple[str, ...]
    received_on: date  # in the controller's zone
    suspended: bool  # the clock stands still now: reminders pause


@dataclass(frozen=True, slots=True)
class _Count:
    """Everything the due date follows from, so that the trace cannot tell another story than the dates."""

    calendar: LegalCalendar
    received_on: date
    audience_received_on: date
    extended_on: date | None
    timely: tuple[Suspension, ...]
    late: tuple[Suspension, ...]
    ask_by: date
    today: date | None

    @property
    def first_months(self) -> int:
        return int(read_law("periods")["response"]["months"])

    @property
    def months(self) -> int:
        extra = int(read_law("periods")["extension"]["months"])
        return self.first_months + (extra if self.extended else 0)

    @property
    def extended(self) -> bool:
        return self.extended_on is not None and self.extended_on <= self.notice_by

    @property
    def notice_by(self) -> date:
        return next_working_day(self._paused(self.first_months), self.calendar)

    @property
    def unshifted(self) -> date:
        return self._paused(self.months)

    @property
    def due_on(self) -> date:
        return next_working_day(self.unshifted, self.calendar)

    @property
    def safe_on(self) -> date:
        return min(map(self._safe, (self.received_on, self.audience_received_on)))

    @property
    def suspended_days(self) -> int:
        days: set[date] = set()
        for pause in self.timely:
            end = pause.satisfied_on or self.today or pause.asked_on
            days.update(pause.asked_on + timedelta(n) for n in range((end - pause.asked_on).days))
        return len(days)

    @property
    def suspended(self) -> bool:
        return any(pause.satisfied_on is None for pause in self.timely)

    def _paused(self, months: int) -> date:
        return add_months(self.received_on, months) + timedelta(self.suspended_days)

    def _safe(self, received_on: date) -> date:
        chained = add_months(received_on, self.first_months)
        if self.extended:
            chained = add_months(chained, self.months - self.first_months)
        # Whether the further months run from receipt or from the end of the first is not settled everywhere.
        return min(add_months(received_on, self.months), chained)


def due_dates(
    received_at: datetime,
    *,
    calendar: LegalCalendar,
    extended_on: date | None = None,
    suspensions: Sequence[Suspension] = (),
    today: date | None = None,
    language: str = "en",
) -> DueDates:
    """Count the due date of a request received at an aware instant; its rules are told in a language.

    `extended_on` is the day the extension was told to the person. A suspension still running counts up to
    `today`, or not yet at all without it. Raises NaiveInstant and ImpossibleDates.
    """
    count = _count(received_at, calendar, extended_on, suspensions, today)
    return DueDates(
        due_on=count.due_on,
        # Arithmetic on local days first, the instant last: clocks may change in between.
        due_at=datetime.combine(count.due_on, _LAST_SECOND, calendar.tz).replace(fold=1),
        safe_on=count.safe_on,
        extension_notice_by=count.notice_by,
        extension_effective=count.extended,
        suspended_days=count.suspended_days,
        rules=tuple(_rules(count, language)),
        received_on=count.received_on,
        suspended=count.suspended,
    )


def reminder_days(safe_on: date) -> tuple[date, ...]:
    """Give the days on which agents are reminded, earliest first, the last being `safe_on` itself."""
    return tuple(sorted(safe_on - timedelta(n) for n in read_law("periods")["reminders"]["days_before"]))


def question_by(received_at: datetime, calendar: LegalCalendar) -> date:
    """Give the last day on which a question to the person is asked without undue delay, and stops the clock."""
    days = read_law("periods")["suspension"]["working_days"]
    return working_days_after(local_day(received_at, calendar.zone), days, calendar)


def due_report(
    received_at: datetime | str,
    *,
    country: str = "EE",
    timezone: str = "Europe/Tallinn",
    audience_timezone: str = "Europe/Paris",
    extended_on: date | str | None = None,
    asked_on: date | str | None = None,
    satisfied_on: date | str | None = None,
) -> dict[str, Any]:
    """Give the JSON of `assistant due`; raises Invalid, with a message for whoever typed the command."""
    asked, satisfied = _day("asked_on", asked_on), _day("satisfied_on", satisfied_on)
    if satisfied is not None and asked is None:
        raise ImpossibleDates("Satisfied without having been asked; give the day it was asked as well.")
    dates = due_dates(
        _instant(received_at),
        calendar=LegalCalendar(country, timezone, audience_timezone),
        extended_on=_day("extended_on", extended_on),
        suspensions=() if asked is None else (Suspension(asked, satisfied),),
    )
    return {
        "due_on": dates.due_on.isoformat(),
        "due_at": dates.due_at.isoformat(),
        "safe_on": dates.safe_on.isoformat(),
        "extension_notice_by": dates.extension_notice_by.isoformat(),
        "extension_effective": dates.extension_effective,
        "suspended_days": dates.suspended_days,
        "rules": list(dates.rules),
    }


def _count(
    received_at: datetime,
    calendar: LegalCalendar,
    extended_on: date | None,
    suspensions: Sequence[Suspension],
    today: date | None,
) -> _Count:
    if received_at.year not in _YEARS:
        raise ImpossibleDates(f"Received in the year {received_at.year}? Check the year.")
    received_on = local_day(received_at, calendar.zone)
    _check_order(received_on, extended_on, suspensions)
    ask_by = question_by(received_at, calendar)
    return _Count(
        calendar=calendar,
        received_on=received_on,
        audience_received_on=local_day(received_at, calendar.audience_zone),
        extended_on=extended_on,
        timely=tuple(pause for pause in suspensions if pause.asked_on <= ask_by),
        late=tuple(pause for pause in suspensions if pause.asked_on > ask_by),
        ask_by=ask_by,
        today=today,
    )


def _check_order(received_on: date, extended_on: date | None, suspensions: Sequence[Suspension]) -> None:
    if extended_on is not None and extended_on < received_on:
        raise ImpossibleDates(f"Extended on {extended_on}, before receipt on {received_on}; check the dates.")
    for pause in suspensions:
        if pause.asked_on < received_on:
            raise ImpossibleDates(
                f"Proof asked on {pause.asked_on}, before receipt on {received_on}; check the dates."
            )


def _rules(count: _Count, language: str) -> Iterator[str]:
    """Tell the rules that were applied, in their order, each with its source."""
    texts = _rule_texts()[language]
    for name, values in _applied(count):
        yield texts[name].format(**values)


@cache
def _rule_texts() -> dict[str, dict[str, str]]:
    return tomllib.loads(files("assistant.domain").joinpath("clock_rules.toml").read_text("utf-8"))


def _applied(count: _Count) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "receipt", {"on": count.received_on, "zone": count.calendar.zone}
    yield from _extension_rules(count)
    yield _month_rule(count)
    yield from _suspension_rules(count)
    if count.due_on != count.unshifted:
        yield _shift_rule(count)
    same = count.received_on == count.audience_received_on
    yield "safe" if same else "safe_earlier", {"on": count.safe_on}


def _extension_rules(count: _Count) -> Iterator[tuple[str, dict[str, Any]]]:
    months = {"months": count.months}
    told = {"on": count.extended_on, "by": count.notice_by}
    if count.extended:
        yield "extended", {**told, **months}
        return
    if count.extended_on is not None:
        yield "extended_late", told
    yield "one_month" if count.months == 1 else "months", months


def _month_rule(count: _Count) -> tuple[str, dict[str, Any]]:
    end, day = add_months(count.received_on, count.months), count.received_on.day
    return "same_date" if end.day == day else "no_such_day", {"end": end, "day": day}


def _suspension_rules(count: _Count) -> Iterator[tuple[str, dict[str, Any]]]:
    for pause in count.late:
        yield "asked_late", {"on": pause.asked_on, "by": count.ask_by}
    if count.suspended and count.today is None:
        yield "running", {}
    if count.suspended_days:
        yield "suspended", {"days": count.suspended_days, "end": count.unshifted}


def _shift_rule(count: _Count) -> tuple[str, dict[str, Any]]:
    end = count.unshifted
    weekday = "saturday" if end.weekday() == SATURDAY else "sunday"
    name = "holiday" if is_holiday(end, count.calendar) else weekday
    return name, {"end": end, "due": count.due_on, "country": count.calendar.country}


def _instant(value: datetime | str) -> datetime:
    if isinstance(value, datetime):
        return value
    try:
        instant = datetime.fromisoformat(value.strip())
    except ValueError as cause:
        raise Invalid(f"{value!r} is no instant; write it like 2026-03-05T10:00:00+02:00.") from cause
    if instant.utcoffset() is None:
        raise NaiveInstant(f"{value!r} has no offset from UTC; write it like 2026-03-05T10:00:00+02:00.")
    return instant


def _day(name: str, value: date | str | None) -> date | None:
    if not isinstance(value, str):
        return value
    try:
        return date.fromisoformat(value.strip())
    except ValueError as cause:
        raise Invalid(f"{name} {value!r} is no calendar day; write it like 2026-03-05.") from cause
