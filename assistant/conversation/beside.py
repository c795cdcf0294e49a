"""What a mail asks of support beside what it asks of the desk: support reads that mail too (flows.md, A message comes in, 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from assistant.casework import talk
from assistant.casework.audit import record
from assistant.casework.intake import requests_of
from assistant.conversation.unread import needs_a_person
from assistant.domain.lifecycle import CLOSED
from assistant.store.queries import was_passed_on
from intents import for_support

if TYPE_CHECKING:
    from assistant.conversation.turn import Turn
    from assistant.interfaces import Incoming

PASSED_ON: Final = "passed_to_support"


def have_support_read_too(turn: Turn, incoming: Incoming, message_id: int) -> None:
    """Pass on a mail in which something is asked of support, unless it went there already or an agent must look first."""
    if incoming.channel != "email" or incoming.kind != "text" or incoming.automatic:
        return
    subject = "" if "answers" in incoming.headers else incoming.subject or ""
    if needs_a_person(turn, incoming) or not (for_support(turn.text) or for_support(subject)):
        return
    turn.unit.session.flush()
    if was_passed_on(turn.unit.session, message_id):
        return
    talk.relay(turn.unit, turn.conversation, message_id)
    for request in requests_of(turn.unit.session, turn.conversation):
        if request.status not in CLOSED or request.received_at == incoming.received_at:
            record(
                turn.unit,
                request.ref,
                "desk",
                PASSED_ON,
                conversation=turn.conversation.id,
            )
