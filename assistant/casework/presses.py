"""Presses of buttons: what is stored is the value that the button carries, with the mark of the question it stood under."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from assistant.store.tables import Message

PRESS = "choice"
ANSWERS: Final = frozenset(
    {"right", "purpose", "withdraw", "services", "dont", "unclaimed"}
)  # each its own question alone
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


def labels_of(messages: Iterable[Message]) -> Mapping[int | None, str]:
    """Give the words of each press by the number of its message, from what was offered before it; none where nothing was."""
    offered: dict[tuple[str, str], str] = {}
    pressed: dict[int | None, str] = {}
    for message in messages:
        talk = message.conversation_id
        offered |= {(talk, str(each["value"])): str(each["label"]) for each in message.choices}
        if message.kind == PRESS and (label := offered.get((talk, message.text))):
            pressed[message.id] = f"[{label}]"
    return pressed
