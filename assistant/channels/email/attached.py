"""Files in a mail: what they are called, and their bytes."""

from __future__ import annotations

import re
import unicodedata
from email.message import Message

from assistant.channels.email.fields import decoded_words, one_line
from assistant.interfaces import Attachment

_LONGEST_NAME = 120
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,60}/[a-z0-9][a-z0-9.+_-]{0,80}")
_ANYTHING = "application/octet-stream"
_NOT_SHOWN = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}  # among them what turns the direction of writing


def attachment_of(part: Message, number: int) -> Attachment:
    """Say what one part is; nothing in it is believed but its length."""
    kind = part.get_content_type().lower()
    media_type = kind if _MEDIA_TYPE.fullmatch(kind) else _ANYTHING
    return Attachment(_name(part, number), media_type, len(content_of(part)))


def content_of(part: Message) -> bytes:
    """Give the bytes of a part; of a message that is attached the message itself."""
    payload = part.get_payload(decode=True)
    if isinstance(payload, bytes):
        return payload
    inside = part.get_payload()
    return b"\r\n".join(each.as_bytes() for each in inside if isinstance(each, Message)) if inside else b""


def safe_name(name: str) -> str:
    """Give a file name without a way out of its folder and without anything that cannot be seen; may be empty."""
    last = re.split(r"[/\\]", one_line(name))[-1]
    seen = "".join(c for c in last if unicodedata.category(c) not in _NOT_SHOWN).strip(" .")
    stem, dot, ending = seen.rpartition(".")
    if len(seen) <= _LONGEST_NAME or not dot or len(ending) > 10:  # noqa: PLR2004 - no ending of a file
        return seen[:_LONGEST_NAME]
    return f"{stem[: _LONGEST_NAME - len(ending) - 1]}.{ending}"


def _name(part: Message, number: int) -> str:
    try:
        written = part.get_filename() or ""
    except (ValueError, LookupError, TypeError):
        written = ""  # encoded in a way that the standard library trips over
    return safe_name(decoded_words(str(written)[:2_000])) or f"attachment-{number + 1}"
