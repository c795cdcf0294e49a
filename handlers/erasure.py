"""Erasure (GDPR 17): everything goes but what a law keeps, and what a running service needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from assistant.domain.assurance import Tier
from assistant.domain.plan import Identity, Operation, Order, Plan
from assistant.domain.rights import Right
from assistant.interfaces import DataSource
from handlers.planning import plan_over


class Erasure:
    """Partial by default: the retention rules of the map say what stays, and until when (GDPR 17(3)(b))."""

    right = Right.ERASURE
    operation = Operation.ERASE

    def tier(self, details: Mapping[str, Any]) -> Tier:
        """What is gone cannot come back."""
        return Tier.T2

    def missing(self, details: Mapping[str, Any]) -> str | None:
        """Ask nothing: the request is complete as it is."""
        return None

    async def propose(
        self, identity: Identity, sources: Sequence[DataSource], details: Mapping[str, Any], today: datetime
    ) -> Plan:
        """Erase every mapped row; `keep_services` leaves what running services need (Article 6(1)(b))."""
        order = Order(self.operation, today.date(), keep_services=bool(details.get("keep_services")))
        return await plan_over(self.right, identity, sources, order, details)
