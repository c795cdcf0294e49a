"""A frozen piece of plain work that a reading is measured against: it must never be made faster or slower.

It counts words and the runs of letters in them, as any reader of messages must. The reader of 24 November 2026, the
first one, took twelve times as long for the median message of tests/data/intents/held_out.jsonl, measured in turns
with it on one machine (docs/decisions.md).
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

FIRST_READER = 12.0  # times this work
_WORDS = re.compile(r"\w+")
_RUNS = (3, 4, 5)
_PLACES = 1024


def work(text: str) -> int:
    """Count the words of a text and their runs of letters."""
    counts: Counter[str] = Counter()
    for word in _WORDS.findall(unicodedata.normalize("NFKD", text.casefold())):
        padded = f"<{word}>"
        counts[padded] += 1
        for length in _RUNS:
            for at in range(len(padded) - length + 1):
                counts[padded[at : at + length]] += 1
    return sum(hash(run) % _PLACES * times for run, times in counts.items())
