"""What is to be corrected: parts that are whole, confirmed as they stand, and harmless only where every map says so."""

from __future__ import annotations

import pytest

from assistant.domain.data_map import Rectifiable
from assistant.domain.rectifying import Change, Changes, Correctable, is_harmless
from handlers.rectification import Rectification


def test_a_field_is_harmless_only_if_every_map_says_so_and_no_contact_stands_in_it() -> None:
    maps = {
        "city": Correctable(harmless=True),
        "name": Correctable(harmless=True).beside(Correctable(harmless=False)),
        "email": Correctable(harmless=True, contact=True),
    }
    assert is_harmless(["city"], maps)
    assert not any(is_harmless(["city", name], maps) for name in ("name", "email", "unknown"))


def test_what_was_confirmed_is_no_more_once_a_part_changes() -> None:
    confirmed = Changes((Change("city", "Durham", "Leeds"),), confirmed=True)
    changed = confirmed.with_parts([Change("city", "York")])
    assert not changed.confirmed
    assert changed.digest != confirmed.digest
    assert Changes.of(confirmed.as_details()) == confirmed


def test_swapping_turns_round_only_what_has_both_sides() -> None:
    changes = Changes((Change("city", "Durham", "Leeds"), Change("phone", "+44 1")))
    assert changes.swapped.parts == (Change("city", "Leeds", "Durham"), Change("phone", "+44 1"))


@pytest.mark.parametrize(
    ("changes", "question"),
    [
        (Changes(), "ask_rectification"),
        (Changes((Change("city"),)), "ask_rectification_value"),
        (Changes((Change("city", part_of="address"),)), "ask_rectification_part"),
        (Changes((Change("city", either=("Durham", "Leeds")),)), "ask_rectification_which"),
        (Changes((Change("city", "Durham"),)), "confirm_rectification"),
        (Changes((Change("city", "Durham"),), confirmed=True), None),
    ],
)
def test_one_thing_is_asked_at_a_time_and_the_yes_last(changes: Changes, question: str | None) -> None:
    assert Rectification().missing(changes.as_details()) == question


def test_of_two_values_the_one_not_chosen_is_the_old_one() -> None:
    assert Change("city", either=("Durham", "Leeds")).settled("Leeds") == Change("city", "Leeds", "Durham")


def test_a_request_opened_before_there_were_parts_is_read_too() -> None:
    assert Changes.of({"field": "city", "new_value": "Durham"}).parts == (Change("city", "Durham"),)


@pytest.mark.parametrize("given", [{}, {"column": "street", "parts": {"street": "street"}}])
def test_a_rectifiable_field_has_its_column_or_its_parts(given: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="needs its column, or its parts"):
        Rectifiable.model_validate(given)
