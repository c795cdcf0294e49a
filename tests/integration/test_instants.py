"""A frame of the live chat carries the instants that its text names, for a page that shows its reader's own clock."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
import pytest_asyncio

from tests.doubles.desk_inside import DeskInside, desk_inside

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskInside]:
    async with desk_inside(tmp_path_factory.mktemp("instants")) as opened:
        yield opened


@pytest.mark.parametrize(
    ("language", "wish"), [("en", "Please delete my data."), ("fr", "Supprimez mes données.")]
)
async def test_until_when_a_code_is_valid_is_told_as_an_instant_too(
    desk: DeskInside, language: str, wish: str
) -> None:
    async with desk.chat(language) as chat:
        await chat.say(wish)
        asked = await chat.asked("email")
        assert "instants" not in asked
        await chat.say(f"{language}@post.example")
        sent = await chat.asked("code")
        (until,) = sent["instants"]
        left = datetime.fromisoformat(until["at"]) - desk.clock.now()
        assert timedelta(minutes=8) < left <= timedelta(minutes=10)
        assert until["words"] in sent["text"]
        assert not until["day"]
