"""Where a talk stands: what the desk waits for, and for which requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from assistant.casework.hidden import NOBODY
from assistant.casework.presses import mark_of

SESSION_HIDDEN: Final = "session_hidden"


@dataclass(frozen=True, slots=True)
class State:
    """Kept with the conversation, so that a talk goes on after a restart, on whichever node."""

    expects: str | None = None  # email, code, choice, detail, login
    question: str | None = None  # the text that asked
    about: tuple[str, ...] = ()  # references the question is about
    received_at: str | None = None  # receipt of the message in doubt, when a choice decides it
    details: Mapping[str, Any] | None = None
    hidden_before: int = 0  # messages up to this one stay hidden until the same person proves again
    hidden: tuple[str, ...] = ()  # the requests of then: for whoever is here now there are none of them
    hidden_of: tuple[
        str, ...
    ] = ()  # keyed hashes of who was proved then, else named; NOBODY where nobody was
    disowned: tuple[str, ...] = ()  # of these, what whoever is here now said was not theirs
    told_language: bool = False
    repeated: bool = False  # the question with buttons was asked once more already
    asked: tuple[str, ...] = ()  # requests an agent asked about, until the person writes
    misgiven: bool = False  # the address that was named last is a mistake, or cannot be read any more
    sought: tuple[str, ...] = ()  # references of other talks that were typed here, until a mailbox is proved

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> State:
        """Read what `as_json` wrote."""
        known = {key: value for key, value in stored.items() if key in cls.__dataclass_fields__}
        return cls(**{**known, **{name: tuple(known.get(name, ())) for name in _LISTS}})

    def as_json(self) -> dict[str, Any]:
        """Give the state as plain JSON, without what is at rest."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        values |= {name: list(values[name]) for name in _LISTS}
        return {key: value for key, value in values.items() if value not in (None, [], 0, False)}

    def asking(self, question: str, expects: str, about: Sequence[str] = (), **more: Any) -> State:
        """Give the state after a question."""
        return replace(self.at_rest(), question=question, expects=expects, about=tuple(about), **more)

    @property
    def asks_else(self) -> bool:
        """Tell whether something else is asked than who is there."""
        return self.expects in {"choice", "detail"}

    @property
    def mark(self) -> str:
        """Name the question that is open, so that a button shown with another is no answer to it."""
        return mark_of(self.question, sorted(self.about), self.received_at)

    def at_rest(self) -> State:
        """Give the state in which nothing is awaited."""
        return State(**{name: getattr(self, name) for name in _STAYS})

    def hiding(self, last_message: int, references: Sequence[str], known: Sequence[str]) -> State:
        """Give the state in which nothing of before is there for whoever comes, and nothing of it is awaited."""
        whose = dict.fromkeys([*self.hidden_of, *(known or (NOBODY,))])
        hidden = replace(self.at_rest(), hidden_before=last_message, hidden=tuple(references), disowned=())
        return replace(hidden, hidden_of=tuple(whose)).asking(SESSION_HIDDEN, "email")

    def is_of(self, *names: str) -> bool:
        """Tell whether what is hidden is this one person's, and nobody else had a part in it."""
        return len(self.hidden_of) == 1 and self.hidden_of[0] in names

    def opened_by(self, *names: str) -> State:
        """Give the state once a mailbox was proved: its own comes back, and what nobody had claimed stays hidden."""
        if self.is_of(*names):
            return replace(self.at_rest(), hidden_before=0, hidden=(), hidden_of=())
        return self.at_rest()


# What a question ends and what it does not: whoever asks anything else in a talk keeps these.
_STAYS = ("hidden_before", "hidden", "hidden_of", "disowned", "told_language", "asked", "misgiven", "sought")
_LISTS = ("about", "asked", "sought", "hidden", "hidden_of", "disowned")
