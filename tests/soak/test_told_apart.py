"""Known and unknown, side by side, wherever a stranger may ask: the time and the words tell nothing (B29, A15 to A17)."""

from __future__ import annotations

import asyncio
import math
import os
import random
import smtplib
import sys
import time
import uuid
from bisect import bisect_left, bisect_right
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.doubles.attacks import plain
from tests.doubles.desk_process import Chat, DeskProcess
from tests.doubles.journeys import type_code

pytestmark = pytest.mark.quiet

FULL = bool(os.environ.get("FULL"))
EACH = 500 if FULL else 150
OFF = 0.05  # from the half of the area, or what chance makes of equals
PLANTED = 0.005  # seconds: a difference that the same measure must see
SEED = 20261128
ACCESS = "Please send me a copy of all the personal data you hold about me."
WARM = 12  # asked before anything is measured: what Python compiles at its first run tells nobody apart
ROUNDS = 6  # at most, where the machine is too restless for what is planted to be seen in one
ROUNDS_WITH_CODES = 3  # codes to one mailbox are few

Ask = Callable[[str, str], Awaitable[str]]  # (name, own address on the network) -> what was seen


@dataclass
class Seen:
    """What came of asking about the known and about the unknown."""

    took: dict[bool, list[float]] = field(default_factory=lambda: {True: [], False: []})
    words: dict[bool, set[str]] = field(default_factory=lambda: {True: set(), False: set()})

    @property
    def area(self) -> float:
        return area_under_curve(self.took[True], self.took[False])

    @property
    def planted(self) -> float:
        return area_under_curve([t + PLANTED for t in self.took[True]], self.took[False])

    @property
    def off(self) -> float:
        return allowed(min(len(self.took[True]), len(self.took[False])))

    @property
    def is_told_apart(self) -> bool:
        return abs(self.area - 0.5) > self.off

    @property
    def is_coarse(self) -> bool:
        """Tell whether what is planted moves the area by no more than chance may: then nothing smaller was looked for."""
        return self.planted - self.area <= self.off

    def __str__(self) -> str:
        each = len(self.took[True])
        return f"area {self.area:.3f} (off by {self.off:.3f} at most), with 5 ms planted {self.planted:.3f}, {each} each"


def _in_turn(names: Sequence[str], n: int, each: int) -> Sequence[str]:
    """Give the names of a round; who was asked about once is asked about again last, for codes to one mailbox are few."""
    begin = n * each % len(names)
    return [*names[begin:], *names[:begin]][:each]


def area_under_curve(one: Sequence[float], other: Sequence[float]) -> float:
    """Give how often one of the first takes longer than one of the second: 0.5 where nothing tells them apart."""
    ranked = sorted(other)
    wins = sum(bisect_left(ranked, t) + bisect_right(ranked, t) for t in one)
    return wins / (2 * len(one) * len(ranked))


def allowed(each: int) -> float:
    """Give how far the area may lie from the half: four deviations of what chance makes of so many equals."""
    return max(OFF, 4 * math.sqrt((2 * each + 1) / (12 * each * each)))


class Stranger:
    """Asks about names in every way there is; each question comes from another address of the network."""

    def __init__(self, desk: DeskProcess) -> None:
        self.desk, self.asked = desk, 0

    async def compare(self, ask: Ask, known: Sequence[str], unknown: Sequence[str], each: int) -> Seen:
        """Ask about both, over and over until what is planted would be seen; chance is given a second look."""
        seen = await self._asked_until_fine(ask, known, unknown, each, SEED)
        if seen.is_told_apart and seen.words[True] == seen.words[False]:
            return await self._asked_until_fine(ask, known, unknown, each, SEED + ROUNDS)
        return seen

    async def _asked_until_fine(
        self, ask: Ask, known: Sequence[str], unknown: Sequence[str], each: int, seed: int
    ) -> Seen:
        seen = Seen()
        takes_codes = ask in {self.by_chat, self.by_number, self.by_wrong_code}
        for n in range(ROUNDS_WITH_CODES if takes_codes else ROUNDS):
            await self._ask_each(ask, _in_turn(known, n, each), _in_turn(unknown, n, each), seed + n, seen)
            if not seen.is_coarse:
                break
        return seen

    async def _ask_each(
        self, ask: Ask, known: Sequence[str], unknown: Sequence[str], seed: int, seen: Seen
    ) -> None:
        """Ask about both in a random order and note how long each answer took."""
        order = [(name, True) for name in known] + [(name, False) for name in unknown]
        random.Random(seed).shuffle(order)
        for count, (name, is_known) in enumerate(order):
            self.asked += 1
            words, took = await self._timed(ask, name)
            if count >= WARM:
                seen.took[is_known].append(took)
            seen.words[is_known].add(plain(words, name))

    async def _timed(self, ask: Ask, name: str) -> tuple[str, float]:
        address = f"127.1.{self.asked // 250}.{self.asked % 250 + 1}"
        words = await ask(name, address)
        return words, self.took

    @asynccontextmanager
    async def _from(self, address: str) -> AsyncIterator[aiohttp.ClientSession]:
        connector = aiohttp.TCPConnector(local_addr=(address, 0))
        async with aiohttp.ClientSession(connector=connector) as http:
            yield http

    async def by_chat(self, name: str, address: str) -> str:
        """Claim to be somebody in a chat, up to the question for a code."""
        async with self._from(address) as http, http.ws_connect(self.desk.facts["chat_ws"]) as socket:
            chat = Chat(socket)
            await socket.send_json({"type": "hello", "session": None, "after": None, "locale": "en"})
            await chat.next_frame("session")
            await chat.say(ACCESS)
            await chat.asked("email")
            began, heard = time.perf_counter(), len(chat.frames)
            await chat.say(name)
            await chat.asked("code")
            self.took = time.perf_counter() - began
            return str([{**frame, "id": 0, "client_id": 0} for frame in chat.frames[heard:]])

    async def by_number(self, name: str, address: str) -> str:
        """Claim to be a client by number."""
        return await self.by_chat(f"My client number is {name}", address)

    async def by_wrong_code(self, name: str, address: str) -> str:
        """Type a code for somebody."""
        async with self._from(address) as http, http.ws_connect(self.desk.facts["chat_ws"]) as socket:
            chat = Chat(socket)
            await socket.send_json({"type": "hello", "session": None, "after": None, "locale": "en"})
            await chat.next_frame("session")
            await chat.say(ACCESS)
            await chat.asked("email")
            await chat.say(f"My client number is {name}")
            await chat.asked("code")
            await asyncio.sleep(0.4)  # until the sweep that sends codes has done its work
            began, heard = time.perf_counter(), len(chat.frames)
            await chat.say("24681357")
            await chat.until(lambda m: m["from"] == "assistant", "what becomes of the code")
            self.took = time.perf_counter() - began
            return str([{**frame, "id": 0, "client_id": 0} for frame in chat.frames[heard:]])

    async def by_mail(self, name: str, address: str) -> str:
        """Hand in a mail in somebody's name; what is seen is what the server says."""
        message = EmailMessage()
        message["From"], message["To"] = name, self.desk.facts["mail_in"]["address"]
        message["Subject"], message["Message-ID"] = "Data", f"<{uuid.uuid4()}@mail.example>"
        message.set_content(ACCESS)
        await asyncio.sleep(0.05)  # until the mail before has been read and answered
        answer, self.took = await asyncio.to_thread(self._hand_in, message.as_bytes(), name, address)
        return answer

    def _hand_in(self, raw: bytes, sender: str, address: str) -> tuple[str, float]:
        where = self.desk.facts["mail_in"]
        with smtplib.SMTP(where["host"], where["port"], timeout=30, source_address=(address, 0)) as server:
            server.ehlo("client.example")
            server.mail(sender)
            server.rcpt(where["address"])
            began = time.perf_counter()
            answer = server.data(raw)
            return str(answer), time.perf_counter() - began

    async def by_sign_in(self, name: str, address: str) -> str:
        """Try a password of the console."""
        form = {"name": name, "password": "surely not this one", "code": "123456"}
        return await self._page(address, "POST", "/console/sign-in", form)

    async def by_package(self, ident: str, address: str) -> str:
        """Open the page of a package."""
        return await self._page(address, "GET", f"/package/{ident}", None)

    async def by_package_code(self, ident: str, address: str) -> str:
        """Type a code for a package."""
        return await self._page(address, "POST", f"/package/{ident}/open", {"code": "24681357"})

    async def _page(self, address: str, method: str, path: str, form: dict[str, str] | None) -> str:
        headers = {"Origin": self.desk.url}
        async with self._from(address) as http:
            began = time.perf_counter()
            async with http.request(method, f"{self.desk.url}{path}", data=form, headers=headers) as answer:
                body = await answer.text()
                self.took = time.perf_counter() - began
                shown = {k: v for k, v in answer.headers.items() if k not in {"Date", "Content-Length"}}
                return f"{answer.status} {shown}\n{body}"


async def _a_package(desk: DeskProcess) -> str:
    """Have one person's copy made; gives the id that stands in its link, which whoever has the mail knows."""
    (email,) = desk.query("SELECT email FROM clients WHERE id = 30")[0]
    async with desk.chat() as chat:
        await chat.say(ACCESS)
        ref = next(iter((await chat.opened()).values()))
        await type_code(desk, chat, email)
        await chat.until(lambda m: ref in m["text"] and m["expects"] is None)
    await desk.approve(ref)
    letter = await desk.mail(email, "/package/")
    found = str(letter.get_content()).split("/package/", 1)[1].split()[0]
    return found.rstrip(".,>)")


@pytest.mark.asyncio
@pytest.mark.timeout(3600)
async def test_nothing_tells_who_is_known_from_who_is_not(tmp_path: Path) -> None:
    """B29: by e-mail and by number in chat, by mail, at the sign-in, at a package: the same words in the same time."""
    desk = await DeskProcess.start(tmp_path / "desk", "--no-hold")
    try:
        stranger = Stranger(desk)
        package = await _a_package(desk)
        await stranger.by_package(package, "127.0.0.1")
        clients = desk.query("SELECT email, client_no FROM clients WHERE email LIKE '%_@_%' AND id > 40")
        emails, numbers = [email for email, _ in clients], [number for _, number in clients]
        houses = [
            email.partition("@")[2] for email in emails
        ]  # how much goes to one is its own, whoever is known
        agents = [agent["name"] for agent in desk.facts["console"]["agents"]]
        strangers, many = range(ROUNDS * EACH), range(EACH)
        idents = [random.Random(n).randbytes(len(package) // 2).hex() for n in strangers]
        names: dict[str, tuple[Ask, Sequence[str], Sequence[str]]] = {
            "chat by e-mail": (
                stranger.by_chat,
                emails,
                [f"nobody{n}@{houses[n % len(houses)]}" for n in strangers],
            ),
            "chat by number": (stranger.by_number, numbers, [f"C-{90_000 + n}" for n in strangers]),
            "a wrong code": (stranger.by_wrong_code, numbers[::-1], [f"C-{97_000 + n}" for n in strangers]),
            "mail": (
                stranger.by_mail,
                emails,
                [f"no.one{n}@{houses[n % len(houses)]}" for n in strangers],
            ),
            "sign-in": (
                stranger.by_sign_in,
                [agents[n % len(agents)] for n in many],
                [f"nobody{n}" for n in strangers],
            ),
            # One that never was, as often: a path that was asked for before is parsed faster, whatever is behind it.
            "package": (stranger.by_package, [package for _ in many], [idents[0] for _ in strangers]),
            "code of a package": (stranger.by_package_code, [package for _ in many], idents),
        }
        faults: list[str] = []
        for what, (ask, known, unknown) in names.items():
            each = EACH // 3 if what == "a wrong code" else EACH
            seen = await stranger.compare(ask, known, unknown, each)
            line = f"{what:<20} {seen}"
            sys.stdout.write(f"{line}\n")
            if seen.is_told_apart:
                faults.append(line)
            if seen.is_coarse:
                faults.append(f"{line}: the measure is too coarse")
            if seen.words[True] != seen.words[False]:
                faults.append(f"{what}: {_difference(seen)}")
        assert not faults, "\n".join(faults)
    finally:
        await desk.stop()


def _difference(seen: Seen) -> Any:
    only = {kind: sorted(seen.words[kind] - seen.words[not kind], key=len)[:1] for kind in (True, False)}
    return {kind: words[0][-600:] if words else "" for kind, words in only.items()}
