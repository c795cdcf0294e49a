"""Where a request stands and what comes next are said one after the other: the second never says the first again."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from itertools import product

import pytest

from assistant.casework.talk.standing import _NEXT
from assistant.domain.lifecycle import Status

# What each status may be said with, beside what follows from it alone: who or what holds it up.
OTHERS = {
    Status.RECEIVED: ("detail", "review", "asked_first"),
    Status.VERIFYING: ("detail", "asked_first"),
    Status.OPEN: ("detail", "review", "asked_first"),
    Status.SCHEDULED: (),
    "paused": ("paused",),
}
LONG = 5  # letters of a word that says something


def _words(said: str) -> set[str]:
    return {word[:LONG] for word in re.findall(r"[^\W\d_]+", said.casefold()) if len(word) >= LONG}


@pytest.mark.parametrize("language", ["en", "fr"])
def test_no_step_repeats_the_words_of_the_status_that_it_follows(language: str) -> None:
    raw = (files("assistant.replies") / language / "labels.toml").read_text(encoding="utf-8")
    labels = tomllib.loads(raw)
    own = {(status, step) for status in Status if (step := _NEXT.get(status, "done"))}
    pairs = own | {pair for status, steps in OTHERS.items() for pair in product([status], steps)}
    for status, step in sorted(pairs):
        said, then = labels["statuses"][status], labels["steps"][step]
        assert not _words(said) & _words(then), (said, then)
