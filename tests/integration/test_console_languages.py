"""A French console says nothing in English: every page, in every state that has texts of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from sqlmodel import col, select

from assistant.casework.audit import record
from assistant.casework.events import Event, note_event, write_events
from assistant.casework.requests import queue
from assistant.domain.own_records import CATEGORY, MESSAGES, OWN_RECORDS, REQUESTS
from assistant.domain.plan import Hindrance, Keep, plan_from_json, plan_to_json
from assistant.services import Unit
from assistant.store.tables import Action, EvidenceRow, PrivacyRequest, StepRow
from assistant.web.console.words import catalogue
from tests.doubles.agent_browser import AgentBrowser
from tests.doubles.console_app import ConsoleSite, console_site

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


class Said(HTMLParser):
    """Collects what a page says in the agent's own language: no letter, nobody's own words, no names."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self._open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        for name in ("aria-label", "title", "placeholder"):
            if text := given.get(name):
                self.said.append(text)
        theirs = tag != "html" and ("lang" in given)
        if tag not in {"meta", "link", "input", "br"}:
            self._open.append((tag, theirs or tag in {"script", "style"}))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if data.strip() and not any(theirs for _, theirs in self._open):
            self.said.append(" ".join(data.split()))


def said(page: str) -> list[str]:
    reader = Said()
    reader.feed(page)
    return reader.said


# No French word is written like one of these: whatever holds one was never translated.
ENGLISH = re.compile(
    r"\b(?:the|is|are|was|were|of|and|not|this|that|these|by|for|with|must|has|have|which|from|your|they|it|to|be)\b",
    re.IGNORECASE,
)
STATES = ("proposed", "approved", "executing", "stopped", "failed", "done")


# French has a space before a colon.
GLUED = re.compile(r"\w:(?:\s|$)")


def in_english(page: str) -> set[str]:
    return {text for text in said(page) if ENGLISH.search(text) or GLUED.search(text)}


@pytest.fixture
async def site(tmp_path: Path, prepared: ConsoleSite) -> AsyncIterator[ConsoleSite]:
    async with console_site(tmp_path, prepared) as site:
        yield site


@pytest.fixture
async def lead(site: ConsoleSite) -> AsyncIterator[AgentBrowser]:
    """A lead, who sees the most, in French."""
    browser = AgentBrowser(site, "Liis")
    async with browser.http:
        await browser.sign_in()
        await browser.get("settings")
        await browser.post("settings/language", language="fr")
        assert '<html lang="fr">' in browser.text
        yield browser


def pages_of(site: ConsoleSite) -> Iterator[str]:
    yield from (
        "queue",
        "queue?show=all",
        "conversations",
        "triage",
        "agents",
        "agents/Marc",
        "agents/Liis",
        "events",
        "account",
        "settings",
    )
    yield from (f"requests/{ref}" for ref in site.refs.values())
    yield from (f"conversations/{ident}" for ident in site.conversations.values())
    yield f"plans/{site.actions['erasure']}/confirm"


async def test_no_page_says_anything_in_english(site: ConsoleSite, lead: AgentBrowser) -> None:
    for kind in Event:
        note_event(site.services, kind)
    await write_events(site.services)
    await site.token("Marc")
    found = {path: in_english(await lead.get(path)) for path in pages_of(site)}
    assert {path: texts for path, texts in found.items() if texts} == {}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("name", ["erasure", "access", "failed", "blocked"])
async def test_no_state_of_a_plan_is_told_in_english(
    site: ConsoleSite, lead: AgentBrowser, name: str, state: str
) -> None:
    """With everything that can stand in the way, stay, be doubted or have happened."""

    def work(unit: Unit) -> None:
        action = unit.session.get_one(Action, site.actions[name])
        request = unit.session.get_one(PrivacyRequest, site.refs[name])
        plan = plan_from_json(action.plan)
        own = [
            Keep("desk", table, CATEGORY, 2, (), f"own_{table}", OWN_RECORDS, None)
            for table in (MESSAGES, REQUESTS)
        ]
        kinds = sorted({key.split(".")[1] for key in catalogue("fr") if key.startswith("hindrance.")})
        stands = [
            Hindrance(
                kind,
                "" if kind == "other" else "It is said in English here.",
                "clients",
                ("email",),
                "invoices",
                n,
                "client-area",
            )
            for kind in kinds
            for n in (1, 3)
        ]
        action.plan = plan_to_json(replace(plan, keeps=(*plan.keeps, *own), conflicts=tuple(stands)))
        action.state, action.not_before = state, site.clock.at if state != "proposed" else None
        evidence = unit.session.get_one(EvidenceRow, request.evidence_id)
        evidence.flags = ["recent_contact_change", "two_verifiers"]
        for step in unit.session.exec(select(StepRow).where(col(StepRow.action_id) == action.id)):
            step.state, step.error, step.error_code = "failed", "It cannot be reached.", "source_unavailable"
        request.details = {
            **request.details,
            **{key.removeprefix("details."): True for key in catalogue("fr") if key.startswith("details.")},
            "changes": [], "not_theirs": [], "handed_over": [], "not_handed_over": [], "purpose": "newsletter",
        }  # fmt: skip
        for reason in ("not_me", "refused", "replaced", "forwarded", "withdrawn"):
            queue.void_actions(unit, request.ref, reason)
            record(unit, request.ref, "desk", "plan_void", reason=reason)
        unit.session.add_all([action, request, evidence])

    await site.services.write(work)
    page = await lead.get(f"requests/{site.refs[name]}")
    assert lead.status == 200
    assert in_english(page) == set()


@pytest.mark.parametrize(
    "page",
    [
        "<p>The plan would fail.</p>",
        '<p lang="en">A letter of the person</p><ul><li>clients.email is NOT NULL</li></ul>',
        '<button aria-label="Open it"></button>',
    ],
)
def test_an_english_sentence_is_found(page: str) -> None:
    assert in_english(page)
    assert not in_english(re.sub("<(p|ul|button)", r'<\1 lang=""', page).replace("aria-label", "data-x"))
