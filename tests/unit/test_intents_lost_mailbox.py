"""That somebody lost a mailbox is a fact about how they can be reached, and corrects nothing until they say what to put there (GDPR 16)."""

from __future__ import annotations

from itertools import product

import pytest

from intents import Reader

LOST = {
    "en": (
        "I can't remember my email address",
        "I don't remember which address I used",
        "I no longer have access to my old address",
        "I don't have access to my old e-mail address anymore",
        "I can't open my old mailbox any more",
        "I cannot read the e-mails sent to my old address",
        "I lost access to my old email",
        "I have lost the password of my old mailbox",
        "I'm unable to log in to my old inbox",
        "i dont have acces to my old email",
    ),
    "fr": (
        "je ne me souviens plus de mon adresse mail",
        "je ne sais plus quelle adresse j'ai utilisée",
        "je n'ai plus accès à mon ancienne adresse",
        "Je n’ai plus accès à mon ancienne adresse e-mail",
        "j'ai plus accès à mon ancienne boîte mail",
        "je ne peux plus lire les mails de mon ancienne adresse",
        "Je n'arrive plus à me connecter à mon ancienne messagerie",
        "je ne consulte plus mon ancienne adresse",
        "j'ai perdu l'accès à mon ancien courriel",
        "j'ai perdu le mot de passe de mon ancienne boîte mail",
        "je n ai plus acces a mon ancienne adresse mail",
    ),
}
DEAD = {
    "en": (
        "my old e-mail address no longer works",
        "my old mailbox was closed",
        "I don't use my old address anymore",
        "my old email does not exist any more",
    ),
    "fr": (
        "mon ancienne adresse mail ne fonctionne plus",
        "mon ancienne adresse n'existe plus",
        "mon ancienne boîte mail a été fermée",
        "je n'utilise plus mon ancienne adresse",
    ),
}
FORMS = {
    "en": ("{lost}", "Hello,\n{lost}.\nRegards", "Hi. {lost}, thanks."),
    "fr": ("{lost}", "Bonjour,\n{lost}.\nCordialement", "Bonjour. {lost}, merci."),
}
BESIDE = {
    "en": (
        ("{lost}. Please delete my account and all my data.", "erasure"),
        ("Please send me a copy of all my personal data. {lost}.", "access"),
        ("Please stop sending me marketing e-mails, {lost}.", "objection"),
        ("Delete my account please because {lost}.", "erasure"),
    ),
    "fr": (
        ("{lost}. Merci de supprimer mon compte et toutes mes données.", "erasure"),
        ("Je voudrais une copie de toutes mes données personnelles. {lost}.", "access"),
        ("Arrêtez de m'envoyer vos publicités, {lost}.", "objection"),
        ("Supprimez mon compte svp car {lost}.", "erasure"),
    ),
}
CORRECTIONS = (
    "please replace my old address by jane@example.org",
    "Merci de remplacer mon ancienne adresse par jeanne@exemple.fr",
    "je n'ai plus accès à mon ancienne adresse, merci de la remplacer par jeanne@exemple.fr",
    "I no longer have access to my old address, please change it to jane@example.org",
    "I no longer have access to my old address jane@old.example, my new one is jane@new.example",
    "je n'ai plus accès à mon ancienne adresse ancien@exemple.fr, la nouvelle est jeanne@exemple.fr",
    "I lost access to my old e-mail: please update my e-mail address to jane@example.org",
    "mon ancienne adresse mail ne fonctionne plus, mettez jeanne@exemple.fr à la place",
)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.load()


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_lost_mailbox_asks_for_nothing(reader: Reader, language: str) -> None:
    texts = [form.format(lost=lost) for form, lost in product(FORMS[language], LOST[language])]
    read = [(text, reader.read(text)) for text in texts]
    assert [(text, found.decision, found.rights) for text, found in read if found.decision != "none"] == []


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_mailbox_that_is_gone_opens_nothing(reader: Reader, language: str) -> None:
    texts = [form.format(lost=lost) for form, lost in product(FORMS[language], DEAD[language])]
    assert [text for text in texts if reader.read(text).decision == "request"] == []


@pytest.mark.parametrize("language", ["en", "fr"])
def test_what_is_asked_beside_it_is_opened_alone(reader: Reader, language: str) -> None:
    grid = product(BESIDE[language], [*LOST[language], *DEAD[language]])
    read = [(reader.read(form.format(lost=lost)), right) for (form, right), lost in grid]
    assert [
        (found.text, found.decision, found.rights)
        for found, right in read
        if found.decision != "request" or found.rights != {right}
    ] == []


def test_what_is_to_stand_there_instead_is_a_correction(reader: Reader) -> None:
    read = [(text, reader.read(text)) for text in CORRECTIONS]
    assert [(text, found.rights) for text, found in read if found.rights != {"rectification"}] == []


def test_an_address_where_nobody_lives_any_more_is_no_mailbox(reader: Reader) -> None:
    for text in ("Je n'habite plus à mon ancienne adresse.", "I no longer live at my old address."):
        assert reader.read(text).rights == {"rectification"}
