"""Checks a written text against the reply checklist: our own texts, and what an agent edits."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from assistant.domain.messages import MESSAGES, Audience, Element, Message
from assistant.replies.labels import attribute

if TYPE_CHECKING:
    from assistant.replies.facts import DeskFacts
    from assistant.replies.labels import Labels
    from assistant.replies.texts import Rendered, Texts

CHAT_SENTENCES: Final = 3  # beside a list of what must stand there
SENTENCE_WORDS: Final = 32
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_ASKS = re.compile(r"\?$")
_NOT_PROSE = re.compile(r"^(- |  |https?://|\d+$)")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing a text lacks or must not say, under its number in the checklist."""

    item: int
    what: str


@dataclass(frozen=True, slots=True)
class _Case:
    """A text with everything it is judged by."""

    message: Message
    rendered: Rendered
    values: Mapping[str, Any]
    labels: Labels
    desk: DeskFacts
    rules: Mapping[str, Any]

    @property
    def whole(self) -> str:
        return f"{self.rendered.subject or ''}\n{self.rendered.text}"

    @property
    def requests(self) -> Any:
        return self.values.get("requests", ())

    def shows(self, element: str) -> bool:
        return re.search(self.rules["elements"][element], self.rendered.text) is not None

    def names(self, value: str) -> bool:
        return str(self.values.get(value, "\0")) in self.rendered.text


class Linter:
    """Judges texts by the catalogue, and by the words of each locale's lint.toml."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self._rules = {locale: _rules(locale) for locale in texts.locales}

    def faults(
        self, name: str, locale: str, rendered: Rendered, values: Mapping[str, Any]
    ) -> tuple[Fault, ...]:
        """List what is wrong with a text written from these values; nothing means it may go out."""
        case = _Case(
            MESSAGES[name],
            rendered,
            values,
            self._texts.labels(locale),
            self._texts.desk,
            self._rules[locale],
        )
        if case.message.audience is Audience.AGENT:
            return tuple(_lacking(case))
        return (*_lacking(case), *_forbidden(case), *_form(case), *_long_sentences(case))


def _rules(locale: str) -> Mapping[str, Any]:
    return tomllib.loads((files(__package__) / locale / "lint.toml").read_text(encoding="utf-8"))


def _lacking(case: _Case) -> Iterator[Fault]:
    for element in sorted(case.message.holds):
        item, holds = _ELEMENTS[element]
        if not holds(case):
            yield Fault(item, f"{case.message.name} lacks {element}")


def _forbidden(case: _Case) -> Iterator[Fault]:
    prose = "\n".join(_prose(case.rendered.text))
    for rule in case.rules["forbidden"]:
        if found := re.search(rule["pattern"], f"{case.rendered.subject or ''}\n{prose}", re.IGNORECASE):
            yield Fault(rule["item"], f"{case.message.name} says “{found[0]}”: {rule['why']}")


def _form(case: _Case) -> Iterator[Fault]:
    if case.message.audience is Audience.CHAT:
        if case.rendered.subject is not None:
            yield Fault(18, f"{case.message.name} is for the chat and has a subject")
        said = sentences(case.rendered.text)
        # Where it stands in the policy is no more to read.
        most = CHAT_SENTENCES + ("clause" in case.message.needs)
        if Element.AUTHORITIES not in case.message.holds and len(said) > most:
            yield Fault(20, f"{case.message.name} is too long for a chat")
        if any(_ASKS.search(each) for each in said) and not _ASKS.search(said[-1]):
            yield Fault(
                20, f"{case.message.name} goes on after its question: its buttons stand below the end"
            )
        return
    greeting, closing = case.rules["greeting"], case.rules["closing"]
    if not (case.rendered.text.startswith(f"{greeting}\n\n") and f"\n\n{closing}\n" in case.rendered.text):
        yield Fault(22, f"{case.message.name} lacks its greeting or its closing")


def _long_sentences(case: _Case) -> Iterator[Fault]:
    # The names of the requests are data, as in a list: they do not make a sentence long.
    named = case.labels.cited(case.requests)
    text = case.rendered.text.replace(named, "…") if named else case.rendered.text
    for sentence in sentences(text):
        if (words := len(re.findall(r"[^\W_][\w’@.-]*", sentence))) > SENTENCE_WORDS:
            yield Fault(20, f"{case.message.name} has a sentence of {words} words: {sentence}")


def _prose(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not _NOT_PROSE.match(line)]


def sentences(text: str) -> list[str]:
    """Split the prose of a text into sentences; lists, addresses of pages and codes are left out."""
    return [sentence for line in _prose(text) for sentence in _SENTENCE_END.split(line)]


def first_sentence(letter: str) -> str:
    """Give what a letter says first after its greeting: of an answer, what was done about which request."""
    return sentences(letter)[1]


def _outcome(case: _Case) -> bool:
    after_greeting = first_sentence(case.rendered.text)
    opens_well = re.search(case.rules["outcome"], after_greeting) is not None
    return opens_well and case.labels.cited(case.requests) in after_greeting


def _references(case: _Case) -> bool:
    return all(attribute(request, "ref") in case.whole for request in case.requests)


def _authorities(case: _Case) -> bool:
    return all(
        a["name"] in case.rendered.text and a["web"] in case.rendered.text for a in case.desk.authorities
    )


def _contact(case: _Case) -> bool:
    text = case.rendered.text
    return case.desk.contact_email in text and (not case.desk.dpo or case.desk.dpo in text)


def _pattern(element: Element) -> Callable[[_Case], bool]:
    return lambda case: case.shows(element)


# element -> its number in the checklist, and how to see that it is there
_ELEMENTS: Final[Mapping[Element, tuple[int, Callable[[_Case], bool]]]] = {
    Element.OUTCOME: (1, _outcome),
    Element.REFERENCE: (3, _references),
    Element.DUE_DATE: (4, lambda case: case.labels.due(case.requests) in case.rendered.text),
    Element.RECIPIENTS: (7, _pattern(Element.RECIPIENTS)),
    Element.EARLIER_LAWFUL: (12, _pattern(Element.EARLIER_LAWFUL)),
    Element.REASON: (
        13,
        lambda case: case.shows("reason") and ("reason" not in case.values or case.names("reason")),
    ),
    Element.AUTHORITIES: (13, _authorities),
    Element.COURT: (13, _pattern(Element.COURT)),
    Element.FREE: (14, _pattern(Element.FREE)),
    Element.NO_REASON_NEEDED: (16, _pattern(Element.NO_REASON_NEEDED)),
    Element.CONTACT: (22, _contact),
    Element.NEW_DATE: (24, lambda case: case.labels.due(case.requests) in case.rendered.text),
    Element.NOT_ME: (15, lambda case: case.names("not_me_url")),
}
