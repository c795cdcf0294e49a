"""What nobody honest sends, by the thousand, against a running desk: no 500, nothing slow, no canary in its log.

Each test prints the seed it went by; FULL=1 sends five times as many frames and forms.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import statistics
import sys
import time
import urllib.parse
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from tests.doubles.desk_process import DeskProcess

pytestmark = [pytest.mark.quiet, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(1500)]

SEED = int(os.environ.get("SEED", "20261128"))
MORE = 5 if os.environ.get("FULL") else 1
FRAMES, FORMS, CASES = 2_000 * MORE, 1_000 * MORE, 3_000
TIMES_THE_MEDIAN = 50
AT_LEAST = 0.25  # seconds: below, a busy machine is all that is measured
CANARY = "Zyxwolda.Quivermantle"

Send = Callable[[Any], Awaitable[float]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskProcess]:
    running = await DeskProcess.start(tmp_path_factory.mktemp("fuzz") / "desk")
    yield running
    await running.stop()


def logged(desk: DeskProcess) -> str:
    return (desk.folder.parent / f"{desk.folder.name}.log").read_text("utf-8")


def check_log(desk: DeskProcess) -> None:
    """Nothing that was sent stands in the log, and nothing failed that nobody had thought of."""
    log = logged(desk)
    assert CANARY.lower() not in log.lower()
    assert "Traceback" not in log
    assert not [line for line in log.splitlines() if "web.failed" in line or "turn.failed" in line]


# ── what is sent ────────────────────────────────────────────────────────────────────────────────────

ODD = (
    "", " ", "\x00", "\ud800", "\udfff\ud800", "\uffff", "\u202e", "٣٣٣", "²", "-1", "1e999", "9" * 5_000, "%00", "%ff",
    "' OR 1=1 --", "{{ 7*7 }}", "<script>", "../../etc/passwd", "a" * 4_000, "漢" * 4_000, "A1/2-3/" * 500,
    "😀" * 900, "\r\n\r\n", "0000-00-00", "9999-12-31", "PR-00000000", "null", "true", "@", "a@b", "x@" + "b." * 900,
)  # fmt: skip
WORDS = (
    "please",
    "delete",
    "my",
    "data",
    "copy",
    "not",
    "account",
    "effacez",
    "mes",
    "données",
    "12345678",
    "@",
)


def text_of(chance: random.Random) -> str:
    """Give a text: odd, of words, of any characters, or several of these."""
    match chance.randrange(4):
        case 0:
            return chance.choice(ODD)
        case 1:
            return " ".join(chance.choices(WORDS, k=chance.randrange(1, 60)))
        case 2:
            return "".join(chr(chance.randrange(0x11_0000)) for _ in range(chance.randrange(60)))
        case _:
            return f"{chance.choice(ODD)[:1_000]}{CANARY}{chance.choice(ODD)[:1_000]}"


def value_of(chance: random.Random, depth: int = 0) -> Any:
    """Give any JSON value."""
    match chance.randrange(7 if depth < 4 else 5):
        case 0:
            return chance.choice((0, -1, 2**31, 2**63, 2**64, 10**400, 1.5, True, False, None))
        case 5:
            return [value_of(chance, depth + 1) for _ in range(chance.randrange(4))]
        case 6:
            return {text_of(chance)[:40]: value_of(chance, depth + 1) for _ in range(chance.randrange(4))}
        case _:
            return text_of(chance)


def frames(chance: random.Random) -> Iterator[tuple[str, str | bytes]]:
    """Give frames for ever, each with its kind."""
    while True:
        kind = chance.choice(
            ("message", "choice", "seen", "typing", "identify", "hello", "any", "no JSON", "bytes")
        )
        fields = ("client_id", "text", "value", "id", "token", "session", "after", "locale")
        if kind == "no JSON":
            yield (
                kind,
                chance.choice(("{", "[" * 60_000, "NaN", '{"type":' * 5_000, text_of(chance), "9" * 5_000)),
            )
        elif kind == "bytes":
            yield kind, chance.randbytes(chance.randrange(2_000))
        elif kind == "any":
            yield kind, json.dumps(value_of(chance))
        else:
            frame: dict[str, Any] = {"type": kind, "client_id": str(uuid.UUID(int=chance.getrandbits(128)))}
            frame |= {
                "text": text_of(chance)[:4_000],
                "value": text_of(chance)[:150],
                "id": 1,
                "token": "a.b.c",
            }
            for _ in range(chance.randrange(3)):
                frame[chance.choice(fields)] = value_of(chance)
            yield kind, json.dumps(frame)


# ── judging ─────────────────────────────────────────────────────────────────────────────────────────


async def check_pace(took: dict[str, list[tuple[float, Any]]], again: Send) -> None:
    """Nothing takes 50 times the median of its kind; what seems to is sent thrice more, and its best counts."""
    for kind, measured in took.items():
        usual = max(statistics.median(seconds for seconds, _ in measured) * TIMES_THE_MEDIAN, AT_LEAST)
        for seconds, sent in measured:
            if seconds > usual:
                best = min([seconds, *[await again(sent) for _ in range(3)]])
                assert best <= usual, (kind, best, usual, repr(sent)[:300])


# ── the tests ───────────────────────────────────────────────────────────────────────────────────────


async def schemathesis(desk: DeskProcess, folder: Path, token: str, examples: int, *options: str) -> int:
    """Have Schemathesis try the API with every check on; gives how many cases it made."""
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("schemathesis")), "--config-file", "schemathesis.toml",
        "run", f"{desk.facts['api']}/openapi.json", "-H", f"Authorization: Bearer {token}", "-c", "all",
        "-n", str(examples), "--seed", str(SEED), "--phases", "coverage,fuzzing",
        "--continue-on-failure", "--no-color", *options,
        cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    told, _ = await process.communicate()
    said = told.decode()
    assert process.returncode == 0, said[-6_000:]
    made = re.search(r"(\d+) generated", said)
    assert made, said[-2_000:]
    return int(made[1])


# 422 is what was understood and cannot be done: a cursor of no page, a text that only a lead sends. All else stands as it is.
CONFIG = """
[checks]
positive_data_acceptance.expected-statuses = ["2xx", "3xx", "401", "403", "404", "409", "422", "429"]

[parameters]
"path.ref" = "{ref}"
"""


async def test_schemathesis_finds_nothing_with_every_check_on(desk: DeskProcess, tmp_path: Path) -> None:
    sys.stdout.write(f"seed {SEED}\n")
    made = desk.command("agents", "token", "api-demo", "--scope", "suppression", "--json")
    mailing = json.loads(made.stdout)["token"]
    config = tmp_path / "schemathesis.toml"
    token = desk.facts["api_token"]
    config.write_text(CONFIG.partition("[parameters]")[0])
    cases = await schemathesis(desk, tmp_path, token, 40, "--exclude-path-regex", "suppressed")
    cases += await schemathesis(desk, tmp_path, mailing, 100, "--include-path-regex", "suppressed")
    while cases < CASES:
        async with desk.chat() as chat:
            await chat.say("Please send me a copy of all my data.")
            ref = (await chat.opened())["access"]
        config.write_text(CONFIG.format(ref=ref))
        cases += await schemathesis(desk, tmp_path, token, 30, "--include-path-regex", "{ref}")
    check_log(desk)


async def test_no_frame_of_a_chat_breaks_it_or_takes_long(desk: DeskProcess) -> None:
    sys.stdout.write(f"seed {SEED}\n")
    chance = random.Random(SEED)
    made = frames(chance)
    took: defaultdict[str, list[tuple[float, Any]]] = defaultdict(list)
    sent = 0
    while sent < FRAMES:
        async with desk.http.ws_connect(desk.facts["chat_ws"], max_msg_size=2**24) as socket:
            if chance.random() < 0.9:
                await socket.send_json({"type": "hello", "session": None, "after": None, "locale": "en"})
                await socket.receive()
            for _ in range(50):
                kind, frame = next(made)
                took[kind].append((await answered(socket, frame), frame))
                sent += 1
                if socket.closed:
                    break

    async def again(frame: Any) -> float:
        async with desk.http.ws_connect(desk.facts["chat_ws"]) as socket:
            await socket.send_json({"type": "hello", "session": None, "after": None, "locale": "en"})
            await socket.receive()
            return await answered(socket, frame)

    await check_pace(took, again)
    check_log(desk)
    async with desk.chat() as chat:
        await chat.say("Please send me a copy of all my data.")
        assert await chat.opened()


async def answered(socket: aiohttp.ClientWebSocketResponse, frame: str | bytes) -> float:
    """Send a frame and something that is always answered; gives how long it took until that was."""
    begun = time.monotonic()
    mark = uuid.uuid4().hex
    try:
        await (
            socket.send_bytes(frame)
            if isinstance(frame, bytes)
            else socket.send_str(frame.encode("utf-8", "replace").decode())
        )
        await socket.send_json({"type": "nothing", "client_id": mark})
    except ConnectionResetError:
        return 0.0
    async with asyncio.timeout(60):
        while True:
            message = await socket.receive()
            if message.type is not aiohttp.WSMsgType.TEXT:
                assert socket.close_code in {1000, 1008, 1009, 1013}, (socket.close_code, repr(frame)[:300])
                return time.monotonic() - begun
            if json.loads(message.data).get("client_id") == mark or '"code":"hello_first"' in message.data:
                return time.monotonic() - begun


FIELDS = (
    "csrf", "name", "password", "code", "next", "answer", "changes", "token", "nonce", "text", "reason", "right",
    "message", "plan_hash", "seen", "then", "source", "found", "rows", "left", "why", "open_1", "recipient", "went_there",
    "contact", "client_id", "owner", "ground", "assignee", "facts", "not_theirs", "language", "q",
)  # fmt: skip
PATHS = (
    "/console/sign-in", "/console/sign-out", "/console/search", "/console/settings/language", "/console/triage/{odd}",
    "/console/requests/{ref}/{verb}", "/console/requests/{odd}/{verb}", "/console/plans/{odd}/{verb}",
    "/console/conversations/{odd}/{verb}", "/console/messages/{odd}/files/{odd}", "/verify/{odd}", "/verify/stop/{odd}",
    "/verify/undo/{odd}", "/verify/client-area", "/verify/client-area/confirm", "/package/{odd}/send",
    "/package/{odd}/open", "/package/{odd}/sign-in", "/demo/login",
)  # fmt: skip
VERBS = (
    "reply", "ask", "note", "assign", "refuse", "extend", "close", "forward", "lapse", "lift", "reveal", "correct",
    "decide_t3", "recipients", "approve", "reject", "by_hand", "redact", "stop", "go_on", "give_up", "take", "give_back",
    "link_again",
)  # fmt: skip
KINDS = (
    *["application/x-www-form-urlencoded"] * 8,
    "multipart/form-data; boundary=b",
    "text/plain",
    "application/json",
    "",
)


async def test_no_form_breaks_a_page_or_takes_long(desk: DeskProcess) -> None:
    sys.stdout.write(f"seed {SEED}\n")
    chance = random.Random(SEED)
    async with desk.chat() as chat:
        await chat.say("Please send me a copy of all my data.")
        ref = (await chat.opened())["access"]
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        form = (await desk.agent("agent")).form()
        async with http.post(f"{desk.url}/console/sign-in", data=form) as page:
            found = re.search(r'name="csrf" value="(\w+)"', await page.text())
            assert found
        csrf = found[1]

        async def send(what: tuple[str, bytes, str]) -> float:
            path, body, kind = what
            begun = time.monotonic()
            headers = {"Content-Type": kind}
            async with http.post(
                f"{desk.url}{path}", data=body, headers=headers, allow_redirects=False
            ) as answer:
                told = await answer.text()
                assert answer.status < 500 or answer.status == 503, (path, body[:300], kind, told[:600])
                statuses.append(answer.status)
                return time.monotonic() - begun

        statuses: list[int] = []
        took: defaultdict[str, list[tuple[float, Any]]] = defaultdict(list)
        for _ in range(FORMS):
            route = chance.choice(PATHS)
            what = (address_of(chance, route, ref), body_of(chance, csrf), chance.choice(KINDS))
            if "sign-out" not in route:
                seconds = await send(what)
                # What was refused unread is another kind than what was looked up, or hashed slowly.
                took[f"{route} {statuses[-1]}"].append((seconds, what))
        await check_pace(took, send)
    check_log(desk)


def address_of(chance: random.Random, route: str, ref: str) -> str:
    odd = urllib.parse.quote(text_of(chance)[:300].encode("utf-8", "surrogatepass"), safe="") or "0"
    return route.replace("{odd}", odd).replace("{ref}", ref).replace("{verb}", chance.choice(VERBS))


def body_of(chance: random.Random, csrf: str) -> bytes:
    if chance.random() < 0.1:
        return chance.randbytes(chance.randrange(5_000))
    fields = [("csrf", csrf)] + [
        (chance.choice(FIELDS), text_of(chance)) for _ in range(chance.randrange(12))
    ]
    return urllib.parse.urlencode(fields, encoding="utf-8", errors="surrogatepass").encode()
