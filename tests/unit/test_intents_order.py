"""The rules of the reader stand in one list each; where their order decides, a text shows it."""

from __future__ import annotations

from typing import Any

import pytest

from intents import Reader, reader
from intents.reading import Reading

# From where a rule is moved and to, a text, and how it is read in their order and in the other.
MOVED = [
    (
        ("LEAVES_OUT", 1, 2),  # things of the service behind what is taken back: what was wished once is lost
        "Please delete my account, no wait, forget that.",
        ("ask", {"erasure"}),
        ("none", set()),
    ),
    (
        ("LEAVES_OUT", 5, 2),  # what is shown before what is taken back: a doubt where nobody wished anything
        'Is this letter good? "Delete my account, no wait, only correct my name to Anna."',
        ("request", {"rectification"}),
        ("ask", {"rectification", "erasure"}),
    ),
    (
        ("NARROWS", 0, 3),  # where data come from behind the limits: all is erased at once
        "Delete everything except my invoices. Where did you get my email address from?",
        ("ask", {"access", "erasure"}),
        ("request", {"access", "erasure"}),
    ),
    (
        ("NARROWS", 1, 3),  # a complaint behind the limits: all is erased at once
        "Delete all my data except my address. I file a formal complaint about your processing. Send me a copy.",
        ("ask", {"access", "erasure", "complaint"}),
        ("request", {"access", "erasure", "complaint"}),
    ),
]


@pytest.fixture(scope="module")
def reading() -> Reader:
    return Reader.load()


def _told(found: Reading) -> tuple[str, set[str]]:
    return found.decision, set(found.rights)


@pytest.mark.parametrize(
    ("moved", "text", "told", "otherwise"), MOVED, ids=[text[:40] for _, text, _, _ in MOVED]
)
def test_a_rule_in_another_place_reads_a_text_otherwise(
    reading: Reader,
    monkeypatch: pytest.MonkeyPatch,
    moved: tuple[str, int, int],
    text: str,
    told: tuple[str, set[str]],
    otherwise: tuple[str, set[str]],
) -> None:
    assert _told(reading.read(text)) == told
    rules, rule, to = moved
    holder: Any = Reader if rules == "NARROWS" else reader
    order = list(getattr(holder, rules))
    order.insert(to, order.pop(rule))
    monkeypatch.setattr(holder, rules, tuple(order))
    assert _told(reading.read(text)) == otherwise
