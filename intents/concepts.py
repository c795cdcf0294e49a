"""Words that mean the same in ten languages share a number: what is learnt in one helps the others."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Final

SHORTEST_STEM: Final = 2
LONGEST_STEM: Final = 14
_WHOLE: Final = "="


@cache
def _stems() -> dict[str, int]:
    table = tomllib.loads((Path(__file__).parent / "concepts.toml").read_text(encoding="utf-8"))
    return {
        stem: number
        for number, stems in enumerate(table.values(), start=1)
        for stem in stems["stems"].split()
    }


def concept_of(word: str) -> int:
    """Give the number of the concept a normalised word belongs to, by its longest known stem; 0 for none."""
    stems = _stems()
    whole = stems.get(f"{word}{_WHOLE}")
    if whole:
        return whole
    for length in range(min(len(word), LONGEST_STEM), SHORTEST_STEM - 1, -1):
        number = stems.get(word[:length])
        if number:
            return number
    return 0
