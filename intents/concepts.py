"""Words that mean the same in ten languages share a number: what is learnt in one helps the others."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Final

SHORTEST_STEM: Final = 2
_WHOLE: Final = "="


@cache
def _stems() -> tuple[dict[str, int], dict[str, int], dict[str, tuple[int, ...]]]:
    """Give whole words, stems, and for the first two letters of a word the lengths of stems to try, longest first."""
    table = tomllib.loads((Path(__file__).parent / "concepts.toml").read_text(encoding="utf-8"))
    known = {
        stem: number
        for number, stems in enumerate(table.values(), start=1)
        for stem in stems["stems"].split()
    }
    whole = {stem.removesuffix(_WHOLE): number for stem, number in known.items() if stem.endswith(_WHOLE)}
    stems = {stem: number for stem, number in known.items() if not stem.endswith(_WHOLE)}
    lengths: dict[str, set[int]] = {}
    for stem in stems:
        lengths.setdefault(stem[:SHORTEST_STEM], set()).add(len(stem))
    return whole, stems, {start: tuple(sorted(found, reverse=True)) for start, found in lengths.items()}


def concept_of(word: str) -> int:
    """Give the number of the concept a normalised word belongs to, by its longest known stem; 0 for none."""
    whole, stems, lengths = _stems()
    number = whole.get(word)
    if number:
        return number
    for length in lengths.get(word[:SHORTEST_STEM], ()):
        number = stems.get(word[:length])
        if number:
            return number
    return 0
