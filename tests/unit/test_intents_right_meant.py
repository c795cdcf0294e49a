"""The right that was meant: not one beside it, none of all where a detail is named, none where nothing is asked."""

from __future__ import annotations

import pytest

from intents import Reader
from intents.narrowing import without_details

OPENED = {
    # What is held is named, with what it is in brackets, and is to go.
    "I want the data you hold on me (my landline, my birthday, the taped calls) to be erased.": {"erasure"},
    "je demande que les informations que vous détenez sur moi (mail, appels) soient effacées": {"erasure"},
    # The noun points back to the data.
    "first a copy of my data, then their destruction please": {"access", "erasure"},
    "Je souhaite une copie de mes données et ensuite leur destruction.": {"access", "erasure"},
    # Not to be held any longer.
    "We no longer wish our data to be stored.": {"erasure"},
    "I do not want you to hold my personal data any longer": {"erasure"},
    "nous ne souhaitons plus que vous conserviez nos données": {"erasure"},
    "que mes coordonnées ne soient plus dans votre base": {"erasure"},
    "how did you get my number and I would like you to delete it from your database": {"access", "erasure"},
    "d'où vous avez mon adresse, et je veux que vous l effaciez de votre base": {"access", "erasure"},
    # By their articles, with what is wrong in brackets.
    "I exercise my rights under Art. 15, Art. 18 and Art. 16 (my street is 8 Oak Lane, not 6 Oak Lane).": {
        "access", "restriction", "rectification",
    },
    "J'exerce mes droits : art. 15 RGPD, art. 18 et art. 16 (c'est le 8 rue Haute, pas le 6).": {
        "access", "restriction", "rectification",
    },
    "Surtout n'effacez pas mon dossier, mais ne vous en servez plus": {"restriction"},
    "Please do not delete my data, but do not use them any more either.": {"restriction"},
    "do not use my data for anything but my bills": {"restriction"},
}  # fmt: skip
LIMITED = (
    "Please do not erase my whole account, just my photo.",
    "don't close my account, only my date of birth",
    "ne supprimez pas mon profil, seulement ma photo",
    "je ne veux pas que vous effaciez tout, juste mon adresse",
    "que mon adresse ne figure plus dans votre base",
    "I want my phone number to no longer be stored.",
)
NOTHING = (
    # Statements, irony, orders of an authority.
    "oh so you will keep my data forever? great",
    "et donc vous gardez mes données à vie ? génial",
    "My data should not be stored for longer than necessary.",
    "je ne veux pas que mes données soient conservées plus longtemps que nécessaire",
    "Preservation request: the police department asks you to keep the account data of this user.",
    "Suite à une réquisition, merci de conserver ces données.",
    # How requests are met.
    (
        "We have some questions about how you process correction requests. What must I send so that you verify and correct my data?"
        " I am not making a request at this time."
    ),
    (
        "Quelques questions sur votre procédure de rectification. Que dois-je envoyer pour corriger mes données ?"
        " Je ne fais aucune demande pour l'instant."
    ),
)
PERSON = (
    "passez-moi un conseiller",
    "passe moi quelqu un",
    "stop le robot, passez moi un humain",
    "put me through to somebody",
    "get me a real person",
)
MARKETING = (
    "I do not want calls from your sales team any more",
    "your salespeople must stop calling me",
    "Sortez-moi de toutes vos listes",
    "RETIREZ MOI DE VOTRE LISTE",
    "je ne veux plus être appelée par vos vendeurs",
)
REVIEWED = (
    "I want a human to review your refusal",
    "please have somebody reconsider this decision, the computer rejected me",
    "a robot declined my application, I want a person to look at the decision",
    "je demande qu'une personne réexamine ce refus",
    "c'est une machine qui a décidé, je veux qu'un humain regarde la décision",
    "un ordinateur a refusé mon dossier, je veux une intervention humaine sur cette décision",
)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.load()


@pytest.mark.parametrize("words", OPENED)
def test_the_right_that_is_meant_is_opened(reader: Reader, words: str) -> None:
    found = reader.read(words)
    assert (found.decision, found.rights) == ("request", frozenset(OPENED[words]))


@pytest.mark.parametrize("words", LIMITED)
def test_a_detail_is_asked_about_and_never_all_of_it(reader: Reader, words: str) -> None:
    found = reader.read(words)
    assert found.decision == "ask"
    assert without_details([words]) is not None


@pytest.mark.parametrize("words", NOTHING)
def test_what_asks_for_nothing_opens_nothing_and_denies_no_erasure(reader: Reader, words: str) -> None:
    found = reader.read(words)
    assert (found.decision != "request", "dont" in found.wishes) == (True, False)


@pytest.mark.parametrize("words", PERSON)
def test_a_person_is_asked_for(reader: Reader, words: str) -> None:
    assert "human" in {intent.name for intent in reader.read(words).intents}


@pytest.mark.parametrize("words", MARKETING)
def test_an_end_of_marketing_names_its_use(reader: Reader, words: str) -> None:
    found = reader.read(words)
    assert (found.decision, found.details.get("marketing")) == ("request", True)


@pytest.mark.parametrize("words", REVIEWED)
def test_a_decision_of_a_machine_is_to_be_looked_at_by_a_person(reader: Reader, words: str) -> None:
    found = reader.read(words)
    assert (found.decision, found.rights, found.details.get("purpose")) == (
        "request",
        frozenset({"objection"}),
        ["automated_decision"],
    )
