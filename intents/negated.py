"""Hears that a use of data is to go on: an objection or a withdrawal that is denied is none (GDPR 7(3), 21)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Final

from intents.cleaning import normalise, says_something
from intents.tables import any_in, hint_of, in_plain

_any: Final = partial(any_in, "negated")
_hint: Final = partial(hint_of, "negated")
_CLAUSE_END: Final = re.compile(
    r"[,;:!?.…()\"«»\n]+|\s[-–—]+\s|\s(?:and|but|or|so|because|while|although|et|mais|ou|car|donc|parce que)\s",
    re.IGNORECASE,
)
_GO_ON: Final = ("goes_on", "comes_back", "agrees")
_WISHED: Final = ("wished", "missed")
_SHORT: Final = 4  # words of a clause that only adds to the one before it: *and the offers*


def without_what_goes_on(spoken: dict[str, str]) -> dict[str, str]:
    """Give the sentences without the clauses that let a use go on; the rest as it came. Linear in length."""
    if not any(_hint().search(line) for line in spoken):
        return spoken
    left = (_without(sentence) for sentence in spoken.values())
    return {line: sentence for sentence in left if says_something(line := normalise(sentence))}


def _without(sentence: str) -> str:
    plain = in_plain(sentence)
    kept = (*_GO_ON, *(() if _any("ends").search(plain) else _WISHED))
    if not any(_any(table).may_be_in(plain) for table in kept):
        return sentence
    clauses = [clause.strip() for clause in _CLAUSE_END.split(sentence) if clause.strip()]
    left = list(_ending(clauses, kept))
    return sentence if len(left) == len(clauses) else ", ".join(left)


def _ending(clauses: list[str], kept: tuple[str, ...]) -> Iterator[str]:
    """Give the clauses that do not let a use go on, nor only add to one that does."""
    going_on = False
    heads: list[str] = []
    for clause in clauses:
        plain = in_plain(clause)
        adds = going_on and len(plain.split()) <= _SHORT and not _any("acts").search(plain)
        going_on = adds or any(_is(table, plain) for table in kept)
        if _any("heads").search(plain):
            heads.append(clause)  # *Consent: yes* belongs to what follows
        elif going_on:
            heads.clear()
        else:
            yield from (*heads, clause)
            heads.clear()
    yield from heads


def _is(table: str, plain: str) -> bool:
    return bool(_any(table).search(plain)) and not _any(f"{table}_unless").search(plain)
