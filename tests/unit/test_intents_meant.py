"""What is taken back, put off or limited in a message opens nothing of the kind; what stands beside it is still asked."""

from __future__ import annotations

import re
import time
import timeit
import tomllib
from collections.abc import Iterator
from itertools import permutations, product
from pathlib import Path
from typing import Any

import pytest

from intents import Reader
from intents.cleaning import normalise, sentences
from intents.evaluate import rows_of
from intents.meant import without_put_off, without_taken_back
from intents.narrowing import complains, objects, without_details

FILE = Path(__file__).parents[1] / "data" / "intents" / "meant.toml"
HELD_OUT = FILE.with_name("held_out.jsonl")
CASES: dict[str, Any] = tomllib.loads(FILE.read_text(encoding="utf-8"))
LANGUAGES = ("en", "fr")


def _capital(text: str) -> str:
    return re.sub(r"(?:^|(?<=[.!?] ))[a-z]", lambda found: found.group().upper(), text)


# ── taken back ──────────────────────────────────────────────────────────────────────────────────────


def _taken_back(language: str) -> Iterator[tuple[str, str, str]]:
    wishes = CASES["wish"][language]
    for (first, second), form in product(permutations(wishes, 2), CASES["taken_back"][language]):
        text = form.format(first=wishes[first], second=wishes[second])
        yield text, first, second
        yield _capital(text), first, second


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_wish_is_a_request_by_itself(reader: Reader, language: str) -> None:
    read = {right: reader.read(text) for right, text in CASES["wish"][language].items()}
    assert [right for right, r in read.items() if r.decision != "request" or r.rights != {right}] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_wish_taken_back_in_the_same_message_opens_nothing_and_the_other_is_heard(
    reader: Reader, language: str
) -> None:
    read = [(*case, reader.read(case[0])) for case in _taken_back(language)]
    assert [(t, r.rights) for t, first, _, r in read if r.decision == "request" and first in r.rights] == []
    assert [(t, r.rights) for t, _, second, r in read if second not in r.rights] == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["just_a_copy", "kept_and_a_copy"])
def test_a_copy_that_is_wanted_instead_is_asked_for_alone(reader: Reader, kind: str, language: str) -> None:
    read = {text: reader.read(text) for text in CASES[kind][language]}
    alone = {text for text, r in read.items() if r.decision == "request" and r.rights == {"access"}}
    assert read.keys() - alone == set()


# ── put off ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_hangs_on_a_day_to_come_is_asked_at_most(reader: Reader, language: str) -> None:
    wishes, forms = CASES["wish"][language].values(), CASES["put_off"][language]
    texts = [form.format(wish=wish) for wish, form in product(wishes, forms)]
    texts += [*map(_capital, texts), *CASES["threat"][language]]
    assert [text for text in texts if reader.read(text).decision == "request"] == []


@pytest.mark.parametrize("right", ["erasure", "access", "complaint"])
def test_what_is_asked_today_stays_asked(reader: Reader, right: str) -> None:
    read = {text: reader.read(text) for text in CASES["today"][right]}
    assert [
        (t, r.decision, r.rights) for t, r in read.items() if right not in r.rights or r.decision != "request"
    ] == []
    assert [t for t, r in read.items() if "erasure" in r.rights - {right}] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_said_in_passing_takes_nothing_away(reader: Reader, language: str) -> None:
    rows = [row for row in rows_of(HELD_OUT) if row.labels and row.language == language]
    lost = []
    for row, form in product(rows, CASES["in_passing"][language]):
        spoken = {normalise(sentence): sentence for sentence in sentences(form.format(row.text))}
        left = without_taken_back(spoken, lambda text: reader.evidence(text) >= reader.ask)
        if without_put_off(left) is not spoken:
            lost.append((form, row.text))
    assert len(lost) <= len(rows) * len(CASES["in_passing"][language]) // 200, lost


# ── limited to a detail ─────────────────────────────────────────────────────────────────────────────


def _limited(language: str, forms: str) -> Iterator[str]:
    named = CASES["limited"]
    for form, erase, detail in product(
        named[forms][language], named["erase"][language], named["detail"][language]
    ):
        text = form.format(erase=erase, detail=detail)
        yield text
        yield _capital(text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_erasure_of_a_detail_beside_a_copy_erases_nothing_else(reader: Reader, language: str) -> None:
    read = {text: reader.read(text) for text in _limited(language, "beside")}
    assert [(t, r.rights) for t, r in read.items() if r.decision == "request" and "erasure" in r.rights] == []
    assert [
        t for t, r in read.items() if not r.rights & {"access", "portability"} and r.decision != "ask"
    ] == []
    assert [t for t, r in read.items() if r.decision == "request" and "rectification" not in r.rights] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_erasure_of_a_detail_alone_opens_nothing(reader: Reader, language: str) -> None:
    read = {text: reader.read(text) for text in _limited(language, "alone")}
    assert [(t, r.rights) for t, r in read.items() if r.decision == "request" and "erasure" in r.rights] == []


def test_a_detail_that_is_to_be_erased_is_heard_in_the_passive_too(reader: Reader) -> None:
    read = {text: reader.read(text) for text in CASES["limited"]["passive"]}
    assert [(t, r.rights) for t, r in read.items() if r.decision == "request" and "erasure" in r.rights] == []


def test_an_erasure_of_more_than_details_stays_one(reader: Reader) -> None:
    read = {text: reader.read(text) for text in CASES["limited"]["whole"]}
    assert [
        (t, r.rights) for t, r in read.items() if r.decision != "request" or "erasure" not in r.rights
    ] == []


# ── a complaint and an objection ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_complaint_and_an_objection_in_one_message_are_both_heard(reader: Reader, language: str) -> None:
    both = CASES["both"][language]
    grid = product(both["objects"], both["complains"], both["joined"])
    texts = [form.format(objects=objection, complains=complaint) for objection, complaint, form in grid]
    read = {text: reader.read(text) for text in [*texts, *map(_capital, texts)]}
    wanted = {"objection", "complaint"}
    assert [(t, r.rights) for t, r in read.items() if r.decision != "request" or not wanted <= r.rights] == []


def test_what_only_sounds_like_a_complaint_or_an_objection_adds_none(reader: Reader) -> None:
    near = CASES["not_both"]
    assert [t for t in near["no_complaint"] if "complaint" in reader.read(t).rights] == []
    assert [t for t in near["no_objection"] if objects([t])] == []


# ── time ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "piece",
    [
        "actually ", "no, wait ", "if you don't ", "i will ask if ", "si vous ", "just a copy ", "sans reponse ", "en fait non ",
        "delete my ", "delete my phone number and ", "my old ", "i complain to ", "je me plains de ", "i object to ", "je m'oppose a ",
    ],
)  # fmt: skip
def test_the_work_grows_with_the_length_alone(piece: str) -> None:
    def work(times: int) -> None:
        text = piece * times
        without_put_off(without_taken_back({"whole": "my data", text: text}, lambda _: False))
        without_details([text]), complains([text]), objects([text])

    def seconds(times: int) -> float:
        return min(timeit.repeat(lambda: work(times), timer=time.process_time, number=1, repeat=3))

    work(1)
    assert seconds(4_000) < 40 * max(seconds(400), 0.001)


@pytest.mark.parametrize(
    "sentence", ["Actually no, hello {}.", "No, just {}.", "Delete my data {}. Actually no, just {}."]
)
def test_no_sentence_is_asked_about_again_and_again(sentence: str) -> None:
    asked: list[str] = []

    def asks(text: str) -> bool:
        asked.append(text)
        return False

    spoken = {str(at): sentence.replace("{}", f"word{at}") for at in range(300)}
    without_taken_back(spoken, asks)
    assert len(asked) <= 6 * len(spoken)
