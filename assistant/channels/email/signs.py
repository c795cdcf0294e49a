"""What a mail's header tells beside its text: a machine wrote it, it is ours, our server vouches for it.

A machine's mail is stored and read like any other, because a request may stand in it; it is only never
answered by a machine.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from assistant.channels.email.bodies import Body
from assistant.channels.email.fields import Fields
from assistant.channels.email.reports import has_null_sender
from assistant.channels.email.tokens import Tokens

# Repeats the signed local part of the Message-ID, which some servers replace.
OWN_HEADER = "X-Privacy-Desk"

_SAYS_SO = (
    "x-autoreply",
    "x-autorespond",
    "x-autoresponder",
    "x-autoresponse",
    "x-mail-autoreply",
    "x-autoreply-from",
    "x-loop",
)
_PRECEDENCE = {"auto_reply", "auto-reply"}  # bulk and list are what a person's mail gets on its way
_METHOD = re.compile(r"\bdmarc\s*=\s*([a-z]+)", re.IGNORECASE)
_HEADER_FROM = re.compile(r"\bheader\.from\s*=\s*([^\s;]+)", re.IGNORECASE)
_COMMENT = re.compile(r"\([^()]*\)")


def is_automatic(fields: Fields, body: Body) -> bool:
    """Say whether a machine sent this (RFC 3834, and what mail programs wrote before it).

    People's own programs forbid absence notes, and lists add their fields to people's mails: neither makes a machine.
    """
    return (
        any(_word(value) not in {"", "no"} for value in fields.all("auto-submitted"))
        or any(_word(value) in _PRECEDENCE for value in fields.all("precedence", "x-precedence"))
        or any(fields.all(*_SAYS_SO))
        or bool(body.report_type)
        or has_null_sender(fields)
    )


def is_own(fields: Fields, tokens: Tokens) -> bool:
    """Recognise our own mail coming back, by signatures that nobody else can make."""
    domain = tokens.address.rpartition("@")[2]
    marks = [f"<{mark}@{domain}>" for mark in fields.all(OWN_HEADER.lower())]
    return tokens.first_own([*fields.ids("message-id", "resent-message-id"), *marks]) is not None


def authenticated(fields: Fields, authserv_id: str | None, sender: str | None) -> str | None:
    """Give `dmarc=pass` if our own mail server found so for the sender's domain (RFC 8601).

    Fields of any other server count for nothing, and where two of them disagree one was forged.
    """
    if authserv_id is None or sender is None:
        return None
    ours = [v for v in fields.all("authentication-results") if _server(v) == authserv_id.lower()]
    verdicts = {found for value in ours for found in _dmarc(value, sender.rpartition("@")[2])}
    return "dmarc=pass" if verdicts == {"pass"} else None


def _server(value: str) -> str:
    return _word(_COMMENT.sub(" ", value).partition(";")[0])


def _dmarc(value: str, domain: str) -> Iterable[str]:
    for clause in _COMMENT.sub(" ", value).split(";")[1:]:
        method = _METHOD.match(clause.strip())
        if method is not None:
            about = _HEADER_FROM.search(clause)
            fits = about is None or about[1].lower() == domain
            yield method[1].lower() if fits else "other"


def _word(value: str) -> str:
    """Give the first word of a field, without comment and parameters."""
    return next(iter(re.split(r"[\s;,(]", value.strip().lower(), maxsplit=1)), "")
