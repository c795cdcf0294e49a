"""Whoever presses has read what goes out: every letter of the console is shown first, and no other one is sent."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlmodel import Session, col, select

from assistant.casework.audit import record
from assistant.casework.outbox import payload_of
from assistant.domain.assurance import CODES_PER_HOUR
from assistant.services import Unit
from assistant.store.tables import ChallengeRow, Conversation, Message, Outbox, PrivacyRequest
from assistant.web.console.acts import ACTION_VERBS, REQUEST_VERBS
from tests.doubles.agent_browser import AgentBrowser
from tests.doubles.console_app import ConsoleSite, console_site

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


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


async def _said(site: ConsoleSite) -> list[str]:
    """List all that was said to anybody, in talks and in letters."""

    def look(unit: Unit) -> list[str]:
        talked = unit.session.exec(
            select(Message.text).where(col(Message.sender).in_(("assistant", "agent")))
        )
        letters = unit.session.exec(select(Outbox).where(col(Outbox.kind) != "relay"))
        return [*talked, *(payload_of(site.services, row).get("text", "") for row in letters)]

    return await site.services.read(look)


def _shown(page: str) -> list[str]:
    return re.findall(r'<p class="text"[^>]*>(.*?)</p>', page.partition("<main")[2], re.DOTALL)


# Every press that says something to a person: whose request, with what in the form.
PRESSES: dict[str, tuple[str, dict[str, str]]] = {
    "requests/lapse": ("unproved", {}),
    "requests/link_again": ("unproved", {}),
    "requests/refuse": ("blocked", {"ground": "erasure_no_ground", "text": "They are still needed."}),
    "requests/extend": ("complaint", {"text": "Many systems must be searched."}),
    "requests/close": ("complaint", {"text": "You were right, and we have mended it."}),
    "requests/ask": ("blocked", {"ground": "identity", "text": "Which street did you live in?"}),
    "requests/forward": ("complaint", {"owner": "owner@site.example"}),
    "requests/put_back": ("complaint", {"back_newsletter_tool": "1"}),
    "requests/keep_everything": ("erasure", {}),
    "requests/go_on_erasing": ("erasure", {}),
    "plans/ask_services": ("blocked", {}),
    "plans/give_up": ("failed", {}),
}
# Says nothing to anybody, or what was written goes out as it stands in its box.
SILENT = {
    *(
        "requests/" + name
        for name in ("reply", "note", "accounts", "recipient", "all_accounts", "plan_again")
    ),
    *("requests/" + name for name in ("decide_t3", "assign", "settle", "lift", "transfer")),
    *("plans/" + name for name in ("approve", "undo", "reject", "try_again", "stop", "by_hand", "redact")),
}


def _by_mail(session: Session, request: PrivacyRequest) -> None:
    """Have a request be one that came by mail."""
    conversation = session.get_one(Conversation, request.conversation_id)
    request.channel = conversation.channel = "email"
    conversation.subject_hint = "somebody@post.example"
    session.add_all([request, conversation])


async def _ready(site: ConsoleSite, press: str) -> tuple[str, dict[str, str]]:
    """Bring the request of a press into the state in which it can be pressed; gives its address and its form."""
    about, form = PRESSES[press]
    kind, verb = press.split("/")

    def work(unit: Unit) -> None:
        request = unit.session.get_one(PrivacyRequest, site.refs[about])
        if "erasing" in verb or verb == "keep_everything":
            request.dont_at = site.clock.at - timedelta(days=4)
            unit.session.add(request)
        if verb == "put_back":
            undone = {"marketing": True, "address": "ida@post.example", "undone": ["ida@post.example"]}
            request.details = {**request.details, **undone}
            unit.session.add(request)
            record(unit, request.ref, "desk", "recipient_told", recipient="newsletter_tool")
        if verb == "link_again":
            _by_mail(unit.session, request)

    await site.services.write(work)
    ident = site.refs[about] if kind == "requests" else site.actions[about]
    return f"{kind}/{ident}/{verb}", form


def test_every_press_is_known_as_one_that_speaks_or_as_silent() -> None:
    verbs = {*(f"requests/{v}" for v in REQUEST_VERBS), *(f"plans/{v}" for v in ACTION_VERBS)}
    assert verbs == PRESSES.keys() | SILENT


@pytest.mark.parametrize("press", sorted(PRESSES))
async def test_what_a_press_sends_is_shown_first_and_is_what_goes_out(
    site: ConsoleSite, lead: AgentBrowser, press: str
) -> None:
    path, form = await _ready(site, press)
    before = await _said(site)
    page = await lead.post(path, **form)
    shown = _shown(page)

    assert lead.status == 200, page
    assert shown, page
    assert await _said(site) == before, "nothing leaves before it was read"
    await lead.press(path, **form)
    assert lead.status == 200
    sent = [
        re.sub(r"(/[a-z-]+/)[\w-]{20,}", r"\1…", text).replace("\u00a0", " ")  # as the page is read
        for text in (await _said(site))
        if text not in before
    ]
    assert sent
    assert {text for text in sent if not any(text in each or each in text for each in shown)} == set()


async def test_a_receipt_and_its_link_are_sent_again_on_record_and_within_the_limits(
    site: ConsoleSite, lead: AgentBrowser
) -> None:
    path, _ = await _ready(site, "requests/link_again")
    ref = site.refs["unproved"]
    assert "Send receipt and link again" in await lead.get(f"requests/{ref}")
    for number in range(CODES_PER_HOUR):
        await lead.press(path)
        rows = await site.services.read(lambda unit: list(unit.session.exec(select(ChallengeRow.references))))
        assert rows.count([ref]) == number + 1
    page = await lead.post(path)
    assert lead.status == 409
    assert "As much as may be was sent to that address lately" in page
    assert page.count("Receipt and link sent again") == CODES_PER_HOUR


async def test_no_receipt_and_link_are_sent_again_where_none_is_waited_for(
    site: ConsoleSite, lead: AgentBrowser
) -> None:
    for about in ("unproved", "erasure"):  # one of a chat, and one that is proved
        assert "Send receipt and link again" not in await lead.get(f"requests/{site.refs[about]}")
        await lead.post(f"requests/{site.refs[about]}/link_again")
        assert lead.status == 409


async def test_a_letter_that_changed_since_it_was_shown_is_not_sent(
    site: ConsoleSite, lead: AgentBrowser
) -> None:
    path, _ = await _ready(site, "requests/close")
    page = await lead.post(path, text="You were right, and we have mended it.")
    seen = re.search(r'name="seen" value="(\w+)"', page)[1]  # type: ignore[index]
    before = await _said(site)

    page = await lead.post(path, text="You were wrong.", seen=seen)
    assert lead.status == 409
    assert "has changed since it was shown" in page
    assert "You were wrong." in _shown(page)[0], "the new words are shown in their place"
    assert await _said(site) == before
    assert (await site.get(PrivacyRequest, site.refs["complaint"])).status == "open"


async def test_the_closing_letter_is_shown_in_the_language_of_the_person(
    site: ConsoleSite, lead: AgentBrowser
) -> None:
    def work(unit: Unit) -> None:
        request = unit.session.get_one(PrivacyRequest, site.refs["unproved"])
        request.language = "fr"
        unit.session.add(request)

    await site.services.write(work)
    page = await lead.post(f"requests/{site.refs['unproved']}/lapse")
    assert "This is what would be sent" in page
    assert "elle n’a jamais été confirmée" in page
    assert 'lang="fr"' in page


async def test_what_the_person_gets_later_is_shown_too(site: ConsoleSite, lead: AgentBrowser) -> None:
    path, form = await _ready(site, "requests/forward")
    page = await lead.post(path, **form)
    assert "Once it has arrived, the person gets this" in page
    assert "We have passed your request on to the owner" in page


async def test_the_last_question_before_an_erasure_shows_its_letter(
    site: ConsoleSite, lead: AgentBrowser
) -> None:
    page = await lead.get(f"plans/{site.actions['erasure']}/confirm")
    assert "Nous avons effacé vos données" in page


async def test_going_back_sends_nothing_and_keeps_what_was_typed(
    site: ConsoleSite, lead: AgentBrowser
) -> None:
    path, form = await _ready(site, "requests/refuse")
    page = await lead.post(path, **form, then="change")
    assert lead.status == 200
    assert "They are still needed." in page
    assert page.count("They are still needed.") == 1, "in the form that it was typed in, and no other"
    assert (await site.get(PrivacyRequest, site.refs["blocked"])).status == "awaiting_approval"
