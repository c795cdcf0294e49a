"""Mails and mail sessions made to stop the desk: read in part, kept whole, and nobody else waits for them."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from sqlmodel import col, select

from assistant.casework.answers.originals import original_of
from assistant.casework.requests.intake import OUTSIDE
from assistant.channels.email import listener
from assistant.store.keyring import mail_name, sender_hash
from assistant.store.tables import Conversation, Message
from tests.doubles.attacks import ACCESS, stranger
from tests.doubles.bombs import BOMBS

if TYPE_CHECKING:
    from tests.doubles.desk_inside import DeskInside

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("attacks")]

WORST = ("90 open dashes", "parts", "boundary lines", "part headers", "html &#")
SIZE = 1_000_000


def small(sender: str) -> bytes:
    head = (
        f"From: {sender}\r\nTo: privacy@kuusik-lierre.example\r\nSubject: Me\r\nMessage-ID: <1-{sender}>\r\n"
    )
    return f"{head}\r\n{ACCESS}\r\n".encode()


async def test_mails_that_cost_too_much_are_kept_whole_for_a_person_and_no_other_mail_waits_for_them(
    desk: DeskInside,
) -> None:
    """B10: boundary lines, parts and headers without number, a number no character has."""
    bombs = [BOMBS[kind](SIZE) + b"\r\n" for kind in WORST]
    honest, before = stranger(), await desk.refs()
    with ThreadPoolExecutor(len(bombs)) as senders:  # beside the threads in which the desk reads
        loop = asyncio.get_running_loop()
        sending = [loop.run_in_executor(senders, desk.send_raw, bomb) for bomb in bombs]
        await desk.raw_mail(small(honest), honest)
        assert not all(task.done() for task in sending), "a small mail overtakes the large ones"
        await asyncio.gather(*sending)

    assert await desk.opened_by(before)
    services = desk.assembly.services
    name = f"{OUTSIDE}{mail_name(services.keyring, '<1@client.example>')} "
    query = select(Message.id, Message.headers).where(col(Message.external_id).startswith(name))
    kept = await services.read(lambda unit: list(unit.session.exec(query)))
    originals = [await original_of(services, ident or 0) for ident, _ in kept]
    assert set(originals) == set(bombs)
    told = {original: headers for original, (_, headers) in zip(originals, kept, strict=True)}
    assert all("in_part" in told[bomb] for bomb in bombs[:3])
    waiting = select(Conversation).where(
        col(Conversation.hint_hash) == sender_hash(services.keyring, "a@client.example")
    )
    talks = await services.read(lambda unit: list(unit.session.exec(waiting)))
    assert any(talk.triage for talk in talks), "a person sees what was read in part"


async def test_sessions_that_bring_no_mail_make_room_for_one_that_does(
    desk: DeskInside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B08: idle ones, and ones that stop in the middle of a mail."""
    monkeypatch.setattr(listener, "_AT_LEAST", 0.0)
    at = desk.facts["mail_in"]["host"], desk.facts["mail_in"]["port"]
    opened = [await asyncio.open_connection(*at) for _ in range(50)]
    for number, (reader, writer) in enumerate(opened):
        assert (await reader.readline()).startswith(b"220")
        if number % 2:
            writer.write(
                b"EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<privacy@kuusik-lierre.example>\r\nDATA\r\nhalf"
            )
    honest, before = stranger(), await desk.refs()
    await desk.raw_mail(small(honest), honest)
    assert await desk.opened_by(before)
    for _, writer in opened:
        writer.close()
