"""What stands beside a right is heard: nothing to be erased after all, somebody else concerned, rights in a list."""

from __future__ import annotations

import time
import timeit
import tomllib
from pathlib import Path
from typing import Any

import pytest

from intents import Reader
from intents.clauses import wishes_in
from intents.cleaning import sentences
from intents.wishes import DENIED, DONT, FOR_OTHER, hear

DATA = Path(__file__).parents[1] / "data" / "intents"
CASES: dict[str, list[Any]] = {}
for _file in ("wishes.toml", "wishes_kept.toml", "wishes_enumerated.toml", "wishes_denied.toml"):
    for _kind, _rows in tomllib.loads((DATA / _file).read_text(encoding="utf-8")).items():
        CASES.setdefault(_kind, []).extend(_rows if isinstance(_rows, list) else [_rows])


def test_an_erasure_taken_back_is_heard_and_opens_none(reader: Reader) -> None:
    read = {text: reader.read(text) for text in CASES["dont"]}
    assert [text for text, found in read.items() if DONT not in found.wishes] == []
    opened = [t for t, found in read.items() if found.decision == "request" and "erasure" in found.rights]
    assert opened == []


def test_what_only_sounds_alike_is_no_taking_back(reader: Reader) -> None:
    assert [text for text in CASES["plain"] if DONT in reader.read(text).wishes] == []


def test_who_says_that_somebody_else_asked_is_heard_and_opens_nothing(reader: Reader) -> None:
    read = {text: reader.read(text) for text in CASES["denied"]}
    assert [text for text, found in read.items() if DENIED not in found.wishes] == []
    assert [text for text, found in read.items() if found.rights and found.decision != "none"] == []


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("You keep sending me your newsletter, I never asked for this.", "objection"),
        ("This was not me. Delete my data!", "erasure"),
        ("On a usurpé mon identité, envoyez-moi une copie de mes données.", "access"),
    ],
)
def test_what_is_asked_beside_a_denial_is_read_as_before(reader: Reader, text: str, right: str) -> None:
    found = reader.read(text)
    assert (found.decision, DENIED in found.wishes) == ("request", True)
    assert right in found.rights


def test_what_only_sounds_like_a_denial_is_none(reader: Reader) -> None:
    others = [*CASES["not_denied"], *CASES["dont"], *CASES["plain"], *CASES["for_other"], *CASES["for_self"]]
    assert [text for text in others if DENIED in reader.read(text).wishes] == []


def test_both_in_one_message_are_both_heard(reader: Reader) -> None:
    read = {text: reader.read(text) for text in CASES["mixed"]}
    assert [t for t, r in read.items() if DONT not in r.wishes or "erasure" not in r.rights] == []


def test_somebody_else_is_heard_and_oneself_is_not(reader: Reader) -> None:
    read = {text: reader.read(text) for text in CASES["for_other"]}
    assert [t for t, r in read.items() if FOR_OTHER not in r.wishes or not r.rights] == []
    assert [t for t in CASES["for_self"] if FOR_OTHER in reader.read(t).wishes] == []


def test_a_list_of_rights_names_every_one_and_a_quotation_opens_none(reader: Reader) -> None:
    read = [(case["text"], reader.read(case["text"]), set(case["rights"])) for case in CASES["listed"]]
    assert [text for text, r, rights in read if r.decision != "request" or r.rights != rights] == []
    assert [text for text in CASES["unlisted"] if reader.read(text).decision == "request"] == []


def test_every_wish_of_an_enumerating_sentence_is_read(reader: Reader) -> None:
    read = [(case["text"], reader.read(case["text"]), set(case["rights"])) for case in CASES["enumerated"]]
    assert [
        (text, r.rights) for text, r, rights in read if r.decision != "request" or r.rights != rights
    ] == []


def test_what_only_looks_like_an_enumeration_asks_for_nothing_more() -> None:
    (near,) = CASES["enumerated_near"]
    found = [(t, right, wishes_in(sentences(t))) for right, texts in near.items() for t in texts]
    assert [(t, right) for t, right, wishes in found if right in {wish.right for wish in wishes}] == []


def test_one_field_to_be_erased_is_asked_about_and_the_whole_is_not(reader: Reader) -> None:
    (rows,) = CASES["narrowed"]
    fields = {t: reader.read(t) for t in rows["one_field"]}
    assert [t for t, r in fields.items() if r.decision == "request" and "erasure" in r.rights] == []
    assert [t for t, r in fields.items() if r.decision == "none"] == []
    read = {t: reader.read(t) for t in rows["whole"]}
    assert [t for t, r in read.items() if r.decision != "request" or "erasure" not in r.rights] == []


def test_an_explicit_complaint_ends_no_use_by_itself(reader: Reader) -> None:
    (rows,) = CASES["narrowed"]
    assert [t for t in rows["complaint"] if reader.read(t).rights != {"complaint"}] == []
    assert [t for t in rows["not_only_complaint"] if "objection" not in reader.read(t).rights] == []


@pytest.mark.parametrize("piece", ["send me a copy and ", "please ", "ou ", "1) effacez, ", "je veux "])
def test_reading_clauses_takes_time_linear_in_the_length(piece: str) -> None:
    def seconds(times: int) -> float:
        return min(
            timeit.repeat(lambda: wishes_in([piece * times]), timer=time.process_time, number=1, repeat=3)
        )

    wishes_in(["warm"])
    assert seconds(8_000) < 40 * max(seconds(800), 0.0005)


@pytest.mark.parametrize(
    "piece",
    ["do not ", "keep my data and ", "articles 15, 17 ", "ne pas ", "my ", "i never asked ", "someone else "],
)
def test_hearing_takes_time_linear_in_the_length(piece: str) -> None:
    def seconds(times: int) -> float:
        sentence = piece * times
        best = 9.0
        for _ in range(3):
            start = time.process_time()
            hear([sentence])
            best = min(best, time.process_time() - start)
        return best

    hear(["warm"])
    assert seconds(8_000) < 40 * max(seconds(800), 0.0005)


@pytest.mark.parametrize(
    "text",
    [
        "Please put my file on hold: do not delete it, but nobody is to use it either.",
        "Do not erase my data, just stop using them until the dispute is over.",
        "N'effacez rien, mais n'utilisez plus mes données jusqu'à la décision du tribunal.",
        "Gardez mes données sans vous en servir, ne les supprimez surtout pas.",
    ],
)
def test_to_keep_data_without_using_them_is_a_restriction_and_takes_an_erasure_back(
    reader: Reader, text: str
) -> None:
    reading = reader.read(text)
    assert "restriction" in [intent.name for intent in reading.intents]
    assert reading.decision != "none"
    assert "dont" in reading.wishes
