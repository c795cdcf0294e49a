"""English and French say the same things, about everything there is to say."""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, date, datetime
from importlib.resources import files
from typing import Any

import pytest

from assistant.disclosure import __name__ as disclosure
from assistant.disclosure.words import words
from assistant.domain.countries import is_outside_eea
from assistant.domain.law import read_law
from assistant.domain.retention import own_retention
from assistant.wording.written import LOCALES, locale_of

NO_BREAK = "\u00a0"
_TEMPLATE_CALLS = re.compile(r"""say\(\s*["']([a-z_]+\.[a-z_]+)["']""")


def read(locale: str, name: str) -> dict[str, Any]:
    return tomllib.loads((files(disclosure) / "texts" / locale / name).read_text("utf-8"))


def placeholders(text: str) -> set[str]:
    inside = " ".join(re.findall(r"{[{%](.*?)[%}]}", text))
    return set(re.findall(r"(?<![\w.])[a-z_]+(?![\w(])", re.sub(r"\.\w+", "", inside))) - {
        "if",
        "else",
        "endif",
        "words",
    }


@pytest.mark.parametrize("name", ["labels.toml", "page.toml"])
def test_both_languages_have_the_same_keys(name: str) -> None:
    english, french = (read(locale, name) for locale in LOCALES)
    assert {part: set(english[part]) for part in english} == {part: set(french[part]) for part in french}


def test_both_languages_fill_in_the_same_things() -> None:
    english, french = (read(locale, "page.toml") for locale in LOCALES)
    differing = [
        f"{part}.{key}" for part in english for key in english[part]
        if placeholders(english[part][key]) != placeholders(french[part][key])
    ]  # fmt: skip
    assert differing == []


def test_no_sentence_is_left_in_the_other_language() -> None:
    english, french = (read(locale, "page.toml") for locale in LOCALES)
    same = {f"{p}.{k}" for p in english for k in english[p] if english[p][k] == french[p][k]}
    assert same == {"origin.origin", "summary.tables"}  # Source, Tables


def test_every_text_a_template_names_is_there() -> None:
    folder = files(disclosure) / "templates"
    sources = [folder / "index.html", *(folder / "sections").iterdir()]
    named = {name for source in sources for name in _TEMPLATE_CALLS.findall(source.read_text("utf-8"))}
    texts = {f"{part}.{key}" for part, keys in read("en", "page.toml").items() for key in keys}
    lost = {
        name
        for name in named
        if not any(text == name or (name.endswith("_") and text.startswith(name)) for text in texts)
    }
    assert lost == set()
    assert len(named) > 60


def test_everything_the_desk_keeps_of_its_own_is_explained() -> None:
    assert set(read("en", "page.toml")["own_retention"]) == set(own_retention())


def test_every_authority_of_the_law_has_what_the_page_shows() -> None:
    assert all(
        {"name", "address", "phone", "website"} <= set(entry) for entry in read_law("authorities").values()
    )


def test_the_countries_of_the_gdpr_are_told_from_the_others() -> None:
    inside = set(read_law("eea")["countries"]) - {"EU", "EEA"}
    assert len(inside) == 27 + 3
    assert {"IS", "LI", "NO", "HR", "EE"} <= inside
    assert is_outside_eea("GB")
    assert is_outside_eea("")
    assert not is_outside_eea("EEA")
    for locale, europe in (("en", "European Economic Area"), ("fr", "Espace économique européen")):
        assert words(locale, "UTC").country("EEA") == europe
        assert all(words(locale, "UTC").country(code) != code for code in inside)


@pytest.mark.parametrize(
    ("locale", "cited", "written"),
    [
        ("en", "6(1)(b)", f"Article{NO_BREAK}6(1)(b)"),
        ("fr", "6(1)(b)", f"article{NO_BREAK}6, paragraphe{NO_BREAK}1, point{NO_BREAK}b)"),
        ("fr", "22", f"article{NO_BREAK}22"),
        ("en", "§ 12", "§ 12"),
    ],
)
def test_an_article_is_cited_as_the_language_does(locale: str, cited: str, written: str) -> None:
    assert words(locale, "UTC").article(cited) == written


def test_days_are_those_of_the_controllers_clock() -> None:
    late = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
    assert words("fr", "Europe/Paris").day(late) == "1er décembre 2026"
    assert words("en", "").day(late) == "30 November 2026"
    assert words("fr", "Europe/Paris").moment(late) == "1er décembre 2026 à 00:30 (heure de Paris)"
    assert "(heure d’Athènes)" in words("fr", "Europe/Athens").moment(late)
    assert words("en", "Europe/Paris").day(date(2026, 12, 1)) == "1 December 2026"


@pytest.mark.parametrize(
    ("locale", "rows", "written"),
    [("en", 0, "0 records"), ("en", 1, "1 record"), ("en", 12345, "12,345 records"),
     ("fr", 0, "0 enregistrement"), ("fr", 2, "2 enregistrements"), ("fr", 1234, "1 234 enregistrements")],
)  # fmt: skip
def test_numbers_agree_with_their_noun(locale: str, rows: int, written: str) -> None:
    assert words(locale, "UTC").records(rows).replace(NO_BREAK, " ").replace("\u202f", " ") == written


def test_a_list_reads_as_a_sentence() -> None:
    assert words("fr", "").listed(["a", "b", "c"]) == "a, b et c"
    assert words("en", "").listed(["a"]) == "a"
    assert words("en", "").listed([]) == ""


def test_a_language_without_texts_is_answered_in_english() -> None:
    assert [locale_of(language) for language in ("fr-CA", "FR", "en", "et", "")] == [
        "fr",
        "fr",
        "en",
        "en",
        "en",
    ]
