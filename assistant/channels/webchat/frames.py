"""The frames of the live chat, read and written: what is not exactly right is refused with its reason."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, NamedTuple

from assistant.channels.webchat.texts import Language, error_text
from assistant.errors import Invalid

if TYPE_CHECKING:
    from assistant.interfaces import ChatMessage, ChatSession, Instant

MAX_CHOICE: Final = 200
MAX_TOKEN: Final = 256
MAX_JWT: Final = 8192

_CLIENT_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
_LOCALE: Final = re.compile(r"[A-Za-z]{2,3}([_-][A-Za-z0-9]{1,8}){0,3}")
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")  # no database takes these; JSON may carry them


class FrameRefused(Invalid):
    """A frame was not taken; the reason is one of the codes in `texts`."""

    code: ClassVar[str] = "frame_refused"

    def __init__(self, reason: str, *, client_id: str | None = None, **values: Any) -> None:
        """Take the reason, the message it concerns if that is known, and the values of its text."""
        super().__init__(error_text(reason, "en", **values), **values)
        self.reason = reason
        self.client_id = client_id
        self.values = values


class Hello(NamedTuple):
    """The first frame of a client."""

    session: str | None
    after: int | None
    locale: str | None


class Said(NamedTuple):
    """What a person wrote, or the button they pressed."""

    kind: Literal["text", "choice"]
    client_id: str
    text: str


class Typing(NamedTuple):
    """The person is writing."""


class Seen(NamedTuple):
    """The last message the person has seen."""

    id: int


class Identify(NamedTuple):
    """A page-load token signed by the host site."""

    token: str


Frame = Hello | Said | Typing | Seen | Identify


def parse(raw: str, max_text: int) -> Frame:
    """Read one frame of a client; raises FrameRefused."""
    frame = _loaded(raw)
    match frame.get("type"):
        case "message":
            return _message(frame, max_text)
        case "choice":
            return Said("choice", _client_id(frame), _text(frame, "value", MAX_CHOICE))
        case "seen":
            return Seen(_number(frame, "id"))
        case "typing":
            return Typing()
        case "identify":
            return Identify(_text(frame, "token", MAX_JWT))
        case "hello":
            return _hello(frame)
        case _:
            raise FrameRefused("unknown_type", client_id=_known_client_id(frame))


def _loaded(raw: str) -> dict[str, Any]:
    try:
        frame = json.loads(raw)
    except (ValueError, RecursionError):
        raise FrameRefused("not_json") from None
    if not isinstance(frame, dict):
        raise FrameRefused("not_json")
    return frame


def _message(frame: dict[str, Any], max_text: int) -> Said:
    client_id = _client_id(frame)
    text = frame.get("text")
    if not isinstance(text, str):
        raise FrameRefused("bad_field", client_id=client_id, field="text")
    if len(text) > max_text:
        raise FrameRefused("too_long", client_id=client_id, length=len(text), limit=max_text)
    if not text or text.isspace():
        raise FrameRefused("empty", client_id=client_id)
    return Said("text", client_id, _UNSTORABLE.sub("\ufffd", text))


def _hello(frame: dict[str, Any]) -> Hello:
    session = None if frame.get("session") is None else _text(frame, "session", MAX_TOKEN)
    after = None if frame.get("after") is None else _number(frame, "after")
    locale = frame.get("locale")
    known = isinstance(locale, str) and _LOCALE.fullmatch(locale) is not None
    return Hello(session, after, locale if known else None)


def _client_id(frame: dict[str, Any]) -> str:
    known = _known_client_id(frame)
    if known is None:
        raise FrameRefused("bad_field", field="client_id")
    return known


def _known_client_id(frame: dict[str, Any]) -> str | None:
    value = frame.get("client_id")
    return value if isinstance(value, str) and _CLIENT_ID.fullmatch(value) else None


def _text(frame: dict[str, Any], field: str, longest: int) -> str:
    value = frame.get(field)
    if not isinstance(value, str) or not 0 < len(value) <= longest or _UNSTORABLE.search(value):
        raise FrameRefused("bad_field", client_id=_known_client_id(frame), field=field)
    return value


def _number(frame: dict[str, Any], field: str) -> int:
    value = frame.get(field)
    if type(value) is not int or not 0 <= value < 2**63:  # a bool is no message
        raise FrameRefused("bad_field", field=field)
    return value


def _plain(value: object) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in a frame")


_encode: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_plain).encode


Instants = Callable[[str, datetime], Sequence["Instant"]]


def none_named(_text: str, _near: datetime) -> Sequence[Instant]:
    """Find no instant in a text: whoever shows it shows the desk's clock."""
    return ()


def _as_json(message: ChatMessage, instants: Instants) -> dict[str, Any]:
    frame: dict[str, Any] = {
        "type": "message",
        "id": message.id,
        "from": message.sender,
        "name": message.name,
        "text": message.text,
        "choices": [
            {"label": choice.label, "value": choice.value} | ({"url": choice.url} if choice.url else {})
            for choice in message.choices
        ],
        "expects": message.expects,
        "requests": [dict(request) for request in message.requests],
        "at": message.at.isoformat(),
    }
    if message.sender != "you" and (named := instants(message.text, message.at)):
        frame["instants"] = [{"words": w, "at": at.isoformat(), "day": day} for w, at, day in named]
    if message.client_id is not None:
        frame["client_id"] = message.client_id
    if message.hidden_before is not None:
        frame["hidden_before"] = message.hidden_before
    return frame


def message_frame(message: ChatMessage, instants: Instants) -> str:
    """Write a message as the person's client gets it, with the instants that its text names."""
    return _encode(_as_json(message, instants))


def session_frame(session: ChatSession, instants: Instants) -> str:
    """Write the answer to hello: the session's token and what its holder may see."""
    messages = [_as_json(message, instants) for message in session.messages]
    hidden = {
        "hidden_before": session.hidden_before,
        "idle_seconds": session.idle_seconds,
        "hidden_in": session.hidden_in,
    }
    return _encode({"type": "session", "session": session.token, **hidden, "messages": messages})


def ack_frame(client_id: str, message_id: int) -> str:
    """Write that a message is stored; the pattern of a client id needs no escaping."""
    return f'{{"type":"ack","client_id":"{client_id}","id":{message_id}}}'


def typing_frame() -> str:
    """Write that an agent is writing."""
    return _encode({"type": "typing", "from": "agent"})


def error_frame(code: str, language: Language, *, client_id: str | None = None, **values: Any) -> str:
    """Write an error with its sentence; `seconds` also goes along as a number, for programs."""
    frame: dict[str, Any] = {"type": "error", "code": code, "text": error_text(code, language, **values)}
    if client_id is not None:
        frame["client_id"] = client_id
    if "seconds" in values:
        frame["retry_after"] = values["seconds"]
    return _encode(frame)
