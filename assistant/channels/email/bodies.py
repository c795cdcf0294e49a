"""The parts of a mail: what can be read, what is attached, and what is locked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import policy
from email.message import Message
from email.parser import BytesParser
from itertools import islice

from assistant.channels.email.attached import attachment_of, content_of
from assistant.channels.email.charsets import decoded
from assistant.channels.email.fields import decoded_words, one_line, without_mbox_line
from assistant.channels.email.markup import text_of
from assistant.interfaces import Attachment

_MOST_BOUNDARIES = 100  # a parser keeps every open boundary in mind on every line
# What is parsed of a mail: a program that writes 25 MB in lines of 76 letters needs 330 000 of them.
_MOST_LINES = 350_000
_MOST_MARKS = 2_000  # lines that may begin a part
_MOST_STEPS = 8_000_000  # lines, each held against every boundary: about a second
_MOST_PARTS = 1_000
_LONGEST_PART_HEADER = 8_000
_BOUNDARY = re.compile(rb"boundary\s{0,9}=", re.IGNORECASE)
_PART_HEADER = re.compile(rb"^content-[a-z-]{1,40}:[^\n]*+(?:\n[ \t][^\n]*+)*+", re.IGNORECASE | re.MULTILINE)
_MOST_FILES = 100  # listed; a mail with more is still kept whole
_LONGEST_PLAIN = 4_000_000  # bytes of one part that are decoded for reading
_LONGEST_TEXT = 250_000  # characters that are handed on for reading
_LONGEST_READ = 2 * _LONGEST_TEXT
_LONGEST_SUBJECT = 2_000
_LINE_END = re.compile(rb"\r\n|\r|\n")
_MARK = re.compile(rb"[\r\n]--")
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|\w+")
_ALIKE = 0.5  # of the words of the shorter of two versions
_UNWANTED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff]")
_ARMOUR = "-----BEGIN PGP MESSAGE-----"
# What the parser of the standard library raises on some malformed mails.
_TRIPPED = (RecursionError, ValueError, LookupError, TypeError, AttributeError, AssertionError)
_STATUS = {"message/delivery-status", "message/global-delivery-status"}
_MAILS = {"message/rfc822", "message/global"}
_METHOD = re.compile(r"^METHOD:([A-Z-]{1,30})\s*$", re.IGNORECASE | re.MULTILINE)
_ANSWERS = {"reply", "counter", "declinecounter", "refresh"}
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
    enclosed: list[str] = field(default_factory=list)  # words of mails that are attached: somebody else's
    answers_invitation: bool = False  # a calendar says for somebody whether they come
    unreadable: bool = False  # its structure is beyond anything a mail program makes
    is_cut: bool = False  # there was more of it than is parsed
    has_versions: bool = False  # of its text, of which a reader sees one (multipart/alternative)
    begins_plain: bool = False
    # Words of the HTML, which take a while, with and without quotes.
    _seen: dict[bool, str] = field(default_factory=dict)

    def text(self, *, keep_quotes: bool) -> str:
        """Give the text part; where it does not say what the HTML part says, the words of that and then its own.

        "Open this message in a browser" is no version of what stands in the HTML, and neither is what a server on the
        way hung below it.
        """
        plain = "\n\n".join(part for part in self.plain if part.strip())
        read = plain
        if self.html and not (plain and _says(plain, self._shown(keep_quotes=True))):
            read = "\n\n".join(filter(None, self._in_order(self._shown(keep_quotes=keep_quotes), plain)))
        return _UNWANTED.sub("", re.sub(r"\r\n?", "\n", read[:_LONGEST_READ]))[:_LONGEST_TEXT].strip()

    def _shown(self, *, keep_quotes: bool) -> str:
        if keep_quotes not in self._seen:
            self._seen[keep_quotes] = "\n\n".join(
                text_of(part, keep_quotes=keep_quotes) for part in self.html
            )
        return self._seen[keep_quotes]

    def _in_order(self, shown: str, plain: str) -> tuple[str, str]:
        """Put what a reader sees of two versions before the other, and what follows something behind it."""
        return (plain, shown) if self.begins_plain and not self.has_versions else (shown, plain)


def _says(plain: str, shown: str) -> bool:
    """Tell whether a text part is a version of what is shown: most of either's words stand in the other, or all of one."""
    here, there = (set(_WORD.findall(text[:_LONGEST_READ].lower())) for text in (plain, shown))
    return not there or len(here & there) >= _ALIKE * min(len(here), len(there))


def body_of(raw: bytes) -> Body:
    """Read the parts of a message; never raises, at worst it says that the mail is unreadable."""
    head = head_of(raw)
    if _is_hostile(head):
        return Body(unreadable=True)
    try:
        body = _body(_parsed(head))
    except _TRIPPED:
        return Body(unreadable=True)
    body.is_cut = len(head) < len(raw)
    return body


def file_in(raw: bytes, number: int) -> bytes | None:
    """Give the bytes of a file by its place in `Body.files`; None if there is no such file."""
    head = head_of(raw)
    if _is_hostile(head) or not 0 <= number < _MOST_FILES:
        return None
    try:
        files = [part for part in _parts(_parsed(head)) if _is_file(part)]
        return content_of(files[number]) if number < len(files) else None
    except _TRIPPED:
        return None


def head_of(raw: bytes) -> bytes:
    """Give as much of a mail as is parsed: the time that takes grows with lines, parts and open boundaries, not with bytes."""
    lines = raw.count(b"\n") + raw.count(b"\r") - raw.count(b"\r\n")
    most = min(_MOST_LINES, _MOST_STEPS // (1 + _boundaries(raw)))
    ends = [_end_of(_LINE_END, raw, most)] if lines > most else []
    if raw.count(b"\n--") + raw.count(b"\r--") > _MOST_MARKS:
        ends.append(_end_of(_MARK, raw, _MOST_MARKS))
    return raw[: min(ends)] if ends else raw


def _end_of(what: re.Pattern[bytes], raw: bytes, number: int) -> int:
    return next((found.start() for found in islice(what.finditer(raw), number, None)), len(raw))


def _boundaries(raw: bytes) -> int:
    """Count what may name a boundary, as far as it is of interest."""
    if raw.lower().count(b"boundary") == 0:
        return 0
    return sum(1 for _ in islice(_BOUNDARY.finditer(raw), _MOST_BOUNDARIES + 1))


def _parsed(head: bytes) -> Message:
    return BytesParser(policy=policy.compat32).parsebytes(without_mbox_line(head))


def _is_hostile(raw: bytes) -> bool:
    """Find the structures that cost a parser time or depth out of proportion."""
    if _boundaries(raw) > _MOST_BOUNDARIES:
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
        body.begins_plain = body.begins_plain or (kind == "text/plain" and not body.html)
        (body.plain if kind == "text/plain" else body.html).append(_content(part))
    elif kind in _SMIME:
        _take_locked(part, body)
    elif kind == "text/calendar" and part.get_content_disposition() != "attachment":
        body.answers_invitation = body.answers_invitation or _answers_invitation(part)
    elif kind in _MAILS:
        body.enclosed += _enclosed(part)


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
    elif kind == "multipart/alternative":
        body.has_versions = True
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


def _answers_invitation(part: Message) -> bool:
    """Tell whether a calendar says for somebody whether they come (RFC 5546): nobody wrote that."""
    named = str(part.get_param("method") or "").strip().lower()
    found = _METHOD.search(_content(part)[:_LONGEST_SUBJECT])
    return (named or (found[1].lower() if found else "")) in _ANSWERS


def _enclosed(part: Message) -> list[str]:
    """Give the subject and the words of an attached mail, and of none that is attached to it in turn."""
    found = []
    for mail in _children(part):
        inside = Body()
        for each in _parts(mail):
            if each.get_content_type() not in _MAILS:
                _take(each, inside)
        subject = one_line(decoded_words(str(mail.get("Subject", ""))[:_LONGEST_SUBJECT]))
        found.append("\n\n".join(filter(None, (subject, inside.text(keep_quotes=True)))))
    return [words for words in found if words]


def _status(part: Message) -> list[dict[str, str]]:
    """Read the groups of fields of a delivery status: one of the mail, then one for each recipient."""
    return [{name.lower(): str(value) for name, value in group.items()} for group in _children(part)]
