"""Every life goes by its table: nothing else is a way, nothing is out of reach, and code moves by the table alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import pytest

from assistant.domain.lifecycle import (
    CLOSED,
    FIRST,
    LIVES,
    OPEN,
    TRANSITIONS,
    ChallengeState,
    LetterState,
    Status,
    advance,
    diagram,
    ways_to,
)
from assistant.errors import IllegalTransition
from assistant.store.tables import UNDECIDED_PROOF

ASSISTANT = Path(__file__).parents[3] / "assistant"
_OF_A_TALK = {"turn", "self", "conversation"}  # whose state is what is asked there, and no state of these


@pytest.mark.parametrize("life", LIVES)
def test_a_way_is_what_the_table_holds_and_nothing_else(life: type[StrEnum]) -> None:
    ways = {(row.before, row.after) for row in TRANSITIONS if isinstance(row.after, life)}
    assert ways, life
    for before in life:
        for after in life:
            if (before, after) in ways:
                assert advance(before.value, after) is after  # type: ignore[type-var]
                assert before.value in ways_to(after)
            else:
                with pytest.raises(IllegalTransition, match=f"cannot become {after}; look at it again"):
                    advance(before.value, after)  # type: ignore[type-var]
                assert before.value not in ways_to(after)


def test_no_way_leads_from_one_life_into_another_and_each_says_when() -> None:
    assert all(type(row.before) is type(row.after) and row.when for row in TRANSITIONS)
    assert len({(type(row.after), row.before, row.after) for row in TRANSITIONS}) == len(TRANSITIONS)


@pytest.mark.parametrize("life", LIVES)
def test_every_state_is_reached_and_from_each_an_end_is(life: type[StrEnum]) -> None:
    ways = [(row.before, row.after) for row in TRANSITIONS if isinstance(row.after, life)]
    reached = {first for first in FIRST if isinstance(first, life)}
    for _ in life:
        reached |= {after for before, after in ways if before in reached}
    assert reached == set(life)
    ending = (
        CLOSED if life is Status else {state for state in life if state not in {before for before, _ in ways}}
    )
    ended = set(ending) | ({LetterState.DONE} if life is LetterState else set())  # a report may come for ever
    assert ended
    for _ in life:
        ended |= {before for before, after in ways if after in ended}
    assert ended == set(life)


def test_a_request_is_open_or_closed() -> None:
    assert set(Status) == OPEN | CLOSED
    assert not OPEN & CLOSED


@pytest.mark.parametrize("life", LIVES)
def test_a_diagram_draws_every_way_of_its_life_and_of_no_other(life: type[StrEnum]) -> None:
    drawn = diagram(life)
    for row in TRANSITIONS:
        assert (f"    {row.before} --> {row.after}: {row.when}" in drawn.splitlines()) == isinstance(
            row.after, life
        )


def assigned() -> Iterator[tuple[str, ast.expr]]:
    """Give every value that code writes into the state of a row."""
    for file in sorted(ASSISTANT.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if not isinstance(node, ast.Assign):
                continue
            for target, value in _pairs(node):
                if (
                    isinstance(target, ast.Attribute)
                    and target.attr in {"state", "status"}
                    and _is_row(target)
                ):
                    yield f"{file.relative_to(ASSISTANT)}:{node.lineno}", value


def _pairs(node: ast.Assign) -> Iterator[tuple[ast.expr, ast.expr]]:
    for target in node.targets:
        if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            yield from zip(target.elts, node.value.elts, strict=True)
        else:
            yield target, node.value


def _is_row(target: ast.Attribute) -> bool:
    whose = target.value
    return not (isinstance(whose, ast.Name) and whose.id in _OF_A_TALK)


def test_code_writes_no_state_but_by_the_table() -> None:
    seen = list(assigned())
    assert len(seen) > 20
    of_talks = [where for where, value in seen if ast.unparse(value).endswith(".as_json()")]
    assert [where for where, value in seen if not _advances(value) and where not in of_talks] == []


def _advances(value: ast.expr) -> bool:
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "advance"


def test_many_rows_at_once_are_chosen_by_the_ways_that_lead_there() -> None:
    found = 0
    for file in sorted(ASSISTANT.rglob("*.py")):
        source = file.read_text("utf-8")
        for node in ast.walk(ast.parse(source)):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "values"
            ):
                said = ast.get_source_segment(source, node) or ""
                for word in node.keywords:
                    if word.arg == "state" and "update(" in said and _names_a_state(word.value):
                        found += 1
                        chosen = (
                            f"ways_to({ast.unparse(word.value)})",
                            "UNDECIDED_PROOF",
                        )  # that is an index's
                        assert any(each in said for each in chosen), (file.name, node.lineno)
    assert found > 3


def test_what_an_index_keeps_of_proof_that_nobody_decided_is_what_may_still_die() -> None:
    for state in ChallengeState:
        assert (f"'{state}'" in UNDECIDED_PROOF) == (state in ways_to(ChallengeState.DEAD))


def _names_a_state(value: ast.expr) -> bool:
    return (
        isinstance(value, ast.Attribute)
        and isinstance(value.value, ast.Name)
        and value.value.id in {life.__name__ for life in LIVES}
    )
