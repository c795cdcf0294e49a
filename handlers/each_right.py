"""What every right has, unless its own handler says otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from assistant.config import Settings
from assistant.domain.assurance import Hold, Need
from assistant.domain.plan import Identity, Operation, Order, Plan
from assistant.domain.results import Result
from assistant.domain.rights import Right
from assistant.errors import Conflict
from assistant.interfaces import Sources, Stored, Telling, Told
from handlers.planning import plan_over


class EachRight:
    """A right of which nothing is missing, that needs the proof that the settings say and nothing more."""

    right: Right
    operation: Operation | None
    takes: frozenset[str] = frozenset()
    hold = Hold.NONE
    freezes = False
    portable_only = False
    nothing = "answer_use_nothing"

    def asks_same(self, details: Stored, others: Stored) -> bool:
        """Compare the details that are the right's own."""
        return all(details.get(name) == others.get(name) for name in self.takes)

    def missing(self, details: Stored) -> str | None:
        """Ask nothing: the request is complete as it is."""
        return None

    def need(self, details: Stored, plan: Plan | None, settings: Settings, sources: Sources) -> Need:
        """Ask for what the settings say of the right."""
        return Need(settings.verification.needed(self.right), self.hold)

    def effects(self, details: Stored) -> Sequence[str]:
        """Name the one thing that confirming it does."""
        return (str(self.right),)

    def order(self, details: Stored, sources: Sources, now: datetime) -> Order:
        """Say what the sources are to do."""
        if self.operation is None:
            raise Conflict("A person answers this; no source is told anything.")
        return Order(self.operation, now.date())

    async def propose(self, identity: Identity, sources: Sources, details: Stored, now: datetime) -> Plan:
        """Have every source say what it would do."""
        return await plan_over(self.right, identity, sources, self.order(details, sources, now), details)

    def answer(self, result: Result, details: Stored, telling: Telling) -> Told:
        """Leave the words to people."""
        raise Conflict("No letter says this by itself; answer by hand.")


def told(done: str, left: str, result: Result, telling: Telling, said: Mapping[str, Any]) -> Told:
    """Give the text that says that all was done, or the one that says what was left; nothing was done, nothing is said."""
    if not result.steps:
        raise Conflict("Nothing was done, so no letter says that it was; answer by hand.")
    told_of = {**said, "recipients": list(result.plan.told(without=result.sources_not_done))}
    return (left, {**told_of, "failed": list(telling.failed)}) if result.is_partial else (done, told_of)
