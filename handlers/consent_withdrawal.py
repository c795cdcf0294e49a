"""Withdrawal of consent (GDPR 7(3)): as easy as giving it was."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

from assistant.config import Settings
from assistant.domain.results import Result, StepResult
from assistant.domain.rights import Right
from assistant.domain.uses import EVERY_CONSENT, EndOfUse
from assistant.interfaces import Stored, Telling, Told
from handlers.each_right import told
from handlers.uses import EndsUse


class ConsentWithdrawal(EndsUse):
    """Cannot be refused; for marketing at once and without proof, for the rest within one working day."""

    right = Right.CONSENT_WITHDRAWAL
    asks_which = "ask_consent_purpose"

    def effects(self, details: Stored) -> Sequence[str]:
        """Tell one consent from all."""
        every = EndOfUse.of(details).purpose == EVERY_CONSENT
        return super().effects(details) if every else ("consent_withdrawal_named",)

    def ended(self, result: Result, telling: Telling) -> Told:
        """Name a use as stopped where every source that has it did stop, and none where any did not."""
        ends = {step.source: _ends(telling.settings, step) for step in result.steps}
        left = set(chain.from_iterable(ends[step.source] for step in result.left))
        named = [purpose for purpose in result.plan.order.purposes if purpose not in left]
        stopped = [use for use in named if any(use in ends[step.source] for step in result.done)]
        said: dict[str, Any] = {"stopped": stopped}
        if not result.is_partial:
            said["not_in_use"] = [use for use in named if use not in stopped]
        return told("answer_consent_withdrawal", "answer_consent_withdrawal_partly", result, telling, said)


def _ends(settings: Settings, step: StepResult) -> frozenset[str]:
    """Give the uses that a step ends where it is carried out: those its map names for the tables it touches."""
    data_map = settings.maps.get(step.source)
    touched = {effect.table.rpartition(".")[2] for effect in step.step.effects}
    tables = data_map.tables if data_map else ()
    return frozenset(chain.from_iterable(table.stop for table in tables if table.name in touched))
