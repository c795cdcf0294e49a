"""A talk that goes on elsewhere or later: the answer to a letter about a chat, the visitor who comes back to an open question."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from assistant.casework import running_services, talk
from assistant.casework.audit import record
from assistant.casework.intake import requests_of, set_attention
from assistant.casework.talking import services_choices
from assistant.domain.addresses import normal_address
from assistant.domain.status import CLOSED
from assistant.store.tables import Conversation

if TYPE_CHECKING:
    from sqlmodel import Session

    from assistant.conversation.turn import Turn
    from assistant.interfaces import Incoming
    from assistant.services import Services

ANSWERED: Final = "question_answered"


def is_answer_to_chat(turn: Turn, incoming: Incoming) -> bool:
    """Take a mail in the thread of a letter about a chat, from the contact proved there, as said in that chat.

    An agent reads it at the open requests; False where it is no such answer, or nothing is open.
    """
    chat = turn.session.get(Conversation, incoming.thread)
    if turn.muted or chat is None or chat.channel not in talk.LIVE:
        return False
    sender = turn.services.keyring.keyed_hash(normal_address(incoming.sender or ""))
    theirs = [r for r in requests_of(turn.session, chat) if r.contact_hash == sender]
    waiting = [request for request in theirs if request.status not in CLOSED]
    for request in waiting:
        set_attention(turn.services, turn.session, request, ANSWERED)
        record(
            turn.services, turn.session, request.ref, "subject", ANSWERED, conversation=turn.conversation.id
        )
    return bool(waiting)


def ask_again(services: Services, session: Session, conversation: Conversation) -> None:
    """Ask a returning visitor again what still waits for their choice, without what only their proof may show."""
    if conversation.state.get("question") != running_services.ASK:
        return
    language = conversation.language or services.settings.controller.languages[0]
    choices = services_choices(services, language)
    talk.say(services, session, conversation, "services_asked_again", expects="choice", choices=choices)
