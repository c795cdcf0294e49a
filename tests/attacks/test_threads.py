"""Somebody else in a thread, and old mail with other words: nothing said there is dropped, or taken for another's."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from assistant.casework.upkeep.own import DeskQueries
from assistant.domain.masking import mask_email
from assistant.domain.plan import Identity
from tests.doubles.attacks import ACCESS, ERASURE, stranger
from tests.doubles.console_browser import Console
from tests.doubles.journeys import confirm_link, links_in

if TYPE_CHECKING:
    from tests.doubles.desk_inside import DeskInside

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("attacks")]

DESK = "privacy@kuusik-lierre.example"
_numbers = itertools.count(1)


def mail(sender: str, text: str, to: str = DESK, ident: str = "", *fields: str) -> bytes:
    ident = ident or f"{next(_numbers)}@thread.example"
    head = [f"From: {sender}", f"To: {to}", "Subject: About my data", f"Message-ID: <{ident}>", *fields]
    return "\r\n".join([*head, "Content-Type: text/plain; charset=utf-8", "", text, ""]).encode()


async def thread_of(desk: DeskInside, sender: str) -> tuple[str, str]:
    """Open a request by mail; gives its reference and the address of its thread."""
    before = await desk.refs()
    await desk.raw_mail(mail(sender, ACCESS), sender)
    (ref,) = await desk.opened_by(before)
    await desk.mail(sender, "/verify/")
    return ref, str((await desk.mail(sender, "We have registered"))["reply-to"])


async def test_a_third_persons_own_request_in_a_thread_is_opened_as_theirs_and_answered_to_them(
    desk: DeskInside,
) -> None:
    """B17: the thread is another's, the request its sender's, and the same words twice are one."""
    first, third = stranger(), stranger()
    ref, thread = await thread_of(desk, first)
    written, before = len(desk.mails(first)), await desk.refs()
    raw = mail(third, ERASURE, thread)
    await desk.raw_mail(raw, third)
    await desk.raw_mail(raw, third)
    (own,) = await desk.opened_by(before)
    letter = await desk.mail(third, "We have registered")
    await desk.idle()

    assert own in letter.get_content()
    assert await desk.mail(third, "/verify/")
    assert ref not in str([each.get_content() for each in desk.mails(third)])
    assert len(desk.mails(first)) == written, "nobody hears of what another asks"
    assert (await desk.request(ref))["attention"] == "other_sender"
    assert (await desk.request(own))["right"] == "erasure"

    answer = str((await desk.mail(third, "We have registered"))["reply-to"])
    assert answer != thread
    await desk.raw_mail(mail(third, ACCESS, answer), third)
    await desk.raw_mail(mail(third, "Please restrict the processing of my personal data.", thread), third)
    more = await desk.opened_by(before, 3)
    assert len(more) == 3


async def test_a_third_person_who_asks_nothing_is_read_at_the_requests_and_by_support_where_none_is_open(
    desk: DeskInside,
) -> None:
    """B17: what is no wish of their own is not dropped either."""
    first, third = stranger(), stranger()
    ref, thread = await thread_of(desk, first)
    await desk.raw_mail(mail(third, "When will the office open on Monday?", thread), third)
    await desk.idle()
    assert (await desk.request(ref))["attention"] == "other_sender"
    assert desk.mails(third) == []

    await desk.forward("31d")
    await desk.idle()
    await desk.api("POST", f"/requests/{ref}/lapse")
    await desk.raw_mail(mail(third, "And when on Tuesday?", thread), third)
    await desk.idle()
    assert [m for m in desk.mails() if m["resent-to"] and "on Tuesday" in m.as_string()]
    assert desk.mails(third) == []


async def test_what_another_writes_in_a_thread_is_nowhere_taken_for_its_persons_word(
    desk: DeskInside,
) -> None:
    """B17: it pauses an erasure, as it may; the console says from where it came, and the person's own copy has none of it."""
    first, third = stranger(), stranger()
    before = await desk.refs()
    await desk.raw_mail(mail(first, ERASURE), first)
    (ref,) = await desk.opened_by(before)
    link = links_in((await desk.mail(first, "/verify/")).get_content(), "/verify/")[0]
    thread = str((await desk.mail(first, "We have registered"))["reply-to"])
    await desk.raw_mail(mail(third, "Do not delete anything, keep my account.", thread), third)
    await desk.idle()
    request = await desk.request(ref)
    assert request["attention"] == "dont_heard"
    (heard,) = [event for event in await desk.events(ref) if event["event"] == "dont_heard"]
    assert heard["actor"] == "other_sender"
    items = (await desk.api("GET", f"/requests/{ref}/timeline"))["items"]
    (said,) = [each for each in items if each["kind"] == "message" and "Do not delete" in each["text"]]
    assert (said["actor"], said["in_no_copy"]) == ("other_sender", True)

    lead = await Console(desk, "lead").sign_in()
    async with lead.http:
        page = await lead.page(f"requests/{ref}")
        assert "Message from another address" in page
        assert mask_email(third) in page
        assert third not in page
        assert "The person said not to erase" not in page
        assert "Stands still: somebody said not to erase after all" in page
    await confirm_link(desk, link, ref)
    services = desk.assembly.services
    own = await DeskQueries(services.store, services.keyring).rows(Identity((first,)), "messages")
    assert [text for *_, text in own if "Hello, please delete" in text]
    assert not [text for *_, text in own if "Do not delete" in text]


async def test_the_same_mailbox_however_it_is_written_is_nobody_else(desk: DeskInside) -> None:
    """B17: letters that are large or small make no third person."""
    first = stranger()
    ref, thread = await thread_of(desk, first)
    before = await desk.refs()
    await desk.raw_mail(mail(first.title(), ERASURE, thread), first)
    (more,) = await desk.opened_by(before)
    one, other = [await desk.request(each) for each in (ref, more)]
    assert one["attention"] is None
    await desk.idle()
    links = [m.get_content() for m in desk.mails(first) if "/verify/" in m.get_content()]
    letters = [text for text in links if "- access" in text and "- erasure" in text]
    assert letters, "one proof is asked for both"
    assert other["attention"] is None


async def test_the_same_message_id_over_other_words_is_another_mail_and_flagged(desk: DeskInside) -> None:
    """B18: an id hides nothing, whoever used it before; the same mail twice is one and no reason to look."""
    sender, before = stranger(), await desk.refs()
    first = mail(sender, ACCESS, ident="kept@reused.example")
    await desk.raw_mail(first, sender)
    await desk.raw_mail(first, sender)
    (ref,) = await desk.opened_by(before)
    await desk.idle()
    assert (await desk.request(ref))["attention"] is None

    await desk.raw_mail(mail(sender, ERASURE, ident="kept@reused.example"), sender)
    (other,) = set(await desk.opened_by(before, 2)) - {ref}
    assert (await desk.request(other))["attention"] == "reused_id"
    assert (await desk.request(ref))["attention"] is None
    assert (await desk.request(ref))["right"] == "access"


async def test_text_appended_to_an_old_signed_mail_is_another_mail_and_flagged(desk: DeskInside) -> None:
    """B18: a signature over the first lines (l=) goes on being valid, the request below it is new."""
    sender, before = stranger(), await desk.refs()
    signature = "DKIM-Signature: v=1; a=rsa-sha256; d=elsewhere.example; s=s; l=60; h=from; bh=x; b=y"
    signed = mail(sender, "When will the office open on Monday?", DESK, "signed@reused.example", signature)
    await desk.raw_mail(signed, sender)
    await desk.raw_mail(signed + f"\r\n{ERASURE}\r\n".encode(), sender)
    (ref,) = await desk.opened_by(before)
    assert (await desk.request(ref))["attention"] == "reused_id"


async def test_a_number_of_an_update_that_comes_again_with_other_words_is_heard(desk: DeskInside) -> None:
    """B18: Telegram counts anew after a quiet week."""
    before = await desk.refs()
    update = await desk.telegram(ACCESS, person=818)
    (ref,) = await desk.opened_by(before)
    assert await desk.bot.post(update) == 200
    update["message"]["text"] = ERASURE
    assert await desk.bot.post(update) == 200
    (other,) = set(await desk.opened_by(before, 2)) - {ref}
    assert (await desk.request(other))["right"] == "erasure"
    assert (await desk.request(other))["attention"] == "reused_id"
