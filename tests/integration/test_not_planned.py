"""A proved request of which no plan can be made, or none that can be carried out, calls a person; of the first its person hears."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from assistant.errors import AssistantError, SourceMisfit
from assistant.store.tables import Message, PrivacyRequest
from handlers.rectification import Rectification
from tests.doubles.desk_inside import DeskInside, desk_inside
from tests.doubles.typing_visitor import Talk

pytestmark = pytest.mark.asyncio(loop_scope="module")

ASK = {
    "en": ("Please correct my first name to Morgan.", "Yes"),
    "fr": ("Corrigez mon prénom, je m'appelle Morgan.", "Oui"),
}
READS = {"en": "A person here has to look at this", "fr": "Une personne de notre équipe doit examiner cela"}
TOO_LONG = "Morgan " * 200
FAULTS = [SourceMisfit("no such column"), AssistantError("failed"), ValueError("unforeseen")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskInside]:
    async with desk_inside(tmp_path_factory.mktemp("unplanned")) as opened:
        yield opened


def plain_addresses(desk: DeskInside) -> list[str]:
    """List clients by the addresses that they alone have."""
    found = [str(email) for (email,) in desk.query("SELECT email FROM clients ORDER BY id")]
    return [email for email in found if email.isascii() and found.count(email) == 1]


async def proved(desk: DeskInside, language: str, number: int) -> tuple[Talk, PrivacyRequest]:
    """Ask for a correction in a chat, confirm it, and prove who asks."""
    talk = Talk(desk, language)
    email = plain_addresses(desk)[number]
    for words in (*ASK[language], email):
        await talk.say(words)
    await talk.say(await desk.code(email))
    await desk.idle()
    return talk, (await talk.requests())["rectification"]


async def told(talk: Talk, request: PrivacyRequest, language: str) -> int:
    """Count how often its person heard that somebody reads it."""
    return len([m for m in await talk.all_of(Message) if READS[language] in m.text and request.ref in m.text])


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("number", range(len(FAULTS)), ids=lambda number: type(FAULTS[number]).__name__)
async def test_a_plan_that_fails_calls_a_person_and_says_so_once(
    desk: DeskInside, monkeypatch: pytest.MonkeyPatch, language: str, number: int
) -> None:
    async def fail(*_: object) -> None:
        raise FAULTS[number]

    monkeypatch.setattr(Rectification, "propose", fail)
    talk, request = await proved(desk, language, 2 * number + (language == "fr"))
    assert (request.attention or "").startswith("plan_failed:")
    await desk.forward("5m")
    await desk.idle()
    assert await told(talk, request, language) == 1, "tried again, and told once"


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_a_value_that_no_system_takes_calls_a_person_and_says_nothing(
    desk: DeskInside, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    monkeypatch.setattr("assistant.sources.sql.corrections.as_written", lambda *_: TOO_LONG)
    talk, request = await proved(desk, language, 10 + (language == "fr"))
    assert request.attention == "plan_conflict"
    assert await told(talk, request, language) == 0, (
        "of a conflict nothing is said: it may be with another's row"
    )
