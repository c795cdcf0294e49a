"""Whoever is not in any system is told so in words about the right that they used, not about another one."""

from __future__ import annotations

import pytest

from tests.doubles.attacks import ACCESS, ERASURE, proved
from tests.doubles.desk_process import DeskProcess

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("not_held")]

ASKED = {
    "access": (ACCESS, "hold no data"),
    "portability": ("I want my data in a machine-readable format, for another provider.", "hold no data"),
    "erasure": (ERASURE, "nothing to erase"),
    "restriction": (
        "Please restrict the processing of my personal data, it is not accurate.",
        "We have stopped and restricted nothing",
    ),
    "objection": ("I object to the profiling of my personal data.", "We have stopped and restricted nothing"),
    "consent_withdrawal": (
        "I withdraw my consent to the profiling of my data.",
        "We have stopped and restricted nothing",
    ),
}


@pytest.mark.parametrize("right", ASKED)
async def test_nothing_held_is_said_in_words_about_the_right_that_was_used(
    desk: DeskProcess, right: str
) -> None:
    sentence, words = ASKED[right]
    email = f"nobody.{right}@ailleurs.example"
    async with desk.chat() as chat:
        ref = await proved(desk, chat, email, sentence)
        await desk.until_status(ref, "answered", "partly_answered")
        assert (await desk.request(ref))["outcome"] == "nothing_found"
    told = " ".join((await desk.mail(email, "our answer")).get_content().split())
    assert ref in told
    assert words in told
    assert "completes your data" not in told, "that is Article 16"
