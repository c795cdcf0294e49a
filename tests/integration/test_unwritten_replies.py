"""A reply that cannot be written loses nothing: the message stays, an agent is called, everything else goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from email.message import EmailMessage
from typing import Any

import pytest
import pytest_asyncio
from sqlmodel import col, select

from assistant.casework.decisions import closing
from assistant.casework.requests.queue import Principal, Role
from assistant.conversation import taking
from assistant.services import Unit
from assistant.store.tables import Conversation, Message, PrivacyRequest
from tests.doubles.attacks import ACCESS, Victim
from tests.doubles.desk_inside import DeskInside, desk_inside
from tests.doubles.desk_process import eventually
from tests.doubles.journeys import prove_in_chat
from tests.doubles.lost_texts import lose
from tests.doubles.package_browser import Package, browser

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("unwritten")]
DESK = "privacy@kuusik-lierre.example"
ASKED = {"en": ACCESS, "fr": "Bonjour, envoyez-moi une copie de toutes mes données personnelles, merci."}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskInside]:
    async with desk_inside(tmp_path_factory.mktemp("unwritten")) as opened:
        yield opened


def letter(sender: str, words: str) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, DESK, "Request"
    message["Message-ID"] = f"<{sender}>"
    message.set_content(words)
    return message.as_bytes()


async def written_by(desk: DeskInside, words: str) -> tuple[Message, Conversation]:
    def find(unit: Unit) -> tuple[Message, Conversation] | None:
        query = (
            select(Message, Conversation)
            .join(Conversation, col(Conversation.id) == col(Message.conversation_id))
            .where(col(Message.sender) == "you")
        )
        return next(((m, c) for m, c in unit.session.exec(query) if words in m.text), None)

    async def look() -> tuple[Message, Conversation] | None:
        return await desk.assembly.services.read(find)

    return await eventually(look, f"the message {words!r}")


async def request_in(desk: DeskInside, conversation: Conversation) -> PrivacyRequest | None:
    query = select(PrivacyRequest).where(col(PrivacyRequest.conversation_id) == conversation.id)
    return await desk.assembly.services.read(lambda unit: unit.session.exec(query).first())


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("lost", ["request_opened", "ask_contact"])
async def test_a_chat_whose_reply_cannot_be_written_keeps_its_request_and_gets_a_person(
    desk: DeskInside, monkeypatch: pytest.MonkeyPatch, lost: str, language: str
) -> None:
    lose(desk.assembly.services, monkeypatch, lost)
    words = f"{ASKED[language]} ({lost})"
    async with desk.chat(language) as chat:
        await chat.say(words)
        heard = await chat.until(
            lambda m: "team" in m["text"] or "équipe" in m["text"], "that a person is called"
        )
    assert heard
    _, conversation = await written_by(desk, words)
    request = await request_in(desk, conversation)
    assert request is not None
    assert (request.right, request.attention) == ("access", f"reply_unwritten:{lost}")
    assert conversation.wants_person_at is not None


async def test_a_mail_whose_receipt_cannot_be_written_is_accepted_and_no_link_asks_for_what_it_would_have_said(
    desk: DeskInside, people: Iterator[Victim], monkeypatch: pytest.MonkeyPatch
) -> None:
    lose(desk.assembly.services, monkeypatch, "mail_opened")
    victim = next(people)
    await desk.raw_mail(letter(victim.email, ASKED["en"] + " mailed"), victim.email)
    _, conversation = await written_by(desk, "mailed")
    request = await request_in(desk, conversation)
    assert request is not None
    assert request.attention == "reply_unwritten:mail_opened"
    await desk.idle()
    assert desk.mails(victim.email) == []


async def test_a_code_that_cannot_be_written_calls_a_person_and_others_get_theirs(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    first, second = next(people), next(people)
    with pytest.MonkeyPatch.context() as patch:
        lose(desk.assembly.services, patch, "mail_code")
        async with desk.chat() as chat:
            await chat.say(f"{ACCESS} coded")
            await chat.asked("email")
            await chat.say(first.email)

            async def called() -> PrivacyRequest | None:
                request = await request_in(desk, (await written_by(desk, "coded"))[1])
                return request if request and request.attention else None

            request = await eventually(called, "that an agent is called")
            assert request.attention == "reply_unwritten:mail_code"
    async with desk.chat() as chat:
        await chat.say(ACCESS)
        await prove_in_chat(desk, chat, second.email, (await chat.opened())["access"])


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_whatever_goes_wrong_in_a_turn_a_chat_message_is_kept_and_a_person_called(
    desk: DeskInside, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    monkeypatch.setattr(taking, "decide", _broken)
    async with desk.chat(language) as chat:
        ack = await chat.say(f"{ASKED[language]} broken")
        await chat.until(lambda m: "team" in m["text"] or "équipe" in m["text"], "that a person is called")
    message, conversation = await written_by(desk, f"{ASKED[language]} broken")
    assert message.id == ack["id"]
    assert conversation.wants_person_at is not None


async def test_whatever_goes_wrong_in_a_turn_a_mail_is_accepted_and_an_agent_opens_it_as_of_its_receipt(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    victim = next(people)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(taking, "decide", _broken)
        await desk.raw_mail(letter(victim.email, f"{ACCESS} shaken"), victim.email)
        await desk.raw_mail(letter(victim.email, f"{ACCESS} shaken"), victim.email)  # once, however often
    message, conversation = await written_by(desk, "shaken")
    assert conversation.triage
    assert "unanswered" in message.headers
    assert await request_in(desk, conversation) is None
    assert "Victim" not in desk.log.getvalue()
    assert victim.email not in desk.log.getvalue()


def _broken(*_heard: object) -> None:
    raise RuntimeError


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_an_answer_that_cannot_be_written_leaves_its_request_open_and_goes_out_once_it_can(
    desk: DeskInside, people: Iterator[Victim], language: str
) -> None:
    victim = next(people)
    words = {
        "en": "Please restrict the use of my data while you check them.",
        "fr": "Limitez le traitement de mes données pendant que vous vérifiez leur exactitude.",
    }[language]
    with pytest.MonkeyPatch.context() as patch:
        lose(desk.assembly.services, patch, "answer_restriction")
        async with desk.chat(language) as chat:
            await chat.say(words)
            ref = (await chat.opened())["restriction"]
            await prove_in_chat(desk, chat, victim.email, ref)
        item = await desk.approve(ref)

        async def held_up() -> dict[str, Any] | None:
            await desk.idle()
            shown = await desk.request(ref)
            return shown if shown["attention"] else None

        shown = await eventually(held_up, "that an agent is called")
        assert shown["attention"] == "step_failed:text"
        assert shown["status"] == "executing"
    for _ in range(6):
        await desk.forward("20m")
        await desk.idle()
    assert (await desk.until_status(ref, "answered"))["attention"] is None
    assert await desk.mail(victim.email, "restri" if language == "en" else "limité", seen=0)
    assert item


async def test_a_copy_whose_letter_could_not_be_written_opens_once_it_can(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    victim = next(people)
    with pytest.MonkeyPatch.context() as patch:
        lose(desk.assembly.services, patch, "package_ready")
        async with desk.chat() as chat:
            await chat.say(f"{ACCESS} packed")
            ref = (await chat.opened())["access"]
            await prove_in_chat(desk, chat, victim.email, ref)
        await desk.approve(ref)
        await desk.forward("73h")

        async def held_up() -> bool | None:
            await desk.idle()
            return (await desk.request(ref))["attention"] == "step_failed:text" or None

        await eventually(held_up, "that an agent is called")
    await desk.forward("20m")
    await desk.idle()
    await desk.until_status(ref, "answered")
    ready = await desk.mail(victim.email, "/package/")
    async with browser(desk, ready.get_content(), "en") as fetching:
        await fetching.want_code()
        await fetching.enter(await desk.code(victim.email, seen=1))
        status, raw, _ = await fetching.download()
    assert status == 200
    assert victim.number in Package.read(raw).index


async def test_a_mail_around_a_reply_that_cannot_be_written_loses_nothing_and_calls_a_person(
    desk: DeskInside, people: Iterator[Victim], monkeypatch: pytest.MonkeyPatch
) -> None:
    lose(desk.assembly.services, monkeypatch, "mail_reply")
    victim = next(people)
    await desk.raw_mail(letter(victim.email, f"{ACCESS} wrapped"), victim.email)
    _, conversation = await written_by(desk, "wrapped")
    services, agent = desk.assembly.services, Principal("agnes", Role.AGENT)
    await services.write(
        lambda unit: closing.reply(
            unit, unit.session.get_one(Conversation, conversation.id), "We read it today.", agent
        )
    )
    request = await request_in(desk, conversation)
    assert request is not None
    assert request.attention == "reply_unwritten:mail_reply"
    said = select(Message.text).where(col(Message.conversation_id) == conversation.id)
    assert "We read it today." in await services.read(lambda unit: unit.session.exec(said).all())
