"""Mails as they come from the field, by SMTP through the whole desk: what each asks is opened, shown or left alone."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

import pytest
import pytest_asyncio
from sqlmodel import col, select

from assistant.domain.assurance import CODES_PER_HOUR
from assistant.services import Unit
from assistant.store.tables import Conversation, Message, PrivacyRequest
from tests.doubles.desk_inside import DeskInside, desk_inside

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("field_mail")]

DESK = "privacy@kuusik-lierre.example"
SUPPORT = "support@kuusik-lierre.example"
FIELD = Path(os.environ.get("REAL_MESSAGES", "")).parent / "field" / "mail"
ERASE = "Please delete my account and all my personal data."
_numbers = count(1)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskInside]:
    async with desk_inside(tmp_path_factory.mktemp("field")) as opened:
        yield opened


@pytest.fixture
def sender() -> str:
    number = next(_numbers)
    return f"writer{number}@field{number}.example"


async def sent(desk: DeskInside, raw: bytes, sender: str) -> tuple[Message, Conversation, list[str]]:
    """Send a mail; give it as it was stored, its talk, and the rights that were opened there."""
    await desk.raw_mail(raw, sender)  # returns after the commit

    def find(unit: Unit) -> tuple[Message, Conversation, list[str]]:
        written = select(Message).where(col(Message.sender) == "you").order_by(col(Message.id).desc())
        message = unit.session.exec(written.limit(1)).one()
        talk = unit.session.get_one(Conversation, message.conversation_id)
        opened = select(PrivacyRequest.right).where(col(PrivacyRequest.conversation_id) == talk.id)
        return message, talk, sorted(unit.session.exec(opened))

    return await desk.assembly.services.read(find)


def mail(
    sender: str, subject: str, text: str, *fields: str, kind: str = "text/plain; charset=utf-8"
) -> bytes:
    head = [f"From: {sender}", f"To: {DESK}", f"Subject: {subject}", f"Message-ID: <{sender}>", *fields]
    return "\r\n".join([*head, "MIME-Version: 1.0", f"Content-Type: {kind}", "", text, ""]).encode()


# ── what stands in the subject ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("subject", "text", "right"),
    [
        ("Please delete all my personal data", "See subject.", "erasure"),
        ("Please delete all my personal data", "👍", "erasure"),
        ("Please delete all my personal data", "Hello, see subject. Kind regards, Jane", "erasure"),
        ("Suppression de mes données personnelles", "Voir objet.", "erasure"),
        ("Demande d’accès à mes données personnelles", "Merci", "access"),
    ],
)
async def test_a_subject_alone_opens_a_request(
    desk: DeskInside, sender: str, subject: str, text: str, right: str
) -> None:
    _, talk, opened = await sent(desk, mail(sender, subject, text), sender)
    assert (opened, talk.triage) == ([right], False)
    assert await desk.mail(sender, "PR-")


async def test_a_subject_in_doubt_or_beside_other_words_is_shown_to_an_agent(
    desk: DeskInside, sender: str
) -> None:
    for n, (subject, text) in enumerate(
        [
            ("GDPR Article 15 access request", "see subject"),
            ("Please delete all my personal data", "My contract ended in March."),
        ]
    ):
        _, talk, opened = await sent(desk, mail(f"{n}-{sender}", subject, text), sender)
        assert (opened, talk.triage) == ([], True)


async def test_the_subject_of_an_answer_is_not_read_again(desk: DeskInside, sender: str) -> None:
    raw = mail(sender, "Re: Please delete all my personal data", "Thanks")
    _, talk, opened = await sent(desk, raw, sender)
    assert (opened, talk.triage) == ([], False)


# ── the mails of the field themselves ───────────────────────────────────────────────────────────────

_ERASURE = (["erasure"], False)
EXPECTED = {
    "o1_html_then_text_footer": _ERASURE,
    "o4_list_footer": (["access"], False),
    "p1_plain_stub": _ERASURE,
    "q1_from_munged": (["consent_withdrawal"], False),
    "r1_inline_in_blockquote": None,
    "s1_suppress_all": _ERASURE,
    "t4_utf8_labelled_latin1": _ERASURE,
    "u1_contact_form": _ERASURE,
    "y2_forward_as_attachment": (
        [],
        True,
    ),  # it bears our own address: an agent decides, its words before them
    "y4_hidden_preheader": ([], False),
    "z1_subject_says_all": _ERASURE,
}


# What is not mended yet; the test fails where one of them is, so that it is taken out here.
@pytest.mark.skipif(
    not FIELD.is_dir(), reason="REAL_MESSAGES names no folder that has mails of the field beside it"
)
@pytest.mark.parametrize("name", sorted(EXPECTED))
async def test_a_mail_of_the_field_comes_to_what_its_readme_says(desk: DeskInside, name: str) -> None:
    assert sorted(EXPECTED) == sorted(path.stem for path in FIELD.glob("*.eml"))
    raw = (FIELD / f"{name}.eml").read_bytes().replace(b"privacy@desk.example", DESK.encode())
    sender = f"{name.replace('_', '.')}@postkast.example"
    raw = re.sub(rb"mall\.kask@postkast\.example", sender.encode(), raw)
    raw = raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    message, talk, opened = await sent(desk, raw, sender)
    expected = EXPECTED[name]
    assert expected is None or (opened, talk.triage) == expected, (name, opened, talk.triage, message.text)


# ── what stands in a mail that is attached ──────────────────────────────────────────────────────────

INNER = f"From: jo@inner.example\r\nSubject: delete\r\nContent-Type: text/plain\r\n\r\n{ERASE}"


def handing_on(text: str) -> str:
    parts = [f"Content-Type: text/plain\r\n\r\n{text}", f"Content-Type: message/rfc822\r\n\r\n{INNER}"]
    return "".join(f"--b\r\n{part}\r\n" for part in parts) + "--b--"


@pytest.mark.parametrize(
    ("subject", "text", "kind"),
    [
        ("Fw: x", INNER, "message/rfc822"),
        ("x", INNER, "message/rfc822"),
        ("Fwd: x", handing_on(""), "multipart/mixed; boundary=b"),
        ("Fwd: x", handing_on("FYI"), "multipart/mixed; boundary=b"),
        ("x", handing_on("FYI"), "multipart/mixed; boundary=b"),
        ("Mail", handing_on("Hello, see the attached mail of our customer."), "multipart/mixed; boundary=b"),
    ],
)
async def test_an_attached_mail_waits_for_an_agent_with_its_words_and_the_forwarder_is_told(
    desk: DeskInside, sender: str, subject: str, text: str, kind: str
) -> None:
    message, talk, opened = await sent(desk, mail(sender, subject, text, kind=kind), sender)
    assert (opened, talk.triage) == ([], True)
    assert ERASE in message.text
    assert await desk.mail(sender, "A person will read")
    await desk.idle()
    assert desk.mails("jo@inner.example") == []
    assert not [each for each in desk.mails(SUPPORT) if sender in str(each["from"])]


async def test_who_asks_in_their_own_words_is_heard_and_not_what_they_attach(
    desk: DeskInside, sender: str
) -> None:
    text = handing_on("Please send me a copy of all the personal data you hold about me.")
    _, _, opened = await sent(desk, mail(sender, "x", text, kind="multipart/mixed; boundary=b"), sender)
    assert opened == ["access"]


async def test_a_forward_with_nothing_but_a_file_waits_for_an_agent(desk: DeskInside, sender: str) -> None:
    raw = mail(sender, "Fwd: scan", "AAAA", kind="application/pdf; name=a.pdf")
    _, talk, opened = await sent(desk, raw, sender)
    assert (opened, talk.triage) == ([], True)
    assert await desk.mail(sender, "A person will read")


# ── machines that answer without saying that they are machines ──────────────────────────────────────


async def test_the_same_words_go_once_a_day_to_a_mailbox_that_answers_with_files_alone(
    desk: DeskInside, sender: str
) -> None:
    for n in range(4):
        raw = mail(sender, f"Scan {n}", f"AAAA{n}", kind="application/pdf; name=a.pdf")
        _, talk, _ = await sent(desk, raw.replace(b"Message-ID: <", f"Message-ID: <{n}-".encode()), sender)
        assert talk.triage, "an agent sees each"
    await desk.idle()
    assert len(desk.mails(sender)) == 1


@pytest.mark.parametrize("kind", ["text/calendar; method=REPLY", "text/calendar; charset=utf-8"])
async def test_the_answer_of_a_calendar_is_not_answered(desk: DeskInside, sender: str, kind: str) -> None:
    text = "BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nEND:VCALENDAR"
    _, talk, _ = await sent(desk, mail(sender, "Accepted: sync", text, kind=kind), sender)
    assert talk.triage
    await desk.idle()
    assert desk.mails(sender) == []


async def test_the_same_request_in_new_threads_joins_the_first_and_an_agent_sees_each(
    desk: DeskInside, sender: str
) -> None:
    _, _, opened = await sent(desk, mail(sender, "erase", ERASE), sender)
    assert opened == ["erasure"]
    for n in range(8):
        echo = mail(sender, f"[Ticket {n}] received", f"Your ticket {n} is received: {ERASE}")
        raw = echo.replace(b"Message-ID: <", f"Message-ID: <{n}-".encode())
        _, talk, opened = await sent(desk, raw, sender)
        assert (opened, talk.triage) == ([], True)
        await desk.idle()
    assert len(desk.mails(sender)) <= 2 * CODES_PER_HOUR, "receipt and link, as seldom as codes go out"


async def test_whoever_sends_their_request_again_since_nothing_came_gets_another_link(
    desk: DeskInside, sender: str
) -> None:
    await sent(desk, mail(sender, "erase", ERASE), sender)
    await desk.mail(sender, "/verify/")
    raw = mail(sender, "erase", ERASE).replace(b"Message-ID: <", b"Message-ID: <again-")
    assert (await sent(desk, raw, sender))[2] == []
    await desk.mail(sender, "/verify/", seen=1)


async def test_another_request_of_the_same_sender_is_opened(desk: DeskInside, sender: str) -> None:
    await sent(desk, mail(sender, "erase", ERASE), sender)
    other = "Please send me a copy of all the personal data you hold about me."
    raw = mail(sender, "copy", other).replace(b"Message-ID: <", b"Message-ID: <2-")
    assert (await sent(desk, raw, sender))[2] == ["access"]


@pytest.mark.parametrize(
    ("asked", "kept", "given"),
    [
        (
            "How long do you keep my data and who do you give them to?",
            "This is how long we keep these data",
            "to nobody else",
        ),
        (
            "Combien de temps gardez-vous mes données et à qui les donnez-vous ?",
            "Voici combien de temps",
            "à personne d’autre",
        ),
    ],
)
async def test_two_questions_of_the_policy_are_both_answered_and_open_nothing_and_an_agent_sees_them(
    desk: DeskInside, sender: str, asked: str, kept: str, given: str
) -> None:
    _, talk, opened = await sent(desk, mail(sender, "Question", asked), sender)
    assert (opened, talk.triage) == ([], True)
    letter = (await desk.mail(sender, given)).get_content().replace("\u00a0", " ")
    assert kept in letter
