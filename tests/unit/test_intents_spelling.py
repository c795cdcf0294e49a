"""How words are typed decides no right: slips in the words that ask for one are put right before anything is read."""

from __future__ import annotations

import re
import time
import timeit
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from intents import Reader
from intents.cleaning import plain_letters
from intents.spelling import well_spelt
from intents.tables import tables

FILE = Path(__file__).parents[1] / "data" / "intents" / "misspelt.toml"
CASES: dict[str, Any] = tomllib.loads(FILE.read_text(encoding="utf-8"))
WORD = re.compile(r"\{(\w+)\}")
WORDS: dict[str, list[str]] = CASES["words"]
LANGUAGES = ("en", "fr")


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.load()


def _typed(language: str) -> Iterator[tuple[str, str]]:
    """Give each wish with one word of it misspelt, and with every word misspelt, beside it as it is spelt."""
    for wish in (wish for wishes in CASES["asked"][language].values() for wish in wishes):
        spelt = WORD.sub(r"\1", wish)
        for word in WORD.findall(wish):
            for slip in WORDS[word]:
                yield WORD.sub(r"\1", wish.replace(f"{{{word}}}", slip)), spelt
        for number in range(3):
            yield wish.format_map({word: slips[number % len(slips)] for word, slips in WORDS.items()}), spelt


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_slip_in_a_word_that_asks_changes_nothing_of_what_is_read(reader: Reader, language: str) -> None:
    wishes = CASES["asked"][language]
    spelt = {WORD.sub(r"\1", wish): right for right, each in wishes.items() for wish in each}
    assert [wish for wish, right in spelt.items() if reader.read(wish).rights != {right}] == []
    read = [(text, wish, reader.read(text)) for text, wish in _typed(language)]
    assert [
        (text, found.decision, found.rights)
        for text, wish, found in read
        if (found.decision, found.rights) != ((known := reader.read(wish)).decision, known.rights)
    ] == []


def test_every_listed_slip_becomes_the_word_and_no_word_that_is_one_does() -> None:
    table = tables("misspellings")
    known = {*table["slips"]["of"].split(), *map(plain_letters, table["words"])}
    assert [word for word in known if plain_letters(well_spelt(word)) != word] == []
    assert [word for word in table["slips"]["are_words"].split() if well_spelt(word) != word] == []
    wrong = [(right, each) for right, row in table["words"].items() for each in row.split()]
    assert [(right, each) for right, each in wrong if well_spelt(each) != right] == []


def test_words_that_only_look_like_a_slip_stay_as_they_are() -> None:
    assert [text for text in CASES["well_spelt"]["texts"] if well_spelt(text) != text] == []


def test_a_name_that_looks_like_a_slip_is_kept_where_it_is_the_new_value(reader: Reader) -> None:
    name = CASES["name"]["is"]
    assert name in str(reader.read(CASES["name"]["text"]).details)


def test_what_is_shown_of_a_message_is_as_it_was_typed(reader: Reader) -> None:
    assert reader.read("suprimer mon conte").sentence == "suprimer mon conte"


@pytest.mark.parametrize("piece", ["suprimer ", "mon conte ", "é", "a.", "suprimer'", "the adds "])
def test_putting_right_takes_time_linear_in_the_length(piece: str) -> None:
    def seconds(times: int) -> float:
        return min(
            timeit.repeat(lambda: well_spelt(piece * times), timer=time.process_time, number=1, repeat=5)
        )

    well_spelt("warm")
    assert seconds(8_000) < 40 * max(seconds(800), 0.0005)
