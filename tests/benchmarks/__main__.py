"""Measures the desk against its budgets, as ratios within one run where a machine's speed would decide."""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from assistant.app import assemble
from assistant.casework.planning import propose
from assistant.config import load_settings
from assistant.demo.people import SUBJECTS
from assistant.disclosure import PackageFacts, write_package
from assistant.domain.plan import Identity
from assistant.domain.rights import Right
from assistant.services import Services
from intents import RIGHTS, Reader
from intents.cleaning import HEAD_CHARACTERS, TAIL_CHARACTERS
from intents.details import details_of
from intents.evaluate import TIMED_CHARACTERS, rows_of
from tests.benchmarks.desk import (
    ASSISTANT,
    HELLO,
    first_answer,
    free_port,
    process,
    resident_mib,
    settings_without_limits,
)
from tests.benchmarks.sources import source_figures
from tests.doubles import databases
from tests.doubles.databases import POSTGRESQL, SQLITE
from tests.doubles.desk_process import DeskProcess
from tests.doubles.strangers_day import A_DAY, strangers_day, table_of

SOCKETS = 50
SECONDS = 6.0
HELD_OUT = Path(__file__).parents[1] / "data" / "intents" / "held_out.jsonl"
LONG_MAIL = 5000  # words
MOST_CHARACTERS = HEAD_CHARACTERS + TAIL_CHARACTERS  # of a message are read
# Texts on which a matcher that backtracks would take seconds; the desk's one writer reads them.
MADE_TO_BE_SLOW = (
    "change from a to b ",
    "replace a with b ",
    "it is not ",
    ": a ",
    "new a b c ",
    "since january ",
    "a@",
    "jo@a.example ",
)
READING = "from intents import Reader; Reader.load().read('Please erase my data.')"
TEXTS = (
    "How much is a server with 8 GB of memory?",
    "My website is slow since this morning, can you look?",
    "Quelles versions de PHP proposez-vous ?",
    "Thanks, that is all for today.",
)


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table."""

    what: str
    value: float
    unit: str
    budget: float
    at_least: bool = False

    @property
    def kept(self) -> bool:
        """Say whether the budget is kept."""
        return self.value >= self.budget if self.at_least else self.value <= self.budget


async def round_trips(url: str, kind: str) -> float:
    """Count messages a second over all sockets, each waiting for its answer of a kind before the next."""
    counts: list[int] = []
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        end = time.perf_counter() + SECONDS
        began = time.perf_counter()
        await asyncio.gather(*(_one_socket(http, url, kind, end, counts) for _ in range(SOCKETS)))
        return sum(counts) / (time.perf_counter() - began)


async def _one_socket(
    http: aiohttp.ClientSession, url: str, kind: str, end: float, counts: list[int]
) -> None:
    async with http.ws_connect(url) as socket:
        await socket.send_json(HELLO)
        await socket.receive_json()
        count = 0
        while time.perf_counter() < end:
            text = TEXTS[count % len(TEXTS)]
            await socket.send_json({"type": "message", "client_id": str(uuid.uuid4()), "text": text})
            while (await socket.receive_json())["type"] != kind:
                pass
            count += 1
        counts.append(count)


async def chat_figures(folder: Path) -> list[Figure]:
    """Measure the serving desk as a process of its own, then a bare echo with the same client."""
    config, port = settings_without_limits(folder)
    url = f"ws://127.0.0.1:{port}/chat/ws"
    log = folder.with_suffix(".log")
    async with process(ASSISTANT, "doctor", "--config", str(config), log=log) as once:
        await once.wait()  # what Python compiles at its first run is not the desk's start
    began = time.perf_counter()
    async with (
        process(ASSISTANT, "serve", "--config", str(config), log=log) as desk,
        aiohttp.ClientSession() as http,
    ):
        start = await first_answer(http, url, began)
        memory = resident_mib(desk.pid)
        durable = await round_trips(url, "ack")
    port = free_port()
    url = f"ws://127.0.0.1:{port}/chat/ws"
    async with process(sys.executable, "-m", "tests.benchmarks.echo", str(port), log=log):
        await _listening(port)
        bare = await round_trips(url, "message")
    print(f"durable chat messages a second: {durable:.0f}; bare echoes: {bare:.0f}")
    return [
        Figure(
            f"durable chat round trips / bare echo ({SOCKETS} sockets)", 100 * durable / bare, "%", 2.0, True
        ),
        Figure("start to first answered chat message", start, "s", 3.0),
        Figure("memory of the idle desk", memory, "MiB", 300.0),
    ]


async def _listening(port: int) -> None:
    for _ in range(500):
        try:
            _reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.02)
        else:
            writer.close()
            return
    raise AssertionError("the echo does not listen")


def reading_figures() -> list[Figure]:
    """Measure reading: messages of up to 300 characters in ten languages, a long mail, and the memory it takes."""
    reader = Reader.load()
    texts = [row.text for row in rows_of(HELD_OUT)]
    short = [text for text in texts if len(text) <= TIMED_CHARACTERS]
    words = " ".join(texts * 3).split()
    mail = "\n".join(" ".join(words[at : at + 12]) + "." for at in range(0, LONG_MAIL, 12))
    reader.read(mail)
    taken = sorted(_milliseconds(reader, text) for text in short * 3)
    long = statistics.median(_milliseconds(reader, mail) for _ in range(5))
    return [
        Figure("reading one message, median", statistics.median(taken), "ms", 1.0),
        Figure("reading one message, p99", taken[int(len(taken) * 0.99)], "ms", 5.0),
        Figure(f"reading a mail of {LONG_MAIL} words", long, "ms", 250.0),
        Figure(
            "details in the slowest text made to be slow", max(map(_details, MADE_TO_BE_SLOW)), "ms", 500.0
        ),
        Figure(
            "memory of the reader over an empty process", _memory(READING) - _memory("pass"), "MiB", 220.0
        ),
    ]


def _milliseconds(reader: Reader, text: str) -> float:
    began = time.perf_counter()
    reader.read(text)
    return 1000 * (time.perf_counter() - began)


def _details(repeated: str) -> float:
    text = repeated * (MOST_CHARACTERS // len(repeated))
    began = time.perf_counter()
    details_of(text, RIGHTS)
    return 1000 * (time.perf_counter() - began)


def _memory(does: str) -> float:
    """Run a line in a Python of its own and give what it holds at the end."""
    shown = "print(next(l for l in open('/proc/self/status') if l.startswith('VmRSS')).split()[1])"
    ran = subprocess.run([sys.executable, "-c", f"{does}\n{shown}"], check=True, capture_output=True)
    return int(ran.stdout.split()[-1]) / 1024


async def access_figure(folder: Path) -> Figure:
    """Measure plan and package for one person of the sample company."""
    settings = load_settings(folder / "config.toml")
    assembly = assemble(settings)
    taken = []
    try:
        for number, subject in enumerate(SUBJECTS * 4):
            began = time.perf_counter()
            await _plan_and_package(assembly.services, subject.email, folder / f"package-{number}")
            taken.append(time.perf_counter() - began)
    finally:
        assembly.services.store.close()
    return Figure("access plan and package, median", 1000 * statistics.median(taken), "ms", 50.0)


async def _plan_and_package(services: Services, address: str, file: Path) -> None:
    handler = services.handlers[Right.ACCESS]
    plan = await propose(services, handler, Identity(emails=(address,)), {})
    now = services.clock.now()
    facts = PackageFacts(
        reference="PR-BENCH",
        right=Right.ACCESS,
        language="en",
        received_on=now.date(),
        made_at=now,
        settings=services.settings,
        plan=plan,
    )
    by_name = {source.name: source for source in services.sources}
    parts = [(by_name[at.source], at) for at in plan.located if at.rows]
    await write_package(file, services.random(32), facts, parts, portable_only=False)


async def in_sources(folder: Path) -> list[Figure]:
    """Measure erasing, copying and finding in shops, in the databases that are here."""
    figures = []
    for kind, own in ((SQLITE, "SQLite's own CSV export"), (POSTGRESQL, "COPY TO")):
        if not databases.is_here(kind):
            print(f"not measured, for it is not installed: {kind}")
            continue
        found = await source_figures(folder.with_name(kind), kind)
        figures += [
            Figure(f"{kind}: erasing 5 000 orders among 500 000 / by hand", found.erasure, "x", 4.0),
            Figure(f"{kind}: copying 1 000 000 rows / {own}", 100 * found.copying, "%", 40.0, True),
            Figure(f"{kind}: memory while copying them, over before", found.memory, "MiB", 64.0),
            Figure(f"{kind}: access among 1 000 000 others / among 1 000", found.growth, "x", 1.3),
        ]
    return figures


async def flood_figure(folder: Path) -> Figure:
    """Measure how much longer the slowest step of honest people takes while one stranger floods every way in."""
    desk = await DeskProcess.start(folder, "--no-hold")
    try:
        day = await strangers_day(desk, A_DAY)
    finally:
        await desk.stop()
    print(table_of(day))
    slowest = max(flooded / alone for alone, flooded in day.waits().values())
    return Figure("an honest person's turn while a stranger floods / quiet", slowest, "x", 3.0)


async def measure() -> list[Figure]:
    """Measure everything, one after the other."""
    with tempfile.TemporaryDirectory(prefix="desk-bench-") as name:
        folder = Path(name) / "desk"
        return [
            *await chat_figures(folder),
            *reading_figures(),
            await access_figure(folder),
            await flood_figure(Path(name) / "flooded"),
            *await in_sources(Path(name) / "shop"),
        ]


def main() -> int:
    """Print the table; 1 where a budget is missed."""
    figures = asyncio.run(measure())
    for figure in figures:
        sign, verdict = (">=" if figure.at_least else "<="), ("ok" if figure.kept else "MISSED")
        print(
            f"{figure.what:<58} {figure.value:8.2f} {figure.unit:<4} {sign} {figure.budget:6.1f}  {verdict}"
        )
    return 0 if all(figure.kept for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
