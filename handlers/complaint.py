"""Complaint (GDPR 77): tracked and acknowledged with authority and court; an agent answers it."""

from __future__ import annotations

from assistant.domain.rights import Right
from handlers.each_right import EachRight


class Complaint(EachRight):
    """Nothing is ordered of the sources."""

    right = Right.COMPLAINT
    operation = None
