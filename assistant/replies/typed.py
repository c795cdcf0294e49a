"""Judges what an agent typed, sentence by sentence, by the words of each locale's typed.toml: whatever its language."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

_SENTENCE_END: Final = re.compile(r"(?<=[.!?…])\s+|\n+")
_LONGEST_SENTENCE: Final = 1_000
_LOCALES: Final = ("en", "fr")


@dataclass(frozen=True, slots=True)
class Unsayable:
    """Words that may not be said, the item of the reply checklist, and why."""

    item: int
    words: str
    why: str
    right: str = ""  # of a claim: what must have been carried out for it to be true


@dataclass(frozen=True, slots=True)
class _Rule:
    item: int
    why: str
    pattern: re.Pattern[str]
    unless: re.Pattern[str] | None
    right: str


def unsayable_in(text: str) -> Iterator[Unsayable]:
    """Give what a text demands or hints at that nobody may demand: a document, another way in, money, a motive."""
    return _found("unsayable", text)


def refusal_in(text: str) -> Iterator[Unsayable]:
    """Give the sentences by which a text refuses what was asked."""
    return _found("refusal", text)


def claims_in(text: str) -> Iterator[Unsayable]:
    """Give the sentences that call something done, each with the right that would have done it."""
    return _found("claim", text)


def _found(table: str, text: str) -> Iterator[Unsayable]:
    for sentence in _sentences(text):
        for rule in _rules(table):
            hit = rule.pattern.search(sentence)
            if hit and not (rule.unless and rule.unless.search(sentence)):
                yield Unsayable(rule.item, hit[0].strip(), rule.why, rule.right)


def _sentences(text: str) -> Iterator[str]:
    for sentence in _SENTENCE_END.split(text.replace("’", "'").replace("\u00a0", " ")):
        for start in range(0, len(sentence), _LONGEST_SENTENCE):
            yield sentence[start : start + _LONGEST_SENTENCE]


@cache
def _rules(table: str) -> tuple[_Rule, ...]:
    rows = [row for locale in _LOCALES for row in _read(locale)[table]]
    return tuple(
        _Rule(
            row["item"],
            row["why"],
            re.compile(row["pattern"], re.IGNORECASE),
            re.compile(row["unless"], re.IGNORECASE) if "unless" in row else None,
            row.get("right", ""),
        )
        for row in rows
    )


@cache
def _read(locale: str) -> dict[str, list[dict[str, Any]]]:
    text = (files("assistant.replies") / locale / "typed.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
