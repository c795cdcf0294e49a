"""Portability (GDPR 20): what the person gave or caused, as one JSON document that another program can read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from assistant.domain.assurance import Tier
from assistant.domain.plan import Identity, Operation, Order, Plan
from assistant.domain.rights import Right
from assistant.interfaces import DataSource
from handlers.planning import plan_over


class Portability:
    """Only data given or observed, held by consent or contract (20(1), WP 242): the map says which columns those are."""

    right = Right.PORTABILITY
    operation = Operation.EXPORT

    def tier(self, details: Mapping[str, Any]) -> Tier:
        """A copy needs an account proved, or a contact with notices and a hold, whatever its form."""
        return Tier.T2

    def missing(self, details: Mapping[str, Any]) -> str | None:
        """Ask nothing: the request is complete as it is; where it should be sent to is the person's to do with it."""
        return None

    async def propose(
        self, identity: Identity, sources: Sequence[DataSource], details: Mapping[str, Any], today: datetime
    ) -> Plan:
        """Copy every mapped row of the person; the package holds the portable columns of it."""
        return await plan_over(self.right, identity, sources, Order(self.operation, today.date()), details)
