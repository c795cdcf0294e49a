"""Reads back the mails the demo has sent, which nobody else delivers."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.utils import getaddresses
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from assistant.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SHOWN_AT_ONCE = 200
_LINK = re.compile(r"https?://[^\s<>\"']+")
_AFTER_LINK = ".,;:!?)]}»"
_HEADERS = ("From", "To", "Reply-To", "Subject", "Date", "Message-ID", "In-Reply-To", "Auto-Submitted")


@dataclass(frozen=True, slots=True)
class MailLine:
    """One mail of the list."""

    name: str  # of its file
    subject: str
    recipient: str
    date: str

    @property
    def box(self) -> str:
        """Name the recipient's box without naming the recipient, as addresses do not belong in a URL."""
        return box_of(self.recipient)


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail opened."""

    line: MailLine
    headers: Sequence[tuple[str, str]]
    text: str
    attachments: Sequence[str]

    @property
    def html(self) -> Markup:
        """Give the text escaped, with its links to click."""
        return linked(self.text)


def box_of(recipient: str) -> str:
    """Give a short name for a recipient that does not tell the address."""
    return hashlib.sha256(recipient.lower().encode()).hexdigest()[:12]


def list_mails(folder: Path) -> list[MailLine]:
    """List the mails in a folder, the newest first; a file that vanishes meanwhile is left out."""
    dated = []
    for path in folder.glob("*.eml"):
        try:
            dated.append((path.stat().st_mtime_ns, path.name, path))
        except FileNotFoundError:
            continue
    return [line for _, _, path in sorted(dated, reverse=True) if (line := _line(path)) is not None]


def read_mail(folder: Path, name: str) -> Mail:
    """Open one mail of the folder; raises NotFound for any other name."""
    # Looked up, never joined: no way out of the folder.
    paths = {path.name: path for path in folder.glob("*.eml")}
    if name not in paths:
        raise NotFound("there is no such mail; it may have been removed. Go back to the mailbox.")
    message = message_from_bytes(paths[name].read_bytes(), policy=policy.default)
    assert isinstance(message, EmailMessage)  # noqa: S101 - the default policy makes no other
    headers = [(header, str(value)) for header in _HEADERS for value in message.get_all(header, [])]
    attachments = [part.get_filename() or part.get_content_type() for part in message.iter_attachments()]
    return Mail(_line_of(name, message), headers, _text(message), attachments)


def linked(text: str) -> Markup:
    """Escape a text and make its web addresses links; nothing else of it becomes markup."""
    pieces, at = [], 0
    for match in _LINK.finditer(text):
        url = match[0].rstrip(_AFTER_LINK)
        link = Markup('<a href="{0}" rel="noreferrer">{0}</a>').format(url)
        pieces += [escape(text[at : match.start()]), link]
        at = match.start() + len(url)
    return Markup("").join([*pieces, escape(text[at:])])


def _line(path: Path) -> MailLine | None:
    try:
        with path.open("rb") as file:
            message = BytesHeaderParser(policy=policy.default).parse(file)
    except FileNotFoundError:
        return None
    return _line_of(path.name, message)


def _line_of(name: str, message: EmailMessage) -> MailLine:
    addresses = [address for _, address in getaddresses([str(v) for v in message.get_all("To", [])])]
    subject = str(message.get("Subject") or "(no subject)")
    return MailLine(name, subject, ", ".join(addresses), str(message.get("Date", "")))


def _text(message: EmailMessage) -> str:
    part = message.get_body(("plain", "html"))
    if part is None:
        return "(this mail has no text)"
    try:
        return str(part.get_content())
    except LookupError:  # a charset that Python does not know
        payload = part.get_payload(decode=True)
        return payload.decode("latin-1") if isinstance(payload, bytes) else ""
