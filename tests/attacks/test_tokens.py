"""B14: the e-mail of a token: the site vouches for its client number, and for no address that is not on file for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import pytest

from assistant.demo.client_area import Account
from tests.doubles.attacks import ERASURE, Victim, ask, proved, stranger, until_code
from tests.doubles.desk_inside import DeskInside
from tests.doubles.journeys import links_in

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("attacks")]
FREEZE = "Please restrict the processing of my personal data: what you hold about me is not accurate."

MISTYPED = [
    ("en", FREEZE, "wrong address"),
    ("fr", "Je demande la limitation du traitement de mes données.", "mauvaise adresse"),
]


def token(desk: DeskInside, who: Victim, email: str, login: str = "") -> str:
    """Have the site sign a visitor in whose profile names any address they like."""
    (nonce,) = re.findall(r"nonce=(\w+)", login) or ("",)
    return desk.demo.client_area.token(Account(who.number, who.last_name, email), nonce, desk.clock.now())


async def test_a_sign_in_with_the_address_of_another_proves_its_own_number_alone(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """B14: nothing of the other person's is planned, and not a line goes to them as if they had asked."""
    attacker, victim = next(people), next(people)
    async with desk.chat() as chat:
        ref = await ask(chat, ERASURE)
        login = next(c["url"] for c in (await chat.asked("email"))["choices"] if c.get("url"))
        forged = token(desk, attacker, victim.email, login)
        await desk.press(f"{desk.url}/verify/client-area", token=forged)
        await desk.press(f"{desk.url}/verify/client-area/confirm", token=forged, answer="yes")
        await desk.until_status(ref, "awaiting_approval")
    await desk.approve(ref)
    await desk.forward("73h")
    await desk.until_status(ref, "answered", "partly_answered")
    assert await desk.mail(attacker.email, ref)
    assert not [mail for mail in desk.mails(victim.email) if ref in mail.get_content()]
    assert desk.query("SELECT 1 FROM clients WHERE email = ?", victim.email)


async def test_a_page_token_with_the_address_of_another_opens_nothing_of_theirs(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """B14: what the page token opens is answered to the address on file of its own number."""
    attacker, victim = next(people), next(people)
    async with desk.chat() as chat:
        ref = await ask(chat, FREEZE)
        await chat.asked("email")
        await chat.socket.send_json({"type": "identify", "token": token(desk, attacker, victim.email)})
        await desk.until_status(ref, "awaiting_approval")
    shown = await desk.api("GET", f"/requests/{ref}?reveal=1")
    assert shown["person"] == attacker.email


async def test_a_sign_in_that_was_made_for_one_case_opens_no_other_chat(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """A20: its nonce is of that case, which it proves on its own page; a page-load token has none."""
    victim = next(people)
    async with desk.chat() as chat:
        await ask(chat, ERASURE)
        login = next(c["url"] for c in (await chat.asked("email"))["choices"] if c.get("url"))
    async with desk.chat() as chat:
        ref = await ask(chat, FREEZE)
        await chat.asked("email")
        stolen = token(desk, victim, victim.email, login)
        await chat.socket.send_json({"type": "identify", "token": stolen})
        assert (await chat.next_frame("error"))["code"] == "not_verified"
    assert (await desk.request(ref))["assurance"] == 0


async def test_a_token_of_a_number_that_nobody_holds_proves_nothing(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """B14: no number, no address: an address that only the token names is worth what a typed one is."""
    victim, nobody = next(people), Victim(0, "K-999999", stranger(), "No", "Body", "")
    async with desk.chat() as chat:
        ref = await ask(chat, FREEZE)
        await chat.asked("email")
        await chat.socket.send_json({"type": "identify", "token": token(desk, nobody, victim.email)})
        assert (await chat.next_frame("error"))["code"]
    assert (await desk.request(ref))["assurance"] == 0


async def test_a_sign_in_with_the_address_of_a_package_does_not_open_it(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """B14: whoever holds the link of a package and an account of their own signs in for nothing."""
    attacker, victim = next(people), next(people)
    async with desk.chat() as chat:
        ref = await proved(desk, chat, victim.email)
    await desk.approve(ref)
    await desk.forward("73h")
    await desk.until_status(ref, "answered")
    (link,) = set(links_in((await desk.mail(victim.email, "/package/")).get_content(), "/package/"))
    async with desk.http.post(
        f"{link}/sign-in", headers={"Origin": desk.url}, allow_redirects=False
    ) as response:
        login = response.headers["Location"]
    forged = token(desk, attacker, victim.email, login)
    page = await desk.press(f"{desk.url}/verify/client-area", token=forged)
    assert "could not be used" in page
    honest = token(desk, victim, victim.email, login)
    page = await desk.press(f"{desk.url}/verify/client-area", token=honest)
    assert "could not be used" in page, "a mailbox unlocked it, and a sign-in proves none"


NAMING = {
    "statistics": "I object to the use of my data for statistics, my e-mail is {0.email}",
    "consents": "I withdraw my consent to everything. My e-mail is {0.email}",
    "freeze": "Restrict the use of my data, my e-mail is {0.email}",
    "number": "Restrict the use of the data of my client number {0.number}",
}


@pytest.mark.parametrize("early", [True, False])
@pytest.mark.parametrize("asked", NAMING)
async def test_a_page_token_proves_nothing_of_what_names_another(
    desk: DeskInside, people: Iterator[Victim], asked: str, *, early: bool
) -> None:
    """B14: the code goes to whoever was named, and is what is awaited: the visitor of the site is another."""
    visitor, named = next(people), next(people)
    signed = {"type": "identify", "token": token(desk, visitor, visitor.email)}
    async with desk.chat() as chat:
        if early:
            await chat.socket.send_json(signed)
        ref = await ask(chat, NAMING[asked].format(named))
        await chat.asked("code")
        if not early:
            await chat.socket.send_json(signed)
        await desk.idle()
        request = await desk.request(ref)
        assert (request["status"], request["assurance"], request["actions"]) == ("verifying", 0, [])
        await chat.say(await desk.code(named.email))
        await desk.until_status(ref, "open", "awaiting_approval", "executing", "partly_answered", "answered")
    shown = await desk.api("GET", f"/requests/{ref}?reveal=1")
    assert shown["person"] == named.email


async def test_a_page_token_proves_nothing_of_what_names_another_and_lacks_something_first(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """B14: no code is out yet, since which use is to end was not said."""
    visitor, named = next(people), next(people)
    async with desk.chat() as chat:
        ref = await ask(chat, f"I object to the use of my data. My e-mail is {named.email}")
        await chat.asked("choice")
        await chat.socket.send_json({"type": "identify", "token": token(desk, visitor, visitor.email)})
        await desk.idle()
        assert (await desk.request(ref))["assurance"] == 0


async def test_a_page_token_proves_nothing_once_another_was_named(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """B14: the address came before the token, in a message of its own."""
    visitor, named = next(people), next(people)
    async with desk.chat() as chat:
        ref = await until_code(chat, named.email, FREEZE)
        await chat.socket.send_json({"type": "identify", "token": token(desk, visitor, visitor.email)})
        await desk.idle()
        assert (await desk.request(ref))["assurance"] == 0
        await chat.say(await desk.code(named.email))
        await desk.until_status(ref, "awaiting_approval")
    assert (await desk.api("GET", f"/requests/{ref}?reveal=1"))["person"] == named.email


@pytest.mark.parametrize("by", ["email", "number"])
async def test_a_page_token_proves_what_names_its_own_visitor(
    desk: DeskInside, people: Iterator[Victim], by: str
) -> None:
    visitor = next(people)
    async with desk.chat() as chat:
        ref = await until_code(chat, getattr(visitor, by), FREEZE)
        await chat.socket.send_json({"type": "identify", "token": token(desk, visitor, visitor.email)})
        await desk.until_status(ref, "awaiting_approval")
        await chat.until(lambda m: "you are confirmed" in m["text"], "that the token did it")
        await chat.say(await desk.code(visitor.email))
        await chat.until(lambda m: "you are confirmed" in m["text"], "and that it stays so")


async def test_a_page_token_proves_what_named_another_by_mistake(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    visitor, named = next(people), next(people)
    async with desk.chat() as chat:
        ref = await until_code(chat, named.email, FREEZE)
        await chat.say("Sorry, that was the wrong address.")
        await chat.asked("email")
        await chat.socket.send_json({"type": "identify", "token": token(desk, visitor, visitor.email)})
        await desk.until_status(ref, "awaiting_approval")
    assert (await desk.api("GET", f"/requests/{ref}?reveal=1"))["person"] == visitor.email


async def test_a_sign_in_proves_nothing_of_what_names_another(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """B14: the sign-in that was offered beside the question who asks."""
    visitor, named = next(people), next(people)
    async with desk.chat() as chat:
        ref = await ask(chat, FREEZE)
        login = next(c["url"] for c in (await chat.asked("email"))["choices"] if c.get("url"))
        await chat.say(named.email)
        await chat.asked("code")
        forged = token(desk, visitor, visitor.email, login)
        page = await desk.press(f"{desk.url}/verify/client-area/confirm", token=forged, answer="yes")
        assert "could not be used" in page
        assert (await desk.request(ref))["assurance"] == 0
        await chat.say(await desk.code(named.email))
        await desk.until_status(ref, "awaiting_approval")


@pytest.mark.parametrize(("language", "freeze", "says"), MISTYPED)
async def test_who_signs_in_after_a_mistyped_address_is_told_how_to_mend_it_and_can(
    desk: DeskInside, people: Iterator[Victim], language: str, freeze: str, says: str
) -> None:
    visitor, named = next(people), next(people)
    async with desk.chat(locale=language) as chat:
        ref = await ask(chat, freeze)
        login = next(c["url"] for c in (await chat.asked("email"))["choices"] if c.get("url"))
        await chat.say(named.email)
        await chat.asked("code")
        signed_in = {"token": token(desk, visitor, visitor.email, login), "answer": "yes"}
        page = unescape(await desk.press(f"{desk.url}/verify/client-area/confirm", **signed_in))
        assert says in page, page
        assert named.email not in page
        assert (await desk.request(ref))["assurance"] == 0
        await chat.say(says)
        await chat.asked("email")
        await desk.press(f"{desk.url}/verify/client-area/confirm", **signed_in)
        await desk.until_status(ref, "awaiting_approval")
    assert (await desk.api("GET", f"/requests/{ref}?reveal=1"))["person"] == visitor.email
