"""What tells a reader of their rights uses none: the privacy notice below an ordinary mail, the name of a button in somebody's own shop."""

from __future__ import annotations

from itertools import product
from typing import Final

import pytest

from intents import Reader
from intents.cleaning import plain_letters

ORDINARY: Final = {
    "en": "The transfer of our domain has been stuck since Tuesday.",
    "fr": "Le virement de notre avoir AV-31 n'est toujours pas arrivé.",
}
NOTICES: Final = [
    "You have the right to access, correct or delete your data; write to privacy@havre.example.",
    "Under the GDPR you have the right of access, rectification, erasure, restriction, portability and objection.",
    "To exercise these rights, please contact our DPO at privacy@havre.example.",
    "You may at any time withdraw your consent or object to the use of your data.",
    "Your rights (access, erasure, objection): privacy@havre.example",
    "We process your personal data as our privacy policy says. You also have the right to lodge a complaint with a supervisory authority.",
    "Customers are entitled to request erasure of their data. These rights can be exercised by e-mail.",
    "For any request about your personal data: privacy@havre.example",
    "To unsubscribe click here.",
    "If you no longer wish to receive our e-mails, reply STOP.",
    "Conformément au RGPD, vous disposez d'un droit d'accès, de rectification et d'effacement de vos données : dpo@havre.example",
    "Pour exercer vos droits (accès, effacement, opposition) : dpo@havre.example",
    "Conformément à la loi « Informatique et Libertés », vous bénéficiez d'un droit d'accès et de suppression des informations qui vous concernent.",
    "Vous pouvez à tout moment retirer votre consentement ou demander la suppression de vos données en écrivant à dpo@havre.example.",
    "Vous pouvez également, pour des motifs légitimes, vous opposer au traitement des données vous concernant.",
    "Toute personne dispose d'un droit d'opposition et d'effacement. Ces droits s'exercent auprès de notre délégué.",
    "Vos droits : accès, rectification, effacement, portabilité. Contact : dpo@havre.example",
    "Les informations recueillies font l'objet d'un traitement destiné à la gestion de nos clients.",
    "Pour toute demande relative à vos données personnelles, écrivez à dpo@havre.example.",
]
WISHES: Final = [
    ("Please delete all my personal data.", "erasure"),
    ("Merci d'effacer toutes mes données.", "erasure"),
    ("I request a copy of all the data you hold about me.", "access"),
]


@pytest.mark.parametrize("notice", NOTICES)
def test_a_notice_below_an_ordinary_mail_uses_no_right(reader: Reader, notice: str) -> None:
    for said, form in product(ORDINARY.values(), ("{}\n\n{}", "{}\n\nRegards\nHavre Ltd\n{}", "{} {}")):
        text = form.format(said, notice)
        for each in (text, plain_letters(text)):
            assert reader.read(each).decision == "none", each


@pytest.mark.parametrize("notice", NOTICES)
def test_a_notice_hides_nothing_that_is_asked_above_it(reader: Reader, notice: str) -> None:
    for wish, right in WISHES:
        reading = reader.read(f"{wish}\n\n{notice}")
        assert (reading.decision, reading.rights) == ("request", frozenset({right})), (wish, notice)


@pytest.mark.parametrize(
    "text",
    [
        "You can delete my account now.",
        "Vous pouvez supprimer mon compte.",
        "You have the right to keep my invoices; delete the rest of my data.",
        "Pour exercer mes droits, j'écris ici : effacez mes données.",
        "Vous disposez d'un mois pour répondre. Je demande l'effacement de mes données.",
        "To exercise my rights I write to you: erase my data.",
    ],
)
def test_who_speaks_of_their_own_is_heard(reader: Reader, text: str) -> None:
    assert reader.read(text).decision in {"request", "ask"}
    assert reader.read(text).intents


@pytest.mark.parametrize(
    "text",
    [
        "Sur notre boutique en ligne, le bouton « supprimer mes données » ne s'affiche plus.",
        "Le lien de désinscription ne marche pas pour les abonnés de notre site.",
        "Le bandeau de refus des cookies a disparu de mon site WordPress.",
        'On my own website the "delete my account" button has vanished since the update.',
        "The consent banner of our shop is empty on phones.",
    ],
)
def test_a_button_of_the_writers_own_shop_is_supports(reader: Reader, text: str) -> None:
    assert reader.read(text).decision == "none"


@pytest.mark.parametrize(
    "text",
    [
        "Le bouton « retirer mon consentement » ne s'affiche pas dans mon espace client.",
        'I clicked on "Delete my account" and nothing happens.',
        'Our site is gone too. I used your form "delete my data": delete my data please.',
    ],
)
def test_a_button_of_ours_that_fails_is_still_a_wish(reader: Reader, text: str) -> None:
    assert reader.read(text).decision != "none"
