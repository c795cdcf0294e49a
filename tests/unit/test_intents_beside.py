"""What is asked of support beside a right is heard; what a right is about, or why it is used, is not."""

from __future__ import annotations

import random
from itertools import product

import pytest

from intents import Reader, for_support
from intents.examples import examples, variants

OF_SUPPORT = {
    "en": [
        "My VPS has been down for 3 hours.",
        "My server keeps rebooting since last night.",
        "The VPS restarts every hour.",
        "My site is stuck in a loop.",
        "We lost the connection to our database.",
        "VPS down 3 h, urgent!",
        "My website is offline since this morning.",
        "My database is very slow since Monday.",
        "The mailbox does not receive mail any more, error 503.",
        "I was charged twice in March.",
        "Please renew my domain, it expires tonight.",
        "Can you send the invoice again?",
        "Please refund 48 €.",
        "How do I reset my password?",
        "Could you restore yesterday's backup?",
        "When will my server be reachable again?",
        "I need help with my DNS.",
        "Please migrate my site to the new server.",
    ],
    "fr": [
        "Mon site est en panne depuis ce matin, urgent !",
        "Mon serveur redémarre sans cesse depuis hier soir.",
        "Mon site rame depuis lundi.",
        "Mon VPS plante tout le temps.",
        "La connexion est instable.",
        "Le VPS ne répond plus depuis 3 h.",
        "Ma base de données est très lente depuis lundi.",
        "Le mot de passe ne fonctionne plus.",
        "J’ai été prélevé deux fois en mars.",
        "Merci de renouveler mon domaine, il expire ce soir.",
        "Pouvez-vous renvoyer la facture de mars ?",
        "Merci de me rembourser 48 €.",
        "Comment réinitialiser mon mot de passe ?",
        "Pouvez-vous restaurer la sauvegarde d’hier ?",
        "Pourquoi mon hébergement est-il suspendu ?",
        "J’ai un problème avec mon serveur.",
        "Il faut migrer le site vers le nouveau serveur.",
    ],
}
RIGHTS = {
    "en": [
        "Please stop the newsletter.",
        "Send me a copy of all my personal data.",
        "Delete my account and all my data.",
        "My surname is spelled Brand, please correct it.",
    ],
    "fr": [
        "Je ne veux plus recevoir vos publicités.",
        "Envoyez-moi une copie de toutes mes données personnelles.",
        "Supprimez mon compte et toutes mes données.",
        "Mon nom s’écrit Brand, merci de le corriger.",
    ],
}
BETWEEN = {"en": [" ", "\n\nBy the way: ", " Also, "], "fr": [" ", "\n\nPar ailleurs : ", " Et aussi, "]}
ONLY_RIGHTS = [
    "Delete my domain data.",
    "Please send me copies of my invoices.",
    "Erase my login and my password.",
    "Delete my account, I forgot my password and can't log in.",
    "Send me all invoices and tickets that you hold about me.",
    "The name on my invoices is wrong, please correct it.",
    "Stop sending me e-mails about domains and hosting.",
    "Please remove my data from your backups too.",
    "I want an export of my database records about me to move to another provider.",
    "I object to the use of my payment history for marketing.",
    "You leaked my password; I complain about it.",
    "Supprimez les données de mon domaine.",
    "Envoyez-moi une copie de mes factures.",
    "Effacez mon identifiant et mon mot de passe.",
    "Fermez mon compte, j’ai oublié mon mot de passe.",
    "Le nom sur mes factures est faux, merci de le corriger.",
    "Ne m’envoyez plus d’offres d’hébergement.",
    "Supprimez-moi aussi de vos sauvegardes.",
    "Je m’oppose à l’utilisation de mes paiements pour la prospection.",
]
# Of the examples of rights these do ask or report something else too.
MIXED = ("slow since", "est lent", "en panne", "injoignable", "let it expire", "invoice", "change plan")


@pytest.mark.parametrize("language", ["en", "fr"])
def test_what_support_is_asked_is_heard_before_and_after_any_right(language: str) -> None:
    grid = product(OF_SUPPORT[language], RIGHTS[language], BETWEEN[language])
    unheard = [
        text
        for asked, right, between in grid
        for text in (f"{asked}{between}{right}", f"{right}{between}{asked}")
        if for_support(text) is None
    ]
    assert unheard == []


@pytest.mark.parametrize("language", ["en", "fr"])
def test_it_is_heard_in_one_sentence_with_a_right(language: str) -> None:
    wishes = {
        "en": ["Please refund 48 €, then delete my data.", "Renew my domain and send me a copy of my data."],
        "fr": [
            "Remboursez-moi 48 € puis supprimez mes données.",
            "Renvoyez-moi la facture et supprimez mon compte.",
        ],
    }
    assert [text for text in wishes[language] if for_support(text) is None] == []


def test_the_object_of_a_right_or_its_reason_is_nothing_for_support() -> None:
    rights = [*ONLY_RIGHTS, *RIGHTS["en"], *RIGHTS["fr"]]
    assert {text: heard for text in rights if (heard := for_support(text))} == {}


def test_no_example_of_a_right_alone_is_heard_as_something_for_support(reader: Reader) -> None:
    choose = random.Random(7)
    heard = {
        text: clause
        for example in examples()
        if example.labels
        for text in variants(example.text, choose, 4)
        if (clause := for_support(text)) and reader.read(text).decision == "request"
    }
    assert {t: c for t, c in heard.items() if not any(word in c for word in MIXED)} == {}
