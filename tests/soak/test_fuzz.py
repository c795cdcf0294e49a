"""Mails and updates of Telegram broken in every way, from a printed seed: none is lost, none trips the desk, none is slow, none is logged."""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import smtplib
import statistics
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio
from sqlmodel import col, select

from assistant.casework.requests.intake import OUTSIDE
from assistant.channels.email.channel import EmailChannel
from assistant.channels.email.parsing import parse_message
from assistant.services import Unit
from assistant.store.keyring import mail_name
from assistant.store.tables import Conversation, Message
from tests.doubles.attacks import ACCESS, ERASURE
from tests.doubles.bombs import BOMBS
from tests.doubles.bot_api import press_update, text_update
from tests.doubles.desk_inside import DeskInside, desk_inside
from tests.doubles.mail_desk import MAILS

pytestmark = [pytest.mark.quiet, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(3600)]

SEED = int(os.environ.get("SEED", "20261128"))
MOST_MAILS, MOST_UPDATES = (5_000, 2_000) if os.environ.get("FULL") else (300, 200)
CANARY = "zyxcanary"
SLOW = 50  # times the median of its kind
LEAST = 0.02  # seconds that count as the median at least: below it the clock and other work decide
_MAILS_OF_A_SESSION = 500
_LINE_OF_A_DOT = re.compile(rb"(?:\A|(?<=\r\n))\.")
_TROUBLE = re.compile(r"Traceback|turn\.failed|mail\.unreadable|session_failed|not_stored|\[error")

Change = Callable[[random.Random, bytes], bytes]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskInside]:
    async with desk_inside(tmp_path_factory.mktemp("fuzz")) as opened:
        yield opened


# ── mails ───────────────────────────────────────────────────────────────────────────────────────────


def _seeds() -> list[bytes]:
    plain = f"From: {CANARY} <{CANARY}@client.example>\r\nTo: x\r\nSubject: {CANARY}\r\nMessage-ID: <m@c.example>\r\n"
    texts = [f"{ACCESS} {CANARY}", f"{ERASURE} {CANARY}", f"Bonjour {CANARY}, où en est ma facture ?"]
    small = [BOMBS[kind](2_000) for kind in BOMBS]
    files = [path.read_bytes() for path in sorted(MAILS.glob("*.eml"))]
    return [*(f"{plain}\r\n{text}\r\n".encode() for text in texts), *files, *small]


def _flip(rng: random.Random, raw: bytes) -> bytes:
    changed = bytearray(raw)
    for _ in range(rng.randint(1, 20)):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def _cut(rng: random.Random, raw: bytes) -> bytes:
    at, to = sorted(rng.randrange(len(raw) + 1) for _ in range(2))
    return raw[:at] + raw[to:]


def _repeat(rng: random.Random, raw: bytes) -> bytes:
    at = rng.randrange(len(raw))
    return raw[:at] + raw[at : at + rng.randint(1, 60)] * rng.randint(2, 300) + raw[at:]


def _shuffle(rng: random.Random, raw: bytes) -> bytes:
    lines = raw.split(b"\n")
    rng.shuffle(lines)
    return b"\n".join(lines)


def _odd(rng: random.Random, raw: bytes) -> bytes:
    pieces = (
        b"\0",
        b"\r",
        b"\n.\n",
        b"=?utf-7?b?//8=?=",
        b"\xff\xfe",
        "\u202e🜁".encode(),
        b"boundary=",
        b"&#99999999999;",
    )
    at = rng.randrange(len(raw))
    return raw[:at] + rng.choice(pieces) * rng.randint(1, 200) + raw[at:]


_CHANGES: tuple[Change, ...] = (_flip, _cut, _repeat, _shuffle, _odd)


def _mail(rng: random.Random, seeds: list[bytes], number: int) -> bytes:
    raw = rng.choice(seeds)
    for change in rng.choices(_CHANGES, k=rng.randint(1, 3)):
        raw = change(rng, raw) if len(raw) > 1 else raw
    return (b"X-Number: %d\r\n" % number + raw)[:200_000]


def _ended(raw: bytes) -> bytes:
    """End a mail with the end of a line, as whoever sends it must."""
    return raw if raw.endswith(b"\r\n") else raw + b"\r\n"


class _Sender:
    """A mail server that keeps its connection, and takes what is refused for what it is."""

    def __init__(self, desk: DeskInside) -> None:
        self._where = desk.facts["mail_in"]
        self._server: smtplib.SMTP | None = None
        self._sent = 0

    def send(self, raw: bytes) -> float:
        self._sent += 1
        if self._sent % _MAILS_OF_A_SESSION == 0:
            self.leave()
        self._server = self._server or smtplib.SMTP(self._where["host"], self._where["port"], timeout=60)
        began = time.perf_counter()
        self._server.ehlo_or_helo_if_needed()
        assert self._server.mail("fuzz@mail.example")[0] == 250
        assert self._server.rcpt(self._where["address"])[0] == 250
        assert self._data(self._server, raw) == 250, "the desk did not take a mail"
        return time.perf_counter() - began

    @staticmethod
    def _data(server: smtplib.SMTP, raw: bytes) -> int:
        """Send a mail so that it arrives byte for byte: smtplib itself doubles a dot behind a bare line feed, which no server undoes."""
        assert server.docmd("DATA")[0] == 354
        server.send(_LINE_OF_A_DOT.sub(b"..", _ended(raw)) + b".\r\n")
        return server.getreply()[0]

    def leave(self) -> None:
        """Close the connection."""
        if self._server is not None:
            self._server.quit()
            self._server = None


def _identity(desk: DeskInside, raw: bytes) -> str:
    """Name a mail, as it arrived, as the desk does."""
    channel = desk.assembly.channels["email"]
    assert isinstance(channel, EmailChannel)
    incoming = parse_message(
        _ended(raw), received_at=datetime.now(UTC), settings=channel._settings, token_key=channel._token_key
    )
    return OUTSIDE + mail_name(desk.assembly.services.keyring, incoming.external_id)


@pytest.mark.parametrize("seed", [SEED])
async def test_no_mail_is_lost_or_slow_whatever_is_in_it(desk: DeskInside, seed: int) -> None:
    rng, seeds = random.Random(seed), _seeds()
    mails = [_mail(rng, seeds, number) for number in range(MOST_MAILS)]
    with ThreadPoolExecutor(1) as line:
        sender, loop = _Sender(desk), asyncio.get_running_loop()

        async def send(raw: bytes) -> float:
            return await loop.run_in_executor(line, sender.send, raw)

        taken = [await send(raw) for raw in mails]
        bound = SLOW * max(LEAST, statistics.median(taken))
        slow = [number for number, seconds in enumerate(taken) if seconds > bound]
        again = {number: await send(mails[number] + b"again\r\n") for number in slow}
        await loop.run_in_executor(line, sender.leave)
    assert {number: seconds for number, seconds in again.items() if seconds > bound} == {}

    kept = set(await desk.assembly.services.read(_mails_kept))
    lost = [number for number, raw in enumerate(mails) if _identity(desk, raw) not in kept]
    assert lost == []
    await desk.idle()
    _check_log(desk)


def _mails_kept(unit: Unit) -> list[str]:
    query = select(Message.external_id).join(
        Conversation, col(Conversation.id) == col(Message.conversation_id)
    )
    return list(
        unit.session.exec(query.where(col(Conversation.channel) == "email", col(Message.sender) == "you"))
    )


def _check_log(desk: DeskInside) -> None:
    log = desk.log.getvalue()
    assert CANARY not in log.lower()
    trouble = _TROUBLE.search(log)
    assert trouble is None, log[trouble.start() : trouble.start() + 3_000]


# ── Telegram ────────────────────────────────────────────────────────────────────────────────────────

_ODD_VALUES: tuple[Any, ...] = (
    None, True, -1, 0, 10**18, 10**400, 1e308, "", CANARY, "\ud800", "\0", "9" * 5_000, [], {}, [[]], {"id": CANARY},
    CANARY * 500,
)  # fmt: skip


def _broken(rng: random.Random, value: Any, depth: int = 0) -> Any:
    """Change some values anywhere in an update, take some out, put some in."""
    if rng.random() < 0.06 and depth:
        return rng.choice(_ODD_VALUES)
    if isinstance(value, dict):
        kept = {k: _broken(rng, v, depth + 1) for k, v in value.items() if rng.random() > 0.03}
        return kept | (
            {rng.choice(("text", "entities", "photo", "x")): rng.choice(_ODD_VALUES)}
            if rng.random() < 0.05
            else {}
        )
    return [_broken(rng, each, depth + 1) for each in value] if isinstance(value, list) else value


def _update(rng: random.Random, number: int) -> dict[str, Any]:
    words = rng.choice((ACCESS, ERASURE, f"{CANARY}?", "/start", CANARY * 300))
    person, sent_at = rng.randint(1, 400), datetime.now(UTC)
    if rng.random() < 0.3:
        return press_update(number, rng.choice(("human", "right:erasure", CANARY)), person=person)
    return text_update(number, words, person=person, sent_at=sent_at)


@pytest.mark.parametrize("seed", [SEED])
async def test_no_update_is_lost_or_slow_whatever_is_in_it(desk: DeskInside, seed: int) -> None:
    rng = random.Random(seed)
    updates = [_update(rng, 5_000_000 + number) for number in range(MOST_UPDATES)]
    posted = [_broken(rng, update) if number % 3 else update for number, update in enumerate(updates)]
    taken = []
    for update in posted:
        began = time.perf_counter()
        assert await desk.bot.post(update) in {200, 400, 413}, json.dumps(update)[:500]
        taken.append(time.perf_counter() - began)
    assert max(taken) < SLOW * max(LEAST, statistics.median(taken))

    kept = set(await desk.assembly.services.read(_updates_kept))
    whole = {str(update["update_id"]) for number, update in enumerate(updates) if number % 3 == 0}
    assert whole <= kept
    await desk.idle()
    _check_log(desk)


def _updates_kept(unit: Unit) -> list[str]:
    query = select(Message.external_id).where(col(Message.external_id).startswith(f"{OUTSIDE}update:"))
    return [found.removeprefix(f"{OUTSIDE}update:").partition(" ")[0] for found in unit.session.exec(query)]
