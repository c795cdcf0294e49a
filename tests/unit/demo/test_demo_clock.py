from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.demo.clock import FURTHEST, DemoClock, parse_duration
from assistant.errors import Invalid

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
SLACK = timedelta(seconds=5)


def test_it_begins_at_the_instant_given_and_runs_on() -> None:
    clock = DemoClock(START)
    first = clock.now()

    assert START <= first < START + SLACK
    assert first.tzinfo is UTC
    assert clock.now() >= first


def test_without_a_start_it_shows_the_present() -> None:
    assert abs(DemoClock().now() - datetime.now(UTC)) < SLACK


def test_forward_adds_up_and_wakes_every_listener_after_the_move() -> None:
    clock, seen = DemoClock(START), []
    clock.on_forward(lambda: seen.append(clock.now()))

    clock.forward(timedelta(hours=72))
    told = clock.forward(timedelta(days=8))

    assert START + timedelta(days=11) <= told < START + timedelta(days=11) + SLACK
    assert len(seen) == 2
    assert seen[0] >= START + timedelta(hours=72)


@pytest.mark.parametrize("by", [timedelta(), timedelta(seconds=-1), FURTHEST + timedelta(seconds=1)])
def test_it_never_goes_back_nor_leaps_beyond_reason(by: timedelta) -> None:
    clock = DemoClock(START)

    with pytest.raises(Invalid):
        clock.forward(by)
    assert clock.now() < START + SLACK


def test_it_stops_before_the_end_of_the_calendar() -> None:
    clock = DemoClock(datetime(9999, 12, 30, tzinfo=UTC))

    with pytest.raises(Invalid, match="9999"):
        clock.forward(timedelta(days=5))


def test_moves_from_many_threads_are_all_counted() -> None:
    clock = DemoClock(START)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: clock.forward(timedelta(hours=1)), range(200)))

    assert START + timedelta(hours=200) <= clock.now() < START + timedelta(hours=200) + SLACK


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(Invalid, match="zone"):
        DemoClock(START.replace(tzinfo=None))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10m", timedelta(minutes=10)),
        ("72h", timedelta(hours=72)),
        (" 8 D ", timedelta(days=8)),
        ("2w", timedelta(weeks=2)),
        ("45s", timedelta(seconds=45)),
    ],
)
def test_durations_are_read(text: str, expected: timedelta) -> None:
    assert parse_duration(text) == expected


@given(st.text(max_size=12).filter(lambda text: not re.fullmatch(r"\s*\d{1,6}\s*[smhdwSMHDW]\s*", text)))
def test_any_other_text_is_refused_with_a_hint(text: str) -> None:
    with pytest.raises(Invalid, match="72h"):
        parse_duration(text)
