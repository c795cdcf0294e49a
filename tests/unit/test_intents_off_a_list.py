"""Papers that are to be destroyed are an erasure, a number that is to leave a list of calls an end of marketing and no correction (GDPR 17, 21(3))."""

from __future__ import annotations

from itertools import product

import pytest

from intents import Reader

DESTROY = {
    "en": ("Please destroy {what}.", "shred {what} please", "Kindly dispose of {what}.", "You did not hire me, so please destroy {what}."),
    "fr": ("Merci de détruire {what}.", "Veuillez broyer {what}", "Détruisez {what} svp.", "Vous ne m'avez pas embauché, merci de détruire {what}."),
}  # fmt: skip
PAPERS = {
    "en": ("my CV", "my resume", "my application documents", "my application file", "my CV and my cover letter", "my CV and all notes about me"),
    "fr": ("mon CV", "mon dossier de candidature", "mon dossier", "mon CV et ma lettre de motivation", "mon CV et les notes d'entretien"),
}  # fmt: skip
DELETED = (
    "Please remove my CV from your talent pool",
    "Delete my CV and all your notes.",
    "erase my resume from your system",
    "Merci d'effacer mon CV de votre base",
    "Supprimez mon CV et ma lettre de motivation de vos fichiers",
    "Retirez mon CV de votre vivier.",
)
OF_THE_SERVICE = (
    "delete my CV page from my website",
    "Destroy my VPS",
    "How do I shred my disk before I return the server?",
    "destroy my application on the server",
    "Supprimez mon CV de mon site",
    "Je retire ma candidature.",
    "I withdraw my application",
    "Please do not delete my CV",
    "Ne supprimez pas mon CV",
)
OFF = {
    "en": ("Please remove {mine} from {list}.", "take {mine} off {list}", "I want you to delete {mine} from {list}"),
    "fr": ("Merci de retirer {mine} de {list}.", "Enlevez {mine} de {list}", "Veuillez supprimer {mine} de {list}"),
}  # fmt: skip
MINE = {
    "en": ("my number", "my phone number 07700 900123", "my mobile +44 7700 900123", "my e-mail address", "my contact details"),
    "fr": ("mon numéro", "mon numéro 06 12 34 56 78", "mon téléphone +33 6 12 34 56 78", "mon adresse mail", "mes coordonnées"),
}  # fmt: skip
LIST = {
    "en": ("your call list", "your marketing list", "your telemarketing database", "all your sales lists", "your mailing list"),
    "fr": ("vos listes de prospection", "votre liste d'appels", "vos fichiers de démarchage", "votre fichier de prospection", "votre liste de diffusion"),
}  # fmt: skip
DETAILS = (
    "remove my number from my account",
    "Supprimez mon numéro de téléphone de mon compte",
    "remove my phone number from your files",
    "Supprimez mon numéro de vos fichiers",
)
TEMPLATE = (
    ("I request that you erase all personal data concerning me.", "Je vous demande d'effacer toutes les données me concernant."),
    ("If I have consented to the processing, I hereby withdraw that consent.", "Si j'ai consenti au traitement, je retire par la présente ce consentement."),
    (
        "Where you rely on legitimate interests, I object to the processing pursuant to Article 21 GDPR.",
        "To the extent that the processing is based on your legitimate interest, I hereby object to it.",
        "I also object, under Art. 21, to any further processing.",
        "Pour autant que vous invoquiez un intérêt légitime, je m'oppose au traitement, article 21 du RGPD.",
        "Je m'y oppose également au titre de l'article 21.",
    ),
)  # fmt: skip
NO_OBJECTION = (
    "Please erase my data. You may not rely on legitimate interests.",
    "Erase all my data. I do not object to you keeping invoices for the tax office.",
    "Please delete my account. I object to your invoice.",
    "Effacez mes données. Vous n'avez aucun intérêt légitime à les garder.",
)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.load()


@pytest.mark.parametrize("language", DESTROY)
def test_papers_to_be_destroyed_are_an_erasure(reader: Reader, language: str) -> None:
    texts = [form.format(what=what) for form, what in product(DESTROY[language], PAPERS[language])]
    read = [(text, reader.read(text)) for text in [*texts, *DELETED]]
    assert [
        (text, found.decision, found.rights)
        for text, found in read
        if (found.decision, set(found.rights)) != ("request", {"erasure"})
    ] == []


@pytest.mark.parametrize("text", OF_THE_SERVICE)
def test_what_is_destroyed_of_the_service_is_no_erasure(reader: Reader, text: str) -> None:
    assert reader.read(text).decision != "request"


@pytest.mark.parametrize("language", OFF)
def test_a_number_off_a_list_is_an_end_of_marketing_and_nothing_else(reader: Reader, language: str) -> None:
    grid = product(OFF[language], MINE[language], LIST[language])
    texts = [form.format(mine=mine, list=of) for form, mine, of in grid]
    read = [(text, reader.read(text)) for text in texts]
    assert [
        (text, found.decision, found.rights, found.details)
        for text, found in read
        if (found.decision, set(found.rights)) != ("request", {"objection"}) or not found.details["marketing"]
    ] == []


@pytest.mark.parametrize("text", DETAILS)
def test_a_number_off_an_account_is_asked_about_still(reader: Reader, text: str) -> None:
    found = reader.read(text)
    assert (found.decision, set(found.rights)) == ("ask", {"rectification", "erasure"})


def test_an_objection_by_its_article_is_hidden_by_no_other_wish(reader: Reader) -> None:
    erase, withdraw, object_to = TEMPLATE
    read = [" ".join(parts) for parts in product(erase, withdraw, object_to)]
    assert [
        text
        for text in read
        if not reader.read(text).rights >= {"erasure", "consent_withdrawal", "objection"}
    ] == []


@pytest.mark.parametrize("text", NO_OBJECTION)
def test_a_ground_that_is_only_named_is_no_objection(reader: Reader, text: str) -> None:
    assert reader.read(text).rights == {"erasure"}
