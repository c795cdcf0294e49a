"""What is refused is counted by kind and hour: seen by a lead, small on the disk, and naming no visitor."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from prometheus_client.parser import text_string_to_metric_families
from typer.testing import CliRunner

from assistant.casework import events
from assistant.casework.events import Event
from assistant.casework.upkeep import reminders
from assistant.cli import app
from assistant.web.health import monitor_routes
from assistant.web.keys import SERVICES
from assistant.web.refusals import kind_of
from tests.doubles.agent_browser import AgentBrowser
from tests.doubles.console_app import ConsoleSite, console_site, lay_keys

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def site(tmp_path: Path, prepared: ConsoleSite) -> AsyncIterator[ConsoleSite]:
    async with console_site(tmp_path, prepared) as site:
        yield site


async def counted(site: ConsoleSite) -> Counter[tuple[str, str]]:
    await events.write_events(site.services)
    since = site.clock.at - timedelta(days=7)
    rows = await site.services.read(lambda unit: events.events_since(unit.session, since))
    found: Counter[tuple[str, str]] = Counter()
    for row in rows:
        found[row.kind, row.agent] += row.times
    return found


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("/hooks/telegram", 401, Event.WEBHOOK_FORGED),
        ("/hooks/whmcs/one", 403, Event.WEBHOOK_FORGED),
        ("/api/v1/requests", 401, Event.TOKEN_BAD),
        ("/api/v1/requests", 403, Event.ACT_REFUSED),
        ("/v1/data-rights-request", 401, Event.TOKEN_BAD),
        ("/verify/client-area", 403, Event.TOKEN_BAD),
        ("/verify/abc", 410, Event.LINK_GUESSED),
        ("/package/abc/download", 403, Event.LINK_GUESSED),
        ("/console/sign-in", 401, Event.SIGN_IN_FAILED),
        ("/console/plans/1/approve", 401, Event.CODE_WRONG),
        ("/console/plans/1/approve", 403, Event.ACT_REFUSED),
        ("/chat/ws", 403, Event.FORM_FORGED),
        ("/chat/ws", 429, Event.FLOOD),
        ("/console/sign-in", 429, Event.FLOOD),
        ("/console/queue", 200, None),
        ("/console/queue", 303, None),
        ("/api/v1/requests/PR-1", 404, None),
        ("/api/v1/requests/PR-1/close", 409, None),
    ],
)
def test_an_answer_says_what_was_refused(path: str, status: int, kind: Event | None) -> None:
    assert kind_of(path, status) is kind


async def test_each_refusal_is_counted_and_names_only_who_was_signed_in(site: ConsoleSite) -> None:
    async with AgentBrowser(site, "Tiina") as tiina, AgentBrowser(site, "Camille Aubertin") as stranger:
        await stranger.sign_in()
        await tiina.sign_in(password="a wrong password")
        await tiina.sign_in()
        await tiina.get("agents")
        await tiina.post(f"plans/{site.actions['access']}/approve", csrf="made up")
        await tiina.get(f"requests/{site.refs['erasure']}")
        await tiina.post(f"plans/{site.actions['erasure']}/approve", code="000000", plan_hash="0" * 64)
    token = await site.token("Tiina")
    async with aiohttp.ClientSession() as http:
        for bearer, path in (("pd_guessed", "requests"), (token, "requests/PR-1/refuse")):
            headers = {"Authorization": f"Bearer {bearer}"}
            async with http.post(f"{site.url}/api/v1/{path}", headers=headers, json={}) as answer:
                assert answer.status in (401, 403, 404, 405, 422)
    found = await counted(site)
    assert found["sign_in_failed", ""] == 2
    assert found["act_refused", "Tiina"] >= 1
    assert found["form_forged", "Tiina"] == 1
    assert found["code_wrong", "Tiina"] == 1
    assert {agent for _, agent in found} == {"", "Tiina"}


async def test_a_flood_of_refusals_is_one_row_an_hour_and_nothing_is_lost_in_between(
    site: ConsoleSite,
) -> None:
    for _ in range(50_000):
        events.note_event(site.services, Event.LINK_GUESSED)
    assert len(site.services.refused) == 1
    assert await counted(site) == {("link_guessed", ""): 50_000}
    site.services.store.close()
    events.note_event(site.services, Event.LINK_GUESSED)
    with pytest.raises(Exception, match="store"):
        await events.write_events(site.services)
    assert site.services.refused == {("link_guessed", ""): 1}, "the next minute writes it"


async def test_hours_past_their_period_are_forgotten(site: ConsoleSite) -> None:
    events.note_event(site.services, Event.FLOOD)
    assert await counted(site)
    site.clock.at += timedelta(days=90)
    await site.services.write(reminders._expire_counts)
    since = site.clock.at - timedelta(days=1000)
    assert await site.services.read(lambda unit: events.events_since(unit.session, since)) == []


async def test_a_lead_reads_them_on_a_page_and_others_do_not(site: ConsoleSite) -> None:
    async with AgentBrowser(site, "Liis") as liis, AgentBrowser(site, "Tiina") as tiina:
        await tiina.sign_in()
        await liis.sign_in()
        await tiina.get("events")
        assert tiina.status == 403
        await events.write_events(site.services)
        assert "act that the role" in await liis.get("events")
        assert "Tiina" in liis.text


async def test_they_are_listed_by_a_command_and_counted_in_the_metrics(
    site: ConsoleSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in Event:
        events.note_event(site.services, kind)
    await events.write_events(site.services)
    lay_keys(site.services)
    (tmp_path / "config.toml").write_text(
        f'[controller]\ntimezone = "Europe/Tallinn"\n[server]\ndata_dir = "{tmp_path}"\n', "utf-8"
    )
    monkeypatch.chdir(tmp_path)
    ended = CliRunner().invoke(app, ["events", "list", "--since", "2020-01-01", "--json"])
    assert not ended.exit_code, ended.output
    assert {json.loads(line)["kind"] for line in ended.stdout.splitlines()} == set(Event)
    web_app = web.Application()
    web_app[SERVICES] = site.services
    metrics = {route.path: route.handler for route in monitor_routes()}["/metrics"]
    answer = await metrics(make_mocked_request("GET", "/metrics", app=web_app))
    assert isinstance(answer, web.Response)
    assert isinstance(answer.body, bytes)
    counted_by: dict[str, float] = {}
    for family in text_string_to_metric_families(answer.body.decode()):
        if family.name == "privacy_desk_refused":
            counted_by = {s.labels["kind"]: s.value for s in family.samples if s.name.endswith("_total")}
    assert counted_by == dict.fromkeys(Event, 1.0)
