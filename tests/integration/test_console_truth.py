"""The console says what is so: every state of a plan, on every page that shows it, in both languages."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from assistant.casework.answers.outcomes import Outcome, outcome_of
from assistant.casework.audit import record
from assistant.domain.assurance import DENIED
from assistant.domain.lifecycle import CLOSED, Status
from assistant.domain.own_records import OWN_RECORDS
from assistant.domain.plan import plan_from_json, plan_to_json
from assistant.services import Unit
from assistant.store import queries
from assistant.store.tables import Action, Conversation, PrivacyRequest
from assistant.web.console.words import catalogue
from tests.doubles.agent_browser import AgentBrowser
from tests.doubles.console_app import ConsoleSite, console_site

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


_STATES = {
    "proposed": Status.AWAITING_APPROVAL,
    "approved": Status.SCHEDULED,
    "executing": Status.EXECUTING,
    "stopping": Status.EXECUTING,
    "stopped": Status.EXECUTING,
    "failed": Status.EXECUTING,
    "done": Status.ANSWERED,
    "rejected": Status.OPEN,
    "void": Status.WITHDRAWN,
}


@pytest.fixture
async def site(tmp_path: Path, prepared: ConsoleSite) -> AsyncIterator[ConsoleSite]:
    async with console_site(tmp_path, prepared) as site:
        yield site


@pytest.fixture
async def lead(site: ConsoleSite) -> AsyncIterator[AgentBrowser]:
    browser = AgentBrowser(site, "Liis")
    async with browser.http:
        await browser.sign_in()
        yield browser


async def _set(site: ConsoleSite, name: str, state: str, status: Status, **details: Any) -> None:
    def work(unit: Unit) -> None:
        action = unit.session.get_one(Action, site.actions[name])
        request = unit.session.get_one(PrivacyRequest, site.refs[name])
        action.state, request.status = state, status
        action.not_before = site.clock.at if state != "proposed" else None
        request.details = {**request.details, **details}
        unit.session.add_all([action, request])

    await site.services.write(work)


@pytest.mark.parametrize(("state", "status"), _STATES.items())
async def test_a_page_offers_and_claims_only_what_the_state_of_the_plan_allows(
    site: ConsoleSite, lead: AgentBrowser, state: str, status: Status
) -> None:
    await _set(site, "erasure", state, status)
    page = await lead.get(f"requests/{site.refs['erasure']}")

    said = {
        "Nothing has happened yet": state == "approved",
        "Undo the approval": state == "approved",
        "Approve…": state == "proposed",
        "The answer, if every step succeeds": state in {"proposed", "approved"},
        "/stop": state == "executing",
        "Try again now": state in {"stopped", "failed"},
        "Stop here and answer honestly": state in {"stopped", "failed"},
        "Answer and close": status not in CLOSED,
        "/plan_again": status in {Status.OPEN, Status.AWAITING_APPROVAL},
    }
    assert {text: text in page for text in said} == said
    assert "You can undo it until it starts" not in page


async def test_what_an_approval_did_is_said_once_and_not_after_it_was_carried_out(
    site: ConsoleSite, lead: AgentBrowser
) -> None:
    await lead.get(f"requests/{site.refs['failed']}")
    ref, said = site.refs["erasure"], "Your note was kept."
    page = await lead.post(f"requests/{ref}/note", text="Looked at it.")
    assert said in page
    assert "done=" not in lead.path
    for again in range(2):
        assert said not in await lead.get(f"requests/{ref}"), again


async def test_what_was_done_to_one_request_is_not_said_on_the_page_of_another(
    site: ConsoleSite, lead: AgentBrowser
) -> None:
    await lead.get(f"requests/{site.refs['access']}")
    page = f"{site.url}/console/requests/{site.refs['access']}"
    async with lead.http.post(
        f"{page}/note", data={"csrf": lead.csrf, "text": "A note."}, allow_redirects=False
    ) as answer:
        assert answer.status == 303
    assert "Your note was kept." not in await lead.get(f"requests/{site.refs['erasure']}")
    assert "Your note was kept." in await lead.get(f"requests/{site.refs['access']}")


async def test_after_the_person_was_asked_about_services_the_page_waits_and_then_says_what_they_chose(
    site: ConsoleSite, lead: AgentBrowser
) -> None:
    ref, action = site.refs["blocked"], site.actions["blocked"]
    page = await lead.get(f"requests/{ref}")
    assert "Services are still running; ask the person" in page

    page = await lead.press(f"plans/{action}/ask_services")
    assert "the answer is still to come" in page
    assert "; ask the person" not in page.split('id="timeline-title"')[0]  # what was so stays in the story

    await _set(site, "blocked", "proposed", Status.AWAITING_APPROVAL, keep_services=False)
    page = await lead.get(f"requests/{ref}")
    assert "/ask_services" not in page
    assert "The person wants the services ended" in page
    page = await lead.post(f"plans/{action}/approve", plan_hash=(await site.get(Action, action)).plan_hash)
    assert lead.status == 409
    assert "The person wants the services ended: end them in your systems" in page
    assert "ask the person whether" not in page
    await lead.post(f"plans/{action}/ask_services")
    assert lead.status == 409


async def test_yes_and_no_stand_in_words_beside_what_was_asked(site: ConsoleSite, lead: AgentBrowser) -> None:
    await _set(site, "blocked", "proposed", Status.AWAITING_APPROVAL, keep_services=False)
    page = await lead.get(f"requests/{site.refs['blocked']}")

    assert "<dt>keep services</dt><dd>no</dd>" in page
    assert "False" not in page


_ANSWERS = {
    "answer_erasure": Outcome.KEPT_BY_LAW,  # this plan keeps invoices
    "answer_erasure_nothing": Outcome.NOTHING_FOUND,
    "answer_by_agent": Outcome.ANSWERED_BY_HAND,
}


@pytest.mark.parametrize(("text", "outcome"), _ANSWERS.items())
async def test_an_answered_request_says_what_came_of_it(
    site: ConsoleSite, lead: AgentBrowser, text: str, outcome: Outcome
) -> None:
    await _set(site, "erasure", "done", Status.ANSWERED)
    ref = site.refs["erasure"]

    def answer(unit: Unit) -> Outcome | None:
        record(unit, ref, "desk", "answered", text=text, to_contact=True)
        return outcome_of(unit.session, unit.session.get_one(PrivacyRequest, ref))

    assert await site.services.write(answer) is outcome
    told = catalogue("en")[f"outcome.{outcome}"]
    assert told in await lead.get(f"requests/{ref}")
    assert told in await lead.get("queue?show=all")


async def test_the_records_of_the_request_itself_are_nothing_that_a_law_keeps(site: ConsoleSite) -> None:
    await _set(site, "erasure", "done", Status.ANSWERED)
    ref = site.refs["erasure"]

    def erased_whole(unit: Unit) -> Outcome | None:
        action = unit.session.get_one(Action, site.actions["erasure"])
        plan = plan_from_json(action.plan)
        ours = tuple(replace(keep, law=OWN_RECORDS) for keep in plan.keeps)
        assert ours
        action.plan = plan_to_json(replace(plan, keeps=ours))
        unit.session.add(action)
        record(unit, ref, "desk", "answered", text="answer_erasure", to_contact=True)
        return outcome_of(unit.session, unit.session.get_one(PrivacyRequest, ref))

    assert await site.services.write(erased_whole) is Outcome.DONE


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (Status.REFUSED, Outcome.REFUSED),
        (Status.WITHDRAWN, Outcome.WITHDRAWN),
        (Status.FORWARDED, Outcome.FORWARDED),
        (Status.LAPSED, Outcome.LAPSED),
        (Status.PARTLY_ANSWERED, Outcome.PARTLY_DONE),
    ],
)
async def test_every_way_to_end_is_told_apart(site: ConsoleSite, status: Status, outcome: Outcome) -> None:
    await _set(site, "erasure", "void", status)
    ref = site.refs["erasure"]
    found = await site.services.read(
        lambda unit: outcome_of(unit.session, unit.session.get_one(PrivacyRequest, ref))
    )
    assert found is outcome


async def test_what_is_held_up_or_failed_says_so(site: ConsoleSite) -> None:
    def look(unit: Unit) -> dict[str, Outcome | None]:
        names = ("blocked", "failed", "erasure", "complaint")
        return {
            n: outcome_of(unit.session, unit.session.get_one(PrivacyRequest, site.refs[n])) for n in names
        }

    assert await site.services.read(look) == {
        "blocked": Outcome.SERVICES_RUN,
        "failed": Outcome.FAILED,
        "erasure": None,
        "complaint": None,
    }


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_outcome_status_and_event_that_casework_records_has_words(language: str) -> None:
    words = catalogue(language)
    assert [o for o in Outcome if f"outcome.{o}" not in words] == []
    assert [s for s in Status if f"status.{s}" not in words] == []
    events = _recorded()
    assert len(events) > 30
    unknown = {e for e in events if f"event.{e}" not in words} - {"status", "attention"}
    assert unknown == set()


def _recorded() -> set[str]:
    """List the events that are recorded on a request, as they stand in the code."""
    found: set[str] = set()
    for file in Path("assistant/casework").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "record":
                ref, event = node.args[1], node.args[3]
                of_a_request = not (isinstance(ref, ast.Constant) and ref.value == "")
                if of_a_request and isinstance(event, ast.Constant):
                    found.add(str(event.value))
                elif of_a_request and isinstance(event, ast.IfExp):
                    found |= {str(each.value) for each in (event.body, event.orelse)}  # type: ignore[attr-defined]
    return found


async def test_the_api_tells_the_same_outcome(site: ConsoleSite, lead: AgentBrowser) -> None:
    headers = {"Authorization": f"Bearer {await site.token('Liis')}"}
    for name, outcome in {"blocked": "services_run", "failed": "failed", "erasure": None}.items():
        url = f"{site.url}/api/v1/requests/{site.refs[name]}"
        async with lead.http.get(url, headers=headers) as answer:
            assert (await answer.json())["outcome"] == outcome


@pytest.mark.parametrize(
    ("agent", "said"), [("Liis", "What you write is held back"), ("Marc", "attend que la même personne")]
)
async def test_whoever_writes_into_a_hidden_chat_reads_that_it_is_held_back(
    site: ConsoleSite, agent: str, said: str
) -> None:
    ref = site.refs["erasure"]
    ident = (await site.get(PrivacyRequest, ref)).conversation_id
    browser = AgentBrowser(site, agent)

    def hide(unit: Unit) -> None:
        talk = unit.session.get_one(Conversation, ident)
        talk.state = {"hidden_of": ["a keyed hash"], "hidden": [ref]}
        unit.session.add(talk)

    async with browser.http:
        await browser.sign_in()
        pages = f"requests/{ref}", f"conversations/{ident}"
        for page in pages:
            assert said not in await browser.get(page)
        await site.services.write(hide)
        for page in pages:
            assert said in await browser.get(page)


def _plain(page: str) -> str:
    """Give what a page of the console shows, without its marks, codes and what people wrote."""
    shown = re.sub(r"<(script|style|code|blockquote)\b.*?</\1>|<[^>]*>", " ", page, flags=re.DOTALL)
    return unescape(shown)


@pytest.mark.parametrize("agent", ["Liis", "Marc"])
async def test_no_word_of_the_program_stands_in_a_plan(site: ConsoleSite, agent: str) -> None:
    """What a map writes into columns is said in words; names of states and keys never reach a page."""

    def write(unit: Unit) -> None:
        action = unit.session.get_one(Action, site.actions["erasure"])
        plan = plan_from_json(action.plan)
        step = plan.steps[0]
        columns = ("language", "status", "memo", "ip", "email")
        said = ("fixed: und", "fixed: closed", "random", "null", "random_email")
        effect = replace(step.effects[0], columns=columns, values=dict(zip(columns, said, strict=True)))
        action.plan = plan_to_json(replace(plan, steps=(replace(step, effects=(effect,)), *plan.steps[1:])))
        unit.session.add(action)

    await site.services.write(write)
    browser = AgentBrowser(site, agent)
    words = {"Liis": "“und”, the same for everybody", "Marc": "« und »"}
    async with browser.http:
        await browser.sign_in()
        for ref in site.refs.values():
            page = _plain(await browser.get(f"requests/{ref}"))
            raw = re.findall(r"fixed:|\b[a-z]+(?:_[a-z]+)+\b|\b(?:None(?! of)|True|False|null)\b", page)
            assert not raw, (ref, raw)
        assert words[agent] in _plain(await browser.get(f"requests/{site.refs['erasure']}")).replace(
            "\u00a0", " "
        )


@pytest.mark.parametrize(
    ("agent", "who"), [("Liis", "Who asks here is for a lead"), ("Marc", "C’est à un responsable")]
)
async def test_approve_is_offered_to_nobody_whose_press_would_be_refused(
    site: ConsoleSite, agent: str, who: str
) -> None:
    """What its contact denied waits for a lead's decision: the page says so instead of offering a press that fails."""
    ref = site.refs["erasure"]
    browser = AgentBrowser(site, agent)
    async with browser.http:
        await browser.sign_in()
        assert "/confirm" in await browser.get(f"requests/{ref}")

        def deny(unit: Unit) -> None:
            row = queries.evidence_of(unit.session, unit.session.get_one(PrivacyRequest, ref))
            assert row
            row.flags = [DENIED]
            unit.session.add(row)

        await site.services.write(deny)
        page = await browser.get(f"requests/{ref}")
        assert "/confirm" not in page
        assert who in page
