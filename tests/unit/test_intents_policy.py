"""Questions about the privacy policy are heard, each on its topic; requests and what support is asked are none."""

from __future__ import annotations

import time
import tomllib
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from assistant.domain.policy import Topic
from intents import REQUEST, RIGHTS, Reader, asked_of_policy, kinds_named
from intents.examples import examples
from intents.policy import TOPICS

WRITTEN: dict[str, Any] = tomllib.loads(
    (Path(__file__).parents[1] / "data/policy_questions.toml").read_text("utf-8")
)
LANGUAGES = ("en", "fr")
PARTS = (
    "build",
    "held",
    "later",
)  # intents/README.md says how many of the latter two were heard at the first look
MOST_TAKEN = 4
KINDS = {
    "invoices": (["Invoices", "Factures"], ["Your account", "invoices", "factures"], ["Amount"]),
    "orders": (["Orders", "Commandes"], ["Your account", "invoices", "factures"], []),
    "tickets": (["Support tickets", "Tickets d’assistance"], ["Your contact with us", "tickets"], []),
    "contact": (["Client account"], ["Contact details", " name", " e-mail address", " adresse e-mail"], []),
    "logs": (["Logs of the web servers"], ["What our servers record"], ["IP address", "Adresse IP"]),
}


def rows(part: str) -> list[tuple[str, str]]:
    return [
        (topic, text)
        for topic, said in WRITTEN[part].items()
        for language in LANGUAGES
        for text in said[language]
    ]


def test_what_is_heard_is_what_the_desk_answers() -> None:
    assert sorted(TOPICS) == sorted(Topic)
    for part in PARTS:
        assert {topic for topic, _ in rows(part)} <= set(Topic)
    assert {topic for topic, _ in rows("build")} == set(Topic)


@pytest.mark.parametrize(("topic", "text"), [row for part in PARTS for row in rows(part)])
def test_a_question_is_heard_on_its_topic(topic: str, text: str) -> None:
    asked = asked_of_policy(text)
    assert [question.topic for question in asked.questions] == [topic]
    assert asked.alone


@pytest.mark.parametrize("kind", ["none", "requests"])
def test_a_request_or_a_question_for_support_asks_nothing_of_the_policy(kind: str) -> None:
    heard = {
        text: asked.questions
        for language in LANGUAGES
        for text in WRITTEN[kind][language]
        if (asked := asked_of_policy(text)).questions
    }
    assert heard == {}


QUESTION = {"en": "How long do you keep it?", "fr": "Combien de temps gardez-vous mes données ?"}
WISH = {
    "en": [
        "Delete it.",
        "Please delete all my data.",
        "Send me a copy.",
        "Stop using my address for advertising.",
    ],
    "fr": [
        "Supprimez-les.",
        "Merci de supprimer mes données.",
        "Envoyez-moi une copie.",
        "N’utilisez plus mon adresse.",
    ],
}
GREETING = {
    "en": ["Hello,\n\n{}\n\nKind regards,\nJane Sample", "Hi! {} Thanks.", "I have a question: {}"],
    "fr": ["Bonjour,\n\n{}\n\nCordialement,\nJeanne Exemple", "Bonjour, {} Merci.", "J’ai une question : {}"],
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_wish_beside_it_leaves_the_question_a_question_and_not_alone(language: str) -> None:
    for wish in WISH[language]:
        for text in (f"{QUESTION[language]} {wish}", f"{wish} {QUESTION[language]}"):
            asked = asked_of_policy(text)
            assert [question.topic for question in asked.questions] == ["retention"], text
            assert not asked.alone, text
    together = {
        "en": "How long do you keep my data, and please delete all of it?",
        "fr": "Combien de temps gardez-vous mes données, et supprimez-les, s’il vous plaît ?",
    }
    assert not asked_of_policy(together[language]).alone


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_greeting_and_a_name_below_it_say_nothing_more(language: str) -> None:
    for form in GREETING[language]:
        assert asked_of_policy(form.format(QUESTION[language])).alone, form


def test_two_questions_in_one_sentence_are_two() -> None:
    for text in (
        "How long do you keep my invoices, and who do you share them with?",
        "Combien de temps gardez-vous mes factures et à qui les transmettez-vous ?",
    ):
        assert [question.topic for question in asked_of_policy(text).questions] == ["retention", "recipients"]


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("How long do you keep my invoices?", ["invoices"]),
        ("How long are bills stored?", ["invoices"]),
        ("Combien de temps conservez-vous mes factures ?", ["invoices"]),
        ("How long do you keep support tickets?", ["tickets"]),
        ("How long do you keep my e-mail address?", ["contact"]),
        ("Combien de temps gardez-vous mon adresse e-mail ?", ["contact"]),
        ("How long are IP addresses kept?", ["logs"]),
        ("How long do you keep my data?", []),
        ("How long do you keep my data after I cancel my orders?", []),
        ("How long do you keep my fingerprints?", None),
        ("Combien de temps gardez-vous mes empreintes ?", None),
    ],
)
def test_a_question_names_a_kind_of_data_as_the_map_calls_it_or_one_that_is_not_there(
    text: str, kinds: list[str] | None
) -> None:
    (question,) = asked_of_policy(text).questions
    assert kinds_named(question, KINDS) == kinds


@pytest.mark.parametrize(
    "piece",
    ["how long ", "do you share my ", "why do you need my the of ", "mes la les des ", "que collectez "],
)
def test_the_work_grows_with_the_length_alone(piece: str) -> None:
    def seconds(times: int) -> float:
        began = time.process_time()
        asked_of_policy(piece * times)
        return time.process_time() - began

    seconds(1)
    assert seconds(4_000) < 40 * max(seconds(400), 0.001)


def test_the_questions_are_many_and_no_two_the_same() -> None:
    build, held, later = ([text for _, text in rows(part)] for part in PARTS)
    none = [
        text
        for kind, language in product(("none", "requests"), LANGUAGES)
        for text in WRITTEN[kind][language]
    ]
    assert len(build) >= 120
    assert len(held) >= 60
    assert len(none) >= 60
    assert len({*build, *held, *later, *none}) == sum(map(len, (build, held, later, none)))


def test_hardly_an_example_of_a_right_is_taken_for_nothing_but_a_question(reader: Reader) -> None:
    """Where one is, the talk asks whether it was a wish: so few may be."""
    rights = [example for example in examples() if example.labels & set(RIGHTS) - {"complaint"}]
    taken = [
        example.text
        for example in rights
        if asked_of_policy(example.text).alone and reader.read(example.text).decision == REQUEST
    ]
    assert len(rights) > 3_000
    assert len(taken) <= MOST_TAKEN, taken
