"""What the desk reads out of a mail, whoever wrote it and whatever is wrong with it."""

from __future__ import annotations

import base64
import subprocess
import sys
import time
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.channels.email.parsing import TooLarge, check_size, parse_message
from assistant.channels.email.settings import EmailSettings
from assistant.channels.email.tokens import Tokens
from assistant.interfaces import Incoming
from tests.doubles.mail_desk import ADDRESS, KEY, MAILS

AT = datetime(2026, 11, 24, 10, 30, tzinfo=UTC)
SETTINGS = EmailSettings(address=ADDRESS, authserv_id="mail.desk.example.test", mailbox_dir=Path("nowhere"))
TOKENS = Tokens(ADDRESS, KEY)
HEAD = b"From: a@client.example\r\nSubject: s\r\nMessage-ID: <m@client.example>\r\n"


def read(raw: bytes, *recipients: str) -> Incoming:
    return parse_message(raw, received_at=AT, settings=SETTINGS, token_key=KEY, recipients=recipients)


def sample(name: str, **filled: str) -> bytes:
    raw = (MAILS / f"{name}.eml").read_bytes()
    for mark, value in filled.items():
        raw = raw.replace(f"%{mark}%".encode(), value.encode())
    return raw


def plain(body: bytes, head: bytes = HEAD) -> Incoming:
    return read(head + b"\r\n" + body)


# ── what was written ────────────────────────────────────────────────────────────────────────────────


def test_a_french_reply_is_read_without_the_quote_over_two_lines() -> None:
    incoming = read(sample("fr_erasure_gmail_reply"))

    assert incoming.text == "Bonjour,\n\nMerci de supprimer toutes mes données."
    assert incoming.subject == "Re: Vos données"
    assert incoming.sender == "claire.dumas@client.example"
    assert incoming.received_at == AT
    assert incoming.channel == "email"
    assert incoming.locale is None
    assert not incoming.automatic
    assert incoming.raw == sample("fr_erasure_gmail_reply")
    assert incoming.headers["message_id"] == "<CA-1@mail.client.example>"
    assert incoming.headers["references"] == (
        "<first@desk.example.test> <old-letter@desk.example.test> <CA-1@mail.client.example>"
    )


def test_html_is_read_where_there_is_no_text_and_outlooks_quote_is_cut() -> None:
    incoming = read(sample("en_access_html_outlook"))

    assert incoming.text == (
        "Hello,\nplease send me a copy of everything you hold about me.\n\n- calls\n\n- invoices"
    )
    assert incoming.sender == "Tom.Field@shop.example"


def test_an_outlook_block_is_cut_but_not_two_addresses_the_person_wrote() -> None:
    text = read(sample("de_outlook_plain")).text

    assert "Von: anna@alt.example\nAn: anna@kunde.example" in text
    assert text.endswith("Viele Grüße\nAnna Beispiel")
    assert "löschen" not in text


def test_a_forwarded_request_is_read_whole() -> None:
    assert "Please delete my account and all my data." in read(sample("forwarded_request")).text


def test_a_blank_text_part_gives_way_to_html() -> None:
    message = EmailMessage()
    message["From"] = "a@client.example"
    message.set_content(" \n")
    message.add_alternative("<p>Delete my data</p>", subtype="html")

    assert read(message.as_bytes()).text == "Delete my data"


def test_a_mail_of_nothing_but_quotes_is_kept_unless_it_answers_one() -> None:
    quote = b"> please delete\r\n> my data\r\n"

    assert plain(quote).text == "please delete\nmy data"
    assert plain(quote, HEAD + b"In-Reply-To: <x@desk.example.test>\r\n").text == ""


@pytest.mark.parametrize(
    ("charset", "data", "text"),
    [
        ("gb2312", "删除我的数据嫃".encode("gb18030"), "删除我的数据嫃"),
        ("ks_c_5601-1987", "내 데이터 삭제 똠".encode("cp949"), "내 데이터 삭제 똠"),
        ("us-ascii", "données".encode(), "données"),
        ("utf-8", "données".encode("latin-1"), "donnÃ©es".encode("latin-1").decode()),
        ("x-invented", "données".encode(), "données"),
        ("x-invented", "données".encode("latin-1"), "données"),
        ("punycode", b"delete my data", "delete my data"),
        ("zlib", b"delete my data", "delete my data"),
        ("windows-1252", "“données”".encode("cp1252"), "“données”"),
        ("iso-8859-1", "“données”".encode("cp1252"), "“données”"),
        *(
            (charset, "l’effacement de mes données".encode(), "l’effacement de mes données")
            for charset in (
                "iso-8859-1",
                "iso-8859-15",
                "iso-8859-2",
                "windows-1252",
                "windows-1257",
                "latin1",
            )
        ),
        ("koi8-r", "удалите мои данные".encode("koi8-r"), "удалите мои данные"),
        ("iso-8859-15", "l'été, 5 €".encode("iso-8859-15"), "l'été, 5 €"),
    ],
)
def test_a_wrong_or_odd_charset_still_gives_text(charset: str, data: bytes, text: str) -> None:
    head = HEAD + f"Content-Type: text/plain; charset={charset}\r\n".encode()
    head += b"Content-Transfer-Encoding: 8bit\r\n"

    assert plain(data, head).text == text


def test_an_encoded_subject_in_two_charsets_is_read_on_one_line() -> None:
    head = (
        b"From: a@client.example\r\nSubject: =?utf-8?B?"
        + base64.b64encode("Données\r\nBcc: x".encode())
        + b"?=\r\n =?iso-8859-1?Q?_=E9t=E9?=\r\n"
    )

    assert plain(b"x", head).subject == "Données Bcc: x été"


# ── who wrote it ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("value", "sender"),
    [
        ("a@client.example", "a@client.example"),
        ("<a@client.example>", "a@client.example"),
        ("Jean Martin <Jean.Martin@Client.Example>", "Jean.Martin@client.example"),
        ('"jean@client.example" <evil@x.example>', "evil@x.example"),
        ('"Martin, Jean" <j@client.example>', "j@client.example"),
        ("=?utf-8?Q?Ren=C3=A9?= <r@client.example>", "r@client.example"),
        ("a@client.example (Jean)", "a@client.example"),
        ("a@client.example <a@client.example>", "a@client.example"),
        ("Jean\r\n <a@client.example>", "a@client.example"),
        ("o'neil+tag@client.example", "o'neil+tag@client.example"),
        ("jürgen@bücher.example", "jürgen@bücher.example"),
    ],
)
def test_one_plain_address_is_the_sender_whatever_its_display_name(value: str, sender: str) -> None:
    incoming = plain(b"x", f"From: {value}\r\n".encode())

    assert (incoming.sender, incoming.doubtful_sender) == (sender, None)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "a@client.example, b@evil.example",
        "<a@client.example>, <b@evil.example>",
        "<a@client.example> <b@evil.example>",
        "group: a@client.example;",
        "undisclosed-recipients:;",
        "jean@client.example <evil@x.example>",
        "<@relay.example:a@client.example>",
        "<a@client.example>(b@evil.example)",
        "a@client.example\0",
        "a@client.example\0 <b@evil.example>",
        "=?utf-8?Q?a=40client.example?=",
        "=?utf-8?Q?a=40client.example=2C?= b@evil.example",
        "<=?utf-8?Q?a?=@client.example>",
        '"a@client.example" b@evil.example',
        '<"x"a@client.example>',
        '"x"@client.example',
        "<a@client.example(x)>",
        '"unclosed <a@client.example>',
        "a@b@client.example",
        "a@client",
        "a@[192.0.2.1]",
        "a@-client.example",
        "a..b@client.example",
        "@client.example",
        "a@client.example.",
        "a@ｃlient.example",
        "a\u200b@client.example",
        "a" * 65 + "@client.example",
        "x" * 2000 + " <a@client.example>",
    ],
)
def test_a_sender_that_could_be_read_in_two_ways_is_nobody(value: str) -> None:
    incoming = plain(b"delete my data", f"From: {value}\r\n".encode())

    assert incoming.sender is None
    assert incoming.doubtful_sender
    assert incoming.text == "delete my data"


@pytest.mark.parametrize(
    "second",
    [b"From: b@evil.example\r\n", b"FROM : b@evil.example\r\n", b"\0From: b@evil.example\r\n",
     b"X: y\rFrom: b@evil.example\r\n", b"no colon here\r\nfrom:b@evil.example\r\n"],
)  # fmt: skip
def test_a_second_from_in_any_spelling_makes_the_sender_doubtful(second: bytes) -> None:
    for head in (b"From: a@client.example\r\n" + second, second + b"From: a@client.example\r\n"):
        assert plain(b"x", head).sender is None


def test_two_from_fields_are_a_doubt_with_its_reason_and_none_is_another() -> None:
    assert read(sample("two_from")).doubtful_sender == "The mail has 2 From fields."
    assert read(sample("no_from")).doubtful_sender == "The mail has no From field."
    assert read(sample("no_from")).text == "Delete my data. I am client 20417."


def test_reply_to_is_never_read() -> None:
    incoming = read(sample("spoofed_results"))

    assert incoming.sender == "victim@client.example"
    assert "attacker" not in str(dict(incoming.headers))


def test_forged_results_beside_our_own_verdict_authenticate_nobody() -> None:
    assert "authenticated" not in read(sample("spoofed_results")).headers


@pytest.mark.parametrize(
    ("results", "hint"),
    [
        ("mail.desk.example.test; dmarc=pass header.from=client.example", "dmarc=pass"),
        ("mail.desk.example.test 1; spf=pass; dmarc=pass (p=none) header.from=Client.Example", "dmarc=pass"),
        ("mail.desk.example.test; dmarc=pass header.from=evil.example", None),
        ("mail.desk.example.test; dkim=pass header.d=client.example", None),
        ('mail.desk.example.test; dkim=pass reason="dmarc=pass"', None),
        ("evil.example; dmarc=pass header.from=client.example", None),
        ("mail.desk.example.test.evil.example; dmarc=pass", None),
        ("(x) mail.desk.example.test; dmarc=fail", None),
    ],
)  # fmt: skip
def test_only_our_own_servers_verdict_on_the_senders_domain_is_a_hint(results: str, hint: str | None) -> None:
    incoming = plain(b"x", HEAD + f"Authentication-Results: {results}\r\n".encode())

    assert incoming.headers.get("authenticated") == hint


def test_without_a_configured_server_nobody_is_authenticated() -> None:
    raw = HEAD + b"Authentication-Results: mail.desk.example.test; dmarc=pass\r\n\r\nx"
    unset = EmailSettings(address=ADDRESS)

    incoming = parse_message(raw, received_at=AT, settings=unset, token_key=KEY)

    assert "authenticated" not in incoming.headers


# ── machines ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "field",
    [
        "Auto-Submitted: auto-replied", "Auto-Submitted: Auto-Generated; x=y", "Precedence: auto_reply",
        "X-Autoreply: yes", "X-Autorespond: 1",
        "X-Autoresponder: 1", "X-Mail-Autoreply: 1", "X-AutoReply-From: a@b.example",
        "X-Loop: a@b.example", "Return-Path: <>", "X-Failed-Recipients: a@b.example",
        "List-Id: A list <l.example>", "List-Unsubscribe: <mailto:leave@l.example>", "Precedence: bulk",
        "Precedence: list", "X-Precedence: Junk", "List-Id: <l.notdesk.example.test>",
    ],
)  # fmt: skip
def test_a_machines_mail_is_marked_and_still_read(field: str) -> None:
    incoming = plain(b"please delete my data", HEAD + field.encode() + b"\r\n")

    assert incoming.automatic
    assert incoming.text == "please delete my data"


@pytest.mark.parametrize("field", ["Auto-Submitted: no", "Auto-Submitted: No (really)", "Precedence: normal",
                                   "X-Auto-Response-Suppress: DR, OOF", "X-Auto-Response-Suppress: All",
                                   "X-Auto-Response-Suppress: DR, RN, AutoReply", "Return-Path: <a@c.example>",
                                   "List-Id: Privacy <privacy.desk.example.test>\r\nPrecedence: list"])  # fmt: skip
def test_a_persons_mail_is_not_taken_for_a_machines(field: str) -> None:
    assert not plain(b"x", HEAD + field.encode() + b"\r\n").automatic


@pytest.mark.parametrize(
    ("subject", "automatic"),
    [
        ("Undeliverable: my data", True),
        ("Non remis : mes données", True),
        ("Undelivered Mail Returned to Sender", True),
        ("Automatic reply: my data", True),
        ("=?utf-8?q?R=C3=A9ponse_automatique?= : absence", True),
        ("Re: Undeliverable: my data", False),
        ("My mail was not delivered", False),
        ("Undeliverable parcel", False),
        ("Out of office supplies, and my data", False),
    ],
)
def test_a_title_that_programs_write_is_a_machines_and_one_about_it_a_persons(
    subject: str, *, automatic: bool
) -> None:
    head = f"From: a@client.example\r\nSubject: {subject}\r\n".encode()

    assert plain(b"please delete my data", head).automatic is automatic


@pytest.mark.parametrize(
    ("sender", "automatic"), [("<>", True), ("", True), ("a@c.example", False), (None, False)]
)
def test_the_envelope_says_that_nobody_is_to_be_answered(sender: str | None, *, automatic: bool) -> None:
    incoming = parse_message(
        HEAD + b"\r\nplease delete my data",
        received_at=AT,
        settings=SETTINGS,
        token_key=KEY,
        envelope_sender=sender,
    )

    assert incoming.automatic is automatic


def test_requests_inside_automatic_mail_are_not_lost() -> None:
    assert "please erase my data" in read(sample("vacation_with_request")).text
    listed = read(sample("newsletter_headers_request"))
    assert listed.automatic, "an answer would go to a list"
    assert listed.text == "Quiero que borren mis datos, por favor. Mañana."


def test_a_bounce_names_the_mail_that_did_not_arrive_and_its_thread() -> None:
    message_id = TOKENS.message_id("outbox-9", "thread9")

    incoming = read(sample("bounce_of_code", MESSAGE_ID=message_id))

    assert incoming.automatic
    assert incoming.headers["bounce_of"] == message_id
    assert incoming.headers["bounce_action"] == "failed"
    assert incoming.thread == "thread9"


def test_a_bounce_of_a_forged_id_names_nothing() -> None:
    forged = TOKENS.message_id("outbox-9", "thread9").replace("thread9", "thread8")

    incoming = read(sample("bounce_of_code", MESSAGE_ID=forged))

    assert "bounce_of" not in incoming.headers
    assert incoming.thread not in {"thread8", "thread9"}


@pytest.mark.parametrize("field", ["Message-ID: {id}", "Resent-Message-ID: {id}", "X-Privacy-Desk: {mark}"])
def test_our_own_mail_coming_back_is_known_by_its_signature(field: str) -> None:
    ours = field.format(id=TOKENS.message_id("k", "t"), mark=TOKENS.mark("k", "t"))
    forged = field.format(id="<desk.t.aaaa.bbbb@desk.example.test>", mark="desk.t.aaaa.bbbb")

    own = plain(b"x", b"From: a@client.example\r\n" + ours.encode() + b"\r\n")
    other = plain(b"x", b"From: a@client.example\r\n" + forged.encode() + b"\r\n")

    assert own.headers.get("own") == "1"
    assert own.automatic
    assert "own" not in other.headers
    assert not other.automatic


# ── conversations ───────────────────────────────────────────────────────────────────────────────────


def test_an_answer_finds_its_thread_by_address_envelope_or_reference() -> None:
    address = TOKENS.reply_address("abc234").encode()
    message_id = TOKENS.message_id("k", "abc234").encode()

    assert plain(b"x", HEAD + b"To: Desk <" + address.upper() + b">\r\n").thread == "abc234"
    assert plain(b"x", HEAD + b"Delivered-To: " + address + b"\r\n").thread == "abc234"
    assert read(HEAD + b"\r\nx", address.decode()).thread == "abc234"
    assert plain(b"x", HEAD + b"In-Reply-To: " + message_id + b"\r\n").thread == "abc234"
    assert plain(b"x", HEAD + b"References: <o@x.example> " + message_id + b"\r\n").thread == "abc234"


def test_forged_names_of_threads_lead_nowhere() -> None:
    fresh = read(HEAD + b"\r\nx").thread
    forged_address = TOKENS.reply_address("abc234").replace("abc234", "abc235")
    other_key = Tokens(ADDRESS, b"another key").message_id("k", "abc234").encode()

    assert read(HEAD + b"\r\nx", forged_address).thread == fresh
    assert read(HEAD + b"\r\nx", f"privacy+{'a' * 16}@desk.example.test").thread == fresh
    assert plain(b"x", HEAD + b"In-Reply-To: " + other_key + b"\r\n").thread != "abc234"


def test_the_same_mail_over_two_ways_is_one_message_and_another_under_its_id_is_not() -> None:
    first = read(b"Received: by one\r\n" + HEAD + b"\r\nhello\r\nthere\r\n")
    again = read(b"Received: by two\nDelivered-To: x\n" + HEAD.replace(b"\r\n", b"\n") + b"\nhello\nthere")
    other = read(HEAD + b"\r\nsomething else\r\n")

    assert (first.thread, first.external_id) == (again.thread, again.external_id)
    assert first.external_id != other.external_id
    assert first.thread != other.thread


def test_a_mail_without_message_id_is_named_by_what_it_says() -> None:
    one, two = read(sample("no_from")), read(sample("no_from") + b"And more.")

    assert one.external_id == read(sample("no_from")).external_id != two.external_id
    assert "message_id" not in one.headers


# ── locked, odd, hostile ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "headers", "files", "text"),
    [
        ("pgp_encrypted", {"encrypted": "pgp", "wordless": "1"}, ["encrypted.asc"], ""),
        ("smime_encrypted", {"encrypted": "smime", "wordless": "1"}, ["smime.p7m"], ""),
        ("smime_signed", {"signed": "smime"}, [], "Which data do you hold about me?"),
        ("winmail", {}, ["winmail.dat"], "Please correct my address."),
        ("attachment_only", {"wordless": "1"}, ["letter.png"], ""),
    ],
)
def test_what_cannot_be_opened_is_told_and_the_rest_is_read(
    name: str, headers: dict[str, str], files: list[str], text: str
) -> None:
    incoming = read(sample(name))

    told = {key: incoming.headers.get(key) for key in ("encrypted", "signed", "wordless")}
    assert {key: value for key, value in told.items() if value} == headers
    assert [each.name for each in incoming.attachments] == files
    assert incoming.text == text


def test_inline_pgp_is_told_too() -> None:
    assert plain(b"-----BEGIN PGP MESSAGE-----\r\nx\r\n").headers["encrypted"] == "pgp"


def nested(depth: int) -> bytes:
    opened = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(depth)
    )
    return HEAD + opened + b"Content-Type: text/plain\r\n\r\ndelete my data\r\n"


def test_a_deep_tree_is_read_and_one_of_a_thousand_levels_is_told_as_unreadable() -> None:
    assert read(nested(50)).text == "delete my data"

    incoming = read(nested(1000))

    assert incoming.headers["unreadable"] == "1"
    assert incoming.sender == "a@client.example"
    assert incoming.raw == nested(1000)


HOSTILE = {
    "header flood": b"X: y\r\n" * 200_000 + b"From: a@client.example\r\n\r\nx",
    "one huge header": b"From: " + b"a@b.example, " * 200_000 + b"\r\n\r\nx",
    "huge content type": HEAD + b"Content-Type: text/plain" + b'; a="' * 300_000 + b"\r\n\r\nx",
    "huge references": HEAD + b"References: " + b"<a@b.example>\r\n " * 200_000 + b"\r\n\r\nx",
    "endless html": HEAD + b"Content-Type: text/html\r\n\r\n" + b"<div>" * 500_000,
    "html angles": HEAD + b"Content-Type: text/html\r\n\r\n" + b"<" * 1_000_000,
    "wide table": HEAD
    + b"Content-Type: text/html\r\n\r\n<table><tr><td>"
    + b"a" * 500_000
    + b"<tr><td>b" * 50_000,
    "blank lines": HEAD + b"\r\n" + b"\r\n" * 1_000_000,
    "spaces": HEAD + b"\r\n" + b" " * 2_000_000,
    "wrote": HEAD + b"In-Reply-To: <a@b.example>\r\n\r\n" + b"On 1 " * 200_000,
    "many wrote": HEAD + b"In-Reply-To: <a@b.example>\r\n\r\n" + b"Le 1 a\r\n" * 100_000,
    "nulls": HEAD + b"\r\n" + b"\0" * 1_000_000,
    "many parts": HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 50_000,
    "a number no character has": HEAD + b"Content-Type: text/html\r\n\r\n&#" + b"9" * 100_000,
    "message ids": HEAD + b"\r\n" + b"<desk." * 300_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_mail_is_read_in_seconds_and_kept_whole(name: str) -> None:
    started = time.process_time()
    incoming = read(HOSTILE[name])

    assert time.process_time() - started < 30  # minutes where anything is quadratic
    assert incoming.raw == HOSTILE[name]
    assert len(incoming.text) <= 250_000
    assert "\0" not in incoming.text


def test_a_flooded_header_makes_the_sender_doubtful() -> None:
    assert read(HOSTILE["header flood"]).doubtful_sender


@pytest.mark.parametrize(
    "raw", [b"", b"\r\n", b"\0", b":", b"From", b"From \n", b"\r\n\r\ndelete", b"\xff\xfe" * 9]
)
def test_what_is_hardly_a_mail_is_one_all_the_same(raw: bytes) -> None:
    incoming = read(raw)

    assert incoming.raw == raw
    assert incoming.thread
    assert incoming.doubtful_sender


PIECES = st.sampled_from(
    [b"From: ", b"a@client.example", b"\r\n", b"\n", b"\r", b"Content-Type: ", b"multipart/mixed; boundary=b",
     b"multipart/report; report-type=delivery-status; boundary=b", b"message/delivery-status",
     b"message/rfc822",
     b"text/html; charset=", b"utf-7", b"utf-16", b"--b", b"--b--", b"Content-Transfer-Encoding: ",
     b"base64",
     b"quoted-printable", b"x-uuencode", b"=?utf-8?B?////?=", b"=?x?Q?=?=", b"<", b">", b"On 1 x wrote:",
     b"> q",
     b"Message-ID: <a@b>", b"application/pkcs7-mime", b"name*0*=x''%ff", b"; boundary*=",
     b"Auto-Submitted: ",
     b"Content-Disposition: attachment; filename*=utf-8''%", b"begin 644 x"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=400), st.lists(st.one_of(PIECES, st.binary(max_size=6)), max_size=60).map(b"".join)
    )
)
def test_any_bytes_give_a_message_that_can_be_stored(raw: bytes) -> None:
    incoming = read(raw)

    assert incoming.raw == raw
    assert (incoming.sender is None) == (incoming.doubtful_sender is not None)
    stored = [incoming.text, incoming.subject or "", incoming.external_id, incoming.thread,
              *incoming.headers.values()]  # fmt: skip
    for value in stored:
        value.encode("utf-8")
        assert "\0" not in value
    assert "\n" not in "".join(stored[1:])


def test_a_mail_over_the_limit_is_refused_with_a_line_for_the_mail_server() -> None:
    check_size(b"x" * 25_000_000, SETTINGS)

    with pytest.raises(TooLarge, match=r"552 5\.3\.4 The mail is larger than 25 MB"):
        check_size(b"x" * 30_000_000, SETTINGS)


def test_reading_a_mail_loads_no_library() -> None:
    code = (
        "import sys; import assistant.channels.email.parsing; "
        "heavy = ('aiosmtpd', 'aiosmtplib', 'imapclient', 'lxml', 'aiohttp', 'asyncio', 'spacy'); "
        "print([name for name in heavy if name in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_long_but_harmless_fields_make_no_sender_doubtful_and_the_newest_references_count() -> None:
    references = "\r\n ".join(f"<r{n}@refs.example>" for n in range(20_000))
    head = f"X-Spam: {'x' * 900_000}\r\nReferences: {references}\r\nFrom: m@refs.example\r\nSubject: erase\r\n\r\nx"
    found = read(head.encode())
    assert (found.sender, found.doubtful_sender) == ("m@refs.example", None)
    assert "<r19999@refs.example>" in found.headers["references"]


def test_a_second_sender_far_below_the_first_is_seen() -> None:
    far = b"From: a@one.example\r\nX-Spam: " + b"x" * 900_000 + b"\r\nFrom: b@two.example\r\n\r\nx"
    assert read(far).doubtful_sender


STUB = "Your mail program cannot show HTML. Please open this message in a browser."
ASKED = "Please erase my account and all personal data you hold about me."


def of_two(kind: str, *parts: tuple[str, str]) -> str:
    """Read a mail of several parts; gives its text."""
    lines = [f'Content-Type: multipart/{kind}; boundary="b"', ""]
    for part, text in parts:
        lines += ["--b", f"Content-Type: text/{part}; charset=utf-8", "", text]
    return plain("\r\n".join([*lines[2:], "--b--"]).encode(), HEAD + f"{lines[0]}\r\n".encode()).text


@pytest.mark.parametrize(
    ("kind", "parts", "text"),
    [
        ("alternative", [("plain", STUB), ("html", f"<p>{ASKED}</p>")], f"{ASKED}\n\n{STUB}"),
        ("alternative", [("plain", f"{STUB}\n-- \nMall"), ("html", f"<p>{ASKED}</p>")], f"{ASKED}\n\n{STUB}"),
        ("alternative", [("plain", ASKED), ("html", f"<p>{ASKED}</p><img src=x alt=logo>")], ASKED),
        ("alternative", [("plain", "Yes"), ("html", "<p>Yes</p><p>Mall Kask, 12 Long Street</p>")], "Yes"),
        ("alternative", [("plain", ASKED), ("html", "<img src=x>")], ASKED),
        ("alternative", [("plain", "删除我的\n全部数据"), ("html", "<p>删除我的全部数据</p>")], "删除我的\n全部数据"),
        ("mixed", [("html", f"<p>{ASKED}</p>"), ("plain", "-----\nChecked for viruses.")], f"{ASKED}\n\n-----\nChecked for viruses."),
        ("mixed", [("plain", ASKED), ("html", "<p>-- </p><p>Checked for viruses.</p>")], ASKED),
    ],
)  # fmt: skip
def test_what_a_reader_sees_is_read_whichever_part_says_it(
    kind: str, parts: list[tuple[str, str]], text: str
) -> None:
    assert of_two(kind, *parts) == text
