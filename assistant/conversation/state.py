"""Where a talk stands: what the desk waits for, and for which requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class State:
    """Kept with the conversation, so that a talk goes on after a restart, on whichever node."""

    expects: str | None = None  # email, code, choice, detail, login
    question: str | None = None  # the text that asked
    about: tuple[str, ...] = ()  # references the question is about
    received_at: str | None = None  # receipt of the message in doubt, when a choice decides it
    details: Mapping[str, Any] | None = None
    hidden_before: int = 0  # messages up to this one stay hidden until the person proves again
    told_language: bool = False
    repeated: bool = False  # the question with buttons was asked once more already
    asked: tuple[str, ...] = ()  # requests an agent asked about, until the person writes

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> State:
        """Read what `as_json` wrote."""
        known = {key: value for key, value in stored.items() if key in cls.__dataclass_fields__}
        return cls(
            **{**known, "about": tuple(known.get("about", ())), "asked": tuple(known.get("asked", ()))}
        )

    def as_json(self) -> dict[str, Any]:
        """Give the state as plain JSON, without what is at rest."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        values["about"], values["asked"] = list(self.about), list(self.asked)
        return {key: value for key, value in values.items() if value not in (None, [], 0, False)}

    def asking(self, question: str, expects: str, about: Sequence[str] = (), **more: Any) -> State:
        """Give the state after a question."""
        return replace(self.at_rest(), question=question, expects=expects, about=tuple(about), **more)

    def at_rest(self) -> State:
        """Give the state in which nothing is awaited."""
        return State(hidden_before=self.hidden_before, told_language=self.told_language, asked=self.asked)
