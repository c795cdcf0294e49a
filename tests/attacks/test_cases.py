"""Sabotage, captured mailboxes, hostile rows and scripts: what is done about a case that an attacker opened or writes in."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator

import aiohttp
import pytest
from sqlmodel import col, func, select

from assistant.casework.lease import ACTIONS
from assistant.casework.plans import steps
from assistant.casework.proof import attaching
from assistant.casework.proof.challenges import OPEN_LOGINS
from assistant.domain.assurance import Method
from assistant.services import Unit
from assistant.sources.sql.source import SqlSource
from assistant.store.tables import ChallengeRow, PrivacyRequest
from tests.attacks.test_mail import raw
from tests.doubles.attacks import ACCESS, ERASURE, Victim, ask, proved, stranger, texts, until_code
from tests.doubles.desk_inside import DeskInside
from tests.doubles.desk_process import eventually
from tests.doubles.journeys import confirm_change, confirm_link, links_in, prove_in_chat
from tests.doubles.package_browser import Package, browser, package_link

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("attacks")]

CANARY = "Zyxwolda.Quivermantle"
SCRIPT = '<script>alert(1)</script><img src="https://evil.example/x.png" onerror=alert(2)>'
OFF = "receives no more marketing"


async def test_the_other_contact_of_a_captured_mailbox_hears_of_it_and_stops_an_erasure(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """A24, A48: the attacker reads the mailbox on file; 72 hours, a notice elsewhere, and one press ends it."""
    victim = next(people)
    other = f"second.home.{victim.id}@elsewhere.example"
    second_contact(desk, victim, other)
    rows = desk.dump()
    async with desk.chat() as chat:
        ref = await proved(desk, chat, victim.email, ERASURE)
    await desk.approve(ref)
    await desk.forward("71h")
    await desk.idle()  # or nothing would have had the time to begin too early
    assert (await desk.request(ref))["status"] == "scheduled"
    assert desk.dump() == rows
    notice = await desk.mail(other, "/verify/stop/")
    assert ref in texts(notice)
    assert not [value for value in victim.personal if value in texts(notice)]
    link = next(url for url in re.findall(r"http://\S+", notice.get_content()) if "/stop/" in url)
    await desk.press(link, answer="not_me_sure")
    assert "approved" not in {state for (state,) in desk.own("SELECT state FROM action WHERE ref = ?", ref)}
    await desk.forward("10h")
    await desk.idle()
    request = await desk.request(ref)
    assert (request["status"], request["attention"]) == ("awaiting_approval", "not_me")
    assert desk.dump() == rows
    assert "not_me" in [event["event"] for event in await desk.events(ref)]


def second_contact(desk: DeskInside, victim: Victim, address: str) -> None:
    """Let a ticket of this client carry another address of theirs."""
    found = desk.query("SELECT id FROM tickets WHERE client_id = ? LIMIT 1", victim.id)
    if found:
        desk.change("UPDATE tickets SET requester_email = ? WHERE id = ?", address, found[0][0])
        return
    desk.change(
        "UPDATE tickets SET client_id = ?, requester_email = ? WHERE id = (SELECT max(id) FROM tickets)",
        victim.id,
        address,
    )


async def test_a_new_contact_unlocks_no_copy_for_thirty_days_without_a_lead(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """A26: the mailbox is changed first and the copy asked for by the new one."""
    victim = next(people)
    new = f"new.box.{victim.id}@mail.example"
    async with desk.chat() as chat:
        await chat.say(f"Please change my e-mail address to {new}.")
        change = (await chat.opened())["rectification"]
        await confirm_change(chat, new)
        await prove_in_chat(desk, chat, victim.email, change)
    await desk.approve(change)
    assert await desk.mail(victim.email, "/verify/stop/"), (
        "the old contact hears of it while it can be stopped"
    )
    await desk.forward("73h")
    await desk.until_status(change, "answered")
    async with desk.chat() as chat:
        ref = await proved(desk, chat, new)
    item = await desk.plan(ref)
    assert (await desk.request(ref))["attention"] == "recent_contact_change"
    body, path = {"plan_hash": item["plan_hash"]}, f"/queue/{item['id']}/approve"
    status, told = await desk.api_status("POST", path, token=desk.tokens["approver"], json=body)
    assert (status, told["code"]) == (403, "not_allowed")
    assert [e for e in await desk.events(ref) if e["event"] == "evidence_flagged"]


@pytest.mark.parametrize("sentence", [ACCESS, ERASURE], ids=["copy", "erasure"])
@pytest.mark.parametrize("by_mail", [False, True], ids=["chat", "forged mail"])
async def test_a_stranger_who_has_marketing_end_makes_no_approval_of_its_person_void(
    desk: DeskInside, people: Iterator[Victim], sentence: str, by_mail: bool
) -> None:
    """B32: what the desk itself changed for another request, anybody's, is less of what was approved and nothing new."""
    victim = next(people)
    subscribe_to_push(desk, victim)
    async with desk.chat() as chat:
        ref = await proved(desk, chat, victim.email, sentence)
    await desk.approve(ref)
    before = await desk.refs()
    if by_mail:
        await desk.raw_mail(raw(victim.email, "Please stop all marketing to me."), "mallory@evil.example")
    else:
        async with desk.chat() as stranger_chat:
            await stranger_chat.say(f"Please stop all marketing to {victim.email}.")
    (other,) = await desk.opened_by(before)
    await desk.until_status(other, "answered")
    assert not desk.query("SELECT 1 FROM push_subscriptions WHERE client_id = ?", victim.id)
    await desk.forward("73h")
    await desk.until_status(ref, "answered", "awaiting_approval")
    assert (await desk.request(ref))["status"] == "answered"
    assert "plan_less" in [event["event"] for event in await desk.events(ref)]


async def test_what_the_company_itself_takes_out_still_makes_an_approval_void(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """B32: only what the desk did itself is known to be less; a stranger's objection elsewhere changes nothing of that."""
    victim, another = next(people), next(people)
    for each in (victim, another):
        subscribe_to_push(desk, each)
    async with desk.chat() as chat:
        ref = await proved(desk, chat, victim.email)
    await desk.approve(ref)
    before = await desk.refs()
    async with desk.chat() as other:
        await other.say(f"Please stop all marketing to {another.email}.")
    await desk.until_status(*(await desk.opened_by(before)), "answered")
    desk.change("DELETE FROM push_subscriptions WHERE client_id = ?", victim.id)
    await desk.forward("73h")
    await desk.until_status(ref, "awaiting_approval")
    assert (await desk.request(ref))["attention"] == "plan_changed"


def subscribe_to_push(desk: DeskInside, victim: Victim) -> None:
    desk.change(
        "INSERT INTO push_subscriptions (player_id, client_id, device, subscribed_at)"
        " VALUES (?, ?, 'phone', '2026-01-02 10:00:00')",
        f"push-{victim.id}",
        victim.id,
    )


async def test_no_proof_has_a_correction_planned_before_the_yes_to_exactly_what_it_says(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """A20, A34: proved elsewhere, or pressed under words that are not these any more: nothing is planned."""
    victim, services = next(people), desk.assembly.services

    def prove(unit: Unit) -> None:
        request = unit.session.get_one(PrivacyRequest, ref)
        attaching.give_evidence(
            unit,
            method=Method.PAGE_TOKEN,
            contact=victim.email,
            conversation_id=request.conversation_id,
            references=[ref],
            on_file=True,
            client_id=victim.number,
        )

    async with desk.chat() as chat:
        await chat.say("My last name is wrong in your records, please change it to Thornbury.")
        ref = (await chat.opened())["rectification"]
        shown = await chat.asked("choice")
        await services.write(prove)
        await desk.idle()
        assert (await desk.request(ref))["status"] == "open"
        assert (await desk.request(ref))["actions"] == []
        await chat.choose("change:yes:another")
        shown = await chat.asked("choice")
        await desk.idle()
        assert (await desk.request(ref))["actions"] == []
        await chat.choose(next(c["value"] for c in shown["choices"] if c["value"].startswith("change:yes")))
        await chat.until(lambda m: ref in m["text"], "that it goes on")
    assert await desk.plan(ref)


async def test_a_page_confirms_only_the_change_that_it_showed(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """A20: what is to be changed was changed between showing and pressing: the page is shown again."""
    victim = next(people)
    before = await desk.refs()
    await desk.raw_mail(
        f"From: {victim.email}\r\nTo: {desk.facts['mail_in']['address']}\r\nSubject: Correction\r\n"
        "Message-ID: <a-correction@mail.example>\r\n\r\n"
        "My last name is wrong in your records, please change it to Thornbury.\r\n".encode(),
        victim.email,
    )
    (ref,) = await desk.opened_by(before)
    (link,) = links_in((await desk.mail(victim.email, "/verify/")).get_content(), "/verify/")
    _, page = await desk.page(link)
    assert "Thornbury" in page
    await confirm_link(desk, link, ref, changes="of another page")
    assert (await desk.request(ref))["status"] == "verifying", "nothing was confirmed, and nobody proved"
    (digest,) = set(re.findall(r'name="changes" value="([^"]*)"', page))
    await confirm_link(desk, link, ref, changes=digest)
    assert await desk.plan(ref)


@pytest.mark.parametrize("role", ["agent", "auditor"])
async def test_no_plea_gets_an_agent_past_the_roles_or_the_proof(
    desk: DeskInside, people: Iterator[Victim], role: str
) -> None:
    """A30, A52: "lawyer, 24 hours left": whoever is persuaded has no button for it, and sees the real date."""
    victim = next(people)
    async with desk.chat() as chat:
        unproved = await until_code(chat, victim.email)
        for path in (f"/queue/{unproved}/approve", f"/requests/{unproved}/refuse"):
            refused, _ = await desk.api_status(
                "POST", path, token=desk.tokens[role], json={"plan_hash": "0" * 64, "reason": "A lawyer."}
            )
            assert refused >= 400
        await chat.say(await desk.code(victim.email))
        item = await desk.plan(unproved)
    status, _ = await desk.api_status(
        "POST",
        f"/queue/{item['id']}/approve",
        token=desk.tokens[role],
        json={"plan_hash": item["plan_hash"]},
    )
    assert status == 403
    assert not [mail for mail in desk.mails(victim.email) if "/package/" in mail.get_content()]
    request = await desk.request(unproved)
    assert request["due_on"] > request["received_at"][:10]


async def unused_logins(desk: DeskInside) -> int:
    count = select(func.count()).where(
        col(ChallengeRow.method) == Method.CLIENT_AREA, col(ChallengeRow.state) == "sent"
    )
    return int(await desk.assembly.services.read(lambda unit: unit.session.exec(count).one()))


async def test_a_package_opens_for_nobody_elses_code_sign_in_cookie_or_guess(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """A41, A43, A44: an attacker with a package of their own, and a client whose rows are formulas and paths."""
    victim, mallory = next(people), next(people)
    desk.change(
        "UPDATE clients SET last_name = ? WHERE id = ?", '=HYPERLINK("http://evil.example")', victim.id
    )
    desk.change("UPDATE clients SET first_name = ? WHERE id = ?", "../../x", victim.id)
    letters = {}
    for person in (victim, mallory):
        async with desk.chat() as chat:
            ref = await proved(desk, chat, person.email)
        await desk.approve(ref)
        await desk.forward("73h")
        await desk.until_status(ref, "answered")
        letters[person] = (await desk.mail(person.email, "/package/")).get_content()
    assert re.fullmatch(r".*/package/[0-9a-f]{32}", package_link(letters[victim]))
    async with browser(desk, letters[mallory]) as own, browser(desk, letters[victim]) as foreign:
        await own.want_code()
        code = await desk.code(mallory.email, seen=1)
        await foreign.want_code()
        assert "/download" not in await foreign.enter(code), "the code of another package"
        assert "/download" in await own.enter(code)
        own.url = foreign.url  # the cookie of the one package, taken to the other
        status, raw, _ = await own.download()
        assert status == 403
        assert not raw.startswith(b"PK")
        assert "/download" not in await foreign.sign_in("C-10042")
        before = await unused_logins(desk)
        for _ in range(3 * OPEN_LOGINS):
            await foreign.open_sign_in()
        assert await unused_logins(desk) <= before + OPEN_LOGINS
        async with desk.http.get(package_link(letters[victim])) as page:
            assert page.headers["Referrer-Policy"] == "no-referrer"
            assert "default-src 'none'" in page.headers["Content-Security-Policy"]
            assert not re.findall(r'(?:src|href)="https?://(?!127\.0\.0\.1)', await page.text())
        assert "/download" in await foreign.enter(await desk.code(victim.email, seen=1))
        _, raw, _ = await foreign.download()
    package = Package.read(raw)
    cells = [c for t in package.manifest["tables"] for row in package.spreadsheet(t) for c in row]
    assert any("HYPERLINK" in cell for cell in cells)
    assert not [cell for cell in cells if cell.startswith(("=", "+", "@", "\t"))]
    names = zipfile.ZipFile(io.BytesIO(raw)).namelist()
    assert not [name for name in names if ".." in name or name.startswith("/")]


async def test_markup_of_a_person_is_text_to_the_agent(desk: DeskInside) -> None:
    """A45: in a chat, in a mail, and in its subject; the console shows it and loads nothing by it."""
    async with desk.chat() as chat:
        ref = await ask(chat, f"{ACCESS} {SCRIPT}")
    before = await desk.refs()
    sender = stranger()
    await desk.raw_mail(
        f"From: {sender}\r\nSubject: {SCRIPT}\r\nContent-Type: text/html\r\n\r\n<p>{ACCESS}</p>{SCRIPT}".encode()
    )
    mailed = (await desk.opened_by(before))[0]
    form = (await desk.agent("lead")).form()
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as console:
        async with console.post(f"{desk.url}/console/sign-in", data=form) as page:
            assert page.url.path == "/console/queue"
        for path in (f"requests/{ref}", f"requests/{mailed}", "conversations", "triage", "queue"):
            async with console.get(f"{desk.url}/console/{path}") as page:
                html, policy = await page.text(), page.headers["Content-Security-Policy"]
                assert page.status == 200
            assert "alert(1)</script>" not in html
            assert "<img src=" not in html
            assert 'evil.example/x.png"' not in html.replace("&#34;", "'")
            assert "'unsafe-inline'" not in policy
            assert "https:" not in policy
        async with console.get(f"{desk.url}/console/requests/{ref}") as page:
            assert "&lt;script&gt;" in await page.text()


async def test_objecting_for_somebody_else_tells_nothing_and_writes_to_them_once_a_day(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """A49: five objections for each of two addresses, known and unknown."""
    victim, nobody = next(people), stranger()
    heard: dict[str, set[str]] = {victim.email: set(), nobody: set()}
    for address, answers in heard.items():
        for _ in range(5):
            async with desk.chat() as chat:
                ref = await ask(chat, "Please stop sending me marketing emails.")
                await chat.asked("email")
                await chat.say(address)
                answer = await chat.until(lambda m: OFF in m["text"], "that marketing is off")
                answers.add(answer["text"].replace(address, "?").replace(ref, "?"))
            await desk.until_status(ref, "answered")
    await desk.idle()
    assert heard[victim.email] == heard[nobody]
    assert len(heard[nobody]) == 1
    assert len(desk.mails(victim.email)) == len(desk.mails(nobody)) == 1


async def test_a_forged_or_repeated_update_opens_at_most_one_case(desk: DeskInside) -> None:
    """A37, A38: no secret, a wrong one, and a true update posted again at once and a day later."""
    before = await desk.refs()
    update = await desk.telegram(ACCESS, person=5001)
    (ref,) = await desk.opened_by(before)
    due = (await desk.request(ref))["due_on"]
    assert await desk.bot.post(update) == 200
    await desk.forward("24h")
    assert await desk.bot.post(update) == 200
    assert desk.bot.webhook is not None
    update["update_id"] += 1000
    update["message"]["message_id"] += 1000
    for headers in ({}, {"X-Telegram-Bot-Api-Secret-Token": "guess"}):
        async with desk.http.post(desk.bot.webhook["url"], json=update, headers=headers) as answer:
            assert answer.status == 401
    await desk.idle()
    assert await desk.refs() - before == {ref}
    assert (await desk.request(ref))["due_on"] == due


async def test_a_group_and_another_persons_words_open_no_case(desk: DeskInside) -> None:
    """A39, A40: a bot added to a group stays silent; a forwarded message is a question, not a request."""
    before = await desk.refs()
    for kind in ("group", "supergroup", "channel"):
        await desk.telegram(ERASURE, person=5002, chat={"id": -100123, "type": kind, "title": "Friends"})
    await desk.idle()
    assert "-100123" not in {m["chat_id"] for m in desk.bot.made("sendMessage")}
    origin = {"type": "hidden_user", "date": 1_780_000_000, "sender_user_name": "Odo"}
    await desk.telegram(ERASURE, person=5003, forward_origin=origin)

    async def asked() -> bool:
        return any(m["chat_id"] == "5003" for m in desk.bot.made("sendMessage"))

    await eventually(asked, "a question about what was forwarded")
    assert await desk.refs() == before


async def test_a_user_name_that_changed_hands_leads_to_no_conversation(desk: DeskInside) -> None:
    """A39: two persons use one name after the other; each number has its own conversation."""
    before = await desk.refs()
    for person in (5004, 5005):
        who = {"id": person, "is_bot": False, "first_name": "Ida", "username": "ida_m", "language_code": "en"}
        await desk.telegram(ACCESS, person=person, sender=who)
    refs = await desk.opened_by(before, 2)
    talks = {(await desk.request(ref))["conversation"] for ref in refs}
    assert len(talks) == 2


async def test_nothing_personal_is_in_logs_metrics_addresses_or_errors(
    desk: DeskInside, people: Iterator[Victim], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A57: a canary in every place where a person or a program can put one, and in an exception that nobody foresaw."""
    victim, address = next(people), f"{CANARY}@canary.example"

    async def broken(self: SqlSource, identity: object) -> list[object]:
        raise RuntimeError(f"{CANARY} broke {identity}")

    before = await desk.refs()
    with monkeypatch.context() as patch:
        patch.setattr(SqlSource, "contacts", broken)
        async with desk.chat() as chat:
            await until_code(chat, address)
            await chat.say(f"I am {CANARY}, 12345678")
            await desk.idle()
    await desk.raw_mail(f"From: {CANARY} <{address}>\r\nSubject: {CANARY}\r\n\r\n{ACCESS}".encode(), address)
    await desk.raw_mail(f"From: {address}, x@{CANARY}.example\r\nSubject: {CANARY}\r\n\r\n{ACCESS}".encode())
    await desk.opened_by(before, 3)
    await desk.telegram(f"{ACCESS} {CANARY}", person=5009)
    told = [
        (await desk.page(f"{desk.url}/{path}/{CANARY}"))[1]
        for path in ("verify", "verify/stop", "package", "x")
    ]
    told.append(await desk.press(f"{desk.url}/verify/client-area", token=CANARY))
    for method, path in (("GET", f"/requests/{CANARY}"), ("POST", f"/queue/{CANARY}/approve")):
        _, problem = await desk.api_status(
            method, path, json={"plan_hash": CANARY} if method == "POST" else None
        )
        told.append(str(problem))
    _, metrics = await desk.page(f"{desk.monitor}/metrics")
    await desk.idle()
    assert "sweep.row_failed" in desk.log.getvalue(), "the exception was logged, by its kind"
    assert "RuntimeError" in desk.log.getvalue()
    for text in (desk.log.getvalue(), metrics):
        assert CANARY.lower() not in text.lower()
    for value in (victim.email, "@fibre.example", "12345678"):
        assert value not in desk.log.getvalue()
        assert value not in metrics
    assert "privacy_desk_requests_open" in metrics
    assert not [text for text in told if address in text]


async def test_an_erasure_killed_after_the_source_committed_is_ended_and_answered(
    desk: DeskInside, people: Iterator[Victim], monkeypatch: pytest.MonkeyPatch
) -> None:
    victim, services = next(people), desk.assembly.services
    async with desk.chat() as chat:
        ref = await proved(desk, chat, victim.email, ERASURE)
    await desk.approve(ref)

    def killed(*_: object) -> None:
        raise RuntimeError("as if the process ended here")

    with monkeypatch.context() as patched:
        patched.setattr(steps, "_step_done", killed)
        await desk.forward("73h")
        await desk.until_status(ref, "executing")
        await desk.idle()
    await services.write(ACTIONS.release_all)
    await desk.idle()
    assert (await desk.request(ref))["status"] == "answered"
    assert [e["event"] for e in await desk.events(ref)].count("step_done") >= 1
