"""A forger who fills somebody's limits silences nobody: what surely comes from a mailbox has a share of its own."""

from __future__ import annotations

import itertools
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlmodel import col

from assistant.casework.saying import flood
from assistant.domain.assurance import CODES_PER_HOUR, DENIED
from assistant.domain.attention import Attention
from assistant.domain.letter import Letter
from assistant.services import Unit
from assistant.store.tables import Audit, Conversation, EvidenceRow, PrivacyRequest
from intents import Reader
from tests.doubles.posting_desk import ADDRESS, COPY, PostingDesk, posting_desk

OURS = "mail.desk.example.test"
OWNER = "olga@own.example"
PASS = f"Authentication-Results: {OURS}; dmarc=pass header.from=own.example"
FORGED = {
    "no verdict": (),
    "failed": (f"Authentication-Results: {OURS}; dmarc=fail header.from=own.example",),
    "of another server": ("Authentication-Results: mail.evil.example; dmarc=pass header.from=own.example",),
    "two verdicts": (PASS, f"Authentication-Results: {OURS}; dmarc=fail header.from=own.example"),
    "of another domain": (f"Authentication-Results: {OURS}; dmarc=pass header.from=evil.example",),
}
REF = re.compile(r"PR-\w{8}")
# Other words each time: the same ones again join the first request.
WORDS = ("".join(letters) for letters in itertools.product("BCDFGHJKLMNP", repeat=3))
ERASE = "Please delete all the personal data you hold about me."


@pytest.fixture
async def desk(tmp_path: Path, reader: Reader) -> AsyncIterator[PostingDesk]:
    async with posting_desk(tmp_path, reader, OURS) as opened:
        yield opened


def letters(desk: PostingDesk) -> int:
    return len([each for each in desk.server.arrived if each.to == OWNER])


async def a_day_of_forging(desk: PostingDesk, *fields: str) -> int:
    """Forge as much as is ever answered, in threads of their own; gives how many letters that made."""
    before = letters(desk)
    for _ in range(desk.services.settings.email.letters_a_day):
        await desk.mail(OWNER, f"{ERASE} ({next(WORDS)})", *fields)
    await desk.post()
    await desk.wait(minutes=11)
    return letters(desk) - before


@pytest.mark.parametrize("forged", FORGED)
async def test_whoever_owns_a_mailbox_gets_receipt_and_link_however_much_is_forged_in_its_name(
    desk: PostingDesk, forged: str
) -> None:
    await a_day_of_forging(desk, *FORGED[forged])
    full = letters(desk)
    await desk.mail(OWNER, COPY, *FORGED[forged])
    await desk.post()
    assert letters(desk) == full, "one more of the same"

    await desk.mail(OWNER, COPY, PASS)
    await desk.post()
    own = [each.content for each in desk.server.arrived if each.to == OWNER][full:]
    assert len(own) == 2
    assert "/verify/" in own[1]
    assert full + 2 <= desk.services.settings.email.letters_a_day + 1, "with the notice of the day"


async def test_an_answer_to_our_own_letter_comes_from_whoever_reads_the_mailbox(desk: PostingDesk) -> None:
    """Where no server judges mail: the address of a thread is in letters to that mailbox alone."""
    await desk.mail(OWNER, COPY)
    await desk.post()
    thread = next(
        line.partition(":")[2].strip()
        for each in desk.server.arrived
        for line in each.content.splitlines()
        if line.lower().startswith("reply-to:")
    )
    await a_day_of_forging(desk)
    full = letters(desk)
    await desk.mail(OWNER, "Please restrict the processing of my personal data.", to=thread)
    await desk.post()
    assert letters(desk) > full
    full = letters(desk)
    await desk.mail(OWNER, f"{ERASE} ({next(WORDS)})", to=ADDRESS)
    await desk.post()
    assert letters(desk) == full


async def test_a_talk_in_which_the_mailbox_was_proved_has_its_share_until_that_is_denied(
    desk: PostingDesk,
) -> None:
    for talk in ("proved", "other"):
        await desk.chat(talk, COPY, OWNER)
        await desk.post()
    code = next(
        m for each in desk.server.arrived if (m := re.search(r"^\s*(\d{8})\s*$", each.content, re.MULTILINE))
    )
    await desk.chat("proved", code[1])
    await a_day_of_forging(desk)
    strange = (await desk.chat_of("other")).id

    def fill(unit: Unit) -> None:
        while flood.take_room(unit, OWNER, thread=strange) is None:
            pass

    await desk.services.write(fill)

    async def has_room(talk: str) -> bool:
        thread = (await desk.chat_of(talk)).id
        return await desk.services.read(lambda unit: flood.full_until(unit, OWNER, thread=thread) is None)

    assert (await has_room("proved"), await has_room("other")) == (True, False)
    (evidence,) = await desk.all(EvidenceRow)
    await desk.services.write(
        lambda unit: setattr(unit.session.get_one(EvidenceRow, evidence.id), "flags", [DENIED])
    )
    assert not await has_room("proved")


async def test_what_goes_on_for_days_is_answered_less_each_day_and_as_before_after_a_quiet_week(
    desk: PostingDesk,
) -> None:
    most = desk.services.settings.email.letters_a_day
    days = []
    for _ in range(5):
        days.append(await a_day_of_forging(desk))
        desk.clock.at += flood.DAY
    assert days[0] <= most - most // flood.OWNERS_PART + 1
    assert days == sorted(days, reverse=True)
    assert days[1] <= days[0] // 2 + 2
    assert days[-1] >= 2, "a receipt and its link, always"
    assert sum(days[1:]) < days[0] + 16
    desk.clock.at += flood.WEEK
    assert await a_day_of_forging(desk) == days[0]


async def test_what_is_withheld_stands_in_the_queue_with_its_reason(desk: PostingDesk) -> None:
    await a_day_of_forging(desk)
    before = {r.ref for r in await desk.all(PrivacyRequest)}
    await desk.mail(OWNER, COPY)
    await desk.mail(OWNER, "Stop sending me marketing.")
    await desk.mail(OWNER, "I object to the processing of my personal data.")
    fresh = [r for r in await desk.all(PrivacyRequest) if r.ref not in before]
    held = {a.chain for a in await desk.all(Audit, col(Audit.event) == "letter_held_back")}
    assert len(fresh) == 3
    for request in fresh:
        assert request.attention in {Attention.TOO_MANY_LETTERS, "too_many_challenges"}, request.right
    assert any(r.right == "access" and r.ref in held for r in fresh)


async def test_of_a_withheld_letter_about_several_requests_each_says_that_it_was_held_back(
    desk: PostingDesk,
) -> None:
    await a_day_of_forging(desk)
    before = {r.ref for r in await desk.all(PrivacyRequest)}
    await desk.mail(OWNER, f"{COPY} And {ERASE[0].lower()}{ERASE[1:]}")
    fresh = {r.ref: r.right for r in await desk.all(PrivacyRequest) if r.ref not in before}
    held = {a.chain for a in await desk.all(Audit, col(Audit.event) == "letter_held_back")}
    assert set(fresh.values()) == {"access", "erasure"}
    assert held >= fresh.keys()


async def test_words_about_no_request_that_are_withheld_call_an_agent_to_the_requests_of_their_talk(
    desk: PostingDesk,
) -> None:
    await desk.mail(OWNER, COPY)
    await a_day_of_forging(desk)
    conversation = (await desk.all(Conversation))[0]

    def hold_back(unit: Unit) -> None:
        letter = Letter(
            key="k",
            channel="email",
            kind="reply",
            text="?",
            language="en",
            recipient=OWNER,
            conversation_id=conversation.id,
        )
        flood.queue_within_limits(unit, letter)

    (request,) = await desk.requests_in(conversation)
    await desk.services.write(
        lambda unit: setattr(unit.session.get_one(PrivacyRequest, request.ref), "attention", None)
    )
    await desk.services.write(hold_back)
    (request,) = await desk.requests_in(conversation)
    assert request.attention == Attention.TOO_MANY_LETTERS


async def test_the_links_of_a_mailbox_s_own_mails_go_beside_those_of_forged_ones(desk: PostingDesk) -> None:
    for _ in range(CODES_PER_HOUR):
        await desk.mail(OWNER, f"{ERASE} ({next(WORDS)})")
    await desk.post()
    before = letters(desk)
    await desk.mail(OWNER, COPY, PASS)
    await desk.post()
    assert letters(desk) == before + 2


async def test_by_its_number_no_more_goes_to_a_mailbox_than_it_may_get(desk: PostingDesk) -> None:
    desk.clients.known["C-4711"] = OWNER
    for each in range(CODES_PER_HOUR):
        await desk.chat(f"chat{each}", COPY, OWNER)
    await desk.chat("by number", COPY, "My client number is C-4711")
    await desk.post()
    assert letters(desk) == CODES_PER_HOUR
    (last,) = await desk.requests_in(await desk.chat_of("by number"))
    assert "withheld_code" in [each.event for each in await desk.all(Audit, col(Audit.chain) == last.ref)]


@pytest.mark.parametrize("number_first", [1, 2, 3])
async def test_what_others_asked_for_by_its_number_keeps_no_promised_code_from_a_mailbox(
    desk: PostingDesk, number_first: int
) -> None:
    """A13: *we are sending a code* is so whenever it is said to whoever typed an address."""
    desk.clients.known["C-4711"] = OWNER
    ways = ["C-4711"] * number_first + [OWNER] * CODES_PER_HOUR
    for each, way in enumerate(ways):
        await desk.chat(f"chat{each}", COPY, f"My client number is {way}" if way != OWNER else way)
        await desk.post()
    assert letters(desk) == number_first + CODES_PER_HOUR
    talks = [await desk.chat_of(f"chat{each}") for each in range(len(ways))]
    heard = [[REF.sub("REF", words) for words in await desk.said_in(talk)] for talk in talks]
    assert heard[-1] == heard[number_first], "nor is whose number it is told"
    assert len({(await desk.requests_in(talk))[0].attention for talk in talks}) == 1


async def test_a_link_that_a_receipt_promised_comes_once_the_mailbox_has_room(desk: PostingDesk) -> None:
    desk.clients.known["C-4711"] = OWNER
    for each in range(CODES_PER_HOUR):
        await desk.mail(OWNER, f"{COPY} ({'ABC'[each]})")
    await desk.post()
    full = len(desk.server.arrived)
    await desk.mail("olga@elsewhere.example", f"{COPY} My client number is C-4711.")
    await desk.post()
    assert len(desk.server.arrived) == full + 1, "the receipt"
    await desk.wait(minutes=61)
    link = desk.server.arrived[full + 1]
    assert (link.to, "/verify/" in link.content) == (OWNER, True)


async def test_links_that_others_asked_for_by_its_number_hold_back_no_link_of_the_mailbox(
    desk: PostingDesk,
) -> None:
    desk.clients.known["C-4711"] = OWNER
    for each in range(CODES_PER_HOUR):
        await desk.mail("ann@elsewhere.example", f"{COPY} My client number is C-4711. ({'ABC'[each]})")
    await desk.post()
    before = letters(desk)
    await desk.mail(OWNER, COPY)
    await desk.post()
    assert letters(desk) == before + 2, "receipt and link"
