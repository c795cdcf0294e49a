"""Hears that a use of data is to go on: an objection or a withdrawal that is denied is none (GDPR 7(3), 21)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

from intents.cleaning import normalise, plain_letters, says_something

_CLAUSE_END: Final = re.compile(
    r"[,;:!?.…()\"«»\n]+|\s[-–—]+\s|\s(?:and|but|or|so|because|while|although|et|mais|ou|car|donc|parce que)\s",
    re.IGNORECASE,
)
_SPACES: Final = re.compile(r"\s+")
_PLACE: Final = re.compile(r"\{([A-Z_]+)\}")
_SHORT: Final = 4  # words of a clause that only adds to the one before it: *and the offers*


def without_what_goes_on(spoken: dict[str, str]) -> dict[str, str]:
    """Give the sentences without the clauses that let a use go on; the rest as it came. Linear in length."""
    if not any(_hint().search(line) for line in spoken):
        return spoken
    left = (_without(sentence) for sentence in spoken.values())
    return {line: sentence for sentence in left if says_something(line := normalise(sentence))}


def _without(sentence: str) -> str:
    clauses = [clause.strip() for clause in _CLAUSE_END.split(sentence) if clause.strip()]
    left = list(_ending(clauses))
    return sentence if len(left) == len(clauses) else ", ".join(left)


def _ending(clauses: list[str]) -> Iterator[str]:
    """Give the clauses that do not let a use go on, nor only add to one that does."""
    going_on = False
    for clause in clauses:
        plain = _SPACES.sub(" ", plain_letters(clause.lower()))
        adds = going_on and len(plain.split()) <= _SHORT and not _any("acts").search(plain)
        going_on = adds or _is("goes_on", plain) or _is("comes_back", plain)
        if not going_on:
            yield clause


def _is(table: str, plain: str) -> bool:
    return bool(_any(table).search(plain)) and not _any(f"{table}_unless").search(plain)


# ── the words ───────────────────────────────────────────────────────────────────────────────────────


@cache
def _hint() -> re.Pattern[str]:
    """A few stems that every clause that goes on holds one of: an ordinary message is spared the rest."""
    return re.compile(str(_tables()["words"]["HINT"]))


@cache
def _tables() -> dict[str, dict[str, Any]]:
    return tomllib.loads((Path(__file__).parent / "negated.toml").read_text(encoding="utf-8"))


@cache
def _any(table: str) -> re.Pattern[str]:
    rows = [row for rows in _tables()[table].values() for row in rows]
    return re.compile("|".join(f"(?:{_filled(_filled(row))})" for row in rows))


def _filled(row: str) -> str:
    """Fill in the words a row names; words may name others once."""
    return _PLACE.sub(lambda found: str(_tables()["words"][found[1]]), row)
