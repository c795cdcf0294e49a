"""Measures the desk against its budgets, as ratios within one run where a machine's speed would decide."""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from intents import Reader
from intents.evaluate import TIMED_CHARACTERS, rows_of
from tests.benchmarks.access import AT_ONCE, access_figures
from tests.benchmarks.crowded import crowded_figures
from tests.benchmarks.desk import (
    ASSISTANT,
    HELLO,
    first_answer,
    free_port,
    process,
    resident_mib,
    settings_without_limits,
)
from tests.benchmarks.plain_work import FIRST_READER, work
from tests.benchmarks.sources import source_figures
from tests.doubles import databases
from tests.doubles.databases import MARIADB, POSTGRESQL, SQLITE
from tests.doubles.desk_process import DeskProcess
from tests.doubles.strangers_day import A_DAY, strangers_day, table_of

SOCKETS = 50
SECONDS = 6.0
HELD_OUT = Path(__file__).parents[1] / "data" / "intents" / "held_out.jsonl"
LONG_MAIL = 5000  # words
IMPORTS = "import spacy, aiohttp, sqlmodel"
TEXTS = (
    "How much is a server with 8 GB of memory?",
    "My website is slow since this morning, can you look?",
    "Quelles versions de PHP proposez-vous ?",
    "Thanks, that is all for today.",
)


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table: a ratio with its budget, and the absolute figure beside it, which fails nothing."""

    what: str
    value: float
    unit: str
    budget: float
    beside: str = ""
    at_least: bool = False
    short: float | None = None  # where the budget cannot be met yet: what fails instead (docs/decisions.md)

    def keeps(self, bound: float) -> bool:
        """Say whether the figure lies on the right side of a bound."""
        return self.value >= bound if self.at_least else self.value <= bound

    @property
    def verdict(self) -> str:
        """Say whether the budget is kept, is short as it is known to be, or is missed."""
        if self.keeps(self.budget):
            return "ok"
        return "short" if self.short is not None and self.keeps(self.short) else "MISSED"

    def __str__(self) -> str:
        sign = ">=" if self.at_least else "<="
        ratio = (
            f"{self.what:<62} {self.value:7.2f} {self.unit:<3} {sign} {self.budget:5.1f}  {self.verdict:<6}"
        )
        return f"{ratio}  {self.beside}".rstrip()


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
    imported = statistics.median(_started(IMPORTS) for _ in range(3))
    return [
        Figure(
            f"durable chat round trips / bare echo ({SOCKETS} sockets)",
            100 * durable / bare,
            "%",
            3.0,
            f"{durable:.0f} of {bare:.0f} a second",
            at_least=True,
            short=2.0,
        ),
        Figure(
            "start to first answered chat message / importing its libraries",
            start / imported,
            "x",
            2.2,
            f"{start:.2f} s of {imported:.2f} s",
        ),
        Figure("memory of the idle desk", memory, "MiB", 300.0),
    ]


def _started(does: str) -> float:
    """Run a line in a fresh interpreter; gives its seconds."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", does], check=True)
    return time.perf_counter() - began


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


async def reading_figures() -> list[Figure]:
    """Measure reading in turns with plain work, on messages of up to 300 characters in ten languages; a long mail beside."""
    reader = Reader.load()
    texts = [row.text for row in rows_of(HELD_OUT)]
    short = [text for text in texts if len(text) <= TIMED_CHARACTERS]
    words = " ".join(texts * 3).split()
    mail = "\n".join(" ".join(words[at : at + 12]) + "." for at in range(0, LONG_MAIL, 12))
    reader.read(mail)
    taken = [(_seconds(reader.read, text), _seconds(work, text)) for text in short * 3]
    reading, plain = (statistics.median(each) for each in zip(*taken, strict=True))
    long = statistics.median(_seconds(reader.read, mail) for _ in range(5))
    beside = f"{1000 * reading:.2f} ms; a mail of {LONG_MAIL} words {1000 * long:.0f} ms"
    return [
        Figure("reading one message / the first reader", reading / plain / FIRST_READER, "x", 3.0, beside)
    ]


def _seconds(read: Callable[[str], object], text: str) -> float:
    began = time.thread_time()
    read(text)
    return time.thread_time() - began


async def planning_figures(folder: Path) -> list[Figure]:
    """Measure copies and plans of the sample company."""
    found = await access_figures(folder)
    return [
        Figure(
            "access plan and package / the same SELECTs by hand, packed",
            found.desk / found.by_hand,
            "x",
            2.5,
            f"{1000 * found.desk:.0f} ms of {1000 * found.by_hand:.1f} ms, the SELECTs {1000 * found.selects:.1f}",
            short=14.0,  # two looks at 32 tables with their counts, and a page that explains them
        ),
        Figure(
            f"{AT_ONCE} plans at once / one",
            found.plans_at_once / found.plan,
            "x",
            8.0,
            f"{1000 * found.plans_at_once:.0f} ms of {1000 * found.plan:.0f} ms",
            short=20.0,  # a plan is computing, in one process
        ),
    ]


async def in_sources(folder: Path) -> list[Figure]:
    """Measure erasing, copying and finding in shops, in the databases that are here."""
    figures = []
    for kind in (SQLITE, POSTGRESQL, MARIADB):
        if not databases.is_here(kind):
            print(f"not measured, for it is not installed: {kind}")
            continue
        crowd, large = await source_figures(folder.with_name(kind), kind)
        figures += [
            Figure(
                f"{kind}: erasing one of 1 000 000 customers / by hand",
                crowd.erasure,
                "x",
                4.0,
                f"{1000 * crowd.erasure_seconds:.0f} ms, planning included",
                short=20.0,  # rows are looked for three times, and counted again behind each step
            ),
            Figure(f"{kind}: finding among 1 000 000 others / among 1 000", crowd.growth, "x", 1.3),
        ]
        if large:
            own = "SQLite's own CSV export" if kind == SQLITE else "COPY TO"
            figures += [
                Figure(f"{kind}: erasing 5 000 orders among 500 000 / by hand", large.erasure, "x", 4.0),
                Figure(
                    f"{kind}: copying 1 000 000 rows / {own}", 100 * large.copying, "%", 40.0, at_least=True
                ),
                Figure(f"{kind}: memory while copying them, over before", large.memory, "MiB", 64.0),
            ]
    return figures


async def flooded(folder: Path) -> list[Figure]:
    """Measure how much longer the slowest step of honest people takes while one stranger floods every way in."""
    desk = await DeskProcess.start(folder, "--no-hold")
    try:
        day = await strangers_day(desk, A_DAY)
    finally:
        await desk.stop()
    print(table_of(day))
    slowest = max(flooded / alone for alone, flooded in day.waits().values())
    return [Figure("an honest person's turn while a stranger floods / quiet", slowest, "x", 3.0)]


async def crowded(folder: Path) -> list[Figure]:
    """Measure a desk that holds a million open requests."""
    found = await crowded_figures(folder)
    of_the_sweep, of_the_page = f"{1000 * found.sweep_seconds:.1f} ms", f"{1000 * found.queue_seconds:.0f} ms"
    return [
        Figure("due sweep over 1 000 000 requests / a bare query", found.sweep, "x", 3.0, of_the_sweep),
        Figure("first page of plans with 1 000 000 requests / 1 000", found.queue, "x", 2.0, of_the_page),
        Figure("first page of requests with 1 000 000 / 1 000", found.requests, "x", 2.0),
    ]


async def measure() -> AsyncIterator[Figure]:
    """Measure everything, one after the other."""
    with tempfile.TemporaryDirectory(prefix="desk-bench-") as name:
        folder = Path(name) / "desk"
        for figures in (
            chat_figures(folder),
            reading_figures(),
            planning_figures(folder),
            crowded(Path(name) / "crowded"),
            flooded(Path(name) / "flooded"),
            in_sources(Path(name) / "shop"),
        ):
            for figure in await figures:
                yield figure


async def _told() -> bool:
    missed = False
    async for figure in measure():
        print(figure, flush=True)
        missed = missed or figure.verdict == "MISSED"
    return missed


def main() -> int:
    """Print the table; 1 where a budget is missed, but for those known to be short."""
    began = time.perf_counter()
    missed = asyncio.run(_told())
    print(f"measured in {time.perf_counter() - began:.0f} s")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
