"""A question about the policy by mail is answered at the privacy mailbox alone, and only where nothing else is asked goes no further."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlmodel import col

from assistant.config import Email
from assistant.interfaces import Incoming
from assistant.store.tables import Conversation, Message, Outbox, PrivacyRequest
from intents import Reader
from tests.doubles.posting_desk import ADDRESS, PostingDesk, posting_desk

ANNA = "anna.kask@post.example"
RIGHTS = {"en": "What are my rights?", "fr": "Quels sont mes droits ?"}
SAID = {"en": "Article 17", "fr": "article 17"}
AS_TYPED = {
    "en": ("do i need to send my id card?", "not send us an identity document"),
    "fr": ("c est payant ?", "est gratuit"),
}
IN_DOUBT = {
    "en": "How do I exercise my privacy rights?",
    "fr": "Comment puis-je faire valoir mes droits sur mes données ?",
}


@pytest.fixture(params=[True, False], ids=["privacy", "general"])
async def mailbox(
    tmp_path: Path, reader: Reader, request: pytest.FixtureRequest
) -> AsyncIterator[PostingDesk]:
    """Give a desk whose mailbox is the one for privacy that the policy names, and one with a general mailbox."""
    async with posting_desk(tmp_path, reader) as desk:
        contact = ADDRESS if request.param else "privacy@elsewhere.example"
        controller = desk.services.settings.controller.model_copy(update={"contact_email": contact})
        chosen = {"controller": controller, "email": Email(address=ADDRESS)}
        desk.services = desk.services.with_parts(settings=desk.services.settings.model_copy(update=chosen))
        desk.desk.services = desk.services
        yield desk


def is_privacy(desk: PostingDesk) -> bool:
    return desk.services.settings.controller.contact_email == ADDRESS


async def told(desk: PostingDesk) -> list[str]:
    said = await desk.all(Message, col(Message.sender) == "assistant")
    assert len(said) == len(await desk.outbox(col(Outbox.kind) == "reply")), "each is sent"
    return [row.text.replace("\u00a0", " ") for row in said]


async def passed_on(desk: PostingDesk) -> int:
    return len(await desk.outbox(col(Outbox.kind) == "relay"))


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_the_privacy_mailbox_answers_and_a_general_one_has_support_answer(
    mailbox: PostingDesk, language: str
) -> None:
    await mailbox.mail(ANNA, RIGHTS[language], "Subject: Question")
    letters = await told(mailbox)
    assert [SAID[language] in letter for letter in letters] == ([True] if is_privacy(mailbox) else [])
    assert await passed_on(mailbox) == (0 if is_privacy(mailbox) else 1)
    assert await mailbox.all(PrivacyRequest) == []


@pytest.mark.parametrize(
    "beside", ["My VPS has been down for 3 hours.", "I am a client since 2019 and wonder about much."]
)
async def test_what_else_a_mail_says_support_reads(mailbox: PostingDesk, beside: str) -> None:
    await mailbox.mail(ANNA, f"{RIGHTS['en']} {beside}", "Subject: Question")
    assert len(await told(mailbox)) == is_privacy(mailbox)
    assert await passed_on(mailbox) == 1


async def test_what_may_be_a_request_an_agent_sees_as_well(mailbox: PostingDesk) -> None:
    await mailbox.mail(ANNA, IN_DOUBT["fr"], "Subject: Question")
    (conversation,) = await mailbox.all(Conversation)
    assert conversation.triage
    assert await passed_on(mailbox) == 1


async def test_what_nothing_answers_is_support_s(mailbox: PostingDesk) -> None:
    await mailbox.mail(ANNA, "Do you make automated decisions?", "Subject: Question")
    assert await told(mailbox) == []
    assert await passed_on(mailbox) == 1


async def test_a_mail_that_asks_for_a_copy_is_told_the_rest_with_the_copy(mailbox: PostingDesk) -> None:
    await mailbox.mail(
        ANNA, f"Please send me a copy of all the personal data you hold about me. {RIGHTS['en']}"
    )
    assert [SAID["en"] in letter for letter in await told(mailbox)] == [False]
    assert len(await mailbox.all(PrivacyRequest)) == 1


async def test_a_machine_is_told_nothing(mailbox: PostingDesk) -> None:
    await mailbox.mail(ANNA, RIGHTS["en"], "Auto-Submitted: auto-generated")
    assert await told(mailbox) == []


async def test_the_same_question_again_that_day_goes_to_support(mailbox: PostingDesk) -> None:
    for _ in range(2):
        await mailbox.mail(ANNA, RIGHTS["en"], "Subject: Question")
    assert len(await told(mailbox)) == is_privacy(mailbox)
    assert await passed_on(mailbox) == (1 if is_privacy(mailbox) else 2)


async def test_a_mail_to_somebody_else_is_support_s(mailbox: PostingDesk) -> None:
    await mailbox.mail(ANNA, RIGHTS["en"], to="info@alder.example")
    assert await told(mailbox) == []
    assert await passed_on(mailbox) == 1


@pytest.mark.parametrize("channel", ["webchat", "telegram"])
@pytest.mark.parametrize("language", ["en", "fr"])
async def test_every_chat_answers_in_the_language_of_the_question(
    mailbox: PostingDesk, channel: str, language: str
) -> None:
    await mailbox.chat("7", RIGHTS[language], channel=channel, locale="en")
    said = await mailbox.said_in(await mailbox.chat_of("7"))
    assert len(said) == 1
    assert SAID[language] in said[0].replace("\u00a0", " ")


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_a_question_as_typed_is_answered_alike_in_a_chat_in_telegram_and_by_mail(
    mailbox: PostingDesk, language: str
) -> None:
    question, answer = AS_TYPED[language]
    for name, channel in (("7", "webchat"), ("8", "telegram")):
        await mailbox.chat(name, question, channel=channel, locale=language)
        (said,) = await mailbox.said_in(await mailbox.chat_of(name))
        assert answer in said.replace("\u00a0", " ")
    await mailbox.mail(ANNA, question, "Subject: Question")
    letters = await mailbox.outbox(col(Outbox.kind) == "reply", col(Outbox.channel) == "email")
    assert len(letters) == is_privacy(mailbox)
    assert await passed_on(mailbox) == (0 if is_privacy(mailbox) else 1)
    assert await mailbox.all(PrivacyRequest) == []


async def test_beside_an_agent_the_desk_says_nothing(mailbox: PostingDesk) -> None:
    await mailbox.chat("7", "hello")
    conversation = await mailbox.chat_of("7")

    def taken(unit: object) -> None:
        unit.session.get_one(Conversation, conversation.id).taken_by = "liis"  # type: ignore[attr-defined]

    await mailbox.services.write(taken)
    before = await mailbox.said_in(conversation)
    await mailbox.chat("7", RIGHTS["en"])
    assert await mailbox.said_in(conversation) == before


async def test_a_button_that_reads_like_a_question_is_a_button(mailbox: PostingDesk) -> None:
    now = mailbox.clock.now()
    pressed = Incoming("webchat", "7", "m1", RIGHTS["en"], now, locale="en")
    await mailbox.desk.receive(replace(pressed, kind="choice"))
    assert all(SAID["en"] not in text for text in await mailbox.said_in(await mailbox.chat_of("7")))
