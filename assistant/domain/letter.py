"""A letter on its way: what the outbox hands to a channel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What the outbox hands to a channel, once for each `key`; `kind` is reply, mail, relay or put.

    `ref` or `conversation_id` says to whom it matters when it does not arrive, `about` which requests of a talk;
    `typed`: the address was typed in this very talk; `until`: later it would say what is no longer so.
    """

    key: str
    channel: str
    kind: str
    text: str
    language: str
    recipient: str | None = None
    conversation_id: str | None = None
    ref: str | None = None
    subject: str | None = None
    choices: Sequence[Mapping[str, Any]] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    raw_message_id: int | None = None
    due_at: datetime | None = None
    about: Sequence[str] = ()
    typed: bool = False
    until: datetime | None = None

    def __post_init__(self) -> None:
        """Refuse a letter that belongs to nothing: nobody would hear that it was lost."""
        if self.ref is None and self.conversation_id is None:
            raise TypeError(f"The letter {self.key!r} belongs to no request and no conversation; give one.")
