"""A use of data that is to go on opens nothing by itself; what only sounds alike still ends it."""

from __future__ import annotations

import time
import tomllib
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from intents import Reader
from intents.negated import without_what_goes_on

FILE = Path(__file__).parents[1] / "data" / "intents" / "negated.toml"
CASES: dict[str, Any] = tomllib.loads(FILE.read_text(encoding="utf-8"))


def test_a_use_that_is_to_go_on_opens_nothing(reader: Reader) -> None:
    assert [text for text in CASES["goes_on"] if reader.read(text).decision == "request"] == []


def test_what_only_sounds_alike_still_ends_marketing(reader: Reader) -> None:
    read = {text: reader.read(text) for text in CASES["ends"]}
    assert [t for t, r in read.items() if r.decision == "none" or not r.details.get("marketing")] == []


def test_a_use_that_is_kept_beside_one_that_ends_is_not_ended(reader: Reader) -> None:
    read = [(case, reader.read(case["text"])) for case in CASES["both"]]
    wrong = [
        (case["text"], r.decision, r.details)
        for case, r in read
        if r.decision != "request" or r.details["purpose"] != case["purpose"]
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "part", ["do not ", "please do not stop, ", "keep ", "ne me ", "je veux continuer ", "why did "]
)
def test_the_work_grows_with_the_length_alone(part: str) -> None:
    def took(times: int) -> float:
        text = part * times
        spoken = {str(at): text[at : at + 600] for at in range(0, len(text), 600)}
        began = time.process_time()
        without_what_goes_on({**spoken, "hint stop": "x"})
        return time.process_time() - began

    took(10)
    assert took(4000) < 40 * max(took(400), 0.002)


# ── a use is agreed to ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_use_that_is_agreed_to_opens_nothing_and_hides_nothing(reader: Reader, language: str) -> None:
    agreed = CASES["agreed"][language]
    read = [(text, reader.read(text)) for each in agreed for text in (each, f"{each}.", each.capitalize())]
    assert [(text, found.decision, found.rights) for text, found in read if found.decision != "none"] == []
    beside = [form.format(agreed=each) for each in agreed for form in CASES["agreed_beside"][language]]
    read = [(text, reader.read(text)) for text in beside]
    assert [
        (text, found.decision, found.rights)
        for text, found in read
        if (found.decision, found.rights) != ("request", frozenset({"erasure"}))
    ] == []


@pytest.mark.parametrize("text", [*CASES["not_agreed"]["en"], *CASES["not_agreed"]["fr"]])
def test_an_agreement_that_ends_still_opens(reader: Reader, text: str) -> None:
    found = reader.read(text)
    assert (found.decision, bool(found.rights & {"consent_withdrawal", "objection"})) == ("request", True)


# ── a use is wished for ─────────────────────────────────────────────────────────────────────────────


def _wished(language: str) -> list[str]:
    """Give every wish for a use in every form, and what is said where one is missed."""
    grid = product(CASES["wished"][language], CASES["wished"][f"wished_{language}"])
    return [*(form.format(wish=wish) for wish, form in grid), *CASES["missed"][language]]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_use_that_is_wished_for_opens_nothing_and_hides_nothing(reader: Reader, language: str) -> None:
    read = [(text, reader.read(text)) for text in _wished(language)]
    assert [(text, found.decision, found.rights) for text, found in read if found.decision != "none"] == []
    ended = [text if text[-1] in ".?" else f"{text}." for text in _wished(language)]
    beside = [form.format(wished=text) for text in ended for form in CASES["not_wished"]["beside"][language]]
    read = [(text, reader.read(text)) for text in beside]
    assert [
        (text, found.decision, found.rights)
        for text, found in read
        if (found.decision, found.rights) != ("request", frozenset({"erasure"}))
    ] == []


@pytest.mark.parametrize("language", ["en", "fr"])
def test_what_only_sounds_like_a_wish_for_a_use_still_ends_it(reader: Reader, language: str) -> None:
    read = [(text, reader.read(text)) for text in CASES["not_wished"][language]]
    ends = {"objection", "consent_withdrawal"}
    assert [(text, found.decision) for text, found in read if not found.rights & ends] == []


@pytest.mark.parametrize("text", CASES["not_wished"]["lists"])
def test_a_list_of_data_is_no_list_that_mails_are_sent_to(reader: Reader, text: str) -> None:
    """*To receive my data* may be read as either right: the person gets them by both."""
    assert reader.read(text).rights & {"access", "portability"}
