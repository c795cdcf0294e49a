"""The line of a form under which somebody consents says what they may do, and asks for none of it (GDPR 7(3), 13(2))."""

from __future__ import annotations

from itertools import product

import pytest

from intents import Reader

LINES = {
    "en": (
        "Consent: I agree to the data protection notice and may {do} at any time",
        "[x] I understand that I can {do} at any time",
        "☑ I accept that my details are stored, and I can {do} whenever I want.",
        "I have been informed that I may {do} at any moment.",
        "I have read the privacy notice and know that I have the right to {do}.",
        "[x] I am aware that I am free to {do} at any time.",
    ),
    "fr": (
        "Consentement : j'accepte la politique de confidentialité et je peux {do} à tout moment",
        "[x] Je comprends que je peux {do} à tout moment",
        "J'ai été informée que je pourrai {do} à tout moment.",
        "J'accepte que mes données soient conservées et sais que je peux {do} quand je le souhaite.",
        "☑ Je reconnais avoir le droit de {do} à tout moment.",
    ),
}
DO = {
    "en": (
        "withdraw my consent",
        "request the erasure of my data",
        "object to the use of my data",
        "ask for a copy of my personal data",
        "have my data corrected or erased",
    ),
    "fr": (
        "retirer mon consentement",
        "demander l'effacement de mes données",
        "m'opposer à l'utilisation de mes données",
        "demander une copie de mes données",
        "faire rectifier ou effacer mes données",
    ),
}
MESSAGE: tuple[tuple[str, str, frozenset[str]], ...] = (
    ("Message: what does hosting for three sites cost?\n", "none", frozenset()),
    ("Message : combien coûte l'hébergement de trois sites ?\n", "none", frozenset()),
    ("Message: Please send me a copy of all my personal data.\n", "request", frozenset({"access"})),
    ("Message : supprimez mon compte et toutes mes données.\n", "request", frozenset({"erasure"})),
)
WISHES = (
    ("May I ask you to erase my data?", {"erasure"}),
    ("can you delete my account", {"erasure"}),
    ("You can delete my account at any time", {"erasure"}),
    ("Je peux avoir une copie de mes données ?", {"access"}),
    ("I know that I can withdraw my consent at any time, so I withdraw it now.", {"consent_withdrawal"}),
    ("I exercise my right to withdraw my consent at any time", {"consent_withdrawal"}),
    ("Je sais que je peux retirer mon consentement à tout moment et je le retire.", {"consent_withdrawal"}),
    ("J'exerce mon droit de retirer mon consentement à tout moment.", {"consent_withdrawal"}),
    ("I agree to the privacy policy and want a copy of my data", {"access"}),
    ("I know that I have the right to erasure. Please delete my data.", {"erasure"}),
    ("Je sais que j'ai le droit à l'effacement. Supprimez mes données.", {"erasure"}),
)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.load()


@pytest.mark.parametrize("language", LINES)
def test_what_one_knows_that_one_may_do_opens_nothing(reader: Reader, language: str) -> None:
    texts = [line.format(do=do) for line, do in product(LINES[language], DO[language])]
    assert [
        (text, found.rights) for text in texts if (found := reader.read(text)).decision == "request"
    ] == []


@pytest.mark.parametrize("language", LINES)
@pytest.mark.parametrize(("message", "decision", "rights"), MESSAGE)
def test_the_message_of_the_form_is_read_beside_its_line(
    reader: Reader, language: str, message: str, decision: str, rights: frozenset[str]
) -> None:
    texts = [message + line.format(do=do) for line, do in product(LINES[language], DO[language])]
    read = [(text, reader.read(text)) for text in texts]
    assert [
        (text, found.decision, found.rights)
        for text, found in read
        if found.rights != rights or (decision == "request" and found.decision != decision)
    ] == []


@pytest.mark.parametrize(("text", "rights"), WISHES)
def test_what_is_asked_or_used_is_a_wish(reader: Reader, text: str, rights: set[str]) -> None:
    assert reader.read(text).rights == rights
