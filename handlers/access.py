"""Access (GDPR 15): a copy of everything, as a sealed package."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from assistant.domain.assurance import Tier
from assistant.domain.plan import Identity, Operation, Order, Plan
from assistant.domain.rights import Right
from assistant.interfaces import DataSource
from handlers.planning import plan_over


class Access:
    """Nothing is missing from an access request: no reason, no form, no period."""

    right = Right.ACCESS
    operation = Operation.EXPORT

    def tier(self, details: Mapping[str, Any]) -> Tier:
        """A copy of everything needs an account proved, or a contact with notices and a hold."""
        return Tier.T2

    def missing(self, details: Mapping[str, Any]) -> str | None:
        """Ask nothing: the request is complete as it is."""
        return None

    async def propose(
        self, identity: Identity, sources: Sequence[DataSource], details: Mapping[str, Any], today: datetime
    ) -> Plan:
        """Copy every mapped row of the person."""
        return await plan_over(self.right, identity, sources, Order(self.operation, today.date()), details)
