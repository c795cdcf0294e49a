"""Reads the examples: `examples/<language>/<label>.txt`, one utterance a line, alternatives in braces."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from intents.labels import NONE

EXAMPLES: Final = Path(__file__).parent / "examples"
SEVERAL: Final = "several"
_ALTERNATIVES: Final = re.compile(r"\{([^{}]*)\}")


class NotLabelled(ValueError):
    """A line of a file of labelled messages is none."""


@dataclass(frozen=True, slots=True)
class Example:
    """One utterance as written, with its labels (none of them for `none`)."""

    text: str
    language: str
    labels: frozenset[str]


def examples(directory: Path = EXAMPLES) -> list[Example]:
    """Read all example files; lines that start with # are notes."""
    paths = sorted(path for path in directory.glob("*/*") if path.suffix in {".txt", ".tsv"})
    return [example for path in paths for example in _of_file(path)]


def _of_file(path: Path) -> Iterator[Example]:
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            label, text = line.split("\t", 1) if path.stem == SEVERAL else (path.stem.split("-")[0], line)
            yield Example(text.strip(), path.parent.name, frozenset(label.split(",")) - {NONE})


def expand(text: str, choose: random.Random) -> str:
    """Choose one of each group of alternatives: `{delete|erase} it` gives `erase it`."""
    return _ALTERNATIVES.sub(lambda group: choose.choice(group.group(1).split("|")), text)


def variants(text: str, choose: random.Random, most: int) -> list[str]:
    """Give up to `most` different expansions of an utterance, in a stable order."""
    drawn = [expand(text, choose) for _ in range(most * 2)]
    return list(dict.fromkeys(drawn))[:most]


def widest(text: str) -> int:
    """Give how many alternatives the longest choice of an utterance has; 0 for one without alternatives."""
    return max((group.count("|") + 1 for group in _ALTERNATIVES.findall(text)), default=0)
