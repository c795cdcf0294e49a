"""The held-out messages are many, distinct, and balanced over rights and languages."""

from __future__ import annotations

import json
from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest

from intents.cleaning import normalise
from intents.evaluate import evaluate, rows_of
from intents.labels import LANGUAGES, RIGHTS
from intents.reader import Reader

HELD_OUT = Path(__file__).parents[1] / "data" / "intents" / "held_out.jsonl"
ROWS = rows_of(HELD_OUT)
WITH_A_RIGHT = [row for row in ROWS if row.labels]
NEAR_MISSES = [row for row in ROWS if not row.labels and row.hard]
TOO_ALIKE = 0.85


def _runs(text: str) -> frozenset[str]:
    plain = normalise(text)
    return frozenset(plain[at : at + 4] for at in range(max(1, len(plain) - 3)))


def test_there_are_enough_of_each_kind() -> None:
    assert len(WITH_A_RIGHT) >= 300
    assert len(NEAR_MISSES) >= 300
    assert sum(not row.labels and not row.hard for row in ROWS) >= 60


def test_every_label_and_language_is_known_and_a_right_is_never_hard() -> None:
    # rows_of drops labels that it doesn't know, so the file itself is asked.
    fields = [json.loads(line) for line in HELD_OUT.read_text("utf-8").splitlines()]
    assert {label for row in fields for label in row["labels"]} == set(RIGHTS)
    assert {row.language for row in ROWS} == set(LANGUAGES)
    assert not any(row.hard for row in WITH_A_RIGHT)
    assert {row.source for row in ROWS} == {"own"}


def test_no_right_outweighs_the_others() -> None:
    counts = Counter(label for row in WITH_A_RIGHT for label in row.labels)
    assert max(counts.values()) <= 2 * min(counts.values())


def test_each_language_has_every_right_and_its_share_of_both_kinds() -> None:
    for kind in (WITH_A_RIGHT, NEAR_MISSES):
        counts = Counter(row.language for row in kind)
        assert counts["en"] >= 0.25 * len(kind)
        assert counts["fr"] >= 0.25 * len(kind)
        assert min(counts.values()) >= 0.03 * len(kind)
    for language in LANGUAGES:
        labels = {label for row in WITH_A_RIGHT if row.language == language for label in row.labels}
        assert labels == set(RIGHTS), language


def test_no_message_repeats_another() -> None:
    runs = [(row.text, _runs(row.text)) for row in ROWS]
    alike = [
        (one, other)
        for (one, first), (other, second) in combinations(runs, 2)
        if len(first & second) >= TOO_ALIKE * len(first | second)
    ]
    assert alike == []


@pytest.mark.parametrize(
    ("languages", "missed", "f1"),
    [
        ({"en", "fr"}, 0.05, 0.88),
        ({*LANGUAGES} - {"en", "fr"}, 0.08, 0.80),
    ],
    ids=["English and French", "the other eight"],
)
def test_wording_never_seen_is_read_as_well_as_it_must_be(
    languages: set[str], missed: float, f1: float
) -> None:
    figures = evaluate(Reader.load(), [row for row in ROWS if row.language in languages])
    assert figures["missed"] <= missed
    assert figures["rights_f1"] >= f1
    assert figures["needless_question_hard"] <= 0.25
    assert figures["false_opening_hard"] <= 0.08
