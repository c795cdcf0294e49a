"""Whatever id a stranger gives what they send, it is never one of the desk's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import SQLModel, select

from assistant.casework import saying
from assistant.casework.answers import answers
from assistant.casework.requests.intake import (
    OUTSIDE,
    as_sent,
    conversation_id,
    store_incoming,
)
from assistant.casework.talk.sign_ins import take_once
from assistant.channels.webchat.frames import _CLIENT_ID
from assistant.domain.assurance import Method
from assistant.domain.messages import MESSAGES
from assistant.errors import NotVerified
from assistant.interfaces import Incoming, SignedIn
from assistant.services import Unit
from assistant.store.tables import Conversation, Message, PrivacyRequest
from tests.doubles.attacks import ERASURE
from tests.doubles.desk_inside import DeskInside

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("attacks")]

COMPLAINT = "I want to file a complaint about how you handle my personal data."
ANSWER = "We looked into your complaint and changed how we work."


class Undone(Exception):
    """Takes a unit back."""


def undone(work: Callable[[Unit], None], unit: Unit) -> None:
    """Do a unit and leave nothing of it."""
    work(unit)
    unit.session.flush()
    raise Undone


def keys_to_come(ref: str) -> list[str]:
    """Give every key under which the desk may yet say something about a request, or note it as reduced."""
    said = [f"{answers.key_of(ref)}{name}:{version}" for name in MESSAGES for version in range(12)]
    lost = [f"{what}:{number}" for what in ("lost", "reduced", "unseen") for number in range(200)]
    return [*said, *lost, f"withdrawn:{ref}", f"marketing:{ref}", f"dont_lifted:{ref}"]


def ids_ever_made(unit: Unit) -> list[str]:
    """Give every text of the desk's own tables that can be an id: what a stranger learns, guesses or steals."""
    made: set[str] = set()
    for table in SQLModel.metadata.sorted_tables:
        named = {
            column for column in table.columns if column.primary_key or column.unique or column.foreign_keys
        }
        named |= {column for column in table.columns if column.name in {"key", "external_id", "sent_as"}}
        for column in named:
            made |= {str(value) for (value,) in unit.session.execute(select(column)) if value is not None}
    return sorted(made)


async def test_an_id_that_a_visitor_takes_before_the_desk_does_keeps_no_answer_from_them(
    desk: DeskInside,
) -> None:
    """B05: a visitor who numbers their messages as the desk's next answers are numbered gets them all the same."""
    async with desk.chat() as chat:
        await chat.say(COMPLAINT)
        ref = (await chat.opened())["complaint"]
        conversation = await desk.assembly.services.read(
            lambda unit: unit.session.get_one(
                Conversation, unit.session.get_one(PrivacyRequest, ref).conversation_id
            )
        )
        ids = keys_to_come(ref) + await desk.assembly.services.read(ids_ever_made)
        assert any(_CLIENT_ID.fullmatch(ident) for ident in ids if ident.startswith(answers.key_of(ref)))

        hello = Incoming("webchat", conversation.thread, "x", "Thank you.", datetime.now(UTC))

        def taken(unit: Unit) -> None:
            for ident in ids:
                store_incoming(unit.session, conversation, replace(hello, external_id=ident), {})

        await desk.assembly.services.write(taken)
        again = await desk.assembly.desk.receive(replace(hello, external_id=f"withdrawn:{ref}"))
        assert again.duplicate

        def said(unit: Unit) -> None:
            talking = unit.session.get_one(Conversation, conversation.id)
            for key in keys_to_come(ref):
                words = saying.Utterance(text="said", key=key, language="en")
                assert saying.say_text(unit, talking, words)

        with pytest.raises(Undone):  # said, and taken back: the answers are still to come
            await desk.assembly.services.write(lambda unit: undone(said, unit))
        await desk.api("POST", f"/requests/{ref}/close", json={"text": ANSWER})
        await chat.until(lambda m: ANSWER in m["text"], "the answer")
    assert (await desk.request(ref))["status"] == "answered"


async def test_what_the_desk_says_and_what_it_hears_never_share_an_id(desk: DeskInside) -> None:
    """B05: in every channel, whatever was written until now by whoever tried to attack this desk."""
    rows = await desk.assembly.services.read(
        lambda unit: list(unit.session.exec(select(Message.sender, Message.kind, Message.external_id)))
    )
    assert rows
    outside = {
        (sender, kind, ident)
        for sender, kind, ident in rows
        if ident.startswith(OUTSIDE) != (sender == "you" and kind != "reduced")
    }
    assert not outside


async def test_a_client_gets_back_the_id_it_gave(desk: DeskInside) -> None:
    """B05: what marks an id inside is told to nobody."""
    services = desk.assembly.services
    incoming = Incoming("webchat", "a thread", "in:in:1", "Hello there.", datetime.now(UTC))
    receipt = await desk.assembly.desk.receive(incoming)
    kept = await services.read(lambda unit: unit.session.get_one(Message, receipt.message_id))
    assert kept.conversation_id == conversation_id(services, "webchat", "a thread")
    assert (kept.external_id, as_sent(kept)) == ("in:in:in:1", "in:in:1")


async def test_other_words_under_an_id_of_this_chat_are_another_message_and_flagged(desk: DeskInside) -> None:
    """B05: a client that numbers its messages anew loses no wish; the very same frame again is the same message."""
    async with desk.chat() as chat:
        ids = []
        for text in ("How much is a server?", ERASURE, ERASURE, "How much is a server?", ERASURE):
            await chat.socket.send_json({"type": "message", "text": text, "client_id": "1"})
            ack = await chat.next_frame("ack")
            assert ack["client_id"] == "1"
            ids.append(ack["id"])
        ref = (await chat.opened())["erasure"]
        thread = (await desk.request(ref))["conversation"]
    assert [ids.index(each) for each in ids] == [0, 1, 1, 0, 1]
    assert (await desk.request(ref))["attention"] == "reused_id"
    rows = await desk.assembly.services.read(
        lambda unit: list(
            unit.session.exec(
                select(Message).where(Message.conversation_id == thread, Message.sender == "you")
            )
        )
    )
    assert [(as_sent(row), row.text) for row in rows] == [("1", "How much is a server?"), ("1", ERASURE)]


async def test_a_token_of_one_site_is_never_taken_for_one_of_another(desk: DeskInside) -> None:
    """B05: two sites number their tokens each for itself; one used at the first still counts at the second, once."""
    who = SignedIn("42", "mari@client.example", "1", None, datetime.now(UTC) + timedelta(days=9000))

    async def take(method: Method) -> None:
        await desk.assembly.services.write(lambda unit: take_once(unit.session, method, who))

    for method in (Method.PAGE_TOKEN, Method.CLIENT_AREA):
        await take(method)
    for method in (Method.PAGE_TOKEN, Method.CLIENT_AREA):
        with pytest.raises(NotVerified):
            await take(method)
