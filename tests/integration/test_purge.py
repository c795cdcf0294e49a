"""The desk's own records go when their time is over, over a real store and a clock that is moved."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text, update
from sqlmodel import col, func, select

from assistant.casework import audit, saying
from assistant.casework.answers import packages
from assistant.casework.outbox import payload_of, queue_outgoing
from assistant.casework.proof import attaching, challenges, sending
from assistant.casework.requests import intake
from assistant.casework.upkeep import purge, reminders
from assistant.config import Periods
from assistant.domain.assurance import Method
from assistant.domain.letter import Letter
from assistant.domain.lifecycle import Status
from assistant.domain.moves import Claim
from assistant.domain.rights import Right
from assistant.interfaces import Attachment, Incoming
from assistant.jobs import JOBS, Sweeper
from assistant.services import Unit
from assistant.store.tables import (
    Action,
    Audit,
    ChallengeRow,
    Conversation,
    EvidenceRow,
    Message,
    Outbox,
    Package,
    PrivacyRequest,
    StopLink,
    Tally,
)
from tests.doubles.chat_desk import START
from tests.doubles.console_app import ConsoleSite, console_site

DAYS_90 = timedelta(days=90)
SECRET_WORDS = "My number is 0049 171 5550100, I live in Birch Lane."


@dataclass
class Desk:
    """A desk with open cases of its own, and what the tests put beside them."""

    site: ConsoleSite

    async def do(self, work: Callable[[Unit], Any]) -> Any:
        return await self.site.services.write(work)

    async def count(self, table: type[Any], *conditions: Any) -> int:
        query = select(func.count()).select_from(table).where(*conditions)
        return await self.site.services.read(lambda unit: unit.session.exec(query).one())

    async def count_saying(self, words: str, *conditions: Any, but: str | None = None) -> int:
        query = select(Message.text).where(*conditions)
        texts = await self.site.services.read(lambda unit: list(unit.session.exec(query)))
        return len([text for text in texts if words in text and text != but])

    async def after(self, duration: timedelta) -> Any:
        """Move the clock, then let the daily sweep run."""
        self.site.clock.at += duration
        return await purge.purge(self.site.services)

    async def faults(self) -> list[audit.Fault]:
        services = self.site.services
        return await services.read(lambda unit: list(audit.verify(services.keyring, unit.session)))

    async def everything_open(self) -> list[tuple[Any, ...]]:
        """Give every row of the cases that were open from the start."""
        refs = sorted(self.site.refs.values())
        here = select(PrivacyRequest.conversation_id).where(col(PrivacyRequest.ref).in_(refs))

        def look(unit: Unit) -> list[tuple[Any, ...]]:
            requests = unit.session.exec(select(PrivacyRequest).where(col(PrivacyRequest.ref).in_(refs)))
            messages = unit.session.exec(select(Message).where(col(Message.conversation_id).in_(here)))
            actions = unit.session.exec(select(Action).where(col(Action.ref).in_(refs)))
            return sorted(str(row.model_dump()) for row in (*requests, *messages, *actions))  # type: ignore[misc]

        return await self.site.services.read(look)

    async def talk(self, name: str, words: str = SECRET_WORDS) -> str:
        """Have somebody write a mail; gives the conversation."""
        services = self.site.services
        incoming = Incoming(
            "email",
            f"thread-{name}",
            f"<{name}@post.example>",
            words,
            services.clock.now(),
            sender=f"{name}@post.example",
            subject="About me",
            raw=f"From: {name}@post.example\r\n\r\n{words}".encode(),
            attachments=(Attachment("post.example.pdf", "application/pdf", 9),),
        )

        def work(unit: Unit) -> str:
            conversation = intake.find_or_start_conversation(unit, incoming)
            conversation.state = {"details": {"address": f"{name}@post.example"}}
            intake.store_incoming(unit.session, conversation, incoming, {"sentence": words})
            saying.say_text(
                unit,
                conversation,
                saying.Utterance(
                    text="We looked.", key=services.random(8).hex(), language="en", subject="Re"
                ),
            )
            return conversation.id

        return str(await self.do(work))

    async def case(self, name: str, *, closed: Status | None = Status.ANSWERED) -> str:
        """Have somebody ask, prove and be answered; gives the reference."""
        services, conversation_id = self.site.services, await self.talk(name)

        def work(unit: Unit) -> str:
            conversation = unit.session.get_one(Conversation, conversation_id)
            request = intake.open_request(
                unit,
                conversation,
                Right.ACCESS,
                received_at=services.clock.now(),
                details={},
                tier=services.settings.verification.access,
            )
            intake.move(unit, request, Status.VERIFYING, "desk")
            contact = f"{name}@post.example"
            attaching.give_evidence(
                unit,
                method=Method.EMAIL_LINK,
                contact=contact,
                conversation_id=conversation.id,
                references=[request.ref],
                on_file=True,
            )
            sending.stop_link(unit, [request.ref], contact)
            unit.session.add(
                Message(
                    conversation_id=conversation.id,
                    external_id=f"note:{services.random(8).hex()}",
                    sender="note",
                    name="Tiina",
                    text=f"{name} lives in Birch Lane",
                    at=services.clock.now(),
                )
            )
            if closed:
                intake.move(unit, request, closed, "desk")
            return request.ref

        return str(await self.do(work))

    async def deliver(self) -> None:
        """Say that the outbox was delivered."""
        await self.do(lambda unit: unit.session.execute(text("UPDATE outbox SET state = 'done'")))


@pytest.fixture
async def desk(tmp_path: Path, prepared: ConsoleSite) -> AsyncIterator[Desk]:
    async with console_site(tmp_path, prepared) as site:
        yield Desk(site)


def of(conversation_id: str) -> Any:
    return col(Message.conversation_id) == conversation_id


async def test_a_closed_case_is_reduced_to_request_replies_and_decision(desk: Desk) -> None:
    ref = await desk.case("maris")
    await desk.deliver()
    request = await desk.site.get(PrivacyRequest, ref)
    await desk.after(DAYS_90 - timedelta(minutes=1))
    assert await desk.count_saying("Birch") == 2
    gone = await desk.after(timedelta(days=1))
    assert gone["messages_reduced"] == 1
    rows = await desk.site.services.read(
        lambda unit: unit.session.exec(
            select(Message).where(of(request.conversation_id)).order_by(col(Message.id))
        ).all()
    )
    assert [(row.sender, row.text) for row in rows] == [("you", ""), ("assistant", "We looked.")]
    whole = str([row.model_dump() for row in rows])
    assert "post.example" not in whole
    assert "About me" not in whole
    assert rows[0].raw is None
    assert rows[0].attachments is None
    assert rows[0].at == START
    assert (await desk.site.get(Conversation, request.conversation_id)).state == {}
    assert (await desk.site.get(PrivacyRequest, ref)).status == Status.ANSWERED
    assert await desk.faults() == []


async def test_nothing_of_an_open_request_is_touched_however_old(desk: Desk) -> None:
    before = await desk.everything_open()
    assert len(before) > 12
    await desk.deliver()
    for _ in range(5):
        await desk.after(timedelta(days=400))
    assert await desk.everything_open() == before
    assert await desk.faults() == []


async def test_a_case_beside_an_open_one_in_the_same_talk_keeps_its_words(desk: Desk) -> None:
    await desk.case("both")
    still = await desk.case("both", closed=None)
    await desk.deliver()
    await desk.after(timedelta(days=4 * 366))
    conversation = (await desk.site.get(PrivacyRequest, still)).conversation_id
    assert await desk.count_saying(SECRET_WORDS, of(conversation)) == 1


async def test_a_lapsed_request_that_was_taken_up_again_is_open(desk: Desk) -> None:
    ref = desk.site.refs["unproved"]

    def lapse_and_prove(unit: Unit) -> None:
        request = unit.session.get_one(PrivacyRequest, ref)
        intake.move(unit, request, Status.LAPSED, "agent:Tiina")
        intake.move(unit, request, Status.OPEN, "subject")

    await desk.do(lapse_and_prove)
    request = await desk.site.get(PrivacyRequest, ref)
    assert request.closed_at is None
    assert request.remind_on is not None, "its clock runs, so somebody is reminded of it"
    await desk.after(timedelta(days=4 * 366))
    request = await desk.site.get(PrivacyRequest, ref)
    assert await desk.count_saying("", of(request.conversation_id), but="") == 1


async def test_what_is_written_after_the_case_is_kept_like_ordinary_talk(desk: Desk) -> None:
    ref = await desk.case("again")
    conversation = (await desk.site.get(PrivacyRequest, ref)).conversation_id
    await desk.deliver()
    desk.site.clock.at += timedelta(days=80)
    services = desk.site.services
    late = Incoming("email", "thread-again", "<later@post.example>", "Hello again", services.clock.now())
    await desk.do(
        lambda unit: intake.store_incoming(
            unit.session, unit.session.get_one(Conversation, conversation), late, {"sentence": ""}
        )
    )
    await desk.after(timedelta(days=15))
    words = select(Message.text).where(of(conversation), col(Message.sender) == "you")
    assert await services.read(lambda unit: unit.session.exec(words.order_by(col(Message.id))).all()) == [
        "",
        "Hello again",
    ]
    await desk.after(timedelta(days=80))
    assert await services.read(lambda unit: unit.session.exec(words.order_by(col(Message.id))).all()) == [
        "",
        "",
    ]


async def test_talk_that_opened_no_request_goes_after_ninety_days(desk: Desk) -> None:
    ident = await desk.talk("visitor")
    await desk.deliver()
    await desk.after(DAYS_90 - timedelta(minutes=1))
    assert await desk.count(Message, of(ident)) == 2
    await desk.after(timedelta(days=1))
    assert await desk.count(Message, of(ident)) == 0
    assert await desk.count(Conversation, col(Conversation.id) == ident) == 0
    assert await desk.count(Outbox, col(Outbox.conversation_id) == ident) == 0


async def test_the_operator_decides_how_long_talk_is_kept(tmp_path: Path, prepared: ConsoleSite) -> None:
    async with console_site(tmp_path, prepared, periods=Periods(support_message_days=7)) as site:
        desk = Desk(site)
        ident = await desk.talk("visitor")
        await desk.deliver()
        await desk.after(timedelta(days=7))
        assert await desk.count(Message, of(ident)) == 0


async def test_talk_still_to_be_delivered_answered_or_decided_waits(desk: Desk) -> None:
    unsent = await desk.talk("unsent")
    doubtful = desk.site.conversations["doubtful"]
    unanswered = await desk.talk("unanswered")
    await desk.do(
        lambda unit: unit.session.execute(
            text("UPDATE outbox SET state = 'done' WHERE conversation_id <> :c"), {"c": unsent}
        )
    )
    await desk.do(
        lambda unit: unit.session.execute(
            text("UPDATE message SET handled = 0 WHERE conversation_id = :c AND sender = 'you'"),
            {"c": unanswered},
        )
    )
    await desk.after(timedelta(days=200))
    for ident in (unsent, unanswered, doubtful):
        assert await desk.count(Message, of(ident)) > 0, ident


async def test_an_original_on_its_way_holds_up_its_own_talk_alone(desk: Desk) -> None:
    waits, other = await desk.talk("waits"), await desk.talk("other")

    def relay(unit: Unit) -> None:
        unit.session.execute(text("UPDATE outbox SET state = 'done'"))
        mail = unit.session.exec(select(Message).where(of(waits), col(Message.sender) == "you")).one()
        saying.relay(unit, unit.session.get_one(Conversation, other), mail.id or 0)
        unit.session.execute(
            text("UPDATE outbox SET conversation_id = :c WHERE kind = 'relay'"), {"c": "elsewhere"}
        )

    await desk.do(relay)
    await desk.after(timedelta(days=200))
    assert await desk.count(Message, of(other)) == 0
    assert await desk.count(Message, of(waits)) == 2


async def test_the_record_of_a_case_goes_after_three_years_and_its_audit_stays(desk: Desk) -> None:
    ref = await desk.case("eveli")
    await desk.deliver()
    ident = (await desk.site.get(PrivacyRequest, ref)).conversation_id
    await desk.after(timedelta(days=3 * 365 - 2))
    assert await desk.count(PrivacyRequest, col(PrivacyRequest.ref) == ref) == 1
    gone = await desk.after(timedelta(days=4))
    assert gone["records"] == 1
    for table, column in (
        (PrivacyRequest, PrivacyRequest.ref),
        (Action, Action.ref),
        (Outbox, Outbox.ref),
    ):
        assert await desk.count(table, col(column) == ref) == 0
    assert await desk.count(Conversation, col(Conversation.id) == ident) == 0
    assert await desk.count(Message, of(ident)) == 0
    assert await desk.count(EvidenceRow, col(EvidenceRow.conversation_id) == ident) == 0
    events = select(Audit.event).where(col(Audit.chain) == ref).order_by(col(Audit.ordinal))
    told = await desk.site.services.read(lambda unit: unit.session.exec(events).all())
    assert told[0] == "request_opened"
    assert told[-2:] == ["text_reduced", "record_gone"]
    await reminders.expire(desk.site.services)  # seals the audit
    assert await desk.faults() == []


async def test_the_proof_given_in_another_talk_stays_as_long_as_the_request_that_rests_on_it(
    desk: Desk,
) -> None:
    """Whoever proves in a second chat what was asked in a first one: the second one opened nothing."""
    open_ref, ref = await desk.case("oliver", closed=None), await desk.case("olga")
    talk = await desk.talk("later")

    def proved_there(unit: Unit) -> list[str]:
        rows = [unit.session.get_one(PrivacyRequest, each) for each in (open_ref, ref)]
        proofs = [str(row.evidence_id) for row in rows]
        unit.session.execute(
            update(EvidenceRow).values(conversation_id=talk).where(col(EvidenceRow.id).in_(proofs))
        )
        unit.session.add(
            EvidenceRow(**unit.session.get_one(EvidenceRow, proofs[0]).model_dump() | {"id": "nobody's"})
        )
        return proofs

    proofs = await desk.do(proved_there)
    await desk.deliver()
    await desk.after(timedelta(days=400))
    assert await desk.count(Message, of(talk)) == 0, "its words go all the same"
    kept = select(EvidenceRow.id).where(col(EvidenceRow.conversation_id) == talk)
    assert set(await desk.site.services.read(lambda unit: unit.session.exec(kept).all())) == set(proofs)
    await desk.after(timedelta(days=3 * 365))
    assert await desk.site.services.read(lambda unit: unit.session.exec(kept).all()) == [proofs[0]]


def _link(desk: Desk, address: str, unit: Unit) -> str:
    return sending.stop_link(unit, [], address)


async def test_links_go_a_day_after_use_and_when_they_are_worth_nothing(desk: Desk) -> None:
    services = desk.site.services
    made = []
    for name in ("used", "unused"):
        link = await desk.do(partial(_link, desk, f"{name}@post.example"))
        made.append(services.keyring.keyed_hash(link.rsplit("/", 1)[1], "stop"))
    used, unused = made
    await desk.do(
        lambda unit: unit.session.execute(
            text("UPDATE stop_link SET used_at = made_at WHERE link_hash = :l"), {"l": used}
        )
    )
    await desk.after(timedelta(hours=24))
    assert await desk.count(StopLink, col(StopLink.link_hash) == used) == 0
    assert await desk.count(StopLink, col(StopLink.link_hash) == unused) == 1
    await desk.after(timedelta(days=40))
    assert await desk.count(StopLink) == 0


async def test_codes_and_the_mails_that_carried_them_go_within_a_day_and_tallies_after_thirty(
    desk: Desk,
) -> None:
    services = desk.site.services
    ref = desk.site.refs["unproved"]
    conversation = (await desk.site.get(PrivacyRequest, ref)).conversation_id

    def ask(unit: Unit) -> None:
        claim = Claim("email", "nobody@post.example")
        here = unit.session.get_one(Conversation, conversation)
        for method in (Method.EMAIL_CODE, Method.EMAIL_LINK):
            challenges.want_challenge(unit, here, claim, [ref], method=method)
        letter = Letter(
            key="challenge:x",
            channel="email",
            kind="mail",
            text="12345678",
            language="en",
            conversation_id="a-talk",
            recipient="mall@post.example",
        )
        queue_outgoing(unit, letter)

    await desk.do(ask)
    await desk.deliver()
    await desk.after(timedelta(hours=24))
    await reminders.expire(services)
    assert await desk.count(ChallengeRow) == 0
    here = select(Outbox).where(col(Outbox.key) == "challenge:x")
    (kept,) = await services.read(lambda unit: unit.session.exec(here).all())
    assert payload_of(services, kept) == {}, "the code is gone; whom it was for stays while a report may come"
    assert await desk.count(Tally, col(Tally.what) == "sent") == 2
    await desk.after(timedelta(days=8))
    assert await desk.count(Outbox, col(Outbox.key) == "challenge:x") == 0
    desk.site.clock.at += timedelta(days=21)
    await reminders.expire(services)
    assert await desk.count(Tally) == 0


async def test_a_package_past_its_day_leaves_neither_file_nor_key(desk: Desk) -> None:
    services, action = desk.site.services, desk.site.actions["access"]
    folder = packages.package_dir(services)
    folder.mkdir()
    (folder / f"{action}.sealed").write_bytes(b"sealed")
    (folder / "left-by-a-kill.sealed").write_bytes(b"sealed")
    (folder / "left-by-a-kill.sealed.part").write_bytes(b"sealed")
    row = Package(
        id="p",
        ref=desk.site.refs["access"],
        action_id=action,
        file=f"{action}.sealed",
        wrapped_key=services.keyring.seal("key"),
        size=6,
        sha256="0" * 64,
        contact_hash="x",
        ready_at=START,
        gone_at=START + timedelta(days=7),
        downloaded_at=START,
        grant_hash="g",
    )
    await desk.do(lambda unit: unit.session.add(row))
    gone = await desk.after(timedelta(days=1))
    assert gone["files"] == 2
    assert [file.name for file in folder.iterdir()] == [f"{action}.sealed"]
    desk.site.clock.at += timedelta(days=6)
    await packages.expire_packages(services)
    assert list(folder.iterdir()) == []
    after = await desk.site.get(Package, "p")
    assert (after.erased, after.wrapped_key, after.grant_hash, after.sha256) == (True, "", None, "0" * 64)


async def test_a_package_that_is_being_made_keeps_its_file(desk: Desk) -> None:
    services, action = desk.site.services, desk.site.actions["access"]
    await desk.do(
        lambda unit: unit.session.execute(
            text("UPDATE action SET state = 'executing' WHERE id = :a"), {"a": action}
        )
    )
    folder = packages.package_dir(services)
    folder.mkdir()
    (folder / f"{action}.sealed.part").write_bytes(b"half")
    await desk.after(timedelta(days=1))
    assert (folder / f"{action}.sealed.part").exists()


class Killed(Exception):
    """The process is gone."""


@pytest.mark.parametrize("units", range(6))
async def test_killed_after_any_unit_the_next_run_finds_the_rest(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, units: int
) -> None:
    monkeypatch.setattr(purge, "_BATCH", 2)
    for n in range(5):
        await desk.talk(f"visitor{n}")
        await desk.case(f"asker{n}")
    await desk.deliver()
    desk.site.clock.at += timedelta(days=91)
    services, left = desk.site.services, [units]

    class Mortal(type(services.store)):  # type: ignore[misc]
        async def prepare_and_write(self, prepare: Any, *, whose: str = "") -> Any:
            if left[0] == 0:
                raise Killed
            left[0] -= 1
            return await services.store.prepare_and_write(prepare, whose=whose)

    mortal = Mortal.__new__(Mortal)
    mortal.read = services.store.read
    with pytest.raises(Killed):
        await purge.purge(replace(services, store=mortal))
    await purge.purge(services)
    assert await desk.count_saying("Birch") == 0
    assert await desk.count(Message, col(Message.kind) == purge.REDUCED) == 5
    reduced = select(func.count()).where(col(Audit.event) == "text_reduced")
    assert await services.read(lambda unit: unit.session.exec(reduced).one()) == 5
    assert await desk.faults() == []


async def test_it_runs_once_a_day_by_the_clock_of_the_desk(desk: Desk) -> None:
    sweeper = Sweeper(desk.site.services, tuple(job for job in JOBS if job.name == "purge"))
    ident = await desk.talk("visitor")
    await desk.deliver()
    desk.site.clock.at += timedelta(days=91)
    await sweeper.run("purge")
    assert await desk.count(Message, of(ident)) == 0
    assert await purge.purge(desk.site.services) == {}
