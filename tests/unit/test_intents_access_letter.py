"""A letter that names the right of access is access, whatever it says of portability beside it (GDPR 15, 20)."""

from __future__ import annotations

from itertools import product

import pytest

from intents import Reader

OPENS = {
    "en": (
        "I am requesting access under Art. 15 GDPR.",
        "This is a subject access request pursuant to Article 15 of the General Data Protection Regulation.",
        "I hereby exercise my right of access according to Article 15 GDPR.",
        "I request access to all personal data that you process about me (Art. 15 GDPR).",
    ),
    "fr": (
        "Je vous demande l'accès à mes données au titre de l'article 15 du RGPD.",
        "J'exerce mon droit d'accès, conformément à l'article 15 du RGPD.",
        "La présente est une demande d'accès en application de l'article 15 du RGPD.",
        "En vertu de l’article 15 du règlement, je souhaite avoir accès aux données que vous détenez sur moi.",
    ),
}
ASKS = {
    "en": (
        "Please confirm the purposes, the categories, the recipients, the storage period, the source and automated decisions.",
        (
            "Tell me:\n1. the purposes of the processing;\n2. the recipients;\n3. the period of storage;\n4. the source;\n"
            "5. the existence of the right to request rectification, erasure or restriction, or to object;\n6. any profiling."
        ),
    ),
    "fr": (
        "Merci de confirmer les finalités, les catégories, les destinataires, la durée, la source et les décisions automatisées.",
        (
            "Indiquez-moi :\n1. les finalités du traitement ;\n2. les destinataires ;\n3. la durée de conservation ;\n4. la source ;\n"
            "5. l'existence du droit de demander la rectification, l'effacement ou la limitation, ou de s'opposer ;\n6. un profilage éventuel."
        ),
    ),
}
PORTABLE = {
    "en": (
        "If my request includes portability, send the data in a machine-readable format.",
        "To the extent Art. 20 GDPR applies, please provide the data in a structured, commonly used and machine-readable format.",
        "In so far as the data fall under Article 20, I want them in JSON or CSV.",
    ),
    "fr": (
        "Si ma demande comprend la portabilité, envoyez les données dans un format lisible par machine.",
        "Dans la mesure où l'article 20 s'applique, merci de fournir les données dans un format structuré, couramment utilisé et lisible par machine.",
        "Pour autant que l'article 20 du RGPD soit applicable, je les souhaite en JSON ou CSV.",
    ),
}
TAIL = {
    "en": ("", "If you do not answer within one month, I reserve the right to lodge a complaint.\n\nYours, Jane"),
    "fr": ("", "Sans réponse dans le délai d'un mois, je me réserve le droit de saisir la CNIL.\n\nCordialement, Jeanne"),
}  # fmt: skip
ONLY_PORTABLE = (
    "I want my data under Article 20 GDPR in a machine-readable format.",
    "I want my data transferred to another provider under Art. 20.",
    "I do not want access under Art. 15, only portability under Art. 20: send the data to me in JSON.",
    "Under Art. 20 GDPR please send me my data in CSV. This is not an access request.",
    "Je ne demande pas l'accès (article 15), seulement la portabilité de mes données (article 20).",
    "Je veux mes données dans un format lisible par machine pour y avoir accès ailleurs.",
    "Please transfer my personal data to the new provider, they need access to it by Friday.",
)
OF_RIGHTS = (
    "I'd like to make a subject access request. Please also tell me about my rights to have my data corrected or erased.",
    "Je souhaite une copie de mes données personnelles. Merci de m'informer également de mes droits à la rectification et à l'effacement.",
    "Please send me a copy of my personal data under Art. 15 GDPR and inform me of my rights under Art. 16, 17 and 21 GDPR.",
    "Envoyez-moi une copie de mes données (article 15 du RGPD) et rappelez-moi mes droits au titre des articles 16, 17 et 21 du RGPD.",
    (
        "I request access to my personal data under Article 15 GDPR, and information about the existence of the right to request"
        " rectification or erasure of personal data or restriction of processing, or to object to such processing."
    ),
    "Please send me a copy of my personal data, and inform me of my rights to rectification, erasure and restriction.",
    (
        "Je demande l'accès à mes données personnelles et l'information sur l'existence du droit de demander la rectification ou"
        " l'effacement de données, ou une limitation du traitement, ou du droit de s'opposer à ce traitement."
    ),
    "Envoyez-moi une copie de mes données personnelles et informez-moi de mes droits de rectification, d'effacement et d'opposition.",
)
BESIDE = (
    (
        "Under Article 15 GDPR I want to know the recipients and the purposes. I also object to profiling.",
        "objection",
    ),
    ("This is a subject access request. Please erase my data once I have the copy.", "erasure"),
    (
        "Access request (Art. 15): purposes; categories; recipients; source. Also erase my data afterwards.",
        "erasure",
    ),
    (
        "Je veux connaître les finalités et les destinataires (article 15 du RGPD). Arrêtez aussi vos publicités.",
        "objection",
    ),
    (
        "La présente est une demande d'accès au titre de l'article 15. Supprimez ensuite mes données.",
        "erasure",
    ),
)
AND_ERASED = (
    "Send me a copy of my data, inform me of my right to erasure and delete my account.",
    "Envoyez-moi une copie de mes données, informez-moi de mon droit à l'effacement et supprimez mon compte.",
)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.load()


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_letter_that_names_access_is_access_and_nothing_is_erased_by_it(
    reader: Reader, language: str
) -> None:
    letters = product(OPENS[language], ASKS[language], PORTABLE[language], TAIL[language], ("\n\n", " "))
    read = [reader.read(between.join(filter(None, parts))) for *parts, between in letters]
    assert [
        (found.text, found.decision, found.rights)
        for found in read
        if found.decision != "request"
        or "access" not in found.rights
        or not found.rights <= {"access", "portability"}
    ] == []


@pytest.mark.parametrize("language", ["en", "fr"])
def test_what_access_consists_of_is_access_by_itself(reader: Reader, language: str) -> None:
    read = [reader.read(f"{asks} {how}") for asks, how in product(ASKS[language], PORTABLE[language])]
    assert [(found.text, found.rights) for found in read if "access" not in found.rights] == []


def test_portability_alone_stays_alone(reader: Reader) -> None:
    read = [(text, reader.read(text)) for text in ONLY_PORTABLE]
    assert [(text, found.rights) for text, found in read if found.rights != {"portability"}] == []


def test_who_asks_to_be_told_of_rights_uses_none_of_them(reader: Reader) -> None:
    read = [(text, reader.read(text)) for text in OF_RIGHTS]
    assert [
        (text, found.rights) for text, found in read if not found.rights <= {"access", "portability"}
    ] == []
    assert all(found.decision == "request" for _, found in read)


def test_a_wish_behind_such_words_is_heard(reader: Reader) -> None:
    read = [(text, reader.read(text)) for text in AND_ERASED]
    assert [(text, found.rights) for text, found in read if not {"access", "erasure"} <= found.rights] == []


@pytest.mark.parametrize(("text", "right"), BESIDE)
def test_another_right_beside_it_does_not_hide_access(reader: Reader, text: str, right: str) -> None:
    found = reader.read(text)
    assert found.decision == "request"
    assert found.rights >= {"access", right}
