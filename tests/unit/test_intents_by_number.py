"""Rights that are used by the numbers of their articles are all heard, and the articles of anything else are none (GDPR 15 to 21)."""

from __future__ import annotations

from itertools import product

import pytest

from intents import Reader

LISTS = {
    "en": (
        ("Art. 15, 17 and 21", {"access", "erasure", "objection"}),
        ("Articles 15 and 17", {"access", "erasure"}),
        ("Art. 15, Art. 17 and Art. 18", {"access", "erasure", "restriction"}),
        ("article 16 and article 20", {"rectification", "portability"}),
        ("art 15 & 21", {"access", "objection"}),
    ),
    "fr": (
        ("articles 15, 17 et 21", {"access", "erasure", "objection"}),
        ("articles 15 et 17", {"access", "erasure"}),
        ("art. 15, art. 17 et art. 18", {"access", "erasure", "restriction"}),
        ("article 16 et article 20", {"rectification", "portability"}),
        ("art 15 & 21", {"access", "objection"}),
    ),
}
USES = {
    "en": (
        "I exercise {list}", "I exercise {list} GDPR.", "I hereby invoke {list} of the GDPR.", "I exercise my rights under {list}.",
        "Please apply {list} GDPR to me.", "I request the application of {list} of the GDPR.", "I hereby invoke {list} of Regulation (EU) 2016/679.",
        "Hello,\nI exercise my rights under {list} of the regulation.\nRegards",
    ),
    "fr": (
        "je demande l'application des {list} du RGPD", "J'exerce mes droits au titre des {list}.", "J’invoque les {list} du RGPD.",
        "Veuillez appliquer les {list} du règlement.", "Je fais valoir les {list} du RGPD.", "Merci d'appliquer les {list} du RGPD.",
        "Bonjour,\nj'exerce les {list} du RGPD.\nCordialement",
    ),
}  # fmt: skip
TITLES = {
    "en": ("{list} GDPR", "Request under GDPR {list}", "Under {list} of the GDPR"),
    "fr": ("{list} du RGPD", "Demande au titre des {list} RGPD", "En vertu des {list} du RGPD"),
}
ONE = (
    ("I exercise Art. 17 GDPR", "erasure"),
    ("je demande l'application de l'article 15 du RGPD", "access"),
    ("j'invoque l'art. 21 du RGPD", "objection"),
    ("Article 17 GDPR", "erasure"),
    ("article 15 RGPD", "access"),
)
SIX = {"access", "rectification", "erasure", "restriction", "portability", "objection"}
FROM_TO = (
    "Je demande l'application des articles 15 à 21 du RGPD",
    "I exercise Articles 15 to 21 GDPR.",
    "I hereby exercise my rights under Art. 15-22 GDPR",
    "J'exerce mes droits au titre des articles 15 à 22 du RGPD.",
)
OTHERS = (
    "What do articles 15, 17 and 21 say?",
    "Que disent les articles 15, 17 et 21 du RGPD ?",
    "I am writing an essay on articles 15 and 17 GDPR.",
    "See articles 15 and 17 of your terms.",
    "j'exige l'application des articles 15 et 17 de vos CGV",
    "I request a refund under articles 15 and 17 of your terms of service.",
    "Je demande l'application des articles 17 et 21 du contrat.",
    "please send article 15 and article 17 of the catalogue",
    "I exercise articles 15 and 17 of the contract",
    "Do you comply with articles 15, 17 and 21 GDPR?",
    "Are you compliant with GDPR Articles 15-22?",
    "I do not exercise Art. 15, 17 or 21 GDPR.",
    "Je n'invoque pas les articles 15 et 17 du RGPD.",
    "Nous appliquons les articles 15 et 17 du code de commerce.",
    "I would like to order article 15 and article 21, size 17.",
)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.load()


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_article_of_a_list_is_heard(reader: Reader, language: str) -> None:
    grid = product(USES[language], LISTS[language])
    read = [(reader.read(form.format(list=numbers)), rights) for form, (numbers, rights) in grid]
    assert [
        (found.text, found.decision, found.rights)
        for found, rights in read
        if found.decision != "request" or found.rights != rights
    ] == []


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_list_that_nothing_leads_to_is_asked_about_with_what_it_names(
    reader: Reader, language: str
) -> None:
    grid = product(TITLES[language], LISTS[language])
    read = [(reader.read(form.format(list=numbers)), rights) for form, (numbers, rights) in grid]
    assert [
        (found.text, found.decision, found.rights) for found, rights in read if not rights <= found.rights
    ] == []


@pytest.mark.parametrize(("text", "right"), ONE)
def test_one_article_is_heard_too(reader: Reader, text: str, right: str) -> None:
    found = reader.read(text)
    assert found.decision != "none"
    assert found.rights == {right}


@pytest.mark.parametrize("text", FROM_TO)
def test_all_from_one_to_another_are_asked_about(reader: Reader, text: str) -> None:
    found = reader.read(text)
    assert found.decision == "ask"
    assert found.rights >= SIX


def test_articles_of_something_else_and_questions_about_them_use_no_right(reader: Reader) -> None:
    assert [text for text in OTHERS if reader.read(text).decision == "request"] == []
