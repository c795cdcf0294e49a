"""Complaint (GDPR 77): tracked and acknowledged with authority and court; an agent answers it."""

from __future__ import annotations

from assistant.domain.rights import Right
from assistant.interfaces import Stored
from handlers.each_right import EachRight


class Complaint(EachRight):
    """Nothing is ordered of the sources."""

    right = Right.COMPLAINT
    operation = None

    def asks_same(self, details: Stored, others: Stored) -> bool:
        """What it is about stands in its own words, which people read."""
        return False
