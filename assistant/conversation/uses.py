"""Which use of their data a person wants ended: asked with buttons, and heard in the words they type instead."""

from __future__ import annotations

import re
from typing import Final

from assistant.conversation.agent_asked import may_answer
from assistant.conversation.heard import Found, Hearing, all_of
from assistant.conversation.subjects import says_nothing
from assistant.domain.fields import can_hold
from assistant.domain.moves import EndUse
from assistant.domain.reference import parse_references
from assistant.domain.rights import ENDING_USES
from assistant.domain.talk import USES, WAITING, RequestSeen, TalkView
from assistant.domain.uses import EVERY_CONSENT, UNNAMED
from intents.awaiting import is_slip, names_authority, speaks_of_code
from intents.purposes import use_answered

_LEFT_OUT: Final = re.compile(
    r"\b(?:not|except(?: for)?|but(?: not)?|besides|pas|sauf|excepté|hors)\s+(?:the |my |la |le |les |l['’]|vos )?(?P<what>[\w-]{2,30})",
    re.IGNORECASE,
)
_SOMETHING_ELSE: Final = "something else"
_UNKNOWN: Final = {"purpose": UNNAMED}
# Of an objection to all a person looks which there are.
_EVERY: Final = {"ask_consent_purpose": {"purpose": EVERY_CONSENT}}
_EVERY_USE: Final = re.compile(
    r"(?:all(?: of (?:it|them|that))?|every(?:thing| use)?|any(?: use)?|the lot|tout(?:es?)?|tous|tout [çc]a)"
    r"(?: (?:please|pls|svp|merci))?",
    re.IGNORECASE,
)


def waiting(view: TalkView) -> list[RequestSeen]:
    """List what waits to be told which use is to end."""
    return [r for r in view.about if r.right in ENDING_USES and r.status in WAITING]


def answered(hearing: Hearing) -> Found | None:
    """Take words for the use that was asked for: one that nobody knows is for a person, what is no use is left to be read."""
    # "Profiling" alone reads as an objection: beside a withdrawal it is still the answer.
    others = set(hearing.rights) - ENDING_USES
    if hearing.state.question not in USES or (hearing.reading.decision != "none" and others):
        return None
    again = hearing.is_request and not hearing.reading.details
    if again or hearing.conversational or not can_hold("use", hearing.text) or not waiting(hearing.view):
        return None
    if _EVERY_USE.fullmatch(hearing.text.strip(" .!")):
        return all_of(EndUse(_EVERY.get(hearing.state.question or "", _UNKNOWN)))
    use = use_answered(_without_left_out(hearing.text))
    if use is None or (use == _UNKNOWN and _says_else(hearing)):
        return None
    return all_of(EndUse(use))


def _without_left_out(text: str) -> str:
    """Take the marketing that an answer leaves out from it: *not the newsletter, the statistics*, *everything but ads*."""
    left = text
    for found in _LEFT_OUT.finditer(text):
        if use_answered(found["what"]) == {"marketing": True}:
            left = left.replace(found[0], " ", 1)
    return left if left.strip(" ,.;!") else _SOMETHING_ELSE


def _says_else(hearing: Hearing) -> bool:
    """Tell whether words that name no use we know are none: a greeting, a number, what is said of a code, a mailbox, or to support."""
    text = hearing.text
    is_of_proof = speaks_of_code(text) or hearing.mailbox_lost or is_slip(text) or names_authority(text)
    is_none = says_nothing(text) or not may_answer(text)
    return is_of_proof or is_none or bool(hearing.number_typed or parse_references(text))
