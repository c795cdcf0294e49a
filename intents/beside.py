"""Hears what a message asks of support beside the right that it uses: *my site is down, and stop your newsletter*."""

from __future__ import annotations

from functools import partial
from typing import Final

from intents.clauses import clauses_of
from intents.cleaning import own_words, sentences
from intents.tables import any_in, in_plain

_any: Final = partial(any_in, "beside")
_LONGEST: Final = 20_000  # characters
_LONGEST_CLAUSE: Final = 400  # of it its beginning: what is asked stands there


def for_support(text: str) -> str | None:
    """Give the first clause that asks or reports something that no right accounts for; in time linear to the length."""
    for sentence in sentences(own_words(text[:_LONGEST])):
        for clause in clauses_of(sentence):
            if _is_for_support(clause[:_LONGEST_CLAUSE]):
                return clause
    return None


def _is_for_support(clause: str) -> bool:
    plain = in_plain(clause).replace("' ", "'").replace("base de donnees", "sql")
    plain = plain.replace("sans cesse", "souvent")  # that ends nothing
    if not (_any("reports").search(plain) or _any("asks").search(plain)):
        return False
    return not (_any("of_right").search(plain) or any_in("asides", "of_data").search(plain))
