"""A stranger's day: one attacker floods every way in while twenty honest people use their rights (B28)."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from tests.doubles.desk_process import Chat, DeskProcess
from tests.soak.test_kills import PEOPLE

FULL = bool(os.environ.get("FULL"))
FLOOD = (
    {"chats": 10_000, "mails": 5_000, "sign_ins": 2_000}
    if FULL
    else {"chats": 1_000, "mails": 500, "sign_ins": 200}
)
HONEST = 20
AT_ONCE = 4
ACCESS = "Please send me a copy of my personal data."


class Honest:
    """Twenty people, each at an address of their own, and how long they waited for each thing."""

    def __init__(self, desk: DeskProcess) -> None:
        self.desk = desk
        self.waited: defaultdict[str, list[float]] = defaultdict(list)
        self.done: list[str] = []

    async def all_of(self, people: list[str]) -> None:
        """Serve these people, a few at a time."""
        waiting = iter(enumerate(people))

        async def some() -> None:
            for number, email in waiting:
                await self._person(f"127.0.1.{number + 1}", email)

        await asyncio.gather(*(some() for _ in range(AT_ONCE)))

    async def _person(self, address: str, email: str) -> None:
        connector = aiohttp.TCPConnector(local_addr=(address, 0))
        async with aiohttp.ClientSession(connector=connector) as http:
            began = time.perf_counter()
            async with http.ws_connect(self.desk.facts["chat_ws"]) as socket:
                chat = Chat(socket)
                await socket.send_json({"type": "hello", "session": None, "after": None, "locale": "en"})
                await chat.next_frame("session")
                began = self._note("a chat opens", began)
                await chat.say("How much is a server with 8 GB of memory?")
                await chat.until(lambda m: m["from"] == "assistant")
                began = self._note("a question is answered", began)
                await chat.say(ACCESS)
                ref = next(iter((await chat.opened()).values()))
                began = self._note("a request is opened", began)
                await chat.asked("email")
                await chat.say(email)
                await chat.asked("code")
                began = self._note("a code is asked for", began)
                code = await self.desk.code(email)
                began = self._note("a code arrives", began)
                await chat.say(code)
                await chat.until(lambda m: ref in m["text"] and m["expects"] is None)
                began = self._note("a code is accepted", began)
            await self.desk.plan(ref)
            began = self._note("a plan stands in the queue", began)
            await self.desk.approve(ref)
            await self.desk.until_status(ref, "answered")
            self._note("it is answered", began)
            self.done.append(ref)

    def _note(self, what: str, began: float) -> float:
        now = time.perf_counter()
        self.waited[what].append(now - began)
        return now


@asynccontextmanager
async def flooding(desk: DeskProcess) -> AsyncIterator[asyncio.subprocess.Process]:
    """Have the attacker at work while the context is open."""
    command = [sys.executable, "-m", "tests.doubles.flooding", json.dumps(desk.facts), json.dumps(FLOOD)]
    attacker = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    try:
        yield attacker
    finally:
        if attacker.returncode is None:
            attacker.send_signal(signal.SIGTERM)
        await attacker.wait()


@pytest.mark.asyncio
@pytest.mark.timeout(3600)
async def test_all_that_honest_people_began_is_done_while_a_stranger_floods(
    tmp_path: Path,
) -> None:
    """B28: all that honest people began is done; how much longer each thing took is printed, for no test judges times."""
    desk = await DeskProcess.start(tmp_path / "desk", "--no-hold")
    try:
        people = [email for (email,) in desk.query(PEOPLE)]
        quiet, beside = Honest(desk), Honest(desk)
        await quiet.all_of(people[:HONEST])
        async with flooding(desk) as attacker:
            await asyncio.sleep(2)  # until the flood has come in: the attacker's start is not the desk's
            for start in range(HONEST, len(people) - HONEST + 1, HONEST):
                await beside.all_of(people[start : start + HONEST])
                if attacker.returncode is not None:
                    break
            said, _ = await attacker.communicate()
            did = json.loads(said)
        table = {
            what: (statistics.median(times), statistics.median(beside.waited[what]))
            for what, times in quiet.waited.items()
        }
        sys.stdout.write(f"{did} {len(beside.done)} honest people\n")
        for what, (alone, flooded) in table.items():
            line = f"{what:<28} {alone:7.3f} s quiet {flooded:7.3f} s beside {flooded / alone:6.2f}x"
            sys.stdout.write(f"{line}\n")
        assert len(quiet.done) == HONEST
        assert len(beside.done) == len(beside.waited["a chat opens"]) >= HONEST
        assert await _alive(desk), "the desk is alive afterwards"
    finally:
        await desk.stop()


async def _alive(desk: DeskProcess) -> bool:
    async with desk.http.get(f"{desk.url}/healthz") as answer:
        return answer.status == 200
