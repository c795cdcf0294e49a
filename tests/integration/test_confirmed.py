"""What is said once somebody proved who they are: each request by its right, in the chat and on the page."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.doubles.attacks import Victim, victims
from tests.doubles.desk_inside import DeskInside, desk_inside
from tests.doubles.journeys import confirm_link, links_in, type_code

pytestmark = pytest.mark.asyncio(loop_scope="module")
# Two rights in one message, neither of which asks for a detail.
SEVERAL = {
    "en": "Please send me a copy of my data, and restrict the use of my data while you check them.",
    "fr": "Envoyez-moi une copie de mes données, et limitez le traitement de mes données pendant la vérification.",
}
NAMED = {
    "en": {"access": "for access (reference {})", "restriction": "for restriction (reference {})"},
    "fr": {"access": "demande d’accès du", "restriction": "demande de limitation du"},
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskInside]:
    async with desk_inside(tmp_path_factory.mktemp("confirmed")) as opened:
        yield opened


@pytest.fixture(scope="module")
def people(desk: DeskInside) -> Iterator[Victim]:
    return victims(desk)


def names_each(text: str, refs: dict[str, str], language: str) -> bool:
    return all(words.format(refs[right]) in text for right, words in NAMED[language].items())


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_a_chat_names_what_was_proved_together_by_its_rights(
    desk: DeskInside, people: Iterator[Victim], language: str
) -> None:
    person = next(people)
    async with desk.chat(language) as chat:
        await chat.say(SEVERAL[language])
        refs = await chat.opened()
        assert set(refs) == {"access", "restriction"}
        await type_code(desk, chat, person.email)
        said = await chat.until(lambda m: refs["restriction"] in m["text"] and not m["expects"])
    assert names_each(said["text"], refs, language), said["text"]


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_a_page_names_what_was_confirmed_by_its_rights(
    desk: DeskInside, people: Iterator[Victim], language: str
) -> None:
    email, before = next(people).email, await desk.refs()
    await asyncio.to_thread(desk.send_mail, SEVERAL[language], sender=email, subject="Data")
    refs = {(await desk.request(ref))["right"]: ref for ref in await desk.opened_by(before, 2)}
    (link,) = links_in((await desk.mail(email, "/verify/stop/")).get_content(), "/verify/")
    page = re.sub(r"\s+", " ", await confirm_link(desk, link, refs["access"]))
    assert names_each(page, refs, language), page
