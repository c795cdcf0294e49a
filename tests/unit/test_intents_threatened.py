"""A complaint that is only threatened or reserved opens none, whatever is asked beside it."""

from __future__ import annotations

from itertools import product

import pytest

from intents import Reader

ASKED = {
    "access": {
        "en": "I request a copy of all my personal data under Article 15 GDPR.",
        "fr": "Je demande une copie de toutes mes données personnelles.",
    },
    "erasure": {"en": "Please delete all my personal data.", "fr": "Merci de supprimer toutes mes données."},
    "objection": {
        "en": "I object to the use of my data for marketing.",
        "fr": "Je m'oppose à l'utilisation de mes données à des fins de prospection.",
    },
}
THREATS = {
    "en": [
        "Should you fail to answer in time, I will complain to the Data Protection Inspectorate.",
        "Otherwise I will lodge a complaint.",
        "If you do not reply within a month I will lodge a complaint with the supervisory authority.",
        "If I do not hear from you by Friday, I shall file a complaint with the ICO.",
        "I will complain to the ICO if you do not answer.",
        "Failing that, I will complain to the regulator.",
        "Unless you reply within a month I will complain to the authority.",
        "Without an answer I will be lodging a complaint with the CNIL.",
        "If you fail to comply, I will have to report you to the data protection authority.",
        "Failing a reply, I reserve the right to lodge a complaint.",
        "I reserve the right to complain to the ICO.",
        "In the absence of a reply within one month, I will contact the data protection authority.",
        "or else I'll complain to the dpc",
        "In case of refusal I will file a complaint with the supervisory authority.",
        "I file a complaint with the ICO if you still do not reply.",
        "If you keep silent until Monday I am going to the regulator.",
        "Without a reply from you I am reporting this to the DPC.",
        "If my request is not answered in time, I intend to lodge a complaint with the authority.",
    ],
    "fr": [
        "si vous ne me répondez pas sous un mois je saisirai la CNIL",
        "À défaut, je saisirai la CNIL.",
        "Sans réponse de votre part, je porterai plainte auprès de la CNIL.",
        "Faute de réponse dans le délai d'un mois, je me verrai contraint de saisir la CNIL.",
        "Sinon je déposerai une plainte à la CNIL.",
        "À défaut de réponse sous un mois, je me réserve le droit de saisir la CNIL.",
        "En l'absence de réponse, je saisirai la CNIL d'une réclamation.",
        "Je saisirai la CNIL si vous ne répondez pas.",
        "En cas de refus, je porterai plainte.",
        "Passé ce délai, je saisirai la CNIL.",
        "Si je n'ai pas de réponse d'ici un mois, j'adresserai une réclamation à la CNIL.",
        "Je n'hésiterai pas à saisir la CNIL en cas de non-réponse.",
        "faute de quoi je porterai plainte à la CNIL",
        "Dans le cas contraire, je saisirais la CNIL.",
        "Je saisis la CNIL si je n'ai rien lundi.",
        "si d'ici vendredi rien ne bouge je porte plainte auprès de la CNIL",
        "Faute de retour sous huitaine, je dépose une plainte à la CNIL.",
    ],
}


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_complaint_that_is_only_threatened_opens_none(reader: Reader, language: str) -> None:
    assert [text for text in THREATS[language] if reader.read(text).decision == "request"] == []
    pairs = [(ASKED[right][language], right, text) for right, text in product(ASKED, THREATS[language])]
    read = [(text, right, reader.read(f"{asked} {text}")) for asked, right, text in pairs]
    assert [
        (t, r.rights) for t, right, r in read if (r.decision, set(r.rights)) != ("request", {right})
    ] == []


@pytest.mark.parametrize(
    "text",
    [
        "I complain to the authority about how you handle my data.",
        "I have complained to the CNIL about you.",
        "Je porte plainte auprès de la CNIL.",
        "Sans réponse depuis deux mois, je saisis la CNIL.",
        "Deux mois sans réponse de votre part : je dépose plainte à la CNIL.",
        "I complain about the way you treat my data. If you do not answer I go to court.",
        "If you think you can ignore me you are wrong: I have complained to the ICO.",
    ],
)
def test_a_complaint_that_is_made_is_one(reader: Reader, text: str) -> None:
    found = reader.read(text)
    assert (found.decision, "complaint" in found.rights) == ("request", True)


OBJECTED = {
    "en": "I object to the use of my personal data for direct marketing (Article 21(2) GDPR).",
    "fr": "Je m'oppose à l'utilisation de mes données à des fins de prospection (article 21 du RGPD).",
}
LED_TO = {
    "en": [
        "Let me know beforehand should this objection entail the closure of my account.",
        "Please warn me if it leads to my profile being removed.",
        "If stopping the advertising means deleting my account, ask me first.",
        "I want to hear in advance whether the objection results in the erasure of my data.",
    ],
    "fr": [
        "Prévenez-moi si cette opposition conduit à la fermeture de mon compte.",
        "Dites-moi avant si cela entraîne l'effacement de mes données.",
        "Au cas où cela impliquerait la suppression de mon profil, avertissez-moi d'abord.",
    ],
}


@pytest.mark.parametrize("language", ["en", "fr"])
def test_what_an_objection_may_lead_to_is_not_asked_for(reader: Reader, language: str) -> None:
    for beside in LED_TO[language]:
        for text in (f"{OBJECTED[language]} {beside}", f"{OBJECTED[language]}\n\n{beside}\n\nOda Lindqvist"):
            found = reader.read(text)
            assert (found.decision, found.rights) == ("request", frozenset({"objection"})), text


WHETHER_DONE = {
    "en": [
        "I also want to know whether you have safely erased my data from disks that were taken out of use.",
        "Tell me, too, if my data have ever been deleted and how you have destroyed them.",
    ],
    "fr": [
        "Je veux aussi savoir si vous avez bien effacé mes données de vos anciens disques.",
        "Indiquez-moi également si mes données ont été supprimées de manière sûre.",
    ],
}


@pytest.mark.parametrize("language", ["en", "fr"])
def test_whether_something_was_erased_before_is_asked_and_nothing_is_to_be(
    reader: Reader, language: str
) -> None:
    for beside in WHETHER_DONE[language]:
        for threat in ("", *THREATS[language]):
            text = f"{ASKED['access'][language]} {beside} {threat}"
            found = reader.read(text)
            assert (found.decision, found.rights) == ("request", frozenset({"access"})), text


@pytest.mark.parametrize(
    "text",
    [
        "Have you deleted my data? Do it now.",
        "Please delete my data and tell me whether you have deleted them from backups.",
    ],
)
def test_who_wants_it_erased_now_is_heard(reader: Reader, text: str) -> None:
    assert "erasure" in reader.read(text).rights
