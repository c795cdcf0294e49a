"""Withdrawal of consent (GDPR 7(3)): as easy as giving it was."""

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


class ConsentWithdrawal:
    """Cannot be refused; for marketing at once and without proof, for the rest within one working day."""

    right = Right.CONSENT_WITHDRAWAL
    operation = Operation.STOP

    def tier(self, details: Mapping[str, Any]) -> Tier:
        """No proof is ever asked to end marketing."""
        return Tier.T0 if details.get("marketing") else Tier.T1

    def missing(self, details: Mapping[str, Any]) -> str | None:
        """Ask which consent, or for marketing which address."""
        if details.get("marketing"):
            return None if details.get("address") else "ask_marketing_address"
        return None if details.get("purpose") else "ask_consent_purpose"

    async def propose(
        self, identity: Identity, sources: Sequence[DataSource], details: Mapping[str, Any], today: datetime
    ) -> Plan:
        """End the use for the purpose in every source that has it."""
        order = Order(self.operation, today.date(), purposes=uses_in(details))
        return await plan_over(self.right, identity, sources, order, details)
