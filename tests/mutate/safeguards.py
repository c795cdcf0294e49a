"""The safeguards of docs/threat-model.md, and how each is taken out: one small change of one file.

A safeguard exists when a test fails without it: `safeguards.toml` names the change and the tests that notice.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


@dataclass(frozen=True, slots=True)
class Safeguard:
    """A rule that protects a person, the change that takes it out, and the tests that must die of it."""

    name: str  # as the table of the threat model has it
    file: str
    was: str
    becomes: str
    tests: tuple[str, ...]

    def taken_out(self, source: str) -> str:
        """Give the source without this safeguard; raises ValueError where the change does not fit exactly once."""
        if source.count(self.was) != 1:
            raise ValueError(
                f"{self.name}: {self.file} holds what is to be changed {source.count(self.was)} times; "
                "write in tests/mutate/safeguards.toml how this rule is taken out now."
            )
        return source.replace(self.was, self.becomes)


def safeguards() -> tuple[Safeguard, ...]:
    """List them in the order of the file."""
    rows = tomllib.loads((HERE / "safeguards.toml").read_text("utf-8"))["safeguard"]
    return tuple(Safeguard(**{**row, "tests": tuple(row["tests"])}) for row in rows)
