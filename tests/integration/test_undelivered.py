"""Nothing that goes out dies unseen: whatever a mail server answers, now or later, a person is called where it belongs."""

from __future__ import annotations

import contextlib
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from assistant.casework.agents import talking
from assistant.casework.answers import answers, undelivered
from assistant.casework.decisions import closing
from assistant.casework.outbox import queue_outgoing
from assistant.casework.requests.intake import move, set_attention
from assistant.casework.requests.queue import Principal, Role
from assistant.casework.upkeep.purge import purge
from assistant.config import load_settings
from assistant.demo.settings import lay_out
from assistant.doctor import examine
from assistant.domain.letter import Letter
from assistant.domain.lifecycle import Status
from assistant.domain.plan import Operation, Order, Plan
from assistant.domain.results import Result
from assistant.domain.rights import Right
from assistant.errors import Conflict
from assistant.services import Unit
from assistant.store import queries
from assistant.store.tables import ChallengeRow, Conversation, Message, Outbox, PrivacyRequest
from assistant.web import health
from assistant.web.application import web_application
from intents import Reader
from tests.doubles.chat_desk import START
from tests.doubles.mail_server import Arrived
from tests.doubles.posting_desk import COPY, INVOICE, SUPPORT, PostingDesk, posting_desk

AGENT = Principal("Tiina", Role.AGENT)
EMPTY = Plan(Right.OBJECTION, (), Order(Operation.STOP, START.date(), purposes=("marketing",)), ())
LOST = "delivery_failed"
UNPROVED = "delivery_unproved"
NOT_DELIVERED = "could not be delivered"
UNUSABLE = "No e-mail can be sent to the address"


@pytest.fixture
async def desk(tmp_path: Path, reader: Reader) -> AsyncIterator[PostingDesk]:
    async with posting_desk(tmp_path, reader) as opened:
        yield opened


async def asked_by_mail(desk: PostingDesk, sender: str) -> PrivacyRequest:
    await desk.mail(sender)
    await desk.post()
    (request,) = await desk.requests_in(await desk.conversation_of(sender))
    return request


async def asked_in_chat(desk: PostingDesk, thread: str, claim: str) -> PrivacyRequest:
    await desk.chat(thread, COPY, claim)
    await desk.post()
    (request,) = await desk.requests_in(await desk.chat_of(thread))
    return request


async def again(desk: PostingDesk, request: PrivacyRequest) -> PrivacyRequest:
    (found,) = await desk.all(PrivacyRequest, col(PrivacyRequest.ref) == request.ref)
    assert isinstance(found, PrivacyRequest)
    return found


# ── every letter belongs somewhere ──────────────────────────────────────────────────────────────────


async def test_a_letter_that_belongs_to_nothing_cannot_be_written(desk: PostingDesk) -> None:
    with pytest.raises(TypeError, match="belongs to no request"):
        Letter(key="x", channel="email", kind="mail", text="x", language="en", recipient="a@b.example")

    def work(unit: Unit) -> None:
        now = desk.clock.now()
        unit.session.add(
            Outbox(key="x", channel="email", kind="mail", payload="", due_at=now, created_at=now)
        )

    with pytest.raises(IntegrityError):
        await desk.services.write(work)


async def test_another_letter_under_a_used_key_goes_out_too_and_the_same_one_once(desk: PostingDesk) -> None:
    def letter(text: str, to: str = "mari@post.example") -> Letter:
        return Letter(
            key="notice:1",
            channel="email",
            kind="mail",
            text=text,
            language="en",
            recipient=to,
            ref="PR-11111111",
        )

    def work(unit: Unit) -> list[bool]:
        said = ["one", "one", "two", "two", "link https://desk.example/a", "link https://desk.example/b"]
        return [
            *(queue_outgoing(unit, letter(text)) for text in said),
            queue_outgoing(unit, letter("one", "juhan@post.example")),
        ]

    assert await desk.services.write(work) == [True, False, True, False, True, False, True]
    await desk.post()
    assert len(desk.server.to("mari@post.example")) == 3
    assert len(desk.server.to("juhan@post.example")) == 1


async def test_a_row_that_cannot_be_read_stops_no_other_and_is_seen(desk: PostingDesk) -> None:
    request = await asked_by_mail(desk, "mari@post.example")

    def work(unit: Unit) -> None:
        for key, payload in (("notice:broken", "no seal"), ("notice:whole", None)):
            queue_outgoing(
                unit,
                Letter(
                    key=key, channel="email", kind="mail", text=key, language="en", recipient="k@post.example",
                    ref=request.ref,
                ),
            )  # fmt: skip
            if payload:
                unit.session.flush()
                unit.session.connection().exec_driver_sql(
                    "UPDATE outbox SET payload = 'bm8=' WHERE key = 'notice:broken'"
                )

    await desk.services.write(work)
    await desk.post()
    assert len(desk.server.to("k@post.example")) == 1
    late = "UPDATE outbox SET attempts = 11 WHERE key = 'notice:broken'"
    await desk.services.write(lambda unit: unit.session.connection().exec_driver_sql(late))
    await desk.wait(hours=3)
    assert (await again(desk, request)).attention == LOST


async def test_sent_again_after_a_crash_it_is_the_same_mail(desk: PostingDesk) -> None:
    await asked_by_mail(desk, "mari@post.example")
    killed = "UPDATE outbox SET state = 'waiting', done_at = NULL, sent_as = NULL"  # before it was marked
    await desk.services.write(lambda unit: unit.session.connection().exec_driver_sql(killed))
    await desk.wait(minutes=3)

    ids = [mail.message_id for mail in desk.server.to("mari@post.example")]
    assert len(ids) == 4, "each was accepted twice"
    assert len(set(ids)) == 2, "the acknowledgement and the link"


# ── in the talk ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("typed", ["mari@straße.example", "märi@post.example"])
async def test_of_an_address_that_can_never_get_mail_the_talk_says_so_at_once(
    desk: PostingDesk, typed: str
) -> None:
    request = await asked_in_chat(desk, "t1", typed)
    said = await desk.said_in(await desk.chat_of("t1"))

    assert UNUSABLE in said[-1]
    assert not [text for text in said if "sent a code" in text]
    assert await desk.all(ChallengeRow) == []
    await desk.chat("t1", "mari@post.example")
    await desk.post()
    assert len(desk.server.to("mari@post.example")) == 1
    assert (await again(desk, request)).attention is None


@pytest.mark.parametrize("how", ["refused", "bounced", "late"])
async def test_the_chat_hears_of_an_address_typed_there_known_or_not_in_the_same_words(
    desk: PostingDesk, how: str
) -> None:
    domain = f"{how}.example"
    answers = {"refused": ("rcpt", "550 5.1.1 unknown"), "late": ("rcpt", "450 4.2.0 later")}
    desk.server.answers |= {domain: answers[how]} if how in answers else {}
    desk.clients.known["C-1001"] = f"known@{domain}"
    requests = {who: await asked_in_chat(desk, who, f"{who}@{domain}") for who in ("known", "unknown")}
    for mail in list(desk.server.arrived):
        await desk.report("postfix", mail)
    await desk.wait(minutes=11)
    said = {who: await desk.said_in(await desk.chat_of(who)) for who in requests}

    assert NOT_DELIVERED in said["known"][-1]
    told = {who: [text.replace(requests[who].ref, "REF") for text in texts] for who, texts in said.items()}
    assert told["known"] == told["unknown"]
    assert {(await again(desk, request)).attention for request in requests.values()} == {LOST}


async def test_the_chat_hears_of_an_address_typed_to_be_left_alone_that_gets_no_notice(
    desk: PostingDesk,
) -> None:
    desk.server.answers["refused.example"] = ("rcpt", "550 5.1.1 unknown")
    await desk.chat("t1", "Stop sending advertising to mari@refused.example, please.")
    await desk.post()
    conversation = await desk.chat_of("t1")
    (request,) = await desk.requests_in(conversation)

    assert NOT_DELIVERED in (await desk.said_in(conversation))[-1]
    assert request.attention == LOST


@pytest.mark.parametrize("how", ["refused", "bounced"])
async def test_of_a_client_number_nothing_is_said_and_only_a_person_called(
    desk: PostingDesk, how: str
) -> None:
    desk.server.answers |= {"refused.example": ("rcpt", "550 5.1.1 unknown")} if how == "refused" else {}
    desk.clients.known["C-1001"] = "mari@refused.example"
    known = await asked_in_chat(desk, "known", "C-1001")
    unknown = await asked_in_chat(desk, "unknown", "C-1002")
    for mail in list(desk.server.arrived):
        await desk.report("qmail_without_id", mail)
    said = {who: await desk.said_in(await desk.chat_of(who)) for who in ("known", "unknown")}

    assert [text.replace(known.ref, "") for text in said["known"]] == [
        text.replace(unknown.ref, "") for text in said["unknown"]
    ]
    assert (await again(desk, known)).attention == (LOST if how == "refused" else UNPROVED)
    assert (await again(desk, unknown)).attention is None


# ── reported later ──────────────────────────────────────────────────────────────────────────────────


async def test_a_mailbox_that_accepts_and_bounces_an_hour_later_calls_a_person_with_the_reason(
    desk: PostingDesk,
) -> None:
    request = await asked_by_mail(desk, "mari@post.example")
    assert request.attention is None
    desk.clock.at += timedelta(hours=1)
    (receipt, link) = sorted(desk.server.to("mari@post.example"), key=lambda mail: "/verify/" in mail.content)
    await desk.report("mailbox_full_de", link)

    assert (await again(desk, request)).attention == LOST
    (lost,) = await desk.lost(request)
    assert (lost.what, lost.to, lost.why, lost.code) == (
        "challenge",
        "m••••@p••••.example",
        "bounced",
        "5.2.2",
    )
    await desk.report("exchange_fr", receipt)
    assert len(await desk.lost(request)) == 2


async def test_a_report_about_a_closed_request_calls_a_person_there_who_can_settle_it(
    desk: PostingDesk,
) -> None:
    request = await asked_by_mail(desk, "mari@post.example")
    await desk.services.write(
        lambda unit: closing.withdraw(unit, [unit.session.get_one(PrivacyRequest, request.ref)])
    )
    (receipt, _) = desk.server.to("mari@post.example")
    await desk.report("postfix", receipt)
    closed = await again(desk, request)
    assert (closed.status, closed.attention) == ("withdrawn", LOST)

    wanted = queries.RequestFilter(only_open=True, or_attention=True)
    listed = await desk.services.read(
        lambda unit: queries.requests_by_due_date(unit.session, wanted, limit=9)
    )
    assert [each.ref for each in listed] == [request.ref]
    await desk.services.write(
        lambda unit: undelivered.settle(unit, unit.session.get_one(PrivacyRequest, request.ref), AGENT)
    )
    assert (await again(desk, request)).attention is None
    assert await desk.lost(request) == []


async def test_what_did_not_arrive_goes_on_asking_for_a_person_after_another_reason_is_gone(
    desk: PostingDesk,
) -> None:
    request = await asked_by_mail(desk, "mari@post.example")

    async def flag(why: str | None) -> None:
        await desk.services.write(
            lambda unit: set_attention(unit, unit.session.get_one(PrivacyRequest, request.ref), why)
        )

    await flag("needs_agent")
    await desk.report("gmail", desk.server.to("mari@post.example")[1])
    assert (await again(desk, request)).attention == "needs_agent", "nothing is overwritten"
    await flag(None)
    assert (await again(desk, request)).attention == LOST


async def test_a_lost_letter_about_one_request_calls_nobody_to_the_others_of_its_talk(
    desk: PostingDesk,
) -> None:
    await desk.mail("mari@post.example", f"{COPY} Then delete my account and everything in it.")
    first, second = await desk.requests_in(await desk.conversation_of("mari@post.example"))
    about_one = Letter(
        key="auto:x", channel="email", kind="mail", text="x", language="en", recipient="mari@post.example",
        conversation_id=first.conversation_id, about=[first.ref],
    )  # fmt: skip

    def work(unit: Unit) -> None:
        queue_outgoing(unit, about_one)
        row = unit.session.exec(select(Outbox).where(col(Outbox.key) == "auto:x")).one()
        undelivered.note_loss(unit, row, "refused:550")
        for why in ("needs_agent", None):  # another reason comes and goes
            for ref in (first.ref, second.ref):
                set_attention(unit, unit.session.get_one(PrivacyRequest, ref), why)

    await desk.services.write(work)
    assert ((await again(desk, first)).attention, (await again(desk, second)).attention) == (LOST, None)


async def test_a_made_up_report_changes_nothing_but_calls(desk: PostingDesk) -> None:
    request = await asked_by_mail(desk, "mari@post.example")
    before = (await again(desk, request)).model_dump(exclude={"attention", "version"})
    challenges = [row.model_dump() for row in await desk.all(ChallengeRow)]
    for name in ("postfix", "qmail_without_id", "replaced_id", "dsn_without_id"):
        await desk.report(name, Arrived("mari@post.example", "", ""))

    assert (await again(desk, request)).model_dump(exclude={"attention", "version"}) == before
    assert [row.model_dump() for row in await desk.all(ChallengeRow)] == challenges
    sent = len(desk.server.arrived)
    await desk.wait(hours=30)
    assert len(desk.server.to("mari@post.example")) == 2
    assert len([m for m in desk.server.arrived[sent:] if m.to != SUPPORT]) == 0


@pytest.mark.parametrize("invented", ["<invented@mx.example>", "<desk.abc.def.ghi@desk.example.test>"])
async def test_of_a_report_without_our_id_the_chat_hears_nothing_and_agents_hear_that_it_is_unproved(
    desk: PostingDesk, invented: str
) -> None:
    request = await asked_in_chat(desk, "t1", "victim@post.example")
    before = await desk.said_in(await desk.chat_of("t1"))
    await desk.report("postfix", Arrived("victim@post.example", "", f"Message-ID: {invented}\r\n"))
    await desk.report("dsn_without_id", Arrived("victim@post.example", "", ""))
    await desk.post()

    assert await desk.said_in(await desk.chat_of("t1")) == before
    assert (await again(desk, request)).attention == UNPROVED
    (lost,) = await desk.lost(request)
    assert lost.why == "unproved"
    assert await desk.outbox(col(Outbox.state) == "bounced") == []


async def test_our_id_of_another_letter_proves_nothing_about_this_one(desk: PostingDesk) -> None:
    victim = await asked_in_chat(desk, "t1", "victim@post.example")
    await asked_by_mail(desk, "mallory@post.example")
    await desk.services.write(
        lambda unit: unit.session.connection().exec_driver_sql(
            "UPDATE outbox SET sent_as = NULL WHERE conversation_id != ''"
        )
    )  # the letters themselves are gone: their ids are still signed by us
    before = await desk.said_in(await desk.chat_of("t1"))
    mine = desk.server.to("mallory@post.example")[0]
    await desk.report("postfix", Arrived("victim@post.example", mine.sender, mine.content))
    await desk.post()

    assert await desk.said_in(await desk.chat_of("t1")) == before
    assert (await again(desk, victim)).attention == UNPROVED


async def test_a_report_without_our_id_overwrites_no_attention_and_the_proved_one_takes_its_place(
    desk: PostingDesk,
) -> None:
    request = await asked_in_chat(desk, "t1", "mari@post.example")
    ref = request.ref

    async def flag(why: str | None) -> None:
        await desk.services.write(
            lambda unit: set_attention(unit, unit.session.get_one(PrivacyRequest, ref), why)
        )

    await flag("needs_agent")
    await desk.report("dsn_without_id", Arrived("mari@post.example", "", ""))
    assert (await again(desk, request)).attention == "needs_agent"
    await flag(None)
    assert (await again(desk, request)).attention == UNPROVED
    (mail,) = desk.server.to("mari@post.example")
    await desk.report("postfix", mail)
    await desk.post()

    assert NOT_DELIVERED in (await desk.said_in(await desk.chat_of("t1")))[-1]
    assert (await again(desk, request)).attention == LOST
    (lost,) = await desk.lost(request)
    assert lost.why == "bounced"
    await desk.report("dsn_without_id", Arrived("mari@post.example", "", ""))
    assert (await again(desk, request)).attention == LOST


async def test_a_made_up_report_stops_no_letter_that_is_still_being_tried(desk: PostingDesk) -> None:
    desk.server.answers["slow.example"] = ("rcpt", "450 4.2.0 greylisted")
    request = await asked_by_mail(desk, "mari@slow.example")
    await desk.report("qmail_without_id", Arrived("mari@slow.example", "", ""))
    desk.server.answers.clear()
    await desk.wait(minutes=5)

    assert len(desk.server.to("mari@slow.example")) == 2
    assert await desk.lost(request) == []


async def test_a_report_about_somebody_elses_mail_is_supports_like_any_other(desk: PostingDesk) -> None:
    await desk.report("qmail_without_id", Arrived("nobody@elsewhere.example", "", ""))
    await desk.post()

    assert len(desk.server.to(SUPPORT)) == 1
    assert await desk.all(PrivacyRequest) == []


async def test_a_report_about_a_report_passed_on_ends_there(desk: PostingDesk) -> None:
    await desk.report("qmail_without_id", Arrived("nobody@elsewhere.example", "", ""))
    await desk.post()
    (passed_on,) = desk.server.to(SUPPORT)
    await desk.report("postfix", passed_on)
    for _ in range(5):
        await desk.wait(hours=12)

    assert len(desk.server.to(SUPPORT)) == 1
    (shown,) = (await desk.services.read(lambda unit: queries.conversations_in_triage(unit.session))).rows
    assert (await desk.services.read(lambda unit: queries.undelivered_to_support(unit.session)))[0] == 1
    await desk.services.write(lambda unit: talking.leave_to_support(unit, shown.id, AGENT))
    assert await desk.services.read(lambda unit: queries.undelivered_to_support(unit.session)) == (0, None), (
        "an agent dealt with it"
    )
    desk.clock.at += timedelta(days=200)
    await purge(desk.services)
    assert await desk.outbox(col(Outbox.kind) == "relay") == [], "and it is kept no longer than any other"


# ── support ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("reply", ["550 5.1.1 unknown", "450 4.2.0 later"])
async def test_a_support_address_that_refuses_for_a_day_loses_no_mail_and_agents_see_it(
    desk: PostingDesk, reply: str
) -> None:
    desk.server.answers["alder.example"] = ("rcpt", reply)
    await desk.mail("ada@shop.example", INVOICE)
    for _ in range(12):
        await desk.wait(hours=2)

    conversation = await desk.conversation_of("ada@shop.example")
    assert conversation.triage
    mails, since = await desk.services.read(lambda unit: queries.undelivered_to_support(unit.session))
    assert (mails, since is not None) == (1, True)
    lost = await desk.services.read(lambda unit: undelivered.lost_relay_of(unit, conversation.id))
    assert lost is not None
    assert lost.why in {"refused", "not_taken"}
    desk.clock.at += timedelta(days=200)
    await purge(desk.services)
    assert len(await desk.all(Message, col(Message.conversation_id) == conversation.id)) == 1, (
        "kept while undelivered"
    )

    desk.server.answers.clear()
    await desk.wait(hours=3)
    assert [mail.content.rstrip().splitlines()[-1] for mail in desk.server.to(SUPPORT)] == [INVOICE]
    assert await desk.services.read(lambda unit: queries.undelivered_to_support(unit.session)) == (0, None)


async def test_a_support_mailbox_that_bounces_later_gets_the_mail_again(desk: PostingDesk) -> None:
    await desk.mail("ada@shop.example", INVOICE)
    await desk.post()
    await desk.report("mailbox_full_de", desk.server.to(SUPPORT)[0])
    assert (await desk.conversation_of("ada@shop.example")).triage
    assert (await desk.services.read(lambda unit: queries.undelivered_to_support(unit.session)))[0] == 1
    await desk.wait(hours=2)

    assert len(desk.server.to(SUPPORT)) == 2
    assert (await desk.services.read(lambda unit: queries.undelivered_to_support(unit.session)))[0] == 0


async def test_readyz_metrics_and_doctor_say_that_support_does_not_get_its_mail(
    desk: PostingDesk, tmp_path: Path
) -> None:
    app = web_application(desk.services)
    app.add_routes(health.monitor_routes())
    async with TestClient(TestServer(app)) as http:
        assert (await (await http.get("/readyz")).json())["support"] == {
            "gets_mail": True, "mails_waiting": 0, "since": None,
        }  # fmt: skip
        desk.server.answers["alder.example"] = ("rcpt", "550 5.1.1 unknown")
        await desk.mail("ada@shop.example", INVOICE)
        await desk.mail("juhan@shop.example", INVOICE)
        await desk.post()
        answer = await http.get("/readyz")
        told = (await answer.json())["support"]
        figures = await (await http.get("/metrics")).text()

    assert answer.status == 200, "the desk itself is ready"
    assert (told["gets_mail"], told["mails_waiting"]) == (False, 2)
    assert told["since"].startswith("2026-11-24T09:30")
    assert "privacy_desk_support_mail_waiting 10.0" in figures
    demo = lay_out(tmp_path / "demo", port=0, mail_port=0, today=START.date())
    folder = load_settings(demo.settings_file).server.data_dir
    folder.mkdir()
    with (
        contextlib.closing(sqlite3.connect(tmp_path / "desk.db")) as here,
        contextlib.closing(sqlite3.connect(folder / "desk.db")) as there,
    ):
        here.backup(there)
    (row,) = [row for row in await examine(demo.settings_file) if row["part"] == "support"]
    assert row["level"] == "error"
    assert "2 mails for support wait since 2026-11-24 09:30 UTC" in row["text"]


async def test_telegram_refusing_a_reply_calls_a_person(desk: PostingDesk) -> None:
    await desk.chat("4711", COPY, channel="telegram")
    await desk.post()
    (request,) = await desk.requests_in(await desk.chat_of("4711"))

    assert request.attention == LOST
    assert {lost.what for lost in await desk.lost(request)} == {"auto"}


async def test_a_report_without_our_id_makes_us_send_nothing(desk: PostingDesk) -> None:
    await desk.mail("ada@shop.example", INVOICE)
    await desk.post()
    for name in ("qmail_without_id", "dsn_without_id", "quota_html"):
        await desk.report(name, Arrived(SUPPORT, "", ""))
    for _ in range(5):
        await desk.wait(hours=6)

    assert len([mail for mail in desk.server.to(SUPPORT) if INVOICE in mail.content]) == 1
    assert (await desk.conversation_of("ada@shop.example")).triage, (
        "an agent sees that support may not have it"
    )
    assert await desk.services.read(lambda unit: queries.undelivered_to_support(unit.session)) == (0, None), (
        "nobody knows that"
    )


# ── machines and people ─────────────────────────────────────────────────────────────────────────────


async def test_a_writer_whose_program_forbids_absence_notes_is_a_person(desk: PostingDesk) -> None:
    await desk.mail("mall.kask@post.example", COPY, "X-Auto-Response-Suppress: DR, OOF")
    await desk.post()

    assert len(desk.server.to("mall.kask@post.example")) == 2


@pytest.mark.parametrize(
    "field",
    ["Auto-Submitted: auto-replied", "Precedence: list", "List-Id: <news.post.example>", "Return-Path: <>"],
)
@pytest.mark.parametrize("words", [COPY, "Bonjour, supprimez toutes mes données personnelles, merci."])
async def test_a_request_in_a_machines_mail_opens_nothing_is_not_answered_and_an_agent_sees_it(
    desk: PostingDesk, field: str, words: str
) -> None:
    await desk.mail("robot@post.example", words, field)
    await desk.post()
    conversation = await desk.conversation_of("robot@post.example")

    assert {mail.to for mail in desk.server.arrived} <= {SUPPORT}
    assert await desk.said_in(conversation) == [], "what was not sent does not stand in the talk"
    assert await desk.requests_in(conversation) == []
    assert conversation.triage


async def test_a_bounce_with_a_customers_words_over_smtp_opens_nothing_and_nobody_is_answered(
    desk: PostingDesk,
) -> None:
    await desk.mail("ada@shop.example", COPY, "Subject: Undeliverable: my data", envelope_sender="<>")
    await desk.post()
    conversation = await desk.conversation_of("ada@shop.example")

    assert {mail.to for mail in desk.server.arrived} <= {SUPPORT}
    assert await desk.requests_in(conversation) == []


async def test_after_an_absence_note_a_conversation_goes_on_and_an_agents_reply_is_sent(
    desk: PostingDesk,
) -> None:
    request = await asked_by_mail(desk, "mari@post.example")
    (receipt, _) = desk.server.to("mari@post.example")
    await desk.mail("mari@post.example", "I am away until Monday.", "Auto-Submitted: auto-replied", f"In-Reply-To: {receipt.message_id}")  # fmt: skip
    await desk.post()
    assert len(desk.server.to("mari@post.example")) == 2, "a machine gets no answer"

    conversation = await desk.conversation_of("mari@post.example")
    await desk.services.write(
        lambda unit: closing.reply(
            unit, unit.session.get_one(Conversation, conversation.id), "We are at it.", AGENT
        )
    )
    await desk.post()
    assert "We are at it." in desk.server.to("mari@post.example")[-1].content
    await desk.mail("mari@post.example", "Please also delete my data.", f"In-Reply-To: {receipt.message_id}")
    await desk.post()
    assert len(desk.server.to("mari@post.example")) >= 4, "the person is answered as before"
    assert request.ref


async def test_an_agents_reply_to_a_mail_without_an_address_is_refused_and_kept_nowhere(
    desk: PostingDesk,
) -> None:
    await desk.mail("a@post.example, b@post.example", COPY)
    (conversation,) = await desk.all(Conversation)
    with pytest.raises(Conflict, match="nothing was sent"):
        await desk.services.write(
            lambda unit: closing.reply(
                unit, unit.session.get_one(Conversation, conversation.id), "Hello", AGENT
            )
        )

    assert await desk.said_in(conversation) == []


async def test_an_answer_by_rule_that_is_not_said_calls_a_person_though_its_request_is_closed(
    desk: PostingDesk,
) -> None:
    sender = "mari@post.example"
    await desk.mail(sender, "Please stop sending me marketing mails.")
    conversation = await desk.conversation_of(sender)

    def work(unit: Unit) -> None:
        for number in range(10):
            letter = Letter(
                key=f"auto:{number}", channel="email", kind="mail", text=str(number), language="en",
                recipient=sender, conversation_id=conversation.id,
            )  # fmt: skip
            queue_outgoing(unit, letter)
        request = unit.session.exec(select(PrivacyRequest)).one()
        move(unit, request, Status.EXECUTING, "desk")
        answers.answer_done(unit, request, Result(EMPTY, ()))

    await desk.services.write(work)
    (request,) = await desk.requests_in(conversation)
    assert (request.status, request.attention) == ("answered", "too_many_replies")


async def test_two_machines_stop_and_a_person_is_called_but_agents_are_always_sent(desk: PostingDesk) -> None:
    request = await asked_by_mail(desk, "mari@post.example")
    (receipt, _) = desk.server.to("mari@post.example")
    for number in range(15):
        words = f"Message {number}: what about my request? Where is it now?"
        await desk.mail("mari@post.example", words, f"In-Reply-To: {receipt.message_id}")
    conversation = await desk.conversation_of("mari@post.example")
    for number in range(12):
        await desk.services.write(
            lambda unit, n=number: closing.reply(  # type: ignore[misc]
                unit, unit.session.get_one(Conversation, conversation.id), f"Letter {n}.", AGENT
            )
        )
    await desk.post()
    sent = [mail.content for mail in desk.server.to("mari@post.example")]

    assert sum("Letter " in content for content in sent) == 12
    by_rule = await desk.outbox(col(Outbox.key).startswith("auto:"))
    assert len(by_rule) <= 10
    assert (await again(desk, request)).attention


# ── every kind ──────────────────────────────────────────────────────────────────────────────────────

REPORTS = (
    "postfix",
    "gmail",
    "exchange_fr",
    "mailbox_full_de",
    "several_recipients",
    "replaced_id",
    "exim",
    "qmail",
)
WITHOUT_ID = ("dsn_without_id", "qmail_without_id", "exchange_en_without_id", "orange_fr_without_id", "es_without_id",
              "quota_html")  # fmt: skip
NO_FAILURE = ("delayed", "exim_delayed", "relayed", "delivered", "expanded")


async def test_no_failure_of_any_kind_is_silent(desk: PostingDesk) -> None:
    """Each report there is, once; the long tests let two hundred fail."""
    await none_is_silent(desk, {kind: min(count, len(REPORTS)) for kind, count in KINDS.items()})


async def none_is_silent(desk: PostingDesk, kinds: Mapping[str, int]) -> Counter[tuple[str, str]]:
    """Let so many letters of each kind fail; gives what was seen of them."""
    desk.server.answers = {
        "refused.example": ("rcpt", "550 5.1.1 unknown"),
        "refused-data.example": ("data", "554 5.7.1 not wanted"),
        "never.example": ("rcpt", "451 4.3.0 later"),
        "alder.example": ("rcpt", "550 5.1.1 unknown"),
    }
    cases = [(kind, number) for kind in kinds for number in range(kinds[kind])]
    for kind, number in cases:
        await _write(desk, kind, number)
    await desk.post()
    for kind, number in cases:
        for letter in desk.server.to(_address(kind, number)):
            await _report_on(desk, kind, number, letter)
    for _ in range(14):
        await desk.wait(hours=3)

    table: Counter[tuple[str, str]] = Counter()
    for kind, number in cases:
        table[kind, await _seen(desk, kind, number)] += 1
    assert table == {(kind, SEEN[kind]): count for kind, count in kinds.items()}
    return table


KINDS = {
    "refused at once": 25,
    "refused after the text": 15,
    "never taken": 15,
    "bounced with an id": 32,
    "bounced without an id": 30,
    "delayed or arrived": 15,
    "typed in chat, refused": 15,
    "typed in chat, bounced": 15,
    "client number, bounced": 10,
    "can never get mail": 10,
    "support refuses": 20,
}
SEEN = {
    **dict.fromkeys(KINDS, "attention"),
    "bounced without an id": "attention, unproved",
    "client number, bounced": "attention, unproved",
    "delayed or arrived": "nothing: no failure",
    "typed in chat, refused": "attention, said in the chat",
    "typed in chat, bounced": "attention, said in the chat",
    "can never get mail": "said in the chat at once",
    "support refuses": "in triage, kept",
}
_DOMAIN = {
    "refused at once": "refused.example",
    "refused after the text": "refused-data.example",
    "never taken": "never.example",
    "typed in chat, refused": "refused.example",
}


def _address(kind: str, number: int) -> str:
    return f"{kind.replace(' ', '-').replace(',', '')}.{number}@{_DOMAIN.get(kind, 'post.example')}"


async def _write(desk: PostingDesk, kind: str, number: int) -> None:
    address, thread = _address(kind, number), f"{kind} {number}"
    if kind == "support refuses":
        await desk.mail(address, INVOICE)
    elif kind == "client number, bounced":
        desk.clients.known[f"C-{2000 + number}"] = address
        await desk.chat(thread, COPY, f"C-{2000 + number}")
    elif kind == "can never get mail":
        await desk.chat(thread, COPY, address.replace("post.example", "straße.example"))
    elif "chat" in kind:
        await desk.chat(thread, COPY, address)
    else:
        await desk.mail(address)


async def _report_on(desk: PostingDesk, kind: str, number: int, letter: Arrived) -> None:
    if kind in {"bounced with an id", "typed in chat, bounced"}:
        await desk.report(REPORTS[number % len(REPORTS)], letter)
    elif kind in {"bounced without an id", "client number, bounced"}:
        await desk.report(WITHOUT_ID[number % len(WITHOUT_ID)], letter)
    elif kind == "delayed or arrived":
        await desk.report(NO_FAILURE[number % len(NO_FAILURE)], letter)


async def _seen(desk: PostingDesk, kind: str, number: int) -> str:
    address, thread = _address(kind, number), f"{kind} {number}"
    if kind == "support refuses":
        shown = (await desk.conversation_of(address)).triage
        return "in triage, kept" if shown and await desk.outbox(col(Outbox.kind) == "relay") else "SILENT"
    in_chat = "chat" in kind or kind in {"client number, bounced", "can never get mail"}
    conversation = await (desk.chat_of(thread) if in_chat else desk.conversation_of(address))
    (request,) = await desk.requests_in(conversation)
    said = await desk.said_in(conversation)
    if request.attention == UNPROVED and await desk.lost(request):
        return "attention, unproved" + (", said in the chat" if NOT_DELIVERED in said[-1] else "")
    if request.attention == LOST and await desk.lost(request):
        return "attention" + (", said in the chat" if NOT_DELIVERED in said[-1] else "")
    if UNUSABLE in said[-1]:
        return "said in the chat at once"
    return "nothing: no failure" if request.attention is None and kind == "delayed or arrived" else "SILENT"
