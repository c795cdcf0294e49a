"""The page of an undone objection lists what is to be put back, in the agent's language, until somebody says what came of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from assistant.casework.audit import record
from assistant.casework.requests.intake import set_attention
from assistant.casework.uses import put_back
from assistant.domain.lifecycle import Status
from assistant.services import Unit
from assistant.store.tables import PrivacyRequest
from tests.doubles.console_app import ConsoleSite, console_site
from tests.integration.test_lost_letters_page import signed_in

HERS = "ida@post.example"
CHANGED = {
    "source": "client-area",
    "table": "clients",
    "category": "contact",
    "columns": ["marketing_opt_in"],
    "deletes": False,
    "rows": 1,
}
LISTED = {
    "Tiina": ("Undone: to put back", "was told to stop", "put back what was changed", "1 record"),
    "Marc": ("Annulé : à remettre", "avait reçu la demande d’arrêter", "remettez ce qui avait été changé"),
}


@pytest.fixture
async def site(tmp_path: Path, prepared: ConsoleSite) -> AsyncIterator[ConsoleSite]:
    async with console_site(tmp_path, prepared) as opened:
        yield opened


async def test_what_is_to_be_put_back_is_listed_until_an_agent_says_what_came_of_it(
    site: ConsoleSite,
) -> None:
    ref, services = site.refs["complaint"], site.services

    def undo(unit: Unit) -> None:
        request = unit.session.get_one(PrivacyRequest, ref)
        request.details = {**request.details, "marketing": True, "address": HERS, put_back.UNDONE: [HERS]}
        unit.session.add(request)
        record(unit, ref, "desk", "stopped_again", changed=[CHANGED])
        record(unit, ref, "desk", "recipient_told", recipient="newsletter_tool")
        set_attention(unit, request, put_back.UNDONE)

    await services.write(undo)
    for name, listed in LISTED.items():
        async with signed_in(site, name) as agent:
            page = (await agent.get(f"requests/{ref}")).replace("\N{NO-BREAK SPACE}", " ")
            assert [words for words in listed[:2] if words not in page] == []
            assert HERS not in page
            assert listed[2] in await agent.get("queue")
    async with signed_in(site, "Liis") as lead:
        await lead.get(f"requests/{ref}")
        shown = await lead.post(f"requests/{ref}/put_back", **{"back_client-area/clients": "1"})
        assert "Put back as it was" in shown
        assert (await site.get(PrivacyRequest, ref)).attention == put_back.UNDONE, "read before it is sent"


@pytest.mark.parametrize("status", [Status.ANSWERED, Status.OPEN])
@pytest.mark.parametrize("reason", ["not_me_by_stranger", "too_many_letters", "partly_left", "undone"])
async def test_an_agents_word_ends_what_called_them_to_a_closed_request_and_nothing_that_waits(
    site: ConsoleSite, status: Status, reason: str
) -> None:
    ref, services = site.refs["complaint"], site.services

    def call(unit: Unit) -> None:
        request = unit.session.get_one(PrivacyRequest, ref)
        request.status = status
        set_attention(unit, request, reason)

    await services.write(call)
    ends = status == Status.ANSWERED and reason in {"not_me_by_stranger", "too_many_letters"}
    async with signed_in(site, "Tiina") as agent:
        assert ("I have dealt with it" in await agent.get(f"requests/{ref}")) is ends
        await agent.post(f"requests/{ref}/settle")
    assert (await site.get(PrivacyRequest, ref)).attention == (None if ends else reason)
