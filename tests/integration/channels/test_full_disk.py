"""Whatever fails on our side is temporary: a mail stays with its server and a chat open, also where the log has no room."""

from __future__ import annotations

import errno
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from assistant import logs
from assistant.channels.email import listener
from tests.doubles.chat_desk import MemoryChatDesk
from tests.doubles.mail_desk import MemoryMailDesk
from tests.integration.channels.test_email_listener import MAIL, connected, listening
from tests.integration.channels.test_webchat_protocol import Chat, chatting, running

FULL = OSError(errno.ENOSPC, "No space left on device")


class FullLog:
    """A log that fails whatever is said to it."""

    def __getattr__(self, _level: str) -> Any:
        raise FULL


class FullStream(io.StringIO):
    """A stream without room."""

    def write(self, _text: str) -> int:
        raise FULL

    def flush(self) -> None:
        raise FULL


@pytest.fixture
async def chat() -> AsyncIterator[tuple[MemoryChatDesk, Chat]]:
    desk = MemoryChatDesk()
    async with running(desk) as client, chatting(client) as opened:
        yield desk, opened


@pytest.mark.parametrize("failure", [FULL, RuntimeError("unforeseen"), KeyError("x"), MemoryError()])
@pytest.mark.parametrize("protocol", ["smtp", "lmtp"])
async def test_a_mail_that_cannot_be_stored_is_put_off_where_the_log_fails_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, protocol: str, failure: Exception
) -> None:
    desk = MemoryMailDesk()
    desk.failure = failure  # type: ignore[assignment]
    greeting = {"smtp": "EHLO mx.client.example", "lmtp": "LHLO mx.client.example"}[protocol]
    async with listening(tmp_path, desk, protocol=protocol) as at, connected(at, greeting) as client:
        monkeypatch.setattr(listener, "log", FullLog())
        assert (await client.send(MAIL)).startswith("451")
        desk.failure = None
        assert (await client.send(MAIL)).startswith("250")


async def test_a_chat_stays_open_whatever_failed(
    chat: tuple[MemoryChatDesk, Chat], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, opened = chat
    await opened.hello()
    receive = desk.receive

    async def fails(_incoming: object) -> None:
        raise FULL

    monkeypatch.setattr(desk, "receive", fails)
    await opened.send(type="message", client_id="a", text="x")
    error = await opened.next()
    assert (error["code"], error["client_id"]) == ("store_unavailable", "a")
    monkeypatch.setattr(desk, "receive", receive)
    await opened.send(type="message", client_id="a", text="x")
    assert (await opened.next())["type"] == "ack"


def test_a_log_without_room_raises_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    before = structlog.get_config()
    monkeypatch.setattr("sys.stderr", FullStream())
    try:
        logs.configure_logging()
        structlog.get_logger("x").error("mail.not_stored", reason="full")
    finally:
        structlog.configure(**before)
