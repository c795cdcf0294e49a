"""The page says everything Article 15 asks for, in both languages, and nothing the settings cannot back."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from assistant.config import Category, Said
from assistant.domain.rights import Right
from tests.unit.disclosure.made import ListedSource, Table, clients, invoices, made, settings, visits

if TYPE_CHECKING:
    from pathlib import Path

NO_BREAK = "\u00a0"
# The tick list: (letter of Article 15, what must be read in English, in French)
TICK_LIST = (
    (
        "confirmation",
        "Yes, we process personal data about you",
        "Oui, nous traitons des données personnelles sur vous",
    ),
    ("copy", "Ça va ?", "Ça va ?"),
    ("(a) purpose", "To prevent fraud", "Prévenir la fraude"),
    ("(a) basis", "our legitimate interest", "notre intérêt légitime"),
    ("(a) article", "Article 6(1)(f)", "article 6, paragraphe 1, point f)"),
    ("(b) category", "Contact details: names", "Coordonnées : noms"),
    ("(c) recipient by name", "Footfall, Inc.", "Footfall, Inc."),
    ("(c) what it does", "hosts", "héberge"),
    ("(c) country", "United States", "États-Unis"),
    (
        "15(2) transfer",
        "transferred outside the European Economic Area",
        "transférées hors de l’Espace économique européen",
    ),
    ("15(2) safeguards", "standard clauses", "clauses types"),
    (
        "(d) rule",
        "Invoices stay ten years. Law: Commercial Code, L123-22.",
        "Les factures restent dix ans. Loi : Commercial Code, L123-22.",
    ),
    (
        "(d) criterion",
        "As long as we need them for this use: To serve you.",
        "Tant que nous en avons besoin pour cette utilisation : Vous servir.",
    ),
    ("(d) desk", "we erase them after 24 hours", "nous les effaçons après 24 heures"),
    ("(e) rectification", "(Article 16)", "(article 16)"),
    ("(e) erasure", "(Article 17)", "(article 17)"),
    ("(e) restriction", "(Article 18)", "(article 18)"),
    ("portability", "(Article 20)", "(article 20)"),
    ("(e) objection", "(Article 21(1))", "(article 21, paragraphe 1)"),
    ("marketing", "(Article 21(2))", "(article 21, paragraphe 2)"),
    ("consent", "(Article 7(3))", "(article 7, paragraphe 3)"),
    (
        "(f) authority",
        "Commission nationale de l’informatique et des libertés",
        "Commission nationale de l’informatique et des libertés",
    ),
    (
        "(f) every authority",
        "Authority of Elsewhere, 2 Elsewhere Street, +1 555, elsewhere.example",
        "Authority of Elsewhere, 2 Elsewhere Street, +1 555, elsewhere.example",
    ),
    ("court", "(Article 79)", "(article 79)"),
    (
        "(g) source",
        "Other people or companies gave them to us.",
        "D’autres personnes ou sociétés nous les ont données.",
    ),
    (
        "(g) observed",
        "We recorded them while you used",
        "Nous les avons enregistrées pendant que vous utilisiez",
    ),
    ("(h)", "Article 15(1)(h) and Article 22", "article 15, paragraphe 1, point h), et article 22"),
    ("searched by", "camille@courriel.example", "camille@courriel.example"),
    ("system", "The shop", "The shop"),
    ("empty tables", "old orders", "old orders"),
    ("snapshot", "24 November 2026 at 23:30 (Paris time)", "24 novembre 2026 à 23:30 (heure de Paris)"),
    (
        "hidden",
        "Left out: “Protected password”, in “clients” (The shop).",
        "N’est pas communiqué : « Mot de passe protégé », dans « clients » (The shop).",
    ),
    ("redacted", "(Article 15(4) of the GDPR)", "(article 15, paragraphe 4, du RGPD)"),
    ("controller", "1 rue des Essais, 75001 Paris", "1 rue des Essais, 75001 Paris"),
    ("officer", "Ms Delegate", "Ms Delegate"),
    ("request", "1 November 2026", "1er novembre 2026"),
)


class Reading(HTMLParser):
    """What a person reads, and what a browser would fetch."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.fetched: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self._words: list[str] = []
        self._silent = False
        self.feed(page)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", "".join(self._words).replace(NO_BREAK, " "))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append(tag)
        self._silent = tag == "style"
        self.fetched += [value or "" for name, value in attrs if name in {"src", "srcset", "data", "action"}]
        self.fetched += [name for name in given if name.startswith("on")]
        self.ids += [given["id"] or ""] if "id" in given else []
        if tag == "a":
            self.links.append(given["href"] or "")
        if tag in {"td", "th", "dt", "dd", "li", "p", "h1", "h2", "h3", "h4", "br"}:
            self._words.append(" ")

    def handle_endtag(self, tag: str) -> None:
        self._silent = False

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._words.append(data)


def everything() -> ListedSource:
    return ListedSource(clients(), invoices(), visits())


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_the_whole_list_of_article_15_is_there(tmp_path: Path, language: str) -> None:
    package = await made(tmp_path, everything(), language=language)
    said = Reading(package.text("index.html")).text
    column = 1 if language == "en" else 2
    assert [line[0] for line in TICK_LIST if line[column] not in said] == []


async def test_only_what_concerns_this_person_is_said(tmp_path: Path) -> None:
    package = await made(tmp_path, ListedSource(visits()))
    said = Reading(package.text("index.html")).text
    assert "To count visits" in said
    for foreign in (
        "To prevent fraud",
        "Invoices stay",
        "Salle Froide",
        "Protected password",
        "Contact details",
    ):
        assert foreign not in said
    assert "The data in this copy are not used on that ground." in said
    assert "Nothing was left out." in said


async def test_data_that_stay_inside_are_said_to_stay_inside(tmp_path: Path) -> None:
    table = Table("clients", ("id",), [[(1,)]], recipients=("host",))
    said = Reading((await made(tmp_path, ListedSource(table))).text("index.html")).text
    assert "not transferred to a third country" in said
    assert "United States" not in said


async def test_a_recipient_nobody_described_is_not_claimed_to_be_inside(tmp_path: Path) -> None:
    table = Table("clients", ("id",), [[(1,)]], recipients=("some_broker",))
    said = Reading((await made(tmp_path, ListedSource(table))).text("index.html")).text
    assert "some broker" in said
    assert "Not recorded. Ask us" in said
    assert "do not say in which country" in said
    assert "not transferred to a third country" not in said


async def test_no_recipient_is_said_to_be_none(tmp_path: Path) -> None:
    said = Reading((await made(tmp_path, ListedSource(invoices()))).text("index.html")).text
    assert "Our records name no recipient outside our company" in said


@pytest.mark.parametrize(
    ("language", "silence"), [("en", "a person answers"), ("fr", "une personne vous répond")]
)
async def test_nothing_is_claimed_about_automated_decisions_that_the_settings_do_not_say(
    tmp_path: Path, language: str, silence: str
) -> None:
    said = Reading((await made(tmp_path, everything(), language=language)).text("index.html")).text
    assert silence in said


async def test_what_the_controller_says_about_automated_decisions_is_said(tmp_path: Path) -> None:
    said = Said(en="We make none.")
    english = await made(tmp_path, everything(), automated_decisions=said)
    assert "We make none." in Reading(english.text("index.html")).text
    french = await made(tmp_path, everything(), language="fr", automated_decisions=said)
    assert "une personne vous répond" in Reading(french.text("index.html")).text


@pytest.mark.parametrize(("language", "period"), [("en", "Twelve months."), ("fr", "Douze mois.")])
async def test_a_kind_of_data_is_kept_as_long_as_the_catalogue_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str, period: str
) -> None:
    kind = Category(
        en="Contact details", fr="Coordonnées", period_en="Twelve months", period_fr="Douze mois."
    )
    catalogue = settings().catalogue
    known = catalogue.model_copy(update={"categories": {**catalogue.categories, "contact": kind}})
    monkeypatch.setitem(settings.__globals__, "_catalogue", lambda: known)
    said = Reading((await made(tmp_path, everything(), language=language)).text("index.html")).text
    assert period in said
    assert "To serve you." not in said.partition("How long we keep")[2].partition("Where your data")[0]


@pytest.mark.parametrize("right", [Right.ACCESS, Right.PORTABILITY])
async def test_the_page_fetches_nothing_and_runs_nothing(tmp_path: Path, right: Right) -> None:
    reading = Reading((await made(tmp_path, everything(), right=right)).text("index.html"))
    assert reading.fetched == []
    assert not {"script", "link", "img", "iframe", "object", "embed", "form", "base"} & set(reading.tags)
    assert all(link.startswith(("#", "https://", "mailto:")) for link in reading.links)


async def test_every_link_inside_the_page_leads_somewhere(tmp_path: Path) -> None:
    reading = Reading((await made(tmp_path, everything())).text("index.html"))
    inside = {link[1:] for link in reading.links if link.startswith("#")}
    assert inside <= set(reading.ids)
    assert len(reading.ids) == len(set(reading.ids))
    assert inside >= {"purposes", "copy", "shop_clients"}


async def test_what_a_person_wrote_is_shown_and_not_run(tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    names = {"note": hostile, "note@fr": hostile}
    table = Table(
        hostile, ("note",), [[(hostile,), ("{{ 7*7 }}",)]], category=hostile, purpose=hostile, meanings=names
    )
    page = (await made(tmp_path, ListedSource(table, name="shop"))).text("index.html")
    reading = Reading(page)
    assert "script" not in reading.tags
    assert "img" not in reading.tags
    assert hostile in reading.text
    assert "{{ 7*7 }}" in reading.text


async def test_of_many_records_the_first_are_shown_and_the_rest_named(tmp_path: Path) -> None:
    rows = [[(f"row-{number}",) for number in range(start, start + 60)] for start in range(0, 300, 60)]
    package = await made(tmp_path, ListedSource(Table("visits", ("at",), list(rows))), language="fr")
    said = Reading(package.text("index.html")).text
    assert "row-199" in said
    assert "row-200" not in said
    assert "Les 200 premiers enregistrements sur 300" in said
    assert package.text("tables/shop_visits.csv").count("row-") == 300


async def test_a_table_with_many_columns_is_read_record_by_record(tmp_path: Path) -> None:
    columns = tuple(f"field_{number}" for number in range(9))
    wide = Table("wide", columns, [[tuple(range(9))]])
    page = (await made(tmp_path, ListedSource(wide))).text("index.html")
    assert page.count('<dl class="record">') == 1
    assert '<div class="scroll"' not in page


async def test_an_invented_company_says_so(tmp_path: Path) -> None:
    source = everything()
    assert 'class="banner"' in (await made(tmp_path, source, invented=True)).text("index.html")
    assert 'class="banner"' not in (await made(tmp_path, source)).text("index.html")


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_portability_explains_itself_and_leaves_the_access_list_out(
    tmp_path: Path, language: str
) -> None:
    package = await made(tmp_path, everything(), right=Right.PORTABILITY, language=language)
    reading = Reading(package.text("index.html"))
    assert {"rights", "search", "withheld", "copy", "files"} <= set(reading.ids)
    assert "purposes" not in reading.ids
    article = "Article 20(1)" if language == "en" else "article 20, paragraphe 1"
    assert article in package.manifest.withheld[0].replace(NO_BREAK, " ")


@pytest.mark.parametrize(
    ("language", "said_of_it"),
    [
        ("en", ("To answer your privacy requests", "a legal obligation Article 6(1)(c)", "Our privacy desk")),
        (
            "fr",
            (
                "Répondre à vos demandes",
                "une obligation légale article 6, paragraphe 1, point c)",
                "Demandes",
            ),
        ),
    ],
)
async def test_the_desks_own_records_need_no_catalogue(
    tmp_path: Path, language: str, said_of_it: tuple[str, ...]
) -> None:
    name = "demandes" if language == "fr" else "requests"
    table = Table("requests", ("ref",), [[("PR-1",)]], category="contact_with_us", purpose="rights_requests")
    package = await made(tmp_path, ListedSource(table, name="desk"), language=language)
    reading = Reading(package.text("index.html"))
    assert [words for words in said_of_it if words.lower() not in reading.text.lower()] == []
    assert f">{name}</a>" in package.text("index.html")
    assert (
        "As long as we need them for this use" not in reading.text
    )  # its periods stand in the list of the desk
