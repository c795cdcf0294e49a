"""Nobody learns by asking whether somebody is known: up to the proof all hear and see the same, then the truth."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from assistant.demo.people import NEWSLETTER_READER, STRANGER
from tests.doubles.desk_process import Chat, DeskProcess
from tests.doubles.journeys import confirm_link, received
from tests.doubles.package_browser import Package, browser
from tests.doubles.sample_rows import rows_of

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("strangers")]

SENTENCES = {
    "en": "Hello, please send me a copy of all the personal data you hold about me.",
    "fr": "Bonjour, je voudrais recevoir une copie de toutes les données personnelles que vous détenez sur moi.",
}
NOTHING = {
    "en": "hold no data about the address you confirmed",
    "fr": "ne détenons aucune donnée sur l’adresse",
}
READY = {"en": "The copy of your data is ready", "fr": "La copie de vos données est prête"}
# What names one conversation and nothing else, and what a clock says.
_OWN = (
    (re.compile(r"PR-\w{8}"), "REF"),
    (re.compile(r"(?<=/verify/)(stop/)?[\w-]{16,}"), "SECRET"),
    (re.compile(r"(?<=:)[0-9a-f]{12}(?=\")"), "MARK"),  # of the question that a button answers
    (re.compile(r"\b[0-9a-f]{16,}\b"), "SECRET"),
    (re.compile(r"\w•+@\w•+[\w.]+"), "MASKED"),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f-]{27}\b"), "UUID"),
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|\+[\d:]+)?"), "INSTANT"),
    (re.compile(r"\b\d\d[:h.]\d\d\b"), "TIME"),
    (re.compile(r"^\s*\d{8}\s*$", re.MULTILINE), "CODE"),
)
_NUMBERED = re.compile(r'"(id|after)": \d+')


def plain(said: Any, *addresses: str) -> str:
    """Give something as text without what differs between any two conversations."""
    text = said if isinstance(said, str) else json.dumps(said, ensure_ascii=False, indent=1, sort_keys=True)
    for address in addresses:
        text = text.replace(address, "ADDRESS")
    for pattern, name in _OWN:
        text = pattern.sub(name, text)
    return _NUMBERED.sub(r'"\1": 0', text)


def differences(one: list[str], other: list[str]) -> list[str]:
    """List the lines that only one of two people saw."""
    lines = difflib.ndiff("\n".join(one).splitlines(), "\n".join(other).splitlines())
    return [line for line in lines if not line.startswith("  ")]


async def up_to_the_proof(desk: DeskProcess, chat: Chat, email: str) -> tuple[str, str, list[str]]:
    """Ask, name an address and mistype the code; gives the reference, the right code, and all there was to see."""
    await chat.say(SENTENCES["en"])
    ref = (await chat.opened())["access"]
    await chat.asked("email")
    await chat.say(email)
    await chat.asked("code")
    code = await desk.code(email)
    await chat.say(f"{(int(code) + 1) % 10**8:08d}")
    await chat.asked("code")
    mail = await desk.mail(email, ref)
    seen = [plain(frame, email) for frame in chat.frames]
    seen.append(plain(await desk.request(ref)))
    seen.append(plain((await desk.api("GET", f"/requests/{ref}/timeline")), email))
    seen.append(plain(f"{mail['subject']}\n{mail.get_content()}", email))
    seen.append(str(len(desk.mails(email))))
    return ref, code, seen


async def test_a_chat_says_the_same_to_all_until_they_prove_and_then_the_truth(
    desk: DeskProcess, people: Iterator[tuple[str, str]]
) -> None:
    addresses = (STRANGER.email, NEWSLETTER_READER.email, next(people)[0])
    refs, seen = {}, {}
    for email in addresses:
        async with desk.chat("en") as chat:
            refs[email], code, seen[email] = await up_to_the_proof(desk, chat, email)
            await chat.say(code)
            if email == STRANGER.email:
                answer = await chat.until(lambda m: NOTHING["en"] in m["text"], "that nothing is held")
                assert refs[email] in answer["text"]
            else:
                await chat.until(lambda m, ref=refs[email]: ref in m["text"], "that it is confirmed")  # type: ignore[misc]

    assert differences(seen[STRANGER.email], seen[NEWSLETTER_READER.email]) == []
    assert differences(seen[STRANGER.email], seen[addresses[2]]) == []
    stranger = await desk.until_status(refs[STRANGER.email], "answered")
    assert stranger["actions"] == []
    assert NOTHING["en"] in (await desk.mail(STRANGER.email, NOTHING["en"])).get_content()
    assert (await desk.plan(refs[addresses[2]]))["right"] == "access"
    await newsletter_copy(desk, NEWSLETTER_READER.email, refs[NEWSLETTER_READER.email], "en", codes=1)
    assert not [mail for mail in desk.mails(STRANGER.email) if READY["en"] in str(mail["subject"])]


async def newsletter_copy(desk: DeskProcess, email: str, ref: str, language: str, *, codes: int) -> None:
    """A reader of the newsletter gets a copy of just that."""
    await desk.approve(ref)
    await desk.forward("73h")
    letter = (await desk.mail(email, READY[language])).get_content()
    async with browser(desk, letter, language) as fetching:
        await fetching.want_code()
        await fetching.enter(await desk.code(email, seen=codes))
        status, raw, _ = await fetching.download()
    assert status == 200
    held = {table: len(keys) for table, keys in rows_of(desk, email).items()}
    assert list(held) == ["newsletter_subscriptions"]
    assert Package.read(raw).counts("client-area") == held


async def test_mails_and_pages_are_the_same_for_all_until_they_prove_and_then_the_truth(
    desk: DeskProcess, people: Iterator[tuple[str, str]]
) -> None:
    stranger, (reader,), customer = "bastien.nulpart@ailleurs.example", a_reader(desk), next(people)[0]
    refs, seen = {}, {}
    for email in (stranger, reader, customer):
        desk.send_mail(SENTENCES["fr"], sender=email, subject="Mes données")
        mail = await desk.mail(email, "/verify/")
        text = mail.get_content()
        link = next(url for url in re.findall(r"http://\S+", text) if "/stop/" not in url)
        status, page = await desk.page(link)
        assert status == 200
        (refs[email],) = await received(desk, email)
        receipt = await desk.mail(email, "Nous avons reçu votre demande")
        timeline = await desk.api("GET", f"/requests/{refs[email]}/timeline")
        confirmed = await confirm_link(desk, link, refs[email])
        seen[email] = [
            *(plain(f"{m['subject']}\n{m['from']}\n{m.get_content()}", email) for m in (receipt, mail)),
            *(plain(what, email) for what in (page, timeline, confirmed)),
        ]

    assert differences(seen[stranger], seen[reader]) == []
    assert differences(seen[stranger], seen[customer]) == []
    assert (await desk.until_status(refs[stranger], "answered"))["actions"] == []
    assert (await desk.mail(stranger, NOTHING["fr"]))["to"] == stranger
    await newsletter_copy(desk, reader, refs[reader], "fr", codes=0)


def a_reader(desk: DeskProcess) -> tuple[str]:
    """Find somebody who reads the newsletter and is known by nothing else."""
    rows = desk.query(
        "SELECT email FROM newsletter_subscriptions WHERE email <> ? ORDER BY id", NEWSLETTER_READER.email
    )
    return next((email,) for (email,) in rows if list(rows_of(desk, email)) == ["newsletter_subscriptions"])
