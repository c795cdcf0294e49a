"""What the desk sends: threaded where it answers, fresh where it must be, and never anybody's header."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.channels.email.channel import EmailChannel
from assistant.channels.email.composing import Letter, letter
from assistant.channels.email.parsing import parse_message
from assistant.channels.email.settings import EmailSettings
from assistant.channels.email.tokens import Tokens
from assistant.errors import ConfigurationError, DeliveryDelayed, DeliveryRefused
from assistant.interfaces import Choice, Outgoing
from tests.doubles.chat_desk import StillClock
from tests.doubles.mail_desk import ADDRESS, KEY, MAILS, mail_settings, outgoing

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
SETTINGS = EmailSettings(address=ADDRESS, display_name="Service vie privée, Desk")
TOKENS = Tokens(ADDRESS, KEY)
ANSWERED = {
    "message_id": "<CA-1@mail.client.example>",
    "references": "<first@desk.example.test> <CA-1@mail.client.example>",
    "subject": "Your account is blocked",
}


def written(order: Outgoing) -> Letter:
    return letter(order, settings=SETTINGS, tokens=TOKENS, now=NOW)


def parsed(content: bytes) -> EmailMessage:
    return message_from_bytes(content, policy=policy.default)


def test_a_reply_is_threaded_and_comes_back_to_its_conversation() -> None:
    ready = written(outgoing(headers=ANSWERED, subject="Au sujet de votre message"))
    message = parsed(ready.content)

    assert message["To"] == ready.recipient == "claire.dumas@client.example"
    assert message["From"] == f'"Service vie privée, Desk" <{ADDRESS}>'
    assert message["Subject"] == "Au sujet de votre message"
    assert message["In-Reply-To"] == "<CA-1@mail.client.example>"
    assert message["References"].split() == ["<first@desk.example.test>", "<CA-1@mail.client.example>"]
    assert TOKENS.thread_in_address(message["Reply-To"]) == "thread7"
    assert TOKENS.thread_in_address(ready.sender) == "thread7"
    assert f"\r\nMessage-ID: {ready.message_id}\r\n".encode() in ready.content
    assert message["Date"].datetime == NOW
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Auto-Response-Suppress"] == "All"
    assert message["Content-Language"] == "fr"
    assert message.get_content_type() == "text/plain"
    assert message.get_content_charset() == "utf-8"
    assert message.get_content().split() == ["Bonjour,", "votre", "demande", "est", "bien", "arrivée."]


def test_the_same_key_is_the_same_message_and_another_key_another() -> None:
    assert written(outgoing()).content == written(outgoing()).content
    assert written(outgoing()).message_id != written(outgoing(key="outbox-2")).message_id


def test_a_fresh_mail_is_on_no_thread_of_the_persons_but_its_answer_is_ours() -> None:
    ready = written(outgoing(kind="mail", subject="Confirm your request", headers=ANSWERED))
    message = parsed(ready.content)

    assert message["Subject"] == "Confirm your request"
    assert message["In-Reply-To"] is None
    assert message["References"] is None
    assert TOKENS.thread_in_address(message["Reply-To"]) == "thread7"


def test_a_mail_of_no_thread_asks_for_answers_to_the_plain_address() -> None:
    message = parsed(written(outgoing(kind="mail", thread=None, subject="x")).content)

    assert message["Reply-To"] is None
    assert TOKENS.own(message["Message-ID"]) is not None


def test_a_pure_acknowledgement_has_the_null_sender_and_says_bulk() -> None:
    ready = written(outgoing(headers={**ANSWERED, "envelope": "null"}, automatic="auto-replied"))

    assert ready.sender == ""
    assert parsed(ready.content)["Precedence"] == "bulk"
    assert parsed(ready.content)["Auto-Submitted"] == "auto-replied"
    assert parsed(written(outgoing(headers=ANSWERED)).content)["Precedence"] is None


def test_our_own_mail_is_recognised_when_it_is_read_again() -> None:
    incoming = parse_message(
        written(outgoing(headers=ANSWERED)).content, received_at=NOW, settings=SETTINGS, token_key=KEY
    )

    assert incoming.headers["own"] == "1"
    assert incoming.automatic


def test_links_stand_on_lines_of_their_own_below_the_text() -> None:
    choices = (Choice("Confirm", "y", "https://desk.example.test/verify/abc"), Choice("No link", "n"))

    content = written(outgoing(text="Hello", choices=choices)).content

    assert (
        parsed(content.replace(b"\r\n", b"\n")).get_content()
        == "Hello\n\nConfirm: https://desk.example.test/verify/abc\n"
    )


def test_plain_english_is_sent_unencoded_so_that_links_stay_whole() -> None:
    link = "https://desk.example.test/verify/" + "a=b" * 100
    ready = written(outgoing(text=f"Open this:\n{link}"))

    assert f"\r\n{link}\r\n".encode() in ready.content


def test_long_message_ids_are_folded_between_and_never_encoded() -> None:
    ids = [f"<{'x' * 90}{n}@prod.shop.example>" for n in range(40)]

    content = written(outgoing(headers={"message_id": ids[-1], "references": " ".join(ids)})).content

    assert b"=?" not in content.partition(b"References")[2].partition(b"Reply-To")[0]
    assert parsed(content)["References"].split() == ids[-20:]


@pytest.mark.parametrize("field", ["recipient", "subject", "language", "key", "thread"])
@settings(max_examples=60, deadline=None)
@given(
    start=st.text(max_size=20),
    end=st.text(max_size=20),
    line=st.sampled_from(["\r\n", "\n", "\r", "\u2028", "\x85", "\0"]),
)
def test_no_value_can_add_a_header(field: str, start: str, end: str, line: str) -> None:
    injected = f"{start}{line}Bcc: evil@evil.example{line}{line}{end}"
    try:
        ready = written(outgoing(**{field: injected}))
    except DeliveryRefused:
        assert field == "recipient"
        return

    message = parsed(ready.content)
    assert message["Bcc"] is None
    assert message["Content-Type"] is not None
    assert ready.recipient == "claire.dumas@client.example"


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(["message_id", "references", "subject"]),
                       st.text(alphabet="<>@a. \r\n:Bc\u00e9\0", max_size=40)))  # fmt: skip
def test_nothing_of_the_answered_mail_can_add_a_header(headers: dict[str, str]) -> None:
    message = parsed(written(outgoing(headers=headers)).content)

    assert set(message.keys()) <= {
        "From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Reply-To",
        "Auto-Submitted", "X-Auto-Response-Suppress", "X-Privacy-Desk", "Content-Language", "Content-Type",
        "Content-Transfer-Encoding", "MIME-Version",
    }  # fmt: skip


@pytest.mark.parametrize(
    "recipient",
    [
        None,
        "",
        "a",
        "a@b",
        "a@client.example, b@client.example",
        "Ä <a@client.example>",
        "a@client.example\r\nBcc: b@client.example",
        "é@client.example",
    ],
)
def test_an_address_that_is_none_is_refused_without_being_quoted(recipient: str | None) -> None:
    with pytest.raises(DeliveryRefused) as refused:
        written(outgoing(recipient=recipient))

    assert "client.example" not in str(refused.value)


def test_an_international_domain_is_written_as_dns_has_it() -> None:
    assert written(outgoing(recipient="j@bücher.example")).recipient == "j@xn--bcher-kva.example"


# ── passing on ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["winmail", "fr_erasure_gmail_reply", "pgp_encrypted"])
@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
def test_a_relayed_mail_is_the_original_under_resent_fields(name: str, ending: bytes) -> None:
    original = (MAILS / f"{name}.eml").read_bytes().replace(b"\n", ending)

    ready = written(outgoing(kind="relay", thread=None, recipient="support@client.example", raw=original))

    assert ready.content.endswith(original)
    block = ready.content.removesuffix(original)
    assert block.split(ending) == [
        b"Resent-From: privacy@desk.example.test",
        b"Resent-To: support@client.example",
        b"Resent-Date: Tue, 24 Nov 2026 09:30:00 +0000",
        b"Resent-Message-ID: " + ready.message_id.encode(),
        b"",
    ]
    assert parsed(ready.content)["Subject"] == parsed(original)["Subject"]


def test_a_pipes_from_line_is_no_part_of_the_original() -> None:
    ready = written(outgoing(kind="relay", raw=b"From a@client.example Tue\nSubject: x\n\ny\n"))

    assert ready.content.endswith(b">\nSubject: x\n\ny\n")


def test_a_relay_that_comes_back_is_recognised() -> None:
    ready = written(outgoing(kind="relay", raw=(MAILS / "winmail.eml").read_bytes()))

    incoming = parse_message(ready.content, received_at=NOW, settings=SETTINGS, token_key=KEY)

    assert incoming.headers["own"] == "1"
    assert incoming.sender == "old@client.example"


def test_nothing_to_relay_is_refused() -> None:
    with pytest.raises(DeliveryRefused):
        written(outgoing(kind="relay"))


# ── names of conversations ──────────────────────────────────────────────────────────────────────────


def test_a_thread_that_fits_no_address_is_answered_to_the_plain_one() -> None:
    assert TOKENS.reply_address("Not a name/1") == ADDRESS
    assert TOKENS.reply_address("a" * 41) == ADDRESS
    assert TOKENS.reply_address(None) == ADDRESS
    long = Tokens("a-rather-long-privacy-address@desk.example.test", KEY)
    assert long.reply_address("a" * 26) == long.address
    assert len(TOKENS.reply_address(TOKENS.thread_of("x")).partition("@")[0]) <= 64


@settings(deadline=None)
@given(
    st.from_regex(r"\A[a-z0-9]{1,40}\Z"),
    st.integers(0, 200),
    st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"),
)
def test_only_what_was_signed_is_a_thread(thread: str, at: int, letter_: str) -> None:
    address = TOKENS.reply_address(thread)
    local, _, domain = address.partition("@")
    spot = min(len("privacy+") + at, len(local) - 1)
    changed = f"{local[:spot]}{letter_}{local[spot + 1 :]}@{domain}"

    assert TOKENS.thread_in_address(address) in {thread, None if address == ADDRESS else thread}
    assert changed == address or TOKENS.thread_in_address(changed) is None


def test_only_our_address_and_its_plus_addresses_are_ours() -> None:
    assert TOKENS.is_ours("Privacy@Desk.Example.Test")
    assert TOKENS.is_ours("privacy+anything@desk.example.test")
    assert not TOKENS.is_ours("privacy@evil.example")
    assert not TOKENS.is_ours("privacyx@desk.example.test")
    assert not TOKENS.is_ours("other@desk.example.test")
    assert not TOKENS.is_ours("")


# ── a folder as the way out ─────────────────────────────────────────────────────────────────────────


async def test_delivered_twice_into_a_folder_is_one_file(tmp_path: Path) -> None:
    clock = StillClock(NOW)
    channel = EmailChannel(mail_settings(tmp_path), clock, KEY)

    await channel.deliver(outgoing(headers=ANSWERED))
    clock.at = clock.at.replace(hour=10)
    await channel.deliver(outgoing(headers=ANSWERED))
    await channel.deliver(outgoing(key="outbox-2", headers=ANSWERED))

    files = sorted((tmp_path / "sent").iterdir())
    assert len(files) == 2
    assert all(file.suffix == ".eml" for file in files)
    own = TOKENS.message_id("outbox-1", "thread7")
    message = next(parsed(file.read_bytes()) for file in files if own in file.read_text())
    assert message["Delivered-To"] == "claire.dumas@client.example"
    assert message["Date"].datetime == NOW
    assert message.get_content().startswith("Bonjour")


async def test_a_folder_that_cannot_be_written_delays_the_mail(tmp_path: Path) -> None:
    (tmp_path / "sent").write_text("a file where the folder should be")
    channel = EmailChannel(mail_settings(tmp_path), StillClock(), KEY)

    with pytest.raises(DeliveryDelayed, match="make room or mend its rights"):
        await channel.deliver(outgoing())


def test_a_channel_with_no_way_out_or_a_bad_address_is_refused_at_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"email\.smtp"):
        EmailChannel(mail_settings(tmp_path, mailbox_dir=None), StillClock(), KEY)
    with pytest.raises(ConfigurationError, match=r"email\.address"):
        EmailChannel(mail_settings(tmp_path, address="privacy"), StillClock(), KEY)


def test_passwords_are_not_shown() -> None:
    from assistant.channels.email.settings import ImapSettings, SmtpSettings

    shown = repr(
        ImapSettings(host="h", user="u", password="hush", read_from=datetime(2026, 11, 1, tzinfo=UTC))
    ) + repr(SmtpSettings(host="h", password="hush"))

    assert "hush" not in shown
    assert replace(SETTINGS, display_name="x").domain == "desk.example.test"


_WORDS = [
    "We",
    "have",
    "received",
    "demande",
    "d’accès",
    "à",
    "é",
    "—",
    "« ",
    ":",
    "œuvre",
    "l’effacement",
    "=?x",
    "W" * 90,
]
_ENCODED = re.compile(r"=\?utf-8\?b\?([A-Za-z0-9+/=]*)\?=")


def read_strictly(value: str) -> str:
    """Read a field as RFC 2047 says, and no more kindly: space between two encoded words alone is none."""
    joined = re.sub(r"\?=\s+(?==\?utf-8\?b\?)", "?=", value.replace("\r\n ", " "))
    return _ENCODED.sub(lambda found: base64.b64decode(found[1]).decode(), joined)


@given(st.lists(st.sampled_from(_WORDS), min_size=1, max_size=40))
def test_a_subject_is_read_as_it_was_written_by_everybody_and_has_no_empty_line(words: list[str]) -> None:
    subject = " ".join(" ".join(words).split())[:250].strip()
    content = written(replace(outgoing(), subject=subject)).content
    field = re.search(rb"(?m)^Subject:(.*\r\n(?: .*\r\n)*)", content)
    assert field
    lines = field[1].decode("ascii").removesuffix("\r\n").split("\r\n")
    assert all(line.strip() for line in lines)
    assert all(len(line) <= 76 for line in lines if "=?" in line)
    assert read_strictly(field[1].decode()).strip() == subject
    assert parsed(content)["Subject"] == subject
    assert (
        parse_message(content, received_at=NOW, settings=mail_settings(Path("unused")), token_key=KEY).subject
        == subject
    )
