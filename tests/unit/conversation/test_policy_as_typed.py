"""Questions about the policy as strangers type them get the right clause or a person, open nothing, and support's get no clause."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from assistant.casework.talk.policy_answers import text_of
from assistant.config import Settings, load_settings
from assistant.conversation import policy
from assistant.conversation.decide import decide
from assistant.conversation.heard import Words
from assistant.demo.settings import lay_out
from assistant.domain.moves import HandOver, Move, Open, OpenForOther, Say, TellPolicy
from assistant.domain.policy import Topic
from intents import Reader
from tests.doubles.talks import AT, TALKS

TYPED: dict[str, Any] = tomllib.loads(
    (Path(__file__).parents[2] / "data/policy_as_typed.toml").read_text("utf-8")
)
LANGUAGES = ("en", "fr")
# How many of each part get the clause of their topic, at least; the rest gets a person.
FEWEST_ANSWERED = {"first": 57, "second": 55, "asked": 43}
FEWEST_HELPED = {"first": 60, "second": 57, "asked": 44}  # of 60, 60 and 48: by the clause or a person


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder: Path = tmp_path_factory.mktemp("typed")
    return load_settings(lay_out(folder, port=8080, mail_port=2525, today=date(2026, 11, 22)).settings_file)


def moves_on(company: Settings, reader: Reader, text: str, language: str, talk: str = "new") -> list[Move]:
    services: Any = SimpleNamespace(settings=company)
    words = policy.heard_in(services, Words(text, reader.read(text), AT), language)
    return list(decide(TALKS[talk], words))


def told(moves: list[Move]) -> set[str]:
    texts = {name for move in moves if isinstance(move, TellPolicy) for name, _ in move.texts}
    return texts | {move.name for move in moves if isinstance(move, Say)}


def gets_person(moves: list[Move]) -> bool:
    return "policy_unanswered" in told(moves) or any(isinstance(move, HandOver) for move in moves)


@pytest.mark.parametrize("part", FEWEST_ANSWERED)
def test_a_question_as_typed_gets_the_right_clause_or_a_person_and_opens_nothing(
    company: Settings, reader: Reader, part: str
) -> None:
    answered, helped, opened, astray = [], [], [], []
    rows = [
        (topic, lang, text) for topic, by in TYPED[part].items() for lang in LANGUAGES for text in by[lang]
    ]
    for topic, language, text in rows:
        moves = moves_on(company, reader, text, language)
        right = None if topic == "person" else text_of(Topic(topic))
        said = {name for name in told(moves) if name.startswith("policy_")} - {
            "policy_rest",
            "policy_unanswered",
        }
        answered += [text] if right in said else []
        helped += [text] if right in said or gets_person(moves) else []
        astray += [(text, said)] if said and right not in said else []
        opened += [text] if any(isinstance(move, Open | OpenForOther) for move in moves) else []
    assert astray == []
    assert opened == []
    missed = [row for row in rows if row[2] not in helped]
    assert len(helped) >= FEWEST_HELPED[part], missed
    assert len(answered) >= FEWEST_ANSWERED[part]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_for_support_is_told_nothing_of_the_policy(
    company: Settings, reader: Reader, language: str
) -> None:
    said = {text: told(moves_on(company, reader, text, language)) for text in TYPED["near"][language]}
    assert {text: some for text, some in said.items() if any("policy" in name for name in some)} == {}


def test_the_questions_are_many_and_no_two_the_same() -> None:
    texts = [
        t for part in FEWEST_ANSWERED for by in TYPED[part].values() for lang in LANGUAGES for t in by[lang]
    ]
    assert len(texts) == len(set(texts)) >= 160
    for part in ("first", "second"):
        assert sum(len(by[lang]) for by in TYPED[part].values() for lang in LANGUAGES) == 60
    assert sum(map(len, TYPED["near"].values())) == 40


@pytest.mark.parametrize("name", ["profiling", "cookies", "profilage"])
def test_where_a_use_is_awaited_its_name_is_the_answer(company: Settings, reader: Reader, name: str) -> None:
    assert told(moves_on(company, reader, name, "en")) & {"policy_machines", "policy_cookies"}
    assert not any(isinstance(m, TellPolicy) for m in moves_on(company, reader, name, "en", "use"))


@pytest.mark.parametrize(
    "text",
    [
        "Vous exigez mon passeport pour simplement répondre, c'est excessif et illégal.",
        "what's the address of the regulator, I intend to complain about your handling of my data",
        "vous aurez des nouvelles de la CNIL",
    ],
)
def test_who_complains_complains_whatever_it_sounds_like(
    company: Settings, reader: Reader, text: str
) -> None:
    assert any(isinstance(move, Open) for move in moves_on(company, reader, text, "fr"))


def test_beside_something_else_a_word_asks_nothing(company: Settings, reader: Reader) -> None:
    letter = "I want a copy of my data, with:\n- the purposes\n- the recipients\n- the retention period\n"
    moves = moves_on(company, reader, letter, "en")
    assert any(isinstance(move, Open) for move in moves)
    assert not any(isinstance(move, TellPolicy) for move in moves)
