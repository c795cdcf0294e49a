"""A stranger's day: one attacker floods every way in while honest people use their rights, and how long those wait."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import aiohttp

from tests.doubles.desk_process import Chat, DeskProcess, eventually
from tests.soak.test_kills import PEOPLE

HONEST = 20
AT_ONCE = 4
EVERY = 0.2  # seconds: who looks more often is a load of their own
ACCESS = "Please send me a copy of my personal data."
A_DAY = {"chats": 1_000, "mails": 500, "sign_ins": 200}


class Honest:
    """Twenty people, each at an address of their own, and how long they waited for each thing."""

    def __init__(self, desk: DeskProcess) -> None:
        self.desk = desk
        self.waited: defaultdict[str, list[float]] = defaultdict(list)
        self.done: list[str] = []
        self._seen: set[str] = set()  # names of letters
        self._codes: dict[str, list[str]] = {}

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
            self._codes[email.casefold()] = []
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
                code = await eventually(lambda: self._code(email), "a code", EVERY)
                began = self._note("a code arrives", began)
                await chat.say(code)
                await chat.until(lambda m: ref in m["text"] and m["expects"] is None)
                began = self._note("a code is accepted", began)
            item = await eventually(lambda: self._plan(ref), "a plan", EVERY)
            began = self._note("a plan stands in the queue", began)
            await self.desk.api("POST", f"/queue/{item['id']}/approve", json={"plan_hash": item["plan_hash"]})
            await eventually(lambda: self._is_answered(ref), "an answer", EVERY)
            self._note("it is answered", began)
            self.done.append(ref)

    async def _code(self, email: str) -> str | None:
        """Read what came to somebody's own mailbox: who waits for a letter reads none of the flood's."""
        with os.scandir(self.desk.facts["mailbox_dir"]) as folder:
            fresh = [
                Path(file) for file in folder if file.name.endswith(".eml") and file.name not in self._seen
            ]
        for file in fresh:
            self._seen.add(file.name)
            raw = file.read_bytes()
            to = re.search(rb"^Delivered-To: (\S+)", raw, re.MULTILINE)
            if to and to[1].decode().casefold() in self._codes:
                letter = message_from_bytes(raw, policy=default).get_content()
                self._codes[to[1].decode().casefold()] += re.findall(r"^\s*(\d{8})\s*$", letter, re.MULTILINE)
        return next(iter(self._codes[email.casefold()]), None)

    async def _plan(self, ref: str) -> dict[str, Any] | None:
        items = (await self.desk.api("GET", "/queue"))["items"]
        return next((item for item in items if item["request"] == ref), None)

    async def _is_answered(self, ref: str) -> bool | None:
        return (await self.desk.request(ref))["status"] == "answered" or None

    def _note(self, what: str, began: float) -> float:
        now = time.perf_counter()
        self.waited[what].append(now - began)
        return now


@asynccontextmanager
async def flooding(desk: DeskProcess, numbers: dict[str, int]) -> AsyncIterator[asyncio.subprocess.Process]:
    """Have the attacker at work while the context is open."""
    command = [sys.executable, "-m", "tests.doubles.flooding", json.dumps(desk.facts), json.dumps(numbers)]
    attacker = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    try:
        yield attacker
    finally:
        if attacker.returncode is None:
            attacker.send_signal(signal.SIGTERM)
        await attacker.wait()


@dataclass(frozen=True, slots=True)
class Day:
    """What the attacker did, and the same of honest people on the quiet desk and beside that."""

    did: dict[str, int]
    quiet: Honest
    beside: Honest

    def waits(self) -> dict[str, tuple[float, float]]:
        """Give the median seconds that each thing took, quiet and beside."""
        return {
            what: (statistics.median(times), statistics.median(self.beside.waited[what]))
            for what, times in self.quiet.waited.items()
        }


async def strangers_day(desk: DeskProcess, numbers: dict[str, int]) -> Day:
    """Have twenty people served alone, half before the flood and half after, and twenty at a time beside it.

    What else the machine is at changes within minutes: before and after, it is in both figures.
    """
    people = [email for (email,) in desk.query(PEOPLE)]
    quiet, beside = Honest(desk), Honest(desk)
    await quiet.all_of(people[: HONEST // 2])
    async with flooding(desk, numbers) as attacker:
        await asyncio.sleep(2)  # until the flood has come in: the attacker's start is not the desk's
        for start in range(HONEST, len(people) - HONEST + 1, HONEST):
            await beside.all_of(people[start : start + HONEST])
            if attacker.returncode is not None:
                break
        said, _ = await attacker.communicate()
    await quiet.all_of(people[HONEST // 2 : HONEST])
    return Day(json.loads(said), quiet, beside)


def table_of(day: Day) -> str:
    """Give a line for each thing that people wait for."""
    lines = [f"{day.did} {len(day.beside.done)} honest people"]
    lines += [
        f"{what:<28} {alone:7.3f} s quiet {flooded:7.3f} s beside {flooded / alone:6.2f}x"
        for what, (alone, flooded) in day.waits().items()
    ]
    return "\n".join(lines)
