"""From *a person will join you* on the desk only notes; when nobody comes in time it says so, and support gets the talk by mail."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import col, select

from assistant.casework.agents import talking
from assistant.casework.requests.queue import Principal, Role
from assistant.casework.talk.handover import hand_over_due
from assistant.services import Unit
from assistant.store.tables import AgentSession, Outbox
from intents import Reader
from tests.doubles.console_app import ConsoleSite, console_site
from tests.integration.test_after_going_on import Thread
from tests.integration.test_sparing import Talk

HUMAN = {"en": "I would like to talk to a person.", "fr": "Je voudrais parler à une personne."}
BESIDE = {
    "en": ("Are you there?", "Where does my request stand?", "Thank you"),
    "fr": ("Vous êtes là ?", "Où en est ma demande ?", "Merci"),
}
WISH = {"en": "Please send me a copy of all my data.", "fr": "Je voudrais une copie de toutes mes données."}
WAITS = {"en": "A person will join you here", "fr": "Une personne vous rejoint ici"}
NOBODY = {"en": "Nobody is online", "fr": "Personne n’est en ligne"}
AGENT = "Tiina"
LATER = timedelta(minutes=6)


@pytest.fixture
async def talk(tmp_path: Path, prepared: ConsoleSite, reader: Reader) -> AsyncIterator[Talk]:
    async with console_site(tmp_path, prepared) as site:
        yield Talk(site, reader)


@pytest.fixture
async def called(talk: Talk, language: str) -> Thread:
    await here(talk)
    thread = Thread(talk, f"called-{language}", language)
    await thread.write(HUMAN[language])
    assert WAITS[language] in (await thread.said())[-1]
    return thread


async def here(talk: Talk) -> None:
    """Have an agent look at the console just now."""
    now = talk.site.clock.at

    def work(unit: Unit) -> None:
        unit.session.add(
            AgentSession(session_hash="here", agent=AGENT, csrf="c", started_at=now, last_at=now, totp_at=now)
        )

    await talk.site.services.write(work)


async def tickets(thread: Thread) -> int:
    ident = (await thread.conversation()).id
    mine = col(Outbox.key).startswith(f"ticket:{ident}")
    rows = select(Outbox).where(mine)
    return len(await thread.talk.site.services.read(lambda unit: unit.session.exec(rows).all()))


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_while_an_agent_is_awaited_the_desk_says_nothing_and_loses_no_wish(
    called: Thread, language: str
) -> None:
    before = await called.said()
    for words in BESIDE[language]:
        await called.write(words)
    assert await called.said() == before
    await called.write(WISH[language])
    assert set(await called.requests()) == {"access"}


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_when_nobody_comes_in_time_that_is_said_once_and_the_desk_goes_on(
    called: Thread, language: str
) -> None:
    services = called.talk.site.services
    await hand_over_due(services)
    assert await tickets(called) == 0
    called.talk.site.clock.at += LATER
    for _ in range(2):
        await hand_over_due(services)
    told = [said for said in await called.said() if NOBODY[language] in said]
    assert (len(told), await tickets(called)) == (1, 1)
    before = len(await called.said())
    await called.write(BESIDE[language][1])
    assert len(await called.said()) == before + 1


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_who_joined_in_time_leaves_no_ticket(called: Thread, language: str) -> None:
    agent = Principal(AGENT, Role.AGENT)
    ident = (await called.conversation()).id
    services = called.talk.site.services
    await services.write(lambda unit: talking.take_over(unit, ident, agent))
    called.talk.site.clock.at += LATER
    await hand_over_due(services)
    assert await tickets(called) == 0
    await services.write(lambda unit: talking.give_back(unit, ident, agent))
    before = len(await called.said())
    await called.write(BESIDE[language][1])
    assert len(await called.said()) == before + 1
