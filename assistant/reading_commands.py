"""The commands that only read: they open the database read-only and never disturb a running desk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import create_engine
from sqlalchemy.engine import make_url
from sqlmodel import Session, col, select

from assistant.app import SystemClock, open_sources
from assistant.casework import audit, queue, staff
from assistant.config import Settings
from assistant.domain.plan import Identity, plan_from_json
from assistant.errors import ConfigurationError, SourceUnavailable
from assistant.store.keyring import Keyring, normal_address
from assistant.store.tables import Audit, Correction, PrivacyRequest


@contextmanager
def _reading(settings: Settings) -> Iterator[Session]:
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
        with Session(engine) as session:
            yield session
    finally:
        engine.dispose()


async def check_sources(settings: Settings) -> list[Mapping[str, Any]]:
    """Compare every map with what is really there."""
    rows: list[Mapping[str, Any]] = []
    for source in _sources(settings):
        try:
            rows += [asdict(finding) for finding in await source.check()]
        except SourceUnavailable as error:
            rows.append({"level": "error", "source": source.name, "where": "", "text": error.message})
    return rows


async def locate(settings: Settings, email: str) -> list[Mapping[str, Any]]:
    """Count what every source holds about an address, and what a rule would keep."""
    from assistant.domain.plan import Operation, Order

    identity = Identity(emails=(normal_address(email),))
    order = Order(Operation.ERASE, SystemClock().now().date())
    rows: list[Mapping[str, Any]] = []
    for source in _sources(settings):
        located = await source.locate(identity)
        keeps = (await source.propose(located, order)).keeps if located.rows else ()
        rows += [
            {
                "source": source.name,
                "table": table.table,
                "category": table.category,
                "rows": table.rows,
                "keeps": [
                    {"rule": k.rule, "rows": k.rows, "until": k.until}
                    for k in keeps
                    if k.table == table.table
                ],
            }
            for table in located.tables
        ]
    return rows


def _sources(settings: Settings) -> tuple[Any, ...]:
    named = settings.model_copy(
        update={"sources": tuple(s for s in settings.sources if s.kind != "own_records")}
    )
    return open_sources(named, None, None)  # type: ignore[arg-type] # only own_records needs a store


def list_requests(
    settings: Settings, status: str | None, due_before: date | None, right: str | None
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
            "steps": steps,
            "keeps": keeps,
            "recipients": list(plan.recipients),
            "blockers": [b.what for b in plan.blockers],
            "conflicts": list(plan.conflicts),
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


def verify_audit(settings: Settings) -> list[Mapping[str, Any]]:
    """Find every fault of the audit."""
    keyring = Keyring.open(settings.server.data_dir)
    with _reading(settings) as session:
        return [
            {"request": f.chain, "entry": f.ordinal, "fault": f.what} for f in audit.verify(keyring, session)
        ]


def export_audit(settings: Settings, begin: date | None, end: date | None) -> list[Mapping[str, Any]]:
    """List the entries of a span of days, in the controller's zone."""
    zone = ZoneInfo(settings.controller.timezone)
    query = select(Audit).order_by(col(Audit.id))
    if begin:
        query = query.where(col(Audit.at) >= datetime.combine(begin, time.min, zone))
    if end:
        query = query.where(col(Audit.at) <= datetime.combine(end, time.max, zone))
    with _reading(settings) as session:
        return [{**_entry(row), "previous": row.previous, "hash": row.hash} for row in session.exec(query)]
