"""Files in a mail: named safely, counted truly, and taken out byte by byte."""

from __future__ import annotations

import tracemalloc
import unicodedata
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.channels.email.attached import safe_name
from assistant.channels.email.bodies import body_of, file_in
from assistant.domain.unread import why_unread
from tests.unit.channels.test_email_parsing import read, sample

PDF = b"%PDF-1.7 \x00\xff an invented letter\r\n" * 40


def mail(*files: tuple[str, str, bytes], text: str = "Hello") -> bytes:
    message = EmailMessage()
    message["From"], message["Subject"], message["Message-ID"] = "a@client.example", "s", "<f@client.example>"
    message.set_content(text)
    for name, kind, content in files:
        main, _, sub = kind.partition("/")
        message.add_attachment(content, maintype=main, subtype=sub, filename=name)
    return message.as_bytes()


def test_each_file_is_listed_with_its_size_and_comes_out_as_it_went_in() -> None:
    raw = mail(
        ("lettre signée.pdf", "application/pdf", PDF), ("notes.bin", "application/octet-stream", b"\0\1")
    )
    listed = read(raw).attachments
    assert [(f.name, f.media_type, f.size) for f in listed] == [
        ("lettre signée.pdf", "application/pdf", len(PDF)),
        ("notes.bin", "application/octet-stream", 2),
    ]
    assert [file_in(raw, 0), file_in(raw, 1), file_in(raw, 2), file_in(raw, -1)] == [PDF, b"\0\1", None, None]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\id.png", "id.png"),
        ("harmless\u202efdp.exe", "harmlessfdp.exe"),
        ("a\r\nContent-Type: text/html", "html"),
        (".bashrc", "bashrc"),
        ("x" * 400 + ".pdf", "x" * 116 + ".pdf"),
        ("\u200b", ""),
        ("..", ""),
    ],
)
def test_a_name_leads_nowhere_and_hides_nothing(written: str, shown: str) -> None:
    assert safe_name(written) == shown


@given(st.text(max_size=300))
@settings(max_examples=150, deadline=None)
def test_whatever_a_file_is_called_its_name_can_be_shown(written: str) -> None:
    name = safe_name(written)
    assert len(name) <= 120
    assert not set(name) & set("/\\\r\n")
    assert not any(unicodedata.category(c).startswith("C") for c in name)


def test_a_name_in_encoded_words_or_none_at_all_is_one_all_the_same() -> None:
    head = b"From: a@client.example\r\nMIME-Version: 1.0\r\n"
    encoded = head + b'Content-Type: image/png; name="=?utf-8?q?pi=C3=A8ce.png?="\r\n\r\nx'
    nameless = head + b"Content-Type: image/png\r\n\r\nx"
    assert [f.name for raw in (encoded, nameless) for f in read(raw).attachments] == [
        "pièce.png",
        "attachment-1",
    ]


def test_a_mail_attached_to_a_mail_is_a_file_and_its_own_files_are_none_of_ours() -> None:
    inside = EmailMessage()
    inside["Subject"] = "older"
    inside.set_content("Please delete everything.")
    outside = EmailMessage()
    outside["From"], outside["Subject"] = "a@client.example", "see attached"
    outside.add_attachment(inside)
    (only,) = read(outside.as_bytes()).attachments
    content = file_in(outside.as_bytes(), 0) or b""
    assert only.media_type == "message/rfc822"
    assert only.size == len(content)
    assert b"Please delete everything." in content


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("attachment_only", "attachment"),
        ("pgp_encrypted", "encrypted"),
        ("smime_encrypted", "encrypted"),
        ("opaque_signed", "signed"),
        ("smime_signed", None),
        ("winmail", None),
        ("fr_erasure_gmail_reply", None),
    ],
)
def test_what_no_program_reads_is_told_from_what_it_does(name: str, reason: str | None) -> None:
    incoming = read(sample(name))
    assert why_unread(incoming.headers, incoming.text) == reason


@pytest.mark.parametrize("text", ["-- \nJeanne Moulin\n1 rue des Lilas", "Envoyé de mon iPhone", " \n "])
def test_a_signature_beside_a_file_is_no_word_of_the_writer(text: str) -> None:
    incoming = read(mail(("scan.pdf", "application/pdf", PDF), text=text))
    assert why_unread(incoming.headers, incoming.text) == "attachment"


def test_words_beside_a_file_are_read() -> None:
    incoming = read(mail(("scan.pdf", "application/pdf", PDF), text="Please delete my account."))
    assert why_unread(incoming.headers, incoming.text) is None


def test_the_largest_mail_costs_a_few_times_its_size() -> None:
    raw = mail(("scan.pdf", "application/pdf", b"\xf1" * 5_000_000))
    assert len(raw) > 6_500_000
    tracemalloc.start()
    try:
        listed = body_of(raw).files
        content = file_in(raw, 0)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [each.size for each in listed] == [5_000_000]
    assert content is not None
    assert len(content) == 5_000_000
    assert peak < 8 * len(raw)


def test_files_are_listed_up_to_a_hundred() -> None:
    raw = mail(*[(f"{n}.txt", "application/octet-stream", b"x") for n in range(130)])
    assert len(read(raw).attachments) == 100
