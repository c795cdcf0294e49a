"""What no program can read: kept sealed, shown to an agent, its sender told; what an agent takes out is on record."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from email.message import EmailMessage
from itertools import count
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlmodel import col, select

from assistant.channels.email.channel import EmailChannel
from assistant.channels.email.parsing import TooLarge
from assistant.services import Unit
from assistant.store.queries import messages_of
from assistant.store.tables import Conversation, Message, Outbox
from tests.doubles.console_browser import Console
from tests.doubles.desk_inside import DeskInside, desk_inside
from tests.doubles.desk_process import eventually
from tests.doubles.mail_desk import MAILS

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("unread")]

SCAN = b"%PDF-1.7 an invented letter of Jeanne Moulin \x00\xff" * 30
DESK = "privacy@kuusik-lierre.example"
SUPPORT = "support@kuusik-lierre.example"
_numbers = count(1)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskInside]:
    async with desk_inside(tmp_path_factory.mktemp("unread")) as opened:
        yield opened


@pytest.fixture
def sender() -> str:
    return f"writer{next(_numbers)}@mail.example"


def with_scan(sender: str, text: str = "", subject: str = "Demande", to: str = DESK) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message["Message-ID"] = f"<scan-{sender}>"
    message.set_content(text)
    message.add_attachment(SCAN, maintype="application", subtype="pdf", filename="lettre.pdf")
    message.set_boundary("=-fixed-=")
    return message.as_bytes()


def sample(name: str, sender: str) -> bytes:
    raw = (MAILS / f"{name}.eml").read_bytes()
    raw = re.sub(rb"(?m)^From: .*$", b"From: " + sender.encode(), raw)
    raw = re.sub(rb"(?m)^To: .*$", b"To: " + DESK.encode(), raw)
    return re.sub(rb"(?m)^Message-ID: .*$", b"Message-ID: <x-" + sender.encode() + b">", raw)


def channel_of(desk: DeskInside) -> EmailChannel:
    channel = desk.assembly.channels["email"]
    assert isinstance(channel, EmailChannel)
    return channel


async def message_of(desk: DeskInside, sender: str) -> tuple[Message, Conversation]:
    async def look() -> tuple[Message, Conversation] | None:
        return await desk.assembly.services.read(find)

    def find(unit: Unit) -> tuple[Message, Conversation] | None:
        query = (
            select(Message, Conversation)
            .join(Conversation, col(Conversation.id) == col(Message.conversation_id))
            .where(col(Message.sender) == "you")
        )
        return next(((m, c) for m, c in unit.session.exec(query) if c.subject_hint == sender), None)

    return await eventually(look, f"the mail of {sender}")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def agent(desk: DeskInside) -> AsyncIterator[Console]:
    console = await Console(desk, "agent").sign_in()
    yield console
    await console.http.close()


@pytest.mark.parametrize("name", ["attachment_only", "pgp_encrypted", "smime_encrypted", "opaque_signed"])
async def test_a_mail_without_readable_words_waits_for_an_agent_and_its_sender_is_told(
    desk: DeskInside, sender: str, name: str
) -> None:
    await desk.raw_mail(sample(name, sender), sender)
    message, conversation = await message_of(desk, sender)
    assert conversation.triage
    told = await desk.mail(sender, "A person will read")
    assert "counts from the day we received it" in " ".join(told.get_content().split())
    await desk.idle()
    assert len(desk.mails(sender)) == 1
    assert not [m for m in desk.mails(SUPPORT) if sender in str(m["from"])], "an agent reads it first"
    assert message.attachments


async def test_a_french_subject_is_answered_in_french_and_guessed_from(desk: DeskInside, sender: str) -> None:
    await desk.raw_mail(with_scan(sender, subject="Suppression de toutes mes données personnelles"), sender)
    told = await desk.mail(sender, "Une personne va lire")
    assert "Vous n’avez rien à renvoyer" in told.get_content()
    message, conversation = await message_of(desk, sender)
    assert conversation.triage
    assert [intent["name"] for intent in message.reading["intents"]][:1] == ["erasure"]


async def test_a_signature_beside_a_file_is_no_wish_and_a_machine_is_not_answered(
    desk: DeskInside, sender: str
) -> None:
    raw = with_scan(sender, "-- \nJeanne Moulin\nsent from my phone", subject="Hello")
    await desk.raw_mail(b"Auto-Submitted: auto-generated\r\n" + raw, sender)
    _, conversation = await message_of(desk, sender)
    assert conversation.triage
    await desk.idle()
    assert desk.mails(sender) == []


async def test_words_beside_a_file_are_read_as_ever(desk: DeskInside, sender: str) -> None:
    before = await desk.refs()
    await desk.raw_mail(with_scan(sender, "Bonjour, supprimez toutes mes données, merci."), sender)
    (ref,) = await desk.opened_by(before)
    assert (await desk.request(ref))["right"] == "erasure"


async def test_what_comes_to_a_general_mailbox_is_supports_with_its_files_and_unchanged(
    desk: DeskInside, sender: str
) -> None:
    raw = with_scan(sender, to="sales@kuusik-lierre.example")
    await channel_of(desk).take(desk.assembly.desk, raw)
    _, conversation = await message_of(desk, sender)
    assert not conversation.triage

    async def relayed() -> bytes | None:
        files = desk.demo.mailbox_dir.glob("*.eml")
        return next(
            (c for f in files if sender.encode() in (c := f.read_bytes()) and b"Resent-To" in c), None
        )

    assert raw in await eventually(relayed, "the mail to support")
    assert desk.mails(sender) == []


async def test_nothing_of_a_mail_and_its_files_lies_open_in_the_database(
    desk: DeskInside, sender: str
) -> None:
    await desk.raw_mail(with_scan(sender), sender)
    message, talk = await message_of(desk, sender)
    assert message.raw is not None
    rows = [
        *await lying_open(desk, "SELECT * FROM message WHERE id = :it", message.id),
        *await lying_open(desk, "SELECT * FROM conversation WHERE id = :it", talk.id),
        *await lying_open(desk, "SELECT * FROM outbox WHERE conversation_id = :it", talk.id),
    ]
    assert len(rows) > 2
    for word in ("Jeanne", sender, "JVBERi0", "lettre.pdf", "mail.example"):
        assert word not in repr(rows)


async def lying_open(desk: DeskInside, sql: str, it: object) -> list[tuple[Any, ...]]:
    """Give rows as the disk has them."""
    return await desk.assembly.services.read(
        lambda unit: [tuple(row) for row in unit.session.connection().execute(text(sql), {"it": it})]
    )


async def test_an_agent_saves_a_file_and_that_is_on_record(
    desk: DeskInside, agent: Console, sender: str
) -> None:
    await desk.raw_mail(with_scan(sender), sender)
    message, conversation = await message_of(desk, sender)
    page = await agent.page("triage")
    assert "lettre.pdf" in page
    assert "application/pdf, 2 kB" in page
    status, content, headers = await agent.post(f"messages/{message.id}/files/0")
    assert (status, content) == (200, SCAN)
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["Content-Disposition"].startswith('attachment; filename="lettre.pdf"')
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"
    whole = await agent.post(f"messages/{message.id}/files/original")
    assert with_scan(sender) in whole[1]
    noted = await desk.own_audit("file_opened")
    assert [(e["actor"], e["data"]["message"], e["data"]["file"]) for e in noted][-2:] == [
        (f"agent:{agent.name}", message.id, "0"),
        (f"agent:{agent.name}", message.id, "original"),
    ]
    assert "lettre" not in str(noted)
    assert "lettre.pdf" in await agent.page(f"conversations/{conversation.id}")


async def test_nobody_saves_a_file_without_role_and_form_and_no_other_file_is_reached(
    desk: DeskInside, agent: Console, sender: str
) -> None:
    await desk.raw_mail(with_scan(sender), sender)
    message, _ = await message_of(desk, sender)
    await agent.page("triage")
    for which in ("1", "99999", "-1", "x", "0%2F..%2Foriginal", "٠"):
        assert (await agent.post(f"messages/{message.id}/files/{which}"))[0] == 404
    for ident in ("0", "999999", "x", "9" * 40):
        assert (await agent.post(f"messages/{ident}/files/0"))[0] == 404
    assert (await agent.post(f"messages/{message.id}/files/0", csrf="wrong"))[0] == 403
    auditor = await Console(desk, "auditor").sign_in()
    async with auditor.http:
        page = await auditor.page("triage")
        assert "lettre.pdf" in page
        assert "/files/0" not in page
        await auditor.page("settings")
        assert (await auditor.post(f"messages/{message.id}/files/0"))[0] == 403


async def test_an_agents_key_makes_it_a_request_as_of_its_receipt(
    desk: DeskInside, agent: Console, sender: str
) -> None:
    before = await desk.refs()
    arrived_at = desk.clock.now() - timedelta(days=2)
    await channel_of(desk).take(desk.assembly.desk, with_scan(sender), arrived_at=arrived_at)
    message, conversation = await message_of(desk, sender)
    assert message.at == arrived_at
    await agent.page("triage")
    await agent.post(f"triage/{conversation.id}", right="access")
    (ref,) = await desk.opened_by(before)
    request = await desk.request(ref)
    assert request["received_at"][:19] == message.at.isoformat()[:19]
    assert ref in (await desk.mail(sender, ref)).get_content()


async def test_no_request_goes_to_support_whole_and_only_then(
    desk: DeskInside, agent: Console, sender: str
) -> None:
    await desk.raw_mail(with_scan(sender), sender)
    _, conversation = await message_of(desk, sender)
    await agent.page("triage")
    await agent.post(f"triage/{conversation.id}", right="none")
    await desk.idle()
    kinds = await desk.assembly.services.read(
        lambda unit: unit.session.exec(
            select(Outbox.kind, Outbox.state).where(col(Outbox.raw_message_id).is_not(None))
        ).all()
    )
    assert ("relay", "done") in kinds
    files = [file.read_bytes() for file in desk.demo.mailbox_dir.glob("*.eml")]
    assert [c for c in files if b"Resent-To: " + SUPPORT.encode() in c and sender.encode() in c]


async def test_a_file_in_the_thread_of_an_open_request_calls_the_agent_there(
    desk: DeskInside, sender: str
) -> None:
    before = await desk.refs()
    await desk.raw_mail(
        f"From: {sender}\r\nTo: {DESK}\r\nSubject: Erasure\r\nMessage-ID: <1-{sender}>\r\n\r\n"
        "Please delete all my personal data.\r\n".encode(),
        sender,
    )
    (ref,) = await desk.opened_by(before)
    first = await desk.mail(sender, ref)
    reply = (
        b"In-Reply-To: "
        + str(first["message-id"]).encode()
        + b"\r\n"
        + with_scan(sender, subject="Re: Erasure")
    )
    await desk.raw_mail(reply, sender)

    async def flagged() -> bool | None:
        return (await desk.request(ref))["attention"] is not None or None

    await eventually(flagged, "attention on the request")
    assert (await desk.request(ref))["attention"] == "unread_mail"
    assert (await desk.mail(sender, "A person will read"))["to"] == sender


async def test_a_later_word_in_the_thread_takes_nothing_out_of_doubt_and_the_first_receipt_counts(
    desk: DeskInside, agent: Console, sender: str
) -> None:
    before = await desk.refs()
    arrived_at = desk.clock.now() - timedelta(days=9)
    await channel_of(desk).take(desk.assembly.desk, with_scan(sender), arrived_at=arrived_at)
    told = await desk.mail(sender, "Une personne va lire")
    head = f"From: {sender}\r\nTo: {DESK}\r\nSubject: Re: x\r\nMessage-ID: <2-{sender}>\r\n"
    answers = f"In-Reply-To: {told['message-id']}\r\n\r\nThanks, have a nice day.\r\n"
    await desk.raw_mail(f"{head}{answers}".encode(), sender)
    message, conversation = await message_of(desk, sender)

    async def both() -> bool | None:
        rows = await desk.assembly.services.read(lambda unit: messages_of(unit.session, conversation.id))
        return len([row for row in rows if row.sender == "you"]) == 2 or None

    await eventually(both, "the second mail in the same talk")
    assert (await message_of(desk, sender))[1].triage
    assert f"/console/messages/{message.id}/files/0" in await agent.page("triage")
    await agent.post(f"triage/{conversation.id}", right="access")
    (ref,) = await desk.opened_by(before)
    assert (await desk.request(ref))["received_at"][:19] == arrived_at.isoformat()[:19]
    assert not (await message_of(desk, sender))[1].triage
    assert "agent:" in str(await desk.own_audit("triage_opened"))


async def test_a_mail_over_the_limit_is_refused_whichever_way_it_comes(desk: DeskInside, sender: str) -> None:
    with pytest.raises(TooLarge, match=r"larger than 25 MB"):
        await channel_of(desk).take(desk.assembly.desk, with_scan(sender) + b"x" * 25_000_000)


async def test_what_a_person_writes_after_their_case_is_closed_is_read_by_somebody(
    desk: DeskInside, sender: str
) -> None:
    before = await desk.refs()
    head = f"From: {sender}\r\nTo: {DESK}\r\nSubject: Marketing\r\n"
    wish = "Please stop sending me marketing mails."
    await desk.raw_mail(f"{head}Message-ID: <1-{sender}>\r\n\r\n{wish}\r\n".encode(), sender)
    (ref,) = await desk.opened_by(before)
    await desk.until_status(ref, "answered")
    receipt = await desk.mail(sender, ref)
    reply = f"{head}Message-ID: <2-{sender}>\r\nIn-Reply-To: {receipt['message-id']}\r\n\r\nMy site is still down.\r\n"
    await desk.raw_mail(reply.encode(), sender)

    async def relayed() -> bytes | None:
        files = [file.read_bytes() for file in desk.demo.mailbox_dir.glob("*.eml")]
        return next((c for c in files if b"Resent-To" in c and b"My site is still down." in c), None)

    assert sender.encode() in await eventually(relayed, "the mail to support")


@pytest.mark.parametrize(
    ("words", "is_shown"),
    [
        ("The link is dead, please send it again.", True),
        ("Le lien ne marche plus, pouvez-vous me le renvoyer ?", True),
        ("My site is slow again.", False),
    ],
)
async def test_who_misses_what_a_closed_case_was_answered_with_reaches_an_agent(
    desk: DeskInside, sender: str, words: str, *, is_shown: bool
) -> None:
    """Support gets it as ever, and cannot send it again."""
    before = await desk.refs()
    head = (
        f"From: {sender}\r\nTo: {DESK}\r\nSubject: Marketing\r\nContent-Type: text/plain; charset=utf-8\r\n"
    )
    await desk.raw_mail(
        f"{head}Message-ID: <1-{sender}>\r\n\r\nStop the marketing mails.\r\n".encode(), sender
    )
    (ref,) = await desk.opened_by(before)
    await desk.until_status(ref, "answered")
    receipt = await desk.mail(sender, ref)
    answers = f"Message-ID: <2-{sender}>\r\nIn-Reply-To: {receipt['message-id']}\r\n\r\n{words}\r\n"
    await desk.raw_mail(f"{head}{answers}".encode(), sender)
    await desk.idle()
    assert (await message_of(desk, sender))[1].triage is is_shown
