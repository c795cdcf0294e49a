"""How sure we are who is asking: tiers, and the evidence that carries one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Final


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
    flags: tuple[str, ...] = ()  # what only people may weigh

    def covers(self, reference: str) -> bool:
        """Tell whether this evidence was asked for that request."""
        return reference in self.references


class Hold(StrEnum):
    """Whether an effect waits after the proof, so that the true person can stop it."""

    NONE = "none"
    UNLESS_SIGNED_IN = "unless_signed_in"  # a copy
    ALWAYS = "always"  # an erasure, or another contact


@dataclass(frozen=True, slots=True)
class Need:
    """How sure the desk must be for one right with its details and data."""

    tier: Tier
    hold: Hold = Hold.NONE

    @property
    def provable(self) -> Tier:
        """Give what the person must prove: for what waits a contact of theirs at the least, whatever the settings say."""
        return Tier.T2 if self.hold is not Hold.NONE else min(self.tier, Tier.T2)


@dataclass(frozen=True, slots=True)
class Answer:
    """What evidence is worth for a need: the tier that is missing, or from when the effect may come."""

    missing: Tier | None = None
    not_before: datetime | None = None  # None: at once


# A flag like the others, and more: the contact itself says that it never asked, so that nothing is proved any more.
DENIED: Final = "not_me"
DENIED_BEFORE: Final = "denied"  # the detail of a request that says so of one that nobody had proved yet

# Several people read the mailbox. What it disproves is who reads a copy: anything else its readers hear of in time.
SHARED: Final = "shared_mailbox"

# What arrives at a contact on file; with hold and notices it counts as T2, since its holder hears of it in time.
TO_A_CONTACT: Final = frozenset({Method.EMAIL_CODE, Method.EMAIL_LINK})


def satisfies(need: Need, evidence: Evidence | None, hold: timedelta) -> Answer:
    """Tell whether evidence satisfies a need: yes, not before an instant, or which tier is missing.

    Where people decide, they decide on a proof: what the person can prove comes first, and asking for more
    never makes less enough. What waits is never opened by a page token, nor by a proof in doubt, whatever the settings say.
    What its own contact denied is worth nothing, be it the word of a lead: people decide anew.
    """
    if need.provable is Tier.T0:
        return Answer()
    if evidence is None:
        return Answer(missing=max(need.tier, need.provable))
    if DENIED in evidence.flags:
        return Answer(missing=Tier.T3)
    by_waiting = evidence.tier is Tier.T1 and evidence.method in TO_A_CONTACT
    reached = Tier.T2 if by_waiting else evidence.tier
    doubted = set(evidence.flags) - ({SHARED} if need.hold is not Hold.UNLESS_SIGNED_IN else set())
    wanted = Tier.T3 if doubted and need.provable >= Tier.T2 else need.tier
    missing = next((tier for tier in (need.provable, wanted) if reached < tier), None)
    return Answer(missing, evidence.obtained_at + hold if _waits(need, evidence) else None)


def _waits(need: Need, evidence: Evidence) -> bool:
    if need.hold is Hold.UNLESS_SIGNED_IN:
        return not evidence.fresh_login
    return need.hold is Hold.ALWAYS or (need.tier >= Tier.T2 and evidence.tier is Tier.T1)


# NIST SP 800-63B 5.1.3.2 gives the ten minutes; the rest are choices of shared practice, see docs/decisions.md.
CODE_DIGITS = 8
CODE_LIFETIME = timedelta(minutes=10)
LINK_LIFETIME = timedelta(hours=24)
STOP_LINK_LASTS = timedelta(days=40)  # a stop is worth something until the request is answered
TRIES_PER_CODE = 5
FAILURES_PER_DAY = 10
CODES_PER_HOUR = 3
CODES_PER_DAY = 6
# More in each, for a mail that surely comes from the mailbox: others use up the rest in its name.
CODES_FOR_OWNER = 2
_CODE = re.compile(rf"(?<!\d)(?:\d[ \u00a0.-]?){{{CODE_DIGITS}}}(?!\d)")
# What holds as many figures and is none: a telephone number with its prefix, a day, what has letters before it.
_NO_CODE = re.compile(
    r"\+\d(?:[ \u00a0./()-]{0,2}\d){6,14}"
    r"|(?<!\d)0\d(?:[ \u00a0./()-]{0,2}\d){7,13}(?!\d)"
    r"|\b(?!code)[^\W\d_]{1,4}[-\u2010-\u2015/]?\d{1,16}"
    r"|(?<!\d)(?:(?:19|20)\d\d[ ]?[-./][ ]?\d\d?[ ]?[-./][ ]?\d\d?|\d\d?[ ]?[-./][ ]?\d\d?[ ]?[-./][ ]?(?:19|20)\d\d)(?!\d)",
    re.IGNORECASE,
)
# What goes for a code in what is copied out: eight digits in a row, or apart where no more follow, as in a phone number;
# those of a reference are none.
_SHOWN_CODE = re.compile(
    rf"(?<!\d)(?<!PR-)\d{{{CODE_DIGITS}}}(?!\d)"
    rf"|(?<!\d)(?<!\d[ \u00a0.-])(?<!PR-)\d(?:[ \u00a0.-]?\d){{{CODE_DIGITS - 1}}}(?![ \u00a0.-]?\d)"
)
CONTACT_COOL_OFF = timedelta(days=30)


def code_in(text: str) -> str | None:
    """Find a code in what was typed, with or without spaces between the digits; no other number of its length."""
    found = _CODE.search(_NO_CODE.sub(" , ", text))
    return re.sub(r"\D", "", found.group()) if found else None


def stands_as_code(text: str) -> bool:
    """Tell whether a text holds a code as a mail shows it, or in groups: a date or a longer number is none."""
    found = _SHOWN_CODE.search(_NO_CODE.sub(" , ", text))
    return found is not None and not set(".-").intersection(found.group())


def without_codes(text: str, instead: str = "*" * CODE_DIGITS) -> str:
    """Give what a person typed without the codes in it: each is a secret of the desk, and no data about them."""
    return _SHOWN_CODE.sub(instead, text)
