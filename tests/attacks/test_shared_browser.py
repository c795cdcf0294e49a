"""B13: a copy of a person's data holds nothing of whoever sat at the same browser before or after them (GDPR 15(4))."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest

from assistant.casework.upkeep.own import DeskQueries
from assistant.domain.own_records import MESSAGES, REQUESTS
from assistant.domain.plan import Identity
from assistant.services import Unit
from assistant.store.tables import PrivacyRequest
from assistant.web.console.request_page import timeline
from assistant.web.console.words import words_of
from tests.attacks.test_tokens import FREEZE
from tests.doubles.attacks import Victim, ask, proved
from tests.doubles.desk_inside import DeskInside
from tests.doubles.desk_process import Chat
from tests.doubles.journeys import prove_in_chat
from tests.doubles.package_browser import Package, browser

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("attacks")]

COPY, NAMED = "Je veux une copie de mes données.", "Supprimez mon compte, je suis Hugo Merle."
PORTABLE = "I want to take my data to another provider in a machine-readable format."


async def package_of(desk: DeskInside, ref: str, email: str) -> Package:
    """Approve a copy, and fetch it as its person does."""
    await desk.until_status(ref, "awaiting_approval")
    await desk.approve(ref)
    await desk.forward("73h")
    await desk.until_status(ref, "answered")
    letter = (await desk.mail(email, "/package/")).get_content()
    codes = sum("code" in str(mail["subject"]).casefold() for mail in desk.mails(email))
    async with browser(desk, letter) as fetching:
        await fetching.want_code()
        for seen in range(1, codes + 3):
            if "/download" in await fetching.enter(await desk.code(email, seen=seen)):
                break
        _, raw, _ = await fetching.download()
    return Package.read(raw)


def check_free_of(package: Package, *words: str) -> None:
    """No file of a package holds any of these."""
    for name, content in package.files.items():
        text = content.decode("utf-8-sig", "replace").casefold()
        assert not [word for word in words if word.casefold() in text], name


def own_rows(package: Package, table: str) -> list[list[str]]:
    """Give the rows of one table of the desk's own records."""
    (found,) = (
        t for t in package.manifest["tables"] if t["table"] == table and t["category"] == "contact_with_us"
    )
    return package.spreadsheet(found)[1:]


async def second_person(desk: DeskInside, chat: Chat, email: str) -> tuple[str, str]:
    """Have the next person at a browser ask for a copy and prove who they are; gives the reference and the code."""
    ref = await ask(chat, COPY)
    await chat.asked("email")
    await chat.say(email)
    await chat.asked("code")
    code = await desk.code(email)
    await chat.say(code)
    await chat.until(lambda m: ref in m["text"] and m["expects"] is None, "that it is confirmed")
    return ref, code


async def apart(desk: DeskInside, ref: str) -> list[str]:
    """Give what the page of a request marks as in no copy of its person, and the API no less and no more."""
    services = desk.assembly.services

    def look(unit: Unit) -> list[tuple[str, str]]:
        request = unit.session.get_one(PrivacyRequest, ref)
        told = timeline(words_of("en", "Europe/Paris"), unit, request, revealed=True)
        return [(entry.at.isoformat(), entry.text) for entry in told if entry.is_apart]

    found = await services.read(look)
    items = (await desk.api("GET", f"/requests/{ref}/timeline?reveal=1"))["items"]
    marked = [datetime.fromisoformat(item["at"]).isoformat() for item in items if item["in_no_copy"]]
    assert marked == [at for at, _ in found]
    return [text for _, text in found]


async def test_a_copy_holds_no_word_of_whoever_sat_there_before_and_proved_nothing(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """B13: the words and the reference of the first went into the zip of the second."""
    second = next(people)
    async with desk.chat() as chat:
        first = await ask(chat, NAMED)
        session = chat.session
    await desk.forward("45m")
    async with desk.chat(session=session) as chat:
        own, code = await second_person(desk, chat, second.email)
    package = await package_of(desk, own, second.email)
    check_free_of(package, first, "Hugo", "Merle", code)
    assert NAMED in await apart(desk, own), "the agent is told what is in no copy"
    assert COPY not in await apart(desk, own)
    assert COPY in await apart(desk, first)
    assert NAMED not in await apart(desk, first)
    assert [row[0] for row in own_rows(package, "requests")] == [own]
    assert any(COPY in cell for row in own_rows(package, "messages") for cell in row)


async def test_each_of_two_who_proved_at_one_browser_gets_their_own_part_alone(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """B13: the zip of the second held the first one's address, code, reference and answer, and the other way round."""
    first, second = next(people), next(people)
    async with desk.chat() as chat:
        await chat.say("Hello, I am Grizelda.")
        theirs = await proved(desk, chat, first.email, "Please send me a copy of all my personal data.")
        session, typed = chat.session, await desk.code(first.email)
    await desk.forward("45m")
    async with desk.chat(session=session) as chat:
        own, code = await second_person(desk, chat, second.email)
    before = await package_of(desk, theirs, first.email)
    check_free_of(before, own, second.email, code, typed, COPY)
    assert any("Grizelda" in cell for row in own_rows(before, "messages") for cell in row)
    package = await package_of(desk, own, second.email)
    check_free_of(package, theirs, first.email, typed, code, "Grizelda")
    assert [row[0] for row in own_rows(package, "requests")] == [own]


async def test_an_erasure_of_the_second_takes_nothing_of_the_first(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """B13: what is planned for one is nobody else's, and where the talk was hidden stays known."""
    first, second = next(people), next(people)
    async with desk.chat() as chat:
        theirs = await proved(desk, chat, first.email, FREEZE)
        session = chat.session
    await desk.forward("45m")
    async with desk.chat(session=session) as chat:
        own = await proved(desk, chat, second.email, FREEZE)
    services = desk.assembly.services
    queries = DeskQueries(services.store, services.keyring)
    one, other = (Identity(emails=(person.email,)) for person in (first, second))
    for ref in (theirs, own):
        await desk.until_status(ref, "awaiting_approval")
    await desk.tamper(
        "UPDATE request SET status = 'answered', closed_at = '2020-01-01T00:00:00.000000Z' WHERE ref = :ref",
        ref=own,
    )
    today = services.clock.now().date()
    before = await queries.rows(one, MESSAGES)
    count = await queries.erasable(other, today)
    assert count > 0
    assert await queries.erasable(one, today) == 0, "their request is open"
    assert (await queries.kept(other, today))[REQUESTS][0] == 1
    assert await queries.erase(other, today) == count
    assert await queries.erasable(other, today) == 0
    assert await queries.rows(one, MESSAGES) == before
    assert [row[0] for row in await queries.rows(other, REQUESTS)] == [own]
    left = await queries.rows(other, MESSAGES)
    assert {row[2] for row in left} == {"assistant"}, "that it was hidden, which says nothing of anybody"
    assert len(left) == 1


async def test_a_portable_file_holds_nothing_of_the_talk(desk: DeskInside, people: Iterator[Victim]) -> None:
    """B13: it rests on a legal duty, and is no part of what one takes along (GDPR 20(1))."""
    second = next(people)
    async with desk.chat() as chat:
        first = await ask(chat, NAMED)
        session = chat.session
    await desk.forward("45m")
    async with desk.chat(session=session) as chat:
        ref = await ask(chat, PORTABLE)
        await prove_in_chat(desk, chat, second.email, ref)
    check_free_of(await package_of(desk, ref, second.email), first, "Hugo", "Merle")
