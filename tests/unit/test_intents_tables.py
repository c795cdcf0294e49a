"""The tables of what people say: one place that reads them, texts made plain once for all rules and forgotten with their message."""

from __future__ import annotations

import unicodedata
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intents import Reader, tables
from intents.cleaning import normalise, plain_letters, sentences
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


LONG = " ".join(
    f"I want to complain about how you use my data, for the {nth} time." for nth in ("1st", "2nd", "3rd")
)
ORDINARY = (
    "How much is a server? My website is slow today. Which versions of PHP are there? Thanks, that is all."
)


@pytest.mark.parametrize("text", [ORDINARY, f"{ORDINARY} {LONG} Send me a copy, and stop the newsletter."])
def test_rules_share_what_was_made_of_a_sentence(
    reader: Reader, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    plain: Counter[str] = Counter()
    scored: Counter[str] = Counter()
    scores = reader._lines.scores

    def plain_counted(text: str) -> str:
        plain[text] += 1
        return plain_letters(text)

    def scores_counted(lines: str) -> list[list[float]]:
        scored.update(lines.split("\n"))
        return scores(lines)

    monkeypatch.setattr(tables, "plain_letters", plain_counted)
    monkeypatch.setattr(reader._lines, "scores", scores_counted)
    reader.read(text)
    assert len(plain) >= len(sentences(text))
    assert max(plain.values()) <= 2  # as it was typed, and as a rule left it
    assert max(scored.values()) == 1


def test_nothing_of_a_message_stays_once_it_is_read(reader: Reader) -> None:
    reader.read("Please erase everything about Ana Petrova. It is my wish.")
    assert in_plain.cache_info().currsize == normalise.cache_info().currsize == len(reader._scored) == 0


def test_a_table_is_read_and_a_text_made_plain_in_one_place() -> None:
    def holding(words: str) -> set[str]:
        return {file.name for file in PACKAGE.glob("*.py") if words in file.read_text("utf-8")}

    # Besides: words for details, concepts for features, thresholds.
    assert holding("tomllib.loads(") == {"tables.py", "wording.py", "concepts.py", "reader.py"}
    assert holding("plain_letters(") == {"tables.py", "cleaning.py"}
