"""What a mail's header tells beside its text: a machine wrote it, it came back, our server vouches for it.

A machine's mail is stored and read like any other, because a request may stand in it; it is only never
answered by a machine.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from assistant.channels.email.bodies import Body
from assistant.channels.email.fields import Fields
from assistant.channels.email.tokens import OwnId, Tokens

# Repeats the signed local part of the Message-ID, which some servers replace.
OWN_HEADER = "X-Privacy-Desk"

_SERVERS = {"mailer-daemon", "postmaster"}
_SAYS_SO = (
    "x-autoreply",
    "x-autorespond",
    "x-autoresponder",
    "x-autoresponse",
    "x-mail-autoreply",
    "x-autoreply-from",
    "x-loop",
    "list-id",
    "list-unsubscribe",
)
_PRECEDENCE = {"bulk", "junk", "list", "auto_reply", "auto-reply"}
_SUPPRESS = {"all", "autoreply", "oof"}
_METHOD = re.compile(r"\bdmarc\s*=\s*([a-z]+)", re.IGNORECASE)
_HEADER_FROM = re.compile(r"\bheader\.from\s*=\s*([^\s;]+)", re.IGNORECASE)
_COMMENT = re.compile(r"\([^()]*\)")
_AN_ID = rb"<(desk\.[a-z0-9]{0,40}\.[a-z0-9]{1,40}\.[a-z0-9]{1,40}@[^<>\s]{1,255})>"


def is_automatic(fields: Fields, sender: str | None, body: Body) -> bool:
    """Say whether a machine sent this (RFC 3834, and what mail programs wrote before it)."""
    return (
        any(_word(value) not in {"", "no"} for value in fields.all("auto-submitted"))
        or any(_word(value) in _PRECEDENCE for value in fields.all("precedence", "x-precedence"))
        or any(fields.all(*_SAYS_SO))
        or any(_SUPPRESS & _words(value) for value in fields.all("x-auto-response-suppress"))
        or is_bounce(fields, sender, body)
    )


def is_bounce(fields: Fields, sender: str | None, body: Body) -> bool:
    """Say whether a mail server wrote this about a mail that did not arrive."""
    return (
        body.is_report
        or bool(body.report)
        or any(value.replace(" ", "") == "<>" for value in fields.all("return-path"))
        or bool(fields.all("x-failed-recipients"))
        or (sender is not None and sender.partition("@")[0].lower() in _SERVERS)
    )


def bounced(raw: bytes, fields: Fields, tokens: Tokens) -> OwnId | None:
    """Find which mail of ours came back: the first Message-ID of ours anywhere in the bounce."""
    quoted = (found[1].decode("ascii", "replace") for found in re.finditer(_AN_ID, raw, re.IGNORECASE))
    return tokens.first_own([*fields.ids("in-reply-to", "references"), *quoted])


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


def _words(value: str) -> set[str]:
    return {each.strip() for each in value.lower().split(",")}
