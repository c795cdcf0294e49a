"""B24: a copy of the database, its journals, backups, packages and logs after a busy day tells nothing of a canary person."""

from __future__ import annotations

import base64
import binascii
import gzip
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from assistant import local
from assistant.changing_keys import change_sealing_key
from assistant.store.backup import back_up
from tests.doubles.attacks import ACCESS, ERASURE, Victim, proved, until_code, victims
from tests.doubles.desk_inside import DeskInside, desk_inside
from tests.doubles.journeys import confirm_change

FIRST, LAST, TOWN, SAID = "Xanthippe", "Kanaarilind", "Quetzalburg", "wombatologist"
DOMAIN, PHONE, NUMBER = "kanaarilind.example", "+37255510199", "C-8675309"
CHAT_ID = 7_700_400_211
WISHES = {
    "access": ACCESS,
    "erasure": ERASURE,
    "portability": "Please send me my data in a machine-readable format so that I can move to another provider.",
    "restriction": "Please restrict the processing of my data.",
    "objection": "I object to the processing of my personal data for profiling.",
    "consent_withdrawal": "I withdraw my consent to the newsletter.",
    "complaint": "I want to make a complaint about how you process my personal data.",
}
PROVED = {"access", "erasure", "portability"}
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{24,}={0,2}")


def forms(content: bytes) -> Iterator[bytes]:
    """Give a file as it is, and as whoever looks for words would take it apart."""
    yield content
    yield content.replace(b"\0", b"")  # words of two bytes a letter
    for run in _BASE64.findall(content):
        for alphabet in (None, b"-_"):
            try:
                yield base64.b64decode(run + b"=" * (-len(run) % 4), alphabet)
            except binascii.Error:
                continue
    for at in re.finditer(rb"\x1f\x8b\x08|PK\x03\x04|\x78[\x01\x9c\xda]", content):
        try:
            yield zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(content[at.start() :])
        except (zlib.error, gzip.BadGzipFile):
            continue


def found_in(folder: Path, words: set[str]) -> set[tuple[str, str]]:
    """Look for words in every file below a folder, whatever their letters' case."""
    sought = {word.lower().encode(): word for word in words}
    return {
        (file.name, word)
        for file in folder.rglob("*")
        if file.is_file()
        for form in forms(file.read_bytes())
        for low, word in sought.items()
        if low in form.lower()
    }


def test_the_search_finds_what_is_hidden_simply(tmp_path: Path) -> None:
    secret = f"I am {FIRST} {LAST}.".encode()
    for name, content in {
        "plain": secret,
        "wide": secret.decode().encode("utf-16"),
        "base64": b"text: " + base64.b64encode(secret * 3),
        "url": base64.urlsafe_b64encode(secret * 3),
        "gzip": b"head" + gzip.compress(secret * 9) + b"tail",
        "zlib": zlib.compress(secret * 9),
    }.items():
        (tmp_path / name).write_bytes(content)
    assert {name for name, _ in found_in(tmp_path, {LAST})} == {
        "plain",
        "wide",
        "base64",
        "url",
        "gzip",
        "zlib",
    }


@dataclass
class Day:
    """What the canary asked for, under several addresses, and what was typed."""

    desk: DeskInside
    people: Iterator[Victim]
    refs: dict[str, str] = field(default_factory=dict)
    codes: set[str] = field(default_factory=set)

    def canary(self, number: int) -> Victim:
        """Have the company know a client by the canary's names."""
        victim = next(self.people)
        email, client = f"{FIRST.lower()}{number}@{DOMAIN}", f"{NUMBER}{number}"
        self.desk.change(
            "UPDATE clients SET first_name = ?, last_name = ?, email = ?, phone = ?, client_no = ? WHERE id = ?",
            FIRST, LAST, email, PHONE, client, victim.id,
        )  # fmt: skip
        return Victim(victim.id, client, email, FIRST, LAST, PHONE)

    async def ask(self, person: Victim, right: str, words: str) -> None:
        """Ask in a chat, with a code, or by mail."""
        said = f"I am {FIRST} {LAST}, {SAID}, {PHONE}, {person.number}. {words}"
        if right in PROVED:
            async with self.desk.chat() as chat:
                self.refs[right] = await proved(self.desk, chat, person.email, words)
                await chat.say(said)
            self.codes.add(await self.desk.code(person.email))
            return
        before = await self.desk.refs()
        header = f"From: {FIRST} {LAST} <{person.email}>\r\nMessage-ID: <1@{DOMAIN}>\r\nSubject: {LAST}"
        await self.desk.raw_mail(f"{header}\r\n\r\n{said}".encode(), person.email)
        self.refs[right] = (await self.desk.opened_by(before))[0]

    async def correct(self, person: Victim) -> None:
        """Have a name corrected, to a word that nobody else uses."""
        async with self.desk.chat() as chat:
            await chat.say(f"My last name is wrong, it is {TOWN}.")
            self.refs["rectification"] = (await chat.opened())["rectification"]
            await confirm_change(chat, TOWN)
            await chat.asked("email")
            await chat.say(person.email)
            await chat.asked("code")
            code = await self.desk.code(person.email)
            await chat.say(code)
        self.codes.add(code)

    async def decide(self) -> None:
        """Have agents write about them, approve, reject; and let the time pass that all of it takes."""
        desk, refs = self.desk, self.refs
        for ref in refs.values():
            await desk.api("POST", f"/requests/{ref}/note", json={"text": f"{LAST} called from {PHONE}"})
        for right in ("access", "rectification", "portability"):
            await desk.approve(refs[right])
        item = await desk.plan(refs["erasure"])
        await desk.api("POST", f"/queue/{item['id']}/reject", json={"reason": f"{LAST} lives on"})
        await desk.forward("73h")
        for right in ("access", "rectification"):
            await desk.until_status(refs[right], "answered", "partly_answered")
        await desk.idle()


@pytest.mark.timeout(600)
async def test_no_copy_of_what_the_desk_keeps_tells_who_the_canary_is(tmp_path: Path) -> None:
    (tmp_path / "desk").mkdir()
    async with desk_inside(tmp_path / "desk") as desk:
        day = Day(desk, victims(desk))
        for number, (right, wish) in enumerate(WISHES.items()):
            await day.ask(day.canary(number), right, wish)
        async with desk.chat() as chat:
            await until_code(chat, day.canary(90).number)
            await chat.say(f"{LAST}, please")
        await day.correct(day.canary(91))
        await desk.telegram(f"{ACCESS} I am {FIRST} {LAST}", person=CHAT_ID)
        await desk.idle()
        await day.decide()

        data, kept, services = desk.folder / "data", tmp_path / "kept", desk.assembly.services
        kept.mkdir()
        assert list((data / "packages").glob("*.sealed")), "the copy of their data lies there"
        assert (data / "desk.db-wal").stat().st_size > 0
        back_up(services.store.url, kept / "backup.db")
        (kept / "desk.log").write_text(desk.log.getvalue(), encoding="utf-8")
        words = {FIRST, LAST, TOWN, SAID, DOMAIN, PHONE, PHONE[1:], NUMBER, str(CHAT_ID), *day.codes}
        assert len(day.codes) > len(PROVED)
        assert found_in(data, words) == found_in(kept, words) == set()
        (known,) = desk.own("SELECT count(*) FROM message WHERE opened(text) LIKE ?", f"%{LAST}%")
        assert known[0] > len(WISHES), "whoever has the keys reads them there"
        async with local.socket_of(desk.assembly):
            await change_sealing_key(services.settings, lambda _: None)
        assert found_in(data, words) == set()
        (still,) = desk.own("SELECT count(*) FROM message WHERE opened(text) LIKE ?", f"%{LAST}%")
        assert still == known
        assert await desk.faults() == []
