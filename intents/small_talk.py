"""Hears what is said in a chat about nothing: a greeting, thanks, "hold on", "are you a robot?", an insult, nonsense."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

from intents.cleaning import with_apostrophes
from intents.tables import in_plain, tables

_FILE: Final = "small_talk"
_SHORT: Final = 80  # characters; whoever writes more says something
# The first of these that a message holds is what it is answered as: "hello, are you a robot?" asks.
_KINDS: Final = (
    "robot",
    "insult",
    "nonsense",
    "patience",
    "thanks",
    "farewell",
    "how_are_you",
    "there",
    "greeting",
    "noted",
)
_WORDS: Final = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")
PATIENCE: Final = "patience"
_A_WHILE: Final = re.compile(
    r"\b\d{1,2} ?(?=(?:s|secs?|seconds?|secondes?|mn|mins?|minutes?|moments?|instants?)\b)"
)
_SAYS_MORE: Final = re.compile(r"[\d@]")  # a code, an address, a number of something
_LONGEST_PHRASE: Final = 8  # words
_ROW_OF_KEYS: Final = 4  # letters from which on neighbours on a keyboard are no word
_SAME: Final = re.compile(r"(\w)\1{3,}")
_MEANT: Final = frozenset("hm")  # "hmmm" is no nonsense: somebody thinks


def small_talk_in(text: str) -> str | None:
    """Name what a whole short message is that is about nothing; None for whatever says more."""
    text = _A_WHILE.sub("a ", text) if len(text) <= _SHORT else text
    if len(text) > _SHORT or _SAYS_MORE.search(text) or not text.strip():
        return None
    words = _WORDS.findall(in_plain(with_apostrophes(text)))
    if not words:
        return _sign(text)
    said = set(_phrases(words))
    if "" in said:
        return "nonsense" if all(map(_is_mash, words)) else None
    return next((kind for kind in _KINDS if kind in said), None)


def _phrases(words: Sequence[str]) -> Iterator[str]:
    """Give the kind of each phrase, the longest first; nothing but "" once a word belongs to none."""
    known, begin, at = _known(), _beginnings(), 0
    while at < len(words):
        sizes = range(min(_LONGEST_PHRASE, len(words) - at), 0, -1) if words[at] in begin else ()
        size = next((n for n in sizes if tuple(words[at : at + n]) in known), 0)
        if not size:
            yield ""
            return
        yield known[tuple(words[at : at + size])]
        at += size


@cache
def _known() -> dict[tuple[str, ...], str]:
    kinds = ("between", *reversed(_KINDS))  # a phrase that stands twice is of the kind that goes first
    rows = ((kind, phrase) for kind in kinds for said in tables(_FILE)[kind].values() for phrase in said)
    known = {tuple(phrase.split()): kind for kind, phrase in rows}
    return known | {tuple(phrase.split()): "" for phrase in tables(_FILE)["says_more"]["any"]}


@cache
def _beginnings() -> frozenset[str]:
    return frozenset(phrase[0] for phrase in _known() if phrase)


def _is_mash(word: str) -> bool:
    """Tell whether keys were pressed, and no word written."""
    if len(word) < _ROW_OF_KEYS or set(word) <= _MEANT:
        return False
    runs = (word[at : at + _ROW_OF_KEYS] for at in range(len(word) - _ROW_OF_KEYS + 1))
    rows = tables(_FILE)["keyboard"]["any"]
    return any(run in row for run in runs for row in rows) or _SAME.search(word) is not None


def _sign(text: str) -> str:
    """Name what signs without a word say: thanks, for most of them."""
    signs: dict[str, list[str]] = tables(_FILE)["signs"]
    return next((kind for kind, rows in signs.items() if any(each in text for each in rows)), "nonsense")
