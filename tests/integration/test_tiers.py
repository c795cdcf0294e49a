"""The tiers of proof, asked where evidence is given, where a plan is approved, and once more before its effect."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio

from assistant.casework.decisions import approval, closing
from assistant.casework.plans import execution
from assistant.casework.proof import challenges
from assistant.casework.requests.evidence import need_of
from assistant.casework.requests.queue import Principal, Role
from assistant.demo.client_area import Account
from assistant.domain.assurance import Hold, Method, Need, Tier
from assistant.domain.moves import Claim
from assistant.domain.rights import Right
from assistant.services import Unit
from assistant.store.tables import Conversation, EvidenceRow, PrivacyRequest
from tests.doubles.attacks import ACCESS, ERASURE, Victim, ask, proved, victims
from tests.doubles.console_browser import Console
from tests.doubles.desk_inside import DeskInside, desk_inside
from tests.doubles.desk_process import Chat
from tests.doubles.journeys import confirm_change, links_in, prove_in_chat

pytestmark = pytest.mark.asyncio(loop_scope="module")
COPY = {"en": ACCESS, "fr": "Bonjour, je voudrais une copie de toutes mes données personnelles."}
ERASE = {"en": ERASURE, "fr": "Bonjour, supprimez toutes mes données personnelles."}
REASON = "She called from the number on file, and named what she ordered last week."


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskInside]:
    async with desk_inside(tmp_path_factory.mktemp("tiers")) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def strict(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskInside]:
    """A desk whose operator has people decide about every erasure."""
    more = '\n[verification]\nerasure = "T3"\n'
    async with desk_inside(tmp_path_factory.mktemp("strict"), more) as opened:
        yield opened


async def identify(desk: DeskInside, chat: Chat, who: Victim) -> None:
    """Have the site say who looks at its page."""
    account = Account(who.number, who.last_name, who.email)
    token = desk.demo.client_area.token(account, "", desk.clock.now())
    await chat.socket.send_json({"type": "identify", "token": token})


async def press(desk: DeskInside, ref: str, role: str) -> tuple[int, dict[str, Any]]:
    """Approve as an agent of a role."""
    item = await desk.plan(ref)
    body, path = {"plan_hash": item["plan_hash"]}, f"/queue/{item['id']}/approve"
    return await desk.api_status("POST", path, token=desk.tokens[role], json=body)


async def decide(desk: DeskInside, ref: str, role: str = "lead", **more: str) -> tuple[int, dict[str, Any]]:
    """Decide who asks."""
    body = {"reason": REASON, **more}
    return await desk.api_status("POST", f"/requests/{ref}/decide_t3", token=desk.tokens[role], json=body)


@pytest.mark.parametrize(
    ("locale", "told"), [("en", "not enough for your request"), ("fr", "ne suffit pas pour votre demande")]
)
async def test_a_page_token_is_too_little_for_a_copy_and_the_person_is_offered_what_is_enough(
    desk: DeskInside, people: Iterator[Victim], locale: str, told: str
) -> None:
    victim = next(people)
    async with desk.chat(locale) as chat:
        ref = await ask(chat, COPY[locale])
        await chat.asked("email")
        await identify(desk, chat, victim)
        said = await chat.until(lambda m: told in m["text"], "that it is not enough")
        assert ref in said["text"]
        assert said["expects"] == "email"
        assert any(choice.get("url") for choice in said["choices"]), "a sign-in is offered"
        await desk.idle()
        request = await desk.request(ref)
        assert (request["status"], request["assurance"], request["actions"]) == ("verifying", 1, [])
        await chat.say(victim.email)
        await chat.asked("code")
        await chat.say(await desk.code(victim.email))
        await desk.until_status(ref, "awaiting_approval")


@pytest.mark.parametrize(
    ("locale", "told"), [("en", "not enough for your request"), ("fr", "ne suffit pas pour votre demande")]
)
async def test_a_page_token_is_too_little_for_what_people_decide_and_a_code_comes_first(
    strict: DeskInside, locale: str, told: str
) -> None:
    """More proof asked is not less proof accepted: people decide on a proof, and not in place of one."""
    victim = list(victims(strict))[{"en": 1, "fr": 2}[locale]]
    async with strict.chat(locale) as chat:
        ref = await ask(chat, ERASE[locale])
        await chat.asked("email")
        await identify(strict, chat, victim)
        said = await chat.until(lambda m: told in m["text"], "that it is not enough")
        assert said["expects"] == "email"
        await strict.idle()
        request = await strict.request(ref)
        assert (request["status"], request["attention"], request["actions"]) == ("verifying", None, [])
        await chat.say(victim.email)
        await chat.asked("code")
        await chat.say(await strict.code(victim.email))
        await strict.until_status(ref, "awaiting_approval")
    assert (await strict.request(ref))["attention"] == "t3_needed"


async def test_what_was_opened_for_somebody_else_is_not_opened_by_the_page_token_of_its_writer(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    async with desk.chat() as chat:
        ref = await ask(
            chat, "I am writing for my mother: please send her a copy of all the data you hold about her."
        )
        await identify(desk, chat, next(people))
        await desk.idle()
    request = await desk.request(ref)
    assert (request["status"], request["assurance"]) == ("received", 0)
    assert desk.own("SELECT contact FROM request WHERE ref = ?", ref) == [(None,)], "nor is it where to write"


async def test_a_page_token_is_enough_for_what_does_no_lasting_harm(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    victim = next(people)
    async with desk.chat() as chat:
        ref = await ask(chat, "Please restrict the processing of my data.")
        await chat.asked("email")
        await identify(desk, chat, victim)
        request = await desk.until_status(ref, "awaiting_approval")
    assert request["assurance"] == 1


@pytest.mark.parametrize("before", [None, "Hello"])
async def test_a_page_token_that_comes_before_anything_is_asked_proves_what_is_asked_next(
    desk: DeskInside, people: Iterator[Victim], before: str | None
) -> None:
    victim = next(people)
    async with desk.chat() as chat:
        if before:
            await chat.say(before)
        await identify(desk, chat, victim)
        ref = await ask(chat, "Please restrict the processing of my data.")
        request = await desk.until_status(ref, "awaiting_approval")
    assert request["assurance"] == 1


async def test_a_page_token_that_came_early_is_worth_nothing_after_its_five_minutes(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    async with desk.chat() as chat:
        await identify(desk, chat, next(people))
        await chat.say("Hello")
        await desk.forward("6m")
        ref = await ask(chat, "Please restrict the processing of my data.")
        await chat.asked("email")
        await desk.idle()
    request = await desk.request(ref)
    assert (request["status"], request["assurance"]) == ("verifying", 0)


async def test_an_erasure_that_people_decide_waits_for_a_lead_with_a_reason_and_for_somebody_else(
    strict: DeskInside,
) -> None:
    """Four eyes are off here: T3 takes two people all the same."""
    victim = next(victims(strict))
    async with strict.chat() as chat:
        ref = await proved(strict, chat, victim.email, ERASURE)
    await strict.plan(ref)
    assert (await strict.request(ref))["attention"] == "t3_needed"
    for role in ("approver", "lead"):
        status, problem = await press(strict, ref, role)
        assert (status, problem["code"]) == (403, "not_allowed")
    assert (await decide(strict, ref, "approver"))[0] == 403
    assert (await decide(strict, ref, reason=" "))[0] == 422
    status, request = await decide(strict, ref)
    assert (status, request["assurance"], request["attention"]) == (200, 3, None)
    assert (await strict.plan(ref))["needs_second_person"]
    status, problem = await press(strict, ref, "lead")
    assert (status, problem["code"]) == (403, "not_allowed"), "who decided does not approve"
    status, item = await press(strict, ref, "approver")
    assert (status, item["state"]) == (200, "approved")
    await strict.forward("71h")
    await strict.idle()
    assert (await strict.request(ref))["status"] == "scheduled"
    await strict.forward("2h")
    await strict.until_status(ref, "answered")
    (decided,) = [e for e in await strict.events(ref) if e["event"] == "t3_decided"]
    assert decided["data"]["reason"] == REASON


async def test_whoever_may_not_approve_is_told_so_before_what_the_plan_still_lacks(desk: DeskInside) -> None:
    async with desk.chat() as chat:
        ref = await proved(desk, chat, "camille.aubertin@courriel.example", ERASURE)
    assert (await press(desk, ref, "agent"))[0] == 403
    assert (await press(desk, ref, "approver"))[0] == 409, "services are running"


async def test_who_lost_the_mailbox_on_file_is_identified_by_a_lead_and_answered_elsewhere(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    victim, elsewhere = next(people), "new.home@elsewhere.example"
    async with desk.chat() as chat:
        ref = await ask(chat)
        await chat.asked("email")
    assert (await decide(desk, ref))[0] == 422, "where is the person to be answered?"
    status, _ = await decide(desk, ref, contact=elsewhere, client_id=victim.number)
    assert status == 200
    item = await desk.plan(ref)
    assert {"clients"} <= {step["table"] for step in item["steps"]}
    typed = {
        "by": item["typed_contact"]["by"],
        "contact": elsewhere,
        "client_id": victim.number,
        "on_file": False,
    }
    assert item["typed_contact"] == typed, "whoever approves sees what the lead typed"
    console = Console(desk, "approver")
    async with console.http:
        page = await (await console.sign_in()).page(f"requests/{ref}")
    for shown in (
        elsewhere,
        victim.number,
        f"{typed['by']} typed this address",
        "not on file for that account",
    ):
        assert shown in page
    notice = (await desk.mail(victim.email, "/verify/stop/")).get_content()
    assert ref in notice, "the contact on file hears of it"
    assert "access to your data" in notice
    assert "not confirmed from an address we have on file" in notice
    assert elsewhere not in notice
    wait = (await desk.mail(elsewhere, "waiting period")).get_content()
    assert "You have confirmed" not in wait
    assert "A person here has looked into who asks" in wait
    assert (await press(desk, ref, "lead"))[0] == 403
    assert (await press(desk, ref, "approver"))[0] == 200
    await desk.forward("73h")
    await desk.until_status(ref, "answered")
    assert "/package/" in (await desk.mail(elsewhere, "/package/")).get_content()


async def test_an_address_that_a_lead_typed_and_that_stands_for_the_account_is_said_to(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    victim, other = next(people), next(people)
    for contact, stands in ((victim.email, True), (other.email, False)):
        async with desk.chat("fr") as chat:
            ref = await ask(chat, COPY["fr"])
            await chat.asked("email")
        assert (await decide(desk, ref, contact=contact, client_id=victim.number))[0] == 200
        typed = (await desk.plan(ref))["typed_contact"]
        assert (typed["contact"], typed["on_file"]) == (contact, stands), (
            "on file elsewhere is not on file there"
        )
        wait = (await desk.mail(contact, ref)).get_content()
        assert "Vous avez confirmé" not in wait
        assert "a examiné qui fait cette demande" in wait


@pytest.mark.parametrize(("locale", "told"), [("en", "withdrawn"), ("fr", "retirée")])
async def test_no_code_is_sent_about_nothing_and_the_person_hears_what_is_so(
    desk: DeskInside, people: Iterator[Victim], locale: str, told: str
) -> None:
    victim = next(people)
    async with desk.chat(locale) as chat:
        ref = await ask(chat, COPY[locale])
        await chat.asked("email")
        await withdraw(desk, ref)
        await chat.say(victim.email)
        said = await chat.until(lambda m: told in m["text"], "what is so")
        await desk.idle()
    assert ref in said["text"]
    assert desk.mails(victim.email) == []


async def test_a_right_code_about_what_is_closed_meanwhile_does_not_end_in_silence(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    victim = next(people)
    async with desk.chat() as chat:
        ref = await ask(chat)
        await chat.asked("email")
        await chat.say(victim.email)
        await chat.asked("code")
        code = await desk.code(victim.email)
        await withdraw(desk, ref)
        await chat.say(code)
        said = await chat.until(lambda m: "withdrawn" in m["text"], "what is so")
    assert ref in said["text"]


async def withdraw(desk: DeskInside, ref: str) -> None:
    """Close a request behind the back of its chat, as a link in another window does."""
    services = desk.assembly.services
    await services.write(lambda unit: closing.withdraw(unit, [unit.session.get_one(PrivacyRequest, ref)]))


async def test_a_plan_whose_evidence_is_one_tier_short_is_not_approved(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    async with desk.chat() as chat:
        ref = await proved(desk, chat, next(people).email)
    await desk.plan(ref)
    await weaken(desk, ref, method="page_token")
    status, problem = await press(desk, ref, "lead")
    assert (status, problem["code"]) == (403, "not_verified")


async def test_evidence_that_is_put_in_doubt_after_the_approval_stops_the_effect(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    async with desk.chat() as chat:
        ref = await proved(desk, chat, next(people).email, ERASURE)
    assert (await press(desk, ref, "approver"))[0] == 200
    rows = desk.dump()
    await weaken(desk, ref, flags=["two_verifiers"])
    await desk.forward("73h")
    await desk.idle()
    request = await desk.request(ref)
    assert (request["status"], request["attention"]) == ("awaiting_approval", "two_verifiers")
    assert desk.dump() == rows
    assert (await desk.plan(ref))["approved_by"] == []


async def weaken(desk: DeskInside, ref: str, **changes: Any) -> None:
    """Make evidence less than it was."""

    def work(unit: Unit) -> None:
        evidence = unit.session.get_one(EvidenceRow, unit.session.get_one(PrivacyRequest, ref).evidence_id)
        for name, value in changes.items():
            setattr(evidence, name, value)
        unit.session.add(evidence)

    await desk.assembly.services.write(work)


async def test_a_copy_with_what_only_people_let_out_needs_a_lead(
    desk: DeskInside, people: Iterator[Victim], monkeypatch: pytest.MonkeyPatch
) -> None:
    known = desk.assembly.services.settings.catalogue.categories
    monkeypatch.setitem(known, "contact", known["contact"].model_copy(update={"people_decide": True}))
    async with desk.chat() as chat:
        ref = await proved(desk, chat, next(people).email)
    await desk.plan(ref)
    assert (await desk.request(ref))["attention"] == "t3_needed"
    assert (await press(desk, ref, "lead"))[0] == 403
    assert (await decide(desk, ref))[0] == 200
    assert (await press(desk, ref, "approver"))[0] == 200


async def test_what_the_map_calls_harmless_needs_less_than_any_other_field(desk: DeskInside) -> None:
    services = desk.assembly.services

    def need(field: str) -> Need:
        return need_of(services, Right.RECTIFICATION, {"field": field})

    assert need("city") == Need(Tier.T1)
    assert need("email") == Need(Tier.T2, Hold.ALWAYS)
    assert need("favourite_colour") == Need(Tier.T2, Hold.ALWAYS), "no map calls it harmless"


@pytest.mark.parametrize("first", ["taken_back", "undone", "begun"])
async def test_an_erasure_taken_back_in_the_second_its_effect_starts_is_one_or_the_other_and_so_is_what_is_said(
    desk: DeskInside, people: Iterator[Victim], monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    """The unit that begins and the unit that takes back follow each other in either order; there is no third outcome."""
    victim = next(people)
    rows = desk.dump()
    async with desk.chat() as chat:
        ref = await proved(desk, chat, victim.email, ERASURE)
        assert (await press(desk, ref, "approver"))[0] == 200
        stop = stop_link(await desk.mail(victim.email, "/verify/stop/"))
        begin, real, pages = execution._begin, execution._as_of_now, list[str]()

        async def at_that_second(services: Any, request: Any, plan: Any, evidence: Any) -> Any:
            if request.ref != ref:  # another request of this desk, whose pause ends as well
                return await real(services, request, plan, evidence)
            (item, *_) = (await desk.request(ref))["actions"]
            if first == "begun":
                await services.write(lambda unit: begin(unit, item, plan))
            if first == "undone":
                await services.write(lambda unit: approval.undo(unit, item, Principal("leonie", Role.LEAD)))
                pages.append("")
                return plan
            pages.append(await desk.press(stop, answer="not_me_sure"))
            return plan

        with monkeypatch.context() as patch:
            patch.setattr(execution, "_as_of_now", at_that_second)
            await desk.forward("73h")
            await desk.idle()
    assert len(pages) == 1
    request = await desk.request(ref)
    if first == "taken_back":
        assert "stopped" in pages[0].lower()
        assert (request["status"], request["attention"]) == ("awaiting_approval", "not_me")
        assert desk.dump() == rows
    elif first == "undone":
        assert (request["status"], request["attention"]) == ("awaiting_approval", None)
        assert desk.own("SELECT state FROM action WHERE ref = ?", ref) == [("proposed",)]
        assert desk.dump() == rows
    else:
        assert "This is how it stands" in pages[0]
        assert request["status"] == "answered"
        assert desk.dump() != rows


def stop_link(mail: Any) -> str:
    return str(next(word for word in mail.get_content().split() if "/verify/stop/" in word))


async def test_a_withdrawal_confirmed_too_late_is_not_called_withdrawn(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """The link was mailed while it could still be taken back, and is pressed when the erasure is done."""
    victim = next(people)
    async with desk.chat() as chat:
        ref = await proved(desk, chat, victim.email, ERASURE)
    services = desk.assembly.services

    def want(unit: Unit) -> None:
        request = unit.session.get_one(PrivacyRequest, ref)
        talk = unit.session.get_one(Conversation, request.conversation_id)
        claim = Claim("email", victim.email)
        challenges.want_challenge(unit, talk, claim, [ref], method=Method.EMAIL_LINK, purpose="withdraw")

    assert (await press(desk, ref, "approver"))[0] == 200
    await desk.forward("71h")
    await services.write(want)
    (link,) = links_in((await desk.mail(victim.email, "withdraw")).get_content(), "/verify/")
    await desk.forward("2h")
    await desk.until_status(ref, "answered")
    page = await desk.press(link, answer="yes_sure")
    assert "This is how it stands" in page
    assert "withdrawn" not in page.lower()


@pytest.mark.parametrize(
    ("locale", "told"), [("en", "can no longer be withdrawn"), ("fr", "plus possible de retirer")]
)
async def test_a_yes_in_chat_that_comes_after_the_effect_says_that_it_is_too_late(
    desk: DeskInside, people: Iterator[Victim], locale: str, told: str
) -> None:
    victim = next(people)
    never_mind = {"en": "Please cancel my request.", "fr": "Annulez ma demande."}
    async with desk.chat(locale) as chat:
        ref = await proved(desk, chat, victim.email, ERASE[locale])
        assert (await press(desk, ref, "approver"))[0] == 200
        await desk.forward("4310m")  # which hides the talk until they prove again
        await chat.say(victim.email)
        await chat.asked("code")
        await chat.say(await desk.code(victim.email, seen=1))
        await chat.until(lambda m: ref in m["text"], "where it is")
        await chat.say(never_mind[locale])
        await chat.asked("choice")
        await desk.forward("20m")
        await desk.until_status(ref, "answered")
        await chat.choose("withdraw:yes")
        said = await chat.until(lambda m: told in m["text"], "that it is too late")
    assert ref in said["text"]
    assert (await desk.request(ref))["status"] == "answered"


async def held_correction(desk: DeskInside, victim: Victim) -> str:
    """Have a number corrected that stands there already: whoever asks that learns what is stored."""
    async with desk.chat() as chat:
        await chat.say(f"Please correct my phone number. It is {victim.phone}, not +33 1 99 00 00 00.")
        ref = (await chat.opened())["rectification"]
        await confirm_change(chat)
        await prove_in_chat(desk, chat, victim.email, ref)
    await desk.idle()
    return ref


async def test_what_is_stored_is_told_after_the_hold_and_its_person_can_stop_it_before(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    heard, stopped = (next(each for each in people if each.phone) for _ in range(2))
    for victim, stops in ((heard, False), (stopped, True)):
        ref = await held_correction(desk, victim)
        letter = await desk.mail(victim.email, "What happens next")
        if stops:
            await desk.press(stop_link(letter), answer="not_me_sure")
            assert desk.own("SELECT to_plan_at FROM request WHERE ref = ?", ref) == [(None,)]
        await desk.forward("71h")
        await desk.idle()
        assert not [mail for mail in desk.mails(victim.email) if "already say so" in str(mail["subject"])]
        await desk.forward("2h")
        await desk.idle()
        told = [mail for mail in desk.mails(victim.email) if "already say so" in str(mail["subject"])]
        request = await desk.request(ref)
        if stops:
            assert (request["status"], request["attention"], told) == ("open", "not_me", [])
        else:
            assert (request["status"], len(told)) == ("answered", 1)


async def test_what_is_stored_is_told_by_nobody_but_people_where_the_proof_is_in_doubt(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    victim = next(each for each in people if each.phone)
    ref = await held_correction(desk, victim)

    def doubt(unit: Unit) -> None:
        request = unit.session.get_one(PrivacyRequest, ref)
        evidence = unit.session.get_one(EvidenceRow, request.evidence_id)
        evidence.flags = ["two_verifiers"]
        unit.session.add(evidence)

    await desk.assembly.services.write(doubt)
    await desk.forward("73h")
    await desk.idle()
    request = await desk.request(ref)
    assert (request["status"], request["attention"]) == ("open", "two_verifiers")
    assert not [mail for mail in desk.mails(victim.email) if "already say so" in str(mail["subject"])]
