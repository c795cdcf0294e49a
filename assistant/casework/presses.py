"""What stood on the buttons that were pressed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from assistant.domain.presses import PRESS
from assistant.services import Services
from assistant.store.tables import Message

_LABELS: Final = {
    "right:none": "not_a_request",
    "services:end": "stop_it",
    "services:keep": "keep",
    "withdraw:yes": "yes",
    "withdraw:no": "no",
    "dont:keep": "keep_everything",
    "dont:go_on": "go_on_erasing",
}


def spoken_labels(services: Services, value: str) -> list[str]:
    """Give what stands on a button, in every language that we speak: a talk may have changed it since."""
    kind, _, name = value.partition(":")
    known = _LABELS.get(value, name if kind == "right" else "")
    languages = services.settings.controller.languages if known else ()
    return [services.texts.label("buttons", known, each) for each in languages]


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
