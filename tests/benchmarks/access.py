"""Measures a person's copy, planned and packed, against the SELECTs that somebody who knows the schema writes for it."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import sqlite3
import statistics
import time
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.app import assemble
from assistant.casework.plans.planning import propose
from assistant.config import load_settings
from assistant.demo.people import CUSTOMER, SUBJECTS
from assistant.disclosure import PackageFacts, write_package
from assistant.domain.plan import Identity
from assistant.domain.rights import Right
from assistant.services import Services

AT_ONCE = 20
_TIMES = 5  # each of the sample persons
_EMAIL = "{} = :email COLLATE NOCASE"
_CLIENT = "client_id IN (SELECT id FROM clients WHERE email = :email COLLATE NOCASE)"
_VISITOR = f"visitor_id IN (SELECT visitor_id FROM visitors WHERE {_CLIENT})"
_INVOICE = f"invoice_id IN (SELECT id FROM invoices WHERE {_CLIENT})"
_BY_HAND = {
    "clients": _EMAIL.format("email"),
    **dict.fromkeys(
        (
            "client_profiles", "client_addresses", "staff_discounts", "orders", "services", "domains",
            "payment_methods", "call_notes", "letters", "abuse_cases", "identity_documents", "fraud_checks",
            "login_events", "visitors", "saved_carts", "promo_redemptions",
        ),
        _CLIENT,
    ),
    "addresses": f"id IN (SELECT address_id FROM client_addresses WHERE {_CLIENT})",
    "staff": f"{_EMAIL.format('work_email')} OR {_EMAIL.format('private_email')}",
    "ip_assignments": f"service_id IN (SELECT id FROM services WHERE {_CLIENT})",
    "invoices": f"{_CLIENT} OR {_EMAIL.format('client_email')}",
    "invoice_lines": _INVOICE,
    "payments": _INVOICE,
    "tickets": f"{_CLIENT} OR {_EMAIL.format('requester_email')}",
    "ticket_messages":
        f"ticket_id IN (SELECT id FROM tickets WHERE {_CLIENT} OR {_EMAIL.format('requester_email')})",
    "chats": f"{_CLIENT} OR {_EMAIL.format('email')}",
    "chat_messages": f"chat_id IN (SELECT id FROM chats WHERE {_CLIENT} OR {_EMAIL.format('email')})",
    "abuse_reports": f"reporter_{_CLIENT} OR {_EMAIL.format('reporter_email')}",
    "analytics_events": _VISITOR,
    "ad_audiences": _VISITOR,
    "access_logs": f"{_CLIENT} OR {_VISITOR}",
    "newsletter_subscriptions": _EMAIL.format("email"),
    "push_subscriptions": f"{_CLIENT} OR {_VISITOR}",
    "survey_answers": f"{_CLIENT} OR {_EMAIL.format('email')}",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class AccessFigures:
    """Seconds of a copy, as a median over the persons of the sample company."""

    desk: float
    by_hand: float  # the same rows, written as JSON and CSV into a ZIP
    selects: float  # of these the database's alone
    plan: float
    plans_at_once: float


async def access_figures(folder: Path) -> AccessFigures:
    """Measure in turns, so that both meet the same machine."""
    found = {table: len(rows) for table, rows in _selected(folder, CUSTOMER.email).items()}
    assert found == CUSTOMER.holds, "the SELECTs by hand find what is theirs"
    assembly = assemble(load_settings(folder / "config.toml"))
    desk, by_hand, selects, plans, at_once = [], [], [], [], []
    try:
        for number, subject in enumerate(SUBJECTS * _TIMES):
            began = time.perf_counter()
            await _plan_and_package(assembly.services, subject.email, folder / f"package-{number}")
            desk.append(time.perf_counter() - began)
            reading, writing = _by_hand(folder, subject.email, folder / f"hand-{number}.zip")
            selects.append(reading)
            by_hand.append(reading + writing)
        for _ in range(_TIMES):
            plans.append(await _plans(assembly.services, 1))
            at_once.append(await _plans(assembly.services, AT_ONCE))
    finally:
        assembly.services.store.close()
    return AccessFigures(*map(statistics.median, (desk, by_hand, selects, plans, at_once)))


async def _plans(services: Services, count: int) -> float:
    began = time.perf_counter()
    handler = services.handlers[Right.ACCESS]
    identities = [Identity(emails=(SUBJECTS[n % len(SUBJECTS)].email,)) for n in range(count)]
    await asyncio.gather(*(propose(services, handler, identity, {}) for identity in identities))
    return time.perf_counter() - began


async def _plan_and_package(services: Services, address: str, file: Path) -> None:
    handler = services.handlers[Right.ACCESS]
    plan = await propose(services, handler, Identity(emails=(address,)), {})
    now = services.clock.now()
    facts = PackageFacts(
        reference="PR-BENCH",
        right=Right.ACCESS,
        language="en",
        received_on=now.date(),
        made_at=now,
        settings=services.settings,
        plan=plan,
    )
    by_name = {source.name: source for source in services.sources}
    parts = [(by_name[at.source], at) for at in plan.located if at.rows]
    await write_package(file, services.random(32), facts, parts)


def _by_hand(folder: Path, email: str, file: Path) -> tuple[float, float]:
    """Select what is theirs and write it down; gives the seconds of each."""
    began = time.perf_counter()
    found = _selected(folder, email)
    read = time.perf_counter()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for table, rows in found.items():
            for name, text in _written(table, rows):
                archive.writestr(name, text)
    return read - began, time.perf_counter() - read


def _selected(folder: Path, email: str) -> dict[str, list[dict[str, Any]]]:
    with closing(sqlite3.connect(folder / "client-area.db")) as db:
        found = {table: _rows(db, table, where, email) for table, where in _BY_HAND.items()}
    return {table: rows for table, rows in found.items() if rows}


def _rows(db: sqlite3.Connection, table: str, where: str, email: str) -> list[dict[str, Any]]:
    cursor = db.execute(f"SELECT * FROM {table} WHERE {where}", {"email": email})
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def _written(table: str, rows: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    yield f"{table}.json", json.dumps(rows, ensure_ascii=False, indent=1)
    lines = io.StringIO()
    writer = csv.DictWriter(lines, rows[0])
    writer.writeheader()
    writer.writerows(rows)
    yield f"{table}.csv", lines.getvalue()
