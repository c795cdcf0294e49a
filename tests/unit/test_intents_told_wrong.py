"""What somebody tells to be wrong in what is held about them is a correction, whatever it is and in whatever word (GDPR 16)."""

from __future__ import annotations

from itertools import product

import pytest

from intents import Reader

WHAT = {
    "en": ("My postal address", "my first name", "My mobile number", "my e-mail address", "My date of birth", "my personal data"),
    "fr": ("Mon adresse postale", "mon prénom", "Mon numéro de portable", "mon adresse mail", "Ma date de naissance", "mes coordonnées"),
}  # fmt: skip
WHERE = {
    "en": ("", " in your records", " on my account"),
    "fr": ("", " dans votre système", " sur mon compte"),
}
WRONG = {
    "en": ("is wrong", "is incorrect", "is not right", "is still out of date", "is no longer correct"),
    "fr": ("est faux", "est fausse", "sont fausses", "est incorrecte", "n'est pas la bonne", "est toujours périmée", "n'est plus à jour"),
}  # fmt: skip
FORMS = {
    "en": ("{what}{where} {wrong}.", "Hello, {what} {wrong}{where}"),
    "fr": ("{what}{where} {wrong}.", "Bonjour, {what} {wrong}{where}"),
}
HELD = (
    "The data you hold about me are wrong.",
    "The information that you have about me is out of date",
    "the e-mail address in your database is wrong",
    "the date of birth you have for me is incorrect",
    "Les données que vous détenez sur moi sont fausses.",
    "les informations que vous avez sur moi ne sont plus à jour",
    "l’adresse dans votre base est fausse",
    "le numéro que vous avez pour moi est faux",
    "Mon nom est mal orthographié dans vos dossiers",
    "My surname is misspelt in your files",
)
BESIDE = (
    ("My address is wrong. Please send me a copy of all my data.", {"rectification", "access"}),
    ("Mon adresse est fausse. Envoyez-moi une copie de toutes mes données.", {"rectification", "access"}),
    ("Mes données sont fausses, effacez-les toutes", {"erasure"}),
    ("Mes données sont fausses, merci de limiter leur traitement", {"restriction"}),
    ("My data is wrong, please restrict its processing until you have checked", {"restriction"}),
)
NOT_MINE = (
    "Mon adresse IP est fausse",
    "l'adresse DNS de mon serveur est fausse",
    "Mon mot de passe est faux",
    "Le montant de ma facture est faux",
    "mon certificat est périmé",
    "The IP address of my server is wrong",
    "my password is wrong",
    "the amount on my invoice is incorrect",
    "Si mon adresse est fausse, que se passe-t-il ?",
)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.load()


@pytest.mark.parametrize("language", FORMS)
def test_what_is_told_to_be_wrong_is_a_correction(reader: Reader, language: str) -> None:
    grid = product(FORMS[language], WHAT[language], WHERE[language], WRONG[language])
    texts = [form.format(what=what, where=where, wrong=wrong) for form, what, where, wrong in grid]
    read = [(text, reader.read(text)) for text in [*texts, *HELD]]
    assert [
        (text, found.decision, found.rights)
        for text, found in read
        if (found.decision, set(found.rights)) != ("request", {"rectification"})
    ] == []


@pytest.mark.parametrize(("text", "rights"), BESIDE)
def test_what_is_asked_beside_it_is_read(reader: Reader, text: str, rights: set[str]) -> None:
    found = reader.read(text)
    assert (found.decision, set(found.rights)) == ("request", rights)


@pytest.mark.parametrize("text", NOT_MINE)
def test_what_is_wrong_elsewhere_corrects_nothing(reader: Reader, text: str) -> None:
    assert reader.read(text).decision != "request"
