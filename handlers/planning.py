"""How an order becomes a plan over all sources: the same for every right."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from assistant.domain.plan import Identity, Order, Plan
from assistant.domain.rights import Right
from assistant.interfaces import DataSource


async def plan_over(right: Right, identity: Identity, sources: Sequence[DataSource], order: Order) -> Plan:
    """Locate the person in every source at once and ask each what it would do; changes nothing."""
    located = await asyncio.gather(*(source.locate(identity) for source in sources))
    proposals = await asyncio.gather(
        *(source.propose(at, order) for source, at in zip(sources, located, strict=True))
    )
    return Plan(
        right=right,
        located=tuple(located),
        order=order,
        steps=tuple(p.step for p in proposals if p.step),
        keeps=tuple(keep for p in proposals for keep in p.keeps),
        blockers=tuple(blocker for p in proposals for blocker in p.blockers),
        conflicts=tuple(conflict for p in proposals for conflict in p.conflicts),
    )
