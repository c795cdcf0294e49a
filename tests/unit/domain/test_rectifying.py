"""What is to be corrected: parts that are whole, confirmed as they stand, and harmless only where every map says so."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, cast

import pytest

from assistant.domain.data_map import Rectifiable
from assistant.domain.plan import Operation, Order, Plan
from assistant.domain.rectifying import Change, Changes, Correctable, is_harmless
from assistant.domain.rights import Right
from handlers.rectification import Rectification, also_as_one

if TYPE_CHECKING:
    from assistant.interfaces import DataSource


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


class _Mapped:
    """A source of which only the fields are asked."""

    def __init__(self, **fields: Correctable) -> None:
        self.fields = fields

    def correctable(self) -> dict[str, Correctable]:
        return self.fields


ORDERED = {"street": "1 Hill Road", "postcode": "10111", "city": "Tallinn", "country": "Estonia"}


def test_an_address_is_ordered_in_one_piece_too_where_a_map_has_it_so() -> None:
    apart = cast("DataSource", _Mapped(address=Correctable(parts=("street", "postcode", "city", "country"))))
    whole = cast("DataSource", _Mapped(address=Correctable()))
    assert also_as_one(ORDERED, [apart]) == ORDERED
    assert also_as_one(ORDERED, [apart, whole])["address"] == "1 Hill Road, 10111 Tallinn, Estonia"
    assert also_as_one({"city": "Tallinn"}, [whole]) == {"city": "Tallinn"}, "a town alone is no address"


@pytest.mark.parametrize(
    ("corrects", "nowhere"),
    [
        (tuple(ORDERED), ()),
        (("address",), ()),
        (("street", "city"), ("postcode", "country", "address")),
        ((), (*ORDERED, "address")),
    ],
)
def test_an_address_that_stands_in_either_form_is_found(
    corrects: tuple[str, ...], nowhere: tuple[str, ...]
) -> None:
    values = {**ORDERED, "address": "1 Hill Road, 10111 Tallinn, Estonia"}
    order = Order(Operation.RECTIFY, date(2026, 11, 28), new_values=values)
    assert Plan(Right.RECTIFICATION, (), order, (), corrects=corrects).nowhere == nowhere
