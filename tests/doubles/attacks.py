"""What every attack shares: who is attacked, what is asked in their name, and the outcomes that must hold."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from email.message import EmailMessage

    from tests.doubles.desk_inside import DeskInside
    from tests.doubles.desk_process import Chat, DeskProcess

ACCESS = "Hello, please send me a copy of all the personal data you hold about me."
ERASURE = "Hello, please delete all the personal data you hold about me."
NOTHING_HELD = "hold no data about the address you confirmed"
ATTACKER = "mallory@evil.example"
_strangers = itertools.count(1)
# What names one conversation and nothing else, and what a clock says.
_OWN = (
    (re.compile(r"PR-\w{8}"), "REF"),
    (re.compile(r"(?<=/verify/)(stop/)?[\w-]{16,}"), "SECRET"),
    (re.compile(r"(?<=:)[0-9a-f]{12}(?=[\"'])"), "MARK"),  # of the question that a button answers
    (re.compile(r"\b[0-9a-f]{16,}\b"), "SECRET"),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f-]{27}\b"), "UUID"),
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|\+[\d:]+)?"), "INSTANT"),
    (re.compile(r"\b\d\d[:h.]\d\d\b"), "TIME"),
    (re.compile(r"^\s*\d{8}\s*$", re.MULTILINE), "CODE"),
    (re.compile(r'"(id|after)": \d+'), "NUMBER"),
)


@dataclass(frozen=True, slots=True)
class Victim:
    """A client as the company knows them, and what of them must not leave."""

    id: int
    number: str
    email: str
    first_name: str
    last_name: str
    phone: str

    @property
    def personal(self) -> tuple[str, ...]:
        """What only the company and the person know."""
        return tuple(v for v in (self.number, self.last_name, self.phone) if v)


def victims(desk: DeskInside) -> Iterator[Victim]:
    """Clients with nothing running and one account, in their order."""
    rows = desk.query(
        "SELECT id, client_no, email, first_name, last_name, coalesce(phone, '') FROM clients c"
        " WHERE email LIKE '%@%' AND id > 20 AND coalesce(last_name, '') <> ''"
        " AND NOT EXISTS (SELECT 1 FROM services s WHERE s.client_id = c.id AND s.status = 'active')"
        " AND NOT EXISTS (SELECT 1 FROM domains d WHERE d.client_id = c.id AND d.expires_on > '2026-01-01')"
        " AND (SELECT count(*) FROM clients o WHERE lower(o.email) = lower(c.email)) = 1 ORDER BY id"
    )
    return iter([Victim(*row) for row in rows])


def stranger() -> str:
    """Give an address that nobody holds, another one each time."""
    return f"nobody.{next(_strangers)}@elsewhere.example"


def plain(said: Any, *own: str) -> str:
    """Give something as text without what differs between any two conversations."""
    text = said if isinstance(said, str) else json.dumps(said, ensure_ascii=False, indent=1, sort_keys=True)
    for value in own:
        text = text.replace(value, "OWN")
    for pattern, name in _OWN:
        text = pattern.sub(name, text)
    return text


def texts(mail: EmailMessage) -> str:
    """Give what a mail shows: its subject and its text."""
    return f"{mail['subject']}\n{mail.get_content()}"


async def ask(chat: Chat, sentence: str = ACCESS) -> str:
    """Ask in chat; gives the reference."""
    await chat.say(sentence)
    return next(iter((await chat.opened()).values()))


async def until_code(chat: Chat, claim: str, sentence: str = ACCESS) -> str:
    """Ask in chat and claim to be somebody, up to the question for a code; gives the reference."""
    ref = await ask(chat, sentence)
    await chat.asked("email")
    await chat.say(claim)
    await chat.asked("code")
    return ref


async def proved(desk: DeskProcess, chat: Chat, email: str, sentence: str = ACCESS, *, seen: int = 0) -> str:
    """Ask in chat and prove the mailbox; gives the reference."""
    ref = await until_code(chat, email, sentence)
    await chat.say(await desk.code(email, seen=seen))
    await chat.until(lambda m: ref in m["text"] and m["expects"] is None, "that it is confirmed")
    return ref


def wrong(code: str) -> str:
    """Give a code that is not this one."""
    return f"{(int(code) + 1) % 10**8:08d}"


async def check_recorded(desk: DeskInside, ref: str, *, status: str = "verifying") -> None:
    """The request is on record, its clock runs, nothing was proved by it, and its opening has its audit entry."""
    request = await desk.request(ref)
    assert request["status"] == status
    assert date.fromisoformat(request["due_on"]) > date.fromisoformat(request["received_at"][:10])
    assert request["assurance"] == 0
    assert request["actions"] == []
    events = [event["event"] for event in await desk.events(ref)]
    assert events.count("request_opened") == 1


def check_untold(desk: DeskInside, victim: Victim, *addresses: str) -> None:
    """No mail to these addresses holds what only the company knows of the victim."""
    for address in addresses:
        for mail in desk.mails(address):
            leaked = [value for value in victim.personal if value in texts(mail)]
            assert not leaked, (mail["subject"], leaked)
