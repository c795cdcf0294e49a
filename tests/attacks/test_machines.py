"""B16: a scanner that presses buttons: what a machine finds behind a mail decides nothing, whichever button it presses."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest

from assistant.casework.decisions import sparing
from assistant.casework.proof import challenges
from assistant.domain.assurance import TRIES_PER_CODE, Method
from assistant.domain.moves import Claim
from assistant.errors import DeliveryRefused
from assistant.services import Unit
from assistant.store.tables import Conversation, PrivacyRequest
from tests.doubles.attacks import ERASURE, Victim, proved
from tests.doubles.desk_inside import DeskInside
from tests.doubles.desk_process import eventually
from tests.doubles.journeys import answer_mail, confirm_link, links_in, received

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("attacks")]
_numbers = itertools.count(1)


async def ask_by_mail(desk: DeskInside, email: str, words: str = ERASURE) -> tuple[list[str], str]:
    """Write a mail, and give the references of its receipt and the link that followed."""
    sent = len(desk.mails(email))
    await asyncio.to_thread(desk.send_mail, words, sender=email, subject="Data")
    letter = await desk.mail(email, "/verify/stop/")
    assert len(desk.mails(email)) >= sent + 2
    return await received(desk, email), links_in(letter.get_content(), "/verify/")[0]


class Forms(HTMLParser):
    """Finds what a machine finds on a page: each form, with the values that stand in it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append((given["action"], {}))
        elif tag == "input":
            self.found[-1][1][given["name"]] = given.get("value", "00000000")


async def press_all(desk: DeskInside, letter: str) -> int:
    """Open every link of a letter of ours and press every button of its page, each field filled with something."""
    pressed = 0
    for link in re.findall(rf"{re.escape(desk.url)}/\S+", letter):
        _, page = await desk.page(link)
        for action, fields in Forms(page).found:
            await desk.press(f"{desk.url}{action}", **fields)
            pressed += 1
    return pressed


async def test_a_machine_that_presses_every_button_of_a_link_mail_decides_nothing(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """B16, A22: neither confirmed nor stopped nor taken back, and the person's own press still counts after it."""
    victim = next(people)
    (ref,), link = await ask_by_mail(desk, victim.email)
    letter = (await desk.mail(victim.email, "/verify/stop/")).get_content()
    assert await press_all(desk, letter) >= 3
    request = await desk.request(ref)
    assert (request["status"], request["assurance"], request["attention"]) == ("verifying", 0, None)
    await confirm_link(desk, link, ref)
    assert (await desk.until_status(ref, "awaiting_approval"))["assurance"] == 1

    # the letter of the hold, with its way to stop and to take back
    hold = (await desk.mail(victim.email, "What happens next with")).get_content()
    assert await press_all(desk, hold) >= 2
    request = await desk.request(ref)
    assert (request["status"], request["attention"]) == ("awaiting_approval", None)


@pytest.mark.parametrize("purpose", ["withdraw", sparing.PURPOSE])
async def test_a_machine_takes_nothing_back_and_lets_nothing_go_on(
    desk: DeskInside, people: Iterator[Victim], purpose: str
) -> None:
    """B16: the links of *never mind* and *don't* end requests, so that they take a second press too."""
    victim = next(people)
    (ref,), link = await ask_by_mail(desk, victim.email)
    await confirm_link(desk, link, ref)
    await desk.until_status(ref, "awaiting_approval")
    services = desk.assembly.services

    def want(unit: Unit) -> None:
        request = unit.session.get_one(PrivacyRequest, ref)
        talk = unit.session.get_one(Conversation, request.conversation_id)
        if purpose == "withdraw":
            claim = Claim("email", victim.email)
            challenges.want_challenge(unit, talk, claim, [ref], method=Method.EMAIL_LINK, purpose=purpose)
        else:
            sparing.pause(unit, [request], talk)

    await services.write(want)
    words = "to withdraw:" if purpose == "withdraw" else "is paused"
    letter = (await desk.mail(victim.email, words)).get_content()
    before = desk.own("SELECT status, attention, dont_answer FROM request WHERE ref = ?", ref)
    assert await press_all(desk, letter) >= 2
    assert desk.own("SELECT status, attention, dont_answer FROM request WHERE ref = ?", ref) == before
    page = await desk.press(links_in(letter, "/verify/")[-1], answer="yes_sure")
    assert "withdrawn" in page
    assert (await desk.request(ref))["status"] == "withdrawn"


async def test_a_machine_undoes_no_objection(desk: DeskInside, people: Iterator[Victim]) -> None:
    """B16: advertising would begin again for everybody whose mail is scanned."""
    victim = next(people)
    sent = f"Please stop sending me marketing emails. ({next(_numbers)})"
    await asyncio.to_thread(desk.send_mail, sent, sender=victim.email, subject="Marketing")
    notice = (await desk.mail(victim.email, "/verify/undo/")).get_content()
    assert await press_all(desk, notice)
    link = links_in(notice, "/verify/undo/")[0]
    assert (await desk.page(link))[0] == 200, "the block is still there to be undone"


async def test_a_machine_opens_no_package(desk: DeskInside, people: Iterator[Victim]) -> None:
    """B16, A21: it has a code sent at most, which opens the package for whoever reads it and once."""
    victim = next(people)
    async with desk.chat() as chat:
        ref = await proved(desk, chat, victim.email)
    await desk.approve(ref)
    await desk.forward("73h")
    await desk.until_status(ref, "answered")
    letter = (await desk.mail(victim.email, "/package/")).get_content()
    assert await press_all(desk, letter) >= 1
    code = await desk.code(victim.email, seen=1)
    (link,) = set(links_in(letter, "/package/"))
    assert not {"package_opened", "package_downloaded"} & {e["event"] for e in await desk.events(ref)}
    for _ in range(2):
        await desk.press(f"{link}/open", code=code)
    assert [e["event"] for e in await desk.events(ref)].count("package_opened") == 1


async def test_the_mail_of_a_link_says_its_reference_nowhere(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """B16: neither subject, text, headers nor address, nor the pages that it leads to, name what only the receipt does."""
    victim = next(people)
    (ref,), link = await ask_by_mail(desk, victim.email)
    letter = await desk.mail(victim.email, "/verify/stop/")
    said = f"{letter.as_string()}\n{letter.get_content()}"
    for page in re.findall(rf"{re.escape(desk.url)}/\S+", letter.get_content()):
        said += (await desk.page(page))[1]
        for action, fields in Forms((await desk.page(page))[1]).found:
            said += await desk.press(f"{desk.url}{action}", **fields)
    assert ref[-4:] not in said.upper()
    receipt = await desk.mail(victim.email, "PR-")
    assert ref in receipt.get_content()
    assert "/verify/" not in receipt.get_content(), "or a machine would find both in one mail"
    assert receipt["message-id"] != letter["message-id"]
    await confirm_link(desk, link, ref)


@pytest.mark.parametrize("spelt", ["{}", " {} ", "{}.", "lower", "whole", "crockford"])
async def test_the_end_of_a_reference_is_read_however_it_is_written(
    desk: DeskInside, people: Iterator[Victim], spelt: str
) -> None:
    """B16: a guard against machines must not stop whoever reads O for 0, or pastes the whole."""
    victim = next(people)
    (ref,), link = await ask_by_mail(desk, victim.email)
    typed = {
        "lower": ref[-4:].lower(),
        "whole": ref,
        "crockford": ref[-4:].replace("0", "o").replace("1", "l"),
    }.get(spelt) or spelt.format(ref[-4:])
    await desk.press(link, answer="yes", reference=typed)
    confirmed = await desk.until_status(ref, "awaiting_approval")
    assert confirmed["assurance"] == 1


async def test_the_fifth_wrong_end_uses_a_link_up_and_an_answer_brings_another(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """B16: four characters are no secret, so they are tried five times; an empty field is no try, and nobody is locked out."""
    victim = next(people)
    (ref,), link = await ask_by_mail(desk, victim.email)
    for _ in range(TRIES_PER_CODE + 1):
        assert "<form" in await desk.press(link, answer="yes", reference=" ")
    for _ in range(TRIES_PER_CODE - 1):
        page = await desk.press(link, answer="yes", reference="????")
        assert "<form" in page
        assert 'role="alert"' in page
    assert "<form" not in await desk.press(link, answer="yes", reference="UUUU")
    assert "<form" not in await confirm_link(desk, link, ref), "the right end comes too late"
    assert (await desk.request(ref))["status"] == "verifying"
    subject = desk.assembly.services.keyring.keyed_hash(victim.email.lower())
    assert not desk.own("SELECT 1 FROM tally WHERE subject_hash = ? AND what = 'failed'", subject)

    asked = await desk.mail(victim.email, "PR-")
    await asyncio.to_thread(answer_mail, desk, asked, "The link does not work, please.", victim.email)
    again = links_in((await desk.mail(victim.email, "/verify/stop/", seen=1)).get_content(), "/verify/")[0]
    await confirm_link(desk, again, ref)
    await desk.until_status(ref, "awaiting_approval")


async def test_a_link_waits_until_its_receipt_was_taken(desk: DeskInside, people: Iterator[Victim]) -> None:
    """B16: a link that comes without what it asks for would lock its person out; refused, no link follows."""
    kept, refused = next(people), next(people)
    channel = desk.assembly.channels["email"]
    deliver = type(channel).deliver
    held = asyncio.Event()

    async def slow(self: object, outgoing: object) -> str | None:
        if getattr(outgoing, "kind", "") == "reply" and getattr(outgoing, "recipient", "") == kept.email:
            await held.wait()
        if getattr(outgoing, "kind", "") == "reply" and getattr(outgoing, "recipient", "") == refused.email:
            raise DeliveryRefused(failure="refused:550")
        return await deliver(self, outgoing)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(channel), "deliver", slow)
        for who in (kept, refused):
            await asyncio.to_thread(desk.send_mail, ERASURE, sender=who.email, subject="Data")
        await until_waiting(desk, kept.email)
        await desk.assembly.sweeper.run("challenge")
        assert not desk.mails(kept.email)
        held.set()
        await desk.mail(kept.email, "/verify/stop/")
        await desk.idle()
    assert not [mail for mail in desk.mails(refused.email) if "/verify/" in mail.get_content()]


async def until_waiting(desk: DeskInside, email: str) -> None:
    """Wait until a receipt to an address is being handed over."""
    hashed = desk.assembly.services.keyring.keyed_hash(email.lower())

    async def look() -> bool | None:
        rows = desk.own("SELECT lease_until FROM outbox WHERE recipient_hash = ? AND kind = 'reply'", hashed)
        return True if rows and rows[0][0] else None

    await eventually(look, "the receipt on its way")
