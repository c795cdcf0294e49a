"""Answers to "only what you named, or all?" and to "what should we put instead?": limited, all, or nothing in its place."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from intents.cleaning import plain_letters
from intents.narrowing import empties, erases_all, erases_less

FILE = Path(__file__).parents[1] / "data" / "intents" / "detail_answers.toml"
CASES: dict[str, Any] = tomllib.loads(FILE.read_text(encoding="utf-8"))
LANGUAGES = ("en", "fr")


def _as_typed(texts: list[str]) -> Iterator[str]:
    for text in texts:
        yield from {text, text.capitalize(), plain_letters(text), f"{text}.", text.replace("’", "'").upper()}


def _limited(language: str) -> Iterator[str]:
    said = CASES["limited"][language]
    grid = product(said["forms"], said["erase"], said["detail"])
    yield from _as_typed([form.format(erase=erase, detail=detail) for form, erase, detail in grid])


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_answer_that_names_a_detail_or_says_only_is_limited_and_never_all(language: str) -> None:
    assert [text for text in _limited(language) if erases_all(text) or not erases_less(text)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_is_what_is_called_all(language: str) -> None:
    texts = list(_as_typed(CASES["all"][language]))
    assert [text for text in texts if not erases_all(text) or erases_less(text) or empties(text)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_an_answer_to_what_should_be_put_instead(language: str) -> None:
    texts = list(_as_typed(CASES["nothing"][language]))
    assert [text for text in texts if not empties(text) or erases_all(text)] == []


def test_a_value_a_question_or_a_wish_to_keep_empties_nothing() -> None:
    texts = list(_as_typed(CASES["no_emptying"]))
    assert [text for text in texts if empties(text) or erases_all(text)] == []


def test_what_is_half_said_is_neither_limited_nor_all() -> None:
    texts = list(_as_typed(CASES["half"]))
    assert [text for text in texts if erases_all(text) or erases_less(text)] == []
