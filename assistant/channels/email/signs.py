"""What a mail's header tells beside its text: a machine wrote it, it is ours, our server vouches for it.

A machine's mail, and a list's, is stored and read like any other, because a request may stand in it: an agent
sees it then. It is never answered by a machine, and opens nothing by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from assistant.channels.email.bodies import Body
from assistant.channels.email.fields import Fields
from assistant.channels.email.reports import has_null_sender, is_titled_as_report
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
_PRECEDENCE = {"auto_reply", "auto-reply"}
_TO_MANY = {"bulk", "list", "junk"}
_LIST_FIELDS = ("list-id", "list-unsubscribe")
_ABSENT = re.compile(
    r"(?:automatic reply|auto(?:matic)?[- ]?(?:reply|response)|out of (?:the )?office|r[ée]ponse automatique"
    r"|absence du bureau|automatische antwort|abwesenheitsnotiz|respuesta automática)\s*(?::|$)",
    re.IGNORECASE,
)
_METHOD = re.compile(r"\bdmarc\s*=\s*([a-z]+)", re.IGNORECASE)
_HEADER_FROM = re.compile(r"\bheader\.from\s*=\s*([^\s;]+)", re.IGNORECASE)
_COMMENT = re.compile(r"\([^()]*\)")


def is_automatic(fields: Fields, body: Body, tokens: Tokens, envelope_sender: str | None) -> bool:
    """Say whether this must not be answered by a machine (RFC 3834, RFC 5321 4.5.5, and what mail programs wrote before).

    `X-Auto-Response-Suppress` forbids absence notes and the like to whoever wrote by Exchange: that may be a person.
    """
    return _is_by_machine(fields, body, envelope_sender) or (
        _is_to_many(fields) and not _is_our_list(fields, tokens)
    )


def _is_by_machine(fields: Fields, body: Body, envelope_sender: str | None) -> bool:
    subject = fields.text("subject")
    return (
        any(_word(value) not in {"", "no"} for value in fields.all("auto-submitted"))
        or any(_word(value) in _PRECEDENCE for value in fields.all("precedence", "x-precedence"))
        or any(fields.all(*_SAYS_SO))
        or bool(body.report_type)
        or body.answers_invitation
        or has_null_sender(fields, envelope_sender)
        or is_titled_as_report(subject)
        or _ABSENT.match(subject) is not None
    )


def _is_to_many(fields: Fields) -> bool:
    return any(fields.all(*_LIST_FIELDS)) or any(
        _word(value) in _TO_MANY for value in fields.all("precedence", "x-precedence")
    )


def _is_our_list(fields: Fields, tokens: Tokens) -> bool:
    """Tell whether the list is one of our own domain: a privacy address may be a group, and people write to it."""
    domain = tokens.address.rpartition("@")[2].lower()
    ids = [value.rpartition("<")[2].rstrip("> ").lower() for value in fields.all("list-id")]
    return bool(ids) and all(each == domain or each.endswith(f".{domain}") for each in ids)


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
