"""Ending a use of data, by an objection or by taking a consent back; marketing ends at once, and without proof."""

from __future__ import annotations

from datetime import datetime

from assistant.config import Settings
from assistant.domain.assurance import Need, Tier
from assistant.domain.details import FoundOut
from assistant.domain.plan import Operation, Order, Plan
from assistant.domain.results import Result
from assistant.domain.uses import UNNAMED, EndOfUse
from assistant.interfaces import Sources, Stored, Telling, Told
from handlers.each_right import EachRight


class EndsUse(EachRight):
    """What the two rights share: which uses end, and the words for an end of marketing."""

    operation = Operation.STOP
    takes = EndOfUse.names()
    asks_which: str

    def asks_same(self, details: Stored, others: Stored) -> bool:
        """Compare the uses that are named: of one that is not, a person finds out which is meant."""
        return UNNAMED not in EndOfUse.of(details).uses and super().asks_same(details, others)

    def missing(self, details: Stored) -> str | None:
        """Ask which use, or for marketing which address."""
        said = EndOfUse.of(details)
        if said.marketing:
            return None if said.address else "ask_marketing_address"
        return None if said.purpose else self.asks_which

    def need(self, details: Stored, plan: Plan | None, settings: Settings, sources: Sources) -> Need:
        """No proof is ever asked to end marketing."""
        if EndOfUse.of(details).marketing:
            return Need(Tier.T0)
        return super().need(details, plan, settings, sources)

    def order(self, details: Stored, sources: Sources, now: datetime) -> Order:
        """End the use for the purpose in every source that has it."""
        return Order(self.operation, now.date(), purposes=EndOfUse.of(details).uses)

    def answer(self, result: Result, details: Stored, telling: Telling) -> Told:
        """Say that marketing is off; where no system knew the address the record of it is what keeps it off."""
        said = EndOfUse.of(details)
        if not said.marketing:
            return self.ended(result, telling)
        named = list(said.addresses)
        which = {"addresses": named, "part": said.part}
        if result.left:
            return "marketing_stopped_partly", {**which, "failed": list(telling.failed)}
        untold = FoundOut.of(details).untold
        if len(named) > 1:
            return "marketing_stopped_several", {**which, "untold": untold}
        if "@" not in named[0]:
            return "marketing_stopped_number", which
        return "marketing_stopped", {**which, "untold": untold}

    def ended(self, result: Result, telling: Telling) -> Told:
        """Say what became of any other use."""
        return super().answer(result, {}, telling)
