"""How often each point of the checklist of replies applied to letters that were sent, and held."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

POINTS = {
    1: "the first sentence says what was done",
    2: "right and day of the request",
    3: "reference",
    4: "due date as a calendar date",
    5: "every request of a proved person answered or on its way",
    7: "recipients, or that there are none",
    8: "what is kept: until when",
    12: "what is kept or left: why",
    13: "authority, court, reason",
    14: "free of charge",
    15: "no identity document",
    16: "no motive",
    17: "no other way in as a condition",
    18: "asked by mail, answered by mail",
    19: "the language of the person",
    20: "plain and short",
    21: "nothing personal beyond need",
    22: "a person to write to",
    23: "nothing that the settings cannot back",
    24: "an extension names its date",
    25: "the same tone for whoever asks",
}


@dataclass(slots=True)
class Score:
    """How often each point applied and held, and what was wrong."""

    letters: int = 0
    applied: Counter[int] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    held: Counter[int] = field(default_factory=Counter)

    def note(self, point: int, what: str, *, holds: bool) -> None:
        """Count a point that applies to a letter."""
        self.applied[point] += 1
        self.held[point] += holds
        if not holds:
            self.broken.append(f"{point} ({POINTS[point]}): {what}")

    def add(self, other: Score) -> None:
        """Count another desk's letters in."""
        self.letters += other.letters
        self.applied += other.applied
        self.held += other.held
        self.broken += other.broken

    def as_json(self) -> dict[str, Any]:
        """Give the counts as one process hands them to another."""
        return {
            "letters": self.letters,
            "applied": list(self.applied.elements()),
            "held": list(self.held.elements()),
        }

    @classmethod
    def of(cls, counts: Mapping[str, Any]) -> Self:
        """Take the counts of another process."""
        return cls(counts["letters"], Counter(counts["applied"]), held=Counter(counts["held"]))

    def lines(self) -> list[str]:
        """Write the score down, a line a point."""
        points = [
            f"{point:3} {self.held[point]:5}/{n:<5} {POINTS[point]}"
            for point, n in sorted(self.applied.items())
        ]
        return [f"{self.letters} letters that the journeys sent, against the checklist of replies:", *points]


LETTERS: Final = Score()  # of this process
