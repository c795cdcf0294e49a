"""The rights a data subject may use, under the names of the law."""

from __future__ import annotations

from enum import StrEnum


class Right(StrEnum):
    """A right of the GDPR that opens a request."""

    ACCESS = "access"
    ERASURE = "erasure"
    RECTIFICATION = "rectification"
    OBJECTION = "objection"
    CONSENT_WITHDRAWAL = "consent_withdrawal"
    RESTRICTION = "restriction"
    PORTABILITY = "portability"
    COMPLAINT = "complaint"


# Access and portability are carried out before erasure: what is erased can no longer be copied.
CARRIED_OUT_FIRST = frozenset({Right.ACCESS, Right.PORTABILITY})
# Disclosing or erasing cannot be taken back, so these need T2 and, with four eyes on, a second person.
IRREVERSIBLE = frozenset({Right.ACCESS, Right.PORTABILITY, Right.ERASURE})
