"""B30: an account that stands under another's address: a sign-in proves its own account and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from assistant.casework.proof import attaching
from assistant.casework.proof.people_decide import decide_t3
from assistant.casework.requests.evidence import identity_of
from assistant.casework.requests.queue import Principal, Role
from assistant.casework.upkeep.own import DeskQueries
from assistant.demo.client_area import Account
from assistant.domain.assurance import Method
from assistant.domain.plan import Identity
from assistant.services import Unit
from assistant.store.tables import EvidenceRow, PrivacyRequest
from tests.attacks.test_idle import HIDDEN, left_open, said_since
from tests.attacks.test_tokens import FREEZE
from tests.doubles.attacks import ACCESS, ERASURE, Victim, ask, proved, until_code
from tests.doubles.console_browser import Console
from tests.doubles.desk_inside import DeskInside
from tests.doubles.desk_process import Chat
from tests.doubles.journeys import links_in

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("attacks")]
WAYS = ("signed_up", "changed")


def under_the_address_of(desk: DeskInside, victim: Victim, people: Iterator[Victim], way: str) -> Victim:
    """Give an account that somebody else put under the victim's address, as client areas let people do."""
    if way == "changed":
        other = next(people)
        desk.change("UPDATE clients SET email = ? WHERE id = ?", victim.email, other.id)
        return replace(other, email=victim.email)
    number = f"C-9{victim.id:05d}"
    desk.change(
        "INSERT INTO clients (client_no, first_name, last_name, email, language, password_hash, status, created_at)"
        " VALUES (?, 'Eve', 'Vilbaste', ?, 'en', 'x', 'active', '2026-01-02 03:04:05')",
        number,
        victim.email,
    )
    ((ident,),) = desk.query("SELECT id FROM clients WHERE client_no = ?", number)
    return Victim(int(str(ident)), number, victim.email, "Eve", "Vilbaste", "")


def signed(desk: DeskInside, who: Victim, login: str = "") -> str:
    (nonce,) = re.findall(r"nonce=(\w+)", login) or ("",)
    return desk.demo.client_area.token(Account(who.number, who.last_name, who.email), nonce, desk.clock.now())


async def asked_and_signed_in(desk: DeskInside, chat: Chat, who: Victim, sentence: str) -> str:
    ref = await ask(chat, sentence)
    login = next(c["url"] for c in (await chat.asked("email"))["choices"] if c.get("url"))
    page = await desk.press(f"{desk.url}/verify/client-area", token=signed(desk, who, login))
    assert "Only this account will be looked at" in page, "what it proves is said before it is confirmed"
    await desk.press(f"{desk.url}/verify/client-area/confirm", token=signed(desk, who, login), answer="yes")
    await desk.until_status(ref, "awaiting_approval")
    return ref


@pytest.mark.parametrize("way", WAYS)
async def test_a_sign_in_to_an_account_under_anothers_address_copies_that_account_alone(
    desk: DeskInside, people: Iterator[Victim], way: str
) -> None:
    """B30: nothing of the victim is in the package, be it in their account or under their address alone."""
    victim = next(people)
    attacker = under_the_address_of(desk, victim, people, way)
    async with desk.chat() as chat:
        ref = await asked_and_signed_in(desk, chat, attacker, ACCESS)
        item = await desk.plan(ref)
        rows = {step["table"]: step["rows"] for step in item["steps"]}
        assert rows["clients"] == 1
        await desk.approve(ref)
        await desk.until_status(ref, "answered")
        letter = (await desk.mail(victim.email, "/package/")).get_content()
        assert "This answer is about one account alone" in letter
    (link,) = set(links_in(letter, "/package/"))
    async with desk.http.post(
        f"{link}/sign-in", headers={"Origin": desk.url}, allow_redirects=False
    ) as response:
        login = response.headers["Location"]
    page = await desk.press(f"{desk.url}/verify/client-area", token=signed(desk, victim, login))
    assert "could not be used" in page, "another account under the same address opens nothing"
    page = await desk.press(f"{desk.url}/verify/client-area", token=signed(desk, attacker, login))
    assert "could not be used" not in page


@pytest.mark.parametrize("way", WAYS)
async def test_a_sign_in_to_an_account_under_anothers_address_erases_that_account_alone(
    desk: DeskInside, people: Iterator[Victim], way: str
) -> None:
    """B30: the victim's account stands, and so does what is held under their address alone."""
    victim = next(people)
    attacker = under_the_address_of(desk, victim, people, way)
    desk.change(
        "UPDATE tickets SET requester_email = ?, client_id = NULL WHERE id = (SELECT max(id) FROM tickets)",
        victim.email,
    )
    async with desk.chat() as chat:
        ref = await asked_and_signed_in(desk, chat, attacker, ERASURE)
        held = (await desk.mail(victim.email, ref)).get_content()
        assert "You have confirmed" not in held
        assert attacker.number[-3:] in held
        assert attacker.number not in held
        assert "Somebody signed in to the client area" in held
        await desk.approve(ref)
    await desk.forward("73h")
    await desk.until_status(ref, "answered", "partly_answered")
    answer = [
        mail.get_content() for mail in desk.mails(victim.email) if "What we have erased" in mail.get_content()
    ]
    assert all("This answer is about one account alone" in text for text in answer)
    assert desk.query("SELECT last_name FROM clients WHERE id = ?", victim.id) == [(victim.last_name,)]
    assert desk.query("SELECT 1 FROM tickets WHERE requester_email = ?", victim.email)


@pytest.mark.parametrize("way", WAYS)
async def test_a_page_token_of_an_account_under_anothers_address_freezes_that_account_alone(
    desk: DeskInside, people: Iterator[Victim], way: str
) -> None:
    """B30: the token of a page proves less than a sign-in, and no more of anybody else."""
    victim = next(people)
    attacker = under_the_address_of(desk, victim, people, way)
    async with desk.chat() as chat:
        ref = await ask(chat, FREEZE)
        await chat.asked("email")
        await chat.socket.send_json({"type": "identify", "token": signed(desk, attacker)})
        await desk.until_status(ref, "awaiting_approval")
    rows = {step["table"]: step["rows"] for step in (await desk.plan(ref))["steps"]}
    assert rows["clients"] == 1
    await desk.approve(ref)
    await desk.until_status(ref, "answered", "partly_answered")
    assert desk.query("SELECT restricted FROM clients WHERE id = ?", victim.id) == [(0,)]


async def test_a_sign_in_under_anothers_address_puts_their_own_proof_in_no_doubt(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """B30: one stranger who signs in ten minutes before would have a lead decide on each of the victim's requests."""
    victim = next(people)
    attacker = under_the_address_of(desk, victim, people, "signed_up")
    async with desk.chat() as chat, desk.chat() as own:
        await asked_and_signed_in(desk, chat, attacker, ACCESS)
        ref = await proved(desk, own, victim.email)
    assert (await desk.request(ref))["attention"] is None


@pytest.mark.parametrize("claim", ["address", "number"])
async def test_a_sign_in_under_anothers_address_opens_no_package_that_their_mailbox_unlocked(
    desk: DeskInside, people: Iterator[Victim], claim: str
) -> None:
    """B30: whoever holds the link and an account under the same address signs in for nothing; the mailbox opens it."""
    victim = next(people)
    attacker = under_the_address_of(desk, victim, people, "signed_up")
    async with desk.chat() as chat:
        ref = await until_code(chat, victim.email if claim == "address" else attacker.number)
        await chat.say(await desk.code(victim.email))
        await desk.until_status(ref, "awaiting_approval")
    assert {step["table"]: step["rows"] for step in (await desk.plan(ref))["steps"]}["clients"] == 2
    await desk.approve(ref)
    await desk.forward("73h")
    await desk.until_status(ref, "answered")
    letter = (await desk.mail(victim.email, "/package/")).get_content()
    assert "This answer is about one account alone" not in letter
    (link,) = set(links_in(letter, "/package/"))
    async with desk.http.post(
        f"{link}/sign-in", headers={"Origin": desk.url}, allow_redirects=False
    ) as response:
        login = response.headers["Location"]
    page = await desk.press(f"{desk.url}/verify/client-area", token=signed(desk, attacker, login))
    assert "could not be used" in page


async def test_a_talk_that_was_left_open_comes_back_to_no_account_under_the_same_address(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """B30: at a shared machine: the mailbox had proved who was there, and a sign-in proves no mailbox."""
    victim = next(people)
    attacker = under_the_address_of(desk, victim, people, "changed")
    session, ref = await left_open(desk, victim)
    async with desk.chat(session=session) as chat:
        await chat.socket.send_json({"type": "identify", "token": signed(desk, attacker)})
        assert ref not in (told := await said_since(chat)), told
        assert HIDDEN in told


async def test_a_sign_in_hears_of_no_request_that_is_answered_at_the_mailbox(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """B30: whoever knows a reference and has an account under the same address learns nothing of it."""
    victim = next(people)
    attacker = under_the_address_of(desk, victim, people, "changed")
    async with desk.chat() as chat:
        ref = await proved(desk, chat, victim.email)
    async with desk.chat() as chat:
        await chat.say(f"What is the status of my request {ref}?")
        await chat.asked("email")
        await chat.socket.send_json({"type": "identify", "token": signed(desk, attacker)})
        assert ref not in (told := await said_since(chat)), told


async def test_what_was_said_where_the_mailbox_was_proved_is_in_no_copy_of_an_account(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """B30: at one browser, one after the other: nobody can tell whose words those were."""
    victim = next(people)
    attacker = under_the_address_of(desk, victim, people, "changed")
    async with desk.chat() as chat:
        theirs = await proved(desk, chat, victim.email)
        await chat.socket.send_json({"type": "identify", "token": signed(desk, attacker)})
        await chat.until(lambda m: theirs in m["text"], "how it stands")
    assert not await _requests_of(desk, Identity(client_ids=(attacker.number,)))
    assert theirs in {row[0] for row in await _requests_of(desk, Identity(emails=(victim.email,)))}


@pytest.mark.parametrize("mailbox", ["theirs", "of another"])
async def test_a_sign_in_and_the_mailbox_prove_both_and_what_the_mailbox_adds_has_its_hold(
    desk: DeskInside, people: Iterator[Victim], mailbox: str
) -> None:
    """B30: a code to the address of the account signed in to counts too; one to any other adds nothing."""
    victim, other = next(people), next(people)
    account = under_the_address_of(desk, victim, people, "changed")
    async with desk.chat() as chat:
        ref = await asked_and_signed_in(desk, chat, account, ACCESS)
    first = await desk.plan(ref)
    talk = (await desk.request(ref))["conversation"]
    await desk.assembly.services.write(
        lambda unit: attaching.give_evidence(
            unit,
            method=Method.EMAIL_CODE,
            contact=victim.email if mailbox == "theirs" else other.email,
            conversation_id=talk,
            references=[ref],
            on_file=True,
        )
    )
    await desk.idle()
    item = await desk.plan(ref)
    rows = {step["table"]: step["rows"] for step in item["steps"]}
    assert rows["clients"] == (2 if mailbox == "theirs" else 1)
    assert (item["id"] != first["id"]) == (mailbox == "theirs")
    await desk.approve(ref)
    if mailbox == "of another":
        await desk.until_status(ref, "answered")
    else:
        await desk.idle()  # or nothing would have had the time to begin too early
        assert (await desk.request(ref))["status"] == "scheduled"


async def test_who_approves_reads_which_account_was_proved_and_by_what(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """B30: the page says that the mailbox was not proved, and promises nothing of other accounts."""
    victim = next(people)
    account = under_the_address_of(desk, victim, people, "changed")
    async with desk.chat() as chat:
        ref = await asked_and_signed_in(desk, chat, account, ACCESS)
    async with desk.chat() as chat:
        other = await until_code(chat, victim.email)
        await chat.say(await desk.code(victim.email))
        await desk.until_status(other, "awaiting_approval")
    console = Console(desk, "approver")
    async with console.http:
        await console.sign_in()
        page, both = await console.page(f"requests/{ref}"), await console.page(f"requests/{other}")
    assert f"Proved: account {account.number}, by sign-in to the client area" in page
    assert "The mailbox was not proved" in page
    assert "The mailbox was not proved" not in both


LOCATED = ("account", "other account", "ticket by address", "talk by address")
# What counts as proved: (how, whether the number is named, whether a lead decided on it) -> whether the mailbox is.
PROOFS = {
    (Method.EMAIL_CODE, False, False): True,
    (Method.EMAIL_CODE, True, False): True,
    (Method.EMAIL_LINK, False, False): True,
    (Method.EMAIL_LINK, True, False): True,
    (Method.CLIENT_AREA, True, False): False,
    (Method.PAGE_TOKEN, True, False): False,
    (Method.EMAIL_CODE, False, True): True,
    (Method.EMAIL_CODE, True, True): True,
    (Method.CLIENT_AREA, True, True): False,
    (Method.PAGE_TOKEN, True, True): False,
}


async def test_every_source_is_searched_for_what_was_proved_and_for_nothing_else(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """B30: over the ways to prove and the kinds of rows: located if, and only if, it was proved."""
    victim = next(people)
    attacker = under_the_address_of(desk, victim, people, "changed")
    desk.change(
        "UPDATE tickets SET requester_email = ?, client_id = NULL WHERE id = (SELECT min(id) FROM tickets)",
        victim.email,
    )
    async with desk.chat() as chat:
        earlier = await proved(desk, chat, victim.email)
    for (method, is_named, is_decided), has_mailbox in PROOFS.items():
        async with desk.chat() as chat:
            ref = await ask(chat, ACCESS)
        number = attacker.number if is_named else ""
        identity = await _proved_by(desk, ref, victim.email, number, method, decided=is_decided)
        found = await _located(desk, identity, attacker, earlier)
        everything = dict.fromkeys(LOCATED, has_mailbox) | {"account": True}
        assert found == everything, (method, is_named, is_decided)


async def _proved_by(
    desk: DeskInside, ref: str, contact: str, number: str, method: Method, *, decided: bool
) -> Identity:
    services = desk.assembly.services
    talk = (await services.read(lambda unit: unit.session.get_one(PrivacyRequest, ref))).conversation_id

    def work(unit: Unit) -> Identity:
        evidence = attaching.give_evidence(
            unit,
            method=method,
            contact=contact,
            conversation_id=talk,
            references=[ref],
            on_file=True,
            client_id=number or None,
        )
        evidence.flags = []
        unit.session.add(evidence)
        if decided:
            unit.session.get_one(PrivacyRequest, ref).evidence_id = evidence.id
            decide_t3(unit, ref, "called back", Principal("lead", Role.LEAD))
            request = unit.session.get_one(PrivacyRequest, ref)
            evidence = unit.session.get_one(EvidenceRow, request.evidence_id)
            assert evidence.method == Method.AGENT
        return identity_of(services, unit.session, evidence)

    return await services.write(work)


async def _located(desk: DeskInside, identity: Identity, account: Victim, earlier: str) -> dict[str, bool]:
    at = {source.name: await source.locate(identity) for source in desk.assembly.services.sources}
    keys = {each.key for found in at.values() for each in found.accounts if each.table == "clients"}
    rows = {table.table: table.rows for found in at.values() for table in found.tables}
    own = rows["tickets"] - _tickets_of(desk, account)
    return {
        "account": (str(account.id),) in keys,
        "other account": len(keys) > 1,
        "ticket by address": own > 0,
        "talk by address": earlier in {row[0] for row in await _requests_of(desk, identity)},
    }


async def _requests_of(desk: DeskInside, identity: Identity) -> Sequence[tuple[Any, ...]]:
    services = desk.assembly.services
    return await DeskQueries(services.store, services.keyring).rows(identity, "requests")


def _tickets_of(desk: DeskInside, account: Victim) -> int:
    return len(desk.query("SELECT 1 FROM tickets WHERE client_id = ?", account.id))
