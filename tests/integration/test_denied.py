"""What its own contact denied is in doubt on every path: planning again clears nothing, and only a lead with a reason goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from sqlmodel import select

from assistant.casework.answers import forwarding
from assistant.casework.decisions import approval, lifting
from assistant.casework.proof import attaching, stopping
from assistant.casework.requests import queue
from assistant.casework.requests.evidence import CONTACT_TYPED
from assistant.casework.requests.queue import Principal, Role
from assistant.domain.assurance import DENIED, Method
from assistant.services import Unit
from assistant.store.queries import evidence_of
from assistant.store.tables import ChallengeRow, PrivacyRequest
from tests.attacks.test_cases import second_contact
from tests.doubles.attacks import ACCESS, ERASURE, Victim, ask, proved, until_code
from tests.doubles.desk_inside import DeskInside, desk_inside
from tests.doubles.journeys import answer_mail
from tests.integration.test_tiers import decide, press, stop_link

pytestmark = pytest.mark.asyncio(loop_scope="module")
AGENT, APPROVER = Principal("Tiina", Role.AGENT), Principal("Marc", Role.APPROVER)
SENTENCES = {
    "access": ACCESS,
    "erasure": ERASURE,
    "restriction": "Please restrict the processing of my data.",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskInside]:
    async with desk_inside(tmp_path_factory.mktemp("denied")) as opened:
        yield opened


@dataclass(frozen=True)
class Denied:
    """A request whose code was typed, and whose contact then said that it never asked."""

    ref: str
    email: str
    hold_letters: int


async def denied(desk: DeskInside, email: str, right: str, *, signed_in: bool = False) -> Denied:
    async with desk.chat() as chat:
        ref = await proved(desk, chat, email, SENTENCES[right])
    await desk.plan(ref)
    if signed_in:
        await desk.tamper(
            "UPDATE evidence SET fresh_login = 1, tier = 2 WHERE id ="
            " (SELECT evidence_id FROM request WHERE ref = :ref)",
            ref=ref,
        )
    link = stop_link(await desk.mail(email, "/verify/stop/"))
    await desk.press(link, answer="not_me")
    await desk.press(link, answer="not_me_sure")
    return Denied(ref, email, waits(desk, email))


def waits(desk: DeskInside, email: str) -> int:
    return sum("What happens next" in str(mail["subject"]) for mail in desk.mails(email))


async def plan_again(desk: DeskInside, ref: str) -> None:
    services = desk.assembly.services
    await services.write(lambda unit: queue.plan_again(unit, ref, AGENT))
    await desk.idle()


async def accounts(desk: DeskInside, ref: str) -> None:
    services = desk.assembly.services
    await plan_again(desk, ref)
    await services.write(lambda unit: queue.choose_accounts(unit, ref, [], AGENT))
    await desk.idle()


async def accounts_back(desk: DeskInside, ref: str) -> None:
    services = desk.assembly.services
    await services.write(lambda unit: queue.take_accounts_back(unit, ref, AGENT))
    await desk.idle()


@pytest.mark.parametrize("path", [plan_again, accounts, accounts_back])
@pytest.mark.parametrize("right", SENTENCES)
async def test_what_its_contact_denied_is_approved_by_nobody_however_it_was_planned_again(
    desk: DeskInside, people: Iterator[Victim], right: str, path: Any
) -> None:
    case, rows = await denied(desk, next(people).email, right), desk.dump()
    await path(desk, case.ref)
    request = await desk.request(case.ref)
    assert (request["attention"], request["assurance"]) == (DENIED, 0)
    for role in ("approver", "lead"):
        status, problem = await press(desk, case.ref, role)
        assert (status, problem["code"]) == (403, "not_allowed")
    assert (await decide(desk, case.ref, "approver"))[0] == 403
    assert (await decide(desk, case.ref, reason=" "))[0] == 422
    await desk.forward("9d")
    await desk.idle()
    request = await desk.request(case.ref)
    assert (request["status"], request["attention"]) == ("awaiting_approval", DENIED)
    assert desk.dump() == rows
    assert waits(desk, case.email) == case.hold_letters, "nothing is said to go on"


@pytest.mark.parametrize("signed_in", [False, True])
@pytest.mark.parametrize("right", ["access", "erasure"])
async def test_a_lead_who_is_sure_begins_a_new_hold_of_which_the_contact_hears_and_can_deny_again(
    desk: DeskInside, people: Iterator[Victim], right: str, signed_in: bool
) -> None:
    case = await denied(desk, next(people).email, right, signed_in=signed_in)
    await desk.forward("80h")
    before = desk.clock.now()
    assert (await decide(desk, case.ref))[0] == 200
    await desk.idle()
    assert waits(desk, case.email) == case.hold_letters + 1
    assert (await desk.request(case.ref))["attention"] is None
    assert (await press(desk, case.ref, "lead"))[0] == 403, "who decided does not approve"
    status, item = await press(desk, case.ref, "approver")
    assert (status, item["state"]) == (200, "approved")
    assert datetime.fromisoformat(item["not_before"]) >= before + timedelta(hours=72)
    letter = await desk.mail(case.email, "What happens next", seen=case.hold_letters)
    await desk.press(stop_link(letter), answer="not_me_sure")
    await plan_again(desk, case.ref)
    assert (await press(desk, case.ref, "approver"))[0] == 403, "a lead's word is denied like any other"
    assert (await decide(desk, case.ref))[0] == 200, "and may be given anew"


async def test_who_denies_what_a_lead_had_typed_leaves_it_as_unproved_as_it_was(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    victim, services = next(people), desk.assembly.services
    async with desk.chat() as chat:
        ref = await until_code(chat, "nobody.here@elsewhere.example")
    assert (await decide(desk, ref, contact="away@elsewhere.example", client_id=victim.number))[0] == 200
    await desk.plan(ref)
    await desk.press(stop_link(await desk.mail(victim.email, "/verify/stop/")), answer="not_me_sure")
    assert (await decide(desk, ref))[0] == 200

    def flags(unit: Unit) -> list[str]:
        evidence = evidence_of(unit.session, unit.session.get_one(PrivacyRequest, ref))
        return evidence.flags if evidence else []

    assert await services.read(flags) == [CONTACT_TYPED]
    await desk.idle()
    assert (await desk.plan(ref))["typed_contact"]["contact"] == "away@elsewhere.example"


async def test_a_code_that_was_denied_before_it_was_typed_is_worth_nothing_whatever_name_it_was_asked_under(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    victim = next(people)
    async with desk.chat() as chat:
        ref = await until_code(chat, victim.number)
        await desk.press(stop_link(await desk.mail(victim.email, "/verify/stop/")), answer="not_me_sure")
        await chat.say(await desk.code(victim.email))
        await desk.idle()
    request = await desk.request(ref)
    assert (request["assurance"], request["attention"]) == (0, DENIED)
    states = await desk.assembly.services.read(
        lambda unit: [row.state for row in unit.session.exec(select(ChallengeRow)) if ref in row.references]
    )
    assert set(states) == {"dead"}


async def test_a_denial_calls_a_person_until_somebody_has_decided_whatever_else_was_done(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    case, services = await denied(desk, next(people).email, "access"), desk.assembly.services
    await plan_again(desk, case.ref)
    item = await desk.plan(case.ref)
    await services.write(lambda unit: approval.reject(unit, item["id"], "Who asked?", AGENT))
    assert (await desk.request(case.ref))["attention"] == DENIED
    await services.write(lambda unit: forwarding.forward(unit, case.ref, "owner@elsewhere.example", APPROVER))
    assert (await desk.request(case.ref))["attention"] == DENIED


async def test_other_contacts_hear_the_same_day_that_people_stand_for_what_was_denied(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    victim, other = next(people), "second.mailbox@elsewhere.example"
    second_contact(desk, victim, other)
    case = await denied(desk, victim.email, "access")
    await desk.mail(other, "/verify/stop/")
    assert (await decide(desk, case.ref))[0] == 200
    await desk.idle()
    await desk.mail(other, "/verify/stop/", seen=1)


async def test_what_is_denied_once_it_was_done_keeps_nobody_from_ending_a_restriction(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    services = desk.assembly.services
    async with desk.chat() as chat:
        ref = await proved(desk, chat, next(people).email, SENTENCES["restriction"])
    await desk.approve(ref)
    await desk.until_status(ref, "answered")
    await services.write(
        lambda unit: stopping.stop_requests(unit, [unit.session.get_one(PrivacyRequest, ref)])
    )
    await services.write(lambda unit: lifting.lift(unit, ref, "The accuracy was checked.", AGENT))
    item = await desk.plan(ref)
    action = await services.write(lambda unit: approval.approve(unit, item["id"], item["plan_hash"], AGENT))
    assert action.state == "approved"


# ── denied before anything was proved ───────────────────────────────────────────────────────────────


async def denied_unproved(desk: DeskInside, email: str) -> None:
    """Press both buttons of the link that stops, as the mailbox's owner who never asked does."""
    link = stop_link(await desk.mail(email, "/verify/stop/"))
    await desk.press(link, answer="not_me")
    await desk.press(link, answer="not_me_sure")


def asked_to_prove(desk: DeskInside, email: str) -> int:
    return sum("/verify/stop/" in mail.get_content() for mail in desk.mails(email))


@pytest.mark.parametrize("again", ["button", "address"])
async def test_what_was_denied_before_its_proof_gets_no_other_code_in_its_talk(
    desk: DeskInside, people: Iterator[Victim], again: str
) -> None:
    email = next(people).email
    async with desk.chat() as chat:
        ref = await ask(chat, ACCESS)
        await chat.asked("email")
        await chat.say(email)
        asked = await chat.asked("code")
        await denied_unproved(desk, email)
        sent = asked_to_prove(desk, email)
        resend = next(c["value"] for c in asked["choices"] if c["value"].startswith("resend"))
        await (chat.choose(resend) if again == "button" else chat.say(email))
        await desk.idle()
        await chat.say(email)
        await desk.idle()
    request = await desk.request(ref)
    assert (request["status"], request["assurance"], request["attention"]) == ("verifying", 0, DENIED)
    assert asked_to_prove(desk, email) == sent


async def test_what_was_denied_before_its_proof_gets_no_other_link_by_mail(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    email = next(people).email
    before = await desk.refs()
    await asyncio.to_thread(desk.send_mail, "Please delete all my personal data.", sender=email)
    (ref,) = await desk.opened_by(before)
    await denied_unproved(desk, email)
    for words in ("I did not get the link, please send it again.", "Please delete all my personal data."):
        receipt = await desk.mail(email, "PR-")
        await asyncio.to_thread(answer_mail, desk, receipt, words, email)
        await desk.idle()
    request = await desk.request(ref)
    assert (request["status"], request["assurance"], request["attention"]) == ("verifying", 0, DENIED)
    assert {state for state, refs in await challenges(desk) if ref in refs} == {"dead"}


async def challenges(desk: DeskInside) -> list[tuple[str, list[str]]]:
    """Give the state of every code and link there was, and what it is for."""
    rows = await desk.assembly.services.read(lambda unit: list(unit.session.exec(select(ChallengeRow))))
    return [(row.state, row.references) for row in rows]


async def test_whatever_proves_what_was_denied_before_is_approved_by_nobody_until_a_lead_has_decided(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """The link of another talk may have been out: whoever reads the mailbox would press on."""
    victim, services = next(people), desk.assembly.services
    async with desk.chat() as chat:
        ref = await until_code(chat, victim.email, ERASURE)
        await denied_unproved(desk, victim.email)
    thread = (await desk.request(ref))["conversation"]
    await services.write(
        lambda unit: attaching.give_evidence(
            unit,
            method=Method.EMAIL_CODE,
            contact=victim.email,
            conversation_id=thread,
            references=[ref],
            on_file=True,
        )
    )
    await desk.idle()
    request = await desk.request(ref)
    assert (request["assurance"], request["attention"]) == (0, DENIED)
    for role in ("approver", "lead"):
        assert (await press(desk, ref, role))[0] == 403
    assert (await decide(desk, ref))[0] == 200
    await desk.idle()
    assert (await press(desk, ref, "approver"))[0] == 200
