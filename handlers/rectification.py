"""Rectification (GDPR 16): the person's own data are put right where they stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from assistant.domain.assurance import Tier
from assistant.domain.plan import Identity, Operation, Order, Plan
from assistant.domain.rights import Right
from assistant.interfaces import DataSource
from handlers.planning import plan_over

CONTACTS = frozenset({"email", "phone", "billing_email"})


class Rectification:
    """Needs to know which field, and what is right; a contact is changed only on a stronger proof (A26)."""

    right = Right.RECTIFICATION
    operation = Operation.RECTIFY

    def tier(self, details: Mapping[str, Any]) -> Tier:
        """T1 for what is harmless, T2 for how the person is reached."""
        return Tier.T2 if details.get("field") in CONTACTS else Tier.T1

    def missing(self, details: Mapping[str, Any]) -> str | None:
        """Ask for the field first, then for the new value."""
        if not details.get("field"):
            return "ask_rectification"
        return None if details.get("new_value") else "ask_rectification_value"

    async def propose(
        self, identity: Identity, sources: Sequence[DataSource], details: Mapping[str, Any], today: datetime
    ) -> Plan:
        """Put the new value wherever the map has the field."""
        values = {str(details["field"]): str(details["new_value"])}
        return await plan_over(
            self.right,
            identity,
            sources,
            Order(self.operation, today.date(), new_values=values),
            details,
        )
