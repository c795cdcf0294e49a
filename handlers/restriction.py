"""Restriction (GDPR 18): the data stay, and are not used until the matter is settled."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from assistant.config import Settings
from assistant.domain.assurance import Need, Tier
from assistant.domain.details import Details, FoundOut
from assistant.domain.plan import Operation, Order, Plan
from assistant.domain.results import Result, lines
from assistant.domain.rights import Right
from assistant.interfaces import Sources, Stored, Telling, Told
from handlers.each_right import EachRight, told


@dataclass(frozen=True, slots=True)
class HowLong(Details):
    """Until what the use should rest, in the person's own words, for an agent to read."""

    until: str | None = None


class Restriction(EachRight):
    """Whether one of the grounds of 18(1) is met is for whoever approves the plan or refuses it, or asks."""

    right = Right.RESTRICTION
    operation = Operation.RESTRICT
    takes = HowLong.names()

    def need(self, details: Stored, plan: Plan | None, settings: Settings, sources: Sources) -> Need:
        """Ask nobody for proof that we end what they once asked for: that is ours, not theirs."""
        if plan is not None and plan.order.operation is Operation.LIFT:
            return Need(Tier.T0)
        return super().need(details, plan, settings, sources)

    def order(self, details: Stored, sources: Sources, now: datetime) -> Order:
        """Mark the person's rows wherever the map says how a use is restricted, or take the marks away again."""
        operation = Operation.LIFT if FoundOut.of(details).lift_reason else self.operation
        return Order(operation, now.date())

    def answer(self, result: Result, details: Stored, telling: Telling) -> Told:
        """Say what rests, or beforehand from when and why it does no longer (18(3))."""
        if result.plan.order.operation is Operation.LIFT:
            return "restriction_lifting", _lifting(FoundOut.of(details).lift_reason, telling)
        said = {"restricted": lines([table for step in result.done for table in step.done])}
        return told("answer_restriction", "answer_restriction_partly", result, telling, said)


def _lifting(reason: str | None, telling: Telling) -> dict[str, Any]:
    notice = timedelta(days=telling.settings.periods.lift_notice_days)
    return {"reason": reason or "", "lifted_on": telling.day_of(telling.now + notice)}
