"""The console and the API show what did not arrive, in the agent's language, until somebody has dealt with it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlmodel import col, select

from assistant.casework.answers.undelivered import note_loss
from assistant.casework.outbox import queue_outgoing
from assistant.casework.requests.intake import set_attention
from assistant.casework.requests.queue import Scope
from assistant.domain.letter import Letter
from assistant.services import Unit
from assistant.store.tables import Outbox, PrivacyRequest
from tests.doubles.agent_browser import AgentBrowser
from tests.doubles.console_app import ConsoleSite, console_site


@asynccontextmanager
async def signed_in(site: ConsoleSite, name: str) -> AsyncIterator[AgentBrowser]:
    async with AgentBrowser(site, name) as browser:
        await browser.sign_in()
        yield browser


@pytest.fixture
async def site(tmp_path: Path, prepared: ConsoleSite) -> AsyncIterator[ConsoleSite]:
    async with console_site(tmp_path, prepared) as opened:
        yield opened


async def test_what_did_not_arrive_stands_on_its_request_until_an_agent_has_dealt_with_it(
    site: ConsoleSite,
) -> None:
    ref, services = site.refs["unproved"], site.services
    request = await site.get(PrivacyRequest, ref)
    conversation, before = request.conversation_id, request.attention

    def lose(unit: Unit) -> None:
        letter = Letter(
            key="challenge:1",
            channel="email",
            kind="mail",
            text="12345678",
            language="en",
            conversation_id=conversation,
            recipient="claire.dumas@client.example",
            about=[ref],
        )
        queue_outgoing(unit, letter)
        unit.session.flush()
        row = unit.session.exec(select(Outbox).where(col(Outbox.key) == "challenge:1")).one()
        row.state = "bounced"
        note_loss(unit, row, "bounced:5.1.1")

    await services.write(lose)
    async with signed_in(site, "Marc") as marc:
        page = await marc.get(f"requests/{ref}")
        assert "Non remis" in page
        assert "Code ou lien de vérification" in page
    async with signed_in(site, "Tiina") as tiina:
        for path in (f"requests/{ref}", f"conversations/{conversation}"):
            page = await tiina.get(path)
            assert "Not delivered" in page
            assert "Code or link for proof" in page
            assert "to c••••@c••••.example" in page
            assert "reported later that it could not be delivered (there is no such mailbox)" in page
            assert "claire.dumas" not in page
            assert "12345678" not in page
        assert "A message could not be delivered" in await tiina.get("queue")
        token = await site.token("Tiina", Scope.READ)
        url = f"{site.url}/api/v1/requests/{ref}"
        async with tiina.http.get(url, headers={"Authorization": f"Bearer {token}"}) as answer:
            (told,) = (await answer.json())["undelivered"]
        assert (told["letter"], told["to"], told["why"], told["code"]) == (
            "challenge",
            "c••••@c••••.example",
            "bounced",
            "5.1.1",
        )

        await tiina.get(f"requests/{ref}")
        page = await tiina.post(f"requests/{ref}/settle")
        assert "Noted: you have dealt with it." in page
        assert "Code or link for proof" not in page
        assert (await site.get(PrivacyRequest, ref)).attention == before
        assert "could not be delivered" not in await tiina.get("queue")


async def test_what_only_a_report_without_our_id_says_is_shown_as_unproved(site: ConsoleSite) -> None:
    ref, services = site.refs["unproved"], site.services
    request = await site.get(PrivacyRequest, ref)

    def doubt(unit: Unit) -> None:
        letter = Letter(
            key="challenge:1", channel="email", kind="mail", text="12345678", language="en",
            conversation_id=request.conversation_id, recipient="claire.dumas@client.example", about=[ref],
        )  # fmt: skip
        queue_outgoing(unit, letter)
        unit.session.flush()
        set_attention(unit, unit.session.get_one(PrivacyRequest, ref), None)
        row = unit.session.exec(select(Outbox).where(col(Outbox.key) == "challenge:1")).one()
        note_loss(unit, row, "unproved:5.1.1")

    await services.write(doubt)
    assert (await site.get(PrivacyRequest, ref)).attention == "delivery_unproved"
    async with signed_in(site, "Marc") as marc:
        page = await marc.get(f"requests/{ref}")
        assert "il est peut-être inventé : vérifiez avant de changer quoi que ce soit" in page
        assert "faites corriger l’adresse" not in page
    async with signed_in(site, "Tiina") as tiina:
        page = await tiina.get(f"requests/{ref}")
        assert "May not have arrived (unproved)" in page
        assert "it may be made up: look before you change anything" in page
        assert "there is no such mailbox" not in page
        assert "have the address mended" not in page
        token = await site.token("Tiina", Scope.READ)
        url = f"{site.url}/api/v1/requests/{ref}"
        async with tiina.http.get(url, headers={"Authorization": f"Bearer {token}"}) as answer:
            (told,) = (await answer.json())["undelivered"]
        assert told["why"] == "unproved"

        await tiina.get(f"requests/{ref}")
        await tiina.post(f"requests/{ref}/settle")
        assert (await site.get(PrivacyRequest, ref)).attention is None
