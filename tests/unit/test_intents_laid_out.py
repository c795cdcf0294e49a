"""How a message is laid out changes nothing of what it asks: its last mark, broken lines, spaces, the first letter."""

from __future__ import annotations

import json
import textwrap
import time
import timeit
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from intents import Reader
from intents.cleaning import unwrapped
from intents.evaluate import rows_of
from intents.reading import Reading

HELD_OUT = Path(__file__).parents[1] / "data" / "intents" / "held_out.jsonl"
PLAIN = [
    "Please delete my account.",
    "Delete my data.",
    "Please stop using my data for marketing.",
    "Send me a copy of my personal data.",
    "Supprimez mon compte.",
    "Merci de supprimer mes données.",
    "Envoyez-moi une copie de mes données personnelles.",
    "Je m'oppose à la prospection.",
]


def _bare(text: str) -> str:
    return text.rstrip(" .!")


def _wrapped(width: int) -> Callable[[str], str]:
    return lambda text: textwrap.fill(text, width, break_long_words=False, break_on_hyphens=False)


LAID_OUT: dict[str, Callable[[str], str]] = {
    "without a full stop": _bare,
    "with one": lambda text: f"{_bare(text)}.",
    "with an exclamation": lambda text: f"{_bare(text)}!",
    "with three": lambda text: f"{_bare(text)}!!!",
    "spaces behind": lambda text: f"{text}  \n",
    "spaces before": lambda text: f"\n  {text}",
    "a small first letter": lambda text: f"{text[:1].lower()}{text[1:]}",
    "wrapped at 40": _wrapped(40),
    "wrapped at 72": _wrapped(72),
}


@pytest.fixture(scope="module")
def opened(reader: Reader) -> dict[str, Reading]:
    """Give the messages that are opened as they stand, of one block, and that end in no question and no colon."""
    texts = [*PLAIN, *(row.text for row in rows_of(HELD_OUT) if row.labels and "\n" not in row.text)]
    read = {text: reader.read(text) for text in texts if text.rstrip()[-1:] not in set('?:;…"»)')}
    return {text: found for text, found in read.items() if found.decision == "request"}


def _told(found: Reading) -> tuple[str, frozenset[str], str]:
    details: dict[str, Any] = found.details
    return found.decision, found.rights, json.dumps(details, sort_keys=True, ensure_ascii=False).lower()


@pytest.mark.parametrize("laid_out", LAID_OUT)
def test_how_a_message_is_laid_out_changes_no_reading(
    reader: Reader, opened: dict[str, Reading], laid_out: str
) -> None:
    assert set(PLAIN) <= set(opened)
    assert len(opened) > 250
    read = {text: reader.read(LAID_OUT[laid_out](text)) for text in opened}
    assert [
        (t, _told(opened[t]), _told(found)) for t, found in read.items() if _told(found) != _told(opened[t])
    ] == []


@pytest.mark.parametrize("text", PLAIN)
def test_a_line_broken_anywhere_in_a_short_wish_changes_no_reading(reader: Reader, text: str) -> None:
    words = text.rstrip(".").split()
    broken = [f"{' '.join(words[:at])}\n{' '.join(words[at:])}" for at in range(1, len(words))]
    assert [t for t in broken if _told(reader.read(t)) != _told(reader.read(text))] == []


def test_a_list_keeps_its_lines() -> None:
    text = (
        "Please:\n- delete my account\n- stop the newsletter\n\nBonjour,\nSupprimez mon compte\nMerci\nCarla"
    )
    assert unwrapped(text) == text


def test_lines_are_joined_in_time_linear_to_their_number() -> None:
    def seconds(text: str) -> float:
        return min(timeit.repeat(lambda: unwrapped(text), timer=time.thread_time, number=1, repeat=5))

    for line in ("a\n", "word word word word word word\n", "I " * 14 + "\n", ",\n\n", "\n"):
        assert seconds(line * 40_000) < 6 * seconds(line * 10_000) + 0.02, line
