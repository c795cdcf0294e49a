"""Puts right how people type the words that decide which right is asked for: *suprimer mon conte* is about an account."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from intents.tables import tables, word_in_plain

_WORD: Final = re.compile(r"(?<![\w@.'’/-])[^\W\d_]{1,24}(?![\w@/]|['’.]\w|-(?!(?:moi|nous|les?|la)\b))")
# Languages whose words these are: *suprimir* and *kopie* are well spelt in others.
LANGUAGES: Final = frozenset({"en", "fr"})


def well_spelt(sentence: str) -> str:
    """Give a sentence with those words as they are spelt; names, addresses and all other words as they came. Linear in length."""
    sentence = _WORD.sub(_put_right, sentence)
    for right, wrong in _beside():
        sentence = wrong.sub(right, sentence)
    return sentence


def _put_right(found: re.Match[str]) -> str:
    word = found[0]
    right = _known().get(word_in_plain(word))
    if right is None:
        return word
    return right.capitalize() if word[0].isupper() else right


@cache
def _known() -> dict[str, str]:
    table = tables("misspellings")
    slips = table["slips"]
    well = set(slips["of"].split())
    known = {slip: word for word in well for slip in _slips(word)}
    spared = well.union(slips["are_words"].split(), map(word_in_plain, table["words"]))
    known = {slip: word for slip, word in known.items() if slip not in spared}
    return known | {wrong: right for right, each in table["words"].items() for wrong in each.split()}


def _slips(word: str) -> Iterator[str]:
    """Give what becomes of a word by one slip behind its first letter."""
    for at in range(1, len(word)):
        before, letter, behind = word[:at], word[at], word[at + 1 :]
        yield before + behind
        yield before + letter + letter + behind
        if behind:
            yield before + behind[0] + letter + behind[1:]


@cache
def _beside() -> tuple[tuple[str, re.Pattern[str]], ...]:
    rows = tables("misspellings")["beside"].items()
    return tuple((right, re.compile(rf"\b(?:{wrong})\b", re.IGNORECASE)) for right, wrong in rows)
