"""How sure we are who is asking: tiers, and the evidence that carries one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum


class Tier(IntEnum):
    """Assurance ladder of the desk; a higher tier allows everything a lower one does."""

    T0 = 0  # nothing proved
    T1 = 1  # control of a contact on file
    T2 = 2  # fresh client-area login, or T1 with an unchanged contact, notices and a hold
    T3 = 3  # decided by people


class Method(StrEnum):
    """How evidence was obtained."""

    EMAIL_CODE = "email_code"
    EMAIL_LINK = "email_link"
    CLIENT_AREA = "client_area"
    PAGE_TOKEN = "page_token"  # noqa: S105 - a name, not a secret
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was proved, when, by which method, and for which requests only.

    `on_file` says whether the contact stood in a source when it was proved: control of a mailbox that
    nobody holds unlocks nothing but the honest answer that nothing is held.
    """

    id: str
    method: Method
    tier: Tier
    contact: str
    obtained_at: datetime
    references: tuple[str, ...]
    on_file: bool
    fresh_login: bool = False

    def covers(self, reference: str) -> bool:
        """Tell whether this evidence was asked for that request."""
        return reference in self.references


# NIST SP 800-63B 5.1.3.2 gives the ten minutes; the rest are choices of shared practice, see docs/decisions.md.
CODE_DIGITS = 8
CODE_LIFETIME = timedelta(minutes=10)
LINK_LIFETIME = timedelta(hours=24)
STOP_LINK_LASTS = timedelta(days=40)  # a stop is worth something until the request is answered
LINK_RENEWABLE = timedelta(days=7)
TRIES_PER_CODE = 5
FAILURES_PER_DAY = 10
CODES_PER_HOUR = 3
CODES_PER_DAY = 6
_CODE = re.compile(rf"(?<!\d)(?:\d[ \u00a0.-]?){{{CODE_DIGITS}}}(?!\d)")
CONTACT_COOL_OFF = timedelta(days=30)


def code_in(text: str) -> str | None:
    """Find a code in what was typed, with or without spaces between the digits."""
    found = _CODE.search(text)
    return re.sub(r"\D", "", found.group()) if found else None
