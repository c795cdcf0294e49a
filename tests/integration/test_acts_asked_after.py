"""Who asks whether, why or when something was done with their data, or complains of it, asks for nothing of it: nothing is opened, no marketing ends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from intents import Reader
from tests.doubles.console_app import ConsoleSite, console_site
from tests.integration.test_sparing import Talk

ASKED = (
    "Can you tell me whether you erased my profile?",
    "Why would you close my account?!",
    "You removed my data without even asking me.",
    "Please warn me before you erase my account.",
    "Will my account be closed if I object to marketing?",
    "Pouvez-vous me dire si vous avez effacé mon profil ?",
    "Pourquoi vous fermez mon compte ??",
    "Vous avez retiré mes données sans me demander.",
    "Merci de m'avertir avant d'effacer mon compte.",
    "Est-ce que mon compte sera fermé si je m'oppose à la publicité ?",
)


@pytest.fixture
async def talk(tmp_path: Path, prepared: ConsoleSite, reader: Reader) -> AsyncIterator[Talk]:
    async with console_site(tmp_path, prepared) as site:
        yield Talk(site, reader)


@pytest.mark.parametrize("channel", ["webchat", "email"])
async def test_what_is_asked_or_told_of_an_act_is_carried_out_by_nobody(talk: Talk, channel: str) -> None:
    for words in ASKED:
        await talk.write(words, channel, thread=words)
        opened = {request.right for request in await talk.requests()}
        assert opened <= {"complaint"}, words  # which a person answers
