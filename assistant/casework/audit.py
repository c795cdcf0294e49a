"""The audit: append-only, one hash chain per request, keyed heads and checkpoints over all of it."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, update
from sqlmodel import Session, col, select

from assistant.services import Unit
from assistant.store.keyring import Keyring
from assistant.store.tables import Audit, ChainHead, Checkpoint, PrivacyRequest

_BEGIN = "0" * 64


@dataclass(frozen=True, slots=True)
class Fault:
    """Something in the audit that is not as it was written."""

    chain: str
    ordinal: int
    what: str


def record(unit: Unit, chain: str, actor: str, event: str, **data: Any) -> None:
    """Append one entry to a chain ('' for what belongs to no request); never holds personal data."""
    head = unit.session.get(ChainHead, chain)
    ordinal, previous = (head.ordinal + 1, head.hash) if head else (1, _BEGIN)
    plain = json.loads(json.dumps(data, default=str))  # what is hashed is exactly what is read back
    at = unit.now
    entry = {"chain": chain, "ordinal": ordinal, "at": at, "actor": actor, "event": event, "data": plain}
    digest = _digest(previous, entry)
    unit.session.execute(insert(Audit).values(**entry, previous=previous, hash=digest))
    values: dict[str, Any] = {
        "ordinal": ordinal,
        "hash": digest,
        "mac": _mac(unit.services.keyring, chain, ordinal, digest),
    }
    if head:
        unit.session.execute(update(ChainHead).where(col(ChainHead.chain) == chain).values(**values))
        unit.session.refresh(head)
    else:
        unit.session.add(ChainHead(chain=chain, **values))
        unit.session.flush()


def do_checkpoint(unit: Unit) -> bool:
    """Seal what was appended since the last checkpoint; tells whether there was anything."""
    last = unit.session.exec(select(Checkpoint).order_by(col(Checkpoint.id).desc()).limit(1)).first()
    newest = unit.session.exec(select(func.max(Audit.id))).one()
    if newest is None or (last and last.last_audit_id == newest):
        return False
    mac = _checkpoint_mac(unit.services.keyring, unit.session, last, newest)
    unit.session.add(Checkpoint(at=unit.now, last_audit_id=newest, mac=mac))
    return True


def verify(keyring: Keyring, session: Session) -> Iterator[Fault]:
    """Find every entry edited, removed, added or swapped, naming the request."""
    heads = {head.chain: head for head in session.exec(select(ChainHead))}
    ends: dict[str, tuple[int, str]] = {}
    for row in session.exec(
        select(Audit).order_by(col(Audit.chain), col(Audit.ordinal)).execution_options(yield_per=1000)
    ):
        ordinal, previous = ends.get(row.chain, (0, _BEGIN))
        yield from _faults_of(row, ordinal, previous)
        ends[row.chain] = (row.ordinal, row.hash)
    for chain, head in heads.items():
        if head.mac != _mac(keyring, chain, head.ordinal, head.hash) or ends.get(chain) != (
            head.ordinal,
            head.hash,
        ):
            yield Fault(chain, head.ordinal, "the end of the chain is not the one that was written")
    yield from (
        Fault(chain, end[0], "a chain without its head") for chain, end in ends.items() if chain not in heads
    )
    for ref in session.exec(select(PrivacyRequest.ref)):
        if ref not in ends:
            yield Fault(ref, 0, "the request has no entries")
    yield from _checkpoint_faults(keyring, session)


def _faults_of(row: Audit, ordinal: int, previous: str) -> Iterator[Fault]:
    if row.ordinal != ordinal + 1:
        yield Fault(row.chain, row.ordinal, f"entry {ordinal + 1} is missing")
    elif row.previous != previous:
        yield Fault(row.chain, row.ordinal, "it does not follow the entry before it")
    entry = {k: getattr(row, k) for k in ("chain", "ordinal", "at", "actor", "event", "data")}
    if row.hash != _digest(row.previous, entry):
        yield Fault(row.chain, row.ordinal, "its content was changed")


def _checkpoint_faults(keyring: Keyring, session: Session) -> Iterator[Fault]:
    last: Checkpoint | None = None
    for point in session.exec(select(Checkpoint).order_by(col(Checkpoint.id))):
        if point.mac != _checkpoint_mac(keyring, session, last, point.last_audit_id):
            yield Fault(
                "", point.id or 0, "entries before a checkpoint were removed, added or moved between requests"
            )
        last = point


def _digest(previous: str, entry: Mapping[str, Any]) -> str:
    at: datetime = entry["at"]
    canonical = json.dumps(
        {**entry, "at": at.timestamp()}, sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    return hashlib.sha256(f"{previous}{canonical}".encode()).hexdigest()


def _mac(keyring: Keyring, chain: str, ordinal: int, digest: str) -> str:
    return keyring.keyed_hash(f"{chain}\0{ordinal}\0{digest}", "audit")


def _checkpoint_mac(keyring: Keyring, session: Session, last: Checkpoint | None, newest: int) -> str:
    since = last.last_audit_id if last else 0
    running = hmac.new((last.mac if last else _BEGIN).encode(), digestmod=hashlib.sha256)
    rows = (
        select(Audit.id, Audit.hash)
        .where(col(Audit.id) > since, col(Audit.id) <= newest)
        .order_by(col(Audit.id))
    )
    for ident, digest in session.exec(rows.execution_options(yield_per=1000)):
        running.update(f"{ident}:{digest}\n".encode())
    return keyring.keyed_hash(running.hexdigest(), "checkpoint")
