"""Objection (GDPR 21): marketing ends at once and without proof; any other use is weighed by a person."""

from __future__ import annotations

from assistant.domain.results import Result
from assistant.domain.rights import Right
from assistant.interfaces import Telling, Told
from handlers.uses import EndsUse


class Objection(EndsUse):
    """Absolute for marketing (21(2) and (3)); for the rest the controller must show compelling grounds."""

    right = Right.OBJECTION
    asks_which = "ask_objection_purpose"
    freezes = True

    def ended(self, result: Result, telling: Telling) -> Told:
        """Say that the use rests, and that a person weighs the rest (18(1)(d))."""
        return "objection_frozen", {}
