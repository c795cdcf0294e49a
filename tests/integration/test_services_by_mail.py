"""The question whether to end running services, answered by mail: kept at once where it is clear, ended by an agent alone."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from email.message import EmailMessage

import pytest
import pytest_asyncio

from assistant.casework import talking
from assistant.casework.queue import Principal, Role
from assistant.demo.people import CUSTOMER
from tests.doubles.desk_inside import DeskInside, desk_inside
from tests.doubles.journeys import answer_mail, confirm_by_mail, prove_in_chat

pytestmark = pytest.mark.asyncio(loop_scope="module")
_LEAD = Principal("leonie", Role.LEAD)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def asked(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[tuple[DeskInside, str, EmailMessage]]:
    """Give a desk, an erasure asked for and proved by mail, and the question about its services."""
    async with desk_inside(tmp_path_factory.mktemp("services")) as desk:
        await asyncio.to_thread(
            desk.send_mail, "Please delete all my personal data.", sender=CUSTOMER.email, subject="Data"
        )
        (ref,) = await desk.opened_by(set())
        await confirm_by_mail(desk, CUSTOMER.email, ref)
        item = await desk.plan(ref)
        services = desk.assembly.services
        await services.write(lambda s: talking.ask_about_services(services, s, item["id"], _LEAD))
        yield desk, ref, await desk.mail(CUSTOMER.email, "before we erase")


async def answered(
    desk: DeskInside, question: EmailMessage, words: str, sender: str = CUSTOMER.email
) -> None:
    await asyncio.to_thread(answer_mail, desk, question, words, sender)
    await desk.idle()


async def test_an_answer_of_somebody_else_or_half_an_answer_decides_nothing(
    asked: tuple[DeskInside, str, EmailMessage],
) -> None:
    desk, ref, question = asked
    await answered(desk, question, "Yes, end them all.", "stranger@elsewhere.example")
    await answered(desk, question, "Yes, but what becomes of my domain?")
    await answered(desk, question, "Keep the server, end the rest.")
    request = await desk.request(ref)
    assert "keep_services" not in request["details"]
    assert request["attention"] != "services_end_by_mail"


async def test_ending_them_is_an_agents_and_the_flag_says_what_was_answered_and_what_to_do(
    asked: tuple[DeskInside, str, EmailMessage],
) -> None:
    desk, ref, question = asked
    await answered(desk, question, "Hello,\n\nYes, end them all.\n\nKind regards,\nMaarja")
    request = await desk.request(ref)
    assert "keep_services" not in request["details"]
    assert request["attention"] == "services_end_by_mail"
    assert "services_end_by_mail" in [event["event"] for event in await desk.events(ref)]


async def test_keeping_them_is_taken_and_planned_at_once(asked: tuple[DeskInside, str, EmailMessage]) -> None:
    desk, ref, _ = asked
    item = await desk.plan(ref)
    services = desk.assembly.services
    await services.write(lambda s: talking.ask_about_services(services, s, item["id"], _LEAD))
    question = await desk.mail(CUSTOMER.email, "before we erase", seen=1)
    await answered(desk, question, "Bonjour,\n\nGardez-les, je vous prie.\n\nCordialement,\nMaarja")
    request = await desk.request(ref)
    assert (request["details"]["keep_services"], request["attention"]) == (True, None)
    assert not (await desk.plan(ref))["blockers"]


async def test_a_letter_about_a_chat_is_answered_by_mail_too_and_more_than_services_is_no_answer(
    asked: tuple[DeskInside, str, EmailMessage],
) -> None:
    desk, _, _ = asked
    await desk.forward("2h")
    async with desk.chat() as chat:
        await chat.say("Hello, please erase all my personal data.")
        ref = (await chat.opened())["erasure"]
        await prove_in_chat(desk, chat, CUSTOMER.email, ref)
    item = await desk.plan(ref)
    services = desk.assembly.services
    await services.write(lambda s: talking.ask_about_services(services, s, item["id"], _LEAD))
    await desk.forward("11m")
    question = await desk.mail(CUSTOMER.email, re.compile(f"^A question before we erase.*{ref}"))
    await answered(desk, question, "Please keep them, all of them.")
    request = await desk.request(ref)
    assert (request["details"]["keep_services"], request["attention"]) == (True, None)
    await answered(desk, question, "Keep my account and all my data, erase nothing.")
    assert desk.own("SELECT dont_at FROM request WHERE ref = ?", ref)[0][0], "that is another wish"
