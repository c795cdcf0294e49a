"""Renders the texts of replies/<locale>/: read at start, compiled once, then filled in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from jinja2 import TemplateError

from assistant.domain.lifecycle import OPEN
from assistant.domain.messages import MESSAGES, PAGES
from assistant.errors import AssistantError
from assistant.replies.labels import Labels, Words
from assistant.wording.texts import environment, read_table, read_text
from assistant.wording.written import LOCALES, locale_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from jinja2.sandbox import SandboxedEnvironment

    from assistant.interfaces import Instant
    from assistant.replies.facts import DeskFacts

FALLBACK: Final = LOCALES[0]
NO_WORDS: Final[Mapping[str, Words]] = MappingProxyType({})
_SUBJECT = re.compile(r"Subject: (?P<subject>.*)\n\n")
_GAP = re.compile(r"\n{3,}")
# A name that ends in a point, at the end of a sentence; in a list it is data, and stays as it is.
_TWO_POINTS = re.compile(r"(?<=\w\.)\.(?=\s|$)")
_WRONG_VALUE: Final = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError)


class TextError(AssistantError):
    """A text cannot be written as it was asked for: compare the call with the catalogue of messages."""

    code = "text"


@dataclass(frozen=True, slots=True)
class Rendered:
    """A finished text; chat texts have no subject."""

    subject: str | None
    text: str


@dataclass(frozen=True, slots=True)
class _Locale:
    """The texts of one locale; each is compiled when it is first written, which keeps the start quick."""

    labels: Labels
    environment: SandboxedEnvironment
    pages: Mapping[str, tuple[str, ...]]

    def fill(self, name: str, values: Mapping[str, Any]) -> str:
        try:
            text = self.environment.get_template(name).render(values)
        except TemplateError as error:
            raise TextError(f"The text {name} cannot be filled in: {error.message}.") from None
        except _WRONG_VALUE as error:  # what it says may hold the value itself
            raise TextError(f"The text {name} cannot be filled in: {type(error).__name__}.") from None
        return _GAP.sub("\n\n", "\n".join(map(_one_point, text.split("\n")))).strip()


class Texts:
    """Every word the desk says to a person, in every locale it speaks."""

    def __init__(self, desk: DeskFacts, locales: Mapping[str, _Locale]) -> None:
        """Take what `load` made."""
        self.desk = desk
        self._locales = locales
        # Texts that take no value, once written.
        self._unchanging: dict[tuple[str, str | None], Rendered] = {}

    @classmethod
    def load(
        cls, locales: tuple[str, ...] = LOCALES, *, desk: DeskFacts, words: Mapping[str, Words] = NO_WORDS
    ) -> Texts:
        """Read the texts of the locales; raises TextError naming those that a locale lacks.

        `words` are the operator's labels by locale and table (categories, systems, recipients, laws, …).
        """
        wanted = dict.fromkeys((FALLBACK, *locales))
        return cls(desk, MappingProxyType({name: _load(name, desk, words.get(name, {})) for name in wanted}))

    @property
    def locales(self) -> tuple[str, ...]:
        """List the locales that can be written."""
        return tuple(self._locales)

    def render(self, name: str, locale: str | None, /, **values: Any) -> Rendered:
        """Write a text; an unknown locale is written in English, wrong values raise TextError."""
        if not values and (written := self._unchanging.get((name, locale))):
            return written
        if (message := MESSAGES.get(name)) is None:
            raise TextError(f"There is no text named {name}; the catalogue is assistant/domain/messages.py.")
        _check_values(f"text {name}", message.needs, message.may, values)
        filled = dict.fromkeys(message.may) | values
        rendered = _split(self._locale(locale).fill(f"{name}.txt", filled))
        if not values and locale in self._locales:
            self._unchanging[name, locale] = rendered
        return rendered

    def page(self, name: str, locale: str | None, /, **values: Any) -> Mapping[str, str]:
        """Write the parts of a page, by their keys in pages.toml; plain text, for the template to escape."""
        if name not in PAGES:
            raise TextError(f"There is no page named {name}; the catalogue is assistant/domain/messages.py.")
        _check_values(f"page {name}", PAGES[name], frozenset(), values)
        texts = self._locale(locale)
        return MappingProxyType({key: texts.fill(_part(name, key), values) for key in texts.pages[name]})

    def label(self, table: str, name: str, locale: str | None, /) -> str:
        """Give a label of labels.toml (rights, statuses, channels, …), or the name made readable."""
        return self._locale(locale).labels.label(table, name)

    def button(self, name: str, locale: str | None) -> str:
        """Give the label of a button."""
        return self.label("buttons", name, locale)

    def labels(self, locale: str | None) -> Labels:
        """Give the labels and formats of a locale, for pages that write days and counts themselves."""
        return self._locale(locale).labels

    def instants(self, text: str, near: datetime) -> list[Instant]:
        """Find the instants that a text of ours names, whatever its language, said at about this instant."""
        return [each for known in self._locales.values() for each in known.labels.instants(text, near)]

    def _locale(self, locale: str | None) -> _Locale:
        return self._locales.get(locale_of(locale), self._locales[FALLBACK])


def _load(locale: str, desk: DeskFacts, words: Words) -> _Locale:
    folder = files(__package__) / locale
    tables = read_table(folder / "labels.toml", locale)
    labels = Labels(
        locale, desk.zone, tables | {name: tables.get(name, {}) | dict(words[name]) for name in words}
    )
    texts = {
        entry.name: read_text(entry, locale) for entry in folder.iterdir() if entry.name.endswith(".txt")
    }
    pages = read_table(folder / "pages.toml", locale)
    if lost := sorted({f"{name}.txt" for name in MESSAGES} - texts.keys() | PAGES.keys() - pages.keys()):
        raise TextError(f"replies/{locale} lacks {', '.join(lost)}.")
    parts = {_part(page, key): text for page in pages for key, text in pages[page].items()}
    said = desk.automated_decisions.get(locale, "")
    filler = environment(texts | parts, desk=desk, automated_decisions=said)
    filler.filters.update(labels.filters())
    filler.tests["still_open"] = lambda status: status in OPEN
    return _Locale(labels, filler, {page: tuple(pages[page]) for page in pages})


def _part(page: str, key: str) -> str:
    return f"pages.toml/{page}/{key}"


def _check_values(name: str, needs: frozenset[str], may: frozenset[str], values: Mapping[str, Any]) -> None:
    if missing := sorted(needs - values.keys()):
        raise TextError(f"The {name} lacks {', '.join(missing)}.")
    if unknown := sorted(values.keys() - needs - may):
        raise TextError(f"The {name} knows no {', '.join(unknown)}.")


def _one_point(line: str) -> str:
    return line if ".." not in line or line.startswith("- ") else _TWO_POINTS.sub("", line)


def _split(text: str) -> Rendered:
    if found := _SUBJECT.match(text):
        return Rendered(found["subject"].strip(), text[found.end() :].strip())
    return Rendered(None, text)
