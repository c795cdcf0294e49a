"""Who has left the chat gets by mail what nobody has read there within ten minutes, once, and not what was read."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from sqlmodel import col, select

from assistant.casework.agents import talking
from assistant.casework.answers.running_services import DECIDED
from assistant.casework.requests.queue import Principal, Role
from assistant.demo.people import CUSTOMER
from assistant.domain.presses import unmarked
from assistant.services import Unit
from assistant.store.tables import Outbox
from tests.doubles.desk_inside import DeskInside, desk_inside
from tests.doubles.desk_process import Chat, eventually
from tests.doubles.journeys import answer_mail, prove_in_chat

pytestmark = pytest.mark.asyncio(loop_scope="module")
WISH = "Hello, please erase all my personal data."
REPLY = "We have found the account, thank you."
_LEAD = Principal("leonie", Role.LEAD)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskInside]:
    async with desk_inside(tmp_path_factory.mktemp("unseen")) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def left(desk: DeskInside) -> tuple[str, str]:
    """Give a request whose person proved who they are and left the chat, and the session of that chat."""
    async with desk.chat() as chat:
        await chat.say(WISH)
        ref: str = (await chat.opened())["erasure"]
        await prove_in_chat(desk, chat, CUSTOMER.email, ref)
        return ref, chat.session


async def reply(desk: DeskInside, ref: str, text: str = REPLY) -> tuple[int, Any]:
    """Have an agent write in the talk of a request."""
    return await desk.api_status("POST", f"/requests/{ref}/reply", json={"text": text})


def about(desk: DeskInside, ref: str, holding: str) -> list[str]:
    """Give the letters to the person that hold something, on one line each."""
    texts = [
        f"{m['subject']}\n{' '.join(str(m.get_content()).split())}"
        for m in desk.mails(CUSTOMER.email)
        if ref in f"{m['subject']}{m.get_content()}"
    ]
    return [text for text in texts if holding in text]


async def prove_again(desk: DeskInside, chat: Chat) -> None:
    """Name the address and type the code, as whoever comes back to a talk that was hidden."""
    codes = sum(
        bool(re.search(r"^\s*\d{8}\s*$", m.get_content(), re.MULTILINE)) for m in desk.mails(CUSTOMER.email)
    )
    await chat.say(CUSTOMER.email)
    await chat.asked("code")
    await chat.say(await desk.code(CUSTOMER.email, seen=codes))


async def queued(desk: DeskInside, ref: str) -> int:
    query = select(Outbox.id).where(col(Outbox.ref) == ref, col(Outbox.key).startswith("unseen:"))

    def look(unit: Unit) -> int:
        return len(unit.session.exec(query).all())

    return await desk.assembly.services.read(look)


async def has_seen(desk: DeskInside, number: int) -> bool:
    return bool(desk.own("SELECT id FROM conversation WHERE seen_id = ?", number))


async def test_a_question_about_services_reaches_who_has_left_as_a_letter_once(
    desk: DeskInside, left: tuple[str, str]
) -> None:
    ref, _ = left
    item = await desk.plan(ref)
    services = desk.assembly.services
    await services.write(lambda unit: talking.ask_about_services(unit, item["id"], _LEAD))
    await desk.idle()
    assert about(desk, ref, "still running") == []
    await desk.forward("11m")
    await desk.idle()
    (letter,) = about(desk, ref, "still running")
    assert letter.startswith("A question before we erase your data")
    assert "end them" in letter
    assert "keep them" in letter
    await desk.forward("11m")
    await desk.idle()
    assert len(about(desk, ref, "still running")) == 1


async def test_an_agents_reply_reaches_who_has_left_with_a_subject_of_its_own(
    desk: DeskInside, left: tuple[str, str]
) -> None:
    ref, _ = left
    assert (await reply(desk, ref))[0] < 300
    await desk.forward("11m")
    await desk.idle()
    (letter,) = about(desk, ref, REPLY)
    assert letter.startswith(f"A message for you from our chat ({ref})")


@pytest.mark.parametrize("by", ["seeing", "writing"])
async def test_what_was_read_in_the_chat_is_not_mailed(
    desk: DeskInside, left: tuple[str, str], by: str
) -> None:
    (ref, token), text = left, f"Read by {by}."
    await desk.forward("31m")
    async with desk.chat(session=token) as chat:
        await prove_again(desk, chat)
        await chat.until(lambda m: m.get("hidden_before") == 0, "that it is shown again")
        before = await queued(desk, ref)
        assert (await reply(desk, ref, text))[0] < 300
        message = await chat.until(lambda m: m["text"] == text)
        assert await queued(desk, ref) == before + 1
        if by == "seeing":
            await chat.socket.send_json({"type": "seen", "id": message["id"]})
            await eventually(lambda: has_seen(desk, message["id"]), "that it was seen")
        else:
            await chat.say("Thank you.")
        await desk.forward("11m")
        await desk.idle()
    assert about(desk, ref, text) == []
    assert await queued(desk, ref) == before


async def test_an_answer_in_the_thread_of_that_letter_is_read_at_the_same_request(
    desk: DeskInside, left: tuple[str, str]
) -> None:
    ref, _ = left
    before = await desk.refs()
    asked = await desk.mail(CUSTOMER.email, "before we erase")
    await asyncio.to_thread(answer_mail, desk, asked, "It is fine, go on.", "stranger@elsewhere.example")
    assert (await desk.request(ref))["attention"] == "services_asked"
    await asyncio.to_thread(answer_mail, desk, asked, "Can you wait until Friday?", CUSTOMER.email)
    await desk.idle()
    assert (await desk.request(ref))["attention"] == "services_answer_unclear"
    assert [e for e in await desk.events(ref) if e["event"] == "services_answer_unclear"]
    assert await desk.refs() == before


async def test_who_comes_back_and_proves_it_is_asked_again_what_still_waits(
    desk: DeskInside, left: tuple[str, str]
) -> None:
    ref, token = left
    await desk.forward("45m")
    async with desk.chat(session=token) as chat:
        assert not chat.history[-1]["choices"]
        await chat.choose("services:keep")
        await chat.until(lambda m: m["from"] == "assistant", "an answer")
        assert DECIDED not in [event["event"] for event in await desk.events(ref)]
        await prove_again(desk, chat)
        asked = await chat.asked("choice")
        assert [unmarked(choice["value"])[0] for choice in asked["choices"]] == [
            "services:keep",
            "services:end",
        ]
        assert "services" in asked["text"]
        await chat.choose("services:keep")
    await desk.forward("45m")
    async with desk.chat(session=token) as chat:
        assert not chat.history[-1]["choices"]
    assert DECIDED in [event["event"] for event in await desk.events(ref)]


async def test_a_reply_into_a_chat_that_ended_without_a_proved_contact_is_refused(desk: DeskInside) -> None:
    async with desk.chat() as chat:
        await chat.say(WISH)
        ref: str = (await chat.opened())["erasure"]
    await desk.forward("25h")
    status, body = await reply(desk, ref)
    assert (status, body["code"]) == (409, "conflict")
    assert "This chat has ended" in str(body)
