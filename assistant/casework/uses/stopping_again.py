"""Marketing stays off: once a day every source is looked through for whoever a sync has brought back (GDPR 21(3))."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

import structlog
from sqlmodel import Session, col, select

from assistant.casework.audit import record
from assistant.casework.requests.one_by_one import each, failure_of
from assistant.casework.uses import put_back
from assistant.casework.uses.suppression import MARKETING, identity_of, off_since, subject_of
from assistant.domain.plan import Operation, Order
from assistant.errors import AssistantError
from assistant.interfaces import DataSource, ListsAddresses
from assistant.services import Services, Unit
from assistant.store.tables import Note, Suppression

log = structlog.get_logger(__name__)


@runtime_checkable
class _Looked(DataSource, ListsAddresses, Protocol):
    """A source that can be looked through."""


@dataclass(frozen=True, slots=True)
class _Place:
    """How far the looking through of a source has come: the day it last ended, and where it goes on."""

    ended_on: str = ""
    after: str | None = None


async def stop_again(services: Services) -> int:
    """Stop marketing again wherever it came back; what one source cannot give stops no other. Gives how many persons."""
    if not await services.read(lambda unit: _anybody(unit.session)):
        return 0
    sources = {source.name: source for source in looked_through(services)}
    stopped: list[int] = []
    await each(services, "stop_again", sources, lambda name: _look_through(services, sources[name], stopped))
    return sum(stopped)


def looked_through(services: Services) -> list[_Looked]:
    """List the sources that can be looked through."""
    return [source for source in services.sources if isinstance(source, _Looked)]


def _anybody(session: Session) -> bool:
    return (
        session.exec(select(Suppression.purpose).where(col(Suppression.purpose) == MARKETING)).first()
        is not None
    )


async def _look_through(services: Services, source: _Looked, stopped: list[int]) -> None:
    """Go on from where the last batch ended; a source that was looked through today waits for tomorrow."""
    today = str(services.local_day(services.clock.now()))
    place = await services.read(lambda unit: _place(unit.session, source.name))
    if place.after is None and place.ended_on == today:
        return
    after = place.after
    while True:  # what fails ends this source's turn; the next one goes on where it ended
        batch = await source.addresses(MARKETING, after)
        stopped.append(await _stop_each(services, source, sorted({address for _, address in batch.found})))
        after = batch.after
        await _keep(services, source.name, _Place(place.ended_on if after else today, after))
        if after is None:
            return


def _place(session: Session, source: str) -> _Place:
    note = session.get(Note, _name(source))
    return _Place(**json.loads(note.value)) if note else _Place()


async def _keep(services: Services, source: str, place: _Place) -> None:
    note = Note(name=_name(source), value=json.dumps({"ended_on": place.ended_on, "after": place.after}))
    await services.write(lambda unit: unit.session.merge(note))


def _name(source: str) -> str:
    return f"marketing_looked_through:{source}"


async def _stop_each(services: Services, source: _Looked, addresses: list[str]) -> int:
    stopped: list[bool] = []
    off: dict[str, datetime] = {}
    if await failure_of(_look_up(services, addresses, off), "marketing.batch_not_looked_up") is None:
        addresses = [address for address in addresses if address in off]
    named = {f"{source.name}:{services.keyring.keyed_hash(address)[:24]}": address for address in addresses}

    async def stop_one(row: str) -> None:
        address = named[row]
        if address not in off:  # one row that cannot be read kept the batch from being looked up
            await _look_up(services, [address], off)
        try:
            stopped.append(address in off and await _stop(services, source, address, off[address]))
        except AssistantError as error:  # one person's rows stop nobody else's; tomorrow it is tried again
            log.warning("marketing.not_stopped_again", source=source.name, code=error.code)
            await _record(services, "not_stopped_again", source.name, code=error.code)

    await each(services, "stop_again", named, stop_one)
    return sum(stopped)


async def _look_up(services: Services, addresses: list[str], off: dict[str, datetime]) -> None:
    off.update(await services.read(lambda unit: off_since(services.keyring, unit.session, addresses)))


async def _stop(services: Services, source: _Looked, address: str, since: datetime) -> bool:
    """End what is not ended, unless the person has agreed anew; each step verifies itself, as any other does."""
    located = await source.locate(identity_of([address]))
    today = services.local_day(services.clock.now())
    order = Order(Operation.STOP, today, purposes=(MARKETING,))
    proposal = await source.propose(located, order)
    if proposal.step is None or not proposal.step.rows or await _has_agreed(services, address, since):
        return False
    if not await services.read(lambda unit: off_since(services.keyring, unit.session, [address])):
        return False  # undone since its batch was looked up
    await source.carry_out(proposal.step, located, order, lambda _done, _to_do: None)
    rows = {effect.table: effect.rows for effect in proposal.step.effects}
    changed = [asdict(each) for each in put_back.changed_by(proposal.step, rows)]
    await _record(services, "stopped_again", source.name, address, rows=proposal.step.rows, changed=changed)
    services.counts["stopped_again"] += 1
    return True


async def _has_agreed(services: Services, address: str, since: datetime) -> bool:
    """Ask every source whether the person agreed since; what cannot be reached shows nothing."""
    told = await asyncio.gather(*(_agreed_at(each, address) for each in looked_through(services)))
    return any(instant > since for instant in told if instant)


async def _agreed_at(source: _Looked, address: str) -> datetime | None:
    try:
        return await source.agreed_at(identity_of([address]), MARKETING)
    except AssistantError as error:
        log.warning("marketing.not_asked_since_when", source=source.name, code=error.code)
        return None


async def _record(services: Services, event: str, source: str, address: str = "", **more: object) -> None:
    def work(unit: Unit) -> None:
        kept = unit.session.get(Suppression, (subject_of(services.keyring, address), MARKETING))
        ref = put_back.newest(unit.session, kept.refs) if kept else ""
        record(unit, ref, "desk", event, purpose=MARKETING, source=source, **more)

    await services.write(work)
