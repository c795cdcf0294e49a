"""What an agent types is judged both ways: demands are caught, ordinary sentences go out."""

from __future__ import annotations

import time
import tomllib
from pathlib import Path

import pytest

from assistant.casework.saying.typed import (
    NotToBeSent,
    RefusalInDisguise,
    check_no_refusal,
    check_words,
)
from assistant.domain.rights import Right
from assistant.replies.typed import claims_in, refusal_in, unsayable_in

CASES = tomllib.loads((Path(__file__).parents[2] / "data/typed.toml").read_text(encoding="utf-8"))
UNSENDABLE = [(int(item), text) for item, texts in CASES["unsendable"].items() for text in texts]


@pytest.mark.parametrize("text", CASES["sendable"])
def test_an_ordinary_sentence_goes_out(text: str) -> None:
    assert list(unsayable_in(text)) == []
    assert list(claims_in(text)) == []
    check_words(text)


@pytest.mark.parametrize(("item", "text"), UNSENDABLE)
def test_a_demand_is_stopped_with_its_words_and_why(item: int, text: str) -> None:
    assert item in {fault.item for fault in unsayable_in(text)}
    with pytest.raises(NotToBeSent) as stopped:
        check_words(f"Hello,\n\nthank you for your message. {text} Have a good day.")
    assert stopped.value.data["words"] in text.replace("’", "'")


@pytest.mark.parametrize(
    ("right", "text"), [(right, text) for right, texts in CASES["claims"].items() for text in texts]
)
def test_what_is_called_done_must_have_been_done(right: str, text: str) -> None:
    assert {claim.right for claim in claims_in(text)} == {right}
    with pytest.raises(NotToBeSent) as stopped:
        check_words(f"Hello. {text}", done=frozenset(set(Right) - {Right(right)}))
    assert stopped.value.data["words"] in text.replace("’", "'")
    check_words(f"Hello. {text}", done=frozenset({Right(right)}))


@pytest.mark.parametrize("text", CASES["closing"]["answers"])
def test_a_closing_answer_that_refuses_nothing_goes_out(text: str) -> None:
    assert list(refusal_in(text)) == []
    check_no_refusal(text)


@pytest.mark.parametrize("text", CASES["closing"]["refusals"])
def test_a_refusal_in_disguise_is_told_from_an_answer(text: str) -> None:
    assert list(refusal_in(text))
    with pytest.raises(RefusalInDisguise):
        check_no_refusal(f"Thank you. {text}")


@pytest.mark.parametrize(
    "words", ["please ", "send us the ", "we have ", "your request ", "no right ", "vous n'avez "]
)
def test_a_long_text_is_judged_in_a_time_that_grows_with_it(words: str) -> None:
    began = time.process_time()
    for judge in (unsayable_in, claims_in, refusal_in):
        list(judge(words * (20_000 // len(words))))
    assert time.process_time() - began < 2
