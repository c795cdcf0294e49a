"""What each right needs and does: one file per right, and one tuple that names them all."""

from __future__ import annotations

from assistant.interfaces import Handler
from handlers.access import Access
from handlers.consent_withdrawal import ConsentWithdrawal
from handlers.erasure import Erasure
from handlers.objection import Objection
from handlers.portability import Portability
from handlers.rectification import Rectification
from handlers.restriction import Restriction

# A complaint is tracked and acknowledged; an agent answers it.
HANDLERS: tuple[Handler, ...] = (
    Access(),
    Portability(),
    Erasure(),
    Rectification(),
    Objection(),
    ConsentWithdrawal(),
    Restriction(),
)

__all__ = ["HANDLERS"]
