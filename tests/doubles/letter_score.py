"""Letters that were really sent, recognised by their words and held against the checklist of replies, point by point."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from assistant.app import texts_of
from assistant.config import load_settings
from assistant.domain.messages import MESSAGES, Audience, Element, Message
from assistant.replies import Rendered, Texts
from assistant.replies.linter import _ELEMENTS, Linter
from assistant.wording.written import NO_BREAK
from tests.doubles.checklist import Score

if TYPE_CHECKING:
    from email.message import EmailMessage

    from tests.doubles.desk_process import DeskProcess

# 6, 9, 10 and 11 are held in the copy itself: tests/unit/disclosure.
_FORBIDDEN = frozenset({14, 15, 16, 17, 20, 23, 25})
_TOO_SHORT = 12  # to tell one letter from another
_CHOICE = re.compile(r"\{% if .*?%\}.*?\{% endif %\}")  # within a line: one request or several
_TAG = re.compile(r"\{%-? *(\w+).*?%\}")
_REF = re.compile(r"PR-\w{8}")
_KEPT = {"en": ("What we keep", "The reason:"), "fr": ("Ce que nous gardons", "La raison")}
_UNTIL = {
    "en": re.compile(r"(?i)until \d|for as long as"),
    "fr": re.compile(r"(?i)jusqu’au \d|tant que cette"),
}


@dataclass(frozen=True, slots=True)
class _Pattern:
    name: str
    locale: str
    subject: re.Pattern[str]
    always: frozenset[str]
    sometimes: frozenset[str]

    def weight(self, subject: str, text: str) -> int:
        if not self.subject.fullmatch(subject) or any(line not in text for line in self.always):
            return -1
        return len(self.always) + sum(line in text for line in self.sometimes)


def score_letters(desk: DeskProcess) -> Score:
    """Hold every letter that a desk sent to a person against the checklist."""
    settings = load_settings(desk.config)
    texts = texts_of(settings)
    known = settings.catalogue.recipients.values()
    others = {
        settings.support.forward_to,
        *(recipient.notify for recipient in known),
    }  # no letters to a person
    rows = desk.own(
        'SELECT ref, "right", status, received_on, due_on, language, channel, evidence_id FROM request'
    )
    requests = {row[0]: _request(row) for row in rows}
    score, answered = Score(), set[str]()
    for mail in desk.mails():
        if str(mail["to"]) not in others and (found := recognise(texts, mail)):
            name, locale = found
            rendered = Rendered(_subject(mail), _body(mail))
            about = [requests[ref] for ref in dict.fromkeys(_REF.findall(str(rendered))) if ref in requests]
            if MESSAGES[name].audience is Audience.ANSWER:
                answered.update(request["ref"] for request in about)
            score_one(score, texts, Sent(MESSAGES[name], locale, rendered, about, _personal(desk, mail)))
    for request in requests.values():
        if request["status"] in {"answered", "partly_answered", "refused"} and request["channel"] == "email":
            told = request["ref"] in answered or request["right"] in {"objection", "consent_withdrawal"}
            score.note(18, f"{request['ref']} has no letter", holds=told)
            score.note(5, f"{request['ref']} has no answer", holds=told)
    return score


def recognise(texts: Texts, mail: EmailMessage) -> tuple[str, str] | None:
    """Tell which text in which language a mail to a person was written from; None for what is not to one."""
    if "Resent-From" in mail:
        return None  # somebody's own words, passed on to support
    subject, text = _subject(mail), _body(mail)
    found = [(p.weight(subject, text), p.name, p.locale) for p in _patterns(texts.locales)]
    weight, name, locale = max(found)
    if weight < 0 or MESSAGES[name].audience not in {Audience.MAIL, Audience.ANSWER}:
        return None
    return name, locale


@dataclass(frozen=True, slots=True)
class Sent:
    """A letter as it was sent, with what it is judged by."""

    message: Message
    locale: str
    rendered: Rendered
    requests: Sequence[Mapping[str, Any]]
    personal: Sequence[str]


def score_one(score: Score, texts: Texts, sent: Sent) -> None:
    """Hold one letter against the checklist."""
    score.letters += 1
    message, text, labels = sent.message, sent.rendered.text, texts.labels(sent.locale)
    values = {"requests": sent.requests, **_read(text)}
    faults = Linter(texts).faults(message.name, sent.locale, sent.rendered, values)
    wrong = {fault.item: fault.what for fault in faults}
    holds = {_ELEMENTS[element][0] for element in message.holds} | _FORBIDDEN | {22}
    for point in sorted(holds):
        score.note(point, f"{message.name}/{sent.locale}: {wrong.get(point)}", holds=point not in wrong)
    where = f"{message.name}/{sent.locale} about {[r['ref'] for r in sent.requests]}"
    if Element.OUTCOME in message.holds:
        score.note(2, where, holds=bool(sent.requests) and labels.cited(sent.requests) in text)
    if sent.requests:
        same = {request["language"][:2] for request in sent.requests} == {sent.locale}
        score.note(19, where, holds=same)
    named = [value for value in sent.personal if re.search(rf"\b{re.escape(value)}\b", text)]
    score.note(21, where, holds=not named)
    for line in _kept_lines(sent):
        score.note(8, f"{where}: {line}", holds=_UNTIL[sent.locale].search(line) is not None)
        score.note(12, f"{where}: {line}", holds=_KEPT[sent.locale][1] in line)


def _kept_lines(sent: Sent) -> Iterator[str]:
    """Give each line of what is kept, with what stands indented below it."""
    heading = _KEPT[sent.locale][0]
    if heading not in sent.rendered.text:
        return
    block = sent.rendered.text.split(heading, 1)[1].split("\n\n", 1)[0]
    yield from re.findall(r"^- .*(?:\n  .*)*", block, re.MULTILINE)


def _read(text: str) -> dict[str, Any]:
    """Read out of a letter what its elements are compared with."""
    links = re.findall(r"https?://\S*/verify/stop/\S+", text)
    return {"not_me_url": links[0]} if links else {}


def _personal(desk: DeskProcess, mail: EmailMessage) -> list[str]:
    """Give what the company knows of the addressee that no letter needs to repeat."""
    columns = "last_name, phone, client_no, street, company"
    known = [row[1] for row in desk.query("PRAGMA table_info('clients')")]
    wanted = [name for name in columns.split(", ") if name in known]
    rows = desk.query(
        f"SELECT {', '.join(wanted)} FROM clients WHERE lower(email) = lower(?)", str(mail["to"]).strip("<>")
    )
    return [str(value) for row in rows for value in row if value and len(str(value)) > 3]


def _request(row: Sequence[Any]) -> dict[str, Any]:
    ref, right, status, received_on, due_on, language, channel, evidence = row
    return {
        "ref": ref,
        "right": right,
        "status": status,
        "received_on": date.fromisoformat(str(received_on)),
        "due_on": date.fromisoformat(str(due_on)),
        "language": language,
        "channel": channel,
        "evidence": evidence,
    }


def _subject(mail: EmailMessage) -> str:
    return str(mail["subject"])


def _body(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    return part.get_content().replace("\r\n", "\n").strip() if part else ""


@cache
def _patterns(locales: tuple[str, ...]) -> tuple[_Pattern, ...]:
    return tuple(
        _pattern(name, locale)
        for locale in locales
        for name, message in MESSAGES.items()
        if message.audience is not Audience.CHAT
    )


def _pattern(name: str, locale: str) -> _Pattern:
    source = (files("assistant.replies") / locale / f"{name}.txt").read_text(encoding="utf-8")
    sign_off = (files("assistant.replies") / locale / "_sign_off.txt").read_text(encoding="utf-8")
    source = source.replace('{% include "_sign_off.txt" %}', sign_off.partition("\n")[0])
    first, _, body = source.partition("\n\n")
    subject_line = first.removeprefix("Subject: ") if first.startswith("Subject: ") else "{{ any }}"
    pieces = re.split(r"\{\{.*?\}\}", _CHOICE.sub("{{ any }}", subject_line))
    subject = re.compile(".*".join(map(_loose, pieces)), re.DOTALL)
    always, sometimes, depth = set[str](), set[str](), 0
    for line in _CHOICE.sub("{{ any }}", body).splitlines():
        tags = _TAG.findall(line)
        if not tags:
            said = {_hard(piece, locale) for piece in re.split(r"\{\{.*?\}\}", line)}
            (sometimes if depth else always).update(piece for piece in said if len(piece) > _TOO_SHORT)
        depth += sum(tag in {"if", "for"} for tag in tags) - sum(tag in {"endif", "endfor"} for tag in tags)
    return _Pattern(name, locale, subject, frozenset(always), frozenset(sometimes))


def _loose(text: str) -> str:
    return re.escape(text).replace(r"\ ", f"[ {NO_BREAK}]")


def _hard(line: str, locale: str) -> str:
    spaced = re.sub(r"""(?<=«) | (?=[:;!?»](?:[\s"]|$))""", NO_BREAK, line) if locale == "fr" else line
    return spaced.strip()
