"""One attacker who floods a desk from one address, as a process of its own: chats, mails, sign-ins.

`python -m tests.doubles.flooding FACTS` reads the demo's line and the numbers as JSON on its command line, goes on
until its numbers are reached or it is ended, and prints what it did.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import signal
import smtplib
import sys
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from email.message import EmailMessage
from typing import Any

import aiohttp

CHATS_AT_ONCE = 40
SIGN_INS_AT_ONCE = 20
MAILS_AT_ONCE = 4
WISHES = (
    "Delete all my data now!",
    "Please send me a copy of all the personal data you hold about me.",
    "Supprimez toutes mes données.",
    "My site is down, my site is down, my site is down. " * 70,
)
GONE = (aiohttp.ClientError, OSError, smtplib.SMTPException, TypeError, TimeoutError)


class Attacker:
    """Whoever wants nobody else to be served."""

    def __init__(self, facts: dict[str, Any], numbers: dict[str, int]) -> None:
        self.facts, self.numbers = facts, numbers
        self.did: Counter[str] = Counter()
        self.turn = itertools.count()

    async def flood(self) -> None:
        """Do everything at once."""
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
            await asyncio.gather(
                *self._many("chats", CHATS_AT_ONCE, lambda: self._chat(http)),
                *self._many("sign_ins", SIGN_INS_AT_ONCE, lambda: self._sign_in(http)),
                *self._many("mails", MAILS_AT_ONCE, lambda: asyncio.to_thread(self._mail)),
            )

    def _many(self, what: str, at_once: int, one: Callable[[], Awaitable[None]]) -> list[Awaitable[None]]:
        left = iter(range(self.numbers[what]))

        async def some() -> None:
            for _ in left:
                try:
                    await asyncio.wait_for(one(), 30)
                    self.did[what] += 1
                except GONE:
                    self.did[f"{what}_refused"] += 1
                    await asyncio.sleep(0.01)

        return [some() for _ in range(at_once)]

    async def _chat(self, http: aiohttp.ClientSession) -> None:
        number = next(self.turn)
        async with http.ws_connect(self.facts["chat_ws"]) as socket:
            await socket.send_json({"type": "hello", "session": None, "after": None, "locale": "en"})
            for text in (WISHES[number % len(WISHES)], f"nobody{number}@flood.example", "12345678"):
                await socket.send_json({"type": "message", "client_id": str(uuid.uuid4()), "text": text})
                while (await socket.receive_json())["type"] != "ack":
                    pass

    async def _sign_in(self, http: aiohttp.ClientSession) -> None:
        names = [agent["name"] for agent in self.facts["console"]["agents"]] + ["nobody"]
        form = {"name": names[next(self.turn) % len(names)], "password": "not the password", "code": "123456"}
        address = f"{self.facts['url']}/console/sign-in"
        async with http.post(address, data=form, headers={"Origin": self.facts["url"]}) as answer:
            await answer.read()

    def _mail(self) -> None:
        number, where = next(self.turn), self.facts["mail_in"]
        message = EmailMessage()
        message["From"] = f"forged{number % 50}@flood.example"
        message["To"], message["Subject"] = where["address"], "Hello"
        message["Message-ID"] = f"<{uuid.uuid4()}@flood.example>"
        message.set_content(WISHES[number % len(WISHES)])
        with smtplib.SMTP(where["host"], where["port"], timeout=20) as server:
            server.send_message(message)


async def _main() -> None:
    facts, numbers = json.loads(sys.argv[1]), json.loads(sys.argv[2])
    os.nice(10)  # an attacker has a machine of their own; here the desk must not lose its own to them
    attacker = Attacker(facts, numbers)
    flood = asyncio.create_task(attacker.flood())
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, flood.cancel)
    with suppress(asyncio.CancelledError):
        await flood
    sys.stdout.write(json.dumps(attacker.did))


if __name__ == "__main__":
    asyncio.run(_main())
