"""What a mail server writes about a mail that did not arrive: whose, why, and whether that is final.

A standard report says it in fields (RFC 3464). A quarter of them say it in words only, in any language; there the
title and the writer give it away, and the addresses named in it are looked up among those that were written to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from assistant.channels.email.bodies import Body
from assistant.channels.email.fields import Fields
from assistant.channels.email.tokens import OwnId, Tokens

FAILED = "failed"
_DELAYED = "delayed"
_SERVERS = {"mailer-daemon", "mail-daemon", "maildaemon", "mailerdaemon"}
_MAYBE_SERVERS = {"postmaster", "mail-delivery-system", "noreply", "no-reply", "bounce", "bounces"}
_MOST_NAMED = 20
_MOST_IDS = 500
_LOOKED_AT = 20_000  # characters of the words in which whom and why stand
_TITLE = re.compile(
    r"undeliver|not (?:be )?delivered|returned (?:mail|to sender)|delivery (?:status|fail|has fail|problem|incomplete|delay)"
    r"|failure notice|mail(?: system)? (?:delivery )?(?:error|failed)|message (?:you sent )?blocked|address not found"
    r"|non (?:remis|distribu|délivr)|pas (?:pu )?être (?:remis|distribu|délivr)|échec d[eu’' ]|remise impossible|avis de non[- ]remise"
    r"|retour à l[’']expéditeur"
    r"|unzustellbar|nicht zugestellt|zustell(?:ung )?(?:fehl|problem|status|verzöger)|rücksendung"
    r"|no (?:se )?(?:pudo|puede) (?:ser )?entreg|no entregad|devuelto|error de entrega"
    r"|mancat[ao] (?:consegna|recapito)|impossibile (?:recapitare|consegnare)|non recapitabil"
    r"|onbestelbaar|niet (?:bezorgd|afgeleverd)|não (?:foi )?entregue|falha na entrega"
    r"|niedostarcz|nie dostarcz|nie można dostarczyć|kohaletoimetamat|ei (?:õnnestunud|saanud) (?:kohale )?toimeta",
    re.IGNORECASE,
)
# How mail programs begin the title themselves: a person's "Undeliverable parcel" is none of these.
_WHOLE_TITLE = re.compile(
    r"(?:undeliver(?:able|ed)|not delivered|returned mail|non remis(?:e|es)?|non distribuable|unzustellbar|no entregado"
    r"|non recapitabile|onbestelbaar|não entregue|niedostarczalne)\s*:"
    r"|undelivered mail returned to sender|mail delivery (?:failed|system)|delivery status notification|failure notice\s*$",
    re.IGNORECASE,
)
_STILL_TRIED = re.compile(
    r"\bdelay|warning (?:message )?only|will (?:be retried|continue (?:to try|trying)|keep trying|try again)|still (?:trying|being retried)"
    r"|not yet been delivered|do not need to (?:re-?send|do anything)|temporary (?:failure|problem)"
    r"|retard|nouvelles? tentatives?|sera (?:de nouveau|à nouveau) tent|pas besoin de (?:le )?renvoyer|pas encore (?:pu )?être remis"
    r"|verzöger|weiterhin versucht|erneut versucht|noch nicht zugestellt|retras|se seguirá intentando|ritard|vertraag",
    re.IGNORECASE,
)
_AN_ID = re.compile(
    rb"<(desk\.[a-z0-9]{0,40}\.[a-z0-9]{1,40}\.[a-z0-9]{1,40}@[^<>\s]{1,255})>", re.IGNORECASE
)
_A_MARK = re.compile(
    rb"X-Privacy-Desk:\s{0,9}(desk\.[a-z0-9]{0,40}\.[a-z0-9]{1,40}\.[a-z0-9]{1,40})\b", re.IGNORECASE
)
_ADDRESS = re.compile(r"[^\s<>,;:\"'()\[\]]{1,64}@[^\s<>,;:\"'()\[\]]{1,255}")
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)")
_ACTIONS = {FAILED, _DELAYED, "delivered", "relayed", "expanded"}


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a mail."""

    action: str  # failed, delayed, delivered, relayed, expanded
    own: OwnId | None  # the letter of ours, where its signed id stands in the report
    to: tuple[str, ...]  # whom it may have been for
    status: str  # RFC 3463, such as 5.1.1; empty where it does not say


def report_of(
    raw: bytes,
    fields: Fields,
    sender: str | None,
    body: Body,
    tokens: Tokens,
    envelope_sender: str | None = None,
) -> Report | None:
    """Read a report about a mail that did not arrive, or not yet; None for any other mail, an absence note too."""
    if not _is_report(fields, sender, body, envelope_sender):
        return None
    words = body.text(keep_quotes=True)[:_LOOKED_AT]
    told = [group for group in body.reports if _action(group)]
    failed = [group for group in told if _action(group) == FAILED]
    action = FAILED if failed else _action(told[0]) if told else _said_in_words(fields, words)
    about = failed or told
    named = [address for group in about for address in _recipients(group)]
    return Report(
        action,
        _own(raw, fields, body, words, tokens),
        tuple(_others(named or [*_failed_recipients(fields), *_ADDRESS.findall(words)], tokens)),
        _status(about, words),
    )


def _is_report(fields: Fields, sender: str | None, body: Body, envelope_sender: str | None) -> bool:
    if body.report_type:  # a receipt or a complaint about spam is a report, but not of a mail that was lost
        return body.report_type == "delivery-status"
    if body.reports or fields.all("x-failed-recipients"):
        return True
    name = sender.partition("@")[0].lower() if sender else ""
    if name in _SERVERS:
        return True
    by_machine = (
        name in _MAYBE_SERVERS
        or has_null_sender(fields, envelope_sender)
        or bool(fields.all("auto-submitted"))
    )
    return by_machine and _TITLE.search(fields.text("subject")) is not None


def has_null_sender(fields: Fields, envelope_sender: str | None) -> bool:
    """Tell whether no server would answer this mail (RFC 5321 section 4.5.5): as its envelope says, or who unpacked that."""
    told = [*fields.all("return-path"), *([] if envelope_sender is None else [envelope_sender])]
    return any(value.replace(" ", "") in {"<>", ""} for value in told)


def is_titled_as_report(subject: str) -> bool:
    """Tell whether a subject begins as those of reports do; one that answers or forwards a report does not."""
    return _WHOLE_TITLE.match(subject) is not None


def _action(group: dict[str, str]) -> str:
    action = group.get("action", "").strip().lower().split(" ")[0]
    return action if action in _ACTIONS else ""


def _said_in_words(fields: Fields, words: str) -> str:
    """Say whether the words speak of a delay; whatever else a server writes about is taken as lost."""
    return _DELAYED if _STILL_TRIED.search(f"{fields.text('subject')}\n{words[:2000]}") else FAILED


def _recipients(group: dict[str, str]) -> Iterator[str]:
    for name in ("original-recipient", "final-recipient"):
        _, _, address = group.get(name, "").partition(";")
        yield from _ADDRESS.findall(address)


def _failed_recipients(fields: Fields) -> Iterator[str]:
    for value in fields.all("x-failed-recipients"):
        yield from _ADDRESS.findall(value)


def _others(addresses: Iterable[str], tokens: Tokens) -> list[str]:
    clean = (address.strip(".'`*").lower() for address in addresses)
    return list(dict.fromkeys(each for each in clean if not tokens.is_ours(each)))[:_MOST_NAMED]


def _status(groups: list[dict[str, str]], words: str) -> str:
    told = " ".join(group.get("status", "") for group in groups)
    found = _STATUS.search(told) or _STATUS.search(words)
    return found[1] if found else ""


def _first(what: re.Pattern[bytes], text: bytes) -> Iterator[str]:
    """Give the first that are found: a report quotes one letter, and each id costs a signature to check."""
    return (found[1].decode("ascii", "replace") for found in islice(what.finditer(text), _MOST_IDS))


def _own(raw: bytes, fields: Fields, body: Body, words: str, tokens: Tokens) -> OwnId | None:
    """Find the letter by its signed id, wherever the report quotes it; forged ones lead nowhere."""
    domain = tokens.address.rpartition("@")[2]
    for text in (raw, *(part.encode() for part in body.returned), words.encode("utf-8", "replace")):
        ids = [f"<{found}>" for found in _first(_AN_ID, text)]
        marks = [f"<{found}@{domain}>" for found in _first(_A_MARK, text)]
        if own := tokens.first_own([*fields.ids("in-reply-to", "references"), *ids, *marks]):
            return own
    return None
