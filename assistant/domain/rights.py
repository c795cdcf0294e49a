"""The rights a data subject may use, under the names of the law, and what the law says of several of them."""

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
# A copy of all that is held, with all that Article 15 has told of it.
COPIES = frozenset({Right.ACCESS})
# What is gone cannot be brought back: it waits for the copies, and stands still once somebody says not to.
ERASING = frozenset({Right.ERASURE})
# Disclosing or erasing cannot be taken back, so these need T2 and, with four eyes on, a second person.
IRREVERSIBLE = frozenset({Right.ACCESS, Right.PORTABILITY, Right.ERASURE})
# Nothing is planned before the person has said yes to exactly what is to stand there (GDPR 16).
CONFIRMED_FIRST = frozenset({Right.RECTIFICATION})
# People answer these; nothing is planned (GDPR 77 and 12(4)).
ANSWERED_BY_PEOPLE = frozenset({Right.COMPLAINT})
# What "stop" may mean of a use: it ends, or rests until the matter is settled.
STOPPING_USES = frozenset({Right.OBJECTION, Right.CONSENT_WITHDRAWAL, Right.RESTRICTION})
# What a menu offers whoever used none beyond doubt.
ASKED_MOST = (Right.ACCESS, Right.ERASURE, Right.OBJECTION)
# As against marketing nobody has to say why, nobody can say no (GDPR 21(3), 7(3)).
ENDING_USES = frozenset({Right.OBJECTION, Right.CONSENT_WITHDRAWAL})


def called(right: str, *, marketing: bool) -> str:
    """Name what is asked: an objection to marketing is an end of marketing to whoever asked for it (GDPR 21(3))."""
    return "marketing" if marketing and right == Right.OBJECTION else right
