"""The real desk as a process of its own, with the clients a person and an agent would use."""

from __future__ import annotations

import asyncio
import email
import email.policy
import json
import os
import re
import signal
import smtplib
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Self, TypeVar

import aiohttp

from tests.doubles.agents import OwnAgent, new_name
from tests.doubles.opened import opened_database
from tests.doubles.sample_company import sample_company

ASSISTANT = str(Path(sys.executable).with_name("assistant"))
PATIENCE = float(os.environ.get("DESK_PATIENCE", "45"))  # seconds
T = TypeVar("T")


def _lay_company(folder: Path) -> None:
    if not folder.exists():
        folder.mkdir()
        (folder / "client-area.db").write_bytes(sample_company(datetime.now(UTC).date()))


class DeskProcess:
    """`assistant demo` started as a person starts it; `facts` is the line it printed."""

    def __init__(self, folder: Path, process: asyncio.subprocess.Process, facts: dict[str, Any]) -> None:
        self.folder = folder
        self.process = process
        self.facts = facts
        self.http = aiohttp.ClientSession()
        self._read: dict[str, tuple[int, str, EmailMessage]] = {}

    @classmethod
    async def start(cls, folder: Path, *options: str, port: int = 0, mail_port: int = 0) -> Self:
        """Start it and wait for its first line; a sample company is there already."""
        _lay_company(folder)
        command = [
            ASSISTANT,
            "demo",
            "--json",
            "--port",
            str(port),
            "--mail-port",
            str(mail_port),
            "--dir",
            str(folder),
        ]
        with (folder.parent / f"{folder.name}.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *command, *options, stdout=subprocess.PIPE, stderr=log
            )
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), 60)
        assert line, (folder.parent / f"{folder.name}.log").read_text()[-3000:]
        return cls(folder, process, json.loads(line))

    async def stop(self, number: int = signal.SIGTERM) -> None:
        """End it, and wait until it has ended."""
        await self.http.close()
        if self.process.returncode is None:
            self.process.send_signal(number)
        await asyncio.wait_for(self.process.wait(), 30)

    @property
    def url(self) -> str:
        return str(self.facts["url"])

    @property
    def monitor(self) -> str:
        """Where /readyz and /metrics are."""
        return str(self.facts["monitor"])

    @property
    def config(self) -> Path:
        return self.folder / "config.toml"

    # ── the agent ──────────────────────────────────────────────────────────────────────────────────

    async def api(self, method: str, path: str, **options: Any) -> Any:
        """Call the API with the demo's token; the status must be a success."""
        status, body = await self.api_status(method, path, **options)
        assert status < 300, (status, body)
        return body

    async def api_status(
        self, method: str, path: str, *, token: str | None = None, **options: Any
    ) -> tuple[int, Any]:
        """Call the API; gives the status and the body."""
        headers = {"Authorization": f"Bearer {token or self.facts['api_token']}"}
        async with self.http.request(
            method, f"{self.facts['api']}{path}", headers=headers, **options
        ) as response:
            return response.status, await response.json(content_type=None)

    async def forward(self, duration: str) -> None:
        """Move the desk's clock."""
        async with self.http.post(f"{self.url}/demo/clock", json={"forward": duration}) as response:
            assert response.status == 200, await response.text()

    async def request(self, ref: str) -> dict[str, Any]:
        """Give a request as the API shows it."""
        found: dict[str, Any] = await self.api("GET", f"/requests/{ref}")
        return found

    async def until_status(self, ref: str, *statuses: str) -> dict[str, Any]:
        """Wait until a request has one of these statuses."""

        async def look() -> dict[str, Any] | None:
            request = await self.request(ref)
            return request if request["status"] in statuses else None

        return await eventually(look, f"{ref} to become {' or '.join(statuses)}")

    async def plan(self, ref: str) -> dict[str, Any]:
        """Wait for the plan of a request in the queue."""

        async def look() -> dict[str, Any] | None:
            items = (await self.api("GET", "/queue"))["items"]
            return next((item for item in items if item["request"] == ref), None)

        return await eventually(look, f"a plan for {ref}")

    async def approve(self, ref: str) -> dict[str, Any]:
        """Approve the plan of a request exactly as it is shown."""
        item = await self.plan(ref)
        await self.api("POST", f"/queue/{item['id']}/approve", json={"plan_hash": item["plan_hash"]})
        return item

    async def agent(self, role: str) -> OwnAgent:
        """Have the desk take on one more agent, to sign in as."""
        name = new_name(role)
        done = await asyncio.to_thread(self.command, "agents", "add", name, "--role", role, "--json")
        made = json.loads(done.stdout)
        return OwnAgent(name, made["password"], made["totp_secret"])

    def command(
        self, *arguments: str, env: Mapping[str, str] | None = None, stdin: bytes | None = None
    ) -> Any:
        """Run the `assistant` command on this desk's settings."""
        return subprocess.run(
            [ASSISTANT, *arguments, "--config", str(self.config)],
            capture_output=True,
            input=stdin,
            check=False,
            env=None if env is None else {**env},
            timeout=60,
        )

    # ── the person ─────────────────────────────────────────────────────────────────────────────────

    @asynccontextmanager
    async def chat(
        self, locale: str = "en", session: str | None = None, after: int | None = None
    ) -> AsyncIterator[Chat]:
        """Open the live chat."""
        async with self.http.ws_connect(self.facts["chat_ws"]) as socket:
            chat = Chat(socket)
            await socket.send_json({"type": "hello", "session": session, "after": after, "locale": locale})
            first = await chat.next_frame("session")
            chat.session, chat.history = first["session"], first["messages"]
            chat.hidden_before = first["hidden_before"]
            chat.idle_seconds, chat.hidden_in = first["idle_seconds"], first["hidden_in"]
            yield chat

    def mails(self, to: str | None = None) -> list[EmailMessage]:
        """List what was sent, oldest first; each file is read once."""
        with os.scandir(self.facts["mailbox_dir"]) as folder:
            files = [file for file in folder if file.name.endswith(".eml")]
        for file in files:
            if file.name not in self._read:
                mail = email.message_from_bytes(Path(file).read_bytes(), policy=email.policy.default)
                self._read[file.name] = file.stat().st_mtime_ns, str(mail["to"]).casefold(), mail
        sent = sorted((self._read[file.name] for file in files), key=lambda each: each[0])
        return [mail for _, whose, mail in sent if to is None or to.casefold() in whose]

    async def mail(self, to: str, holding: str | re.Pattern[str] = "", *, seen: int = 0) -> EmailMessage:
        """Wait for a mail to an address whose subject or text holds something; `seen` of them are passed over."""
        wanted = re.compile(re.escape(holding)) if isinstance(holding, str) else holding

        async def look() -> EmailMessage | None:
            found = [m for m in self.mails(to) if wanted.search(f"{m['subject']}\n{m.get_content()}")]
            return found[seen] if len(found) > seen else None

        return await eventually(
            look,
            f"a mail to {to} that holds {holding!r}; there are {[str(m['subject']) for m in self.mails(to)]}",
        )

    async def code(self, to: str, *, seen: int = 0) -> str:
        """Wait for a code and read it out of its mail."""

        async def look() -> str | None:
            codes = [
                c
                for m in self.mails(to)
                for c in re.findall(r"^\s*(\d{8})\s*$", m.get_content(), re.MULTILINE)
            ]
            return codes[seen] if len(codes) > seen else None

        return await eventually(look, f"a code to {to}")

    def send_mail(self, text: str, *, sender: str, subject: str = "", **headers: str) -> EmailMessage:
        """Send a mail to the desk by SMTP."""
        message = EmailMessage()
        message["From"], message["To"] = sender, self.facts["mail_in"]["address"]
        message["Subject"], message["Message-ID"] = subject, f"<{uuid.uuid4()}@mail.example>"
        for name, value in headers.items():
            message[name.replace("_", "-")] = value
        message.set_content(text)
        self.send_raw(message.as_bytes(), sender)
        return message

    def send_raw(self, raw: bytes, sender: str = "someone@mail.example") -> None:
        """Send bytes to the desk by SMTP."""
        where = self.facts["mail_in"]
        with smtplib.SMTP(where["host"], where["port"], timeout=20) as server:
            server.sendmail(sender, [where["address"]], raw)

    async def press(self, url: str, **form: str) -> str:
        """Press a button of a page: POST its form, follow it, and give the page that comes."""
        async with self.http.post(url, data=form, headers={"Origin": self.url}) as response:
            return await response.text()

    async def page(self, url: str) -> tuple[int, str]:
        """Open a page."""
        async with self.http.get(url) as response:
            return response.status, await response.text()

    async def talk(self, raw: bytes, source: str = "127.0.0.1") -> bytes:
        """Send bytes to the public port from an address of this machine, and give all that comes back."""
        host, _, port = self.url.rpartition("/")[2].rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port), local_addr=(source, 0))
        try:
            writer.write(raw)
            async with asyncio.timeout(PATIENCE):
                return await reader.read()
        finally:
            writer.close()

    # ── the client area ────────────────────────────────────────────────────────────────────────────

    @property
    def database(self) -> Path:
        return self.folder / "client-area.db"

    def dump(self) -> dict[str, dict[Any, tuple[Any, ...]]]:
        """Give every row of the client area, by table and rowid."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as db:
            tables = [
                n
                for (n,) in db.execute(
                    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
                )
            ]
            return {t: {row[0]: row[1:] for row in db.execute(f'SELECT rowid, * FROM "{t}"')} for t in tables}

    def query(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Ask the client area."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as db:
            return db.execute(sql, values).fetchall()

    def own(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Ask the desk's own database; `opened(column)` gives what is sealed."""
        with closing(opened_database(self.folder / "data")) as db:
            return db.execute(sql, values).fetchall()


class Chat:
    """What a person types and reads."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.session = ""
        self.hidden_before = 0
        self.idle_seconds = self.hidden_in = 0
        self.history: list[dict[str, Any]] = []
        self.heard: list[dict[str, Any]] = []
        self.frames: list[dict[str, Any]] = []
        self._read = 0

    async def next_frame(self, kind: str) -> dict[str, Any]:
        """Wait for a frame of a kind; messages that come before it are kept for `until`."""
        async with asyncio.timeout(PATIENCE):
            while True:
                frame: dict[str, Any] = await self.socket.receive_json()
                self.frames.append(frame)
                if frame["type"] == "message":
                    self.heard.append(frame)
                if frame["type"] == kind:
                    return frame

    async def say(self, text: str) -> dict[str, Any]:
        """Type a message and wait until it is acknowledged."""
        return await self._send({"type": "message", "text": text})

    async def choose(self, value: str) -> dict[str, Any]:
        """Press a button."""
        return await self._send({"type": "choice", "value": value})

    async def _send(self, frame: dict[str, Any]) -> dict[str, Any]:
        self._read = len(self.heard)
        await self.socket.send_json({**frame, "client_id": str(uuid.uuid4())})
        return await self.next_frame("ack")

    async def until(self, holds: Callable[[dict[str, Any]], bool], what: str = "an answer") -> dict[str, Any]:
        """Wait for a message since the last thing said that fits."""
        try:
            while True:
                for message in self.heard[self._read :]:
                    if holds(message):
                        return message
                await self.next_frame("message")
        except TimeoutError:
            said = [message["text"][:90] for message in self.heard]
            raise AssertionError(f"never heard {what}; heard {said}") from None

    async def opened(self) -> dict[str, str]:
        """Wait for the acknowledgement and give the references by right."""
        message = await self.until(lambda m: bool(m["requests"]), "an acknowledgement with references")
        return {request["right"]: request["ref"] for request in message["requests"]}

    async def asked(self, expects: str) -> dict[str, Any]:
        """Wait until the desk waits for something."""
        return await self.until(lambda m: m["expects"] == expects, f"a question that expects {expects}")


async def eventually(look: Callable[[], Awaitable[T | None]], what: str, every: float = 0.05) -> T:
    """Look again and again, every so many seconds, until there is something, for as long as a person would wait."""
    end = asyncio.get_running_loop().time() + PATIENCE
    while asyncio.get_running_loop().time() < end:
        if found := await look():
            return found
        await asyncio.sleep(every)
    raise AssertionError(f"waited {PATIENCE:.0f} s for {what}")


def changed(
    before: Mapping[str, Mapping[Any, Any]], after: Mapping[str, Mapping[Any, Any]]
) -> dict[str, set[Any]]:
    """Name the rows that are no longer as they were, by table."""
    rows = {
        table: {
            key for key in {*before[table], *after[table]} if before[table].get(key) != after[table].get(key)
        }
        for table in before
    }
    return {table: keys for table, keys in rows.items() if keys}
