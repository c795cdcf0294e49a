"""A text that cannot be written stops nothing else: what asked for it stays, and a person is called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import structlog

from assistant.casework.audit import record
from assistant.casework.requests.intake import requests_of, set_attention
from assistant.domain.attention import Attention
from assistant.domain.lifecycle import CLOSED
from assistant.replies import TextError
from assistant.replies.labels import attribute
from assistant.services import Unit
from assistant.store.tables import Conversation, PrivacyRequest

if TYPE_CHECKING:
    from assistant.services import Rendered

log = structlog.get_logger(__name__)


def written(
    unit: Unit,
    text_name: str,
    language: str,
    *,
    conversation_id: str | None = None,
    ref: str | None = None,
    **values: Any,
) -> Rendered | None:
    """Write a text; None where it cannot be written, with an agent called to what it belongs to."""
    try:
        return unit.services.texts.render(text_name, language, **values)
    except TextError as error:
        log.error("text.unwritten", text=text_name, why=error.message)  # noqa: TRY400 - the cause is a name
        refs = [ref] if ref else [str(attribute(each, "ref")) for each in values.get("requests", ())]
        call_a_person(unit, text_name, conversation_id=conversation_id, refs=refs)
        return None


def call_a_person(unit: Unit, what: str, *, conversation_id: str | None, refs: Sequence[str] = ()) -> None:
    """Have an agent take over where the desk could not answer: by its request, or else by its conversation."""
    conversation = unit.session.get(Conversation, conversation_id) if conversation_id else None
    concerned = [request for ref in refs if (request := unit.session.get(PrivacyRequest, ref))]
    if conversation is not None and not concerned:
        concerned = [r for r in requests_of(unit.session, conversation) if r.status not in CLOSED]
    for each in concerned:
        set_attention(unit, each, f"{Attention.REPLY_UNWRITTEN}:{what}")
    if conversation is not None and conversation.channel != "email":
        conversation.wants_person_at = conversation.wants_person_at or unit.now
    elif conversation is not None and not concerned:
        conversation.triage = True
    if conversation is not None:
        unit.session.add(conversation)
        record(
            unit,
            refs[0] if refs else "",
            "desk",
            "reply_unwritten",
            text=what,
            conversation=conversation.id,
        )
