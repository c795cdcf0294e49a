"""A desk in the middle of everything, kept as the version of its day left it, for later ones to be upgraded from.

`python -m tests.doubles.former_desk` opens a desk of the code that is checked out, brings it there and keeps it.
"""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pytest

from assistant.casework.agents import talking
from assistant.casework.proof import sending
from assistant.casework.requests.queue import Principal, Role
from assistant.demo.people import CUSTOMER
from tests.doubles.attacks import proved, until_code
from tests.doubles.desk_inside import DeskInside, desk_inside
from tests.doubles.sample_company import sample_company

KEPT: Final = Path(__file__).parents[1] / "data" / "former_desk.json"
ARCHIVE: Final = "paper-archive"
MORE: Final = f"""
[[sources]]
name = "{ARCHIVE}"
kind = "manual"
title = "The paper archive"
map = "paper.toml"
"""
MAPS: Final[Mapping[str, str]] = {
    "paper.toml": """
category = "correspondence"
purpose = "support"
look_up = { en = "Look for letters in the green binders.", fr = "Cherchez dans les classeurs verts." }
remind_days = 5
rectifiable = ["address"]
"""
}
_LEAD: Final = Principal("leonie", Role.LEAD)
_COPY: Final = "Please send me a copy of all my data."
_ERASURE: Final = "Please delete all my personal data."
# What a talk ends with, mostly the question that is open, and what leads there.
_ASKED: Final = {
    "ask_contact": _COPY,
    "ask_rectification": "I would like to correct my personal data.",
    "ask_rectification_which": (
        "Please correct my phone number, there are two: +44 7700 900111 and +44 7700 900222."
    ),
    "confirm_rectification": "Please change my phone number from +44 7700 900111 to +44 7700 900222.",
    "ask_consent_purpose": "I withdraw my consent.",
    "ask_objection_purpose": "I object to the processing of my data.",
    "ask_marketing_address": "Please stop sending me marketing emails.",
    "answer_waits_here": "It is about my data and the law on data protection.",
    "chat_ask_detail": "Delete my phone number.",
    "chat_ask_right": "Delete everything except my invoices.",
    "code_sent_client_id": _COPY,
    "nothing_asked": "Where does my request stand?",
    "wants_person": "I want to talk to a person.",
    "taken_by_agent": "I want to talk to a person.",
}


@dataclass
class Former:
    """What the people and the agents of a desk hold in their hands."""

    at: str = ""
    talks: dict[str, dict[str, Any]] = field(default_factory=dict)  # session of the chat, question, id
    code: str = ""  # that was mailed for the talk that awaits one
    requests: dict[str, str] = field(default_factory=dict)  # where it stands -> reference
    mails: dict[str, str] = field(default_factory=dict)  # who writes, and the secret of a link
    people: int = 0

    def somebody(self) -> str:
        """Name the next client."""
        self.people += 1
        return address_of(self.people)


def address_of(number: int) -> str:
    """Give the address of a client."""
    return f"client{number}@former.example"


def lay_company(folder: Path, today: date) -> None:
    """Lay out a client area in which each of these people stands in one row."""
    file = folder / "client-area.db"
    file.write_bytes(sample_company(today, 8))
    with closing(sqlite3.connect(file)) as database, database:
        database.executemany(
            "INSERT INTO clients (id, client_no, first_name, last_name, email, phone, language, password_hash, status,"
            " created_at) VALUES (?, ?, 'Mari', ?, ?, '+44 7700 900111', 'en', 'x', 'active', '2025-01-01 09:00:00')",
            [(900 + n, f"C-9{n:04d}", f"Metsamaa {n}", address_of(n)) for n in range(1, 30)],
        )


# ── bringing it there ───────────────────────────────────────────────────────────────────────────────


async def fill(desk: DeskInside) -> Former:
    """Bring a desk into the middle of everything."""
    former = Former()
    await _what_took_time(desk, former)
    await _plans(desk, former)
    await _services(desk, former)
    for question, sentence in _ASKED.items():
        await _ask(desk, former, question, sentence)
    await _mails(desk, former)
    await _proofs(desk, former)
    former.at = desk.clock.now().isoformat()
    return former


async def _what_took_time(desk: DeskInside, former: Former) -> None:
    """Have plans under way, and a talk that hides since nobody wrote in it for a while."""
    for name in ("executing", "stopped"):
        ref = await _proved(desk, former, name, _COPY)
        await desk.approve(ref)
        del former.talks[name]  # it ends before its plan begins
    await desk.forward("73h")
    await desk.idle()
    (plan,) = (await desk.request(former.requests["stopped"]))["actions"]
    await desk.api("POST", f"/queue/{plan}/stop", json={})
    await _proved(desk, former, "session_hidden", _COPY)
    await desk.forward("45m")
    async with desk.chat("en", former.talks["session_hidden"]["session"]) as chat:
        assert chat.history[-1]["expects"] == "email"
        _note(desk, former, "session_hidden", chat.session)


async def _plans(desk: DeskInside, former: Former) -> None:
    for name in ("awaiting_approval", "scheduled", "open", "withdraw_confirm"):
        await _proved(desk, former, name, _ERASURE if name == "scheduled" else _COPY)
    await desk.approve(former.requests["scheduled"])
    rejected = await desk.plan(former.requests["open"])
    await desk.api("POST", f"/queue/{rejected['id']}/reject", json={"reason": "Look again, please."})
    asked = {"ground": "specify", "text": "Which of your data do you mean?"}
    await desk.api("POST", f"/requests/{former.requests['open']}/ask", json=asked)
    async with desk.chat("en", former.talks["withdraw_confirm"]["session"]) as chat:
        await chat.say("Never mind, please cancel my request.")
        await chat.asked("choice")
        _note(desk, former, "withdraw_confirm", chat.session)


async def _proved(desk: DeskInside, former: Former, name: str, sentence: str) -> str:
    async with desk.chat("en") as chat:
        ref = former.requests[name] = await proved(desk, chat, former.somebody(), sentence)
        _note(desk, former, name, chat.session)
    await desk.plan(ref)
    return ref


async def _services(desk: DeskInside, former: Former) -> None:
    """Have an agent ask about the services of somebody who has some."""
    async with desk.chat("en") as chat:
        ref = former.requests["services_running"] = await proved(desk, chat, CUSTOMER.email, _ERASURE)
        plan, services = await desk.plan(ref), desk.assembly.services
        await services.write(lambda unit: talking.ask_about_services(unit, plan["id"], _LEAD))
        await chat.asked("choice")
        _note(desk, former, "services_running", chat.session)


async def _ask(desk: DeskInside, former: Former, question: str, sentence: str) -> None:
    async with desk.chat("en") as chat:
        await chat.say(sentence)
        await chat.until(lambda m: m["from"] == "assistant")
        if question == "code_sent_client_id":
            await chat.say("C-90025")
            await chat.asked("code")
        await desk.idle()
        talk = _note(desk, former, question, chat.session)
        if question == "taken_by_agent":
            services = desk.assembly.services
            await services.write(lambda unit: talking.take_over(unit, talk, _LEAD))


async def _mails(desk: DeskInside, former: Former) -> None:
    """Have a link on its way to somebody who wrote a mail, and a mail that lacks something."""
    who = former.mails["link_to"] = former.somebody()
    await asyncio.to_thread(desk.send_mail, _COPY, sender=who, subject="My data")
    mail = (await desk.mail(who, "/verify/")).get_content()
    former.mails["link"] = re.findall(r"/verify/([\w-]{16,})", mail)[0]
    receipt = await desk.mail(who, "PR-")
    former.requests["verifying_by_mail"] = re.findall(
        r"PR-\w{8}", f"{receipt['subject']}{receipt.get_content()}"
    )[0]
    former.mails["lacks"] = former.somebody()
    sentence = "Please correct my personal data."
    await asyncio.to_thread(desk.send_mail, sentence, sender=former.mails["lacks"], subject="My data")
    lacks = await desk.mail(former.mails["lacks"])
    former.mails |= {"lacks_id": str(lacks["message-id"]), "lacks_to": str(lacks["reply-to"])}


async def _proofs(desk: DeskInside, former: Former) -> None:
    """Have a code on its way, and one that was wanted a moment before the desk stopped."""
    who = former.somebody()
    async with desk.chat("en") as chat:
        former.requests["verifying"] = await until_code(chat, who)
        _note(desk, former, "code_sent_email", chat.session)
        former.code = await desk.code(who)

    async def never(*_: object) -> None: ...

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sending, "_send_one", never)
        who = former.mails["wanted_by"] = former.somebody()
        async with desk.chat("en") as chat:
            former.requests["wanted"] = await until_code(chat, who)
            await desk.idle()
            _note(desk, former, "code_wanted", chat.session)


def _note(desk: DeskInside, former: Former, name: str, session: str) -> str:
    """Note the talk of a moment ago; gives its name."""
    ((ident, state),) = desk.own("SELECT id, opened(state) FROM conversation ORDER BY last_at DESC LIMIT 1")
    asked = json.loads(state).get("question")
    former.talks[name] = {"session": session, "asked": asked, "id": ident}
    return str(ident)


# ── keeping it, and laying it out again ─────────────────────────────────────────────────────────────


def keep(data_dir: Path, former: Former) -> None:
    """Keep what a desk that ended left behind."""
    with closing(sqlite3.connect(data_dir / "desk.db")) as database:
        script = list(database.iterdump())
    keys = {str(file.relative_to(data_dir)): file.read_bytes().hex() for file in sorted(_keys(data_dir))}
    kept = {"former": asdict(former), "keys": keys, "database": script}
    KEPT.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", "utf-8")


def _keys(data_dir: Path) -> list[Path]:
    return [file for file in (data_dir / "keys").rglob("*") if file.is_file()]


def lay_out_former(folder: Path) -> Former:
    """Lay the folder of a desk out as that version left it; gives what people hold in their hands."""
    kept = json.loads(KEPT.read_text("utf-8"))
    former = Former(**kept["former"])
    data_dir = folder / "data"
    data_dir.mkdir(mode=0o700, parents=True)
    for name, content in kept["keys"].items():
        file = data_dir / name
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.write_bytes(bytes.fromhex(content))
        file.chmod(0o600)
    with closing(sqlite3.connect(data_dir / "desk.db")) as database, database:
        database.executescript("\n".join(kept["database"]))
    (data_dir / "desk.db").chmod(0o600)
    lay_company(folder, datetime.fromisoformat(former.at).date())
    return former


async def _main() -> None:
    with TemporaryDirectory() as made:
        folder = Path(made)
        lay_company(folder, datetime.now(UTC).date())
        async with desk_inside(folder, MORE, MAPS) as desk:
            former = await fill(desk)
        keep(folder / "data", former)


if __name__ == "__main__":
    asyncio.run(_main())
