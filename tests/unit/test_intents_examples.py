"""Examples, held-out and real messages are three separate things, and each label has its examples."""

from __future__ import annotations

import json
import math
import os
import random
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from intents.cleaning import normalise
from intents.evaluate import Row, evaluate, rows_of
from intents.examples import examples, variants
from intents.labels import CONVERSATIONAL, LANGUAGES, NONE, RIGHTS
from intents.reader import Reader
from intents.training import utterances

HELD_OUT = Path(__file__).parents[1] / "data" / "intents" / "held_out.jsonl"
TOO_ALIKE = 0.85
EXAMPLES = Path(__file__).parents[2] / "intents" / "examples"


@cache
def _shingles(text: str) -> frozenset[str]:
    plain = normalise(text)
    return frozenset(plain[at : at + 4] for at in range(max(1, len(plain) - 3)))


def _too_alike(one: list[str], other: list[str]) -> list[tuple[str, str]]:
    """Find pairs that share most of their 4-letter runs, looking only at pairs that share a rare run.

    Who shares so many of them has one of any few more than the rest: only the rarest few are looked for.
    """
    index: dict[str, list[int]] = {}
    sets = [_shingles(text) for text in other]
    for number, runs in enumerate(sets):
        for run in runs:
            index.setdefault(run, []).append(number)
    found: list[tuple[str, str]] = []
    for text in one:
        runs = _shingles(text)
        if len(runs) < 12:
            continue
        spared = math.floor((1 - TOO_ALIKE) * len(runs)) + 1
        rarest = sorted(runs, key=lambda run: len(index.get(run, ())))[:spared]
        near = {number for run in rarest for number in index.get(run, ())}
        found.extend(
            (text, other[number])
            for number in near
            if TOO_ALIKE * len(runs) <= len(sets[number]) <= len(runs) / TOO_ALIKE
            and len(runs & sets[number]) / len(runs | sets[number]) >= TOO_ALIKE
        )
    return found


@cache
def _all_examples() -> list[str]:
    return [example.text for example in utterances(examples(), 1)]


def _drawn() -> list[str]:
    choose = random.Random(7)
    return list(dict.fromkeys(text for example in examples() for text in variants(example.text, choose, 12)))


def test_every_label_has_examples_in_english_and_french() -> None:
    for language in ("en", "fr"):
        for label in (*RIGHTS, *CONVERSATIONAL, NONE):
            labels = frozenset({label}) - {NONE}
            choose = random.Random(1)
            texts = {
                text
                for example in examples()
                if example.language == language and example.labels == labels
                for text in variants(example.text, choose, 40)
            }
            assert len(texts) >= {NONE: 500}.get(label, 80 if label in RIGHTS else 15), (
                language,
                label,
                len(texts),
            )


def test_every_right_has_examples_in_every_language() -> None:
    have = {(example.language, label) for example in examples() for label in example.labels}
    assert {(language, right) for language in LANGUAGES for right in RIGHTS} - have == set()


def test_example_files_name_only_known_labels_and_languages() -> None:
    labels = {label for example in examples() for label in example.labels}
    assert labels <= {*RIGHTS, *CONVERSATIONAL}
    assert {example.language for example in examples()} == set(LANGUAGES)
    assert all("{" not in text and "}" not in text for text in _all_examples())


def test_no_line_stands_twice_in_the_examples() -> None:
    lines = [(path, line) for path in EXAMPLES.glob("*/*") for line in path.read_text("utf-8").splitlines()]
    texts = Counter(
        (path.parent.name, normalise(line)) for path, line in lines if line and not line.startswith("#")
    )
    assert sorted(text for text, times in texts.items() if times > 1) == []


def test_what_is_nearly_another_is_found_and_nothing_else_is() -> None:
    lines = random.Random(5).sample(_all_examples(), 150)
    changed = [line.replace("a", "e", 1) for line in lines]
    pairs = [(one, other) for one in lines for other in changed if len(_shingles(one)) >= 12]
    shares = {(one, other): (_shingles(one), _shingles(other)) for one, other in pairs}
    alike = {
        pair for pair, (one, other) in shares.items() if len(one & other) / len(one | other) >= TOO_ALIKE
    }
    assert len(alike) > 20
    assert set(_too_alike(lines, changed)) == alike


def test_no_line_is_nearly_another_one() -> None:
    lines = [example.text for example in examples()]
    assert [(one, other) for one, other in _too_alike(lines, lines) if one < other] == []


def test_no_held_out_message_stands_in_the_examples() -> None:
    assert _too_alike([row.text for row in rows_of(HELD_OUT)], _all_examples() + _drawn()) == []


@pytest.mark.skipif(
    "REAL_MESSAGES" not in os.environ, reason="REAL_MESSAGES names no folder of real messages"
)
def test_no_real_message_stands_in_the_examples() -> None:
    real = [row.text for row in rows_of(Path(os.environ["REAL_MESSAGES"]) / "real_dev.jsonl")]
    assert _too_alike(real, _all_examples()) == []


@pytest.mark.skipif(
    "REAL_MESSAGES" not in os.environ, reason="REAL_MESSAGES names no folder of real messages"
)
def test_real_messages_are_read_at_or_beyond_every_floor() -> None:
    figures = evaluate(Reader.load(), rows_of(Path(os.environ["REAL_MESSAGES"]) / "real_dev.jsonl"))
    floors = {
        "missed": 0.04,
        "false_opening_easy": 0.01,
        "false_opening_hard": 0.08,
        "needless_question_easy": 0.04,
        "needless_question_hard": 0.25,
    }
    assert {name: figures[name] for name in floors if figures[name] > floors[name]} == {}
    assert figures["rights_f1"] >= 0.86


def test_a_row_that_is_none_is_named(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps({"text": "a", "lang": "en", "labels": []}) + "\n{}\n", "utf-8")
    with pytest.raises(ValueError, match=r"rows\.jsonl, line 2"):
        rows_of(path)


def test_figures_follow_their_definition() -> None:
    rows = [
        Row("delete all my personal data", "en", frozenset({"erasure"}), False, "chat", "own"),
        Row("hello", "en", frozenset(), False, "chat", "own"),
    ]
    figures = evaluate(Reader.load(), rows)
    assert (figures["rows"], figures["with_a_right"], figures["missed"]) == (2, 1, 0.0)
    assert figures["false_opening_easy"] == figures["needless_question_easy"] == 0.0
    assert figures["false_opening_hard"] is None
    assert figures["f1_by_right"]["erasure"] == figures["rights_f1"] == 1.0
