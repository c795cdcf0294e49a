"""What is due is told to each agent in one list a round, and to nobody who may do nothing about it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from assistant.casework.upkeep import reminders
from assistant.services import Unit
from assistant.store.tables import Agent, Outbox, PrivacyRequest
from tests.doubles.console_app import STAFF, ConsoleSite, console_site


@pytest.fixture
async def site(tmp_path: Path, prepared: ConsoleSite) -> AsyncIterator[ConsoleSite]:
    async with console_site(tmp_path, prepared) as site:
        await site.services.write(_gives_addresses)
        yield site


def _gives_addresses(unit: Unit) -> None:
    for name in STAFF:
        agent = unit.session.exec(select(Agent).where(Agent.name == name)).one()
        agent.email = f"{name.lower()}@desk.example.test"
        unit.session.add(agent)


async def _make_due(site: ConsoleSite, days_late: int = 0) -> list[str]:
    """Let every open request be one to remind of; the first is this late."""
    today = site.clock.at.date()

    def work(unit: Unit) -> list[str]:
        rows = [row for row in unit.session.exec(select(PrivacyRequest)).all() if row.closed_at is None]
        for at, request in enumerate(rows):
            request.remind_on = today
            request.due_on = request.safe_on = today + timedelta(days=at - days_late)
            unit.session.add(request)
        return [request.ref for request in rows]

    return await site.services.write(work)


async def _letters(site: ConsoleSite) -> dict[str, int]:
    """Count what goes to each agent."""

    def work(unit: Unit) -> dict[str, int]:
        to = [
            row.recipient_hash
            for row in unit.session.exec(select(Outbox)).all()
            if row.key.startswith("remind:")
        ]
        keyring = unit.services.keyring
        return {name: to.count(keyring.keyed_hash(f"{name.lower()}@desk.example.test")) for name in STAFF}

    return await site.services.read(work)


async def test_each_agent_gets_one_list_a_round_and_the_auditor_none(site: ConsoleSite) -> None:
    refs = await _make_due(site, days_late=1)
    assert len(refs) > 2
    assert await reminders.remind_due(site.services) == len(refs)
    assert await _letters(site) == {"Tiina": 1, "Marc": 1, "Liis": 1, "Otto": 0}
    assert await reminders.remind_due(site.services) == 0
    assert sum((await _letters(site)).values()) == 3


async def test_what_is_due_first_stands_first(site: ConsoleSite) -> None:
    refs = await _make_due(site, days_late=1)  # in the order in which they are due
    assert await site.services.read(reminders._to_remind) == refs


async def test_a_list_that_could_not_be_written_leaves_all_due(
    site: ConsoleSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    refs = await _make_due(site)

    def fails(*_: object, **__: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr(reminders, "_tell_agents", fails)
        with pytest.raises(RuntimeError):
            await reminders.remind_due(site.services)
    assert await reminders.remind_due(site.services) == len(refs)
    assert (await _letters(site))["Tiina"] == 1
