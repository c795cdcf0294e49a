"""Presses of buttons in the words that stood on them: what is stored is the value that the button carries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from assistant.store.tables import Message

PRESS = "choice"


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
