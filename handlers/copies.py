"""A copy of what is held, as a sealed package: what access and portability share."""

from __future__ import annotations

from assistant.config import Settings
from assistant.domain.assurance import Hold, Need, Tier
from assistant.domain.plan import Operation, Plan
from assistant.interfaces import Sources, Stored
from handlers.each_right import EachRight


class Copies(EachRight):
    """A copy needs an account proved, or a contact with notices and a hold, whatever its form."""

    operation = Operation.EXPORT
    hold = Hold.UNLESS_SIGNED_IN
    nothing = "answer_access_nothing"

    def need(self, details: Stored, plan: Plan | None, settings: Settings, sources: Sources) -> Need:
        """Have people decide on what only people may let out, as the catalogue says of its categories."""
        if plan is not None and _people_decide(settings, plan):
            return Need(Tier.T3, self.hold)
        return super().need(details, plan, settings, sources)


def _people_decide(settings: Settings, plan: Plan) -> bool:
    known = settings.catalogue.categories
    held = {table.category for at in plan.located for table in at.tables if table.rows}
    return any(name in known and known[name].people_decide for name in held)
