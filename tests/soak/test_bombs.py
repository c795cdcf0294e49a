"""Every kind of mail that costs a reader too much, in four sizes: time grows with its length and ends at a bound."""

from __future__ import annotations

import itertools
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assistant.channels.email.parsing import parse_message
from assistant.channels.email.settings import LARGEST_MAIL, EmailSettings
from tests.doubles.bombs import BOMBS

pytestmark = pytest.mark.quiet

SIZES = (10_000, 100_000, 1_000_000, LARGEST_MAIL - 10_000)
MOST_SECONDS = 8.0  # of the processor, for the largest of the worst kind: two on a quiet machine
SETTINGS = EmailSettings(
    address="privacy@desk.example.test", authserv_id="mail.desk.example.test", mailbox_dir=Path("nowhere")
)


def seconds(raw: bytes) -> float:
    """Give the least of a few, where it is soon read: one alone may hold what Python tidies up in between."""
    return min(once(raw) for _ in range(3 if len(raw) < SIZES[-1] else 1))


def once(raw: bytes) -> float:
    began = time.process_time()
    incoming = parse_message(
        raw, received_at=datetime(2026, 11, 24, tzinfo=UTC), settings=SETTINGS, token_key=b"k" * 32
    )
    taken = time.process_time() - began
    assert incoming.raw is raw
    assert len(incoming.text) <= 250_000
    return taken


@pytest.mark.parametrize("kind", BOMBS)
def test_a_mail_is_read_in_time_that_grows_with_its_length_up_to_a_bound(kind: str) -> None:
    taken = [seconds(BOMBS[kind](size)) for size in SIZES]
    assert taken[-1] < MOST_SECONDS
    for (small, large), (before, after) in zip(
        itertools.pairwise(SIZES), itertools.pairwise(taken), strict=True
    ):
        assert after < max(0.2, 2.5 * before * large / small), (kind, taken)
