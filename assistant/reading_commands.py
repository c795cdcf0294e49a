"""The commands that only read: they open the database read-only and never disturb a running desk."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import create_engine
from sqlalchemy.engine import make_url
from sqlmodel import Session, col, select

from assistant.casework import audit, events
from assistant.casework.agents import credentials, staff
from assistant.casework.agents.staff import get_agent
from assistant.casework.requests import queue
from assistant.casework.uses import suppression
from assistant.config import Settings
from assistant.domain.addresses import normal_address, normal_contact
from assistant.domain.lifecycle import Status, StepState
from assistant.domain.plan import Identity, plan_from_json
from assistant.domain.rights import Right
from assistant.errors import ConfigurationError, Invalid
from assistant.interfaces import DataSource
from assistant.naming import Naming
from assistant.opening import SystemClock, open_sources
from assistant.reaching import check_each
from assistant.store import queries
from assistant.store.keyfiles import is_whole, read_keyring
from assistant.store.keyring import Keyring
from assistant.store.sealing import give_keyring
from assistant.store.tables import Audit, Correction, PrivacyRequest
from handlers.erasure import Erasure

_EVENTS = timedelta(days=7)


@contextmanager
def _reading(settings: Settings) -> Iterator[Session]:
    with _reading_with_keys(settings) as (session, _keyring):
        yield session


@contextmanager
def _reading_with_keys(settings: Settings) -> Iterator[tuple[Session, Keyring]]:
    url = make_url(settings.database_url)
    if url.get_backend_name() == "sqlite":
        if not Path(url.database or "").exists():
            raise ConfigurationError(
                f"{url.database}: there is no desk yet; start one with `assistant serve`."
            )
        engine = create_engine(f"sqlite:///file:{url.database}?mode=ro&uri=true")
    else:
        engine = create_engine(url)
    try:
        keyring = read_keyring(settings.server.data_dir, engine)
        give_keyring(engine, keyring)
        with Session(engine) as session:
            yield session, keyring
    finally:
        engine.dispose()


async def check_sources(settings: Settings) -> list[Mapping[str, Any]]:
    """Compare every map with what is really there, and name what people would read as a bare name."""
    rows: list[Mapping[str, Any]] = [
        {"level": "warning", "source": source, "where": where, "text": text}
        for source, where, text in Naming(settings).missing()
    ]
    async with _sources(settings) as sources:
        return [*rows, *(asdict(finding) for finding in await check_each(sources))]


async def locate(settings: Settings, email: str) -> list[Mapping[str, Any]]:
    """Count what every source holds about an address, and what a rule would keep."""
    if "@" not in email or normal_contact(email) is None:
        raise ConfigurationError(f"{email!r} is no e-mail address; write it like name@example.com.")
    identity = Identity(emails=(normal_address(email),))
    async with _sources(settings) as sources:
        plan = await Erasure().propose(identity, sources, {}, SystemClock().now())
    return [
        {
            "source": at.source,
            "table": table.table,
            "category": table.category,
            "rows": table.rows,
            "keeps": [
                {"rule": keep.rule, "rows": keep.rows, "until": keep.until}
                for keep in plan.keeps
                if (keep.source, keep.table) == (at.source, table.table)
            ],
        }
        for at in plan.located
        for table in at.tables
    ]


@asynccontextmanager
async def _sources(settings: Settings) -> AsyncIterator[tuple[DataSource, ...]]:
    """Open every system but the desk itself, and close them again."""
    named = settings.model_copy(
        update={"sources": tuple(s for s in settings.sources if s.kind != "own_records")}
    )
    sources = open_sources(named, None, None)  # type: ignore[arg-type] # only own_records needs a store
    try:
        yield sources
    finally:
        for source in sources:
            if close := getattr(source, "close", None):
                await close()


def list_requests(
    settings: Settings, status: Status | None, due_before: date | None, right: Right | None
) -> list[Mapping[str, Any]]:
    """List requests by due date."""
    query = select(PrivacyRequest).order_by(col(PrivacyRequest.due_on), col(PrivacyRequest.ref))
    if status:
        query = query.where(col(PrivacyRequest.status) == status)
    if due_before:
        query = query.where(col(PrivacyRequest.due_on) < due_before)
    if right:
        query = query.where(col(PrivacyRequest.right) == right)
    with _reading(settings) as session:
        return [_request(row) for row in session.exec(query)]


def _request(row: PrivacyRequest) -> Mapping[str, Any]:
    return {
        "ref": row.ref,
        "right": row.right,
        "status": row.status,
        "channel": row.channel,
        "language": row.language,
        "received_at": row.received_at.isoformat(),
        "due_on": row.due_on,
        "safe_on": row.safe_on,
        "assurance": row.assurance,
        "attention": row.attention,
        "assignee": row.assignee,
    }


def show_request(settings: Settings, ref: str) -> list[Mapping[str, Any]]:
    """Show a request, then its audit entries in order."""
    with _reading(settings) as session:
        request = queue.get_request(session, ref)
        entries = session.exec(select(Audit).where(col(Audit.chain) == ref).order_by(col(Audit.ordinal)))
        return [{**_request(request), "rules": request.rules}, *(_entry(row) for row in entries)]


def _entry(row: Audit) -> Mapping[str, Any]:
    return {
        "at": row.at.isoformat(),
        "ref": row.chain,
        "actor": row.actor,
        "event": row.event,
        "data": row.data,
    }


def list_queue(settings: Settings) -> list[Mapping[str, Any]]:
    """List the plans that wait for approval."""
    with _reading(settings) as session:
        return [
            {
                "id": a.id,
                "request": r.ref,
                "right": r.right,
                "operation": a.operation,
                "plan_hash": a.plan_hash,
                "due_on": r.due_on,
                "attention": r.attention,
            }
            for a, r in queue.waiting_actions(session)
        ]


def show_action(settings: Settings, action_id: str) -> Mapping[str, Any]:
    """Show a plan, without anything personal."""
    with _reading(settings) as session:
        action, request = queue.get_action(session, action_id)
        plan = plan_from_json(action.plan)
        steps = [
            {
                "source": s.source,
                "table": e.table,
                "operation": s.operation,
                "rows": e.rows,
                "category": e.category,
            }
            for s in plan.steps
            for e in s.effects
        ]
        keeps = [
            {
                "source": k.source,
                "table": k.table,
                "rows": k.rows,
                "columns": list(k.columns),
                "rule": k.rule,
                "law": k.law,
                "until": k.until,
            }
            for k in plan.keeps
        ]
        return {
            "id": action.id,
            "request": request.ref,
            "right": request.right,
            "operation": action.operation,
            "state": action.state,
            "plan_hash": action.plan_hash,
            "due_on": request.due_on,
            "rows_done": action.rows_done,
            "rows_to_do": action.rows_to_do,
            "waits_for": [
                row.source for row in queries.steps_of(session, action_id) if row.state == StepState.BY_HAND
            ],
            "steps": steps,
            "keeps": keeps,
            "recipients": list(plan.possible_recipients),
            "undecided": list(plan.undecided),
            "blockers": [b.what for b in plan.blockers],
            "conflicts": [each.said for each in plan.conflicts],
        }


def list_corrections(settings: Settings, *, kept: bool | None = None) -> list[Mapping[str, Any]]:
    """List what agents said of readings: all, or those kept or still to be reviewed."""
    query = select(Correction).order_by(col(Correction.id))
    if kept is not None:
        query = query.where(col(Correction.kept).is_(True) if kept else col(Correction.kept).is_(None))
    with _reading(settings) as session:
        return [
            {
                "id": row.id,
                "at": row.at.isoformat(),
                "agent": row.agent,
                "language": row.language,
                "was": row.was,
                "rights": row.rights,
                "state": "kept" if row.kept else "to review",
                "text": row.text,
            }
            for row in session.exec(query)
        ]


def list_agents(settings: Settings) -> list[Mapping[str, Any]]:
    """List the agents."""
    with _reading(settings) as session:
        return [
            {"name": a.name, "role": a.role, "active": a.active, "email": a.email}
            for a in staff.list_agents(session)
        ]


def list_keys(settings: Settings) -> list[Mapping[str, Any]]:
    """List the keys that this database is written with, and whether each is still needed; never a key itself."""
    with _reading_with_keys(settings) as (session, keyring):
        whole = is_whole(session.connection())
        folder = settings.server.data_dir / "keys"
        rows = [{"key": file.stem, "file": file} for file in sorted((folder / "sealing").glob("*.key"))]
        return [
            {"key": "index", "file": folder / "index.key", "state": "kept for ever"},
            *(
                {**row, "state": _state(is_current=row["key"] == keyring.current, whole=whole)}
                for row in rows
            ),
        ]


def _state(*, is_current: bool, whole: bool) -> str:
    if is_current:
        return "seals everything" if whole else "seals from now on; `assistant keys rotate` goes on"
    return "not needed any more" if whole else "needed until everything is sealed anew"


def _check_agent(session: Session, name: str | None) -> None:
    if name is not None:
        get_agent(session, name)


def list_sessions(settings: Settings, name: str | None) -> list[Mapping[str, Any]]:
    """List the sessions of the console, of one agent or of all."""
    with _reading(settings) as session:
        _check_agent(session, name)
        return [
            {
                "session": credentials.session_id(row),
                "name": row.agent,
                "started_at": row.started_at.isoformat(),
                "last_at": row.last_at.isoformat(),
            }
            for row in credentials.sessions_of(session, name)
        ]


def list_tokens(settings: Settings, name: str | None) -> list[Mapping[str, Any]]:
    """List the API tokens, of one agent or of all, by the names under which they are revoked."""
    with _reading(settings) as session:
        _check_agent(session, name)
        return [
            {
                "token": credentials.token_id(row),
                "name": row.agent,
                "scope": row.scope,
                "irreversible": row.may_approve_irreversible,
                "made_at": row.made_at.isoformat(),
                "expires_at": row.expires_at.isoformat(),
            }
            for row in credentials.tokens_of(session, name)
        ]


def list_events(settings: Settings, since: date | None) -> list[Mapping[str, Any]]:
    """List what was refused since a day, or in the last week."""
    zone = ZoneInfo(settings.controller.timezone)
    begin = datetime.combine(since, time.min, zone) if since else SystemClock().now() - _EVENTS
    with _reading(settings) as session:
        return [
            {"hour": row.hour.isoformat(), "kind": row.kind, "agent": row.agent, "times": row.times}
            for row in events.events_since(session, begin)
        ]


def filter_suppressed(settings: Settings, lines: Iterable[str]) -> list[str]:
    """Give those lines that marketing must not reach; raises Invalid, by number, for one that is no address or number."""
    asked = [line.strip() for line in lines]
    for number, line in enumerate(asked, start=1):
        if line and normal_contact(line) is None:
            raise Invalid(
                f"line {number}: is neither an e-mail address nor a telephone number; write one a line."
            )
    with _reading_with_keys(settings) as (session, keyring):
        off = suppression.off_since(keyring, session, [line for line in asked if line])
    return [line for line in dict.fromkeys(asked) if line in off]


def verify_audit(settings: Settings) -> list[Mapping[str, Any]]:
    """Find every fault of the audit."""
    with _reading_with_keys(settings) as (session, keyring):
        return [
            {"request": f.chain, "entry": f.ordinal, "fault": f.what} for f in audit.verify(keyring, session)
        ]


def export_audit(settings: Settings, begin: date | None, end: date | None) -> list[Mapping[str, Any]]:
    """List the entries of a span of days, in the controller's zone."""
    if begin and end and end < begin:
        raise ConfigurationError(f"--to {end} is before --from {begin}; swap them.")
    zone = ZoneInfo(settings.controller.timezone)
    query = select(Audit).order_by(col(Audit.id))
    if begin:
        query = query.where(col(Audit.at) >= datetime.combine(begin, time.min, zone))
    if end:
        query = query.where(col(Audit.at) <= datetime.combine(end, time.max, zone))
    with _reading(settings) as session:
        return [{**_entry(row), "previous": row.previous, "hash": row.hash} for row in session.exec(query)]
