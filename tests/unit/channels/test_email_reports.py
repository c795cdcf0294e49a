"""What mail servers write about mail that did not arrive, in fields and in words, and what only looks like it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assistant.channels.email.parsing import parse_message
from assistant.channels.email.settings import EmailSettings
from assistant.channels.email.tokens import Tokens
from assistant.interfaces import Incoming
from tests.doubles.bounces import BOUNCES, bounce
from tests.doubles.mail_desk import ADDRESS, KEY

AT = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)
SETTINGS = EmailSettings(address=ADDRESS, mailbox_dir=Path("nowhere"))
TOKENS = Tokens(ADDRESS, KEY)
GONE = "gone@client.example"
OURS = TOKENS.message_id("outbox-9", "thread9")
MARK = TOKENS.mark("outbox-9", "thread9")


def read(raw: bytes) -> Incoming:
    return parse_message(raw, received_at=AT, settings=SETTINGS, token_key=KEY)


def sample(name: str, message_id: str = OURS, mark: str = MARK) -> Incoming:
    return read(bounce(name, to=GONE, message_id=message_id, mark=mark))


@pytest.mark.parametrize("name", ["postfix", "gmail", "exchange_fr", "mailbox_full_de", "several_recipients",
                                  "replaced_id", "exim", "qmail"])  # fmt: skip
def test_a_bounce_that_quotes_our_id_names_the_letter_and_its_thread(name: str) -> None:
    incoming = sample(name)

    assert incoming.headers["bounce_of"] == OURS
    assert incoming.headers["bounce_action"] == "failed"
    assert incoming.thread == "thread9"
    assert incoming.automatic


@pytest.mark.parametrize(
    "name", [name for name in BOUNCES if name.endswith("without_id") or name == "quota_html"]
)
def test_a_bounce_without_an_id_names_whom_it_was_for(name: str) -> None:
    incoming = sample(name)

    assert incoming.headers["bounce"] == "1"
    assert "bounce_of" not in incoming.headers
    assert incoming.headers["bounce_action"] == "failed"
    assert GONE in incoming.headers["bounce_to"].split()


@pytest.mark.parametrize(
    ("name", "action"),
    [("delayed", "delayed"), ("exim_delayed", "delayed"), ("relayed", "relayed"), ("delivered", "delivered"),
     ("expanded", "expanded")],
)  # fmt: skip
def test_a_report_of_a_delay_or_of_success_is_told_from_a_failure(name: str, action: str) -> None:
    assert sample(name).headers["bounce_action"] == action


@pytest.mark.parametrize("name", ["absence_null_sender", "receipt", "complaint"])
def test_an_absence_note_a_receipt_and_a_complaint_are_a_machines_and_no_bounce(name: str) -> None:
    incoming = sample(name)

    assert incoming.automatic
    assert not [header for header in incoming.headers if header.startswith("bounce")]


def test_of_several_recipients_the_one_that_failed_counts() -> None:
    headers = sample("several_recipients").headers

    assert headers["bounce_to"].split() == [GONE, "inner-7@backend.example"]
    assert headers["bounce_status"] == "5.1.1"


def test_the_reason_is_read_in_digits() -> None:
    assert sample("mailbox_full_de").headers["bounce_status"] == "5.2.2"
    assert sample("exchange_en_without_id").headers["bounce_status"] == "5.2.2"
    assert sample("exchange_fr").headers["bounce_status"] == "5.1.10"


def test_a_forged_id_or_mark_names_no_letter() -> None:
    forged = OURS.replace("thread9", "thread8")

    for name in ("postfix", "qmail", "replaced_id"):
        incoming = sample(name, forged, MARK.replace("thread9", "thread8"))
        assert "bounce_of" not in incoming.headers
        assert incoming.thread not in {"thread8", "thread9"}


@pytest.mark.parametrize("subject", ["My data", "Échec de mes demandes", "Undeliverable parcel"])
def test_a_person_who_writes_about_mail_or_from_a_postmasters_box_is_no_server(subject: str) -> None:
    raw = f"From: Ada <postmaster@small.example>\r\nSubject: {subject}\r\n\r\nPlease delete my data.\r\n"
    person = read(raw.replace("postmaster", "ada").encode())

    assert "bounce" not in person.headers
    assert not person.automatic
    assert "bounce" not in read(raw.replace(subject, "My data").encode()).headers


def test_a_hostile_bounce_is_read_in_linear_time() -> None:
    head = b"Return-Path: <>\r\nFrom: MAILER-DAEMON@x.example\r\nSubject: failure notice\r\n\r\n"
    bodies = [b"a@b.example " * 200_000, b"<desk." * 300_000, b"will " * 400_000, b"5.1." * 400_000,
              b"X-Privacy-Desk: desk." * 100_000]  # fmt: skip
    started = time.process_time()
    for body in bodies:
        assert read(head + body).headers["bounce"] == "1"

    assert time.process_time() - started < 10
