"""How data are carried to another provider is a question about the product; that they be carried there is portability (GDPR 20)."""

from __future__ import annotations

from itertools import product

import pytest

from intents import Reader

HOW = {
    "en": (
        "How can I {do} {what} to another host?",
        "how do I {do} {what} to another provider",
        "How to {do} {what} to a new hosting company",
        "Is there a way to {do} {what} to another provider?",
        "What is the best way to {do} {what} to a different host?",
        "Is it possible to {do} {what} to another provider?",
        "Can I {do} {what} to another hosting provider?",
        "Hello, I would like to know how to {do} {what} to another host. Thanks",
        "Where can I {do} {what} to my new provider?",
    ),
    "fr": (
        "comment {do} {what} chez un autre hébergeur",
        "Comment puis-je {do} {what} vers un autre prestataire ?",
        "Est-il possible de {do} {what} vers un nouvel hébergeur ?",
        "Quel est le moyen le plus simple de {do} {what} vers un autre hébergeur ?",
        "Puis-je {do} {what} chez un autre hébergeur ?",
        "Bonjour, je voudrais savoir comment {do} {what} chez un autre fournisseur. Merci",
        "Où puis-je {do} {what} pour changer d'hébergeur ?",
        "Existe-t-il un moyen de {do} {what} vers un autre hébergeur ?",
    ),
}
DO = {
    "en": ("export", "move", "transfer", "migrate"),
    "fr": ("migrer", "transférer", "déplacer", "récupérer"),
}
WHAT = {
    "en": ("my data", "my site", "all my files", "my database"),
    "fr": ("mes données", "mon site", "tous mes fichiers", "ma base de données"),
}
SHORT = (
    "export my data to another provider",
    "Exporting my data to another host",
    "exporter mes données chez un autre prestataire",
    "Export de mes données vers un autre hébergeur",
)
REQUESTS = (
    "I want my data transferred to another provider under Art. 20",
    "Please transfer my data to another provider",
    "Please send my personal data to my new provider in a machine-readable format",
    "Can you transfer my data to another provider?",
    "Could you please export my data to my new provider?",
    "How can I export my data to another host? Please send me all my personal data in JSON under Article 20.",
    "Je veux que mes données soient transférées à un autre prestataire, article 20 du RGPD",
    "merci de transférer mes données personnelles à mon nouveau prestataire",
    "Pouvez-vous transférer mes données à un autre prestataire ?",
    "Comment puis-je récupérer mes données personnelles pour les transmettre à un autre prestataire (RGPD) ?",
)
BESIDE = (
    ("How can I export my data to another host? And delete my account please.", "erasure"),
    ("Comment exporter mes données chez un autre hébergeur ? Et arrêtez vos publicités.", "objection"),
)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.load()


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_question_how_opens_nothing(reader: Reader, language: str) -> None:
    grid = product(HOW[language], DO[language], WHAT[language])
    texts = [form.format(do=do, what=what) for form, do, what in grid]
    assert [text for text in [*texts, *SHORT] if reader.read(text).decision == "request"] == []


def test_that_data_be_carried_is_a_request(reader: Reader) -> None:
    read = [(text, reader.read(text)) for text in REQUESTS]
    assert [(text, found.decision, found.rights) for text, found in read if found.decision != "request"] == []
    assert all("portability" in found.rights for _, found in read)


def test_what_is_asked_beside_a_question_how_is_opened(reader: Reader) -> None:
    read = [(text, reader.read(text), right) for text, right in BESIDE]
    assert [
        (text, found.decision)
        for text, found, right in read
        if right not in found.rights or found.decision != "request"
    ] == []
