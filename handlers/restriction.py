"""Restriction (GDPR 18): the data stay, and are not used until the matter is settled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from assistant.domain.assurance import Tier
from assistant.domain.plan import Identity, Operation, Order, Plan
from assistant.domain.rights import Right
from assistant.interfaces import DataSource
from handlers.planning import plan_over


class Restriction:
    """Whether one of the grounds of 18(1) is met is for whoever approves the plan or refuses it."""

    right = Right.RESTRICTION
    operation = Operation.RESTRICT

    def tier(self, details: Mapping[str, Any]) -> Tier:
        """A use that rests does no harm that lasts: control of a contact on file is enough."""
        return Tier.T1

    def missing(self, details: Mapping[str, Any]) -> str | None:
        """Ask nothing: which ground it is stands in the message, or an agent asks."""
        return None

    async def propose(
        self, identity: Identity, sources: Sequence[DataSource], details: Mapping[str, Any], today: datetime
    ) -> Plan:
        """Mark the person's rows wherever the map says how a use is restricted, or take the marks away again."""
        operation = Operation.LIFT if details.get("lift_reason") else self.operation
        return await plan_over(self.right, identity, sources, Order(operation, today.date()), details)
