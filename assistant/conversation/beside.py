"""What a mail asks of support beside what it asks of the desk: support reads that mail too."""

from __future__ import annotations

from typing import Final

from assistant.casework import saying
from assistant.casework.audit import record
from assistant.conversation.received import Received
from assistant.conversation.unread import needs_a_person
from assistant.domain.lifecycle import CLOSED
from assistant.store.queries import was_passed_on
from intents import for_support

PASSED_ON: Final = "passed_to_support"


def have_support_read_too(mail: Received) -> None:
    """Pass on a mail in which something is asked of support, unless it went there already or an agent must look first."""
    incoming, unit, conversation = mail.incoming, mail.unit, mail.turn.conversation
    if incoming.channel != "email" or incoming.kind != "text" or incoming.automatic:
        return
    subject = "" if "answers" in incoming.headers else incoming.subject or ""
    if needs_a_person(mail) or not (for_support(mail.text) or for_support(subject)):
        return
    unit.session.flush()
    if was_passed_on(unit.session, mail.message_id):
        return
    saying.relay(unit, conversation, mail.message_id)
    for request in mail.requests:
        if request.status not in CLOSED or request.received_at == incoming.received_at:
            record(unit, request.ref, "desk", PASSED_ON, conversation=conversation.id)
