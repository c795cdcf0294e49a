"""What each right needs and does: one file per right, and one tuple that names them all."""

from __future__ import annotations

from assistant.interfaces import Handler
from handlers.access import Access
from handlers.complaint import Complaint
from handlers.consent_withdrawal import ConsentWithdrawal
from handlers.erasure import Erasure
from handlers.objection import Objection
from handlers.portability import Portability
from handlers.rectification import Rectification
from handlers.restriction import Restriction

HANDLERS: tuple[Handler, ...] = (
    Access(),
    Portability(),
    Erasure(),
    Rectification(),
    Objection(),
    ConsentWithdrawal(),
    Restriction(),
    Complaint(),
)

__all__ = ["HANDLERS"]
