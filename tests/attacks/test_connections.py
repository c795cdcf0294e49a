"""Connections that are opened and held: the holder reaches a limit, and others are served meanwhile."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import pytest
from aiohttp import web

from assistant.serving import bind
from assistant.web import bodies
from assistant.web.application import web_application
from assistant.web.connections import Connections, connections_of_this_machine, listening
from tests.doubles.desk_inside import DeskInside

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("attacks")]

WHOLE = b"GET /here HTTP/1.1\r\nHost: desk\r\nConnection: close\r\n\r\n"
HALF = b"GET /here HTTP/1.1\r\nHost: desk\r\nX-"
HALF_A_BODY = (
    b"POST /form HTTP/1.1\r\nHost: desk\r\nContent-Length: 100\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\n\r\na="
)
ATTACKER, HONEST = "127.0.0.2", "127.0.0.1"


@asynccontextmanager
async def small_desk(
    desk: DeskInside, *, most: int = 20, of_one: int = 5, seconds: float = 20.0
) -> AsyncIterator[tuple[int, Connections]]:
    """Serve two pages within few connections, as the desk is served within many."""
    app = web_application(desk.assembly.services)

    async def here(_: web.Request) -> web.Response:
        return web.Response(text="here")

    async def form(http_request: web.Request) -> web.Response:
        return web.json_response(dict(await bodies.form_of(http_request)))

    app.add_routes([web.get("/here", here), web.post("/form", form)])
    listener, connections = bind("127.0.0.1", 0), Connections(most, of_one)
    async with listening(app, listener, connections, seconds=seconds):
        yield listener.getsockname()[1], connections


async def held(stack: AsyncExitStack, port: int, source: str, raw: bytes) -> asyncio.StreamReader:
    """Open a connection from an address of this machine, send bytes, and keep it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
    stack.callback(writer.close)
    writer.write(raw)
    return reader


async def said(port: int, source: str, raw: bytes = WHOLE) -> bytes:
    async with AsyncExitStack() as stack:
        reader = await held(stack, port, source, raw)
        with suppress(ConnectionError):
            return await asyncio.wait_for(reader.read(), 10)
        return b""


async def test_an_address_that_holds_half_sent_requests_reaches_its_limit_and_others_are_served(
    desk: DeskInside,
) -> None:
    """B08: half-sent headers and bodies, from one address."""
    async with small_desk(desk) as (port, _), AsyncExitStack() as stack:
        for raw in (HALF, HALF_A_BODY, HALF, b"", HALF):
            await held(stack, port, ATTACKER, raw)
        await asyncio.sleep(0.05)
        assert await said(port, ATTACKER) == b""
        for _ in range(5):
            assert b"200 OK" in await said(port, HONEST)


async def test_beyond_all_connections_nobody_is_served_and_those_that_closed_count_no_more(
    desk: DeskInside,
) -> None:
    """B08: from many addresses."""
    async with small_desk(desk, most=6, of_one=2) as (port, _):
        async with AsyncExitStack() as stack:
            for last in range(3):
                for _ in range(2):
                    await held(stack, port, f"127.0.0.{last + 2}", HALF)
            await asyncio.sleep(0.05)
            assert await said(port, HONEST) == b""
        await asyncio.sleep(0.05)
        assert b"200 OK" in await said(port, HONEST)


@pytest.mark.parametrize("drip", [b"", b"a"], ids=["silent", "drop by drop"])
async def test_headers_that_do_not_arrive_end_their_connection(desk: DeskInside, drip: bytes) -> None:
    """B08: slow headers."""
    async with small_desk(desk, seconds=0.4) as (port, _), AsyncExitStack() as stack:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        stack.callback(writer.close)
        writer.write(HALF)
        async with asyncio.timeout(5):
            with suppress(ConnectionError):
                while not reader.at_eof():
                    writer.write(drip)
                    with suppress(TimeoutError):
                        assert await asyncio.wait_for(reader.read(1), 0.1) == b""


async def test_a_body_that_does_not_arrive_is_answered_408(
    desk: DeskInside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B08: slow bodies; a page says so."""
    monkeypatch.setattr(bodies, "_SECONDS", 0.3)
    async with small_desk(desk) as (port, _):
        answer = await said(port, HONEST, HALF_A_BODY)
    assert re.match(rb"HTTP/1.1 408 ", answer)
    assert b"<h1" in answer


async def test_a_process_that_may_open_few_files_leaves_some_for_the_desk_itself() -> None:
    """B08: the limit follows the system's own, and one address never has more than a quarter."""
    connections = connections_of_this_machine(behind_proxy=False)
    mine = sum(connections.enter("192.0.2.1") for _ in range(10_000))
    others = sum(connections.enter(f"198.51.100.{n % 200}") for n in range(10_000))
    assert 50 <= mine <= (mine + others) // 4
    assert mine + others <= 8_192
    by_proxy = connections_of_this_machine(behind_proxy=True)
    assert sum(by_proxy.enter("192.0.2.1") for _ in range(10_000)) == mine + others


async def test_who_leaves_in_the_middle_of_a_request_is_no_error_of_ours(desk: DeskInside) -> None:
    """B08: a client that goes away would else fill the log with failures, and drown those that are."""
    begins = len(desk.log.getvalue())
    async with small_desk(desk) as (port, _):
        for raw in (HALF, HALF_A_BODY):
            async with AsyncExitStack() as stack:
                await held(stack, port, ATTACKER, raw)
                await asyncio.sleep(0.1)
        assert await said(port, HONEST)
    told = [json.loads(line) for line in desk.log.getvalue()[begins:].splitlines()]
    assert [line for line in told if line["level"] in {"error", "critical"}] == []
    assert [line for line in told if line.get("status") == 500 or "ConnectionReset" in str(line)] == []
