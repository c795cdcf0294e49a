"""Everything said to a person or an agent: a named text, stored and queued in the transaction of its cause."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import func, insert
from sqlmodel import Session, SQLModel, col, select

from assistant.interfaces import ChatMessage, Choice
from assistant.services import Services, post, wake
from assistant.store.tables import Conversation, Message, Outbox, PrivacyRequest

LIVE = frozenset({"webchat"})  # channels in which the message row itself is the delivery
_ASSISTANT = "assistant"
_Sender = Literal["assistant", "agent", "you"]
_SENDERS: Mapping[str, _Sender] = {"you": "you", "agent": "agent"}
_MOST_REPLIES_A_DAY = 10
# Built once and below the ORM: composing a statement costs more than running it, and every message needs one.
_MESSAGES = SQLModel.metadata.tables["message"]
_INSERT_MESSAGE = insert(_MESSAGES).returning(_MESSAGES.c.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """One message to the person; the same `key` is the same message however often it is said."""

    text: str
    key: str
    language: str
    subject: str | None = None
    sender: str = _ASSISTANT
    name: str = ""
    choices: Sequence[Choice] = ()
    expects: str | None = None
    requests: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What the outbox hands to a channel, once for each `key`; `kind` is reply, mail or relay."""

    key: str
    channel: str
    kind: str
    text: str
    language: str
    recipient: str | None = None
    conversation_id: str | None = None
    ref: str | None = None
    subject: str | None = None
    choices: Sequence[Mapping[str, Any]] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    raw_message_id: int | None = None
    due_at: datetime | None = None


def say(
    services: Services,
    session: Session,
    conversation: Conversation,
    text_name: str,
    *,
    choices: Sequence[Choice] = (),
    expects: str | None = None,
    requests: Sequence[Mapping[str, Any]] = (),
    key: str | None = None,
    **values: Any,
) -> None:
    """Say a named text in a conversation, in its language; `key` makes it the same message however often."""
    language = conversation.language or services.settings.controller.languages[0]
    told = {"requests": requests} if requests else {}
    rendered = services.texts.render(text_name, language, **told, **values)
    said = Utterance(
        text=rendered.text,
        subject=rendered.subject,
        choices=choices,
        expects=expects,
        requests=requests,
        key=key or _fresh(services),
        language=language,
    )
    say_text(services, session, conversation, said)


def say_text(services: Services, session: Session, conversation: Conversation, said: Utterance) -> None:
    """Store one message to the person; live sockets get it after the commit, other channels by the outbox."""
    at = services.clock.now()
    shown = said.name or services.settings.controller.name
    buttons = [
        {"label": c.label, "value": c.value, **({"url": c.url} if c.url else {})} for c in said.choices
    ]
    cards = [_card(request) for request in said.requests]
    row: dict[str, Any] = {
        "conversation_id": conversation.id,
        "external_id": said.key,
        "sender": said.sender,
        "name": shown,
        "text": said.text,
        "kind": "text",
        "choices": buttons,
        "expects": said.expects,
        "requests": cards,
        "reading": {},
        "handled": True,
        "at": at,
        "subject": said.subject,
        "headers": {},
    }
    ident = insert_message(session, row)
    message = ChatMessage(
        ident,
        "agent" if said.sender == "agent" else "assistant",
        shown,
        said.text,
        at,
        tuple(said.choices),
        said.expects,
        tuple(cards),
    )
    post(session, conversation.id, message)
    if conversation.channel not in LIVE:
        _reply(services, session, conversation, said, buttons)


def _reply(
    services: Services,
    session: Session,
    conversation: Conversation,
    said: Utterance,
    buttons: list[dict[str, Any]],
) -> None:
    if not conversation.answerable or _answered_enough(services, session, conversation):
        return
    subject, text = said.subject, said.text
    if subject is None and conversation.channel == "email":
        wrapped = services.texts.render("mail_reply", said.language, text=text)
        subject, text = wrapped.subject, wrapped.text
    last = session.exec(
        select(Message.headers, Message.subject)
        .where(col(Message.conversation_id) == conversation.id, col(Message.sender) == "you")
        .order_by(col(Message.id).desc())
        .limit(1)
    ).first()
    headers, heard = last or ({}, None)
    letter = Letter(
        key=f"reply:{conversation.id}:{said.key}",
        channel=conversation.channel,
        kind="reply",
        conversation_id=conversation.id,
        recipient=conversation.subject_hint,
        subject=subject or heard,
        text=text,
        language=said.language,
        choices=buttons,
        headers={**headers, "automatic": "auto-replied"},
    )
    queue_outgoing(services, session, letter)


def _answered_enough(services: Services, session: Session, conversation: Conversation) -> bool:
    """Two machines that answer each other must stop: at most ten replies a day in one thread of mail."""
    if conversation.channel != "email":
        return False
    since = services.clock.now() - timedelta(days=1)
    sent = select(func.count()).where(
        col(Outbox.conversation_id) == conversation.id,
        col(Outbox.kind) == "reply",
        col(Outbox.created_at) > since,
    )
    return session.exec(sent).one() >= _MOST_REPLIES_A_DAY


def mail(
    services: Services,
    session: Session,
    text_name: str,
    *,
    to: str,
    language: str,
    key: str,
    ref: str | None = None,
    conversation_id: str | None = None,
    **values: Any,
) -> None:
    """Queue a fresh mail to an address: never a reply, never to what a message claims; once per `key`."""
    rendered = services.texts.render(text_name, language, **values)
    letter = Letter(
        key=key,
        channel="email",
        kind="mail",
        conversation_id=conversation_id,
        ref=ref,
        recipient=to,
        subject=rendered.subject,
        text=rendered.text,
        language=language,
    )
    queue_outgoing(services, session, letter)


def relay(services: Services, session: Session, message_id: int, to: str) -> None:
    """Queue the original of a message for support, unchanged."""
    letter = Letter(
        key=f"relay:{message_id}",
        channel="email",
        kind="relay",
        recipient=to,
        text="",
        language="en",
        raw_message_id=message_id,
    )
    queue_outgoing(services, session, letter)


def queue_outgoing(services: Services, session: Session, letter: Letter) -> bool:
    """Write one row of the outbox unless its key is there already; tells whether it was new."""
    if session.exec(select(Outbox.id).where(col(Outbox.key) == letter.key)).first() is not None:
        return False
    now = services.clock.now()
    payload = {
        "subject": letter.subject,
        "text": letter.text,
        "language": letter.language,
        "choices": list(letter.choices),
        "headers": dict(letter.headers),
    }
    session.execute(
        insert(Outbox).values(
            key=letter.key,
            channel=letter.channel,
            kind=letter.kind,
            conversation_id=letter.conversation_id,
            ref=letter.ref,
            recipient=services.keyring.seal(letter.recipient) if letter.recipient else None,
            payload=services.keyring.seal(json.dumps(payload)),
            raw_message_id=letter.raw_message_id,
            state="waiting",
            attempts=0,
            due_at=letter.due_at or now,
            created_at=now,
        )
    )
    wake(session, "deliver")
    return True


def said_by_us(services: Services, session: Session, conversation_id: str) -> list[str]:
    """List what the desk and its agents said in a conversation, in the talk and in letters."""
    talked = select(Message.text).where(
        col(Message.conversation_id) == conversation_id, col(Message.sender).in_((_ASSISTANT, "agent"))
    )
    letters = select(Outbox.payload).where(
        col(Outbox.conversation_id) == conversation_id, col(Outbox.kind) == "mail"
    )
    posted = (json.loads(services.keyring.unseal(payload))["text"] for payload in session.exec(letters))
    return [*session.exec(talked), *posted]


def as_seen(request: PrivacyRequest) -> dict[str, Any]:
    """Give what a text or a chat card says of a request."""
    return {
        "ref": request.ref,
        "right": request.right,
        "status": request.status,
        "received_on": request.received_on,
        "due_on": request.due_on,
    }


def _card(request: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "ref": request["ref"],
        "right": request["right"],
        "status": request["status"],
        "due_on": str(request["due_on"]),
    }


def _fresh(services: Services) -> str:
    return services.random(12).hex()


def insert_message(session: Session, row: Mapping[str, Any]) -> int:
    """Store one message in one statement, the cheapest there is; gives its number."""
    return int(session.connection().execute(_INSERT_MESSAGE, dict(row)).scalar_one())


def chat_message(row: Message) -> ChatMessage:
    """Give a stored message as its reader sees it."""
    sender: _Sender = _SENDERS.get(row.sender, "assistant")
    return ChatMessage(
        row.id or 0,
        sender,
        row.name,
        row.text,
        row.at,
        tuple(Choice(**choice) for choice in row.choices),
        row.expects,
        tuple(row.requests),
        row.external_id if row.sender == "you" else None,
    )
