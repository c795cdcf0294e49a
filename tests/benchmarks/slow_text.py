"""Prints the slowest text of each expression and function, in 10 kB, 100 kB and 1 MB: `python -m tests.benchmarks.slow_text`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence

from tests.doubles.hostile_text import Hostile, expressions, hostile_texts, whole_functions, whole_texts

LENGTHS = (10_000, 100_000, 1_000_000)
PATIENCE = 20.0  # seconds: ten times longer would take a hundred times that if it were the square


def slowest(read: Callable[[str], object], texts: Sequence[Hostile]) -> Hostile:
    """Give the text that takes longest in the first length."""
    return max(texts, key=lambda hostile: seconds(read, hostile, LENGTHS[0]))


def seconds(read: Callable[[str], object], hostile: Hostile, length: int) -> float:
    """Measure a text in the time of this thread."""
    text = hostile.text(length)
    began = time.thread_time()
    read(text)
    return time.thread_time() - began


def line(name: str, read: Callable[[str], object], texts: Sequence[Hostile]) -> str:
    """Write one line of the table: milliseconds by length, and how much of the text's growth each is."""
    hostile = slowest(read, texts)
    taken: list[float] = []
    for length in LENGTHS:
        if taken and taken[-1] > PATIENCE:
            break
        taken.append(seconds(read, hostile, length))
    figures = " ".join(f"{1000 * each:10.1f}" for each in taken)
    growth = taken[-1] / taken[0] / (LENGTHS[len(taken) - 1] / LENGTHS[0]) if taken[0] else 0.0
    return f"{name:<44} {figures}  x{growth:5.2f}  {hostile.before[-20:] + hostile.loop[:30]!r}"


def main(wanted: Sequence[str]) -> int:
    """Print the table, of all or of those whose names hold one of the words."""
    print(f"{'':<44} {'10 kB':>10} {'100 kB':>10} {'1 MB':>10}  growth (1 is linear), what is repeated")
    chosen = [(each.where, each.read, list(hostile_texts(each.pattern))) for each in expressions()]
    whole = [(name, function, whole_texts()) for name, function in whole_functions().items()]
    for name, read, texts in (*whole, *chosen):
        if texts and (not wanted or any(word in name for word in wanted)):
            print(line(name, read, texts), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
