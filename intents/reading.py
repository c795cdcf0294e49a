"""What reading a message gives, as plain values that the rest of the desk can keep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from intents.holders import Holder
from intents.labels import NONE, RIGHTS


@dataclass(frozen=True, slots=True)
class Intent:
    """One wish found in a message, with a score between 0 and 1."""

    name: str
    score: float


@dataclass(frozen=True, slots=True)
class Reading:
    """A message as it was understood; `sentence` is the one that carried the decision."""

    text: str
    language: str
    decision: str
    intents: tuple[Intent, ...]
    details: dict[str, Any]
    sentence: str | None
    # Beside the rights: dont, changed_mind, denied, for_other (intents/wishes.py).
    wishes: tuple[str, ...] = ()
    holders: tuple[Holder, ...] = ()  # whose account or data it says it is about (intents/holders.py)
    # Longer than the budget of a message (intents/cleaning.py): its middle is for a person.
    in_part: bool = False

    @property
    def rights(self) -> frozenset[str]:
        """The rights listed, where the decision gives them any effect."""
        return (
            frozenset(i.name for i in self.intents if i.name in RIGHTS)
            if self.decision != NONE
            else frozenset()
        )

    def as_dict(self) -> dict[str, Any]:
        """Give the JSON object that `assistant classify` prints."""
        return {
            "text": self.text,
            "language": self.language,
            "decision": self.decision,
            "intents": [{"name": intent.name, "score": intent.score} for intent in self.intents],
            "details": self.details,
        }
