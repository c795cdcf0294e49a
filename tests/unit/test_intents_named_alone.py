"""A right that is only named, as short people and titles do, is that right: it is opened or asked about, and never met with a menu."""

from __future__ import annotations

from itertools import product

import pytest

from intents import Reader

# By its noun and the writer's own data: said shortly, and no doubt.
OPENED = {
    "access": (
        "a copy of my data", "copy of my data", "full copy of all my personal data", "one copy of my personal information",
        "access to my data", "access to all my personal data", "copy of everything you hold about me",
        "une copie de mes données", "copie de mes données", "copie de toutes mes données personnelles",
        "copie de l'ensemble de mes données", "accès à mes données", "l’accès à mes données personnelles",
        "une copie de tout ce que vous avez sur moi",
    ),
    "erasure": (
        "deletion of my data", "erasure of all my personal data", "removal of my account and my data", "deletion of my account",
        "suppression de mes données", "effacement de mon compte client et de mes données", "suppression de mon compte",
        "la suppression définitive de toutes mes données personnelles", "demande d'effacement de mes données, article 17 du RGPD",
        "deletion of my data under Art. 17 GDPR",
    ),
    "objection": (
        "objection to marketing", "objection to direct marketing", "objection to profiling",
        "opposition au démarchage", "opposition à la prospection commerciale", "opposition à toute publicité", "opposition au profilage",
        "demande d'opposition au démarchage",
    ),
    "rectification": (
        "rectification of my address", "correction of my name", "correction of my date of birth",
        "rectification de mon adresse", "correction de mon nom", "rectification de ma date de naissance",
    ),
    "portability": ("portability of my data", "portabilité de mes données"),
    "restriction": ("restriction of the processing of my data", "limitation du traitement de mes données"),
    "consent_withdrawal": ("withdrawal of my consent", "retrait de mon consentement"),
}  # fmt: skip
# By its name alone: opened, or asked about with that right.
ASKED = {
    "access": ("right of access", "right to access", "data access request", "subject access request", "droit d'accès", "demande d'accès"),
    "erasure": (
        "data deletion", "account deletion", "deletion request", "data erasure request", "right to erasure", "right to be forgotten",
        "erasure request under art 17", "exercice du droit à l'oubli",
        "suppression de données", "demande de suppression", "demande d'effacement", "droit à l'effacement", "droit à l’oubli",
    ),
    "objection": ("right to object", "objection to processing", "droit d'opposition", "opposition au traitement"),
    "rectification": ("right to rectification", "droit de rectification", "demande de rectification"),
    "portability": ("data portability", "right to data portability", "droit à la portabilité"),
    "restriction": ("restriction of processing", "right to restriction", "limitation du traitement", "droit à la limitation"),
    "consent_withdrawal": ("withdrawal of consent", "retrait du consentement"),
}  # fmt: skip
FORMS = (
    "{}",
    "{}.",
    "{} please",
    "Hello, {}, thanks",
    "Bonjour, {} svp",
    "Request: {}",
    "Objet : {}",
    "{} ?",
)
TWO = (
    ("a copy of my data and deletion of my account", {"access", "erasure"}),
    ("copie de mes données, suppression de mon compte", {"access", "erasure"}),
    ("une copie de mes données et opposition au démarchage", {"access", "objection"}),
    ("data deletion and right of access", {"access", "erasure"}),
)
ORDINARY = (
    "copy of my invoice", "a copy of my contract", "copie de ma facture", "une copie de mon contrat", "copie de mes factures",
    "copy of my database", "copie de ma base de données", "copy of my site data", "access to my server", "accès à mon serveur",
    "access to my account", "accès à mon compte", "access to my mailbox", "suppression de mon domaine", "deletion of my domain",
    "deletion of my database", "data deletion on my server", "data deletion policy", "suppression d'un fichier",
    "correction of my DNS record", "correction de ma facture", "rectification de ma facture", "rectification of my invoice",
    "limitation de la bande passante", "restriction of access by IP", "opposition au prélèvement", "opposition bancaire",
    "opposition à la facture", "objection to the invoice", "demande de remboursement", "domain deletion request", "access request to FTP",
    "demande d'accès SSH", "droit d'accès root", "right to refund", "droit de rétractation", "withdrawal of funds", "retrait de fonds",
)  # fmt: skip


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.load()


@pytest.mark.parametrize("right", OPENED)
def test_a_right_named_with_ones_own_data_is_opened(reader: Reader, right: str) -> None:
    texts = [form.format(said) for form, said in product(FORMS, OPENED[right])]
    texts += [said.upper() for said in OPENED[right]] + [said.capitalize() for said in OPENED[right]]
    read = [(text, reader.read(text)) for text in texts]
    assert [
        (text, found.decision, found.rights)
        for text, found in read
        if found.decision != "request" or found.rights != {right}
    ] == []


@pytest.mark.parametrize("right", ASKED)
def test_a_right_named_by_its_name_alone_is_opened_or_asked_about(reader: Reader, right: str) -> None:
    texts = [form.format(said) for form, said in product(FORMS, ASKED[right])]
    read = [(text, reader.read(text)) for text in texts]
    assert [
        (text, found.decision, [i.name for i in found.intents])
        for text, found in read
        if [i.name for i in found.intents] != [right] or found.decision == "none"
    ] == []


@pytest.mark.parametrize(("text", "rights"), TWO)
def test_two_that_are_named_are_both_heard(reader: Reader, text: str, rights: set[str]) -> None:
    assert reader.read(text).rights == rights


def test_what_is_ordinary_is_no_request_however_like_a_right_it_is_called(reader: Reader) -> None:
    texts = [form.format(said) for form, said in product(FORMS, ORDINARY)]
    assert [text for text in texts if reader.read(text).decision == "request"] == []


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("delete everything please", "erasure"),
        ("Please delete everything.", "erasure"),
        ("supprimez tout", "erasure"),
        ("send me my data", "access"),
        ("I want my data", "access"),
        ("my number's changed from 0612345678 to 0655667788, can you update it?", "rectification"),
        ("je veux mes données", "access"),
        ("I want to complain: you kept sending me ads after I said no", "complaint"),
        ("I withdraw my consent for everything", "consent_withdrawal"),
    ],
)
def test_an_order_of_a_few_clear_words_opens_what_it_orders(reader: Reader, text: str, right: str) -> None:
    found = reader.read(text)
    assert (found.decision, found.rights) == ("request", frozenset({right}))


@pytest.mark.parametrize(
    "text", ["delete everything on my server", "supprimez tout sur mon VPS", "I want my database"]
)
def test_an_order_about_a_server_opens_nothing(reader: Reader, text: str) -> None:
    assert reader.read(text).decision != "request"


@pytest.mark.parametrize("text", ["supprimer", "delete", "Effacer"])
def test_a_bare_verb_of_erasing_is_asked_about(reader: Reader, text: str) -> None:
    found = reader.read(text)
    assert (found.decision, found.rights) == ("ask", frozenset({"erasure"}))
