"""A mail, as bytes, to what the desk reads.

It needs the standard library only, so that `mail-in` starts at once.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime

from assistant.channels.email import signs
from assistant.channels.email.bodies import Body, body_of
from assistant.channels.email.fields import Fields, fields_of, header_and_body
from assistant.channels.email.quoting import (
    all_words,
    handed_on,
    hands_on,
    is_answer,
    is_from,
    note_above,
    own_words,
)
from assistant.channels.email.quoting import is_forward as is_forward_subject
from assistant.channels.email.reports import Report, report_of
from assistant.channels.email.sender import filled_in_by, sender_of
from assistant.channels.email.settings import EmailSettings
from assistant.channels.email.tokens import Tokens
from assistant.domain.unread import ENCLOSED
from assistant.errors import Invalid
from assistant.interfaces import Incoming

CHANNEL = "email"
_LONGEST_QUOTED = 600  # characters: as much as a short message (conversation/reading.py)
_LONGEST_HANDED_ON = 30_000  # characters: as much as a reader reads of a message's beginning
_MOST_REFERENCES = 20
_TO_FIELDS = ("delivered-to", "x-original-to", "envelope-to", "to", "cc")
_ADDRESS = re.compile(r"[^\s<>,;:\"()]{1,64}@[^\s<>,;:\"()]{1,255}")
_WRITTEN_ONCE = ("from", "date", "subject", "message-id")  # what no server on the way adds or changes


class TooLarge(Invalid):
    """The mail is larger than the desk takes."""

    code = "too_large"
    http_status = 413


def check_size(raw: bytes, settings: EmailSettings) -> None:
    """Return if a mail may be taken; raises TooLarge with a line for whoever piped it in."""
    if len(raw) > settings.max_bytes:
        megabytes = settings.max_bytes / 1_000_000
        raise TooLarge(f"552 5.3.4 The mail is larger than {megabytes:g} MB; send it without attachments.")


def parse_message(
    raw: bytes,
    *,
    received_at: datetime,
    settings: EmailSettings,
    token_key: bytes,
    recipients: Sequence[str] = (),
    envelope_sender: str | None = None,
) -> Incoming:
    """Read one mail (RFC 5322, MIME); never raises whatever the bytes are, and keeps them all.

    `recipients` and `envelope_sender` are the addresses of the envelope, where the way in knows them.
    """
    tokens = Tokens(settings.address, token_key)
    header, content = header_and_body(raw)
    fields = fields_of(header)
    body = body_of(raw)
    is_forward = _is_forward(fields, body)
    sender = sender_of(fields)
    form = filled_in_by(fields, sender.address, settings.domain)
    sender = form or sender
    external_id = _external_id(fields, content)
    report = report_of(raw, fields, sender.address, body, tokens, envelope_sender)
    own = signs.is_own(fields, tokens)
    subject = fields.text("subject")
    thread = _thread(fields, recipients, tokens)
    return Incoming(
        channel=CHANNEL,
        thread=thread
        or (report.own.thread if report and report.own else None)
        or tokens.thread_of(external_id),
        external_id=external_id,
        text=_text(fields, body, is_forward=is_forward),
        quoted=_quoted(fields, body, is_forward=is_forward),
        received_at=received_at,
        sender=sender.address,
        subject=subject or None,
        automatic=own or report is not None or signs.is_automatic(fields, body, tokens, envelope_sender),
        doubtful_sender=sender.doubt,
        raw=raw,
        attachments=tuple(body.files),
        headers=_for_the_answer(fields)
        | _of_the_body(body)
        | (_of_the_report(report) if report else {})
        | _flags(
            own="1" if own else None,
            answers="1" if thread or is_answer(subject) or is_forward_subject(subject) else None,
            wordless="1" if _is_wordless(body, is_forward=is_forward) else None,
            enclosed="1" if _encloses(body) else None,
            hands_on=_note_length(fields, body, sender.address) if is_forward else None,
            to_others="1" if _is_to_others(fields, recipients, tokens) else None,
            in_thread="1" if thread else None,
            by_form="1" if form and form.address is None else None,
            authenticated=None if form else signs.authenticated(fields, settings.authserv_id, sender.address),
        ),
    )


def unread_message(
    raw: bytes, *, received_at: datetime, settings: EmailSettings, token_key: bytes
) -> Incoming:
    """Keep a mail that trips whoever reads it: whole, with no words and no sender, for a person."""
    external_id = f"<> {hashlib.sha256(raw).hexdigest()[:32]}"
    return Incoming(
        channel=CHANNEL,
        thread=Tokens(settings.address, token_key).thread_of(external_id),
        external_id=external_id,
        text="",
        received_at=received_at,
        doubtful_sender="The mail could not be read.",
        raw=raw,
        headers={"unreadable": "1"},
    )


def _external_id(fields: Fields, content: bytes) -> str:
    """Name a mail by its Message-ID and what it says: ids can be missing, and anybody may use one again."""
    told = "\0".join(value for name in _WRITTEN_ONCE for value in fields.all(name))
    digest = hashlib.sha256(told.encode("utf-8", "surrogateescape"))
    digest.update(content.replace(b"\r\n", b"\n").rstrip())
    message_id = next(iter(fields.ids("message-id")), "<>")
    return f"{message_id[:200]} {digest.hexdigest()[:32]}"


def _thread(fields: Fields, recipients: Sequence[str], tokens: Tokens) -> str | None:
    """Find the conversation that a mail answers; forged names lead nowhere."""
    for address in [*recipients, *_written_to(fields)]:
        thread = tokens.thread_in_address(address)
        if thread is not None:
            return thread
    answered = [*fields.ids("in-reply-to"), *reversed(fields.ids("references"))]
    return next((own.thread for each in answered if (own := tokens.own(each)) and own.thread), None)


def _written_to(fields: Fields) -> list[str]:
    return [found for value in fields.all(*_TO_FIELDS) for found in _ADDRESS.findall(value)]


def _is_to_others(fields: Fields, recipients: Sequence[str], tokens: Tokens) -> bool:
    """Tell whether a mail names its recipients and the desk's own address is none of them."""
    named = [*recipients, *_written_to(fields)]
    return bool(named) and not any(tokens.is_ours(address) for address in named)


def _is_wordless(body: Body, *, is_forward: bool) -> bool:
    """Tell whether the writer's words are all in what is attached: a signature or a quote is none of them."""
    if not body.files:
        return False
    if is_forward:
        return not all_words(body.text(keep_quotes=True))
    return not own_words(body.text(keep_quotes=False), answers=True)


def _is_forward(fields: Fields, body: Body) -> bool:
    """Tell whether a mail hands on another one in its text, by its subject, by the mark of a program or, in a mail that answers none, by its header."""
    subject = fields.text("subject")
    answers = is_answer(subject) or bool(fields.ids("in-reply-to", "references"))
    return is_forward_subject(subject) or hands_on(body.text(keep_quotes=True), answers=answers)


def _note_length(fields: Fields, body: Body, sender: str | None) -> str | None:
    """Give how many characters of a forward's text are its sender's own; None where all of it is, for they wrote both mails."""
    text = body.text(keep_quotes=True)
    name = fields.text("from").partition("<")[0].strip(' "')
    return None if is_from(text, sender or "", name) else str(len(note_above(text)))


def _encloses(body: Body) -> bool:
    """Tell whether a mail hands on another one; a report quotes what it is about."""
    return bool(body.enclosed) and not body.report_type


def _text(fields: Fields, body: Body, *, is_forward: bool) -> str:
    text = _written(fields, body, is_forward=is_forward)
    if not _encloses(body):
        return text
    return "\n\n".join(filter(None, (text, ENCLOSED, *body.enclosed)))


def _written(fields: Fields, body: Body, *, is_forward: bool) -> str:
    if is_forward:
        return all_words(body.text(keep_quotes=True))
    answers = bool(fields.ids("in-reply-to", "references"))
    text = own_words(body.text(keep_quotes=False), answers=answers)
    return text if text or answers else all_words(body.text(keep_quotes=True))


def _quoted(fields: Fields, body: Body, *, is_forward: bool) -> str:
    """Give what stands below the writer's own words: all that a forward hands on, the beginning of what a reminder is about."""
    if is_forward:
        return handed_on(body.text(keep_quotes=True))[:_LONGEST_HANDED_ON]
    own, whole = _written(fields, body, is_forward=False), all_words(body.text(keep_quotes=True))
    return whole.removeprefix(own).strip()[:_LONGEST_QUOTED]


def _for_the_answer(fields: Fields) -> dict[str, str]:
    ids = fields.ids("message-id")
    references = list(dict.fromkeys([*fields.ids("references"), *fields.ids("in-reply-to"), *ids[:1]]))
    return _flags(
        message_id=ids[0] if ids else None,
        references=" ".join(references[-_MOST_REFERENCES:]) or None,
    )


def _of_the_body(body: Body) -> dict[str, str]:
    return _flags(
        encrypted=body.encrypted or None,
        signed=body.signed or None,
        unreadable="1" if body.unreadable else None,
        in_part="1" if body.is_cut else None,
    )


def _of_the_report(report: Report) -> dict[str, str]:
    return _flags(
        bounce="1",
        bounce_of=report.own.message_id if report.own else None,
        bounce_action=report.action,
        bounce_to=" ".join(report.to) or None,
        bounce_status=report.status or None,
    )


def _flags(**values: str | None) -> dict[str, str]:
    return {name: value for name, value in values.items() if value is not None}
