"""A talk that goes on elsewhere or later: the answer to a letter about a chat, the visitor who comes back to an open question."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from assistant.casework import closing, running_services, talk
from assistant.casework.audit import record
from assistant.casework.intake import requests_of, set_attention
from assistant.casework.talking import services_choices
from assistant.conversation import picking
from assistant.conversation.state import State
from assistant.domain.addresses import normal_address
from assistant.domain.status import CLOSED, STOPPABLE
from assistant.store.tables import Conversation
from intents.wishes import names_right

if TYPE_CHECKING:
    from sqlmodel import Session

    from assistant.conversation.turn import Turn
    from assistant.interfaces import Incoming
    from assistant.services import Services

ANSWERED: Final = "question_answered"
END_BY_MAIL: Final = "services_end_by_mail"
_OF_DATA: Final = re.compile(r"\b(?:data|donn[ée]es|accounts?|comptes?|profiles?|profils?)\b", re.IGNORECASE)


def is_answer_to_chat(turn: Turn, incoming: Incoming) -> bool:
    """Take a mail in the thread of a letter about a chat, from the contact proved there, as said in that chat.

    An agent reads it at the open requests; False where it is no such answer, or nothing is open.
    """
    chat = turn.session.get(Conversation, incoming.thread)
    if turn.muted or chat is None or chat.channel not in talk.LIVE:
        return False
    theirs = [r for r in requests_of(turn.session, chat) if r.contact_hash == _sender(turn, incoming)]
    waiting = [request for request in theirs if request.status not in CLOSED]
    for request in waiting:
        set_attention(turn.services, turn.session, request, ANSWERED)
        record(
            turn.services, turn.session, request.ref, "subject", ANSWERED, conversation=turn.conversation.id
        )
    return bool(waiting)


def answers_about_services(turn: Turn, incoming: Incoming) -> bool:
    """Take a clear answer by mail, from the contact proved there, to the question whether to end running services.

    To keep them is taken at once. To end them is an agent's to do, since nothing there can be brought back and a
    sender is only claimed: the flag says what was answered.
    """
    asked_in = (
        turn.session.get(Conversation, incoming.thread) or turn.conversation
    )  # a chat, or this very thread
    state = asked_in.state
    value = picking.clear_answer(running_services.ASK, turn.text)
    if turn.muted or value is None or state.get("question") != running_services.ASK:
        return False
    if names_right(turn.text) or _OF_DATA.search(turn.text):
        return False  # "erase nothing, keep my account" says more than what becomes of services
    asked = [
        request
        for request in turn.requests_named(state.get("about", ()))
        if request.contact_hash == _sender(turn, incoming) and request.status in STOPPABLE
    ]
    keep = value == "services:keep"
    for request in asked:
        if keep:
            closing.set_keep_services(turn.services, turn.session, request, keep=True)
        else:
            record(turn.services, turn.session, request.ref, "subject", END_BY_MAIL)
        set_attention(turn.services, turn.session, request, None if keep else END_BY_MAIL)
    if asked:
        _is_answered(turn, asked_in)
        turn.say("request_status", requests=[{**each, "next": "review"} for each in turn.seen(asked)])
    return bool(asked)


def _is_answered(turn: Turn, asked_in: Conversation) -> None:
    if asked_in.id == turn.conversation.id:
        turn.rest()
    else:
        asked_in.state = State.of(asked_in.state).at_rest().as_json()
        turn.session.add(asked_in)


def _sender(turn: Turn, incoming: Incoming) -> str:
    return turn.services.keyring.keyed_hash(normal_address(incoming.sender or ""))


def ask_again(services: Services, session: Session, conversation: Conversation) -> None:
    """Ask a returning visitor again what still waits for their choice, without what only their proof may show."""
    if conversation.state.get("question") != running_services.ASK:
        return
    language = conversation.language or services.settings.controller.languages[0]
    choices = services_choices(services, language)
    talk.say(services, session, conversation, "services_asked_again", expects="choice", choices=choices)
