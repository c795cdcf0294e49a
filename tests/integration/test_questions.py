"""An agent asks the person something: in time the clock stands still until they write, late it does not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlmodel import col, select

from assistant.casework import audit
from assistant.casework.proof import attaching
from assistant.casework.requests import intake
from assistant.casework.upkeep import reminders
from assistant.conversation.desk import TalkingDesk
from assistant.domain.assurance import Method
from assistant.domain.due_date import Suspension, due_dates
from assistant.domain.lifecycle import Status
from assistant.domain.rights import Right
from assistant.interfaces import Attachment, Incoming
from assistant.reading_commands import show_request
from assistant.services import Unit
from assistant.store import queries
from assistant.store.tables import Audit, Conversation, Message, Outbox, PrivacyRequest
from intents import Reader
from tests.doubles.console_app import ConsoleSite, console_site, lay_keys

ASKED = "Which of your two accounts do you mean?"


@dataclass
class Asking:
    """A desk that reads, an agent with a token, and one person who asked for a copy."""

    site: ConsoleSite
    http: aiohttp.ClientSession
    reader: Reader
    token: str

    async def open(
        self, channel: str = "webchat", *, right: Right = Right.ACCESS, proved: bool = False
    ) -> str:
        services, now = self.site.services, self.site.services.clock.now()
        sender = "mari.kask@post.example" if channel == "email" else None
        first = Incoming(channel, "thread-mari", "first", "A copy please.", now, sender=sender, locale="en")

        def work(unit: Unit) -> str:
            conversation = intake.find_or_start_conversation(unit, first)
            intake.store_incoming(unit.session, conversation, first, {})
            tier = services.settings.verification.needed(right)
            request = intake.open_request(unit, conversation, right, received_at=now, details={}, tier=tier)
            intake.move(unit, request, Status.VERIFYING, "desk")
            if proved:
                attaching.give_evidence(
                    unit,
                    method=Method.EMAIL_CODE,
                    contact="mari.kask@post.example",
                    conversation_id=conversation.id,
                    references=[request.ref],
                    on_file=True,
                )
            return request.ref

        return await services.write(work)

    async def ask(self, ref: str, **more: Any) -> tuple[int, Any]:
        body = {"text": ASKED, "ground": "specify", **more}
        async with self.http.post(
            f"{self.site.url}/api/v1/requests/{ref}/ask",
            json=body,
            headers={"Authorization": f"Bearer {self.token}"},
        ) as answer:
            return answer.status, await answer.json()

    async def write(self, words: str, channel: str = "webchat", **more: Any) -> None:
        desk = TalkingDesk(self.site.services, self.reader)
        said = {"thread": "thread-mari", "external_id": words[:20], **more}
        if channel == "email":
            said.setdefault("sender", "mari.kask@post.example")
        await desk.receive(Incoming(channel, text=words, received_at=self.site.services.clock.now(), **said))
        await desk.settle()

    async def request(self, ref: str) -> PrivacyRequest:
        found: PrivacyRequest = await self.site.get(PrivacyRequest, ref)
        return found

    async def said(self, ref: str, sender: str = "assistant") -> list[str]:
        ident = (await self.request(ref)).conversation_id
        rows = await self.site.services.read(lambda unit: queries.messages_of(unit.session, ident))
        return [row.text for row in rows if row.sender == sender]

    async def events(self, ref: str) -> list[str]:
        events = select(Audit.event).where(col(Audit.chain) == ref).order_by(col(Audit.ordinal))
        return list(await self.site.services.read(lambda unit: unit.session.exec(events).all()))

    async def reminders(self, ref: str) -> int:
        await reminders.remind_due(self.site.services)
        return (await self.events(ref)).count("reminded")


@pytest.fixture
async def desk(tmp_path: Path, prepared: ConsoleSite, reader: Reader) -> AsyncIterator[Asking]:
    async with console_site(tmp_path, prepared) as site, aiohttp.ClientSession() as http:
        yield Asking(site, http, reader, await site.token("Tiina"))


async def test_a_question_in_time_stops_the_clock_until_the_person_writes(desk: Asking) -> None:
    ref = await desk.open("email", proved=True)
    before = await desk.request(ref)
    status, body = await desk.ask(ref)
    assert status == 200, body
    assert body["asked_on"] == "2026-11-24"
    asked = (await desk.said(ref))[-1]
    assert ASKED in asked
    assert ref in asked
    assert "stands still" in asked
    assert (await desk.request(ref)).remind_on is None
    desk.site.clock.at += timedelta(days=40)
    assert await desk.reminders(ref) == 0
    await desk.write("The one with the bakery, please.", "email")
    after = await desk.request(ref)
    expected = due_dates(
        before.received_at,
        calendar=desk.site.services.calendar,
        suspensions=[Suspension(date(2026, 11, 24), date(2027, 1, 3))],
    )
    assert (after.due_on, after.safe_on) == (expected.due_on, expected.safe_on)
    assert after.due_on == date(2027, 2, 2)  # 24 December and 40 days
    assert any("40 days suspended" in rule for rule in after.rules)
    assert after.attention == "question_answered"
    assert after.remind_on is not None
    told = (await desk.said(ref))[-1]
    assert f"{after.due_on.day} " in told
    assert ref in told
    assert await desk.reminders(ref) > 0


async def test_the_story_is_in_the_timeline_of_the_command_and_the_audit_is_whole(desk: Asking) -> None:
    ref = await desk.open("email", proved=True)
    await desk.ask(ref)
    desk.site.clock.at += timedelta(days=2)
    await desk.write("The one with the bakery, please.", "email")
    lay_keys(desk.site.services)
    shown = show_request(desk.site.services.settings, ref)
    story = [
        row["event"] for row in shown if row.get("event") in {"question_asked", "question_answered", "clock"}
    ]
    assert story == ["question_asked", "clock", "question_answered", "clock"]
    asked = next(row for row in shown if row.get("event") == "question_asked")
    assert asked["actor"] == "agent:Tiina"
    assert asked["data"] == {"ground": "specify", "article": "GDPR Recital 63", "suspends": True}
    services = desk.site.services
    assert await services.read(lambda unit: list(audit.verify(services.keyring, unit.session))) == []


async def test_asked_late_the_agent_is_told_first_and_then_nothing_is_suspended(desk: Asking) -> None:
    ref = await desk.open("email", proved=True)
    before = await desk.request(ref)
    desk.site.clock.at += timedelta(days=6)
    said = await desk.said(ref)
    status, body = await desk.ask(ref)
    assert (status, body["code"], body["ask_by"]) == (409, "asked_late", "2026-11-27")
    assert await desk.said(ref) == said
    status, _ = await desk.ask(ref, although_late=True)
    assert status == 200
    asked = (await desk.said(ref))[-1]
    assert "stands still" not in asked
    assert "28 December" in asked
    assert (await desk.request(ref)).remind_on is not None
    desk.site.clock.at += timedelta(days=3)
    await desk.write("The one with the bakery, please.", "email")
    after = await desk.request(ref)
    assert after.due_on == before.due_on
    assert any("undue delay" in rule for rule in after.rules)
    assert after.attention == "question_answered"


async def test_by_mail_the_answer_counts_and_an_automatic_or_foreign_one_does_not(desk: Asking) -> None:
    ref = await desk.open("email")
    assert (await desk.ask(ref, ground="identity"))[0] == 200
    desk.site.clock.at += timedelta(days=1)
    await desk.write("I am out of office.", "email", automatic=True)
    await desk.write("It is me, Juhan.", "email", sender="juhan@elsewhere.example")
    assert (await desk.request(ref)).suspensions == [["2026-11-24", None]]
    conversation = (await desk.request(ref)).conversation_id
    await desk.write("Client number 1017, since 2019.", "email")
    assert (await desk.request(ref)).suspensions == [["2026-11-24", "2026-11-25"]]
    sent = select(Outbox.id).where(
        col(Outbox.conversation_id) == conversation,
        col(Outbox.kind) == "reply",
        col(Outbox.channel) == "email",
    )
    assert len(await desk.site.services.read(lambda unit: unit.session.exec(sent).all())) >= 2


async def test_who_left_the_chat_answers_in_the_thread_of_the_letter_and_nowhere_else(desk: Asking) -> None:
    ref = await desk.open(proved=True)
    await desk.ask(ref)
    mailed = select(Outbox.key).where(col(Outbox.ref) == ref, col(Outbox.key).startswith("unseen:"))
    assert len(await desk.site.services.read(lambda unit: unit.session.exec(mailed).all())) == 1
    desk.site.clock.at += timedelta(days=2)
    thread = (await desk.request(ref)).conversation_id  # an answer to the letter comes back to it
    await desk.write(
        "When is my next invoice due?", "email", thread="another", sender="Mari.Kask@post.example"
    )
    request = await desk.request(ref)
    assert request.suspensions == [["2026-11-24", None]]
    assert request.attention == "new_message"
    await desk.write("Not me.", "email", thread=thread, sender="eve@elsewhere.example")
    assert (await desk.request(ref)).suspensions == [["2026-11-24", None]]
    await desk.write("The bakery one.", "email", thread=thread, sender="Mari.Kask@post.example")
    request = await desk.request(ref)
    assert request.suspensions == [["2026-11-24", "2026-11-26"]]
    assert request.attention == "question_answered"


async def test_a_button_is_no_answer(desk: Asking) -> None:
    ref = await desk.open(proved=True)
    await desk.ask(ref)
    await desk.write("human", kind="choice")
    assert (await desk.request(ref)).suspensions == [["2026-11-24", None]]
    await desk.write("Both of them.")
    assert (await desk.request(ref)).suspensions == [["2026-11-24", "2026-11-24"]]


async def test_what_cannot_be_asked_is_refused_with_its_reason(desk: Asking) -> None:
    ref = await desk.open()
    for more, code in (
        ({"ground": "curiosity"}, "invalid"),
        ({"text": "  "}, "invalid"),
        ({"text": "x" * 5_001}, "invalid"),
        ({"until": "tomorrow"}, "invalid"),
    ):
        status, body = await desk.ask(ref, **more)
        assert (status, body["code"]) == (422, code), body
    assert (await desk.ask("PR-00000000"))[0] == 404
    assert (await desk.ask(ref))[0] == 200
    assert (await desk.ask(ref))[0] == 409  # not answered yet
    for name, ground in (("complaint", "identity"), ("erasure", "specify")):
        status, body = await desk.ask(desk.site.refs[name], ground=ground)
        assert (status, body["code"]) == (422, "no_ground_to_ask"), body
    desk.token = await desk.site.token("Otto")
    assert (await desk.ask(desk.site.refs["access"]))[0] == 403


async def test_nobody_is_asked_where_nobody_would_read_it(desk: Asking) -> None:
    ref = await desk.open()
    desk.site.clock.at += timedelta(hours=25)
    status, body = await desk.ask(ref)
    assert (status, body["code"]) == (409, "conflict")
    said = await desk.site.services.read(lambda unit: list(unit.session.exec(select(Message.text))))
    assert not [text for text in said if ASKED in text]


_NO_ANSWERS = (
    "my server is down since this morning",
    "mon site est en panne",
    "my invoice of 2024 is wrong, can you fix it?",
    "why do you ask",
    "pourquoi cette question",
    "what do you mean?",
    "hello",
    "merci beaucoup",
)


@pytest.mark.parametrize("words", _NO_ANSWERS)
@pytest.mark.parametrize("proved", [True, False])
async def test_what_is_clearly_something_else_in_a_chat_is_no_answer(
    desk: Asking, words: str, *, proved: bool
) -> None:
    ref = await desk.open(proved=proved)
    await desk.ask(ref)
    await desk.write(words)
    request = await desk.request(ref)
    assert request.suspensions == [["2026-11-24", None]]
    assert request.attention == "new_message"
    await desk.write("2025")
    assert (await desk.request(ref)).suspensions == [["2026-11-24", "2026-11-24"]]
    assert (await desk.request(ref)).attention == "question_answered"


@pytest.mark.parametrize(
    "words",
    [
        "By the way my website is down",
        "By the way my website is down\n\nBest regards\nMari Kask\n\nOn Tue, 24 Nov 2026 the desk wrote:\n> Which?",
        "> Which of your two accounts do you mean?",
        "",  # the channel has cut a quote and a signature
        "Thank you!\n\nBest regards,\nMari",
    ],
)
async def test_what_is_clearly_something_else_in_the_thread_of_the_letter_is_no_answer(
    desk: Asking, words: str
) -> None:
    ref = await desk.open("email", proved=True)
    await desk.ask(ref)
    await desk.write(words, "email")
    request = await desk.request(ref)
    assert request.suspensions == [["2026-11-24", None]]
    assert request.attention == "new_message"


async def test_a_file_without_a_word_is_an_answer(desk: Asking) -> None:
    ref = await desk.open("email", proved=True)
    await desk.ask(ref)
    await desk.write("", "email", attachments=(Attachment("passport.pdf", "application/pdf", 9),))
    assert (await desk.request(ref)).suspensions == [["2026-11-24", "2026-11-24"]]


_ANSWERS = (
    "ok", "non", "2025", "25", "The one with the invoices", "2025, and my site is down", "Mari Kask", "Both?",
    "what I bought in 2025", "celui de la boutique, pourquoi ?", "when I lived in Tallinn",
)  # fmt: skip


@pytest.mark.parametrize("words", _ANSWERS)
async def test_anything_else_is_the_answer(desk: Asking, words: str) -> None:
    ref = await desk.open(proved=True)
    await desk.ask(ref)
    await desk.write(words)
    assert (await desk.request(ref)).suspensions == [["2026-11-24", "2026-11-24"]]


async def test_a_number_that_is_no_code_is_the_answer_while_a_code_is_awaited(desk: Asking) -> None:
    ref = await desk.open()
    await desk.ask(ref)
    ident = (await desk.request(ref)).conversation_id

    def awaits_code(unit: Unit) -> None:
        conversation = unit.session.get_one(Conversation, ident)
        conversation.state = {
            **conversation.state,
            "expects": "code",
            "question": "code_sent_email",
            "about": [ref],
        }
        unit.session.add(conversation)

    await desk.site.services.write(awaits_code)
    said = len(await desk.said(ref))
    await desk.write("2025")
    assert (await desk.request(ref)).suspensions == [["2026-11-24", "2026-11-24"]]
    assert len(await desk.said(ref)) == said + 1  # its thanks, and nothing of a code
