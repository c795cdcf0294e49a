"""Journeys of somebody who asked by mail and needs their link once more: whatever a text promises for an answer is done."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from email.message import EmailMessage
from importlib.resources import files
from pathlib import Path

import pytest

from assistant.domain.assurance import CODES_FOR_OWNER, CODES_PER_HOUR
from assistant.wording.written import LOCALES
from tests.doubles.desk_process import DeskProcess, eventually
from tests.doubles.journeys import answer_mail, confirm_link, links_in, received

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("journeys_link_again")]
People = Iterator[tuple[str, str]]
TESTS = Path(__file__).parents[1]
LINK = "/verify/stop/"  # in every mail of a link
ERASE = "Please erase all my personal data."
COPY_AND_FIX = "Please send me a copy of all my data. Please also correct my address."


async def ask(desk: DeskProcess, sender: str, words: str = ERASE) -> tuple[list[str], EmailMessage]:
    """Write a mail, and give the references of its receipt and the mail of its link."""
    await asyncio.to_thread(desk.send_mail, words, sender=sender, subject="Data")
    link = await desk.mail(sender, LINK)
    return await received(desk, sender), link


async def answer(desk: DeskProcess, asked: EmailMessage, words: str, sender: str) -> None:
    await asyncio.to_thread(answer_mail, desk, asked, words, sender)


async def both_again(desk: DeskProcess, email: str, seen: int = 1) -> tuple[EmailMessage, EmailMessage]:
    """Wait for one more link, and give it with the receipt that went before it."""
    link = await desk.mail(email, LINK, seen=seen)
    mails = desk.mails(email)
    place = next(i for i, mail in enumerate(mails) if mail["message-id"] == link["message-id"])
    return mails[place - 1], link


async def taken_up(desk: DeskProcess, ref: str, receipt: EmailMessage, link: EmailMessage) -> None:
    """Confirm as a person does who has nothing but these two mails."""
    assert ref in receipt.get_content()
    assert "/verify/" not in receipt.get_content(), "a machine would find both in one mail"
    said = f"{link.as_string()}{link.get_content()}"
    assert ref[-4:] not in said
    await confirm_link(desk, links_in(link.get_content(), "/verify/")[0], ref)
    await desk.until_status(ref, "open", "awaiting_approval", "answered")


async def until_attention(desk: DeskProcess, ref: str, *reasons: str) -> None:
    async def look() -> bool | None:
        return True if (await desk.request(ref))["attention"] in reasons else None

    await eventually(look, f"an agent called to {ref}")


async def words_at(desk: DeskProcess, ref: str) -> str:
    items = (await desk.api("GET", f"/requests/{ref}/timeline"))["items"]
    return "\n".join(str(item.get("text") or "") for item in items)


async def relayed(desk: DeskProcess, words: str) -> None:
    """Wait until support was handed a mail."""

    async def look() -> bool | None:
        return any(words in mail.get_content() for mail in desk.mails() if mail["resent-to"]) or None

    await eventually(look, f"support to get {words!r}")


async def lapsed(desk: DeskProcess, email: str, ref: str) -> EmailMessage:
    """Let a request lapse, and give the letter that says so."""
    await desk.api("POST", f"/requests/{ref}/lapse")
    return await desk.mail(email, "was not confirmed")


@pytest.mark.parametrize("words", ["I want to go on, please send a new link.", "Yes please."])
async def test_an_answer_to_the_lapse_letter_takes_the_request_up_again(
    desk: DeskProcess, people: People, words: str
) -> None:
    email, _ = next(people)
    (ref,), _ = await ask(desk, email)
    await desk.forward("26d")
    letter = await lapsed(desk, email, ref)
    await answer(desk, letter, words, email)
    await taken_up(desk, ref, *await both_again(desk, email))


async def test_whoever_answers_after_weeks_gets_another_link(desk: DeskProcess, people: People) -> None:
    email, _ = next(people)
    (ref,), link = await ask(desk, email)
    await desk.forward("9d")
    await answer(desk, link, "the link is over, please send another", email)
    await taken_up(desk, ref, *await both_again(desk, email))


async def test_the_answer_to_a_lapse_letter_that_cannot_be_done_calls_an_agent_and_says_so(
    desk: DeskProcess, people: People
) -> None:
    email, _ = next(people)
    (ref,), _ = await ask(desk, email)
    await desk.forward("26d")
    letter = await lapsed(desk, email, ref)
    for number in range(CODES_PER_HOUR + CODES_FOR_OWNER):  # their answers surely come from that mailbox
        await answer(desk, letter, f"A new link please ({number}).", email)
        await both_again(desk, email, seen=1 + number)
    await answer(desk, letter, "And another link please.", email)
    await desk.mail(email, "We can send the next link")
    await until_attention(desk, ref, "too_many_challenges")


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        ("link", "please send me a new link"),
        ("lien", "le lien ne marche plus, pouvez-vous m'en envoyer un autre"),
        ("", "oui c'est bien moi je confirme"),
        ("Re: We have received your request ({ref})", "Nothing came, please help."),
    ],
)
async def test_a_fresh_mail_from_the_same_address_goes_on_with_what_waits(
    desk: DeskProcess, people: People, subject: str, words: str
) -> None:
    email, _ = next(people)
    (ref,), _ = await ask(desk, email)
    await asyncio.to_thread(desk.send_mail, words, sender=email, subject=subject.format(ref=ref))
    receipt, link = await both_again(desk, email)
    await until_attention(desk, ref, "new_message")
    assert words[:12] in await words_at(desk, ref)
    await taken_up(desk, ref, receipt, link)


async def test_whatever_else_the_same_address_writes_is_read_at_what_waits_and_by_support(
    desk: DeskProcess, people: People
) -> None:
    email, _ = next(people)
    (ref,), _ = await ask(desk, email)
    words = "When will somebody look after my server, it has been down since noon?"
    await asyncio.to_thread(desk.send_mail, words, sender=email, subject="server down")
    await until_attention(desk, ref, "new_message")
    assert words in await words_at(desk, ref)
    await relayed(desk, words)


async def test_what_another_address_says_of_a_waiting_request_moves_nothing(
    desk: DeskProcess, people: People
) -> None:
    """Neither who knows the reference nor who writes from anywhere else hears of it: only where to prove it, once."""
    email, _ = next(people)
    (ref,), _ = await ask(desk, email)
    stranger = "stranger@elsewhere.example"
    before = len(desk.mails(email))
    for known in (ref, "PR-00000000"):
        await asyncio.to_thread(
            desk.send_mail, f"A new link for {known} please", sender=stranger, subject=f"Re: {known}"
        )
        await relayed(desk, f"A new link for {known} please")
    assert len(desk.mails(email)) == before
    told = await desk.mail(stranger, "under which it was made")
    assert ref not in told.get_content()
    assert len(desk.mails(stranger)) == 1
    assert (await desk.request(ref))["attention"] is None


async def test_a_lost_receipt_comes_again_before_the_link(desk: DeskProcess, people: People) -> None:
    email, _ = next(people)
    (ref,), link = await ask(desk, email)
    await answer(desk, link, "I lost your message with the reference.", email)
    await taken_up(desk, ref, *await both_again(desk, email))


async def test_either_reference_of_one_mail_opens_its_link(desk: DeskProcess, people: People) -> None:
    """And neither receipt, nor the link, has the subject of the other."""
    email, _ = next(people)
    await asyncio.to_thread(desk.send_mail, COPY_AND_FIX, sender=email, subject="Data")
    link = await desk.mail(email, LINK)
    receipts = [mail for mail in desk.mails(email) if "received your request" in str(mail["subject"])]
    refs = [ref for mail in receipts for ref in re.findall(r"PR-\w{8}", str(mail["subject"]))]
    assert len(receipts) == len(refs) == 2
    subjects = {re.sub(r"\(.*?\)", "", str(mail["subject"])) for mail in (*receipts, link)}
    assert len(subjects) == 3, subjects
    rights = {(await desk.request(ref))["right"]: ref for ref in refs}
    proved, other = rights["access"], rights["rectification"]
    await confirm_link(desk, links_in(link.get_content(), "/verify/")[0], other)
    await desk.until_status(proved, "open", "awaiting_approval")


# ── a client number ─────────────────────────────────────────────────────────────────────────────────

NUMBERED = "Please erase all my personal data. My client number is {}."
AGAIN = "Nothing has come yet, please send it again."


async def test_the_link_of_a_named_client_number_goes_to_its_contact_alone(
    desk: DeskProcess, people: People
) -> None:
    """And whoever wrote reads the same whether the number exists, and proves nothing by their own mailbox."""
    email, number = next(people)
    writers = {number: "new.home@elsewhere.example", "C-99999": "somebody@elsewhere.example"}
    said: dict[str, list[str]] = {}
    refs: dict[str, str] = {}
    for named, writer in writers.items():
        await asyncio.to_thread(desk.send_mail, NUMBERED.format(named), sender=writer, subject="Data")
        (refs[named],) = await received(desk, writer)
    link = await desk.mail(email, LINK)
    for named, writer in writers.items():
        await answer(desk, await desk.mail(writer, refs[named]), AGAIN, writer)
        await desk.mail(writer, "Once more")
        await until_attention(desk, refs[named], "new_message")
    again = await desk.mail(email, LINK, seen=1)
    for named, writer in writers.items():
        assert not [mail for mail in desk.mails(writer) if LINK in mail.get_content()]
        said[named] = [
            f"{mail['subject']}{mail.get_content()}".replace(refs[named], "") for mail in desk.mails(writer)
        ]
    assert said[number] == said["C-99999"]
    assert email not in "".join(said[number])
    assert link["to"] == again["to"]
    await confirm_link(desk, links_in(again.get_content(), "/verify/")[0], refs[number])
    await desk.plan(refs[number])


async def test_the_contact_of_a_named_client_number_that_answers_its_link_confirms_with_what_it_gets(
    desk: DeskProcess, people: People
) -> None:
    email, number = next(people)
    writer = "yet.another.home@elsewhere.example"
    await asyncio.to_thread(desk.send_mail, NUMBERED.format(number), sender=writer, subject="Data")
    (ref,) = await received(desk, writer)
    before = len(desk.mails(writer))
    await answer(desk, await desk.mail(email, LINK), "I have no message with a reference.", email)
    await taken_up(desk, ref, *await both_again(desk, email))
    assert len(desk.mails(writer)) == before


async def test_nothing_is_said_not_to_be_held_while_a_named_number_was_not_looked_at(
    desk: DeskProcess,
) -> None:
    """Named once the link was out, the number is no part of what was proved."""
    writer = "home.of.nobody@elsewhere.example"
    (ref,), link = await ask(desk, writer)
    words = "By the way, that is client C-10044."
    await asyncio.to_thread(desk.send_mail, words, sender=writer, subject="addition")
    await until_attention(desk, ref, "new_message")
    await confirm_link(desk, links_in(link.get_content(), "/verify/")[0], ref)
    await until_attention(desk, ref, "client_number_named")
    assert (await desk.request(ref))["status"] == "open"


# ── what the texts promise ──────────────────────────────────────────────────────────────────────────

_PROMISES = re.compile(
    r"(?:answer|reply to) (?:this|it if|our e-mail|that one)|réponde[zr](?:-y| (?:simplement )?à (?:ce|notre e|celui))",
    re.IGNORECASE,
)
# Every text that says what comes of an answer to it by mail, and where one is answered.
_KEPT = {
    "lapse_letter.txt": "journeys/test_link_again.py::test_an_answer_to_the_lapse_letter_takes_the_request_up_again",
    "mail_link.txt": "journeys/test_link_again.py::test_a_lost_receipt_comes_again_before_the_link",
    "mail_opened.txt": "journeys/test_link_again.py::test_whoever_answers_after_weeks_gets_another_link",
    "mail_opened_again.txt": "journeys/test_link_again.py::test_the_link_of_a_named_client_number_goes_to_its_contact_alone",
    "mail_opened_later.txt": "integration/test_limits_told.py::test_the_link_that_was_kept_back_is_sent_to_whoever_answers_later",
    "mail_opened_question.txt": "journeys/test_rectification.py::test_a_wish_to_correct_that_names_nothing_is_asked_by_mail_and_confirmed_on_the_page",
    "mail_all_kept.txt": "integration/test_limits_told.py::test_whoever_answers_the_notice_of_a_flood_when_its_day_is_over_is_gone_on_with",
    "mail_to_be_read.txt": "integration/test_unread_mail.py::test_a_later_word_in_the_thread_takes_nothing_out_of_doubt_and_the_first_receipt_counts",
    "mail_unread_in_chat.txt": "integration/test_unseen.py::test_an_answer_in_the_thread_of_that_letter_is_read_at_the_same_request",
    "mail_waits_in_chat.txt": "integration/test_reached_by_mail.py::test_a_question_about_what_was_asked_since_is_a_letter_that_says_only_that_it_waits",
    "mail_question.txt": "integration/test_reached_by_mail.py::test_what_is_asked_of_a_correction_is_a_letter_and_settled_in_its_thread_alone",
    "mail_question_apart.txt": "integration/test_reached_by_mail.py::test_which_right_is_meant_is_asked_by_letter_and_opened_from_its_thread",
    "mail_question_in_time.txt": "integration/test_reached_by_mail.py::test_an_agents_question_is_a_letter_and_only_its_thread_answers_it",
    "mail_question_late.txt": "integration/test_questions.py::test_asked_late_the_agent_is_told_first_and_then_nothing_is_suspended",
    "services_running.txt": "integration/test_services_by_mail.py::"
    "test_a_letter_about_a_chat_is_answered_by_mail_and_read_there_and_more_than_services_is_no_answer",
    "pages.toml": "attacks/test_machines.py::test_the_fifth_wrong_end_uses_a_link_up_and_an_answer_brings_another",
}


@pytest.mark.parametrize("locale", LOCALES)
async def test_each_text_that_promises_something_for_an_answer_has_its_journey(locale: str) -> None:
    folder = files("assistant.replies") / locale
    promising = {each.name for each in folder.iterdir() if _PROMISES.search(each.read_text(encoding="utf-8"))}
    assert promising <= set(_KEPT), promising - set(_KEPT)
    for where in _KEPT.values():
        file, _, name = where.partition("::")
        assert f"def {name}(" in (TESTS / file).read_text(encoding="utf-8")
