"""The words of a package, in one language: whole texts from texts/<locale>/, filled in."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from jinja2 import DictLoader, Environment, StrictUndefined

from assistant.domain.elision import elides

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LOCALES: Final = ("en", "fr")
_NO_BREAK: Final = "\u00a0"
_FRENCH_SPACES: Final = re.compile(r"""(?<=«) | (?=[:;!?»%](?:[\s"<]|$))""", re.MULTILINE)
_CITED: Final = re.compile(r"\b([Aa]rticles?|paragraphe|point) (?=\d|[a-z]\))")
_ARTICLE: Final = re.compile(r"(?P<article>\d+)(?:\((?P<paragraph>\d+)\))?(?:\((?P<point>[a-z])\))?")


def locale_of(language: str) -> str:
    """Give the locale a language is written in; English where there are no texts."""
    return language[:2].lower() if language[:2].lower() in LOCALES else LOCALES[0]


@dataclass(frozen=True, slots=True)
class Words:
    """Says things in one language, with days and times on the controller's clock."""

    locale: str
    zone: ZoneInfo
    tables: Mapping[str, Any]

    def say(self, name: str, **values: Any) -> str:
        """Write a whole text."""
        return _filled(self.locale, name, **values, words=self) if values else _fixed(self.locale, name)

    def label(self, table: str, name: str) -> str:
        """Give a label, or the name itself made readable."""
        return str(self.tables[table].get(name) or name.replace("_", " "))

    def day(self, on: date) -> str:
        """Write a calendar day; an instant is taken on the controller's clock."""
        local = on.astimezone(self.zone) if isinstance(on, datetime) else on
        form = self.tables["format"]
        number = form["first"] if local.day == 1 else str(local.day)
        return f"{number} {form['months'][local.month - 1]} {local.year}"

    def moment(self, at: datetime) -> str:
        """Write an instant with its day, and say whose clock that is."""
        local = at.astimezone(self.zone)
        city = self.zone.key.rsplit("/", 1)[-1].replace("_", " ")
        form = str(self.tables["format"]["moment_elided" if elides(city) else "moment"])
        return form.format(day=self.day(at), time=f"{local:%H:%M}", city=city)

    def number(self, value: int) -> str:
        """Write a number with its separators."""
        return f"{value:,}".replace(",", self.tables["format"]["thousands"])

    def records(self, rows: int) -> str:
        """Write how many records there are."""
        noun = self.label("format", "record" if self.is_one(rows) else "records")
        return f"{self.number(rows)}{_NO_BREAK}{noun}"

    def is_one(self, value: int) -> bool:
        """Say whether the noun after a number is in the singular."""
        return value in self.tables["format"]["singular"]

    def span(self, rule: Any) -> str:
        """Write a period given in `years`, `days` or `hours`; nothing where it has none."""
        for unit, forms in self.tables["spans"].items():
            if number := getattr(rule, unit):
                return str(forms[not self.is_one(number)]).format(number).replace(" ", _NO_BREAK)
        return ""

    def listed(self, names: Iterable[str]) -> str:
        """Join words as a sentence does."""
        *first, last = tuple(names) or ("",)
        return f"{', '.join(first)}{self.tables['format']['and']}{last}" if first else last

    def quoted(self, name: str) -> str:
        """Put quotation marks around a name."""
        return str(self.tables["format"]["quoted"]).format(name)

    def article(self, cited: str) -> str:
        """Cite an article of the GDPR, given as 6(1)(b), the way the language does."""
        found = _ARTICLE.fullmatch(cited)
        if not found:
            return cited
        form = self.tables["article"]
        parts = [form[key].format(value) for key, value in found.groupdict().items() if value]
        return _CITED.sub(rf"\1{_NO_BREAK}", str(form["between"]).join(parts))

    def own(self, described: Any, field: str = "") -> str:
        """Give what the operator wrote in this language: `en`, or with a field `safeguards_en`."""
        return str(getattr(described, f"{field}_{self.locale}" if field else self.locale))


def words(locale: str, zone: str) -> Words:
    """Give the words of a locale; `zone` is the controller's."""
    return Words(locale, ZoneInfo(zone or "UTC"), _read(locale, "labels.toml"))


@cache
def _read(locale: str, name: str) -> Mapping[str, Any]:
    text = (files(__package__) / "texts" / locale / name).read_text(encoding="utf-8")
    # French sets « : ; ! ? » off with a space that must not break; the files hold an ordinary one.
    text = _FRENCH_SPACES.sub(_NO_BREAK, text) if locale == "fr" else text
    return MappingProxyType(tomllib.loads(_CITED.sub(rf"\1{_NO_BREAK}", text)))


@cache
def _environment(locale: str) -> Environment:
    parts = _read(locale, "page.toml")
    environment = Environment(
        loader=DictLoader({f"{part}.{key}": text for part in parts for key, text in parts[part].items()}),
        autoescape=False,  # noqa: S701 - plain text; the page that shows it escapes it
        cache_size=-1,
        undefined=StrictUndefined,
    )
    environment.globals.clear()  # no text uses them, and copying them takes most of the time of filling one in
    return environment


def _filled(locale: str, name: str, **values: Any) -> str:
    return _environment(locale).get_template(name).render(values).strip()


@cache
def _fixed(locale: str, name: str) -> str:
    return _filled(locale, name)


@cache
def countries() -> Mapping[str, Mapping[str, Any]]:
    """Give countries by their code: name in each language, and whether the GDPR applies there (EEA)."""
    text = (files(__package__) / "texts" / "countries.toml").read_text(encoding="utf-8")
    return MappingProxyType(tomllib.loads(text))
