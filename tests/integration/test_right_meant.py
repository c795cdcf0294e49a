"""What is meant is answered: a right beside *don't delete it*, a limit, a statement; nobody is told that no erasure was opened who thought of none."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from intents import Reader
from tests.doubles.console_app import ConsoleSite, console_site
from tests.integration.test_sparing import Talk

MEANT = {
    "Please do not delete my file, but do not use it any more either.": {"restriction"},
    "Surtout n'effacez pas mon dossier, mais ne vous en servez plus.": {"restriction"},
    "don't close my account, only my date of birth": set(),
    "ne supprimez pas mon profil, seulement ma photo": set(),
    "oh so you will keep my data forever? great": set(),
    "et donc vous gardez mes données à vie ? génial": set(),
    "My data should not be stored for longer than necessary.": set(),
    "Suite à une réquisition judiciaire, merci de conserver ces données.": set(),
}


@pytest.fixture
async def talk(tmp_path: Path, prepared: ConsoleSite, reader: Reader) -> AsyncIterator[Talk]:
    async with console_site(tmp_path, prepared) as site:
        yield Talk(site, reader)


@pytest.mark.parametrize("words", MEANT)
async def test_what_is_meant_is_answered_without_speaking_of_an_erasure(talk: Talk, words: str) -> None:
    await talk.write(words)
    assert {request.right for request in await talk.requests()} == MEANT[words]
    said = await talk.all_said()
    assert "No erasure that could" not in said
    assert "Aucun effacement" not in said


async def test_calls_of_the_sales_people_end_at_once(talk: Talk) -> None:
    await talk.write("I don't want calls from your sales people. +44 7700 900456", "email")
    request = await talk.one()
    assert request.details["marketing"] is True
    assert "+44 7700 900456" in request.details["address"]
