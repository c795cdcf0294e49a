"""What a footer tells whom a mail was not meant for asks for nothing, whatever its language, and hides nothing beside it."""

from __future__ import annotations

from typing import Final

import pytest

from intents import Reader
from intents.cleaning import plain_letters

FOOTERS: Final = {
    "en": [
        "If you are not the intended recipient, please delete this message and all data it contains.",
        "If you have received this email in error, please notify the sender and delete this message and all personal data.",
        "Should you have received this e-mail by mistake, kindly inform us. Please delete the message and all data in it.",
        "If this message was sent to you by mistake, delete it together with all personal data.",
    ],
    "fr": [
        "Si vous n'êtes pas le destinataire, merci de supprimer ce message et toutes les données personnelles qu'il contient.",
        "Si vous avez reçu ce message par erreur, merci d'en avertir l'expéditeur et de le supprimer avec toutes les données.",
        "Si ce courriel ne vous est pas destiné, effacez-le avec toutes les données personnelles.",
    ],
    "de": [
        "Falls Sie nicht der Adressat sind, löschen Sie bitte diese Nachricht und alle darin enthaltenen personenbezogenen Daten.",
        "Wenn Sie diese E-Mail irrtümlich erhalten haben, informieren Sie bitte den Absender und löschen Sie alle Daten.",
        "Sollten Sie nicht der vorgesehene Empfänger sein, löschen Sie bitte diese E-Mail und alle Daten.",
    ],
    "es": [
        "Si no es usted el destinatario, elimine este mensaje y todos los datos personales que contiene.",
        "Si ha recibido este correo por error, avise al remitente y borre el mensaje y todos los datos.",
    ],
    "it": [
        "Se non siete il destinatario, eliminate questo messaggio e tutti i dati personali.",
        "Qualora abbia ricevuto questa e-mail per errore, La preghiamo di cancellarla con tutti i dati.",
    ],
    "nl": [
        "Indien u niet de geadresseerde bent, gelieve dit bericht en alle gegevens te verwijderen.",
        "Heeft u deze e-mail per ongeluk ontvangen, verwijder dan het bericht en alle persoonsgegevens.",
    ],
    "pt": [
        "Se não for o destinatário, elimine esta mensagem e todos os dados pessoais.",
        "Caso tenha recebido este e-mail por engano, apague-o e todos os dados.",
    ],
    "et": [
        "Kui te ei ole adressaat, palun kustutage see kiri ja kõik andmed.",
        "Kui olete saanud selle kirja ekslikult, palun teavitage saatjat ja kustutage kiri koos kõigi andmetega.",
        "Kui kiri ei ole teile mõeldud, kustutage see e-kiri ja kõik isikuandmed.",
    ],
    "ru": [
        "Если вы не являетесь адресатом, удалите это письмо и все персональные данные.",
        "Если вы получили это сообщение по ошибке, сообщите отправителю и удалите письмо и все данные.",
    ],
    "pl": [
        "Jeśli nie są Państwo adresatem, prosimy usunąć tę wiadomość i wszystkie dane.",
        "Jeżeli otrzymali Państwo tę wiadomość omyłkowo, prosimy o powiadomienie nadawcy i usunięcie wiadomości oraz danych.",
    ],
}
ALL: Final = [footer for footers in FOOTERS.values() for footer in footers]
BESIDE: Final = ("", "Hello, why is invoice 2031 twelve euros higher than the last one?\n\n")
OWN: Final = [
    "If you are not the right recipient of this message, please forward it, and delete my data.",
    "If you received my details by mistake, please delete all my personal data.",
    "Si vous n'êtes pas le destinataire de ce message, transmettez-le ; supprimez toutes mes données.",
    "Falls Sie nicht der Empfänger dieser Nachricht sind, leiten Sie sie weiter und löschen Sie alle meine Daten.",
    "Kui te ei ole selle kirja adressaat, edastage see ja kustutage kõik minu andmed.",
]


@pytest.mark.parametrize("footer", ALL)
def test_a_footer_for_whom_a_mail_reached_by_mistake_opens_nothing(reader: Reader, footer: str) -> None:
    texts = [f"{beside}{each}" for beside in BESIDE for each in (footer, plain_letters(footer))]
    read = [(text, reader.read(text)) for text in texts]
    assert [(text, found.decision, found.rights) for text, found in read if found.decision != "none"] == []


@pytest.mark.parametrize("footer", ALL)
def test_what_is_asked_above_such_a_footer_is_heard(reader: Reader, footer: str) -> None:
    found = reader.read(f"Please send me a copy of all my personal data.\n\n{footer}")
    assert (found.decision, found.rights <= {"access", "portability"}) == ("request", True)


@pytest.mark.parametrize("text", OWN)
def test_who_speaks_of_their_own_under_such_a_condition_is_heard(reader: Reader, text: str) -> None:
    assert "erasure" in reader.read(text).rights
