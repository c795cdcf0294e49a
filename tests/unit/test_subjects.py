"""A mail's subject is read where its text says less, and a mere topic makes no ordinary mail asked about."""

from __future__ import annotations

import os
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assistant.channels.email.parsing import parse_message
from assistant.conversation.subjects import left_to_read, says_nothing, with_subject
from assistant.conversation.unread import words_of
from assistant.interfaces import Incoming
from intents import Reader, Reading
from intents.evaluate import rows_of
from tests.doubles.mail_desk import KEY, mail_settings

PAIRS = tomllib.loads((Path(__file__).parents[1] / "data" / "subjects.toml").read_text("utf-8"))
NOW = datetime(2026, 11, 27, 8, tzinfo=UTC)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.load()


def incoming(subject: str, text: str) -> Incoming:
    raw = (
        f"From: a@b.example\nSubject: {subject}\nContent-Type: text/plain; charset=utf-8\n\n{text}\n".encode()
    )
    return parse_message(raw, received_at=NOW, settings=mail_settings(Path("unused")), token_key=KEY)


def read(reader: Reader, subject: str, text: str) -> Reading:
    mail = incoming(subject, text)
    reading = reader.read(words_of(mail))
    left = left_to_read(mail, reading)
    return with_subject(reading, reader.read(left)) if left else reading


def test_there_are_enough_of_each_kind() -> None:
    assert len(PAIRS["asks"]) >= 40
    assert len(PAIRS["ordinary"]) >= 40


@pytest.mark.parametrize(("subject", "text"), PAIRS["asks"])
def test_a_subject_that_asks_above_a_text_that_says_nothing_is_heard(
    reader: Reader, subject: str, text: str
) -> None:
    asked = reader.read(subject).decision
    assert read(reader, subject, text).decision == (asked if asked != "none" else "ask")


@pytest.mark.parametrize(("subject", "text"), PAIRS["beside"])
def test_a_subject_that_asks_above_other_words_is_shown_to_an_agent(
    reader: Reader, subject: str, text: str
) -> None:
    assert reader.read(text).decision == "none"
    found = read(reader, subject, text)
    assert (found.decision, found.intents) == ("ask", reader.read(subject).intents)


@pytest.mark.parametrize(("subject", "text"), PAIRS["ordinary"])
def test_a_topic_adds_nothing_to_what_a_text_says(reader: Reader, subject: str, text: str) -> None:
    assert read(reader, subject, text) == reader.read(text)


@pytest.mark.parametrize(
    "text", ["No", "Never Mind", "Stop", "Keep It", "Thanks, but no", "Thanks\nI changed my mind", "Jane"]
)
def test_a_word_against_it_is_no_courtesy(text: str) -> None:
    assert not says_nothing(text)


def says_against(reading: Reading) -> bool:
    return bool(reading.wishes or reading.intents)


@pytest.mark.skipif(
    "REAL_MESSAGES" not in os.environ, reason="REAL_MESSAGES names no folder of real messages"
)
def test_no_ordinary_message_is_asked_about_for_a_topic_above_it(reader: Reader) -> None:
    rows = rows_of(Path(os.environ["REAL_MESSAGES"]) / "ordinary_dev.jsonl")
    taken_back = {s for s, text in PAIRS["ordinary"] if says_against(reader.read(text))}
    topics = [s for s, _ in PAIRS["ordinary"] if s not in taken_back and reader.read(s).decision == "request"]
    unheard = [row.text for row in rows if reader.read(row.text).decision == "none"][:60]
    assert len(unheard) == 60
    assert len(topics) > 5
    for subject in topics:
        for text in unheard:
            assert read(reader, subject, text).decision == "none", subject
