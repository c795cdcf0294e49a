"""Prints the slowest text of each expression and function, in 10 kB, 100 kB and 1 MB: `python -m tests.benchmarks.slow_text`.

What grows faster than the text, or is far slower than a plain look for a mailbox in the same run, fails.
"""

from __future__ import annotations

import re
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tests.doubles.hostile_text import Hostile, expressions, hostile_texts, whole_functions, whole_texts

LENGTHS = (10_000, 100_000, 1_000_000)
LINEAR = (
    2.0  # times the growth of the text: its hundredfold takes a hundred times, and what a busy machine adds
)
SLOW = (
    25.0  # times what the plain one takes in the longest text: two seconds a megabyte where that takes 0.08
)
_PLAINS = 7  # looks with the plain one, of which the middle counts: one look alone may be a third off
_PATIENCE = 20.0  # seconds: ten times longer would take a hundred times that if it were the square
_TOO_LITTLE = 0.005  # seconds in the longest text, below which the clock decides
_TIMES = 3
_PLAIN = re.compile(r"[a-z]{1,64}@")
_FOR_THE_PLAIN = Hostile("", "a")

Read = Callable[[str], object]


@dataclass(frozen=True)
class Line:
    """One line of the table: seconds by length of the slowest text."""

    name: str
    hostile: Hostile
    taken: tuple[float, ...]

    @property
    def growth(self) -> float:
        """Tell how much of the text's growth the time's is."""
        longest = LENGTHS[len(self.taken) - 1]
        return self.taken[-1] / max(self.taken[0], 1e-6) / (longest / LENGTHS[0])

    def is_fault(self, plain: float) -> bool:
        """Tell whether this is more than linear, or slow for one that is linear."""
        return self.is_slow(plain) or (self.taken[-1] > _TOO_LITTLE and self.growth > LINEAR)

    def is_slow(self, plain: float) -> bool:
        """Tell whether the longest text takes far longer than the plain look at it."""
        return self.taken[-1] > SLOW * plain

    def __str__(self) -> str:
        figures = " ".join(f"{1000 * each:10.1f}" for each in self.taken)
        repeated = f"{self.hostile.before[-20:] + self.hostile.loop[:30]!r}"
        return f"{self.name:<50} {figures}  x{self.growth:5.2f}  {repeated}"


def seconds(read: Read, hostile: Hostile, length: int) -> float:
    """Measure a text in the time of this thread, the best of some where it is soon read."""
    text, best = hostile.text(length), float("inf")
    for _ in range(_TIMES):
        began = time.thread_time()
        read(text)
        best = min(best, time.thread_time() - began)
        if best > _TOO_LITTLE:
            break
    return best


def measured(name: str, read: Read, texts: Sequence[Hostile]) -> Line:
    """Measure the text that takes longest in the first length."""
    hostile = max(texts, key=lambda each: seconds(read, each, LENGTHS[0]))
    taken: list[float] = []
    for length in LENGTHS:
        if taken and taken[-1] > _PATIENCE:
            break
        taken.append(seconds(read, hostile, length))
    return Line(name, hostile, tuple(taken))


def plain() -> float:
    """Give the seconds of the plain expression in the longest text, the middle of some looks."""
    return statistics.median(
        seconds(lambda text: list(_PLAIN.finditer(text)), _FOR_THE_PLAIN, LENGTHS[-1]) for _ in range(_PLAINS)
    )


def lines(wanted: Sequence[str] = ()) -> Iterator[Line]:
    """Measure all, or those whose names hold one of the words."""
    for name, read, texts in _everything():
        if texts and (not wanted or any(word in name for word in wanted)):
            yield measured(name, read, texts)


def faults(wanted: Sequence[str] = (), show: Callable[[Line], object] = str) -> list[Line]:
    """Give the lines that are faults at a second look too."""
    least, doubts = plain(), []
    for line in lines(wanted):
        show(line)
        if line.is_fault(least):
            doubts.append(line.name)
    return [again for again in lines(doubts) if again.is_fault(least)] if doubts else []


def _everything() -> Iterator[tuple[str, Read, list[Hostile]]]:
    for name, function in whole_functions().items():
        yield name, function, whole_texts()
    for each in expressions():
        yield each.where, each.read, list(hostile_texts(each.pattern))


def main(wanted: Sequence[str]) -> int:
    """Print the table, of all or of those whose names hold one of the words; 1 where there is a fault."""
    print(f"{'':<50} {'10 kB':>10} {'100 kB':>10} {'1 MB':>10}  growth (1 is linear), what is repeated")
    found = faults(wanted, lambda line: print(line, flush=True))
    for line in found:
        print(f"FAULT: {line}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
