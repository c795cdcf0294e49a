"""Four eyes: who had a hand in a plan does not approve it, and erasure and disclosure take two people."""

from __future__ import annotations

import ast
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from assistant import casework
from assistant.casework.agents import colleagues
from assistant.casework.answers import redaction
from assistant.casework.decisions import approval, closing
from assistant.casework.decisions.four_eyes import TOUCHING
from assistant.casework.requests import queue
from assistant.casework.requests.queue import Principal, Role, Scope
from assistant.config import Approvals
from assistant.errors import NotAllowed
from assistant.services import Unit
from assistant.store.tables import Action, PrivacyRequest
from tests.doubles.agent_browser import AgentBrowser
from tests.doubles.console_app import ConsoleSite, access_plan, console_site

CASEWORK = Path(casework.__file__).parent


@pytest.fixture
async def site(tmp_path: Path, prepared: ConsoleSite) -> AsyncIterator[ConsoleSite]:
    async with console_site(tmp_path, prepared, approvals=Approvals(four_eyes=True)) as opened:
        yield opened


async def approve(site: ConsoleSite, name: str) -> tuple[int, dict[str, Any]]:
    """Approve the waiting access by the API, with a token made for it."""
    token = await site.token(name, Scope.APPROVE, may_approve_irreversible=True)
    return await post(site, token, "approve", plan_hash=access_plan().hash)


async def post(site: ConsoleSite, token: str, verb: str, **body: str) -> tuple[int, dict[str, Any]]:
    url = f"{site.url}/api/v1/queue/{site.actions['access']}/{verb}"
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession() as http, http.post(url, json=body, headers=headers) as answer:
        return answer.status, await answer.json(content_type=None)


async def item(site: ConsoleSite) -> dict[str, Any]:
    token = await site.token("Otto", Scope.READ)
    url = f"{site.url}/api/v1/queue/{site.actions['access']}"
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession() as http, http.get(url, headers=headers) as answer:
        told: dict[str, Any] = await answer.json()
        return told


def choose(site: ConsoleSite, unit: Unit, agent: Principal) -> None:
    queue.choose_accounts(unit, site.refs["access"], [], agent)


def take_back(site: ConsoleSite, unit: Unit, agent: Principal) -> None:
    queue.take_accounts_back(unit, site.refs["access"], agent)


def redact(site: ConsoleSite, unit: Unit, agent: Principal) -> None:
    redaction.decide(unit, site.actions["access"], [], agent)


def again(site: ConsoleSite, unit: Unit, agent: Principal) -> None:
    queue.plan_again(unit, site.refs["access"], agent)


@pytest.mark.parametrize("touch", [choose, take_back, redact, again])
async def test_whoever_had_a_hand_in_a_plan_does_not_approve_it(
    site: ConsoleSite, touch: Callable[[ConsoleSite, Unit, Principal], None]
) -> None:
    lead = Principal("Liis", Role.LEAD, may_approve_irreversible=True)
    await site.services.write(lambda unit: touch(site, unit, lead))
    status, problem = await approve(site, "Liis")
    assert (status, problem["code"]) == (403, "not_allowed")
    assert "had a hand" in problem["title"]
    assert (await site.get(Action, site.actions["access"])).state == "proposed"
    status, told = await approve(site, "Marc")
    assert (status, told["state"]) == (200, "approved"), "two people have had it in hand now"


@pytest.mark.parametrize("touch", [choose, take_back, redact, again])
async def test_a_hand_in_a_plan_of_whoever_may_not_approve_it_is_no_second_person(
    site: ConsoleSite, touch: Callable[[ConsoleSite, Unit, Principal], None]
) -> None:
    await site.services.write(lambda unit: touch(site, unit, Principal("Tiina", Role.AGENT)))
    status, told = await approve(site, "Marc")
    assert (status, told["state"]) == (200, "proposed")
    status, told = await approve(site, "Liis")
    assert (status, told["state"]) == (200, "approved")


async def test_of_what_the_desk_planned_alone_the_first_approval_is_kept_and_the_second_schedules_it(
    site: ConsoleSite,
) -> None:
    assert (await item(site))["needs_second_person"]
    status, told = await approve(site, "Marc")
    assert (status, told["state"], told["approved_by"]) == (200, "proposed", ["Marc"])
    assert (await site.get(PrivacyRequest, site.refs["access"])).status == "awaiting_approval"
    status, problem = await approve(site, "Marc")
    assert (status, problem["code"]) == (403, "not_allowed")
    status, told = await approve(site, "Liis")
    assert (status, told["state"], told["approved_by"]) == (200, "approved", ["Marc", "Liis"])
    assert not told["needs_second_person"], "nobody is needed any more"
    assert (await site.get(PrivacyRequest, site.refs["access"])).status == "scheduled"


STOPPED: dict[str, Callable[[ConsoleSite, Any], object]] = {
    "disabled": lambda site, s: colleagues.disable(Unit(site.services, s), "Marc", colleagues.OPERATOR),
    "may approve no more": lambda site, s: colleagues.change_role(
        Unit(site.services, s), "Marc", Role.AGENT, colleagues.OPERATOR
    ),
}


@pytest.mark.parametrize("how", STOPPED)
async def test_the_first_approval_of_somebody_who_is_stopped_before_the_second_counts_no_more(
    site: ConsoleSite, how: str
) -> None:
    await approve(site, "Marc")
    await site.services.write(lambda unit: bool(STOPPED[how](site, unit.session)))
    assert (await item(site))["approved_by"] == []
    status, told = await approve(site, "Liis")
    assert (status, told["state"], told["approved_by"]) == (200, "proposed", ["Liis"])
    await site.services.write(lambda unit: colleagues.enable(unit, "Marc", colleagues.OPERATOR).name)
    assert (await item(site))["approved_by"] == ["Liis"], "nor when they come back"


async def test_a_hand_in_a_plan_of_somebody_who_is_disabled_is_no_second_person(site: ConsoleSite) -> None:
    marc = Principal("Marc", Role.APPROVER, may_approve_irreversible=True)
    await site.services.write(lambda unit: choose(site, unit, marc))
    await site.services.write(lambda unit: colleagues.disable(unit, "Marc", colleagues.OPERATOR).name)
    status, told = await approve(site, "Liis")
    assert (status, told["state"]) == (200, "proposed")


async def test_what_takes_two_people_is_not_answered_by_hand_by_one(site: ConsoleSite) -> None:
    lead = Principal("Liis", Role.LEAD, may_approve_irreversible=True)
    ref, action = site.refs["access"], site.actions["access"]

    async def closes() -> PrivacyRequest:
        return await site.services.write(
            lambda unit: closing.close(unit, ref, "This is what we hold about you.", lead)
        )

    await site.services.write(lambda unit: approval.reject(unit, action, "By hand.", lead))
    site.clock.at += timedelta(hours=73)
    for who in (Principal("Tiina", Role.AGENT), Principal("Marc", Role.APPROVER)):
        with pytest.raises(NotAllowed, match="two people"):
            await closes()
        await site.services.write(partial(queue.plan_again, ref=ref, agent=who))
    assert (await closes()).status == "answered"


async def test_both_persons_need_the_right_to_approve_what_cannot_be_taken_back(site: ConsoleSite) -> None:
    assert (await approve(site, "Marc"))[0] == 200
    plain = await site.token("Liis", Scope.APPROVE)
    status, _ = await post(site, plain, "approve", plan_hash=access_plan().hash)
    assert status == 403
    assert (await approve(site, "Tiina"))[0] == 403
    assert (await site.get(Action, site.actions["access"])).state == "proposed"


async def test_undoing_takes_both_approvals_back(site: ConsoleSite) -> None:
    await approve(site, "Marc")
    await approve(site, "Liis")
    marc = Principal("Marc", Role.APPROVER)
    action = site.actions["access"]
    await site.services.write(lambda unit: approval.undo(unit, action, marc))
    assert (await item(site))["approved_by"] == []
    status, told = await approve(site, "Marc")
    assert (status, told["state"]) == (200, "proposed")


async def test_the_page_says_who_approved_and_offers_no_button_to_them(site: ConsoleSite) -> None:
    await approve(site, "Marc")
    pages = {}
    for name in ("Marc", "Liis"):
        browser = AgentBrowser(site, name)
        async with browser.http:
            await browser.sign_in()
            await browser.post("settings/language", language="en")
            pages[name] = await browser.get(f"requests/{site.refs['access']}")
    confirm = f"/console/plans/{site.actions['access']}/confirm"
    assert "Approved by Marc; a second person must approve it too." in pages["Liis"]
    assert confirm in pages["Liis"]
    assert confirm not in pages["Marc"]


async def test_with_four_eyes_off_one_person_is_enough(tmp_path: Path, prepared: ConsoleSite) -> None:
    async with console_site(tmp_path, prepared) as site:
        assert not (await item(site))["needs_second_person"]
        status, told = await approve(site, "Marc")
    assert (status, told["state"], told["needs_second_person"]) == (200, "approved", False)


def changes_what_is_planned(function: ast.FunctionDef) -> bool:
    """Tell whether a function writes what a plan is made from, or what it leaves out."""
    return any(
        isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and node.attr in {"details", "to_plan_at", "mentions", "evidence_id"}
        for node in ast.walk(function)
    )


def test_every_act_of_an_agent_that_changes_what_is_planned_counts_as_a_hand_in_it() -> None:
    """What only takes a plan away, such as rejecting it, has no hand in the one that comes."""
    away = {"reject", "undo", "settle"}  # the last notes what was done about a request that is over
    functions = [
        (file.name, node)
        for file in sorted(CASEWORK.rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef) and "agent" in {each.arg for each in node.args.args}
    ]
    found = {
        f"{file}:{node.name}": {n.value for n in ast.walk(node) if isinstance(n, ast.Constant)} & TOUCHING
        for file, node in functions
        if changes_what_is_planned(node) and node.name not in away
    }
    assert len(found) >= 4
    assert [name for name, events in found.items() if not events] == []
