"""What has no interface, as a source: every step of it is a task for a named agent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.domain.plan import Located, Operation, Proposal, Step, TableEffect, TableRows
from assistant.domain.rectifying import Correctable
from assistant.errors import WaitsForPerson
from assistant.interfaces import Finding
from assistant.sources.handing_over import concerned

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping, Sequence

    from assistant.domain.manual_map import ManualMap
    from assistant.domain.plan import Account, Contact, Identity, Order, StepOutcome
    from assistant.domain.recipients import HandOver
    from assistant.interfaces import ExportedTable, Progress


class ManualSource:
    """A place where an agent looks by hand; how many records are there nobody knows before."""

    kind = "manual"

    def __init__(self, name: str, manual_map: ManualMap) -> None:
        """Take what is to be looked up."""
        self.name = name
        self.manual_map = manual_map

    async def check(self) -> Sequence[Finding]:
        """Nothing can be compared; say who looks."""
        who = self.manual_map.agent or "whoever comes first"
        return [Finding("ok", self.name, "", f"looked up by hand, by {who}.")]

    def correctable(self) -> Mapping[str, Correctable]:
        """Give the fields that its map lets a person have corrected."""
        mapped = self.manual_map
        return {name: Correctable(name in mapped.harmless) for name in mapped.rectifiable}

    async def contacts(self, identity: Identity) -> Sequence[Contact]:
        """Nobody is reached by what stands on paper."""
        return []

    async def locate(self, identity: Identity, accounts: Sequence[Account] | None = None) -> Located:
        """Say that nothing is known yet."""
        table = TableRows(self.manual_map.name, self.manual_map.category, 0)
        return Located(self.name, identity, (), (table,))

    async def known_as(self, located: Located) -> Sequence[tuple[str, str]]:
        """Nothing is known yet."""
        return []

    async def propose(self, located: Located, order: Order) -> Proposal:
        """Propose that an agent looks, wherever the order may concern what is there."""
        corrects = [name for name in order.new_values if name in self.manual_map.rectifiable]
        return Proposal(self._step(order) if self._concerns(order) else None, corrects=tuple(corrects))

    def _concerns(self, order: Order) -> bool:
        match order.operation:
            case Operation.STOP:
                return bool(set(order.purposes) & set(self.manual_map.stop))
            case Operation.RECTIFY:
                return bool(order.new_values.keys() & set(self.manual_map.rectifiable))
        return True

    def _step(self, order: Order) -> Step:
        mapped = self.manual_map
        values = {name: new for name, new in order.new_values.items() if name in mapped.rectifiable}
        effect = TableEffect(
            mapped.name,
            mapped.category,
            0,
            columns=tuple(values),
            values=values,
            deletes=order.operation is Operation.ERASE,
            handed_over=tuple(self._handed_over(order, tuple(values))),
        )
        return Step(self.name, order.operation, (effect,))

    def _handed_over(self, order: Order, written: Sequence[str]) -> Iterator[HandOver]:
        """Nothing is read there: whoever always gets it is told, of others an agent is asked."""
        for each in concerned(self.manual_map, order, written):
            yield each.hand_over(fields=sorted(each.got))

    async def export(self, located: Located, *, portable_only: bool = False) -> AsyncIterator[ExportedTable]:
        """Give nothing: what an agent found is kept with the step."""
        nothing: tuple[ExportedTable, ...] = ()
        for table in nothing:
            yield table

    async def carry_out(self, step: Step, located: Located, order: Order, progress: Progress) -> StepOutcome:
        """Raise WaitsForPerson: an agent does it, and says so."""
        raise WaitsForPerson
