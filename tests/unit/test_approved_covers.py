"""What an approval names covers all that decides what is done and what leaves: each field of a plan, one by one."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import date, timedelta
from enum import Enum
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from assistant.casework.answers import packages, redaction
from assistant.domain.plan import (
    Account,
    Blocker,
    Hindrance,
    Identity,
    Keep,
    Located,
    Operation,
    Order,
    Plan,
    Step,
    TableEffect,
    TableRows,
)
from assistant.domain.recipients import HandOver
from assistant.domain.rights import Right
from assistant.store.tables import Action

DAY = date(2026, 11, 24)
HANDED = tuple(
    HandOver(name, (("client_id", "1"),), ("city",), ("news",), sure)
    for name, sure in (("ledger", False), ("post", True))
)
PLAN = Plan(
    Right.ERASURE,
    (
        Located(
            "crm",
            Identity(("a@b.example",), ("C1",), (("phone", "1"),)),
            (Account("crm", "clients", ("1",), "A"),),
            (TableRows("clients", "identity", 1, 1), TableRows("calls", "talk", 0)),
        ),
    ),
    Order(Operation.RECTIFY, DAY, {"city": "Tartu"}, ("news",), False, ("ledger",), ("press",)),
    (
        Step(
            "crm",
            Operation.RECTIFY,
            (TableEffect("clients", "identity", 1, ("city",), {"city": "Tartu"}, False, 1, HANDED),),
        ),
    ),
    (Keep("crm", "bills", "billing", 1, ("sum",), "tax", "GDPR 17(3)(b)", DAY, ((2026, 1, DAY),)),),
    (Blocker("crm", "domains", 1, "domain", ("a.example",)),),
    (Hindrance("other", "It fails.", "clients", ("city",), "orders", 1, "crm"),),
    ("city",),
    ("street",),
)

# What no approval need name, and why; whoever adds a field to a plan finds it here or in the hash.
_COUNTED = "counts: one more line of a log must not void an approval (flows.md)"
_DERIVED = "follows from the accounts, the map and the proof, which only the operator or a new plan changes"
_WORDS = "words beside what is covered already"
NOT_NAMED: Mapping[str, str] = {
    "located.identity.emails": _DERIVED,
    "located.identity.client_ids": _DERIVED,
    "located.identity.others": _DERIVED,
    "located.accounts.label": _WORDS,
    "located.tables.category": _DERIVED,
    "located.tables.shared": _COUNTED,
    "order.operation": "each step names its own",
    "order.today": "the day it is looked at, another one at each look",
    "order.not_handed_over": "what is told to nobody; that somebody has said so is covered where it is asked",
    "steps.effects.rows": _COUNTED,
    "steps.effects.category": _DERIVED,
    "steps.effects.handed_over.known_by": _DERIVED,
    "keeps.category": _DERIVED,
    "keeps.rows": _COUNTED,
    "keeps.law": "follows from the rule",
    "keeps.until": "follows from the rule and the rows",
    "keeps.by_year": _COUNTED,
    "blockers.rows": _COUNTED,
    "blockers.labels": _WORDS,
    "conflicts.said": _WORDS,
    "conflicts.rows": _COUNTED,
    "corrects": "each step names its columns and values",
    "holds": "nothing is done there",
}


def changed(value: Any) -> Any:
    match value:
        case bool():
            return not value
        case Enum():
            return next(each for each in type(value) if each is not value)
        case int():
            return value + 1
        case date():
            return DAY + timedelta(days=1)
        case Mapping():
            return {name: changed(each) for name, each in value.items()}
    return f"{value}x" if isinstance(value, str) else tuple(changed(each) for each in value)


def each_change(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Give the value with one leaf changed, for each leaf."""
    for field in fields(value):
        name, held = f"{path}.{field.name}".lstrip("."), getattr(value, field.name)
        inner = held if isinstance(held, tuple) else (held,)
        if not any(is_dataclass(each) for each in inner):
            yield name, replace(value, **{field.name: changed(held)})
            continue
        for number, part in enumerate(inner):
            for deeper, other in each_change(part, name):
                parts = (*inner[:number], other, *inner[number + 1 :])
                yield deeper, replace(value, **{field.name: parts if isinstance(held, tuple) else other})


def test_each_field_of_a_plan_is_named_by_its_approval_or_has_a_reason_not_to_be() -> None:
    changes = list(each_change(PLAN))
    covered = {name for name, other in changes if other.hash != PLAN.hash}
    assert {name for name, _ in changes} - covered == set(NOT_NAMED)


# ── a copy: what of an action is read to make it ────────────────────────────────────────────────────

ORDERING = "says which action it is, or how far it has come"
NOT_WHAT_LEAVES = {
    "id": ORDERING,
    "ref": ORDERING,
}


def reads(module: Any, name: str) -> set[str]:
    """Name the columns of an action that a module reads, in whatever function."""
    tree = ast.parse(Path(module.__file__).read_text("utf-8"))
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Load)
        and isinstance(node.value, ast.Name)
        and node.value.id == name
    }


def test_whatever_of_an_action_goes_into_a_copy_is_named_by_its_approval() -> None:
    named = {"plan", "plan_hash", "mentions", "state"}
    found = (reads(packages, "action") | reads(redaction, "action")) & set(Action.model_fields)
    assert found - named == set(NOT_WHAT_LEAVES)


class _Key:
    def keyed_hash(self, value: str, purpose: str = "subject") -> str:
        return f"{purpose}:{value}"


class _Services:
    keyring = _Key()


MENTIONS = [
    redaction.Mention("crm", "calls", "note", "name", words, (words,)) for words in ("Ann", "Bo", "Cy")
]


@given(st.sets(st.integers(0, 2)), st.sets(st.integers(0, 2)))
def test_two_copies_have_one_hash_only_if_the_same_passages_leave(one: set[int], other: set[int]) -> None:
    def named(left_in: set[int]) -> str:
        decided = [replace(each, is_left_out=n not in left_in) for n, each in enumerate(MENTIONS)]
        return redaction.hash_with(_Services(), PLAN, decided)  # type: ignore[arg-type]

    assert (named(one) == named(other)) == (one == other)
    assert (named(one) == PLAN.hash) == (not one)


NEWS, CALLS = TableEffect("news", "letters", 2, ("email",)), TableEffect("calls", "talk", 1, ("text",))
OURS = {("crm", "news")}


def copy_of(*effects: TableEffect) -> Plan:
    held = tuple(TableRows(e.table, e.category, e.rows) for e in (NEWS, CALLS) if e in effects)
    empty = tuple(TableRows(e.table, e.category, 0) for e in (NEWS, CALLS) if e not in effects)
    located = Located("crm", Identity(("a@b.example",)), (), (*held, *empty))
    steps = (Step("crm", Operation.EXPORT, effects),) if effects else ()
    return Plan(Right.ACCESS, (located,), Order(Operation.EXPORT, DAY), steps)


def test_less_of_what_was_approved_is_less_in_the_named_tables_and_no_more_anywhere() -> None:
    approved = copy_of(NEWS, CALLS)
    assert copy_of(CALLS).is_less_of(approved, OURS)
    assert not copy_of(CALLS).is_less_of(approved, ()), "nobody is known to have taken it out"
    assert not copy_of(NEWS).is_less_of(approved, OURS), "less elsewhere"
    assert not copy_of(NEWS, CALLS).is_less_of(copy_of(CALLS), OURS), "more"
    assert not copy_of(replace(NEWS, columns=("email", "name")), CALLS).is_less_of(approved, OURS), (
        "more of it"
    )
    assert not copy_of(replace(NEWS, handed_over=HANDED), CALLS).is_less_of(approved, OURS), "others are told"
    assert not copy_of().is_less_of(copy_of(NEWS), OURS), "nothing to do is not done"


def test_what_is_carried_out_of_less_has_a_step_for_each_that_was_approved() -> None:
    approved = replace(
        copy_of(CALLS), steps=(Step("crm", Operation.ERASE, (CALLS,)), Step("web", Operation.ERASE, (NEWS,)))
    )
    less = replace(approved, steps=approved.steps[:1]).in_steps_of(approved)
    assert [(step.source, step.rows) for step in less.steps] == [("crm", 1), ("web", 0)]
