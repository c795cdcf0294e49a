"""Processes to measure: the real desk as `assistant serve` runs it, and a bare echo to measure it against."""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import aiohttp

from assistant.demo.settings import lay_out

ASSISTANT = str(Path(sys.executable).with_name("assistant"))
NO_LIMITS = "[webchat]\nmessages_per_minute = 0\nsockets_per_address = 0\nhellos_per_minute = 0\n"
HELLO = {"type": "hello", "session": None, "after": None, "locale": "en"}


def free_port() -> int:
    """Find a port nobody has at the moment."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def settings_without_limits(folder: Path) -> tuple[Path, int]:
    """Lay out the sample company with a chat that takes messages as fast as they come; gives file and port."""
    port = free_port()
    demo = lay_out(folder, port=port, mail_port=free_port(), today=datetime.now(UTC).date())
    text = demo.settings_file.read_text("utf-8")
    assert "[webchat]\n" in text
    assert "[server]\n" in text
    text = text.replace("[webchat]\n", NO_LIMITS).replace("[server]\n", '[server]\nevent_loop = "asyncio"\n')
    demo.settings_file.write_text(text, "utf-8")
    return demo.settings_file, port


@asynccontextmanager
async def process(*command: str, log: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a process while the context is open; what it says goes to a file."""
    with log.open("ab") as out:
        started = await asyncio.create_subprocess_exec(*command, stdout=out, stderr=out)
    try:
        yield started
    finally:
        if started.returncode is None:
            started.terminate()
        await started.wait()


async def first_answer(http: aiohttp.ClientSession, url: str, began: float, patience: float = 30.0) -> float:
    """Knock until a chat message is answered; gives the seconds since `began`."""
    while time.perf_counter() < began + patience:
        try:
            async with http.ws_connect(url) as chat:
                await chat.send_json(HELLO)
                await chat.send_json(
                    {"type": "message", "client_id": "first", "text": "What do you know about me?"}
                )
                while True:
                    frame = await chat.receive_json()
                    if frame["type"] == "message" and frame["from"] == "assistant":
                        return time.perf_counter() - began
        except (aiohttp.ClientError, TypeError):
            await asyncio.sleep(0.02)
    raise AssertionError(f"no answer within {patience:.0f} s")


def resident_mib_of_this() -> float:
    """Give the resident memory of this process."""
    return resident_mib("self")


def resident_mib(pid: int | str) -> float:
    """Give the resident memory of a process (Linux)."""
    for line in Path(f"/proc/{pid}/status").read_text("ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("the process has no memory")
