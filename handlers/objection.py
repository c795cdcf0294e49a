"""Objection (GDPR 21): marketing ends at once and without proof; any other use is weighed by a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from assistant.domain.assurance import Tier
from assistant.domain.plan import Identity, Operation, Order, Plan
from assistant.domain.rights import Right
from assistant.interfaces import DataSource
from handlers.planning import plan_over
from handlers.uses import uses_in


class Objection:
    """Absolute for marketing (21(2) and (3)); for the rest the controller must show compelling grounds."""

    right = Right.OBJECTION
    operation = Operation.STOP

    def tier(self, details: Mapping[str, Any]) -> Tier:
        """No proof is ever asked to end marketing."""
        return Tier.T0 if details.get("marketing") else Tier.T1

    def missing(self, details: Mapping[str, Any]) -> str | None:
        """Ask which use, or for marketing which address."""
        if details.get("marketing"):
            return None if details.get("address") else "ask_marketing_address"
        return None if details.get("purpose") else "ask_objection_purpose"

    async def propose(
        self, identity: Identity, sources: Sequence[DataSource], details: Mapping[str, Any], today: datetime
    ) -> Plan:
        """End the use for the purpose in every source that has it."""
        order = Order(self.operation, today.date(), purposes=uses_in(details))
        return await plan_over(self.right, identity, sources, order, details)
