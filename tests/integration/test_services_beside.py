"""Whoever asks for an erasure, alone or beside anything, is asked the same about services that run, and keeps the buttons until they choose."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest
import pytest_asyncio

from assistant.casework.agents import talking
from assistant.casework.answers import answers
from assistant.casework.requests.queue import Principal, Role
from assistant.demo.people import CUSTOMER
from assistant.domain.presses import unmarked
from assistant.domain.rights import Right
from assistant.replies.linter import CHAT_SENTENCES, sentences
from assistant.services import Unit
from assistant.store.tables import PrivacyRequest
from tests.doubles.desk_inside import DeskInside, desk_inside
from tests.doubles.desk_process import Chat

pytestmark = pytest.mark.asyncio(loop_scope="module")
_LEAD = Principal("leonie", Role.LEAD)
_BUTTONS = ["services:keep", "services:end"]
_ASKS = {
    ("en", "alone"): "Please erase all my personal data.",
    ("en", "access"): "Send me a copy of my data, then delete everything.",
    (
        "en",
        "portability",
    ): "Please send my data to another provider in a machine-readable format, then erase all my personal data.",
    ("en", "complaint"): "Erase all my personal data. I also file a complaint with the authority about you.",
    ("fr", "alone"): "Bonjour, veuillez effacer toutes mes données personnelles.",
    ("fr", "access"): "Envoyez-moi une copie de mes données, puis supprimez tout.",
    (
        "fr",
        "portability",
    ): "Transmettez mes données à un autre prestataire dans un format lisible par machine, puis effacez toutes mes données.",
    (
        "fr",
        "complaint",
    ): "Effacez toutes mes données personnelles. Je dépose aussi plainte contre vous auprès de l’autorité.",
}
_STATUS = {"en": "Where is my request?", "fr": "Où en est ma demande ?"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskInside]:
    async with desk_inside(tmp_path_factory.mktemp("services-beside")) as opened:
        yield opened


def buttons_of(message: dict[str, Any]) -> list[str]:
    return [unmarked(each["value"])[0] for each in message.get("choices", [])]


async def proved(desk: DeskInside, chat: Chat, words: str, codes: int) -> dict[str, str]:
    """Ask in a chat and prove who it is; gives the references by right."""
    before = await desk.refs()
    await chat.say(words)
    await chat.asked("email")
    opened = {(await desk.request(ref))["right"]: ref for ref in await desk.refs() - before}
    await chat.say(CUSTOMER.email)
    await chat.asked("code")
    await chat.say(await desk.code(CUSTOMER.email, seen=codes))
    await desk.until_status(opened[Right.ERASURE], "awaiting_approval")
    return opened


@pytest.mark.parametrize(("language", "beside"), _ASKS)
async def test_the_question_about_services_keeps_its_buttons_whatever_else_is_asked_and_said(
    desk: DeskInside, language: str, beside: str
) -> None:
    await desk.forward("25h")  # or the limits of one address are met
    codes = sum(1 for mail in desk.mails(CUSTOMER.email) if _is_code(mail.get_content()))
    async with desk.chat(language) as chat:
        refs = await proved(desk, chat, _ASKS[language, beside], codes)
        assert set(refs) == {Right.ERASURE, *([beside] if beside != "alone" else [])}
        item = await desk.plan(refs[Right.ERASURE])
        services = desk.assembly.services
        await services.write(lambda unit: talking.ask_about_services(unit, item["id"], _LEAD))
        asked = await chat.until(lambda m: bool(buttons_of(m)) and m["expects"] == "choice")
        assert buttons_of(asked) == _BUTTONS
        assert len(sentences(asked["text"])) <= CHAT_SENTENCES, "a letter is for mail"
        assert asked["text"].endswith("?"), "what is asked stands right above its buttons"
        await chat.say(_STATUS[language])
        again = await chat.until(lambda m: bool(buttons_of(m)), "the buttons below the status")
        assert buttons_of(again) == _BUTTONS
        if beside in {Right.ACCESS, Right.PORTABILITY}:  # and below what is said meanwhile of the other
            chat._read = len(chat.heard)
            await services.write(partial(_say_meanwhile, ref=refs[beside]))
            again = await chat.until(
                lambda m: bool(buttons_of(m)), "the buttons below what was said of the copy"
            )
            assert buttons_of(again) == _BUTTONS
        await chat.choose(again["choices"][0]["value"])
        await chat.until(lambda m: m["from"] == "assistant" and not buttons_of(m), "what is next")
    assert (await desk.request(refs[Right.ERASURE]))["details"]["keep_services"] is True
    said = [buttons_of(m) for m in chat.heard[chat._read :]]
    assert _BUTTONS not in said, "it is not asked again once it was answered"


_KEEP = {"en": "Keep my services", "fr": "Gardez mes services"}


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_whoever_comes_back_in_a_new_chat_is_led_to_the_question_and_answers_it_there(
    desk: DeskInside, language: str
) -> None:
    await desk.forward("25h")
    codes = sum(1 for mail in desk.mails(CUSTOMER.email) if _is_code(mail.get_content()))
    async with desk.chat(language) as chat:
        refs = await proved(desk, chat, _ASKS[language, "alone"], codes)
        ref = refs[Right.ERASURE]
        item = await desk.plan(ref)
        services = desk.assembly.services
        await services.write(lambda unit: talking.ask_about_services(unit, item["id"], _LEAD))
    await desk.forward("25h")
    async with desk.chat(language) as chat:
        await chat.say(f"{ref}: {_KEEP[language]}")
        await chat.asked("email")
        await chat.say(CUSTOMER.email)
        await chat.asked("code")
        await chat.say(await desk.code(CUSTOMER.email, seen=codes + 1))
        asked = await chat.until(lambda m: bool(buttons_of(m)) and m["expects"] == "choice")
        assert buttons_of(asked) == _BUTTONS
        await chat.say(_KEEP[language])
        await chat.until(lambda m: m["from"] == "assistant" and not buttons_of(m), "what is next")
    assert (await desk.request(ref))["details"]["keep_services"] is True


def _say_meanwhile(
    unit: Unit,
    ref: str,
) -> None:
    answers.say_a_person_reads(unit, unit.session.get_one(PrivacyRequest, ref))


def _is_code(text: str) -> bool:
    return any(re.fullmatch(r"\d{8}", line.strip()) for line in text.splitlines())
