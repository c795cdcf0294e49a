"""Rectification (GDPR 16): the person's own data are put right where they stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from assistant.domain.assurance import Tier
from assistant.domain.plan import Identity, Operation, Order, Plan
from assistant.domain.postal import PARTS, as_one
from assistant.domain.rectifying import ADDRESS, Changes
from assistant.domain.rights import Right
from assistant.interfaces import DataSource
from handlers.planning import plan_over


class Rectification:
    """Needs to know which field and what is right, part by part, and a yes to exactly that before there is a plan."""

    right = Right.RECTIFICATION
    operation = Operation.RECTIFY

    def tier(self, details: Mapping[str, Any]) -> Tier:
        """T1 at the least: which fields need more the maps say."""
        return Tier.T1

    def missing(self, details: Mapping[str, Any]) -> str | None:
        """Ask what is wrong, then for the right value of each part, then whether all is as it was meant."""
        changes = Changes.of(details)
        if changes.to_empty:
            return None  # nothing is to be put instead: a person takes it from here
        if not changes.parts:
            return "ask_rectification"
        if part := changes.unsettled:
            if part.either:
                return "ask_rectification_which"
            return "ask_rectification_part" if part.part_of else "ask_rectification_value"
        return None if changes.confirmed else "confirm_rectification"

    async def propose(
        self, identity: Identity, sources: Sequence[DataSource], details: Mapping[str, Any], today: datetime
    ) -> Plan:
        """Put the new values wherever the maps have the fields."""
        values = also_as_one(Changes.of(details).new_values, sources)
        order = Order(self.operation, today.date(), new_values=values)
        return await plan_over(self.right, identity, sources, order, details)


def also_as_one(values: Mapping[str, str], sources: Sequence[DataSource]) -> Mapping[str, str]:
    """Give an address that is corrected in all its parts also in one piece, where some map has it so."""
    as_block = any(
        (known := source.correctable().get(ADDRESS)) is not None and not known.parts for source in sources
    )
    whole = all(values.get(part) for part in PARTS[:3])
    return {**values, ADDRESS: as_one(values)} if as_block and whole and ADDRESS not in values else values
