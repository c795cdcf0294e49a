"""Everything said to a person or an agent: a named text, stored and queued in the transaction of its cause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import func, insert
from sqlmodel import Session, SQLModel, col, select

from assistant.casework.outbox import REPLY, opened, queue_outgoing
from assistant.casework.requests.hidden import hidden_up_to, is_hidden, is_kept_back
from assistant.casework.requests.intake import MACHINE, as_sent, set_attention
from assistant.casework.saying import flood
from assistant.casework.saying.seen import as_seen, card_of
from assistant.casework.saying.unseen import AT_ONCE, PATIENCE, mail_unless_seen, proved_here, reached_by_mail
from assistant.casework.saying.unwritten import written
from assistant.domain.addresses import deliverable
from assistant.domain.attention import Attention
from assistant.domain.letter import Letter
from assistant.domain.lifecycle import CLOSED
from assistant.errors import Conflict
from assistant.interfaces import ChatMessage, Choice, Incoming
from assistant.services import Rendered, Services, Unit
from assistant.store.tables import Conversation, Message, Outbox, PrivacyRequest

LIVE = frozenset({"webchat"})  # channels in which the message row itself is the delivery
_ASSISTANT = "assistant"
_Sender = Literal["assistant", "agent", "you"]
_SENDERS: Mapping[str, _Sender] = {"you": "you", "agent": "agent"}
_ANSWERED = frozenset({"choice", "detail"})  # what a question expects that can be answered by mail too
_PERSON = "human"  # the button that calls one: whoever answers a letter has one read it
_MOST_REPLIES_A_DAY = 10
_MOST_MAILS_LOOKED_AT = 20
_BY_RULE = "auto"  # begins the keys of replies that no person decided
# Built once and below the ORM (casework/requests/intake.py).
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
    by_rule: bool = False  # said by the desk alone, in answer to a message: never to a machine
    unasked: bool = False  # said when the person may have left: also a letter, unless seen in the chat
    letter: Rendered | None = None  # how that letter says it, where a chat is told less
    answers_mail: bool = False  # said to whoever is not there and wrote by mail: that letter goes at once


@dataclass(frozen=True, slots=True)
class Fate:
    """What a fresh mail must be known for if it does not arrive (`Letter`)."""

    about: Sequence[str] = ()
    typed: bool = False
    until: datetime | None = None
    unasked: bool = False  # to an address that somebody named, and has room for so many of these


def say(
    unit: Unit,
    conversation: Conversation,
    text_name: str,
    *,
    choices: Sequence[Choice] = (),
    expects: str | None = None,
    requests: Sequence[Mapping[str, Any]] = (),
    key: str | None = None,
    unasked: bool = False,
    **values: Any,
) -> None:
    """Say a named text in a conversation, in its language; `key` makes it the same message however often."""
    language = conversation.language or unit.services.settings.controller.languages[0]
    told: dict[str, Any] = {"requests": requests} if requests else {}
    rendered = written(unit, text_name, language, conversation_id=conversation.id, **told, **values)
    if rendered is None:
        return
    said = Utterance(
        text=rendered.text,
        subject=rendered.subject,
        choices=choices,
        expects=expects,
        requests=requests,
        key=key or unit.services.random(12).hex(),
        language=language,
        unasked=unasked,
    )
    say_text(unit, conversation, said)


def say_text(unit: Unit, conversation: Conversation, said: Utterance) -> bool:
    """Store one message to the person; live sockets get it after the commit, other channels by the outbox.

    What the desk would say by rule to a machine, or for ever, is not said; a person is called, and False given.
    """
    answered = _mail_answered(unit.session, conversation) if conversation.channel == "email" else None
    if said.by_rule and (why := _not_to_be_said(unit, conversation, answered)):
        for request in _concerned(unit.session, conversation, said):
            if request.attention is None:
                set_attention(unit, request, why)
        return False
    if answered and _is_said_again(unit, conversation, said):
        return False
    at = unit.now
    shown = said.name or unit.services.settings.controller.name
    buttons = [
        {"label": c.label, "value": c.value, **({"url": c.url} if c.url else {})} for c in said.choices
    ]
    cards = [card_of(request) for request in said.requests]
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
    ident = insert_message(unit.session, row)
    message = ChatMessage(
        ident,
        "agent" if said.sender == "agent" else "assistant",
        shown,
        said.text,
        at,
        tuple(said.choices),
        said.expects,
        tuple(cards),
        hidden_before=hidden_up_to(conversation),
    )
    if not is_kept_back(conversation, said.sender, cards):
        unit.post(conversation.id, message)
    if conversation.channel not in LIVE:
        _reply(unit, conversation, said, buttons, answered)
    if said.unasked and conversation.channel != "email":
        _mail_later(unit, conversation, said, ident)
    return True


def _mail_later(unit: Unit, conversation: Conversation, said: Utterance, message_id: int) -> None:
    about = [str(each["ref"]) for each in said.requests]
    theirs = is_hidden(conversation) and not about  # whose talk it was, and nobody's of today
    about = conversation.state.get("hidden", []) if theirs else about
    request = None if theirs and not about else reached_by_mail(unit.session, conversation, about)
    asks_who = said.expects == "email" and not said.answers_mail
    if request is None or asks_who or not _is_all_of(unit.session, said, request.contact_hash):
        _mail_that_it_waits(unit, conversation, said, message_id)
        return
    letter = said.letter
    if letter is None and said.subject is None:
        letter = _wrapped(unit, conversation, said, request)
        if letter is None:
            return
    subject, text = (letter.subject, letter.text) if letter else (said.subject, said.text)
    after = AT_ONCE if said.answers_mail else PATIENCE
    mail_unless_seen(
        unit, request, message_id, subject=subject, text=text, language=said.language, after=after
    )


def _mail_that_it_waits(unit: Unit, conversation: Conversation, said: Utterance, message_id: int) -> None:
    """Mail whoever proved something there that a question waits, and not which: who is asked may be another (B13)."""
    request = proved_here(unit.session, conversation)
    if request is None or said.answers_mail or not said.expects:
        return
    values: dict[str, Any] = {"conversation_id": conversation.id, "requests": [as_seen(request)]}
    letter = written(unit, "mail_waits_in_chat", said.language, **values)
    if letter is not None:
        subject, text = letter.subject, letter.text
        mail_unless_seen(unit, request, message_id, subject=subject, text=text, language=said.language)


def _is_all_of(session: Session, said: Utterance, contact_hash: str | None) -> bool:
    """Tell whether all that words are about was proved at one mailbox: who sat there meanwhile may be another (B13)."""
    named = (session.get(PrivacyRequest, str(each["ref"])) for each in said.requests)
    return all(request is not None and request.contact_hash == contact_hash for request in named)


def _wrapped(
    unit: Unit, conversation: Conversation, said: Utterance, request: PrivacyRequest
) -> Rendered | None:
    """Put what a chat was told, in its few sentences, into a letter: an answer, a question with what can be answered, or news."""
    values: dict[str, Any] = {"requests": [as_seen(request)], "text": said.text}
    if said.expects in _ANSWERED:
        name = "mail_question" if said.requests else "mail_question_apart"
        values["answers"] = [each.label for each in said.choices if each.value != _PERSON and not each.url]
    else:
        name = "mail_reply" if said.answers_mail else "mail_unread_in_chat"
    return written(unit, name, said.language, conversation_id=conversation.id, **values)


def check_reachable(unit: Unit, conversation: Conversation) -> None:
    """Return if an agent's words can reach the person in this conversation; raises Conflict."""
    if conversation.channel in LIVE and has_ended(unit.services, conversation):
        if reached_by_mail(unit.session, conversation) is None:
            raise Conflict(
                "This chat has ended and no contact was proved in it, so nothing was sent: nobody would read it."
            )
        return
    if conversation.channel == "email" and not deliverable(conversation.subject_hint or ""):
        raise Conflict(
            "This mail names no address that can be answered, so nothing was sent; write to the person another way."
        )


def has_ended(services: Services, conversation: Conversation) -> bool:
    """Tell whether a live chat has been idle for longer than its session lasts."""
    idle = services.clock.now() - conversation.last_at
    return idle >= timedelta(hours=services.settings.periods.session_hours)


@dataclass(frozen=True, slots=True)
class _Answered:
    """The mail that a reply answers."""

    headers: Mapping[str, str]
    by_person: bool


def _mail_answered(session: Session, conversation: Conversation) -> _Answered:
    """Give the last mail that a person wrote, else the last one; whether a machine wrote it stands with each mail."""
    rows = session.exec(
        select(Message.headers)
        .where(col(Message.conversation_id) == conversation.id, col(Message.sender) == "you")
        .order_by(col(Message.id).desc())
        .limit(_MOST_MAILS_LOOKED_AT)
    ).all()
    mails = [_Answered(headers, MACHINE not in headers) for headers in rows]
    return next((mail for mail in mails if mail.by_person), mails[0] if mails else _Answered({}, True))


def _not_to_be_said(unit: Unit, conversation: Conversation, answered: _Answered | None) -> str | None:
    """Say why a rule may not answer this mail; None where it may."""
    if answered is None:
        return None
    if not answered.by_person:
        return Attention.AUTOMATIC_MESSAGE
    return Attention.TOO_MANY_REPLIES if _answered_enough(unit, conversation) else None


def _is_said_again(unit: Unit, conversation: Conversation, said: Utterance) -> bool:
    """Tell whether a mailbox has these words already that are about no request: two machines stop there in any thread."""
    to = conversation.subject_hint
    return said.by_rule and not said.requests and bool(to) and flood.is_said_again(unit, to or "", said.text)


def _concerned(session: Session, conversation: Conversation, said: Utterance) -> Sequence[PrivacyRequest]:
    """Give the requests that words are about, closed by them or not; of words about none the open ones."""
    named = [r for each in said.requests if (r := session.get(PrivacyRequest, str(each["ref"])))]
    still_open = select(PrivacyRequest).where(
        col(PrivacyRequest.conversation_id) == conversation.id, col(PrivacyRequest.status).not_in(CLOSED)
    )
    return named or session.exec(still_open).all()


def _reply(
    unit: Unit,
    conversation: Conversation,
    said: Utterance,
    buttons: list[dict[str, Any]],
    answered: _Answered | None,
) -> None:
    subject, text = said.subject, said.text
    if subject is None and conversation.channel == "email":
        told: dict[str, Any] = {"text": text, "requests": said.requests}
        wrapped = written(unit, "mail_reply", said.language, conversation_id=conversation.id, **told)
        if wrapped is None:
            return
        subject, text = wrapped.subject, wrapped.text
    headers = answered.headers if answered else {}
    letter = Letter(
        key=f"{_BY_RULE if said.by_rule else 'reply'}:{conversation.id}:{said.key}",
        channel=conversation.channel,
        kind=REPLY,
        conversation_id=conversation.id,
        recipient=conversation.subject_hint,
        subject=subject,
        text=text,
        language=said.language,
        choices=buttons,
        headers={**headers, "automatic": "auto-replied"},
        about=[str(request["ref"]) for request in said.requests],
    )
    queue = flood.queue_within_limits if said.by_rule else queue_outgoing
    queue(unit, letter)


def _answered_enough(unit: Unit, conversation: Conversation) -> bool:
    """Two machines that answer each other must stop: at most ten replies by rule a day in one thread of mail."""
    since = unit.now - timedelta(days=1)
    sent = select(func.count()).where(
        col(Outbox.conversation_id) == conversation.id,
        col(Outbox.key).startswith(f"{_BY_RULE}:"),
        col(Outbox.created_at) > since,
    )
    return unit.session.exec(sent).one() >= _MOST_REPLIES_A_DAY


def mail(
    unit: Unit,
    text_name: str,
    *,
    to: str,
    language: str,
    key: str,
    ref: str | None = None,
    conversation_id: str | None = None,
    fate: Fate = Fate(),
    **values: Any,
) -> None:
    """Queue a fresh mail to an address: never a reply, never to what a message claims; once per `key`."""
    rendered = written(unit, text_name, language, conversation_id=conversation_id, ref=ref, **values)
    if rendered is None:
        return
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
        about=fate.about,
        typed=fate.typed,
        until=fate.until,
    )
    queue = flood.queue_within_limits if fate.unasked else queue_outgoing
    queue(unit, letter)


def relay(unit: Unit, conversation: Conversation, message_id: int) -> None:
    """Queue the original of a message for support, unchanged; it is kept and tried until support has it."""
    letter = Letter(
        key=f"relay:{message_id}",
        channel="email",
        kind="relay",
        conversation_id=conversation.id,
        recipient=unit.services.settings.support.forward_to,
        text="",
        language="en",
        raw_message_id=message_id,
    )
    queue_outgoing(unit, letter)


def was_said(session: Session, conversation: Conversation, key: str) -> bool:
    """Tell whether something was said in a talk under a key of ours."""
    here = col(Message.conversation_id) == conversation.id, col(Message.external_id) == key
    return session.exec(select(Message.id).where(*here)).first() is not None


def said_by_us(unit: Unit, conversation_id: str) -> list[str]:
    """List what the desk and its agents said in a conversation, in the talk and in letters."""
    talked = select(Message.text).where(
        col(Message.conversation_id) == conversation_id, col(Message.sender).in_((_ASSISTANT, "agent"))
    )
    letters = select(Outbox.payload).where(
        col(Outbox.conversation_id) == conversation_id, col(Outbox.kind) == "mail"
    )
    posted = (opened(unit.services, payload).get("text", "") for payload in unit.session.exec(letters))
    return [*unit.session.exec(talked), *posted]


def insert_message(session: Session, row: Mapping[str, Any]) -> int:
    """Store one message in one statement, the cheapest there is; gives its number."""
    return int(session.connection().execute(_INSERT_MESSAGE, dict(row)).scalar_one())


def own_message(message_id: int, incoming: Incoming) -> ChatMessage:
    """Give what a person just wrote as their other windows show it."""
    return ChatMessage(
        message_id, "you", "", incoming.text, incoming.received_at, client_id=incoming.external_id
    )


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
        as_sent(row),
    )
