"""Somebody writes for somebody else: it is registered, and an agent asks for the mandate before anything is proved (flows.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from assistant.casework.intake import set_attention
from assistant.domain.assurance import Tier
from assistant.domain.rights import Right
from assistant.domain.status import CLOSED
from assistant.store.tables import PrivacyRequest
from intents.wishes import FOR_OTHER

if TYPE_CHECKING:
    from assistant.conversation.turn import Turn

MARK: Final = "for_other"
ATTENTION: Final = "for_somebody_else"


def concerns_other(turn: Turn) -> bool:
    """Tell whether a message uses rights of somebody else; a block of marketing needs nobody's mandate (GDPR 21(3))."""
    uses = turn.reading.decision != "none" and any(i.name in set(Right) for i in turn.reading.intents)
    return FOR_OTHER in turn.reading.wishes and uses and not turn.reading.details.get("marketing")


def is_for_other(request: PrivacyRequest) -> bool:
    """Tell whether a request waits for a mandate: the proof of its writer's own mailbox would end nothing."""
    return bool(request.details.get(MARK))


def open_for_other(turn: Turn) -> None:
    """Open every right that is used, ask for no proof, and call an agent."""
    open_now = {r.right for r in turn.own_requests() if r.status not in CLOSED and is_for_other(r)}
    opened = [turn.open_one(right) for right in turn.rights() if right not in open_now]
    for request in opened:
        request.details = {**request.details, MARK: True}
        request.tier_needed = int(Tier.T3)  # two people weigh the mandate, whatever a mailbox proves
        turn.session.add(request)
        set_attention(turn.services, turn.session, request, ATTENTION)
    if opened:
        name = "mail_for_somebody_else" if turn.is_mail else "for_somebody_else"
        turn.say(name, requests=turn.seen(opened))
    else:
        known = [r for r in turn.own_requests() if r.status not in CLOSED and is_for_other(r)]
        for request in known:
            set_attention(turn.services, turn.session, request, ATTENTION)
        turn.say("already_open", requests=turn.seen(known))
