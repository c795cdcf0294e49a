"""What a person is told by mail, page and chat is so of each request and of every status it can have."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.doubles.attacks import Victim
from tests.doubles.desk_inside import DeskInside, desk_inside

pytestmark = pytest.mark.asyncio(loop_scope="module")
BOTH = {
    "en": "Please send me a copy of my personal data, and then delete all of it.",
    "fr": "Envoyez-moi une copie de mes données personnelles, puis supprimez toutes mes données.",
}
EFFECTS = {
    "en": ("copy of your data", "erase your data"),
    "fr": ("copie de vos données", "effaçons vos données"),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskInside]:
    async with desk_inside(tmp_path_factory.mktemp("told")) as opened:
        yield opened


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_the_link_of_several_requests_tells_what_each_of_them_does(
    desk: DeskInside, people: Iterator[Victim], language: str
) -> None:
    who = next(people)
    await desk.raw_mail(
        f"From: {who.email}\r\nTo: privacy@noorus.example\r\nSubject: Data\r\nMessage-ID: <{who.id}@mail.example>\r\n"
        f"Content-Type: text/plain; charset=utf-8\r\n\r\n{BOTH[language]}\r\n".encode(),
        who.email,
    )
    letter = (await desk.mail(who.email, "/verify/")).get_content()
    assert all(effect in letter for effect in EFFECTS[language])
