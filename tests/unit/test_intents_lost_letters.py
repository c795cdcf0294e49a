"""Where a mailer lost an accented letter and left U+FFFD, the word is heard all the same; what is taken from the text is not guessed."""

from __future__ import annotations

import re

import pytest

from intents import REQUEST, Reader
from intents.examples import examples
from intents.tables import in_plain

LOST = "\ufffd"
FEWEST_ALIKE = 0.97


def test_french_without_its_accented_e_is_read_alike(reader: Reader) -> None:
    texts = [each.text for each in examples() if each.language == "fr" and re.search("[éèêë]", each.text)][
        ::3
    ]
    alike = 0
    for text in texts:
        before, after = reader.read(text), reader.read(re.sub("[éèêë]", LOST, text))
        alike += (before.decision, before.rights) == (after.decision, after.rights)
    assert len(texts) > 200
    assert alike >= FEWEST_ALIKE * len(texts)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("je veux exercer mon droit d'acc\ufffds", "access"),
        ("je veux exercer mon droit d'acc\ufffd\ufffds", "access"),  # one for each byte
        ("supprim\ufffd toutes mes donn\ufffdes", "erasure"),
    ],
)
def test_the_right_is_heard(reader: Reader, text: str, right: str) -> None:
    reading = reader.read(text)
    assert (reading.decision, set(reading.rights)) == (REQUEST, {right})


def test_no_letter_is_guessed_in_what_becomes_data(reader: Reader) -> None:
    reading = reader.read("Corrigez mon pr\ufffdnom : ce n'est pas Andre mais Andr\ufffd.")
    assert "Andr\ufffd" in repr(reading.details).replace("\\ufffd", "\ufffd")
    assert "Andrée" not in repr(reading.details)


def test_a_sign_beside_no_letter_stays_what_it_is() -> None:
    assert in_plain("bonjour \ufffd 3 \ufffd!") == "bonjour \ufffd 3 \ufffd!"
    assert in_plain("acc\ufffds, \ufffdtats, pay\ufffd!") == "acces, etats, paye!"
