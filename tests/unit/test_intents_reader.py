"""The reader as others use it: its API, its decisions, and that no input makes it fail."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intents import CONVERSATIONAL, RIGHTS, Reader, cli_classify
from intents.cleaning import legible, normalise, own_words, sentences, unwrapped

REPLIES = Path(__file__).parents[2] / "assistant" / "replies"


@pytest.mark.parametrize(
    ("text", "language", "right"),
    [
        ("Please delete my account and everything you know about me", "en", "erasure"),
        ("Merci d'effacer toutes mes données personnelles", "fr", "erasure"),
        ("What data do you hold about me?", "en", "access"),
        ("Quelles données avez-vous sur moi ?", "fr", "access"),
        ("My surname is wrong in your records, please correct it", "en", "rectification"),
        ("J'ai déménagé, merci de changer mon adresse", "fr", "rectification"),
        ("Unsubscribe me from your newsletter", "en", "objection"),
        ("Arrêtez de m'envoyer de la publicité", "fr", "objection"),
        ("I withdraw my consent", "en", "consent_withdrawal"),
        ("Je retire mon consentement", "fr", "consent_withdrawal"),
        ("Bitte löschen Sie alle meine Daten", "de", "erasure"),
    ],
)
def test_a_plain_wish_opens_a_request(reader: Reader, text: str, language: str, right: str) -> None:
    reading = reader.read(text)
    assert (reading.decision, reading.language) == ("request", language)
    assert right in {intent.name for intent in reading.intents}
    assert reading.sentence


@pytest.mark.parametrize(
    "text",
    [
        "yes",
        "oui",
        "non",
        "no",
        "ok",
        "merci",
        "hello",
        "bonjour",
        "48213377",
        "anna@mail.example",
        "10042",
        "C-10042",
    ],
)
def test_a_short_reply_in_a_conversation_is_no_request(reader: Reader, text: str) -> None:
    assert reader.read(text).decision == "none"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("where is my request?", "request_status"),
        ("où en est ma demande ?", "request_status"),
        ("never mind, I no longer want it", "cancel_request"),
        ("Never mind.", "cancel_request"),
        ("laissez tomber, je n'en veux plus", "cancel_request"),
        ("let me talk to someone", "human"),
        ("je veux parler à un conseiller", "human"),
    ],
)
def test_talk_about_a_request_is_understood(reader: Reader, text: str, name: str) -> None:
    reading = reader.read(text)
    assert name in {intent.name for intent in reading.intents}
    assert reading.decision != "request"


def test_two_wishes_are_two_intents(reader: Reader) -> None:
    reading = reader.read("Send me a copy of my data, then delete everything")
    assert {"access", "erasure"} <= {intent.name for intent in reading.intents}


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n\t ",
        "🙂🙂",
        "https://shop.example/path?q=1",
        "\u200b\u200d\ufeff",
        "\ud800 lone surrogate",
        "\x00\x01",
        "<" * 5000,
        "<div" * 3000,
        base64.b64encode(bytes(range(256)) * 40).decode(),
        "<html><script>delete my data</script></html>",
        "مرحبا كيف حالك",
        "a" * 1_000_000,
        "please help me with my server. " * 32_000,
        "-" * 100_000,
        "\n" * 100_000,
        "@" * 100_000,
    ],
)
def test_strange_input_is_read_as_nothing(reader: Reader, text: str) -> None:
    reading = reader.read(text)
    assert reading.text == text
    assert reading.decision in {"none", "ask"}
    json.dumps(reading.details)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=400))
def test_no_text_raises(text: str) -> None:
    assert _shared().read(text).decision in {"request", "ask", "none"}


_READERS: list[Reader] = []


def _shared() -> Reader:
    if not _READERS:
        _READERS.append(Reader.load())
    return _READERS[0]


@pytest.mark.parametrize(
    "text", ["dеlеtе аll mу dаtа", "de\u200blete all my da\u200bta", "<p>delete <b>all my data</b></p>"]
)
def test_disguised_letters_are_seen_through(reader: Reader, text: str) -> None:
    assert "erasure" in {intent.name for intent in reader.read(text).intents}


def test_quoted_text_and_signature_do_not_count(reader: Reader) -> None:
    mail = "Thanks, that worked.\n\nOn 3 May, Jo wrote:\n> please delete all my data\n\n-- \nErase me Ltd"
    assert own_words(mail).strip() == "Thanks, that worked."
    assert reader.read(mail).decision == "none"


def test_our_own_reply_quoted_word_for_word_opens_nothing(reader: Reader) -> None:
    texts = [path.read_text(encoding="utf-8") for path in sorted(REPLIES.glob("*/*.txt"))]
    assert texts
    assert [text[:60] for text in texts if reader.read(text, quoted=[text]).decision != "none"] == []


def test_what_a_person_adds_to_a_quoted_reply_still_counts(reader: Reader) -> None:
    ours = "Your request is open. We will answer you by 22 December 2026."
    reading = reader.read(f"{ours}\nPlease delete all my personal data too.", quoted=[ours])
    assert reading.sentence == "Please delete all my personal data too."


def test_classify_reads_bare_lines_and_json_objects() -> None:
    shown = list(cli_classify(["delete my data\n", '{"text": "hello"}\n', "\n", "{not json\n"]))
    assert [row["text"] for row in shown] == ["delete my data", "hello", "{not json"]
    assert set(shown[0]) == {"text", "language", "decision", "intents", "details"}
    assert {intent["name"] for row in shown for intent in row["intents"]} <= {*RIGHTS, *CONVERSATIONAL}


def test_the_language_hint_decides_where_the_text_says_nothing(reader: Reader) -> None:
    assert reader.read("12345678", language_hint="fr").language == "fr"
    assert reader.read("こんにちは、元気ですか").language == "ja"


def test_a_wrapped_mail_is_read_by_sentence() -> None:
    text = "I have been a client of yours for more than seven years and\nnow want my data deleted. Thank you."
    assert sentences(unwrapped(text))[0].endswith("now want my data deleted.")
    assert normalise("Ça  marche, n°12 à a@b.example!") == "ca marche , n ° 0 a emailaddress !"
    assert legible("a&amp;b<br>c") == "a&b\nc"
