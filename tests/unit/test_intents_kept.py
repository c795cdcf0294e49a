"""An erasure is taken back in words of every day too, and words that only sound alike take none back."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from intents import Reader
from intents.wishes import CHANGED_MIND, DONT, KEPT_IT, takes_all_back

FILE = Path(__file__).parents[1] / "data" / "intents" / "kept.toml"
CASES: dict[str, Any] = tomllib.loads(FILE.read_text(encoding="utf-8"))
LANGUAGES = ("en", "fr")


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.load()


def _said(table: str, language: str) -> Iterator[str]:
    for begin, words, end in product(
        CASES["begins"][language], CASES[table][language], CASES["ends"][language]
    ):
        yield begin + words + end


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("table", "wishes"), [("named", {DONT}), ("pointed_at", {DONT, KEPT_IT})])
def test_an_erasure_is_taken_back_in_words_of_every_day(
    reader: Reader, table: str, wishes: set[str], language: str
) -> None:
    read = [(text, reader.read(text)) for text in _said(table, language)]
    assert [text for text, found in read if wishes.isdisjoint(found.wishes)] == []
    assert [text for text, found in read if found.decision == "request"] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_asked_beside_it_is_opened(reader: Reader, language: str) -> None:
    read = [(text, reader.read(text)) for text in CASES["turned"][language]]
    assert [
        (text, found.decision, found.rights, found.wishes)
        for text, found in read
        if found.decision != "request"
        or found.rights != {"access"}
        or {DONT, KEPT_IT}.isdisjoint(found.wishes)
    ] == []


def test_what_only_sounds_like_it_takes_nothing_back(reader: Reader) -> None:
    read = [(text, reader.read(text).wishes) for text in CASES["near"]["texts"]]
    assert [(text, wishes) for text, wishes in read if {DONT, KEPT_IT} & set(wishes)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_open_is_taken_back_in_words_of_every_day(reader: Reader, language: str) -> None:
    said = list(_said("all_back", language))
    assert [text for text in said if not takes_all_back(text)] == []
    read = [(text, reader.read(text)) for text in said]
    assert [(text, found.wishes) for text, found in read if CHANGED_MIND not in found.wishes] == []
    # What may end a use as well, *stop everything*, is told from that by what is open.
    surely = [(text, found) for text, found in read if takes_all_back(text, ends_use=True)]
    assert [text for text, found in surely if found.decision == "request"] == []


def test_what_cancels_or_stops_something_else_takes_nothing_back() -> None:
    assert [text for text in CASES["all_back"]["near"]["texts"] if takes_all_back(text)] == []


def test_stop_takes_nothing_back_where_a_use_is_to_end() -> None:
    assert takes_all_back("stop everything")
    assert not takes_all_back("stop everything", ends_use=True)
