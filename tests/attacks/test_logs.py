"""B25: whatever breaks, and whoever tells of it, the log says which kind and where, and nothing of what was sent."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import text

from assistant.casework.requests import queue
from tests.doubles.attacks import ACCESS
from tests.doubles.desk_inside import DeskInside

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("attacks")]
CANARY = "Xanthippekanari"
PHONE = "+372 5555 0199"
HERE = "203.0.113.77"
LIBRARIES = ("aiohttp.server", "aiohttp.web", "asyncio", "sqlalchemy.engine", "sqlalchemy.pool", "apscheduler",
             "imapclient", "httpx", "alembic", "some.library.of.tomorrow")  # fmt: skip
CLOSED = (OSError, asyncio.IncompleteReadError)


@pytest_asyncio.fixture(loop_scope="session")
async def since(desk: DeskInside) -> AsyncIterator[Any]:
    """Give what was logged from now on, and hold it against the canaries at the end."""
    begins = len(desk.log.getvalue())
    yield lambda: desk.log.getvalue()[begins:]
    told = desk.log.getvalue()[begins:]
    for word in (CANARY.lower(), HERE, "5555 0199", "canary.example", "traceback"):
        assert word not in told.lower()
    for line in told.splitlines():
        assert json.loads(line)["event"]


def broken() -> Exception:
    """Make an error as libraries raise them: values in its words, in its cause and in the frames."""
    try:
        _fail(f"{CANARY} {PHONE} {HERE}")
    except RuntimeError as error:
        return error
    raise AssertionError


def _fail(secret: str) -> None:
    try:
        int(secret)
    except ValueError as error:
        raise RuntimeError(f"{secret} broke it") from error


@pytest.mark.parametrize("name", LIBRARIES)
async def test_what_a_library_says_is_told_by_its_statement_alone(since: Any, name: str) -> None:
    logger = logging.getLogger(name)
    logger.error("Error handling request from %s: %r", HERE, CANARY)
    logger.warning(f"{CANARY} wrote from {HERE}")  # noqa: G004 - as libraries do
    logger.error("failed", exc_info=broken(), stack_info=True, extra={"who": CANARY})
    told = [json.loads(line) for line in since().splitlines()]
    assert [row["event"] for row in told] == ["library.said"] * 3
    assert {row["logger"] for row in told} == {name}
    assert told[0]["where"].startswith("test_logs.py:")
    assert told[2]["error"] == "RuntimeError"
    assert told[2]["because_of"] == ["ValueError"]


async def test_what_breaks_inside_the_desk_is_told_by_kind(
    desk: DeskInside, since: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any, **__: Any) -> Any:
        raise broken()

    with monkeypatch.context() as patch:
        patch.setattr(queue, "waiting_page", fails)
        status, problem = await desk.api_status("GET", "/queue")
        assert status == 500
        assert CANARY not in str(problem)
    asyncio.get_running_loop().call_exception_handler({"message": CANARY, "exception": broken()})
    task = asyncio.get_running_loop().create_task(_breaks())
    await asyncio.wait([task])
    del task
    await desk.raw_mail(
        f"From: {CANARY} <x@canary.example>\r\nContent-Type: multipart/mixed\r\n\r\n{ACCESS}".encode()
    )
    assert since().count('"error": "RuntimeError"') >= 2


async def _breaks() -> None:
    raise broken()


async def test_a_statement_of_the_database_that_fails_tells_none_of_its_values(desk: DeskInside) -> None:
    statement = text("INSERT INTO nowhere (name) VALUES (:name)")
    with pytest.raises(Exception, match="nowhere") as caught:
        await desk.assembly.services.read(
            lambda unit: unit.session.connection().execute(statement, {"name": CANARY})
        )
    assert CANARY not in str(caught.value)


REQUESTS = (
    b"GARBAGE %s\r\n\r\n",
    b"GET /%s HTTP/9.9\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: %s\r\nBroken %s\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\n%s: \x00\r\n\r\n",
    b"POST /api/v1/requests HTTP/1.1\r\nHost: a\r\nContent-Length: nine%s\r\n\r\n",
    b"POST /verify/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz%s\r\n",
    b"GET /console HTTP/1.1\r\nHost: a\r\nCookie: %s=\xff\xfe\r\nX-Forwarded-For: 203.0.113.77\r\n\r\n",
    b"GET /api/v1/requests HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\n\r\n",
    b"POST /hooks/telegram HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\n{%s",
    b"\x16\x03\x01%s\r\n\r\n",
)


async def test_bytes_that_no_server_reads_are_in_no_log(desk: DeskInside, since: Any) -> None:
    host, port = desk.url.removeprefix("http://").split(":")
    for request in REQUESTS:
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(request.replace(b"%s", CANARY.encode()))
        writer.write_eof()
        with suppress(*CLOSED):
            await asyncio.wait_for(reader.read(), 5)
        writer.close()
    mail = desk.facts["mail_in"]
    reader, writer = await asyncio.open_connection(mail["host"], mail["port"])
    for line in (
        b"EHLO %s",
        b"MAIL FROM:<%s@canary.example> SIZE=x",
        b"RCPT TO:<\xff%s>",
        b"%s " * 400,
        b"DATA",
    ):
        writer.write(line.replace(b"%s", CANARY.encode()) + b"\r\n")
    writer.write_eof()
    await asyncio.wait_for(reader.read(), 10)
    writer.close()
    assert CANARY not in since()
