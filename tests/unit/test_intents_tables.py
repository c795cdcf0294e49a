"""The tables of what people say: one place that reads them, texts made plain once for all rules and forgotten with their message."""

from __future__ import annotations

import unicodedata
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from intents import Reader
from intents.cleaning import plain_letters
from intents.tables import all_in_plain, in_plain

PACKAGE = Path(__file__).parents[2] / "intents"
SPELT_OTHERWISE = dict(zip("ßœæøłđ’‘ʼ`´ё", ("ss", "oe", "ae", "o", "l", "d", *"'''''", "е"), strict=True))
# Letters and accents of every script; surrogates are taken out before (intents/cleaning.py).
TEXTS = st.text(st.characters(exclude_categories=["Cs"])) | st.text(
    "aé œ’`ёй\u0301\u0323\U0001d165\U0001f600ß\n"
)


def _by_definition(text: str) -> str:
    spelt = "".join(SPELT_OTHERWISE.get(character, character) for character in text)
    bare = "".join(c for c in unicodedata.normalize("NFD", spelt) if not unicodedata.combining(c))
    return unicodedata.normalize("NFC", bare)


@given(TEXTS)
@settings(max_examples=300)
def test_plain_letters_are_those_without_any_accent(text: str) -> None:
    assert plain_letters(text) == _by_definition(text)


@given(st.lists(TEXTS))
@settings(max_examples=100)
def test_sentences_made_plain_one_by_one_are_the_message_made_plain(texts: list[str]) -> None:
    assert all_in_plain(texts) == in_plain(" ".join(texts))


def test_nothing_of_a_message_stays_once_it_is_read() -> None:
    Reader.load().read("Please erase everything about Ana Petrova. It is my wish.")
    assert in_plain.cache_info().currsize == 0


def test_a_table_is_read_and_a_text_made_plain_in_one_place() -> None:
    def holding(words: str) -> set[str]:
        return {file.name for file in PACKAGE.glob("*.py") if words in file.read_text("utf-8")}

    # Besides: words for details, concepts for features, thresholds; clauses are cut before spaces are made one.
    assert holding("tomllib.loads(") == {"tables.py", "wording.py", "concepts.py", "reader.py"}
    assert holding("plain_letters(") == {"tables.py", "cleaning.py", "clauses.py"}
