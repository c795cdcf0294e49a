"""The console over HTTP, as a browser without JavaScript sees it, on a real store."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlmodel import col, select

from assistant.casework.answers import redaction
from assistant.casework.requests import rectification
from assistant.domain.presses import unmarked
from assistant.domain.rectifying import Change, Changes
from assistant.services import Unit
from assistant.store import queries
from assistant.store.tables import Action, Agent, Conversation, Message, PrivacyRequest
from tests.doubles.agent_browser import AgentBrowser
from tests.doubles.console_app import PASSWORD, ConsoleSite, access_plan, console_site

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import timedelta


@pytest.fixture
async def site(tmp_path: Path, prepared: ConsoleSite) -> AsyncIterator[ConsoleSite]:
    async with console_site(tmp_path, prepared) as site:
        yield site


@pytest.fixture
async def browsers(site: ConsoleSite) -> AsyncIterator[Any]:
    opened: list[AgentBrowser] = []

    async def open_as(name: str) -> AgentBrowser:
        browser = AgentBrowser(site, name)
        opened.append(browser)
        await browser.sign_in()
        assert browser.path == "/console/queue"
        return browser

    yield open_as
    for browser in opened:
        await browser.http.close()


async def test_nobody_sees_a_page_without_signing_in(site: ConsoleSite) -> None:
    stranger = AgentBrowser(site, "Liis")
    async with stranger.http:
        for path in (
            "queue",
            "requests/PR-00000000",
            "conversations",
            "triage",
            "agents",
            "agents/Marc",
            "account",
            "settings",
        ):
            await stranger.get(path)
            assert stranger.path == "/console/sign-in"
        await stranger.post("plans/x/approve", plan_hash="0" * 64)
        assert stranger.path == "/console/sign-in"


async def test_the_sign_in_says_the_same_whatever_was_wrong_and_locks_after_five(site: ConsoleSite) -> None:
    browser, nobody = AgentBrowser(site, "Tiina"), AgentBrowser(site, "Nobody")
    async with browser.http, nobody.http:
        told = set()
        for wrong in ({"password": "wrong password here"}, {"code": "000000"}):
            await browser.sign_in(**wrong)
            told.add(browser.told())
        assert await nobody.sign_in() == 401
        assert told == {nobody.told()} != {""}
        for _ in range(3):
            await browser.sign_in(password="wrong password here")
        assert (await site.get(Agent, "Tiina")).locked_until is not None
        await browser.sign_in()
        assert browser.status == 401


async def test_a_code_of_an_authenticator_counts_once(site: ConsoleSite) -> None:
    first, second = AgentBrowser(site, "Liis"), AgentBrowser(site, "Liis")
    async with first.http, second.http:
        at = site.clock.at
        code = site.code("Liis")
        await first.sign_in(code=code)
        assert first.path == "/console/queue"
        site.clock.at = at  # still the same half minute
        await second.sign_in(code=code)
        assert second.status == 401


async def test_the_cookie_stays_in_the_browser_and_the_page_behind_a_policy(site: ConsoleSite) -> None:
    browser = AgentBrowser(site, "Liis")
    async with browser.http:
        form = {"name": "Liis", "password": PASSWORD, "code": site.code("Liis"), "next": "//evil.example/"}
        url = f"{site.url}/console/sign-in"
        async with browser.http.post(url, data=form, allow_redirects=False) as answer:
            cookie = answer.headers["Set-Cookie"]
            assert answer.headers["Location"] == "/console/queue"
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert "Secure" not in cookie
        await browser.get("queue")
        assert browser.status == 200
        policy = browser.headers["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
        assert not re.search(r"<script(?! src)|<style| style=| on\w+=", browser.text)


async def test_a_form_of_another_site_or_without_its_token_does_nothing(
    site: ConsoleSite, browsers: Any
) -> None:
    agent = await browsers("Tiina")
    path = f"requests/{site.refs['complaint']}/note"
    await agent.post(path, csrf="", text="Forged.")
    assert agent.status == 403
    url = f"{site.url}/console/{path}"
    form = {"csrf": agent.csrf, "text": "Forged."}
    async with agent.http.post(url, data=form, headers={"Origin": "https://evil.example"}) as answer:
        assert answer.status == 403
    entries = await site.services.read(lambda unit: queries.audit_of(unit.session, site.refs["complaint"]))
    assert "noted" not in {entry.event for entry in entries}


async def test_the_queue_is_sorted_by_due_date_masked_and_in_words(site: ConsoleSite, browsers: Any) -> None:
    agent = await browsers("Tiina")
    refs = re.findall(r'/console/requests/(PR-\w+)" data-row', agent.text)
    expected = ["failed", "erasure", "access", "blocked", "unproved", "complaint"]  # proved before unproved
    assert refs == [site.refs[name] for name in expected]
    assert "due in 14 days, Tue 8 Dec" in agent.text
    assert "c••••@m••••.example" in agent.text
    assert "camille" not in agent.text
    assert "Carrying out failed (the system cannot be reached)" in agent.text
    await agent.post("search", q="Camille.Roux@mail.example")
    assert re.findall(r'/console/requests/(PR-\w+)" data-row', agent.text) == [site.refs["erasure"]]
    assert "@" not in agent.path


async def test_whoever_decides_a_correction_sees_from_and_to_and_what_would_be_written(
    site: ConsoleSite, browsers: Any
) -> None:
    ref = site.refs["failed"]
    phone = Change("phone", "+372 5550 1234", "+372 5550 9999")

    def correct(unit: Unit) -> None:
        request = unit.session.get_one(PrivacyRequest, ref)
        rectification.keep_changes(unit, request, Changes((phone,), confirmed=True))
        action = unit.session.get_one(Action, site.actions["failed"])
        action.plan = json.loads(json.dumps(action.plan).replace("10117", "+372 5550 1234"))
        unit.session.add(action)

    await site.services.write(correct)
    text = await (await browsers("Tiina")).get(f"requests/{ref}")
    assert "phone number</dt><dd>+372 5550 9999 → <strong>+372 5550 1234</strong>" in text
    assert "postcode → +372 5550 1234" in text, "no dots in what is approved"
    assert "ivo.saar@mail.example" not in text, "the person stays masked"


async def test_a_page_shows_plan_law_preview_and_story_but_no_address(
    site: ConsoleSite, browsers: Any
) -> None:
    lead = await browsers("Liis")
    text = await lead.get(f"requests/{site.refs['erasure']}")
    for wanted in (
        "tickets",
        "Accounting Act, 7 years (Accounting Act, 12)",
        "31 Dec 2033",
        "Notre réponse",
        "Plan made",
        "Message from the person",
    ):
        assert wanted in text
    assert "The checklist of letters misses nothing." in text
    assert "camille" not in text
    revealed = await lead.post(f"requests/{site.refs['erasure']}/reveal")
    assert "camille.roux@mail.example" in revealed
    assert "Name and address shown" in revealed


async def test_approving_what_cannot_be_taken_back_asks_once_more_and_for_a_fresh_code(
    site: ConsoleSite, browsers: Any
) -> None:
    lead = await browsers("Liis")
    action = site.actions["access"]
    site.clock.at += _minutes(11)
    page = await lead.get(f"plans/{action}/confirm")
    assert "Disclose 6 rows?" in page
    assert "Yes, disclose 6 rows" in page
    assert 'name="code"' in page
    await lead.post(f"plans/{action}/approve", plan_hash=access_plan().hash)
    assert lead.status == 403
    await lead.post(f"plans/{action}/approve", plan_hash=access_plan().hash, code="000000")
    assert lead.status == 401
    assert (await site.get(Action, action)).state == "proposed"
    done = await lead.post(f"plans/{action}/approve", plan_hash=access_plan().hash, code=site.code("Liis"))
    assert "you can undo it until then" in done
    assert (await site.get(Action, action)).state == "approved"
    await lead.post(f"plans/{action}/undo")
    assert (await site.get(PrivacyRequest, site.refs["access"])).status == "awaiting_approval"


def _minutes(n: int) -> timedelta:
    from datetime import timedelta

    return timedelta(minutes=n)


async def test_an_approval_of_a_stale_plan_shows_the_new_one(site: ConsoleSite, browsers: Any) -> None:
    lead = await browsers("Liis")
    path = f"plans/{site.actions['access']}/approve"
    text = await lead.post(path, plan_hash="0" * 64)
    assert lead.status == 409
    assert access_plan().hash[:12] in text
    assert (await site.get(Action, site.actions["access"])).state == "proposed"


async def test_what_a_role_may_not_do_is_hidden_and_refused(site: ConsoleSite, browsers: Any) -> None:
    agent, auditor = await browsers("Tiina"), await browsers("Otto")
    page = f"requests/{site.refs['access']}"
    assert "an approver or a lead can" in await agent.get(page)
    assert "Extend by two months" not in agent.text
    assert "E-mail address of the owner" not in agent.text, "their words go to nobody by one agent's word"
    await agent.get(f"plans/{site.actions['access']}/confirm")
    assert agent.status == 403
    await agent.post(f"plans/{site.actions['access']}/approve", plan_hash=access_plan().hash)
    assert agent.status == 403
    await agent.get("agents")
    assert agent.status == 403
    await auditor.get(page)
    assert "What you can do" not in auditor.text
    for verb in ("reply", "note", "close", "extend", "refuse", "forward", "assign"):
        await auditor.post(f"{page}/{verb}", text="Something.", ground="excessive")
        assert auditor.status == 403, verb
    assert (await site.get(PrivacyRequest, site.refs["access"])).status == "awaiting_approval"


async def test_an_error_keeps_what_was_typed(site: ConsoleSite, browsers: Any) -> None:
    agent = await browsers("Liis")
    text = await agent.post(f"requests/{site.refs['access']}/close", text="A long and careful answer.")
    assert agent.status == 409
    assert "A long and careful answer." in text
    assert 'role="alert"' in text


async def test_running_services_are_asked_about_in_the_chat(site: ConsoleSite, browsers: Any) -> None:
    agent = await browsers("Tiina")
    text = await agent.get(f"requests/{site.refs['blocked']}")
    assert "lind-bakery.example" in text
    text = await agent.press(f"plans/{site.actions['blocked']}/ask_services")
    assert "The question to the person is on its way." in text
    conversation = await site.get(Conversation, site.conversations["blocked"])
    assert conversation.state == {
        "question": "services_running", "expects": "choice", "about": [site.refs["blocked"]],
    }  # fmt: skip
    said = await site.services.read(
        lambda unit: queries.last_message_of(unit.session, conversation.id, "assistant")
    )
    assert said is not None
    assert [unmarked(choice["value"])[0] for choice in said.choices] == ["services:keep", "services:end"]
    assert "lind-bakery.example" in said.text


async def test_a_failed_plan_is_tried_again_or_answered_honestly(site: ConsoleSite, browsers: Any) -> None:
    agent = await browsers("Tiina")
    text = await agent.get(f"requests/{site.refs['failed']}")
    assert "The client area cannot be reached" in text
    assert "postcode → 10117" in text
    await agent.press(f"plans/{site.actions['failed']}/give_up")
    assert agent.status == 200
    assert (await site.get(PrivacyRequest, site.refs["failed"])).status == "partly_answered"
    await agent.post(f"plans/{site.actions['failed']}/give_up")
    assert agent.status == 409, "what is left was told once"
    await agent.post(f"plans/{site.actions['failed']}/try_again")
    assert (await site.get(PrivacyRequest, site.refs["failed"])).status == "executing"


async def test_a_chat_is_taken_over_answered_and_handed_back(site: ConsoleSite, browsers: Any) -> None:
    tiina, marc = await browsers("Tiina"), await browsers("Marc")
    path = f"conversations/{site.conversations['chat']}"
    assert site.conversations["chat"] in await tiina.get("conversations")
    await tiina.post(f"{path}/take")
    assert "Tiina talks to this person." in tiina.text
    await marc.post(f"{path}/take")
    assert marc.status == 409
    await tiina.post(f"{path}/reply", text="Hello, I am a person.")
    async with tiina.http.get(f"{site.url}/console/{path}/new?after=0") as answer:
        lines = [line["text"] for line in (await answer.json())["messages"]]
    assert lines == [
        "Could I talk to somebody, please?", "Tiina has joined the conversation.", "Hello, I am a person.",
    ]  # fmt: skip
    await tiina.post(f"{path}/give_back")
    conversation = await site.get(Conversation, site.conversations["chat"])
    assert (conversation.taken_by, conversation.wants_person_at) == (None, None)


async def test_a_mail_in_doubt_becomes_a_request_as_of_its_receipt(site: ConsoleSite, browsers: Any) -> None:
    agent = await browsers("Tiina")
    assert "stored under my name" in await agent.get("triage")
    text = await agent.post(f"triage/{site.conversations['doubtful']}", right="access")
    assert "No mail is in doubt." in text
    (request,) = await site.services.read(
        lambda unit: queries.requests_in(unit.session, site.conversations["doubtful"])
    )
    assert (request.right, str(request.received_on), request.status) == ("access", "2026-11-23", "verifying")
    await agent.post(f"triage/{site.conversations['doubtful']}", right="erasure")
    assert agent.status == 409


async def test_no_page_shows_an_address_or_a_number_that_nobody_asked_to_see(
    site: ConsoleSite, browsers: Any
) -> None:
    """Whatever of a message a page shows is masked; revealing is a press of its own, and an entry of the audit."""
    said = "Write to canary.zorro@mail.example or call +372 5551 9911."

    def plant(unit: Unit) -> None:
        for message in unit.session.exec(select(Message).where(col(Message.sender) == "you")):
            message.text, message.subject = f"{message.text} {said}", said
            message.reading = {**message.reading, "sentence": said}
        for conversation in unit.session.exec(select(Conversation)):
            conversation.subject_hint = "canary.zorro@mail.example"

    await site.services.write(plant)
    otto = await browsers("Otto")
    for page in (
        *("queue", "conversations", "triage", "failing", "settings"),
        *(f"requests/{ref}" for ref in site.refs.values()),
        *(f"conversations/{ident}" for ident in site.conversations.values()),
    ):
        text = await otto.get(page)
        assert otto.status == 200, page
        for plain in ("canary.zorro", "5551 9911", "55519911"):
            assert plain not in text, page


async def test_the_console_speaks_french(site: ConsoleSite, browsers: Any) -> None:
    marc = await browsers("Marc")
    assert "à rendre dans 14 jours, mar. 8 déc." in marc.text
    assert '<html lang="fr">' in marc.text
    for path in (f"requests/{site.refs['erasure']}", "conversations", "triage", "settings"):
        await marc.get(path)
        assert marc.status == 200
    await marc.post("settings/language", language="en")
    assert '<html lang="en">' in marc.text


async def test_a_link_from_a_mail_finds_the_agent_still_signed_in(site: ConsoleSite, browsers: Any) -> None:
    """The cookie does not come along from another site, so the page leads to itself once."""
    path = f"/console/requests/{site.refs['access']}"
    stranger = AgentBrowser(site, "Tiina")
    async with stranger.http:
        headers = {"Sec-Fetch-Site": "cross-site"}
        async with stranger.http.get(site.url + path, headers=headers, allow_redirects=False) as answer:
            text = await answer.text()
    assert answer.status == 200
    assert f'http-equiv="refresh" content="0;url={path}"' in text
    assert site.refs["access"] not in text.replace(path, "")


async def test_signing_out_ends_the_session(site: ConsoleSite, browsers: Any) -> None:
    agent = await browsers("Tiina")
    await agent.post("sign-out")
    await agent.get("queue")
    assert agent.path == "/console/sign-in"


async def test_a_question_is_sent_from_the_page_which_says_whether_the_clock_stops(
    site: ConsoleSite, browsers: Any
) -> None:
    tiina, early, late = await browsers("Tiina"), site.refs["blocked"], site.refs["access"]
    page = await tiina.get(f"requests/{early}")
    assert "Asked until Wed 25 Nov, the clock stands still" in page
    assert "although_late" not in page
    page = await tiina.press(f"requests/{early}/ask", ground="identity", text="Which street did you live in?")
    assert "The question is on its way to the person." in page
    assert "The person was asked on Tue 24 Nov" in page
    assert 'id="ask-ground"' not in page
    assert (await site.get(PrivacyRequest, early)).remind_on is None
    page = await tiina.get(f"requests/{late}")
    assert "The clock does not stop any more: that was possible until Thu 19 Nov" in page
    page = await tiina.post(f"requests/{late}/ask", ground="specify", text="Which account do you mean?")
    assert tiina.status == 409
    assert "Nothing was sent" in page
    assert (await site.get(PrivacyRequest, late)).suspensions == []
    page = await tiina.press(
        f"requests/{late}/ask", ground="specify", text="Which account do you mean?", although_late="1"
    )
    assert "The question is on its way to the person." in page
    assert (await site.get(PrivacyRequest, late)).remind_on is not None


async def test_the_page_asks_in_french(site: ConsoleSite, browsers: Any) -> None:
    marc = await browsers("Marc")
    page = await marc.get(f"requests/{site.refs['erasure']}")
    assert "Interroger la personne" in page
    assert "Le délai n’est plus suspendu" in page
    assert "doute raisonnable sur l’identité" in page
    page = await marc.post(f"requests/{site.refs['erasure']}/ask", ground="identity", text="Quelle rue ?")
    assert "ne suspend plus le délai" in page


async def test_what_was_looked_up_by_hand_is_written_into_a_form(site: ConsoleSite, browsers: Any) -> None:
    tiina, auditor = await browsers("Tiina"), await browsers("Otto")
    page = f"requests/{site.refs['by_hand']}"
    text = await tiina.get(page)
    assert "By hand: Paper archive" in text
    assert "Look for letters in the green binders." in text
    assert "2 of 6 records" in text
    assert "I have looked" not in await auditor.get(page)
    action = site.actions["by_hand"]
    refused = await tiina.post(f"plans/{action}/by_hand", source="client-area", text="A letter")
    assert tiina.status == 409
    assert "A letter" in refused, "what was typed is kept"
    done = await tiina.post(f"plans/{action}/by_hand", source="paper", text="A letter of May\n\nA second one")
    assert "it goes on by itself" in done
    assert "Looked up by hand" in done
    step = await site.services.read(lambda unit: queries.steps_of(unit.session, action)[-1])
    assert (step.state, step.rows_done) == ("done", 2)
    assert "A letter" not in (step.found or ""), "kept sealed"
    await tiina.post(f"plans/{action}/by_hand", source="paper", text="again")
    assert tiina.status == 409


async def test_the_form_by_hand_speaks_french(site: ConsoleSite, browsers: Any) -> None:
    text = await (await browsers("Marc")).get(f"requests/{site.refs['by_hand']}")
    assert "À la main : Paper archive" in text
    assert "Cherchez les lettres dans les classeurs verts." in text


async def test_what_is_being_carried_out_can_be_stopped_and_goes_on(site: ConsoleSite, browsers: Any) -> None:
    marc, action = await browsers("Marc"), site.actions["by_hand"]
    text = await marc.post(f"plans/{action}/stop")
    assert "arrêté" in text
    assert (await site.get(Action, action)).state == "stopped"
    refused = await marc.post(f"plans/{action}/give_up")
    assert (marc.status, "Reprendre" in refused or "réessayer" in refused.lower()) == (409, True)
    await marc.post(f"plans/{action}/try_again")
    assert (await site.get(Action, action)).state == "executing"


async def test_others_in_free_text_stand_side_by_side_and_what_is_ticked_stays(
    site: ConsoleSite, browsers: Any
) -> None:
    tiina, action = await browsers("Tiina"), site.actions["access"]
    text = await tiina.get(f"requests/{site.refs['access']}")
    assert "Others who are named in free text" in text
    assert "Spoke with Jean Dupuis, who pays for him." in text
    assert "Spoke with [redacted], who pays for him." in text
    assert re.search(r'name="open_0" value="1"[^>]*checked', text) is None, (
        "left out unless somebody ticks it"
    )
    done = await tiina.post(f"plans/{action}/redact", open_0="1")
    assert "The copy leaves out what is not ticked." in done
    assert re.search(r'name="open_0" value="1"[^>]*checked', done)
    await tiina.post(f"plans/{action}/redact")
    row = await site.get(Action, action)
    assert [each.is_left_out for each in redaction.mentions_of(site.services, row)] == [True]
    await tiina.post(f"plans/{action}/redact", open_7="1")
    assert tiina.status == 422
    auditor = await browsers("Otto")
    assert "Keep this decision" not in await auditor.get(f"requests/{site.refs['access']}")


async def test_accounts_that_match_are_told_apart_and_one_can_be_left_out(
    site: ConsoleSite, browsers: Any
) -> None:
    tiina, page = await browsers("Tiina"), f"requests/{site.refs['access']}"
    text = await tiina.get(page)
    assert "Accounts that match" in text
    assert "client 17" in text
    assert "client 18" in text
    done = await tiina.post(f"{page}/accounts", other_1="1")
    assert "the plan is being made again without them" in done
    request = await site.get(PrivacyRequest, site.refs["access"])
    assert request.details["not_theirs"] == [["client-area", "clients", "18"]]
    assert request.to_plan_at is not None
    assert "Take the 1 left out back" in done
    await tiina.post(f"{page}/accounts", other_9="1")
    assert tiina.status == 404
    await tiina.post(f"{page}/all_accounts")
    assert "not_theirs" not in (await site.get(PrivacyRequest, site.refs["access"])).details


async def test_a_lead_decides_who_asks_on_the_page_and_the_reason_stands_in_the_story(
    site: ConsoleSite, browsers: Any
) -> None:
    lead, agent = await browsers("Liis"), await browsers("Tiina")
    ref = site.refs["unproved"]
    assert "Decide who asks" not in await agent.get(f"requests/{ref}")
    await agent.post(f"requests/{ref}/decide_t3", text="I know her.", contact="new@mail.example")
    assert agent.status == 403
    assert "Decide who asks" in await lead.get(f"requests/{ref}")
    await lead.post(f"requests/{ref}/decide_t3", text="I know her.")
    assert lead.status == 422, "nothing says where she is answered"
    told = await lead.post(
        f"requests/{ref}/decide_t3", text="She was here with her contract.", contact="new@mail.example"
    )
    assert "She was here with her contract." in told
    assert "tier 3 of 3" in told
    assert (await site.get(PrivacyRequest, ref)).status == "open"
