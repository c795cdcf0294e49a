"""Nothing is said to be on its way that the limits of an address keep back: what was promised was queued, and the other way round."""

from __future__ import annotations

import email
import email.policy
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from assistant.domain.assurance import CODES_FOR_OWNER, CODES_PER_HOUR
from assistant.store.tables import ChallengeRow
from intents import Reader
from tests.doubles.mail_server import Arrived
from tests.doubles.posting_desk import COPY, PostingDesk, posting_desk

OF_OWNER = CODES_PER_HOUR + CODES_FOR_OWNER  # in an hour, to whoever answers our own letters
ANNA = "anna.kask@post.example"
COPY_FR = (
    "Bonjour, je voudrais recevoir une copie de toutes les données personnelles que vous détenez sur moi."
)
# What says that a link or a code is on its way, and what says that none is.
PROMISES = ("sending a separate message with a link", "envoyons un message séparé", "We are sending a code")
PROMISES_WITHDRAWAL = ("confirm first that this comes from you. Until then",)
LATER = ("no such link is on its way now", "aucun lien ne part maintenant", "We can send the next code from")


@pytest.fixture
async def desk(tmp_path: Path, reader: Reader) -> AsyncIterator[PostingDesk]:
    async with posting_desk(tmp_path, reader) as opened:
        yield opened


async def said(desk: PostingDesk, to: str = ANNA) -> list[str]:
    """Give what was written to an address, in their order, on one line each."""
    await desk.post()
    return [words_in(mail) for mail in desk.server.arrived if mail.to == to]


def words_in(mail: Arrived) -> str:
    parsed = email.message_from_string(mail.content, policy=email.policy.default)
    return " ".join(str(parsed.get_content()).split())


def holding(texts: list[str], words: tuple[str, ...]) -> int:
    return sum(any(each in text for each in words) for text in texts)


@pytest.mark.parametrize("words", [COPY, COPY_FR])
async def test_a_receipt_promises_a_link_as_often_as_one_is_sent(desk: PostingDesk, words: str) -> None:
    for number in range(CODES_PER_HOUR + 2):
        await desk.mail(ANNA, f"{words} ({'ABCDEFGH'[number]})")
    texts = [text for text in await said(desk) if "/verify/" not in text]
    queued = await desk.all(ChallengeRow)
    assert len(queued) == CODES_PER_HOUR
    assert holding(texts, PROMISES) == len(queued)
    assert holding(texts, LATER) == 2


async def test_the_link_that_was_kept_back_is_sent_to_whoever_answers_later(desk: PostingDesk) -> None:
    for number in range(CODES_PER_HOUR + 1):
        await desk.mail(ANNA, f"Number {number}: {COPY}")
    await desk.wait(hours=2)
    receipt = next(mail for mail in desk.server.arrived if LATER[0] in words_in(mail))
    await desk.mail(ANNA, "Here I am, thank you.", f"In-Reply-To: {receipt.message_id}")
    assert len(await desk.all(ChallengeRow)) == CODES_PER_HOUR + 1


async def test_whoever_answers_the_notice_of_a_flood_when_its_day_is_over_is_gone_on_with(
    desk: PostingDesk,
) -> None:
    for number in range(25):
        await desk.mail(
            ANNA, f"Number {number:02}: please send me a copy of all the personal data you hold about me."
        )
    await desk.wait(hours=1)
    notice = next(mail for mail in desk.server.arrived if "no further confirmations" in words_in(mail))
    await desk.wait(hours=24)
    queued = len(await desk.all(ChallengeRow))
    await desk.mail(ANNA, "I wrote all this.", f"In-Reply-To: {notice.message_id}")
    assert len(await desk.all(ChallengeRow)) == queued + 1


async def test_whoever_answers_for_a_new_link_hears_once_from_when_one_can_be_sent(desk: PostingDesk) -> None:
    await desk.mail(ANNA)
    await said(desk)
    receipt = desk.server.arrived[0]
    for _ in range(OF_OWNER + 3):
        await desk.mail(ANNA, "Please send me a new link.", f"In-Reply-To: {receipt.message_id}")
        await said(desk)
    texts = await said(desk)
    assert len(await desk.all(ChallengeRow)) == OF_OWNER
    assert holding(texts, ("We can send the next link",)) == 1
    await desk.wait(hours=2)
    await desk.mail(ANNA, "Please send me a new link.", f"In-Reply-To: {receipt.message_id}")
    assert len(await desk.all(ChallengeRow)) == OF_OWNER + 1


async def test_a_mailbox_hears_once_a_day_that_links_must_wait_however_many_requests_wait_there(
    desk: PostingDesk,
) -> None:
    """Whoever forges its mails had it written to for each of them."""
    for wish in (COPY, "Please delete my account.", "Please restrict the processing of my data."):
        await desk.mail(ANNA, wish)
        await said(desk)
    for _ in range(CODES_PER_HOUR):
        for receipt in [mail for mail in desk.server.arrived if "PR-" in words_in(mail)][:3]:
            await desk.mail(ANNA, "Please send me a new link.", f"In-Reply-To: {receipt.message_id}")
            await said(desk)
    assert holding(await said(desk), ("We can send the next link",)) == 1


async def test_a_wish_to_withdraw_is_told_when_its_link_can_be_sent(desk: PostingDesk) -> None:
    await desk.mail(ANNA)
    await desk.post()
    receipt = next(mail for mail in desk.server.arrived if "/verify/" not in words_in(mail))
    for _ in range(OF_OWNER):
        await desk.mail(ANNA, "Never mind, please cancel my request.", f"In-Reply-To: {receipt.message_id}")
    texts = [text for text in await said(desk) if "/verify/" not in text]
    links = [row for row in await desk.all(ChallengeRow) if row.purpose == "withdraw"]
    assert len(links) == OF_OWNER - 1
    assert holding(texts, PROMISES_WITHDRAWAL) == len(links)
    assert holding(texts, ("We can send the link for that from",)) == 1


async def test_a_chat_says_that_a_code_is_sent_as_often_as_one_is_and_takes_another_address_after(
    desk: PostingDesk,
) -> None:
    for number in range(CODES_PER_HOUR + 1):
        await desk.chat(f"visitor-{number}", COPY, ANNA)
    texts = [
        text
        for n in range(CODES_PER_HOUR + 1)
        for text in await desk.said_in(await desk.chat_of(f"visitor-{n}"))
    ]
    assert holding(texts, PROMISES) == len(await desk.all(ChallengeRow)) == CODES_PER_HOUR
    assert holding(texts, LATER) == 1
    await desk.chat(f"visitor-{CODES_PER_HOUR}", "anna.other@post.example")
    assert len(await desk.all(ChallengeRow)) == CODES_PER_HOUR + 1
