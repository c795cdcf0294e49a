"""What is said in a chat about nothing is heard as that, and a wish beside it never is."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intents.small_talk import small_talk_in
from intents.tables import tables

SAID = {
    "how_are_you": ["ça va ?"],
    "there": ["Is anybody there?"],
    "greeting": [
        "Hello",
        "Hi there!",
        "hey",
        "Good morning",
        "Bonjour",
        "bonjour à tous",
        "Salut !",
        "/start",
        "👋",
    ],
    "thanks": [
        "Thanks!",
        "thank you very much",
        "Thanks a lot, bye",
        "ok thanks",
        "Merci",
        "merci beaucoup !",
        "Merci d’avance",
        "Parfait, merci",
        "bonjour, merci",
        "👍",
    ],
    "farewell": ["bye", "Goodbye!", "Au revoir", "bonne journée"],
    "noted": ["ok", "OK.", "got it", "d'accord", "D’accord"],
    "robot": [
        "Are you a robot?",
        "hello, are you human?",
        "Is this a bot",
        "am I talking to a real person?",
        "Are you a bot or a human?",
        "Êtes-vous un robot ?",
        "Bonjour, je parle à un robot ?",
        "c'est un robot ou un humain ?",
        "t’es une IA ?",
        "who are you?",
    ],
    "insult": [
        "you idiot",
        "Fuck you!",
        "thanks you idiot",
        "this is useless",
        "connard",
        "Vous êtes nuls",
        "c’est nul",
        "va te faire foutre",
        "🖕",
    ],
    "nonsense": ["asdfgh", "qsdfghj qsdf", "aaaaaaaa", "???", "...", "blabla", "lorem ipsum"],
}
MORE = [
    "hello, delete my data",
    "thanks, and delete my newsletter",
    "bonjour, supprimez mes données",
    "merci de tout supprimer",
    "merci de m’envoyer une copie",
    "are you a robot? I want a human",
    "delete my data you idiot",
    "supprimez tout, connards",
    "stop spam you morons",
    "hm",
    "hmmmm",
    "Merci 48159263",
    "12345678",
    "ana@client.example",
    "Jane",
    "yes",
    "oui",
    "no",
    "non",
    "non merci",
    "no thanks",
    "stop",
    "help",
    "aide",
    "never mind",
    "thanks but no",
    "I would like to talk to a person",
    "parler à un humain",
    "where is my request?",
    "Strč prst skrz krk",
    "Grzegorz Brzęczyszczykiewicz",
    "",
    "   ",
    "x" * 81,
    "rectification",
    "invoice",
    "please",
    "s’il vous plaît",
]


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in SAID.items() for text in texts])
def test_small_talk_is_known_for_what_it_is(kind: str, text: str) -> None:
    assert small_talk_in(text) == kind


@pytest.mark.parametrize("text", MORE)
def test_what_says_more_is_no_small_talk(text: str) -> None:
    assert small_talk_in(text) is None


@given(st.text(max_size=120))
def test_whatever_is_written_is_answered_by_a_kind_that_there_is_or_read(text: str) -> None:
    assert small_talk_in(text) in {None, *SAID}


def test_every_phrase_of_the_table_is_heard_alone_as_its_kind() -> None:
    rows = [
        (kind, phrase) for kind in SAID for said in tables("small_talk")[kind].values() for phrase in said
    ]
    twice = {phrase for kind, phrase in rows if len({k for k, p in rows if p == phrase}) > 1}
    assert [
        (kind, phrase) for kind, phrase in rows if phrase not in twice and small_talk_in(phrase) != kind
    ] == []


@pytest.mark.skipif(
    "REAL_MESSAGES" not in os.environ, reason="REAL_MESSAGES names no folder of real messages"
)
def test_no_real_message_that_uses_a_right_is_small_talk() -> None:
    real = Path(os.environ["REAL_MESSAGES"])
    rows = [
        json.loads(line) for path in real.glob("*.jsonl") for line in path.read_text("utf-8").splitlines()
    ]
    assert len(rows) > 1000
    assert [row["text"] for row in rows if row["labels"] and small_talk_in(row["text"])] == []


def test_it_takes_no_time_whatever_is_written() -> None:
    began = time.perf_counter()
    for text in ("hello " * 13, "thank you " * 8, "a" * 80, "are you a " * 8, "🖕" * 80, "hello" * 100_000):
        small_talk_in(text)
    assert time.perf_counter() - began < 0.5
