"""The desk is killed again and again under load; afterwards nothing is lost and nothing was done twice."""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import signal
import sqlite3
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.doubles.desk_process import DeskProcess
from tests.doubles.opened import opened_database

KILLS = 50 if os.environ.get("FULL") else 6
SEED = 20260301
PERSONS_AT_ONCE = 4
LONGEST_LIFE = 4.0  # seconds a desk lives after it said that it is ready
PATIENCE = 60.0

WISHES = (
    ("erasure", "Please delete my account and all my data."),
    ("access", "Please send me a copy of my personal data."),
)
SMALL_TALK = (
    "How much is a server with 8 GB of memory?",
    "My website is slow since this morning.",
    "Which PHP versions do you support?",
)
# People of the sample company with nothing running, so that nothing blocks an erasure.
PEOPLE = (
    "SELECT email FROM clients c WHERE email LIKE '%@%' AND id > 20"
    " AND NOT EXISTS (SELECT 1 FROM services s WHERE s.client_id = c.id AND s.status = 'active')"
    " AND NOT EXISTS (SELECT 1 FROM domains d WHERE d.client_id = c.id AND d.expires_on > '2026-01-01')"
    " AND (SELECT count(*) FROM clients o WHERE lower(o.email) = lower(c.email)) = 1 ORDER BY id"
)
GONE = (aiohttp.ClientError, ConnectionError, AssertionError, TypeError, RuntimeError)


class Load:
    """A desk that may die at any moment, and the people who do not know that."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.desk: DeskProcess
        self.acknowledged: list[str] = []
        self.served: list[str] = []
        self.over = asyncio.Event()
        self.people: Iterator[str] = iter(())

    async def start(self, port: int = 0, mail_port: int = 0) -> None:
        """Start the desk on the same folder; the ports of the first start are kept."""
        self.desk = await DeskProcess.start(self.folder, "--no-hold", port=port, mail_port=mail_port)
        self.ports = (
            int(self.desk.url.rpartition(":")[2]),
            int(self.desk.facts["mail_in"]["port"]),
        )

    async def kill(self) -> None:
        """Kill the desk, as a power cut would, and start it again."""
        await self.desk.stop(signal.SIGKILL)
        await self.start(*self.ports)

    async def person(self, number: int) -> None:
        """Be one person after the other until the load is over; each ends what they began."""
        while not self.over.is_set():
            async with aiohttp.ClientSession() as http:
                person = Person(self, http)
                email = next(self.people, None) if number else None
                if email is None:  # or everybody has asked already
                    await person.chatter()
                else:
                    await person.ask(email, *WISHES[(number + len(self.served)) % len(WISHES)])

    async def api(self, method: str, path: str, **options: Any) -> Any:
        """Call the API of whichever desk is alive; None when it is not."""
        with suppress(*GONE, TimeoutError):
            return await self.desk.api(method, path, **options)
        return None


class Person:
    """A browser that holds its session token and sends again what was not acknowledged."""

    def __init__(self, load: Load, http: aiohttp.ClientSession) -> None:
        self.load = load
        self.http = http
        self.token: str | None = None
        self.heard: dict[int, dict[str, Any]] = {}
        self.acks: dict[str, int] = {}
        self.socket: aiohttp.ClientWebSocketResponse | None = None

    async def chatter(self) -> None:
        """Ask what is nobody's privacy request."""
        for text in SMALL_TALK:
            await self.say(text)

    async def ask(self, email: str, right: str, sentence: str) -> None:
        """Use a right, prove who it is, have it approved, and wait for the answer."""
        await self.say(sentence)
        opened = await self.until(lambda m: bool(m["requests"]))
        ref = next(r["ref"] for r in opened["requests"] if r["right"] == right)
        await self.until(lambda m: m["expects"] == "email")
        await self.say(email)
        await self.until(lambda m: m["expects"] == "code")
        await self.say(await self._eventually(lambda: self.load.desk.code(email), f"a code to {email}"))
        await self.until(lambda m: ref in m["text"] and m["expects"] != "code")

        async def answered() -> bool:
            """Approve the plan as it is now: the desk may die before it takes that, or another's erasure change it."""
            if item := await self._plan(ref):
                body = {"plan_hash": item["plan_hash"]}
                await self.load.api("POST", f"/queue/{item['id']}/approve", json=body)
            request = await self.load.api("GET", f"/requests/{ref}")
            return bool(request) and request["status"] == "answered"

        await self._eventually(answered, f"the answer to {ref}")
        self.load.served.append(ref)

    async def _plan(self, ref: str) -> dict[str, Any] | None:
        queue = await self.load.api("GET", "/queue")
        return next((item for item in queue["items"] if item["request"] == ref), None) if queue else None

    async def say(self, text: str) -> None:
        """Send a message under one client id until it is acknowledged."""
        client_id = str(uuid.uuid4())
        sent_on: aiohttp.ClientWebSocketResponse | None = None

        async def acknowledged() -> bool:
            nonlocal sent_on
            socket = await self._connected()
            if sent_on is not socket:
                await socket.send_json({"type": "message", "client_id": client_id, "text": text})
                sent_on = socket
            await self._hear(socket)
            return client_id in self.acks

        await self._eventually(acknowledged, f"the acknowledgement of {text!r}")
        self.load.acknowledged.append(client_id)
        self.last = self.acks[client_id]

    async def until(self, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait for a message later than the last thing said that fits, however often the line breaks."""

        async def look() -> dict[str, Any] | None:
            for ident, message in sorted(self.heard.items()):
                if ident > self.last and message["from"] == "assistant" and fits(message):
                    return message
            await self._hear(await self._connected())
            return None

        found: dict[str, Any] = await self._eventually(look, f"an answer after {self.last}")
        return found

    async def _connected(self) -> aiohttp.ClientWebSocketResponse:
        if self.socket is None or self.socket.closed:
            self.socket = socket = await self.http.ws_connect(self.load.desk.facts["chat_ws"])
            await socket.send_json({"type": "hello", "session": self.token, "after": None, "locale": "en"})
            first = await socket.receive_json(timeout=10)
            self.token = first["session"]
            self.heard |= {message["id"]: message for message in first["messages"]}
        return self.socket

    async def _hang_up(self) -> None:
        """Close a line that broke, so that the next look opens another."""
        if self.socket is not None:
            with suppress(*GONE, TimeoutError):
                await self.socket.close()
        self.socket = None

    async def _hear(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        with suppress(TimeoutError):
            frame = await socket.receive_json(timeout=0.5)
            if frame["type"] == "ack":
                self.acks[frame["client_id"]] = frame["id"]
            elif frame["type"] == "message":
                self.heard[frame["id"]] = frame

    async def _eventually(self, look: Callable[[], Awaitable[Any]], what: str) -> Any:
        loop = asyncio.get_running_loop()
        end = loop.time() + PATIENCE
        while loop.time() < end:
            try:
                if found := await look():
                    return found
            except (*GONE, TimeoutError):
                await self._hang_up()
            await asyncio.sleep(0.05)
        said = [message["text"][:60] for message in self.heard.values()]
        raise AssertionError(f"waited {PATIENCE:.0f} s for {what}; heard {said}")


# aiohttp's client leaves a connection open that broke under it; the browsers here are not what is tested.
@pytest.mark.filterwarnings("ignore:Unclosed connection:ResourceWarning")
@pytest.mark.timeout(120 + 30 * KILLS)
async def test_killed_at_any_moment_nothing_is_lost_and_nothing_is_done_twice(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    load = Load(tmp_path / "desk")
    await load.start()
    load.people = (email for (email,) in load.desk.query(PEOPLE))
    database = load.folder / "data" / "desk.db"
    try:
        async with asyncio.TaskGroup() as group:
            for number in range(PERSONS_AT_ONCE):
                group.create_task(load.person(number))
            for _ in range(KILLS):
                await asyncio.sleep(chance.uniform(0.05, LONGEST_LIFE))
                await load.kill()
            load.over.set()
        await _quiet(database)
        verified = load.desk.command("audit", "verify")
    finally:
        await load.desk.stop()

    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert len(load.served) >= PERSONS_AT_ONCE - 1
    with closing(opened_database(database.parent)) as db:
        _nothing_lost(db, load.acknowledged)
        _nobody_answered_twice(db)
        _no_request_twice(db, load.served)
        _no_step_twice(db)
        _no_letter_twice(db, Path(load.desk.facts["mailbox_dir"]))


async def _quiet(database: Path) -> None:
    """Wait until nothing is left to hand over or to answer."""
    left = "SELECT (SELECT count(*) FROM outbox WHERE state = 'waiting') + (SELECT count(*) FROM message WHERE NOT handled)"
    loop = asyncio.get_running_loop()
    end = loop.time() + PATIENCE
    while loop.time() < end:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
            if db.execute(left).fetchone() == (0,):
                return
        await asyncio.sleep(0.2)
    raise AssertionError("something is still waiting in the outbox or unanswered")


def _nothing_lost(db: sqlite3.Connection, acknowledged: list[str]) -> None:
    stored = Counter(
        ident for (ident,) in db.execute("SELECT substr(external_id, 4) FROM message WHERE sender = 'you'")
    )
    assert acknowledged
    assert set(acknowledged) <= set(stored)
    assert set(stored.values()) == {1}


def _nobody_answered_twice(db: sqlite3.Connection) -> None:
    """Between two things a person said the desk says nothing twice, and it says something."""
    rows = db.execute(
        "SELECT conversation_id, sender, opened(text), expects FROM message ORDER BY conversation_id, id"
    )
    replies: list[tuple[str, str, str | None]] = []
    for conversation, sender, text, expects in (*rows, ("", "you", "", None)):
        if sender == "you":
            twice = [reply for reply, count in Counter(replies).items() if count > 1]
            assert not twice
            replies = []
        else:
            replies.append((conversation, text, expects))
    unanswered = db.execute(
        "SELECT text FROM message m WHERE sender = 'you' AND coalesce((SELECT sender FROM message n"
        " WHERE n.conversation_id = m.conversation_id AND n.id > m.id ORDER BY n.id LIMIT 1), 'you') = 'you'"
    ).fetchall()
    assert not unanswered


def _no_request_twice(db: sqlite3.Connection, served: list[str]) -> None:
    twice = db.execute(
        'SELECT conversation_id, "right" FROM request GROUP BY conversation_id, "right" HAVING count(*) > 1'
    ).fetchall()
    assert not twice
    assert len(set(served)) == len(served)


def _no_step_twice(db: sqlite3.Connection) -> None:
    """Every step of a plan that is done was done, and noted, once."""
    noted = Counter(
        (data["action"], data["source"], data["operation"])
        for (raw,) in db.execute("SELECT opened(data) FROM audit WHERE event = 'step_done'")
        for data in (json.loads(raw),)
    )
    steps = db.execute(
        "SELECT s.action_id, s.source, s.operation, s.state FROM step s"
        " JOIN action a ON a.id = s.action_id WHERE a.state = 'done'"
    ).fetchall()
    assert {state for *_, state in steps} == {"done"}
    changes = [(action, source, operation) for action, source, operation, _ in steps if operation != "export"]
    copies = {action for action, _source, operation, _ in steps if operation == "export"}
    assert changes
    assert copies
    assert noted == Counter(changes)
    assert db.execute("SELECT count(*) FROM package").fetchone() == (len(copies),)


def _no_letter_twice(db: sqlite3.Connection, mailbox: Path) -> None:
    """One file for every key in the outbox, one code for every challenge."""
    keys = [key for (key,) in db.execute("SELECT key FROM outbox WHERE state = 'done'")]
    letters = [path.read_text(encoding="utf-8", errors="replace") for path in mailbox.glob("*.eml")]
    idents = [
        match[1]
        for text in letters
        if (match := re.search(r"^Message-ID: (\S+)", text, re.MULTILINE | re.IGNORECASE))
    ]
    assert len(set(keys)) == len(keys) == len(letters) == len(set(idents))
    assert not list(db.execute("SELECT key FROM outbox WHERE state = 'dead'"))
