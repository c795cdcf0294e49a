"""Whoever is lured into signing in reads on the page where and when that was asked which they would confirm, as on the page of a link."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.attacks.test_codes import signed
from tests.doubles.attacks import Victim
from tests.doubles.desk_inside import DeskInside, desk_inside

pytestmark = pytest.mark.asyncio(loop_scope="module")
ASKED = {
    "en": ("Please send me a copy of all the personal data you hold about me.", "On {day} at {time} (Tallinn time) we were asked in the live chat"),
    "fr": ("Je voudrais une copie de toutes mes données personnelles.", "Le {day} à {time} (heure de Tallinn), nous avons reçu dans le chat"),
}  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskInside]:
    async with desk_inside(tmp_path_factory.mktemp("sign-in")) as opened:
        yield opened


@pytest.mark.parametrize("language", ASKED)
async def test_the_page_of_a_sign_in_says_by_which_channel_and_when_it_was_asked(
    desk: DeskInside, people: Iterator[Victim], language: str
) -> None:
    words, said = ASKED[language]
    async with desk.chat() as chat:
        await chat.say(words)
        choices = (await chat.asked("email"))["choices"]
    login = next(choice["url"] for choice in choices if choice.get("url"))
    page = html.unescape(
        await desk.press(f"{desk.url}/verify/client-area", token=signed(desk, next(people), login))
    )
    expected = re.escape(said).replace(r"\{day\}", ".{6,20}").replace(r"\{time\}", r"\d\d:\d\d")
    assert re.search(expected, " ".join(page.split())), page
