"""A right that is named and not used opens nothing by itself; what only sounds alike still uses it."""

from __future__ import annotations

import time
from itertools import product

import pytest

from intents import Reader
from intents.asides import only_looks, threatens_only, without_asides, without_shown
from intents.cleaning import plain_letters
from intents.reading import Reading
from intents.wishes import FOR_OTHER


def _grid(*columns: list[str]) -> list[str]:
    """Give every message of the columns, with accents and without."""
    whole = ["".join(parts) for parts in product(*columns)]
    return list(dict.fromkeys([*whole, *map(plain_letters, whole)]))


def _wrong(reader: Reader, texts: list[str], right: str, decisions: set[str]) -> list[tuple[str, Reading]]:
    """List the messages in which the right is heard with a decision that it must not have."""
    read = [(text, reader.read(text)) for text in texts]
    return [(t, r) for t, r in read if (r.decision if right in r.rights else "none") not in decisions]


# ── 1: a wish that was never had ────────────────────────────────────────────────────────────────────

DISCLAIMED = [
    *_grid(
        ["", "Hello, "],
        [
            "I am not asking you to delete ",
            "I'm not asking you to erase ",
            "I never said you should delete ",
            "I did not say to delete ",
            "Nobody asked you to delete ",
            "I never told you to remove ",
            "It's not about deleting ",
            "This is not a request to delete ",
        ],
        ["my data", "my account"],
        [
            ". I only want my refund.",
            ", I just want to change my plan.",
            ". My server is still down.",
            " but I want my money back.",
        ],
    ),
    *_grid(
        ["", "Bonjour, "],
        [
            "je ne vous demande pas de supprimer ",
            "je n'ai jamais dit de supprimer ",
            "je n'ai jamais dit que vous deviez supprimer ",
            "il ne s'agit pas de supprimer ",
            "personne ne vous a demandé de supprimer ",
            "ce n'est pas une demande de suppression de ",
        ],
        ["mes données", "mon compte"],
        [
            ", je veux juste mon remboursement.",
            ". Je souhaite seulement être remboursé.",
            ". Mon serveur est toujours en panne.",
        ],
    ),
    "I am not asking for a copy of my data, I only want my invoice.",
    "Je ne vous demande pas une copie de mes données, je veux seulement ma facture.",
]
STILL_ERASES = [
    "I am not asking you, I am telling you: delete my data.",
    "I am not asking you to delete my data, I am demanding it.",
    "I am not only asking you to delete my data, I also want a copy.",
    "I am not asking for a favour, delete all my personal data.",
    "It is not about the newsletter, it is about deleting my account.",
    "I never said you could keep my data. Delete it.",
    "Je ne vous demande pas une faveur, supprimez toutes mes données.",
    "Je ne vous demande pas de supprimer mes données, je l'exige.",
    "Il ne s'agit pas de la newsletter : supprimez mon compte et mes données.",
    "Je n'ai jamais dit que vous pouviez garder mes données. Supprimez-les.",
]


def test_a_wish_that_was_never_had_opens_nothing(reader: Reader) -> None:
    read = [(text, reader.read(text)) for text in DISCLAIMED]
    assert [(t, r.intents) for t, r in read if r.decision != "none" and r.rights] == []


def test_what_only_sounds_like_a_disclaimed_wish_still_erases(reader: Reader) -> None:
    assert _wrong(reader, STILL_ERASES, "erasure", {"request", "ask"}) == []


# ── 2: a thing of the service ───────────────────────────────────────────────────────────────────────

THINGS = [
    *_grid(
        ["Please remove ", "Can you delete ", "Hi, kindly get rid of "],
        [
            "2FA",
            "the two-factor authentication",
            "the IP block",
            "the spam filter",
            "the filter",
            "the mail forwarding",
            "this add-on",
            "the old SSL certificate",
            "the late fee",
            "my API key",
            "the domain",
        ],
        [" from my account", " on my profile", ""],
        [".", " so I can get in.", ", I cannot log in any more."],
    ),
    *_grid(
        ["Supprimez ", "Pouvez-vous retirer ", "Merci d'enlever "],
        [
            "la double authentification",
            "la 2FA",
            "l'authentification à deux facteurs",
            "le blocage de l'IP",
            "le filtre antispam",
            "la redirection",
            "cette option de filtre",
            "les frais de retard",
            "le domaine",
        ],
        [" de mon compte", ""],
        [".", ", je ne peux plus me connecter."],
    ),
]
CARDS = _grid(
    ["Please remove ", "Supprimez ", "Can you delete "],
    ["the old card", "my old credit card", "l'ancienne carte", "ma carte bancaire", "the saved card"],
    [" from my account", " de mon compte"],
)
DATA_TOO = [
    "Remove 2FA and all my data from my account.",
    "Delete the domain and my account.",
    "Remove the IP block, then delete my account and all my personal data.",
    "Please delete the filters containing my personal data and everything you hold about me.",
    "Delete my account, I cannot get past the 2FA.",
    "Supprimez la double authentification et toutes mes données.",
    "Supprimez le domaine ainsi que mon compte.",
    "Supprimez mon compte, la double authentification m'en empêche.",
]


def test_a_thing_of_the_service_that_goes_is_no_erasure(reader: Reader) -> None:
    assert _wrong(reader, THINGS, "erasure", {"none"}) == []


def test_a_card_that_goes_is_asked_about_at_most(reader: Reader) -> None:
    assert _wrong(reader, CARDS, "erasure", {"none", "ask"}) == []


def test_data_that_go_beside_a_thing_stay_an_erasure(reader: Reader) -> None:
    assert _wrong(reader, DATA_TOO, "erasure", {"request", "ask"}) == []


# ── 3: access to personal data ──────────────────────────────────────────────────────────────────────

LOOKS = [
    *_grid(
        ["", "Bonjour,\n\n"],
        [
            "je voudrais accéder à ",
            "je souhaite avoir accès à ",
            "je veux accéder à ",
            "je demande l'accès à ",
            "j'aimerais accéder à ",
            "je souhaite consulter ",
        ],
        ["mes données personnelles", "toutes mes données à caractère personnel"],
        ["", ".\n\nCordialement,\nInès Modèle", " s'il vous plaît"],
    ),
    *_grid(
        ["", "Hello,\n\n"],
        ["I would like to access ", "I want access to ", "I request access to "],
        ["my personal data", "all my personal information"],
        ["", ".\n\nKind regards,\nIna Model"],
    ),
]
CARRIES = [
    "Je voudrais accéder à mes données personnelles dans un format lisible par machine pour changer de prestataire.",
    "Je demande la portabilité de mes données personnelles.",
    "I would like to access my personal data in a machine-readable format to take them to another provider.",
    "Please transfer my personal data to another provider.",
]


def test_access_to_personal_data_is_read_as_access(reader: Reader) -> None:
    read = [(text, reader.read(text)) for text in LOOKS]
    assert [(t, r.intents) for t, r in read if (r.decision, set(r.rights)) != ("request", {"access"})] == []


def test_data_that_are_carried_elsewhere_stay_portability(reader: Reader) -> None:
    assert _wrong(reader, CARRIES, "portability", {"request"}) == []


# ── 4: a threat in an ordinary dispute ──────────────────────────────────────────────────────────────

THREATS = [
    *_grid(
        [
            "I want my refund, ",
            "You charged me twice. Pay back my money or ",
            "My server is down for days, fix it or ",
            "The invoice is wrong, ",
        ],
        [
            "I will go to the regulator.",
            "otherwise I will complain to the authority.",
            "I will file a complaint.",
            "I'll report you to the ICO.",
        ],
    ),
    *_grid(
        [
            "J'attends mon remboursement, ",
            "Je demande le remboursement de ma facture, ",
            "Mon serveur est en panne depuis trois jours, ",
            "Vous m'avez prélevé deux fois, ",
        ],
        [
            "sinon je saisirai la CNIL.",
            "faute de quoi je porterai plainte.",
            "sinon je vais saisir les autorités.",
            "à défaut je déposerai une plainte auprès de la CNIL.",
        ],
    ),
]
COMPLAINTS = [
    "You shared my personal data with a third party, I will complain to the regulator.",
    "You charged me and sold my data, I will file a complaint with the ICO.",
    "I am filing a complaint with the CNIL about the way you handle my data.",
    "Vous avez divulgué mes données, je saisirai la CNIL.",
    "Je porte plainte auprès de la CNIL contre votre traitement de mes données.",
]


def test_a_threat_in_an_ordinary_dispute_is_asked_about_at_most(reader: Reader) -> None:
    assert _wrong(reader, THREATS, "complaint", {"none", "ask"}) == []


def test_a_threat_about_data_stays_a_complaint(reader: Reader) -> None:
    assert _wrong(reader, COMPLAINTS, "complaint", {"request"}) == []


# ── 5: oneself, in other words ──────────────────────────────────────────────────────────────────────

OWN_NAME = [
    (
        "Le soussigné, agissant en son nom propre, demande l'effacement de ses données personnelles.",
        "erasure",
    ),
    ("La soussignée, agissant en son propre nom, demande une copie de ses données personnelles.", "access"),
    ("Agissant en mon nom propre, je demande l'effacement de mes données personnelles.", "erasure"),
    ("J'agis à titre personnel et en mon nom : supprimez mon compte et mes données.", "erasure"),
    ("I am acting in my own name and ask for a copy of my personal data.", "access"),
    ("Acting in my own name, I request the deletion of my account.", "erasure"),
    ("The undersigned, acting in her own name, requests the erasure of her personal data.", "erasure"),
    ("The undersigned, acting in his own name, requests a copy of his personal data.", "access"),
]
NOBODY_ELSE = [
    "La facture doit être au nom de la société et pas à mon nom.",
    "Le contrat devrait être établi au nom de l'entreprise.",
    "The invoice should be in the name of the company, not in my name.",
    "Our client's data protection officer asks whether the data was affected.",
    "Our customer's DPO wants to know if the servers were hit.",
    "Le délégué à la protection des données de notre client demande si les données ont été touchées.",
    "Notre client nous demande si les serveurs ont été touchés.",
]
SOMEBODY_ELSE = [
    "Le soussigné, agissant au nom de Mme Blanc, demande l'effacement de ses données.",
    "The undersigned, acting on behalf of Mr Berg, requests the erasure of his data.",
    "Our client asks you to delete her personal data.",
    "Notre client demande l'effacement de ses données personnelles.",
    "Our client's lawyer asks you to erase our client's data.",
    "Our client asks whether you hold personal data about her.",
]


@pytest.mark.parametrize(
    ("text", "right"), [(t, r) for text, r in OWN_NAME for t in (text, plain_letters(text))]
)
def test_who_acts_in_their_own_name_asks_for_themselves(reader: Reader, text: str, right: str) -> None:
    read = reader.read(text)
    assert (read.decision, right in read.rights, FOR_OTHER in read.wishes) == ("request", True, False)


def test_a_name_on_paper_and_a_clients_question_are_nobody_elses_request(reader: Reader) -> None:
    read = [(text, reader.read(text)) for text in _grid(NOBODY_ELSE)]
    assert [(t, r) for t, r in read if FOR_OTHER in r.wishes or "complaint" in r.rights] == []


def test_who_acts_for_somebody_else_is_heard_still(reader: Reader) -> None:
    assert [text for text in SOMEBODY_ELSE if FOR_OTHER not in reader.read(text).wishes] == []


# ── 6: a text that is shown, and a reminder of the right to complain ────────────────────────────────

LETTERS_EN = [
    "Dear Sir, I request the erasure of all my personal data under Article 17 GDPR.",
    "Please delete my account and all my data.",
]
LETTERS_FR = [
    "Madame, Monsieur, je vous demande de supprimer toutes mes données personnelles.",
    "Veuillez effacer mon compte et mes données.",
]
REMINDERS_EN = [
    "",
    " Please remind me of my right to complain.",
    " Please also inform me about my right to lodge a complaint with a supervisory authority.",
]
REMINDERS_FR = [
    "",
    " Merci de me rappeler mon droit de réclamation auprès de la CNIL.",
    " Veuillez m'indiquer mon droit d'introduire une réclamation auprès d'une autorité de contrôle.",
]
SHOWN = [
    *(
        f'{ask} "{letter}{more}"'
        for ask in ("Is this template good?", "Can I use this letter:", "What do you think of this draft:")
        for letter in LETTERS_EN
        for more in REMINDERS_EN
    ),
    *(f"“{letter}” Would that be a good letter?" for letter in LETTERS_EN),
    *(f"{letter}\nIs this template correct?" for letter in LETTERS_EN),
    *_grid(
        [
            "Est-ce que ce modèle est correct : « ",
            "Puis-je utiliser ce modèle ? « ",
            "Ce courrier type est-il valable ? « ",
        ],
        LETTERS_FR,
        REMINDERS_FR,
        [" »"],
    ),
]
MEANT = [
    "Please delete my account and all my data. I used the template of the authority.",
    "I took this from a template: I request the erasure of all my personal data. Please confirm.",
    "Is this the right address? Please delete my account and all my data.",
    "J'ai repris un modèle : supprimez toutes mes données personnelles.",
    "Est-ce la bonne adresse ? Supprimez mon compte et mes données.",
    "Is this e-mail ok? Please delete my account.",
    "Ce message est-il bien arrivé ? Supprimez mon compte.",
]
REMINDED = [*_grid(LETTERS_EN, REMINDERS_EN[1:]), *_grid(LETTERS_FR, REMINDERS_FR[1:])]
COMPLAINS_TOO = [
    "I complain about the way you handle my data. Please remind me of my right to complain to the CNIL.",
    "Je me plains de votre traitement de mes données. Rappelez-moi mon droit de réclamation auprès de la CNIL.",
]


def test_a_text_that_is_shown_is_asked_about_at_most(reader: Reader) -> None:
    assert _wrong(reader, SHOWN, "erasure", {"none", "ask"}) == []


def test_a_text_that_is_meant_still_erases(reader: Reader) -> None:
    assert _wrong(reader, MEANT, "erasure", {"request"}) == []


def test_a_reminder_of_the_right_to_complain_adds_no_complaint(reader: Reader) -> None:
    read = [(text, reader.read(text)) for text in REMINDED]
    assert [(t, r.intents) for t, r in read if (r.decision, set(r.rights)) != ("request", {"erasure"})] == []


def test_a_complaint_beside_such_a_reminder_is_one(reader: Reader) -> None:
    assert _wrong(reader, COMPLAINS_TOO, "complaint", {"request"}) == []


# ── length ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "part",
    [
        "remove the ",
        "remove 2fa from my ",
        "remind me of my right ",
        "i am not asking for ",
        "« ",
        '"',
        "is this my template ",
        "ce modele est ",
        "je vais ",
        "i want my access ",
        "client asks whether you ",
        "invoice in ",
    ],
)
def test_the_work_grows_with_the_length_alone(part: str) -> None:
    def took(times: int) -> float:
        text = part * times
        spoken = {str(at): text[at : at + 600] for at in range(0, len(text), 600)}
        began = time.process_time()
        without_asides(spoken)
        without_shown({**spoken, "asks": "is this template good?"})
        threatens_only(list(spoken.values()))
        only_looks(list(spoken.values()))
        return time.process_time() - began

    took(10)
    assert took(4000) < 40 * max(took(400), 0.002)


_INTRODUCED = {
    "en": (
        "I am Kurt Ashdown, phone 07700 900321.",
        "Kurt Ashdown, tel. 07700 900321.",
        "My name is Kurt Ashdown, my phone is 07700 900321.",
        "This is Kurt Ashdown (mobile: +44 7700 900321).",
        "Kurt Ashdown here, phone number 07700 900321.",
        "My addresses are kurt@home.example and k.ashdown@work.example.",
        "My two e-mail addresses: kurt@home.example, k.ashdown@work.example and kurt@old.example.",
    ),
    "fr": (
        "Je suis Luc Maret, téléphone 06 12 34 56 78.",
        "Je m'appelle Luc Maret, mon téléphone est le 06 12 34 56 78.",
        "Luc Maret (tél. 06 12 34 56 78).",
        "Je suis Luc Maret, portable : +33 6 12 34 56 78.",
        "Mes adresses sont luc@maison.example et l.maret@travail.example.",
        "Mes deux adresses e-mail : luc@maison.example, l.maret@travail.example.",
        "Mes adresses mail sont luc@maison.example, l.maret@travail.example et luc@vieux.example.",
    ),
}
_ASKED_BESIDE = {
    "en": {"access": "Please send me a copy of my data.", "erasure": "Please delete my account.", "objection": "Please stop the ads."},
    "fr": {"access": "Envoyez-moi une copie de mes données.", "erasure": "Supprimez mon compte.", "objection": "Arrêtez la pub."},
}  # fmt: skip


@pytest.mark.parametrize("language", ["en", "fr"])
def test_who_introduces_themselves_corrects_nothing(reader: Reader, language: str) -> None:
    for said in _INTRODUCED[language]:
        for right, asked in _ASKED_BESIDE[language].items():
            for text in (f"{said} {asked}", f"{asked} {said}"):
                found = reader.read(text)
                assert found.decision != "none", text
                assert found.rights == {right}, text


@pytest.mark.parametrize(
    "text",
    [
        "I am Kurt Ashdown, please correct my phone to 07700 900321 and send me a copy of my data",
        "I am Kurt Ashdown, my new phone is 07700 900321. Please send me a copy of my data",
        "I am Kurt Ashdown. My phone number is 07700 900321, not 07700 900322.",
        "Je suis Luc Maret, mon téléphone a changé, c'est le 06 12 34 56 78, corrigez-le.",
        "My e-mail addresses are kurt@home.example and k.ashdown@work.example, please correct the first.",
        "Corrigez mon e-mail. Mes adresses sont luc@maison.example et l.maret@travail.example.",
    ],
)
def test_a_number_that_is_put_right_by_who_introduces_themselves_is_corrected(
    reader: Reader, text: str
) -> None:
    assert "rectification" in reader.read(text).rights


@pytest.mark.parametrize(
    "text",
    [
        "Ma lettre est-elle bonne : « supprimez mes données » ? Et corrigez vos « fichues » données : mon nom est Anna.",
        "Is my letter right: “erase my data”? And correct your “funny” data: my name is Anna.",
        "I am Kurt Ashdown, phone 07700 900321, please send me a copy of my data",
        "Please delete my account (I reserve all my rights) and my data.",
        "Supprimez     toutes  mes   données  personnelles.",
    ],
)
def test_the_sentence_that_is_shown_has_no_two_spaces_where_something_was_left_out(
    reader: Reader, text: str
) -> None:
    found = reader.read(text).sentence
    assert found
    assert "  " not in found
