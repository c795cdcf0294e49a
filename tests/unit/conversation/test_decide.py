"""`decide` as a table: for every question that may be open, what is done about everything that people say to it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Final

import pytest

from assistant.conversation.decide import decide
from tests.doubles.talks import SAYINGS, TALKS, told

_TABLE: Final[dict[str, dict[str, list[str]]]] = tomllib.loads(
    (Path(__file__).parents[2] / "data" / "decisions.toml").read_text()
)
_FEWEST_ROWS: Final = 150


@pytest.mark.parametrize("talk", TALKS)
def test_what_is_done_about_what_was_said_stands_in_the_table(talk: str) -> None:
    decided = {saying: told(decide(TALKS[talk], heard)) for saying, heard in SAYINGS.items()}
    assert decided == _TABLE[talk]


def test_the_table_has_a_row_for_every_question_and_saying() -> None:
    assert set(_TABLE) == set(TALKS)
    assert all(set(rows) == set(SAYINGS) for rows in _TABLE.values())
    assert sum(map(len, _TABLE.values())) >= _FEWEST_ROWS
