"""Presses of buttons: the value that a button carries, with the mark of the question it stood under."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

PRESS: Final = "choice"  # kind of a message
# Each its own question alone.
ANSWERS: Final = frozenset({"right", "purpose", "withdraw", "services", "dont", "takeback"})
_MARK: Final = 12  # hexadecimal digits; Telegram takes values of 64 bytes


def mark_of(*asked: Any) -> str:
    """Name a question by what was asked, of which requests: asked anew in the same words about the same, it is the same."""
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:_MARK]


def marked(value: str, mark: str) -> str:
    """Give what a button carries below a question: an answer names the question that it answers."""
    return f"{value}:{mark}" if value.partition(":")[0] in ANSWERS else value


def unmarked(value: str) -> tuple[str, str]:
    """Give an answer and the mark of its question; none where it was typed, and answers what is asked now."""
    kind, _, rest = value.partition(":")
    answer, _, mark = rest.partition(":")
    return (f"{kind}:{answer}", mark) if kind in ANSWERS else (value, "")
