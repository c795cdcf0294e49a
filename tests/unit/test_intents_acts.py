"""An act on somebody's data that is asked after, complained of or cautioned against is asked for by nobody (GDPR 12(3))."""

from __future__ import annotations

from itertools import product

import pytest

from intents import Reader

# Of each right that acts: what is done, as it is said of whoever does it, of what it is done to, and of the doing.
ACTS_EN = {
    "erasure": (
        ("delete my data", "deleted my data", "deleting my data", "my data", "deleted"),
        ("close my account", "closed my account", "closing my account", "my account", "closed"),
        ("erase my profile", "erased my profile", "erasing my profile", "my profile", "erased"),
    ),
    "rectification": (
        ("change my address", "changed my address", "changing my address", "my address", "changed"),
        ("correct my name", "corrected my name", "correcting my name", "my name", "corrected"),
    ),
    "objection": (
        ("stop using my data", "stopped using my data", "stopping the use of my data", "my newsletter", "stopped"),
        ("take me off your list", "took me off your list", "taking me off your list", "my number", "taken off your list"),
        ("unsubscribe me", "unsubscribed me", "unsubscribing me", "my address", "unsubscribed"),
    ),
    "consent_withdrawal": (
        ("cancel my consent", "cancelled my consent", "cancelling my consent", "my consent", "withdrawn"),
        ("revoke my consent", "revoked my consent", "revoking my consent", "my consent", "revoked"),
    ),
    "restriction": (
        ("restrict my data", "restricted my data", "restricting my data", "my data", "restricted"),
        ("freeze my data", "froze my data", "freezing my data", "my data", "frozen"),
    ),
}  # fmt: skip
FRAMES_EN = (
    "did you {base}?",
    "Hello, have you {past} already?",
    "has {what} been {part}?",
    "tell me whether you {past}",
    "I would like to know if you {past}.",
    "please let me know if {what} was {part}",
    "why would you {base}??",
    "why did you {base}?",
    "why do you {base}",
    "Why was {what} {part}? I never got an explanation.",
    "Will {what} be {part} if I move to another plan?",
    "will {what} be {part} automatically?",
    "Will {what} be {part} if I object to marketing?",
    "please inform me before {doing}",
    "Please call me before you {base}.",
    "before {doing}, ask me first",
    "you {past} without asking me",
    "{what} was {part} without my permission!",
    "how dare you, you {past} without even telling me",
)
ACTS_FR = {
    "erasure": (
        ("effacez mes données", "effacé mes données", "effacer mes données", "mes données", "effacées"),
        ("supprimez mon compte", "supprimé mon compte", "supprimer mon compte", "mon compte", "supprimé"),
        ("fermez mon compte", "fermé mon compte", "fermer mon compte", "mon compte", "clôturé"),
    ),
    "rectification": (
        ("changez mon adresse", "changé mon adresse", "changer mon adresse", "mon adresse", "changée"),
        ("corrigez mon nom", "corrigé mon nom", "corriger mon nom", "mon nom", "corrigé"),
    ),
    "objection": (
        ("arrêtez la newsletter", "arrêté la newsletter", "arrêter la newsletter", "ma newsletter", "arrêtée"),
        ("me retirez de vos listes", "retiré mon nom de vos listes", "me retirer de vos listes", "mon nom", "retiré de vos listes"),
        ("me désabonnez", "désabonné mon adresse", "me désabonner", "mon adresse", "désabonnée"),
    ),
    "consent_withdrawal": (
        ("annulez mon consentement", "annulé mon consentement", "annuler mon consentement", "mon consentement", "annulé"),
        ("retirez mon consentement", "retiré mon consentement", "retirer mon consentement", "mon consentement", "retiré"),
    ),
    "restriction": (
        ("limitez mes données", "limité mes données", "limiter mes données", "mes données", "limitées"),
        ("bloquez mes données", "bloqué mes données", "bloquer mes données", "mes données", "bloquées"),
    ),
}  # fmt: skip
FRAMES_FR = (
    "avez-vous {past} ?",
    "est-ce que vous avez {past} ?",
    "est-ce que {what} a été {part} ?",
    "dites-moi si vous avez bien {past}",
    "je voudrais savoir si {what} a été {part}",
    "Bonjour, pouvez-vous me dire si vous avez {past} ?",
    "pourquoi vous {base} ??",
    "pourquoi avez-vous {past} ?",
    "pourquoi est-ce que vous avez {past} ? j'ai rien demandé",
    "est-ce que {what} sera {part} si je change d'offre ?",
    "est-ce que {what} sera {part} si je m'oppose à la publicité ?",
    "merci de me prévenir avant de {doing}",
    "Appelez-moi avant de {doing} svp",
    "avant de {doing}, demandez-moi",
    "vous avez {past} sans me demander",
    "{what} a été {part} sans mon accord !",
    "vous avez {past} sans même me prévenir, c'est scandaleux",
)
GRID = [
    (frame, right, frame.format(base=base, past=past, doing=doing, what=what, part=part))
    for acts, frames in ((ACTS_EN, FRAMES_EN), (ACTS_FR, FRAMES_FR))
    for frame, (right, said) in product(frames, acts.items())
    for base, past, doing, what, part in said
]
# What stands beside it is a wish as ever.
WISHES = {
    "Did you delete my data? If not, delete it now please.": {"erasure"},
    "Have you deleted my account? I want you to delete it today.": {"erasure"},
    "You changed my address without asking me. Please correct it: it is 4 Elm Row.": {"rectification"},
    "Please delete my account and tell me whether you deleted it.": {"erasure"},
    "Send me a copy of my data before you delete my account.": {"access", "erasure"},
    "Please tell me whether you deleted my data, and send me a copy of all my personal data.": {"access"},
    "why do you still have my data, please delete it": {"erasure"},
    "Could you delete my account please?": {"erasure"},
    "I want to know if it is possible to delete my data, if so please delete it.": {"erasure"},
    "Let me know when you have deleted my data.": {"erasure"},
    "Why haven't you deleted my account yet? Delete it now.": {"erasure"},
    "Avez-vous supprimé mes données ? Sinon, supprimez-les maintenant.": {"erasure"},
    "vous avez changé mon adresse sans me demander. Merci de corriger mon adresse : 4 rue Haute.": {
        "rectification"
    },
    "pourquoi vous m'envoyez ça ? effacez mes données": {"erasure"},
    "Merci de supprimer mon compte et de me dire si vous l'avez supprimé.": {"erasure"},
    "dites-moi si vous avez supprimé mes données et envoyez-moi une copie de mes données": {"access"},
    "Prévenez-moi quand vous aurez supprimé mes données.": {"erasure"},
}

# Somebody else's words, shown by whoever has to answer them.
SHOWN = (
    'A buyer writes to me: "please erase my account". How do I handle that in Shopify?',
    "My client sent this: « delete all my personal data ». What should I answer?",
    'One of our users wrote "I withdraw my consent, stop using my data". How should we proceed with your plugin?',
    "Un client m'écrit : « supprimez mon compte ». Comment je fais dans PrestaShop ?",
    'Une abonnée me dit "effacez toutes mes données". Que dois-je répondre ?',
)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.load()


@pytest.mark.parametrize("frame", [*FRAMES_EN, *FRAMES_FR])
def test_what_is_asked_or_told_of_an_act_opens_nothing(reader: Reader, frame: str) -> None:
    said = [(right, text) for form, right, text in GRID if form == frame]
    read = [(text, reader.read(text)) for _, text in said]
    # Who complains of what was done is answered by a person, and nothing is carried out.
    assert [t for t, found in read if found.decision == "request" and found.rights != {"complaint"}] == []


@pytest.mark.parametrize("words", WISHES)
def test_a_wish_beside_it_is_opened(reader: Reader, words: str) -> None:
    found = reader.read(words)
    assert (found.decision, found.rights) == ("request", frozenset(WISHES[words]))


@pytest.mark.parametrize("words", SHOWN)
def test_a_wish_that_is_shown_to_ask_how_it_is_met_is_not_the_writers(reader: Reader, words: str) -> None:
    assert reader.read(words).decision != "request"
