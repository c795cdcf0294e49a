"""The desk is no weapon: what a stranger writes reaches nobody through it, and no mailbox is filled by it."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from assistant.casework.proof import sending
from assistant.casework.saying import bystanders
from assistant.casework.uses.suppression import off_since
from assistant.domain import mailboxes
from assistant.domain.assurance import CODES_PER_HOUR
from assistant.domain.attention import Attention
from tests.doubles.attacks import ACCESS, ERASURE, ask, proved, stranger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.doubles.attacks import Victim
    from tests.doubles.desk_inside import DeskInside
from tests.doubles.journeys import confirm_by_mail

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("attacks")]

CANARY = "zyxcanary"
PAY = f"Your account is blocked, pay at https://{CANARY}.example/now"
_numbers = itertools.count(1)
# What has the desk write a letter by itself, first mail and answer in its thread: each of another kind.
LETTERS = {
    "receipt and link": [f"{ACCESS} {PAY}"],
    "receipt in French": [f"Bonjour, je veux une copie de toutes mes données personnelles. {CANARY}"],
    "two rights": [f"{ACCESS} Please also delete all my personal data. {PAY}"],
    "already open": [f"{ERASURE} {PAY}", f"{ERASURE} {CANARY}"],
    "complaint": [f"I complain about how you handle my personal data. {PAY}"],
    "which use": [f"I object to the processing of my personal data. {PAY}"],
    "which use, answered": ["I object to the processing of my personal data.", f"the {CANARY} one"],
    "marketing": [f"Stop sending marketing to {CANARY}@{CANARY}.example. {PAY}"],
    "marketing by number": [f"No more marketing calls to +372 5550 1234. {PAY}"],
    "what to correct": [f"Please correct my personal data. {PAY}"],
    "two values": [f"My e-mail: {CANARY}@one.example and {CANARY}@two.example, please correct."],
    "a value": [f"Please correct my address to {CANARY} street 4."],
    "a slip": ["Please correct my e-mail address.", f"{CANARY}@evil,example"],
    "not understood": ["Please correct my phone number.", f"{CANARY} whatever", f"{CANARY} again"],
    "for another": [f"I am the lawyer of Ms {CANARY}. Please send me her personal data. {PAY}"],
    "taken back": [f"{ERASURE} {CANARY}", f"I withdraw my request. {CANARY}"],
    "kept after all": [f"{ERASURE} {CANARY}", f"Please do not delete anything. {CANARY}"],
    "status": [f"{ACCESS} {CANARY}", f"Where is my request? {CANARY}"],
    "a person": [f"{ACCESS} {CANARY}", f"I want to talk to a person. {CANARY}"],
    "portability": [f"Please send my data to {CANARY}.example, I want to move my account. {PAY}"],
    "restriction": [f"Please restrict the processing of my personal data. {PAY}"],
    "consent": [f"I withdraw my consent to {CANARY}. {PAY}"],
}


def mail(sender: str, text: str, answers: str = "") -> bytes:
    """Write a mail with the canary wherever a stranger can put words."""
    number = next(_numbers)
    head = [
        f'From: "{PAY}" <{sender}>',
        f"To: {PAY} <{answers or 'privacy@kuusik-lierre.example'}>",
        f"Subject: Re: {PAY}",
        f"Reply-To: {CANARY}@evil.example",
        f"Message-ID: <{number}@evil.example>",
        f"Comments: {CANARY}",
        "Content-Type: text/plain; charset=utf-8",
    ]
    return "\r\n".join([*head, "", text, ""]).encode()


async def test_no_letter_to_an_unproved_mailbox_says_what_a_stranger_wrote(desk: DeskInside) -> None:
    """B22: in subject, body, display name, details; every kind of letter that follows from a mail alone."""
    senders = {kind: stranger() for kind in LETTERS}
    for step in range(3):
        for kind, said in LETTERS.items():
            if step < len(said):
                written = desk.mails(senders[kind])
                thread = next((str(m["reply-to"]) for m in written if m["reply-to"]), "")
                await desk.raw_mail(mail(senders[kind], said[step], thread), senders[kind])
        await desk.idle()
    await desk.idle()

    letters = {kind: desk.mails(sender) for kind, sender in senders.items()}
    assert all(letters.values()), [kind for kind, sent in letters.items() if not sent]
    echoed = {
        f"{kind}: {letter['subject']}"
        for kind, sent in letters.items()
        for letter in sent
        if CANARY in letter.as_string().lower() or CANARY in str(letter.get_content()).lower()
    }
    assert echoed == set()
    assert all(str(letter["subject"]).strip() for sent in letters.values() for letter in sent)
    assert desk.mails(CANARY) == [] or {str(m["to"]) for m in desk.mails(CANARY)} == {
        f"{CANARY}@{CANARY}.example"  # whom marketing leaves alone is told so
    }


def forged(sender: str, text: str, to: str = "privacy@kuusik-lierre.example") -> bytes:
    head = f"From: {sender}\r\nTo: {to}\r\nSubject: Hi\r\n"
    return f"{head}Message-ID: <{next(_numbers)}@forged.example>\r\n\r\n{text}\r\n".encode()


def limit(desk: DeskInside) -> int:
    return desk.assembly.services.settings.email.letters_a_day


async def test_a_mailbox_in_whose_name_many_write_gets_few_letters_and_one_notice(
    desk: DeskInside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B21: over threads, plus-addresses, dots, mail and marketing; every request is opened, and a chat has its own share."""
    monkeypatch.setitem(mailboxes.PROVIDERS, "folds.example", mailboxes.Provider("folds.example", "+", "."))
    names = [f"by.stander+{n}" if n % 2 else f"b.y{'.' * (n % 3 == 0)}stander+{n}" for n in range(20)]
    senders = [f"{name}@folds.example" for name in names]
    before = await desk.refs()
    for sender in senders:
        await desk.raw_mail(forged(sender, ACCESS), "mallory@evil.example")
    for number in range(3):
        text = f"Stop sending marketing to bystander+m{number}@folds.example."
        await desk.raw_mail(forged(f"mallory.{number}@evil.example", text), "mallory@evil.example")
    opened = await desk.opened_by(before, 23)
    async with desk.chat() as chat:
        await chat.say(ACCESS)
        await chat.asked("email")
        await chat.say("bystander+chat@folds.example")
        await chat.until(lambda m: m["expects"] == "code", "that a code is sent")
    await desk.idle()
    await desk.forward("11m")
    await desk.idle()

    letters = desk.mails("stander")
    notices = [letter for letter in letters if "one by one" in str(letter["subject"])]
    assert len(letters) - len(notices) <= limit(desk)
    assert len(notices) == 1
    said = notices[0].get_content()
    unsaid = [ref for ref in opened if not any(ref in each.get_content() for each in letters)]
    assert [(await desk.request(ref))["right"] for ref in unsaid] == ["objection"] * len(unsaid)
    held_back = [ref for ref in opened if ref in said]
    assert len(held_back) > 5, "what was confirmed nowhere else is told there"
    shown = [await desk.request(ref) for ref in held_back]
    assert all(request["attention"] for request in shown if request["right"] == "access")

    await desk.forward("24h")
    fresh = len(desk.mails("stander"))
    await desk.raw_mail(forged(senders[-1], ERASURE), "mallory@evil.example")
    await desk.mail(senders[-1], "/verify/")
    assert len(desk.mails("stander")) > fresh


async def test_a_flood_keeps_no_letter_about_what_its_address_proved(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """B21: answers, refusals and whatever a person decides go out."""
    victim, before = next(people), await desk.refs()
    await desk.raw_mail(forged(victim.email, ACCESS))
    (ref,) = await desk.opened_by(before)
    await confirm_by_mail(desk, victim.email, ref)
    await desk.until_status(ref, "awaiting_approval")
    for _ in range(limit(desk)):
        await desk.raw_mail(forged(victim.email, ERASURE))
    await desk.idle()
    thread = str((await desk.mail(victim.email, "We have registered"))["reply-to"])
    told = len(desk.mails(victim.email))
    await desk.raw_mail(forged(victim.email, ACCESS, thread))
    await desk.api("POST", f"/requests/{ref}/reply", json={"text": "We look at it."})
    await desk.mail(victim.email, "We look at it.")
    await desk.mail(victim.email, "We already have this request")
    assert len(desk.mails(victim.email)) == told + 2


async def test_a_notice_that_found_no_room_stands_at_its_objection_once_it_is_carried_out(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """B21: the holder was not told that marketing ends, so an agent must be."""
    victim = next(people)
    for _ in range(limit(desk)):
        await desk.raw_mail(forged(victim.email, f"{ERASURE} ({next(_numbers)})"))
    await desk.idle()
    before = await desk.refs()
    await desk.raw_mail(forged(stranger(), f"Stop all marketing to {victim.email}."))
    (ref,) = await desk.opened_by(before)
    await desk.until_status(ref, "answered")
    assert (await desk.request(ref))["attention"] == "too_many_letters"


async def test_a_domain_of_somebodys_own_gets_few_letters_and_one_notice(
    desk: DeskInside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B21: names made up at one domain; a provider's people are not each other's."""
    email = desk.assembly.services.settings.email
    monkeypatch.setitem(email.__dict__, "letters_a_day_to_a_domain", 6)
    monkeypatch.setitem(mailboxes.PROVIDERS, "shared.example", mailboxes.Provider("shared.example"))
    for domain in ("own.example", "shared.example"):
        for number in range(8):
            await desk.raw_mail(forged(f"made.up.{number}@{domain}", ACCESS))
    await desk.idle()
    await desk.forward("11m")
    await desk.idle()
    own = desk.mails("@own.example")
    assert len([m for m in own if "one by one" in str(m["subject"])]) == 1
    assert len(own) <= 5, "a part is left for talks, one for whoever surely writes from there"
    assert len(desk.mails("@shared.example")) == 16
    for name, held in (("first", False), ("second", True)):
        async with desk.chat() as chat:
            await chat.say(ACCESS)
            await chat.asked("email")
            await chat.say(f"{name}.yet@own.example")
            await chat.until(
                lambda m, held=held: "next code" in m["text"] if held else m["expects"] == "code",  # type: ignore[misc]
                "whether a code goes to that domain now",
            )
    await desk.idle()
    assert [len(desk.mails(f"{name}.yet@own.example")) for name in ("first", "second")] == [1, 0]


async def test_marks_behind_a_plus_get_a_mailbox_no_more_codes(desk: DeskInside) -> None:
    """B21: on a domain of nobody's list too; it is said from when the next code can go."""
    for number in range(CODES_PER_HOUR + 2):
        async with desk.chat() as chat:
            await chat.say(ACCESS)
            await chat.asked("email")
            await chat.say(f"pluto+{number}@nobodys-list.example")
            held = number >= CODES_PER_HOUR
            await chat.until(
                lambda m, held=held: "next code" in m["text"] if held else m["expects"] == "code",  # type: ignore[misc]
                "whether a code goes there",
            )
    await desk.idle()
    assert len(desk.mails("@nobodys-list.example")) == CODES_PER_HOUR


def strangers(count: int) -> list[str]:
    return [f"someone.{next(_numbers)}@bystander.{number}.example" for number in range(count)]


def written_to(desk: DeskInside, named: list[str]) -> list[str]:
    return [address for address in named if desk.mails(address)]


@pytest.mark.parametrize("by", ["chat", "mail"])
async def test_one_stranger_has_the_desk_write_to_few_who_never_asked(desk: DeskInside, by: str) -> None:
    """B21: sixty notices to sixty domains in a minute; marketing ends for all of them, the rest an agent sees."""
    named, before, services = strangers(bystanders.OF_ONE + 4), await desk.refs(), desk.assembly.services
    counted = services.counts["event_too_many_named"]
    sender, told = stranger(), ""
    async with desk.chat() as chat:
        for address in named:
            said = f"Stop all marketing to {address}"
            if by == "mail":
                await desk.raw_mail(forged(sender, said), sender)
            else:
                await chat.say(said)
                heard = await chat.until(lambda m, to=address: to in m["text"], "that it ends")  # type: ignore[misc]
                told = heard["text"]
        opened = await desk.opened_by(before, len(named))
        await desk.idle()
    assert written_to(desk, named) == named[: bystanders.OF_ONE]
    assert await services.read(lambda unit: list(off_since(services.keyring, unit.session, named))) == named
    attention = [(await desk.request(ref))["attention"] for ref in opened]
    assert attention.count(Attention.TOO_MANY_NAMED) == len(named) - bystanders.OF_ONE
    assert services.counts["event_too_many_named"] - counted == len(named) - bystanders.OF_ONE
    if by == "chat":
        assert "We send a notice" not in told
        assert "a person here looks at that" in told


async def test_one_talk_has_codes_sent_to_few_mailboxes(desk: DeskInside) -> None:
    """B21: sixty addresses typed in one chat; the talk says from when, and its request stays."""
    named = strangers(bystanders.OF_ONE + 2)
    async with desk.chat() as chat:
        ref = await ask(chat)
        await chat.asked("email")
        for number, address in enumerate(named):
            await chat.say(address)
            held = number >= bystanders.OF_ONE
            await chat.until(
                lambda m, held=held: "next code" in m["text"] if held else m["expects"] == "code",  # type: ignore[misc]
                "whether a code goes there",
            )
            await desk.idle()
    assert written_to(desk, named) == named[: bystanders.OF_ONE]
    assert (await desk.request(ref))["attention"] == Attention.TOO_MANY_NAMED


async def test_one_address_on_the_network_has_few_written_to_over_all_its_talks(
    desk: DeskInside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B21: a talk for each bystander; an hour later there is room again, and elsewhere there always was."""
    monkeypatch.setattr(bystanders, "OF_A_NETWORK", 2)
    named, network = strangers(4), "203.0.113.7"
    monkeypatch.setattr(desk.assembly.services.peers, "of", lambda _: network)
    for address in named[:3]:
        async with desk.chat() as chat:
            await chat.say(f"Stop all marketing to {address}")
            await chat.until(lambda m, to=address: to in m["text"], "that it ends")  # type: ignore[misc]
    await desk.idle()
    assert written_to(desk, named) == named[:2]
    network = "203.0.113.8"
    async with desk.chat() as chat:
        await chat.say(f"Stop all marketing to {named[3]}")
    await desk.mail(named[3])


async def test_who_proved_to_be_there_is_no_bystander(desk: DeskInside, people: Iterator[Victim]) -> None:
    """B21: the letters about what an address proved never count."""
    victim = next(people)
    async with desk.chat() as chat:
        await proved(desk, chat, victim.email)
        for address in strangers(bystanders.OF_ONE + 1):
            await chat.say(f"Stop all marketing to {address}")
            await chat.until(lambda m, to=address: to in m["text"], "that it ends")  # type: ignore[misc]
        await chat.say(f"Stop all marketing to {victim.email}")
        told = await chat.until(lambda m: victim.email in m["text"], "that it ends")
    assert "We send a notice" in told["text"]


async def test_no_code_and_no_notice_goes_to_the_desks_own_addresses(desk: DeskInside) -> None:
    """B21: whoever reads our mail would hold the code of a stranger's talk, under whatever mark behind a plus."""
    settings = desk.assembly.services.settings
    ours = [settings.email.address, settings.controller.contact_email, settings.support.forward_to]
    before = len(desk.mails())
    for address in dict.fromkeys([*ours, settings.email.address.replace("@", "+mark@")]):
        async with desk.chat() as chat:
            await chat.say(ACCESS)
            await chat.asked("email")
            await chat.say(address)
            await chat.until(lambda m: "No e-mail can be sent" in m["text"], "that nothing goes there")
            await chat.say(f"Stop all marketing to {address}")
            await chat.until(lambda m: "no more marketing" in m["text"], "that it ends")
    await desk.idle()
    sent = desk.mails()
    assert [str(m["to"]) for m in sent[before:] if "code" in str(m["subject"]).lower()] == []
    assert not any("Marketing to this address" in str(m["subject"]) for m in sent[before:])


BROKEN = ("a@b@mail.example", "flood.v%0ABcc:zz4@mail.example", '"; Bcc: zz7@victim.example"@mail.example')


async def test_nothing_goes_to_a_part_of_a_broken_address_and_a_sign_nobody_sees_breaks_none(
    desk: DeskInside,
) -> None:
    """B21: neither a code nor a notice; whoever pasted a soft hyphen with their address gets their code."""
    before, services = len(desk.mails()), desk.assembly.services
    for typed in BROKEN:
        for said in (ACCESS, f"{ACCESS} I am {typed}"):
            async with desk.chat() as chat:
                await chat.say(said)
                await chat.asked("email")
                if typed not in said:
                    await chat.say(typed)
                await chat.until(lambda m: "cannot be an e-mail address" in m["text"], "that it is none")
        async with desk.chat() as chat:
            await chat.say(f"Stop all marketing to {typed}")
            await chat.until(lambda m: m["expects"] is not None, "a question")
    parts = ["b@mail.example", "zz4@mail.example", "zz7@victim.example"]
    await desk.idle()
    assert len(desk.mails()) == before
    assert not await services.read(lambda unit: off_since(services.keyring, unit.session, parts))

    whole = stranger()
    async with desk.chat() as chat:
        await chat.say(ACCESS)
        await chat.asked("email")
        await chat.say(f"{whole[:3]}\u200b{whole[3:8]}\u00ad{whole[8:]}")
        await chat.asked("code")
    await desk.code(whole)


async def test_an_address_typed_before_the_code_of_another_went_out_is_said_to_be_the_one(
    desk: DeskInside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No text promises a code that never goes out."""
    first, second = strangers(2)
    async with desk.chat() as chat:
        await ask(chat)
        await chat.asked("email")
        with monkeypatch.context() as waiting:
            waiting.setattr(sending, "_claim_wanted", lambda *_: [])
            await chat.say(first)
            await chat.asked("code")
            await chat.say(second)
            told = await chat.until(lambda m: m["expects"] == "code", "for which address it is")
    await desk.idle()
    assert "no code goes out any more for what you typed just before" in told["text"]
    assert written_to(desk, [first, second]) == [second]
