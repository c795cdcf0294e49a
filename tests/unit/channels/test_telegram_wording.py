"""Texts short enough for Telegram, with nothing lost, and buttons that it takes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.channels.telegram.wording import LONGEST_TEXT, is_value, laid_out
from assistant.interfaces import Choice


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


words = st.text(st.characters(codec="utf-8"), min_size=1, max_size=60).map(
    lambda w: "".join(w.split()) or "x"
)
texts = st.lists(
    st.tuples(words, st.integers(1, 120), st.sampled_from([" ", "\n", "\n\n", ". "])), min_size=1, max_size=30
).map(lambda parts: "".join((word + gap) * times for word, times, gap in parts))


@given(texts)
def test_every_piece_is_short_enough_and_nothing_but_space_is_lost(text: str) -> None:
    pieces, _ = laid_out(text, ())
    assert all(0 < units(piece) <= LONGEST_TEXT for piece in pieces)
    assert "".join("".join(piece.split()) for piece in pieces) == "".join(text.split())


def test_a_short_text_stays_whole() -> None:
    assert laid_out("One.\n\nTwo.\n", ()) == (["One.\n\nTwo."], [])


def test_a_text_of_exactly_the_length_stays_whole() -> None:
    assert laid_out("x" * LONGEST_TEXT, ())[0] == ["x" * LONGEST_TEXT]


@pytest.mark.parametrize(
    ("border", "head_ends_with"), [("\n\n", "."), ("\n", ","), (". ", "."), (" ", "word")]
)
def test_the_best_border_is_taken(border: str, head_ends_with: str) -> None:
    head = {
        "\n\n": "A sentence. Another,\nand more.",
        "\n": "No stop here,",
        ". ": "A sentence",
        " ": "word",
    }[border]
    text = head * (3000 // len(head)) + border + "tail word " * 400
    if border == " ":
        text = "word " * 2000
    first = laid_out(text, ())[0][0]
    assert first.endswith(head_ends_with)
    if border != " ":
        assert len(first) == 3000 // len(head) * len(head) + (1 if border == ". " else 0)


def test_a_pair_of_surrogates_is_never_torn() -> None:
    pieces, _ = laid_out("x" + "🦊" * 5000, ())
    assert "".join(pieces) == "x" + "🦊" * 5000


@pytest.mark.parametrize(
    "url",
    [
        "http://desk.example/v",
        "https://localhost/v",
        "https://127.0.0.1/v",
        "https://10.0.0.7/v",
        "https://[::1]/v",
    ],
)
def test_an_address_telegram_refuses_becomes_a_line(url: str) -> None:
    assert laid_out("Sign in here.", [Choice("Sign in", "login", url)]) == (
        [f"Sign in here.\n\nSign in: {url}"],
        [],
    )


def test_a_public_address_is_a_button() -> None:
    choice = Choice("Sign in", "login", "https://desk.example/v")
    assert laid_out("Sign in here.", [choice]) == (["Sign in here."], [choice])


def test_a_value_too_long_for_a_button_leaves_its_label_to_be_typed() -> None:
    choices = [Choice("Yes", "withdraw:yes"), Choice("Another purpose", "purpose:" + "x" * 64)]
    assert laid_out("Sure?", choices) == (["Sure?\n\nAnother purpose"], choices[:1])


@pytest.mark.parametrize(
    "data", ["human", "right:erasure", "purpose:something_else", "services:end", "a:" + "x" * 62]
)
def test_values_of_ours_are_taken(data: str) -> None:
    assert is_value(data)


@pytest.mark.parametrize(
    "data", ["", ":", "right:", "Right:x", "a b", "a:" + "x" * 63, "a:é", "a\n", "a:b:c:d"]
)
def test_other_values_are_not(data: str) -> None:
    assert not is_value(data)
