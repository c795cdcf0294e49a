"""The parts of a mail: what can be read, what is attached, and what is locked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import policy
from email.message import Message
from email.parser import BytesParser

from assistant.channels.email.charsets import decoded
from assistant.channels.email.fields import without_mbox_line
from assistant.channels.email.markup import text_of

_MOST_BOUNDARIES = 100  # a parser keeps every open boundary in mind on every line
_MOST_PARTS = 1_000
_LONGEST_PART_HEADER = 8_000
_BOUNDARY = re.compile(rb"boundary\s{0,9}=", re.IGNORECASE)
_PART_HEADER = re.compile(rb"^content-[a-z-]{1,40}:[^\n]*(?:\n[ \t][^\n]*)*", re.IGNORECASE | re.MULTILINE)
_LONGEST_PLAIN = 4_000_000  # bytes of one part that are decoded for reading
_LONGEST_TEXT = 250_000  # characters that are handed on for reading
_UNWANTED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff]")
_ARMOUR = "-----BEGIN PGP MESSAGE-----"
_TNEF = {"application/ms-tnef", "application/vnd.ms-tnef"}
_SMIME = {"application/pkcs7-mime", "application/x-pkcs7-mime"}


@dataclass(slots=True)
class Body:
    """What a mail holds, as far as it can be read."""

    plain: list[str] = field(default_factory=list)
    html: list[str] = field(default_factory=list)
    attachments: int = 0
    report: dict[str, str] = field(default_factory=dict)  # fields of a delivery status (RFC 3464), lower case
    is_report: bool = False
    encrypted: str = ""  # smime or pgp
    signed: str = ""  # smime or pgp
    winmail: bool = False
    unreadable: bool = False  # its structure is beyond anything a mail program makes

    def text(self, *, keep_quotes: bool) -> str:
        """Give the text part, or the words of the HTML part where there is none."""
        plain = "\n\n".join(part for part in self.plain if part.strip())
        read = plain or "\n\n".join(text_of(part, keep_quotes=keep_quotes) for part in self.html)
        return _UNWANTED.sub("", re.sub(r"\r\n?", "\n", read))[:_LONGEST_TEXT].strip()


def body_of(raw: bytes) -> Body:
    """Read the parts of a message; never raises, at worst it says that the mail is unreadable."""
    if _is_hostile(raw):
        return Body(unreadable=True)
    try:
        return _body(BytesParser(policy=policy.compat32).parsebytes(without_mbox_line(raw)))
    except (RecursionError, ValueError, LookupError, TypeError, AttributeError, AssertionError):
        return Body(unreadable=True)  # the parser of the standard library trips over some malformed mails


def _is_hostile(raw: bytes) -> bool:
    """Find the structures that cost a parser time or depth out of proportion."""
    if sum(1 for _ in _BOUNDARY.finditer(raw)) > _MOST_BOUNDARIES:
        return True
    return any(len(found[0]) > _LONGEST_PART_HEADER for found in _PART_HEADER.finditer(raw))


def _body(message: Message) -> Body:
    body = Body()
    for part in _parts(message):
        _take(part, body)
    body.encrypted = body.encrypted or ("pgp" if any(_ARMOUR in text for text in body.plain) else "")
    return body


def _parts(message: Message) -> Iterator[Message]:
    """Walk the parts, but not into a message that is attached: somebody else wrote it."""
    waiting = [message]
    for _ in range(_MOST_PARTS):
        if not waiting:
            return
        part = waiting.pop()
        yield part
        if part.is_multipart() and part.get_content_maintype() == "multipart":
            waiting.extend(reversed(_children(part)))


def _children(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [child for child in payload if isinstance(child, Message)] if isinstance(payload, list) else []


def _take(part: Message, body: Body) -> None:
    kind = part.get_content_type()
    if part.get_content_maintype() == "multipart":
        _take_envelope(part, kind, body)
    elif kind == "message/delivery-status":
        body.report.update(_status(part))
    elif kind in {"text/plain", "text/html"} and part.get_content_disposition() != "attachment":
        (body.plain if kind == "text/plain" else body.html).append(_content(part))
    else:
        _take_attachment(part, kind, body)


def _take_envelope(part: Message, kind: str, body: Body) -> None:
    protocol = str(part.get_param("protocol") or "").lower()
    family = "pgp" if "pgp" in protocol else "smime" if "pkcs7" in protocol else ""
    if kind == "multipart/encrypted":
        body.encrypted = family or "pgp"
    elif kind == "multipart/signed":
        body.signed = family or "smime"
    elif kind == "multipart/report":
        about = str(part.get_param("report-type") or "").lower()
        body.is_report = body.is_report or about == "delivery-status"


def _take_attachment(part: Message, kind: str, body: Body) -> None:
    if kind in _SMIME:
        locked = "signed" not in str(part.get_param("smime-type") or "").lower()
        body.encrypted = "smime" if locked else body.encrypted
        body.signed = body.signed if locked else "smime"
    elif kind in _TNEF or (part.get_filename() or "").lower() == "winmail.dat":
        body.winmail = True
        body.attachments += 1
    elif not kind.endswith(("-signature", "pgp-encrypted")) and not body.is_report:
        body.attachments += 1


def _content(part: Message) -> str:
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    return decoded(data[:_LONGEST_PLAIN], part.get_content_charset())


def _status(part: Message) -> dict[str, str]:
    """Read the groups of fields of a delivery status; a failure counts for more than a delay."""
    found: dict[str, str] = {}
    for group in _children(part):
        fields = {name.lower(): str(value) for name, value in group.items()}
        if fields.get("action", "").strip().lower() == "failed" or "action" not in found:
            found.update(fields)
    return found
