"""The parts of a mail: what can be read, what is attached, and what is locked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import policy
from email.message import Message
from email.parser import BytesParser

from assistant.channels.email.attached import attachment_of, content_of
from assistant.channels.email.charsets import decoded
from assistant.channels.email.fields import without_mbox_line
from assistant.channels.email.markup import text_of
from assistant.interfaces import Attachment

_MOST_BOUNDARIES = 100  # a parser keeps every open boundary in mind on every line
_MOST_PARTS = 1_000
_LONGEST_PART_HEADER = 8_000
_BOUNDARY = re.compile(rb"boundary\s{0,9}=", re.IGNORECASE)
_PART_HEADER = re.compile(rb"^content-[a-z-]{1,40}:[^\n]*(?:\n[ \t][^\n]*)*", re.IGNORECASE | re.MULTILINE)
_MOST_FILES = 100  # listed; a mail with more is still kept whole
_LONGEST_PLAIN = 4_000_000  # bytes of one part that are decoded for reading
_LONGEST_TEXT = 250_000  # characters that are handed on for reading
_UNWANTED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff]")
_ARMOUR = "-----BEGIN PGP MESSAGE-----"
# What the parser of the standard library raises on some malformed mails.
_TRIPPED = (RecursionError, ValueError, LookupError, TypeError, AttributeError, AssertionError)
_STATUS = {"message/delivery-status", "message/global-delivery-status"}
_SMIME = {"application/pkcs7-mime", "application/x-pkcs7-mime"}


@dataclass(slots=True)
class Body:
    """What a mail holds, as far as it can be read."""

    plain: list[str] = field(default_factory=list)
    html: list[str] = field(default_factory=list)
    files: list[Attachment] = field(default_factory=list)  # what is in it beside the text
    reports: list[dict[str, str]] = field(default_factory=list)  # groups of a delivery status (RFC 3464)
    report_type: str = ""  # delivery-status, disposition-notification (a receipt), feedback-report
    returned: list[str] = field(default_factory=list)  # headers of a mail that came back
    encrypted: str = ""  # smime or pgp
    signed: str = ""  # smime or pgp
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
    except _TRIPPED:
        return Body(unreadable=True)


def file_in(raw: bytes, number: int) -> bytes | None:
    """Give the bytes of a file by its place in `Body.files`; None if there is no such file."""
    if _is_hostile(raw) or not 0 <= number < _MOST_FILES:
        return None
    try:
        message = BytesParser(policy=policy.compat32).parsebytes(without_mbox_line(raw))
        files = [part for part in _parts(message) if _is_file(part)]
        return content_of(files[number]) if number < len(files) else None
    except _TRIPPED:
        return None


def _is_hostile(raw: bytes) -> bool:
    """Find the structures that cost a parser time or depth out of proportion."""
    if sum(1 for _ in _BOUNDARY.finditer(raw)) > _MOST_BOUNDARIES:
        return True
    return any(len(found[0]) > _LONGEST_PART_HEADER for found in _PART_HEADER.finditer(raw))


def _body(message: Message) -> Body:
    body = Body()
    for part in _parts(message):
        _take(part, body)
        if _is_file(part) and len(body.files) < _MOST_FILES:
            body.files.append(attachment_of(part, len(body.files)))
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
    elif kind in _STATUS:
        body.reports += _status(part)
    elif kind in {"text/rfc822-headers", "message/global-headers"}:
        body.returned.append(_content(part))
    elif kind in {"text/plain", "text/html"} and part.get_content_disposition() != "attachment":
        (body.plain if kind == "text/plain" else body.html).append(_content(part))
    elif kind in _SMIME:
        _take_locked(part, body)


def _is_file(part: Message) -> bool:
    """Tell whether a part is something to look at beside the text; signatures and reports are not."""
    kind = part.get_content_type()
    if part.get_content_maintype() == "multipart" or kind in _STATUS:
        return False
    if kind in {"text/plain", "text/html"}:
        return part.get_content_disposition() == "attachment"
    return not kind.endswith(("-signature", "pgp-encrypted", "rfc822-headers"))


def _take_envelope(part: Message, kind: str, body: Body) -> None:
    protocol = str(part.get_param("protocol") or "").lower()
    family = "pgp" if "pgp" in protocol else "smime" if "pkcs7" in protocol else ""
    if kind == "multipart/encrypted":
        body.encrypted = family or "pgp"
    elif kind == "multipart/signed":
        body.signed = family or "smime"
    elif kind == "multipart/report":
        body.report_type = body.report_type or str(part.get_param("report-type") or "").lower()


def _take_locked(part: Message, body: Body) -> None:
    locked = "signed" not in str(part.get_param("smime-type") or "").lower()
    body.encrypted = "smime" if locked else body.encrypted
    body.signed = body.signed if locked else "smime"


def _content(part: Message) -> str:
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    return decoded(data[:_LONGEST_PLAIN], part.get_content_charset())


def _status(part: Message) -> list[dict[str, str]]:
    """Read the groups of fields of a delivery status: one of the mail, then one for each recipient."""
    return [{name.lower(): str(value) for name, value in group.items()} for group in _children(part)]
