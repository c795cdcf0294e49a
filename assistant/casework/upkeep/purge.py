"""The desk's own records go when their time is over (law/own_retention.toml); an open request is never touched.

Codes, tallies and one-time values go with `reminders.expire`, packages with `packages.expire_packages`;
here goes what lives for months and years.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, String, and_, cast, delete, func, literal, or_, text, update
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, select

from assistant.casework.answers.packages import package_dir
from assistant.casework.answers.undelivered import REPORTED_WITHIN
from assistant.casework.audit import record
from assistant.casework.outbox import PROOF
from assistant.casework.requests.one_by_one import each, together
from assistant.domain.assurance import STOP_LINK_LASTS
from assistant.domain.lifecycle import CLOSED, LetterState, PlanState
from assistant.domain.retention import own_retention
from assistant.services import Services, Unit
from assistant.store.tables import (
    PASSING,
    WORDS_OF_A_PERSON,
    Action,
    ChallengeRow,
    Conversation,
    EvidenceRow,
    Message,
    Note,
    Outbox,
    Package,
    PrivacyRequest,
    StepRow,
    StopLink,
    SweepFailure,
)

K = TypeVar("K", str, int)
# When something happened, and its number or name among all of that instant.
Place = tuple[datetime, str | int]
_BATCH = 100  # conversations or rows a unit: a person who writes meanwhile waits for one of them at most
_LAST_DAY = "purged_on"
REDUCED = "reduced"  # the kind of a message whose words are gone
_FROM_THE_PERSON = ("you", "note")  # notes are an agent's words about the person, and no part of the answer
_DELIVERED = (LetterState.DONE, LetterState.DEAD, LetterState.BOUNCED)
_FILE_IN_USE = (PlanState.APPROVED, PlanState.EXECUTING)
_BEGINNING: Place = (datetime.min.replace(tzinfo=UTC), "")


@dataclass(frozen=True, slots=True)
class Cutoffs:
    """What happened at or before these instants is past its period."""

    code: datetime
    support: datetime
    case_text: datetime
    case_record: datetime
    stop_link: datetime
    report: datetime


def cutoffs(services: Services) -> Cutoffs:
    """Count back from now by the periods of the law file; support's own is the operator's to choose."""
    rules, now = own_retention(), services.clock.now()
    return Cutoffs(
        code=rules["one_time_code"].gone_before(now),
        support=now - timedelta(days=services.settings.periods.support_message_days),
        case_text=rules["case_message"].gone_before(now),
        case_record=rules["case_record"].gone_before(now),
        stop_link=now - STOP_LINK_LASTS,
        report=now - REPORTED_WITHIN,
    )


async def purge(services: Services) -> Mapping[str, int]:
    """Remove what is past its period, once a day; a sweep that was killed begins again and finds the rest."""
    today = str(services.local_day(services.clock.now()))
    if await services.read(lambda unit: _last_day(unit.session)) == today and not await services.read(_again):
        return {}
    gone: dict[str, int] = {}
    await each(services, "purge", _SWEEPS, partial(_sweep, services, gone))
    await services.write(lambda unit: _finish(unit, today, gone))
    return gone


async def _sweep(services: Services, gone: dict[str, int], name: str) -> None:
    gone[name] = await _SWEEPS[name](services, cutoffs(services))


def _again(unit: Unit) -> bool:
    """Tell whether something that could not go may be tried again."""
    due = select(SweepFailure.which).where(
        col(SweepFailure.sweep) == "purge", col(SweepFailure.next_at) <= unit.now
    )
    return unit.session.exec(due.limit(1)).first() is not None


def _last_day(session: Session) -> str | None:
    note = session.get(Note, _LAST_DAY)
    return note.value if note else None


def _finish(unit: Unit, today: str, gone: Mapping[str, int]) -> None:
    unit.session.merge(Note(name=_LAST_DAY, value=today))
    if any(gone.values()):
        record(unit, "", "desk", "purged", **gone)


async def _in_batches(
    services: Services,
    kind: str,
    find: Callable[[Unit, Place], Sequence[tuple[Place, K]]],
    drop: Callable[[Unit, K], int],
) -> int:
    """Find beside the writer, drop a batch a unit; what cannot go today is passed over, not waited for."""
    done, after = 0, _BEGINNING
    while found := await services.read(partial(_call, find, after)):
        keys = list(dict.fromkeys(key for _place, key in found))
        done += await together(services, "purge", keys, drop, kind)
        after = found[-1][0]
    return done


def _call(
    find: Callable[[Unit, Place], Sequence[tuple[Place, K]]], after: Place, unit: Unit
) -> Sequence[tuple[Place, K]]:
    return find(unit, after)


def _until(at: Any, name: Any, after: Place, cut: datetime) -> Sequence[ColumnElement[bool]]:
    """Take what happened up to an instant, in the order of an index of instants: of what is not due yet nothing is read."""
    begun, last = after
    later = col(at) > begun
    return (col(at).between(begun, cut), later if last == "" else or_(later, col(name) > last))


def _found(
    session: Session, at: Any, name: Any, key: Any, conditions: Sequence[Any]
) -> list[tuple[Place, Any]]:
    """List a batch with the place of each."""
    rows = sa_select(at, name, key).where(*conditions).order_by(at, name).limit(_BATCH)
    return [((row[0], row[1]), row[2]) for row in session.execute(rows)]


# ── the text of a closed case: the request, our replies and the decision stay ───────────────────────


async def _reduce_cases(services: Services, cut: Cutoffs) -> int:
    def find(unit: Unit, after: Place) -> Sequence[tuple[Place, str]]:
        talk = col(Message.conversation_id)
        late = (
            text(WORDS_OF_A_PERSON),
            *_until(Message.at, Message.id, after, max(cut.support, cut.case_text)),
            *_words_of_the_person(cut),
            _has_request(talk),
            ~_needed(talk, cut.case_text),
        )
        return _found(unit.session, col(Message.at), col(Message.id), talk, late)

    return await _in_batches(services, "talk:", find, lambda unit, ident: _reduce(unit, cut, ident))


def _is_reducible(cut: Cutoffs) -> tuple[ColumnElement[bool], ...]:
    talk = col(Conversation.id)
    words = select(Message.id).where(col(Message.conversation_id) == talk, *_words_of_the_person(cut))
    return (_has_request(talk), ~_needed(talk, cut.case_text), words.exists())


def _has_request(talk: Any, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    here = col(PrivacyRequest.conversation_id) == talk
    return select(PrivacyRequest.ref).where(here, *conditions).exists()


def _needed(talk: Any, cut: datetime) -> ColumnElement[bool]:
    """Tell whether a request of the conversation is open, or was closed after an instant.

    By status, not by the day of closing: a request that lapsed and was taken up again has both.
    """
    return _has_request(
        talk, or_(col(PrivacyRequest.status).not_in(CLOSED), col(PrivacyRequest.closed_at) > cut)
    )


def _words_of_the_person(cut: Cutoffs) -> tuple[ColumnElement[bool], ...]:
    """What was written before the last case closed belongs to it; what came later is ordinary support."""
    closed = select(func.max(PrivacyRequest.closed_at)).where(
        col(PrivacyRequest.conversation_id) == col(Message.conversation_id)
    )
    return (
        col(Message.sender).in_(_FROM_THE_PERSON),
        col(Message.kind) != REDUCED,
        col(Message.handled).is_(True),
        or_(col(Message.at) <= cut.support, col(Message.at) <= closed.scalar_subquery()),
    )


def _reduce(unit: Unit, cut: Cutoffs, ident: str) -> int:
    still = select(Conversation).where(col(Conversation.id) == ident, *_is_reducible(cut))
    conversation = unit.session.exec(still).first()
    if conversation is None:
        return 0  # the person wrote again, or another request was opened since it was found
    late = [col(Message.conversation_id) == ident, *_words_of_the_person(cut)]
    unit.session.execute(delete(Message).where(*late, col(Message.sender) == "note"))
    blanked = unit.session.execute(
        update(Message)
        .where(*late)
        .values(
            text="",
            kind=REDUCED,
            external_id=literal("reduced:") + cast(col(Message.id), String),  # a Message-ID may name a person
            subject=None,
            headers={},
            reading={},
            choices=[],
            raw=None,
            attachments=None,
        )
        .execution_options(synchronize_session=False)
    )
    if conversation.last_at <= cut.support:
        conversation.state = {}  # what was typed and still awaited when the talk ended
        unit.session.add(conversation)
    count = int(blanked.rowcount)  # type: ignore[attr-defined]
    for ref in unit.session.exec(
        select(PrivacyRequest.ref).where(col(PrivacyRequest.conversation_id) == ident)
    ):
        record(unit, ref, "desk", "text_reduced", messages=count)
    return count


# ── the record of a case: nothing but its audit stays, which names nobody ───────────────────────────


async def _drop_records(services: Services, cut: Cutoffs) -> int:
    def find(unit: Unit, after: Place) -> Sequence[tuple[Place, str]]:
        closed_at, ref = col(PrivacyRequest.closed_at), col(PrivacyRequest.ref)
        late = (*_until(closed_at, ref, after, cut.case_record), *_is_droppable(cut))
        return _found(unit.session, closed_at, ref, ref, late)

    return await _in_batches(services, "", find, lambda unit, ref: _drop_record(unit, cut, ref))


def _is_droppable(cut: Cutoffs) -> tuple[ColumnElement[bool], ...]:
    fetchable = select(Package.id).where(
        col(Package.ref) == col(PrivacyRequest.ref), col(Package.erased).is_(False)
    )
    unsent = select(Outbox.id).where(
        col(Outbox.ref) == col(PrivacyRequest.ref), col(Outbox.state).not_in(_DELIVERED)
    )
    return (
        func.coalesce(PrivacyRequest.status, "").in_(CLOSED),  # found by its day: nearly all are closed
        col(PrivacyRequest.closed_at) <= cut.case_record,
        ~fetchable.exists(),
        ~unsent.exists(),
    )


def _drop_record(unit: Unit, cut: Cutoffs, ref: str) -> int:
    request = unit.session.exec(
        select(PrivacyRequest).where(col(PrivacyRequest.ref) == ref, *_is_droppable(cut))
    ).first()
    if request is None:
        return 0
    record(unit, ref, "desk", "record_gone", right=request.right, outcome=request.status)
    plans = select(Action.id).where(col(Action.ref) == ref)
    unit.session.execute(delete(StepRow).where(col(StepRow.action_id).in_(plans)))
    unit.session.execute(delete(Package).where(col(Package.ref) == ref))
    unit.session.execute(delete(Action).where(col(Action.ref) == ref))
    unit.session.execute(delete(Outbox).where(col(Outbox.ref) == ref))
    evidence = request.evidence_id
    unit.session.delete(request)
    unit.session.flush()
    others = select(PrivacyRequest.ref).where(col(PrivacyRequest.evidence_id) == evidence)
    if evidence and unit.session.exec(others).first() is None:
        unit.session.execute(delete(EvidenceRow).where(col(EvidenceRow.id) == evidence))
    return 1


# ── talk that opened no request, or whose requests are gone ─────────────────────────────────────────


async def _forget_talks(services: Services, cut: Cutoffs) -> int:
    """Forget talks that ended, and of those that go on what is late: by a person's words, which end with their case."""

    def ended(unit: Unit, after: Place) -> Sequence[tuple[Place, str]]:
        last_at, ident = col(Conversation.last_at), col(Conversation.id)
        late = (*_until(last_at, ident, after, cut.support), *_is_forgettable(cut))
        return _found(unit.session, last_at, ident, ident, late)

    def going_on(unit: Unit, after: Place) -> Sequence[tuple[Place, str]]:
        talk = col(Message.conversation_id)
        late = (
            text(WORDS_OF_A_PERSON),
            *_until(Message.at, Message.id, after, cut.support),
            ~_has_request(talk),
        )
        return _found(unit.session, col(Message.at), col(Message.id), talk, late)

    def forget(unit: Unit, ident: str) -> int:
        return _forget(unit.session, cut, ident)

    gone = await _in_batches(services, "talk:", ended, forget)
    return gone + await _in_batches(services, "talk:", going_on, forget)


def _is_forgettable(cut: Cutoffs) -> tuple[ColumnElement[bool], ...]:
    """A mail in triage may still become a request as of its receipt: it waits for its agent."""
    here = col(Message.conversation_id) == col(Conversation.id)
    late = select(Message.id).where(here, col(Message.at) <= cut.support)
    unanswered = select(Message.id).where(here, col(Message.handled).is_(False))
    waits = col(Outbox.state).not_in(_DELIVERED)
    unsent = select(Outbox.id).where(col(Outbox.conversation_id) == col(Conversation.id), waits)
    relayed = select(Outbox.id).where(col(Outbox.raw_message_id) == col(Message.id), waits)
    unrelayed = select(Message.id).where(here, relayed.exists())
    return (
        ~_has_request(col(Conversation.id)),
        col(Conversation.triage).is_(False),
        or_(late.exists(), col(Conversation.last_at) <= cut.support),
        ~unanswered.exists(),
        ~unsent.exists(),
        ~unrelayed.exists(),
    )


def _forget(session: Session, cut: Cutoffs, ident: str) -> int:
    still = select(Conversation).where(col(Conversation.id) == ident, *_is_forgettable(cut))
    conversation = session.exec(still).first()
    if conversation is None:
        return 0
    here = col(Message.conversation_id) == ident
    gone = session.execute(delete(Message).where(here, col(Message.at) <= cut.support))
    if conversation.last_at <= cut.support and session.exec(select(Message.id).where(here)).first() is None:
        for table in (Outbox, ChallengeRow):
            session.execute(delete(table).where(col(table.conversation_id) == ident))
        # What was proved here may be what a request of another talk rests on: it goes with that one's record.
        rests = select(PrivacyRequest.ref).where(col(PrivacyRequest.evidence_id) == col(EvidenceRow.id))
        session.execute(delete(EvidenceRow).where(col(EvidenceRow.conversation_id) == ident, ~rests.exists()))
        session.delete(conversation)
        session.flush()
    return int(gone.rowcount)  # type: ignore[attr-defined]


# ── copies of what was sent, links, files ───────────────────────────────────────────────────────────


async def _drop_sent(services: Services, cut: Cutoffs) -> int:
    """Drop copies of delivered mail, with a link when the link is dead, with a code when no report can come any more.

    An answer is kept with its case: its copy here is the only one where the channel is mail.
    What did not arrive stays until an agent has dealt with it.
    """
    seen = or_(col(Outbox.failed_at).is_(None), col(Outbox.settled_at).is_not(None))
    sent = and_(col(Outbox.state).in_(_DELIVERED), seen)
    late = or_(
        col(Outbox.key).startswith(PROOF) & (col(Outbox.created_at) <= cut.report),
        (col(Outbox.key).startswith("notice:") | col(Outbox.key).startswith("hold:"))
        & (col(Outbox.created_at) <= cut.stop_link),
        col(Outbox.ref).is_(None) & (col(Outbox.created_at) <= cut.support),
    )

    newest = max(cut.report, cut.stop_link, cut.support)

    def find(unit: Unit, after: Place) -> Sequence[tuple[Place, int]]:
        return _letters(unit.session, after, newest, sent, late)

    def drop(unit: Unit, ident: int) -> int:
        unit.session.execute(delete(Outbox).where(col(Outbox.id) == ident))
        return 1

    return await _in_batches(services, "letter:", find, drop)


def _letters(
    session: Session, after: Place, cut: datetime, *late: ColumnElement[bool]
) -> Sequence[tuple[Place, int]]:
    """List letters that do not stay with a case, up to an instant."""
    created_at, ident = col(Outbox.created_at), col(Outbox.id)
    return _found(
        session, created_at, ident, ident, (text(PASSING), *_until(created_at, ident, after, cut), *late)
    )


async def _drop_codes(services: Services, cut: Cutoffs) -> int:
    """Drop the words of a mail that carried a code within a day; whom it was for stays while a report may come."""
    late = (
        col(Outbox.key).startswith(PROOF),
        col(Outbox.state).in_(_DELIVERED),
        col(Outbox.payload) != "",
    )

    def find(unit: Unit, after: Place) -> Sequence[tuple[Place, int]]:
        return _letters(unit.session, after, cut.code, *late)

    def drop(unit: Unit, ident: int) -> int:
        unit.session.execute(update(Outbox).where(col(Outbox.id) == ident).values(payload=""))
        return 1

    return await _in_batches(services, "letter:", find, drop)


async def _drop_links(services: Services, cut: Cutoffs) -> int:
    late = or_(col(StopLink.used_at) <= cut.code, col(StopLink.made_at) <= cut.stop_link)

    def find(unit: Unit, after: Place) -> Sequence[tuple[Place, str]]:
        made_at, link_hash = col(StopLink.made_at), col(StopLink.link_hash)
        newest = max(cut.code, cut.stop_link)  # nothing was used before it was made
        return _found(
            unit.session, made_at, link_hash, link_hash, (late, *_until(made_at, link_hash, after, newest))
        )

    def drop(unit: Unit, link_hash: str) -> int:
        unit.session.execute(delete(StopLink).where(col(StopLink.link_hash) == link_hash))
        return 1

    return await _in_batches(services, "link:", find, drop)


async def _drop_files(services: Services, _cut: Cutoffs) -> int:
    """Remove files that no package names: a desk killed while one was made, its plan void since."""
    files = sorted(package_dir(services).glob("*"))
    kept = await services.read(lambda unit: _files_in_use(unit.session, [file.name for file in files]))
    left = {file.name: file for file in files if file.name not in kept}
    return await each(
        services, "purge", left, lambda name: asyncio.to_thread(left[name].unlink, missing_ok=True)
    )


def _files_in_use(session: Session, names: Sequence[str]) -> set[str]:
    return {name for name in names if _is_in_use(session, name)}


def _is_in_use(session: Session, name: str) -> bool:
    named = select(Package.id).where(
        col(Package.file) == name.removesuffix(".part"), col(Package.erased).is_(False)
    )
    if not name.endswith(".part") and session.exec(named).first() is not None:
        return True
    action = session.get(Action, name.split(".", maxsplit=1)[0])
    return action is not None and action.state in _FILE_IN_USE


_SWEEPS: Mapping[str, Callable[[Services, Cutoffs], Awaitable[int]]] = {
    "messages_reduced": _reduce_cases,
    "records": _drop_records,
    "messages": _forget_talks,
    "codes": _drop_codes,
    "copies": _drop_sent,
    "links": _drop_links,
    "files": _drop_files,
}
