"""What one message, one row or one crowd meets is its own: everybody else is served, and what was sent is kept."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert
from sqlmodel import col, delete, select

from assistant.casework import saying
from assistant.casework.answers import originals
from assistant.casework.requests.intake import conversation_id
from assistant.interfaces import Incoming
from assistant.services import Unit
from assistant.store.tables import ChallengeRow, Conversation, Message, Outbox, PrivacyRequest, SweepFailure
from tests.doubles.attacks import Victim, ask, until_code
from tests.doubles.console_browser import Console
from tests.doubles.desk_inside import DeskInside

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("attacks")]

WORDS = "Please delete everything you hold about me."
_NUMBERS = itertools.count(1)


def spoil(desk: DeskInside, sql: str) -> None:
    """Change the desk's own file as a fault of the disk, or a migration that went wrong, would."""
    file = desk.assembly.services.settings.server.data_dir / "desk.db"
    with closing(sqlite3.connect(file, timeout=20)) as db, db:
        db.execute(sql)


async def test_a_row_that_cannot_be_read_keeps_nobody_elses_code_from_being_sent(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """B04: the oldest code and the oldest letter of all cannot be read; the next person's still come."""
    services, victim = desk.assembly.services, next(people)
    async with desk.chat() as chat:
        await chat.say("Hello.")
        now = services.clock.now()

        def work(unit: Unit) -> None:
            talking = unit.session.exec(select(Conversation.id)).first() or ""
            unit.session.add(
                Conversation(id="!spoilt", channel="webchat", thread="!", started_at=now, last_at=now)
            )
            unit.session.flush()
            unit.session.add(
                ChallengeRow(
                    id="!spoilt", conversation_id="!spoilt", method="email_code", claimed="", claimed_kind="email",
                    claimed_hash="x", asked_at=now - timedelta(days=1), expires_at=now + timedelta(days=1),
                )
            )  # fmt: skip
            unit.session.add(
                Outbox(
                    key="!spoilt", channel="email", kind="mail", conversation_id=talking, payload="",
                    due_at=now - timedelta(days=1), created_at=now,
                )
            )  # fmt: skip

        await services.write(work)
        spoil(desk, "UPDATE challenge SET \"references\" = '{' WHERE id = '!spoilt'")
        spoil(desk, "UPDATE outbox SET created_at = 'never', payload = 'not sealed' WHERE key = '!spoilt'")

        await until_code(chat, victim.email)
        await desk.idle()
        assert await desk.code(victim.email)

    failing = select(SweepFailure.sweep, SweepFailure.which)
    rows = await services.read(lambda unit: list(unit.session.exec(failing)))
    assert ("challenge", "!spoilt") in rows
    assert any(sweep == "deliver" for sweep, _ in rows)

    def clean(unit: Unit) -> None:
        unit.session.execute(delete(ChallengeRow).where(col(ChallengeRow.id) == "!spoilt"))
        unit.session.execute(delete(Conversation).where(col(Conversation.id) == "!spoilt"))
        unit.session.execute(delete(Outbox).where(col(Outbox.key) == "!spoilt"))
        unit.session.execute(delete(SweepFailure))

    await services.write(clean)


def broken(*_: Any, **__: Any) -> Any:
    raise ZeroDivisionError


def a_reading(desk: DeskInside, patch: pytest.MonkeyPatch, _thread: str, _channel: str) -> None:
    patch.setattr(type(desk.assembly.desk.reader), "read", broken)


def a_text(_desk: DeskInside, patch: pytest.MonkeyPatch, _thread: str, _channel: str) -> None:
    patch.setattr(saying, "say_text", broken)


def an_original(_desk: DeskInside, patch: pytest.MonkeyPatch, _thread: str, _channel: str) -> None:
    patch.setattr(originals, "sealed", broken)


def a_conversation(desk: DeskInside, _patch: pytest.MonkeyPatch, thread: str, channel: str) -> None:
    ident = conversation_id(desk.assembly.services, channel, thread)
    spoil(desk, f"UPDATE conversation SET state = '{{' WHERE id = '{ident}'")


@pytest.mark.parametrize("channel", ["webchat", "telegram", "email"])
@pytest.mark.parametrize("broke", [a_reading, a_text, an_original, a_conversation])
async def test_what_cannot_be_answered_is_stored_and_shown_all_the_same(
    desk: DeskInside,
    monkeypatch: pytest.MonkeyPatch,
    channel: str,
    broke: Callable[[DeskInside, pytest.MonkeyPatch, str, str], None],
) -> None:
    """B06: in every channel, whatever keeps the answer from being made, the words are kept and a person sees them."""
    services, number = desk.assembly.services, next(_NUMBERS)
    thread = f"{9_000_000 + number}"

    def said(words: str) -> Incoming:
        raw = words.encode() if channel == "email" else None
        sender = "someone@mail.example" if channel == "email" else None
        at = datetime.now(UTC)
        return Incoming(
            channel, thread, f"{number} {words}", words, at, sender=sender, raw=raw, locale="xx-YY"
        )

    await desk.assembly.desk.receive(said("Hello there."))
    with monkeypatch.context() as patch:
        broke(desk, patch, thread, channel)
        receipt = await desk.assembly.desk.receive(said(WORDS))
        await desk.assembly.desk.settle()
    again = await desk.assembly.desk.receive(said(WORDS))
    assert (again.duplicate, again.message_id) == (True, receipt.message_id)

    def look(unit: Unit) -> tuple[str, bool]:
        words = unit.session.exec(select(Message.text).where(col(Message.id) == receipt.message_id)).one()
        here = col(Conversation.id) == receipt.conversation_id
        shown = col(Conversation.triage).is_(True) | col(Conversation.wants_person_at).is_not(None)
        return words, unit.session.exec(select(Conversation.id).where(here, shown)).first() is not None

    assert await services.read(look) == (WORDS, True)
    spoil(desk, "UPDATE conversation SET state = '{}' WHERE state = '{'")


async def test_a_crowd_of_anonymous_requests_hides_no_planned_one(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """B11: 208 anonymous requests, each due before it, stood before a planned one, and the console showed 200."""
    services, victim = desk.assembly.services, next(people)
    async with desk.chat() as chat:
        ref = await ask(chat)
        await until_code(chat, victim.email)
        await desk.idle()
        await chat.say(await desk.code(victim.email))
        await desk.until_status(ref, "awaiting_approval")

    def crowd(unit: Unit) -> None:
        planned = unit.session.get_one(PrivacyRequest, ref)
        row = planned.model_dump()
        due_on = row["due_on"] - timedelta(days=300)
        planned.due_on -= timedelta(days=100)  # before what others planned here, which fill a page themselves
        unit.session.add(planned)
        row |= {"status": "received", "evidence_id": None, "contact": None, "contact_hash": None}
        row |= {"due_on": due_on, "attention": "needs_agent", "remind_on": None, "to_plan_at": None}
        unit.session.execute(insert(PrivacyRequest), [row | {"ref": f"PR-C{n:07}"} for n in range(208)])

    await services.write(crowd)
    console = await Console(desk, "lead").sign_in()
    try:
        assert ref in await console.page("queue")
        assert ref in await console.page("queue?show=open")
        assert ref in {item["request"] for item in (await desk.api("GET", "/queue"))["items"]}
    finally:
        await console.http.close()
        await services.write(
            lambda unit: unit.session.execute(
                delete(PrivacyRequest).where(col(PrivacyRequest.ref).startswith("PR-C00"))
            )
        )
