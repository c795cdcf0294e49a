"""The desk is no weapon: what a stranger writes reaches nobody through it, and no mailbox is filled by it."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from tests.doubles.attacks import ACCESS, ERASURE, stranger

if TYPE_CHECKING:
    from tests.doubles.desk_inside import DeskInside

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("attacks")]

CANARY = "zyxcanary"
PAY = f"Your account is blocked, pay at https://{CANARY}.example/now"
_numbers = itertools.count(1)
# What has the desk write a letter by itself, first mail and answer in its thread: each of another kind.
LETTERS = {
    "receipt and link": [f"{ACCESS} {PAY}"],
    "receipt in French": [f"Bonjour, je veux une copie de toutes mes données personnelles. {CANARY}"],
    "two rights": [f"{ACCESS} Please also delete all my personal data. {PAY}"],
    "already open": [f"{ERASURE} {PAY}", f"{ERASURE} {CANARY}"],
    "complaint": [f"I complain about how you handle my personal data. {PAY}"],
    "which use": [f"I object to the processing of my personal data. {PAY}"],
    "which use, answered": ["I object to the processing of my personal data.", f"the {CANARY} one"],
    "marketing": [f"Stop sending marketing to {CANARY}@{CANARY}.example. {PAY}"],
    "marketing by number": [f"No more marketing calls to +372 5550 1234. {PAY}"],
    "what to correct": [f"Please correct my personal data. {PAY}"],
    "two values": [f"My e-mail: {CANARY}@one.example and {CANARY}@two.example, please correct."],
    "a value": [f"Please correct my address to {CANARY} street 4."],
    "a slip": ["Please correct my e-mail address.", f"{CANARY}@evil,example"],
    "not understood": ["Please correct my phone number.", f"{CANARY} whatever", f"{CANARY} again"],
    "for another": [f"I am the lawyer of Ms {CANARY}. Please send me her personal data. {PAY}"],
    "taken back": [f"{ERASURE} {CANARY}", f"I withdraw my request. {CANARY}"],
    "kept after all": [f"{ERASURE} {CANARY}", f"Please do not delete anything. {CANARY}"],
    "status": [f"{ACCESS} {CANARY}", f"Where is my request? {CANARY}"],
    "a person": [f"{ACCESS} {CANARY}", f"I want to talk to a person. {CANARY}"],
    "portability": [f"Please send my data to {CANARY}.example, I want to move my account. {PAY}"],
    "restriction": [f"Please restrict the processing of my personal data. {PAY}"],
    "consent": [f"I withdraw my consent to {CANARY}. {PAY}"],
}


def mail(sender: str, text: str, answers: str = "") -> bytes:
    """Write a mail with the canary wherever a stranger can put words."""
    number = next(_numbers)
    head = [
        f'From: "{PAY}" <{sender}>',
        f"To: {PAY} <{answers or 'privacy@kuusik-lierre.example'}>",
        f"Subject: Re: {PAY}",
        f"Reply-To: {CANARY}@evil.example",
        f"Message-ID: <{number}@evil.example>",
        f"Comments: {CANARY}",
        "Content-Type: text/plain; charset=utf-8",
    ]
    return "\r\n".join([*head, "", text, ""]).encode()


async def test_no_letter_to_an_unproved_mailbox_says_what_a_stranger_wrote(desk: DeskInside) -> None:
    """B22: in subject, body, display name, details; every kind of letter that follows from a mail alone."""
    senders = {kind: stranger() for kind in LETTERS}
    for step in range(3):
        for kind, said in LETTERS.items():
            if step < len(said):
                written = desk.mails(senders[kind])
                thread = next((str(m["reply-to"]) for m in written if m["reply-to"]), "")
                await desk.raw_mail(mail(senders[kind], said[step], thread), senders[kind])
        await desk.idle()
    await desk.idle()

    letters = {kind: desk.mails(sender) for kind, sender in senders.items()}
    assert all(letters.values()), [kind for kind, sent in letters.items() if not sent]
    echoed = {
        f"{kind}: {letter['subject']}"
        for kind, sent in letters.items()
        for letter in sent
        if CANARY in letter.as_string().lower() or CANARY in str(letter.get_content()).lower()
    }
    assert echoed == set()
    assert all(str(letter["subject"]).strip() for sent in letters.values() for letter in sent)
    assert desk.mails(CANARY) == [] or {str(m["to"]) for m in desk.mails(CANARY)} == {
        f"{CANARY}@{CANARY}.example"  # whom marketing leaves alone is told so
    }
