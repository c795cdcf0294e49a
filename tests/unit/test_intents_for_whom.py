"""A company that writes for one of its people, and an agency that writes for somebody, ask for nothing of their own."""

from __future__ import annotations

import pytest

from intents import Reader
from intents.wishes import FOR_OTHER


@pytest.mark.parametrize(
    "text",
    [
        "Merci d'effacer les données de notre salariée Mme Lou Fabre, qui a quitté l'entreprise.",
        "Bonjour, veuillez supprimer les données professionnelles de notre ancien collaborateur Noé Fabre.",
        "Merci de nous envoyer une copie des données personnelles de notre stagiaire Lou Fabre.",
        "Veuillez effacer le compte de l'un de nos adhérents, M. Noé Fabre.",
        "Please erase the data of our former colleague Noel Fabre.",
        "We request the deletion of all personal data. Please reply directly to lou.fabre@mail.example, on whose behalf we write.",
        "Delete all personal information you hold. Please respond directly to the consumer at lou.fabre@mail.example.",
        "Our member Lou Fabre (lou.fabre@mail.example) has authorised us to ask you for erasure of her data.",
        "We are forwarding her deletion request: please delete all personal data of lou.fabre@mail.example.",
        "I write on our client's behalf: please send a copy of the personal data that you hold.",
    ],
)
def test_who_writes_for_somebody_is_heard_to(reader: Reader, text: str) -> None:
    found = reader.read(text)
    assert FOR_OTHER in found.wishes
    assert found.decision != "none"


@pytest.mark.parametrize(
    "text",
    [
        "Please delete all my data. Please respond directly to lou@home.example.",
        "En tant que stagiaire j'avais un compte chez vous, supprimez mes données.",
        "Je suis membre depuis 2019, effacez mes données.",
        "Our customer asked us to erase her account in our own shop. Do your backups matter?",
    ],
)
def test_who_writes_for_themselves_is_heard_to(reader: Reader, text: str) -> None:
    assert FOR_OTHER not in reader.read(text).wishes
