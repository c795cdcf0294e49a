"""What the desk says, as a mail: every field made here, none copied from anywhere unchecked."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Self

from assistant.channels.email.fields import one_line, without_mbox_line
from assistant.channels.email.settings import EmailSettings
from assistant.channels.email.signs import OWN_HEADER
from assistant.channels.email.tokens import Tokens
from assistant.domain.addresses import deliverable
from assistant.errors import DeliveryRefused
from assistant.interfaces import Outgoing

_ID = re.compile(r"<[\x21-\x3b\x3d\x3f-\x7e]{1,250}>")
_MOST_REFERENCES = 20
_LONGEST_SUBJECT = 250
_LONGEST_WORD = 39  # octets: as an encoded word it fits behind the name of its field (RFC 2047, section 2)
_WIDEST = 76  # characters of a line that holds one
_LONGEST_LINE = 900  # octets; RFC 5322 section 2.1.1 ends at 998


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail ready to hand over: who it goes to on the envelope, and its bytes."""

    message_id: str
    sender: str  # empty: the null sender, to which no server answers
    recipient: str
    content: bytes


class _Whole(str):
    """Addresses or ids in a header: folded between them only; the standard library breaks long ones."""

    __slots__ = ("name",)
    name: str

    def __new__(cls, name: str, values: Sequence[str]) -> Self:
        """Join the values under the name of their field."""
        made = super().__new__(cls, " ".join(values))
        made.name = name
        return made

    def fold(self, *, policy: policy.EmailPolicy) -> str:
        """Write one value a line."""
        return f"{self.name}: " + f"{policy.linesep} ".join(self.split()) + policy.linesep


class _Words(str):
    """Our own words in a header; the standard library loses the space between two encoded words (RFC 2047, section 6.2)."""

    __slots__ = ("name",)
    name: str

    def __new__(cls, name: str, text: str) -> Self:
        """Keep the text under the name of its field."""
        made = super().__new__(cls, text)
        made.name = name
        return made

    def fold(self, *, policy: policy.EmailPolicy) -> str:
        """Write the text as it is, or all of it in encoded words with its spaces inside; no line is empty."""
        is_plain = self.isascii() and "=?" not in self
        lines = [f"{self.name}:"]
        for number, word in enumerate(self.split(" ") if is_plain else _encoded_words(self)):
            fits = number == 0 or (is_plain and len(lines[-1]) + len(word) < _WIDEST)
            if fits:
                lines[-1] += f" {word}"
            else:
                lines.append(f" {word}")
        return policy.linesep.join(lines) + policy.linesep


def _encoded_words(text: str) -> Iterator[str]:
    """Cut a text into encoded words, each of whole characters (RFC 2047, section 5)."""
    held = b""
    for character in text:
        octets = character.encode("utf-8", "replace")
        if len(held) + len(octets) > _LONGEST_WORD:
            yield _encoded_word(held)
            held = b""
        held += octets
    yield _encoded_word(held)


def _encoded_word(octets: bytes) -> str:
    return f"=?utf-8?b?{base64.b64encode(octets).decode()}?="


def letter(outgoing: Outgoing, *, settings: EmailSettings, tokens: Tokens, now: datetime) -> Letter:
    """Write a mail; the same key gives the same Message-ID. Raises DeliveryRefused if there can be none."""
    recipient = deliverable(outgoing.recipient or "")
    if recipient is None:
        raise DeliveryRefused(
            "There is no address to send this mail to that a mail server takes.",
            key=outgoing.key,
            failure="no_address",
        )
    if outgoing.kind == "relay":
        return _relay(outgoing, recipient, settings, tokens, now)
    message = _message(outgoing, recipient, settings, tokens, now)
    silent = outgoing.headers.get("envelope") == "null"
    return Letter(
        message_id=tokens.message_id(outgoing.key, outgoing.thread),
        sender="" if silent else tokens.reply_address(outgoing.thread),
        recipient=recipient,
        content=message.as_bytes(),
    )


def _message(
    outgoing: Outgoing, recipient: str, settings: EmailSettings, tokens: Tokens, now: datetime
) -> EmailMessage:
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = Address(one_line(settings.display_name), addr_spec=settings.address)
    _set_whole(message, "To", recipient)
    message["Subject"] = _Words("Subject", _subject(outgoing))
    message["Date"] = format_datetime(now)
    _set_whole(message, "Message-ID", tokens.message_id(outgoing.key, outgoing.thread))
    if outgoing.kind == "reply":
        _thread(message, outgoing)
    if outgoing.thread is not None:
        _set_whole(message, "Reply-To", tokens.reply_address(outgoing.thread))
    _say_it_is_automatic(message, outgoing, tokens)
    text = _text(outgoing)
    message.set_content(text, charset="utf-8", cte="7bit" if _is_plain(text) else "quoted-printable")
    message["Content-Language"] = one_line(outgoing.language)
    return message


def _subject(outgoing: Outgoing) -> str:
    """Give our own words: what somebody wrote above a mail never stands above ours."""
    return one_line(outgoing.subject or "")[:_LONGEST_SUBJECT]


def _thread(message: EmailMessage, outgoing: Outgoing) -> None:
    """Point at the mail that is answered (RFC 5322 section 3.6.4)."""
    answered = _ID.findall(outgoing.headers.get("message_id", ""))[:1]
    references = _ID.findall(outgoing.headers.get("references", ""))
    for name, ids in (
        ("In-Reply-To", answered),
        ("References", list(dict.fromkeys(references + answered))[-_MOST_REFERENCES:]),
    ):
        if ids:
            _set_whole(message, name, *ids)


def _say_it_is_automatic(message: EmailMessage, outgoing: Outgoing, tokens: Tokens) -> None:
    """Keep other machines from answering (RFC 3834), and recognise our own mail if it comes back."""
    message["Auto-Submitted"] = outgoing.automatic
    message["X-Auto-Response-Suppress"] = "All"
    if outgoing.headers.get("envelope") == "null":
        message["Precedence"] = "bulk"
    _set_whole(message, OWN_HEADER, tokens.mark(outgoing.key, outgoing.thread))


def _set_whole(message: EmailMessage, name: str, *values: str) -> None:
    message[name] = _Whole(name, values)


def _text(outgoing: Outgoing) -> str:
    links = [f"{one_line(choice.label)}: {one_line(choice.url)}" for choice in outgoing.choices if choice.url]
    text = outgoing.text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").rstrip()
    return "\n\n".join([text, *(["\n".join(links)] if links else [])]) + "\n"


def _is_plain(text: str) -> bool:
    return text.isascii() and all(len(line) <= _LONGEST_LINE for line in text.split("\n"))


def _relay(
    outgoing: Outgoing, recipient: str, settings: EmailSettings, tokens: Tokens, now: datetime
) -> Letter:
    """Put the fields of a resent mail before the original, which stays as it was (RFC 5322 section 3.6.6)."""
    if not outgoing.raw:
        raise DeliveryRefused("There is no original mail to pass on.", key=outgoing.key)
    original = without_mbox_line(outgoing.raw)
    message_id = tokens.message_id(outgoing.key, outgoing.thread)
    end = b"\r\n" if b"\r\n" in original else b"\n"
    fields = (
        f"Resent-From: {settings.address}",
        f"Resent-To: {recipient}",
        f"Resent-Date: {format_datetime(now)}",
        f"Resent-Message-ID: {message_id}",
    )
    block = b"".join(field.encode() + end for field in fields)
    return Letter(message_id, settings.address, recipient, block + original)
