"""An approval is of what leaves: a form opened before somebody decided otherwise is stale, and the page shows what goes."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path

import pytest

from assistant.config import Approvals
from assistant.store.tables import Action
from tests.doubles.agent_browser import AgentBrowser
from tests.doubles.console_app import ConsoleSite, access_plan, console_site
from tests.integration.test_four_eyes import approve, item, post

WORDS = "Jean Dupuis"
AS_GOT = re.compile(
    r'<td>(?:<p class="text" lang="">[^<]*</p>)+</td>\s*<td><label><input type="checkbox" name="open_'
)
TOLD = {
    "en": ("Nothing that was found to name somebody else goes", "1 passage that names somebody else goes"),
    "fr": (
        "Rien de ce qui a été trouvé sur d’autres personnes",
        "1 passage qui nomme quelqu’un d’autre part",
    ),
}


@pytest.fixture
async def site(tmp_path: Path, prepared: ConsoleSite) -> AsyncIterator[ConsoleSite]:
    async with console_site(tmp_path, prepared, approvals=Approvals(four_eyes=True)) as opened:
        yield opened


async def browser(site: ConsoleSite, name: str, language: str = "en") -> AgentBrowser:
    found = AgentBrowser(site, name)
    await found.sign_in()
    await found.post("settings/language", language=language)
    return found


async def leave_in(site: ConsoleSite, *numbers: int) -> None:
    agent = await browser(site, "Tiina")
    async with agent.http:
        await agent.get(f"requests/{site.refs['access']}")
        await agent.post(f"plans/{site.actions['access']}/redact", **{f"open_{n}": "1" for n in numbers})
        assert agent.status == 200


@pytest.mark.parametrize("language", TOLD)
async def test_a_form_opened_before_a_name_was_left_in_approves_nothing_and_the_new_one_shows_the_name(
    site: ConsoleSite, language: str
) -> None:
    marc, action = await browser(site, "Marc", language), site.actions["access"]
    async with marc.http:
        confirm = unescape(await marc.get(f"plans/{action}/confirm"))
        none, one = TOLD[language]
        assert none in confirm
        old = re.search(r'name="plan_hash" value="(\w+)"', confirm)
        assert old
        await leave_in(site, 0)
        page = unescape(await marc.post(f"plans/{action}/approve", plan_hash=old[1], code=site.code("Marc")))
        assert marc.status == 409
        assert (await site.get(Action, action)).state == "proposed"
        (got,) = AS_GOT.findall(page)
        assert WORDS in got, "what is left in is shown as it leaves"
        assert "[redacted]" not in got
        confirm = unescape(await marc.get(f"plans/{action}/confirm"))
        assert one in confirm
        assert WORDS in confirm
        assert none not in confirm
        await leave_in(site)
        (got,) = AS_GOT.findall(unescape(await marc.get(f"requests/{site.refs['access']}")))
        assert "[redacted]" in got
        assert WORDS not in got


async def test_by_the_api_a_stale_hash_gives_the_new_one_with_how_many_stay(site: ConsoleSite) -> None:
    before = await item(site)
    assert (before["left_in"], before["left_out"]) == (0, 1)
    await leave_in(site, 0)
    status, problem = await approve(site, "Marc")
    assert (status, problem["code"]) == (409, "stale_plan")
    assert problem["current"] != access_plan().hash
    assert (problem["plan"]["left_in"], problem["plan"]["left_out"]) == (1, 0)
    await leave_in(site)
    assert (await item(site))["plan_hash"] == before["plan_hash"], "the same copy has the same name"


async def test_the_first_of_two_approvals_is_of_what_was_there_then(site: ConsoleSite) -> None:
    assert (await approve(site, "Marc"))[1]["approved_by"] == ["Marc"]
    await leave_in(site, 0)
    told = await item(site)
    assert told["approved_by"] == [], "nobody has approved this copy"
    for name, state in (("Marc", "proposed"), ("Liis", "approved")):  # whoever decided may not approve it
        token = await site.token(name, "approve", may_approve_irreversible=True)  # type: ignore[arg-type]
        status, told = await post(site, token, "approve", plan_hash=told["plan_hash"])
        assert (status, told["state"]) == (200, state)
