"""A note that its writer is away is told from what a person answers, by its words alone: its header may say nothing."""

from __future__ import annotations

import time
import timeit
from itertools import product

import pytest

from intents import Reader
from intents.awaiting import says_away

AWAY = {
    "en": (
        "I am out of the office until Monday",
        "I'm out of office until 12 December",
        "I am currently on annual leave until the 12th",
        "I will be away from 3 to 12 December and will answer after my return",
        "Thank you for your email. I am on holiday until Monday",
        "I am travelling and have limited access to my e-mail",
        "Our office is closed until 2 January",
        "Out of office: back on Monday",
        "Hi, I am OOO until Monday",
        "Thanks for your message, I'm out until Monday",
    ),
    "fr": (
        "Je suis absent jusqu'au 12",
        "Je suis actuellement absente du bureau jusqu’au 12 décembre",
        "Je suis en congés du 3 au 12 décembre inclus",
        "Je serai en déplacement jusqu'à lundi avec un accès limité à ma messagerie",
        "Bonjour, je suis en vacances jusqu'au 12 décembre",
        "Notre bureau est fermé jusqu'au 2 janvier",
        "Absent du bureau jusqu'à lundi",
        "Absent(e) jusqu'au 12 décembre",
        "Je ne suis pas au bureau jusqu'au 12",
        "Actuellement en déplacement, je ne consulte mes mails qu'occasionnellement",
        "Nos bureaux sont fermés jusqu'au 2 janvier",
        "Merci pour votre mail, je suis en RTT aujourd'hui",
        "Bonjour, votre message a bien été reçu. Je suis en vacances jusqu'au 12",
        "Merci pour votre message. Je suis absente jusqu'au 12",
    ),
}
MORE = {
    "en": (
        "",
        "For urgent matters contact my colleague Ann Lee at ann@firm.example.",
        "In urgent cases please call our hotline on 020 7946 0999.",
        "If your request is urgent, please write to team@firm.example.\nI will reply when I am back.",
        "I will have no access to my e-mails. Your message will not be forwarded.",
        "This is an automatic reply.",
    ),
    "fr": (
        "",
        "Pour toute urgence, merci de contacter ma collègue Anne Leduc à l'adresse anne@firme.example.",
        "En cas d'urgence, vous pouvez appeler le 01 23 45 67 89.",
        "Je vous répondrai dès mon retour.",
        "Je n'aurai pas accès à ma messagerie. Votre message ne sera pas transféré.",
        "Ceci est une réponse automatique.",
    ),
}
AROUND = {
    "en": ("{0}.\n{1}", "Hello,\n\n{0}. {1}\n\nKind regards,\nJane Doe\nHead of Sales", "Dear sender,\n{0}.\n{1}\nJane Doe"),
    "fr": ("{0}.\n{1}", "Bonjour,\n\n{0}. {1}\n\nCordialement,\nJeanne Martin\nDirectrice", "Madame, Monsieur,\n{0}.\n{1}\nJeanne Martin"),
}  # fmt: skip
ANSWERS = (
    "I am away until Monday, can you send the link again then?",
    "I am out of the office until Monday. The link does not work.",
    "I am on holiday until the 12th. Please delete my account.",
    "I am away until Monday but yes, it was me.",
    "I am out of office until Monday, please stop your newsletters.",
    "I'm away until Monday. I live in Leeds now.",
    "I am on leave. My client number is 10042.",
    "I'm away. Please write to me at jane@home.example.",
    "I confirm.",
    "Yes",
    "It is me, Juhan.",
    "Client number 1017, since 2019.",
    "Thank you for your message.",
    "Please contact my colleague Ann.",
    "Je suis absent jusqu'au 12, renvoyez le lien ensuite.",
    "Je suis en vacances. Supprimez mon compte.",
    "Je suis absente jusqu'au 12 mais oui, c'est bien moi.",
    "Je suis en congés, je n'ai rien reçu.",
    "Je suis absent. Mon numéro client est le 10042.",
    "Je suis absent jusqu'à lundi. J'habite maintenant à Lyon.",
    "Merci pour votre message.",
    "Oui",
    "Je suis Juhan.",
    "Je suis en colère.",
    "I am out of patience.",
    "",
)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.load()


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_note_is_told_by_its_words_and_uses_no_right(reader: Reader, language: str) -> None:
    notes = [form.format(*said) for form, *said in product(AROUND[language], AWAY[language], MORE[language])]
    assert [note for note in notes if not says_away(note)] == []
    assert [note for note in notes if reader.read(note).decision == "request"] == []


@pytest.mark.parametrize("text", ANSWERS)
def test_what_a_person_answers_or_asks_is_no_note(text: str) -> None:
    assert not says_away(text)


@pytest.mark.parametrize(
    "piece", ["i am away ", "for urgent ", "thank you for your ", "Je suis absent. ", "in "]
)
def test_the_work_grows_with_the_length_alone(piece: str) -> None:
    def seconds(times: int) -> float:
        text = (piece * times)[:2_990]
        return min(timeit.repeat(lambda: says_away(text), timer=time.process_time, number=3, repeat=3))

    seconds(1)
    assert seconds(2_000) < 0.2
