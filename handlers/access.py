"""Access (GDPR 15): a copy of everything, as a sealed package."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.domain.details import Details
from assistant.domain.rights import Right
from handlers.copies import Copies


@dataclass(frozen=True, slots=True)
class WhichCopy(Details):
    """What the person wants to see most: the copy holds everything, and agents read this beside it."""

    period: str | None = None
    topic: Sequence[str] | None = None


class Access(Copies):
    """Nothing is missing from an access request: no reason, no form, no period."""

    right = Right.ACCESS
    takes = WhichCopy.names()
