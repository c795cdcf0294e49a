"""Each right has one handler, which reads what a desk of any version stored of a request, and loses none of it."""

from __future__ import annotations

import asyncio
from dataclasses import fields
from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.config import Settings
from assistant.domain.assurance import Hold, Need, Tier
from assistant.domain.details import Details, FoundOut, RunningServices, WhereTo
from assistant.domain.messages import MESSAGES
from assistant.domain.plan import Identity, Operation, Order, Plan
from assistant.domain.rectifying import Change, Changes
from assistant.domain.rights import (
    CARRIED_OUT_FIRST,
    CONFIRMED_FIRST,
    ENDING_USES,
    ERASING,
    IRREVERSIBLE,
    Right,
)
from assistant.domain.uses import EndOfUse
from assistant.errors import Conflict
from assistant.interfaces import Handler
from handlers import HANDLERS
from handlers.access import WhichCopy
from handlers.restriction import HowLong

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
BY_RIGHT = {handler.right: handler for handler in HANDLERS}
KINDS: tuple[type[Details], ...] = (EndOfUse, FoundOut, HowLong, RunningServices, WhereTo, WhichCopy)
KEYS = sorted(
    {field.name for kind in KINDS for field in fields(kind)} | {"client_number", "for_other", "denied"}
)
VALUES = st.one_of(st.booleans(), st.text(max_size=5), st.lists(st.text(max_size=5), max_size=3))
STORED = st.dictionaries(st.sampled_from(KEYS), VALUES)


def _need(handler: Handler, details: dict[str, Any], plan: Plan | None = None) -> Need:
    return handler.need(details, plan, Settings(), ())


def test_each_right_has_one_handler() -> None:
    assert BY_RIGHT.keys() == set(Right)
    assert len(BY_RIGHT) == len(HANDLERS)


@pytest.mark.parametrize("kind", KINDS)
@given(stored=STORED)
def test_what_is_stored_is_read_and_kept_as_it_was(kind: type[Details], stored: dict[str, Any]) -> None:
    assert kind.of(stored).kept_in(stored) == stored
    assert kind.of(kind.of(stored).kept_in({})) == kind.of(stored)


@given(stored=STORED)
def test_what_was_found_out_is_taken_away_and_what_was_said_stays(stored: dict[str, Any]) -> None:
    assert FoundOut().kept_in(stored) == {k: v for k, v in stored.items() if k not in FoundOut.names()}


def test_no_right_takes_from_a_message_what_only_agents_and_the_desk_find_out() -> None:
    assert [handler.right for handler in HANDLERS if handler.takes & FoundOut.names()] == []


@pytest.mark.parametrize(
    ("right", "takes"),
    [
        (Right.ACCESS, {"period", "topic"}),
        (Right.PORTABILITY, {"transfer_to"}),
        (Right.ERASURE, {"limited", "keep_services"}),
        (Right.RECTIFICATION, {"field", "old_value", "new_value", "either", "more_changes", "emptied"}),
        (Right.OBJECTION, {"purpose", "marketing", "address", "by_person", "first_of_many"}),
        (Right.CONSENT_WITHDRAWAL, {"purpose", "marketing", "address", "by_person", "first_of_many"}),
        (Right.RESTRICTION, {"until"}),
        (Right.COMPLAINT, set()),
    ],
)
def test_a_right_takes_its_own_details_of_a_message(right: Right, takes: set[str]) -> None:
    assert BY_RIGHT[right].takes == takes


def _wishes(right: Right) -> list[dict[str, Any]]:
    """Give complete requests of one right that each want something else."""
    named = [{name: value} for name in sorted(BY_RIGHT[right].takes) for value in ("this", "that")]
    if right in ENDING_USES:
        return [
            {"purpose": "profiling"},
            *({"marketing": True, "address": each} for each in ("a@b.example", "c@d.example")),
        ]
    if right in CONFIRMED_FIRST:
        parts = (
            Change("city", "Bern", "Basel"),
            Change("city", "Chur", "Basel"),
            Change("last_name", "Saar"),
        )
        return [Changes((part,), confirmed=True).as_details() for part in parts]
    return [{}, *named]


@pytest.mark.parametrize("right", list(Right))
def test_two_wishes_of_one_right_are_the_same_only_where_all_that_they_want_is(right: Right) -> None:
    handler, wishes = BY_RIGHT[right], _wishes(right)
    asked_by = {"client_number": "C-1", "client_id": ["C-1"]}
    for one, other in product(wishes, repeat=2):
        is_same = one == other and handler.operation is not None  # of what people answer the words tell
        assert handler.asks_same(one, other | asked_by) is is_same


@pytest.mark.parametrize(
    ("right", "details"),
    [
        *((right, {"purpose": "something_else"}) for right in sorted(ENDING_USES)),
        (Right.RECTIFICATION, Changes().as_details()),
        (Right.RECTIFICATION, Changes((Change("city", "Bern"),)).as_details()),
        (Right.RECTIFICATION, Changes((Change("city"),), to_empty=True).as_details()),
    ],
)
def test_what_nobody_knows_yet_is_not_the_same(right: Right, details: dict[str, Any]) -> None:
    assert not BY_RIGHT[right].asks_same(details, details)


@pytest.mark.parametrize(
    ("right", "details", "need"),
    [
        (Right.ACCESS, {}, Need(Tier.T2, Hold.UNLESS_SIGNED_IN)),
        (Right.PORTABILITY, {}, Need(Tier.T2, Hold.UNLESS_SIGNED_IN)),
        (Right.ERASURE, {}, Need(Tier.T2, Hold.ALWAYS)),
        (Right.ERASURE, {"keep_services": True}, Need(Tier.T2, Hold.ALWAYS)),
        (Right.RECTIFICATION, {}, Need(Tier.T1)),
        (Right.RECTIFICATION, {"field": "email"}, Need(Tier.T2, Hold.ALWAYS)),
        (Right.RESTRICTION, {}, Need(Tier.T1)),
        (Right.COMPLAINT, {}, Need(Tier.T0)),
        *((right, {"purpose": "profiling"}, Need(Tier.T1)) for right in sorted(ENDING_USES)),
        *((right, {"marketing": True}, Need(Tier.T0)) for right in sorted(ENDING_USES)),
    ],
)
def test_a_right_says_what_proof_it_needs(right: Right, details: dict[str, Any], need: Need) -> None:
    assert _need(BY_RIGHT[right], details) == need


def test_nobody_proves_anything_for_the_end_of_a_restriction() -> None:
    plan = Plan(Right.RESTRICTION, (), Order(Operation.LIFT, NOW.date()), ())
    assert _need(BY_RIGHT[Right.RESTRICTION], {"lift_reason": "over"}, plan) == Need(Tier.T0)


def test_what_cannot_be_taken_back_waits_for_whoever_could_stop_it() -> None:
    waits = {right for right, handler in BY_RIGHT.items() if _need(handler, {}).hold is not Hold.NONE}
    assert waits == IRREVERSIBLE == CARRIED_OUT_FIRST | ERASING


@pytest.mark.parametrize("handler", HANDLERS, ids=lambda handler: str(handler.right))
def test_every_right_can_say_that_nothing_is_held(handler: Handler) -> None:
    assert MESSAGES[handler.nothing].needs <= {"requests", "systems"}


def test_what_people_answer_orders_nothing_of_any_source() -> None:
    by_people = [handler for handler in HANDLERS if handler.operation is None]
    assert [handler.right for handler in by_people] == [Right.COMPLAINT]
    for handler in by_people:
        with pytest.raises(Conflict):
            asyncio.run(handler.propose(Identity(), (), {}, NOW))
