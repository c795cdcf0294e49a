"""The question whether to end running services, answered by mail: kept at once where it is clear, ended by an agent alone."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path

import pytest
import pytest_asyncio
from sqlmodel import Session

from assistant.casework.agents import talking
from assistant.casework.requests.queue import Principal, Role
from assistant.conversation import continued
from assistant.demo.people import CUSTOMER
from assistant.store.tables import PrivacyRequest
from assistant.web.console.request_page import timeline
from assistant.web.console.words import words_of
from tests.doubles.desk_inside import DeskInside, desk_inside
from tests.doubles.journeys import answer_mail, confirm_by_mail, prove_in_chat, type_code

pytestmark = pytest.mark.asyncio(loop_scope="module")
GREETING = re.compile(r"^(?:Hello|Bonjour),\r?$", re.MULTILINE)
_LEAD = Principal("leonie", Role.LEAD)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def asked(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[tuple[DeskInside, str, EmailMessage]]:
    """Give a desk, an erasure asked for and proved by mail, and the question about its services."""
    async with desk_inside(tmp_path_factory.mktemp("services")) as desk:
        ref = await asked_by_mail(desk)
        yield desk, ref, await desk.mail(CUSTOMER.email, "before we erase")


async def asked_by_mail(desk: DeskInside) -> str:
    """Give the reference of an erasure asked for and proved by mail, with the question about its services asked."""
    await asyncio.to_thread(
        desk.send_mail, "Please delete all my personal data.", sender=CUSTOMER.email, subject="Data"
    )
    (ref,) = await desk.opened_by(set())
    await confirm_by_mail(desk, CUSTOMER.email, ref)
    item = await desk.plan(ref)
    services = desk.assembly.services
    await services.write(lambda unit: talking.ask_about_services(unit, item["id"], _LEAD))
    await desk.idle()
    return ref


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
    await answered(desk, question, "Keep my services.", "stranger@elsewhere.example")
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


@pytest.mark.parametrize("denied", ["not_me", "not_me_by_mail"])
@pytest.mark.parametrize("words", ["Keep my services.", "End them all, please.", "What do you mean?"])
async def test_an_answer_takes_no_denial_away(
    asked: tuple[DeskInside, str, EmailMessage], denied: str, words: str
) -> None:
    desk, ref, question = asked
    services = desk.assembly.services

    def flag(session: Session, reason: str | None) -> str | None:
        request = session.get_one(PrivacyRequest, ref)
        before, request.attention = request.attention, reason
        session.add(request)
        return before

    before = await services.write(lambda unit: flag(unit.session, denied))
    await answered(desk, question, words)
    request = await desk.request(ref)
    assert request["attention"] == denied
    assert "keep_services" not in request["details"]
    await services.write(lambda unit: flag(unit.session, before))


async def test_keeping_them_is_taken_and_planned_at_once(asked: tuple[DeskInside, str, EmailMessage]) -> None:
    desk, ref, _ = asked
    item = await desk.plan(ref)
    services = desk.assembly.services
    await services.write(lambda unit: talking.ask_about_services(unit, item["id"], _LEAD))
    question = await desk.mail(CUSTOMER.email, "before we erase", seen=1)
    await answered(desk, question, "Bonjour,\n\nGardez-les, je vous prie.\n\nCordialement,\nMaarja")
    request = await desk.request(ref)
    assert (request["details"]["keep_services"], request["attention"]) == (True, None)
    assert not (await desk.plan(ref))["blockers"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Gardez mes serveurs et le domaine, mais effacez tout le reste.", "services:keep"),
        ("Je préfère les conserver, effacez le reste.", "services:keep"),
        ("Gardez mes services.", "services:keep"),
        ("Keep them and delete everything else, please.", "services:keep"),
        ("Please keep my services and erase the rest of my personal data.", "services:keep"),
        ("End them and erase the rest of my data.", "services:end"),
        ("Oui, arrêtez-les et supprimez toutes mes autres données.", "services:end"),
        ("Arrêtez-les, puis effacez le reste", "services:end"),
        ("Keep the server, end the rest.", None),
        ("Keep my services, erase the server.", None),
        ("Ne gardez pas mes services, effacez le reste.", None),
        ("Do not keep them, erase the rest.", None),
        ("Keep them? Erase the rest?", None),
        ("Keep my account and all my data, erase nothing.", None),
        ("Yes, but what becomes of my domain?", None),
    ],
)
async def test_an_answer_is_clear_with_the_rest_to_be_erased_and_never_where_anything_is_denied(
    typed: str, meant: str | None
) -> None:
    assert continued.clear_answer(typed) == meant


@pytest.mark.parametrize(
    ("first", "words", "in_thread"),
    [
        (None, "Gardez mes serveurs et le domaine, mais effacez tout le reste.", True),
        ("Bonjour, avez-vous bien reçu mon message ?", "Je préfère les conserver, effacez le reste.", True),
        ("I do not know yet.", "Keep them, and erase the rest.", False),
    ],
)
async def test_a_clear_answer_is_taken_whenever_the_question_is_open_in_its_thread_or_by_its_reference(
    tmp_path: Path, first: str | None, words: str, *, in_thread: bool
) -> None:
    async with desk_inside(tmp_path) as desk:
        ref = await asked_by_mail(desk)
        question = await desk.mail(CUSTOMER.email, "before we erase")
        if first:
            await answered(desk, question, first)
            assert (await desk.request(ref))["attention"] == "services_answer_unclear"
        if in_thread:
            await answered(desk, question, words)
        else:
            await asyncio.to_thread(
                desk.send_mail, words, sender=CUSTOMER.email, subject=f"RE: A question ({ref})"
            )
            await desk.idle()
        request = await desk.request(ref)
        assert (request["details"]["keep_services"], request["attention"]) == (True, None)
        for mail in desk.mails(CUSTOMER.email):
            assert len(GREETING.findall(mail.get_content())) == 1


async def test_a_mail_that_names_an_open_request_of_its_sender_calls_an_agent_and_a_strangers_does_not(
    tmp_path: Path,
) -> None:
    async with desk_inside(tmp_path) as desk:
        ref = await asked_by_mail(desk)
        waits = (await desk.request(ref))["attention"]
        for sender, attention in (
            ("stranger@elsewhere.example", waits),
            (CUSTOMER.email, "services_answer_unclear"),
        ):
            await asyncio.to_thread(
                desk.send_mail, "Keep the server, end the rest.", sender=sender, subject=f"About {ref}"
            )
            await desk.idle()
            assert (await desk.request(ref))["attention"] == attention


async def told_on_its_page(desk: DeskInside, ref: str) -> tuple[list[str], list[str]]:
    """Give the words of the timeline of a request: on its page in the console, and in the API."""
    words = words_of("en", "Europe/Tallinn")
    page = await desk.assembly.services.read(
        lambda unit: [
            e.text for e in timeline(words, unit, unit.session.get_one(PrivacyRequest, ref), revealed=True)
        ]
    )
    items = (await desk.api("GET", f"/requests/{ref}/timeline"))["items"]
    return page, [entry.get("text") or "" for entry in items]


async def test_a_letter_about_a_chat_is_answered_by_mail_and_read_there_and_more_than_services_is_no_answer(
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
    await services.write(lambda unit: talking.ask_about_services(unit, item["id"], _LEAD))
    await desk.forward("11m")
    question = await desk.mail(CUSTOMER.email, re.compile(f"^A question before we erase.*{ref}"))
    said = {
        "services_answer_unclear": "Keep the domain, but end the server.",
        "services_end_by_mail": "Yes, end them all.",
        "services": "Please keep them, all of them.",
        "dont_heard": "Keep my account and all my data, erase nothing.",
    }
    *first, kept, more = said.values()
    for words in (*first, kept):
        await answered(desk, question, words)
    request = await desk.request(ref)
    assert (request["details"]["keep_services"], request["attention"]) == (True, None)
    await answered(desk, question, more)
    assert desk.own("SELECT dont_at FROM request WHERE ref = ?", ref)[0][0], "that is another wish"
    assert set(said) <= {event["event"] for event in await desk.events(ref)}
    for told in await told_on_its_page(desk, ref):
        for words in said.values():  # an agent is told to read them, and decides by them
            assert len([text for text in told if words in text]) == 1, (words, told)


async def test_an_answer_to_the_letter_about_a_french_chat_is_answered_in_french_and_of_each_request_once(
    tmp_path: Path,
) -> None:
    async with desk_inside(tmp_path) as desk:
        async with desk.chat("fr") as chat:
            await chat.say("Bonjour, veuillez effacer toutes mes données personnelles.")
            ref = (await chat.opened())["erasure"]
            await type_code(desk, chat, CUSTOMER.email)
            await desk.until_status(ref, "awaiting_approval")
        item = await desk.plan(ref)
        services = desk.assembly.services
        await services.write(lambda unit: talking.ask_about_services(unit, item["id"], _LEAD))
        await desk.forward("11m")
        question = await desk.mail(CUSTOMER.email, re.compile(f"avant d’effacer.*{ref}"))
        thread = {"In_Reply_To": str(question["message-id"]), "subject": f"RE: {question['subject']}"}
        await asyncio.to_thread(desk.send_mail, "Gardez-les.", sender=CUSTOMER.email, **thread)
        await desk.idle()
        assert (await desk.request(ref))["details"]["keep_services"] is True
        text = (await desk.mail(CUSTOMER.email, re.compile(f"{ref}, (?:effacement|erasure)"))).get_content()
        assert text.startswith("Bonjour,"), text
        assert text.count(ref) == 1, text
