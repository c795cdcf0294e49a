"""Lists of any length: every row is on a page, what nobody proved is behind what somebody did, the first page is quick."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert
from sqlmodel import Session, col, select

from assistant.casework.requests.one_by_one import CALLED_AFTER
from assistant.services import Unit
from assistant.store import paging, queries
from assistant.store.queries import View
from assistant.store.tables import Action, Audit, Conversation, PrivacyRequest, SweepFailure
from tests.doubles.agent_browser import AgentBrowser
from tests.doubles.console_app import ConsoleSite, console_site

CROWD = 230  # more than any page shows, and more than was ever cut off


@pytest.fixture
async def site(tmp_path: Path, prepared: ConsoleSite) -> AsyncIterator[ConsoleSite]:
    async with console_site(tmp_path, prepared) as site:
        yield site


@pytest.fixture
async def lead(site: ConsoleSite) -> AsyncIterator[AgentBrowser]:
    browser = AgentBrowser(site, "Liis")
    await browser.sign_in()
    yield browser
    await browser.http.close()


def crowd(site: ConsoleSite, session: Session, number: int = CROWD, begin: int = 0, **more: Any) -> None:
    """Have as many anonymous requests opened, each due before every other and asking for a person."""
    row = session.get_one(PrivacyRequest, site.refs["unproved"]).model_dump()
    due_on = row["received_on"] - timedelta(days=300)
    row |= {"due_on": due_on, "attention": "for_somebody_else", "remind_on": None} | more
    refs = (f"PR-A{n:07}" for n in range(begin, begin + number))
    session.execute(insert(PrivacyRequest), [row | {"ref": ref} for ref in refs])


async def pages_of(browser: AgentBrowser, path: str, pattern: str) -> list[list[str]]:
    """Follow the links to the next page as far as they lead."""
    pages, to = [], path
    while to:
        html = await browser.get(to)
        assert browser.status == 200
        pages.append(re.findall(pattern, html))
        found = re.search(r'rel="next" href="/console/([^"]+)"', html)
        to = found[1] if found else ""
    return pages


@pytest.mark.parametrize("view", ["todo", "open", "all"])
async def test_every_request_is_on_one_page_and_anonymous_ones_hide_no_other(
    site: ConsoleSite, lead: AgentBrowser, view: View
) -> None:
    pattern = r"/console/requests/(PR-\w+)\" data-row"
    before = (await pages_of(lead, f"queue?show={view}", pattern))[0]
    await site.services.write(lambda unit: crowd(site, unit.session))

    pages = await pages_of(lead, f"queue?show={view}", pattern)

    shown = [ref for page in pages for ref in page]
    assert len(shown) == len(set(shown)) == len(before) + CROWD
    assert max(map(len, pages)) == paging.PAGE
    if view != "all":
        proved = [ref for ref in before if ref not in {site.refs["unproved"], site.refs["complaint"]}]
        assert pages[0][: len(proved)] == proved
    assert f"{len(shown)} in all" in lead.text


async def test_what_was_searched_for_has_pages_too(site: ConsoleSite, lead: AgentBrowser) -> None:
    await site.services.write(lambda unit: crowd(site, unit.session))
    shown, form = list[str](), {"q": "PR-A"}
    while form:
        html = await lead.post("search", **form)
        shown += re.findall(r"/console/requests/(PR-A\w+)\" data-row", html)
        after = re.search(r'name="after" value="([^"]+)"', html)
        form = {"q": "PR-A", "after": after[1]} if after else {}
    assert shown == [f"PR-A{n:07}" for n in range(CROWD)]


@pytest.mark.parametrize("words", ["", " ", "\u00a0", "nobody has this"])
async def test_a_search_for_nothing_finds_nothing_and_says_so(lead: AgentBrowser, words: str) -> None:
    html = await lead.post("search", q=words)
    assert "data-row" not in html
    assert lead.status == 200


@pytest.mark.parametrize("path", ["conversations", "triage"])
async def test_every_talk_is_on_one_page_and_those_that_proved_something_come_first(
    site: ConsoleSite, lead: AgentBrowser, path: str
) -> None:
    def work(unit: Unit) -> None:
        row = unit.session.get_one(Conversation, site.conversations["chat"]).model_dump()
        long_ago = site.clock.now() - timedelta(days=300)
        row |= {"wants_person_at": long_ago, "started_at": long_ago, "triage": True, "taken_by": None}
        message = queries.messages_of(unit.session, site.conversations["chat"])[0].model_dump()
        for n in range(CROWD):
            unit.session.add(Conversation(**row | {"id": f"crowd{n:03}", "thread": f"crowd{n}"}))
        unit.session.flush()
        table = type(queries.messages_of(unit.session, site.conversations["chat"])[0])
        for n in range(CROWD):
            unit.session.add(
                table(**message | {"id": None, "conversation_id": f"crowd{n:03}", "headers": {}})
            )
        proved = unit.session.get_one(Conversation, site.conversations["access"])
        proved.wants_person_at, proved.triage = site.clock.now(), True
        unit.session.add(proved)

    await site.services.write(work)
    pages = await pages_of(lead, path, r'href="/console/conversations/(\w+)" data-row')
    shown = [ident for page in pages for ident in page]
    assert len(shown) == len(set(shown)) >= CROWD + 1
    assert shown[0] == site.conversations["access"]


async def test_the_queue_of_programs_has_pages_and_true_counts(site: ConsoleSite, lead: AgentBrowser) -> None:
    def work(unit: Unit) -> None:
        row = unit.session.get_one(Action, site.actions["access"]).model_dump()
        unit.session.execute(insert(Action), [row | {"id": f"more{n:03}"} for n in range(CROWD)])

    await site.services.write(work)
    headers = {"Authorization": f"Bearer {await site.token('Liis')}"}

    async def call(path: str) -> Any:
        async with lead.http.get(f"{site.url}/api/v1{path}", headers=headers) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    shown, cursor = list[str](), ""
    while True:
        page = await call(f"/queue?limit=90&cursor={cursor}")
        shown += [item["id"] for item in page["items"]]
        if not (cursor := page["next"] or ""):
            break
    assert len(shown) == len(set(shown)) == (await call("/reports/summary"))["awaiting_approval"]
    assert {f"more{n:03}" for n in range(CROWD)} < set(shown)


async def test_a_lead_sees_what_fails_again_and_again_and_has_it_tried_at_once(
    site: ConsoleSite, lead: AgentBrowser
) -> None:
    now = site.clock.now()

    def work(unit: Unit) -> None:
        facts: dict[str, Any] = {
            "code": "ValueError",
            "first_at": now,
            "last_at": now,
            "next_at": now + timedelta(hours=6),
        }
        unit.session.add(SweepFailure(sweep="plan", which="PR-SPOILT", times=CALLED_AFTER, **facts))
        unit.session.add(SweepFailure(sweep="deliver", which="7", times=1, **facts))

    await site.services.write(work)
    page = await lead.get("failing")
    assert "PR-SPOILT" in page
    assert "ValueError" in page
    assert "A message could not be handed over" not in page, "it failed once and is tried again by itself"
    said = await lead.post("failing", sweep="plan", which="PR-SPOILT")
    assert "It is being tried again." in said
    row = await site.services.read(lambda unit: unit.session.get_one(SweepFailure, ("plan", "PR-SPOILT")))
    assert row.next_at == site.clock.now()
    assert site.services.waker.events["plan"].is_set()
    noted = select(Audit.actor).where(col(Audit.event) == "row_tried_again")
    assert await site.services.read(lambda unit: unit.session.exec(noted).one()) == "agent:Liis"
    await lead.post("failing", sweep="plan", which="nothing")
    assert lead.status == 404


async def test_whoever_leads_nobody_sees_no_failures(site: ConsoleSite) -> None:
    agent = AgentBrowser(site, "Tiina")
    await agent.sign_in()
    await agent.get("failing")
    assert agent.status == 403
    await agent.http.close()


@pytest.mark.parametrize("view", ["todo", "open", "all"])
async def test_the_first_page_of_a_long_queue_takes_no_longer_than_that_of_a_short_one(
    site: ConsoleSite, view: View
) -> None:
    """Counted in what the database looks at, so that a busy machine fails nothing; the soak test takes the time."""
    few = await steps(site, view, 1_000)
    many = await steps(site, view, 20_000)
    assert many <= 2 * few


async def steps(site: ConsoleSite, view: View, number: int) -> int:
    """Fill the queue up to a number and count what SQLite does for its first page, in hundreds of its instructions."""

    def fill(unit: Unit) -> None:
        known = unit.session.exec(
            select(PrivacyRequest.ref).where(col(PrivacyRequest.ref).startswith("PR-A"))
        ).all()
        crowd(site, unit.session, number - len(known), len(known))

    await site.services.write(fill)

    def look(unit: Unit) -> int:
        done = [0]

        def count() -> int:
            done[0] += 1
            return 0

        raw: Any = unit.session.connection().connection.dbapi_connection
        raw.set_progress_handler(count, 100)
        try:
            assert len(queries.request_list(unit.session, view, "").rows) == paging.PAGE
        finally:
            raw.set_progress_handler(None, 0)
        return done[0]

    return await site.services.read(look)
