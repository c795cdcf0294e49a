"""How an order becomes a plan over all sources: the same for every right."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import chain

from assistant.domain.plan import Identity, Located, Order, Plan
from assistant.domain.rights import Right
from assistant.interfaces import DataSource


async def plan_over(right: Right, identity: Identity, sources: Sequence[DataSource], order: Order) -> Plan:
    """Locate the person in every source at once and ask each what it would do; changes nothing."""
    located = await _located(identity, sources)
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


async def _located(identity: Identity, sources: Sequence[DataSource]) -> list[Located]:
    """Search the company's own systems for what was proved, then others for the ids that those know the person by."""
    own = [source for source in sources if source.kind != "http"]
    elsewhere = [source for source in sources if source.kind == "http"]
    found = {at.source: at for at in await asyncio.gather(*(source.locate(identity) for source in own))}
    if elsewhere:
        ids = await asyncio.gather(*(source.known_as(found[source.name]) for source in own))
        known = identity.known_as(dict.fromkeys(chain.from_iterable(ids)))
        more = await asyncio.gather(*(source.locate(known) for source in elsewhere))
        found |= {at.source: at for at in more}
    return [found[source.name] for source in sources]
