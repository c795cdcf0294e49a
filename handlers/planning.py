"""How an order becomes a plan over all sources: the same for every right."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from itertools import chain
from typing import Any

from assistant.domain.details import FoundOut
from assistant.domain.plan import Identity, Located, Order, Plan
from assistant.domain.rights import Right
from assistant.interfaces import DataSource


async def plan_over(
    right: Right,
    identity: Identity,
    sources: Sequence[DataSource],
    order: Order,
    details: Mapping[str, Any],
) -> Plan:
    """Locate the person in every source at once and ask each what it would do; changes nothing.

    Accounts that an agent found to be somebody else's are left alone, and what they know of hand-overs that nothing
    records goes with the order.
    """
    found = FoundOut.of(details)
    order = replace(
        order,
        handed_over=tuple(found.handed_over or ()),
        not_handed_over=tuple(found.not_handed_over or ()),
    )
    left_out = {tuple(account) for account in found.not_theirs or ()}
    located = await _located(identity, sources, left_out)
    proposals = await asyncio.gather(
        *(source.propose(at, order) for source, at in zip(sources, located, strict=True))
    )
    corrects = dict.fromkeys(chain.from_iterable(p.corrects for p in proposals))
    holds = dict.fromkeys(chain.from_iterable(p.holds for p in proposals))
    return Plan(
        right=right,
        located=tuple(located),
        order=order,
        steps=tuple(p.step for p in proposals if p.step),
        keeps=tuple(keep for p in proposals for keep in p.keeps),
        blockers=tuple(blocker for p in proposals for blocker in p.blockers),
        conflicts=tuple(conflict for p in proposals for conflict in p.conflicts),
        corrects=tuple(corrects),
        holds=tuple(name for name in holds if name not in corrects),
    )


async def _located(
    identity: Identity, sources: Sequence[DataSource], left_out: AbstractSet[tuple[str, ...]]
) -> list[Located]:
    """Search the company's own systems for what was proved, then others for the ids that those know the person by."""
    own = [source for source in sources if source.kind != "http"]
    elsewhere = [source for source in sources if source.kind == "http"]
    found = {at.source: at for at in await asyncio.gather(*(_theirs(s, identity, left_out) for s in own))}
    if elsewhere:
        ids = await asyncio.gather(*(source.known_as(found[source.name]) for source in own))
        known = identity.known_as(dict.fromkeys(chain.from_iterable(ids)))
        more = await asyncio.gather(*(_theirs(source, known, left_out) for source in elsewhere))
        found |= {at.source: at for at in more}
    return [found[source.name] for source in sources]


async def _theirs(source: DataSource, identity: Identity, left_out: AbstractSet[tuple[str, ...]]) -> Located:
    located = await source.locate(identity)
    accounts = [a for a in located.accounts if (a.source, a.table, *a.key) not in left_out]
    return located if len(accounts) == len(located.accounts) else await source.locate(identity, accounts)
