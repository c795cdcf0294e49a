"""Who else is named in the free text of a copy: found before the approval, shown side by side, decided by an agent.

What is found stays sealed with the plan and is forgotten once the copy is made.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from assistant.casework.audit import record
from assistant.casework.requests.queue import WORKERS, Principal, get_action
from assistant.domain.addresses import normal_address
from assistant.domain.lifecycle import PlanState
from assistant.domain.plan import Located, Plan, plan_from_json
from assistant.errors import Conflict, Invalid
from assistant.interfaces import ExportedTable, Exporter
from assistant.services import Services, Unit
from assistant.store.tables import Action

REDACTED: Final = "[redacted]"
_AROUND: Final = 60  # characters shown on each side
_EXCERPTS: Final = 2
_MOST: Final = 300  # different mentions; more are for a person to read in the source itself
Place = tuple[str, str, str]  # source, table, column


@dataclass(frozen=True, slots=True)
class Mention:
    """Somebody else named in one column, as it stands there, and whether the copy leaves it out."""

    source: str
    table: str
    column: str
    kind: str  # email, phone, name
    words: str
    excerpts: tuple[str, ...]
    times: int = 1
    is_left_out: bool = True

    @property
    def place(self) -> Place:
        """Say where it stands."""
        return self.source, self.table, self.column


@dataclass
class _Found:
    mentions: dict[tuple[Place, str], Mention] = field(default_factory=dict)

    def add(self, place: Place, kind: str, words: str, text: str) -> None:
        at = text.find(words)
        excerpt = text[max(at - _AROUND, 0) : at + len(words) + _AROUND] if at >= 0 else words
        known = self.mentions.get((place, words))
        if known is None and len(self.mentions) < _MOST:
            self.mentions[place, words] = Mention(*place, kind, words, (excerpt,))
        elif known is not None:
            excerpts = known.excerpts if len(known.excerpts) >= _EXCERPTS else (*known.excerpts, excerpt)
            self.mentions[place, words] = replace(known, excerpts=excerpts, times=known.times + 1)


async def find_mentions(
    services: Services, plan: Plan, contact: str, *, portable_only: bool
) -> tuple[Mention, ...]:
    """Read the free text that a copy would hold and list who else is named there."""
    found = _Found()
    own = _own_words(services, plan, contact)
    by_name = {source.name: source for source in services.sources}
    for at in plan.located:
        if at.rows:
            async for table in by_name[at.source].export(at, portable_only=portable_only):
                await _read(services, table, own, found)
    return tuple(found.mentions.values())


async def _read(services: Services, table: ExportedTable, own: frozenset[str], found: _Found) -> None:
    columns = [
        (number, name)
        for number, name in enumerate(table.columns)
        if name in table.free_text and name not in table.redacted
    ]
    if not columns:
        return  # what is not read is not fetched
    async for batch in table.rows:
        for row in batch:
            for number, name in columns:
                text = row[number]
                if isinstance(text, str):
                    for kind, words in services.others(text, own):
                        found.add((table.source, table.table, name), kind, words, text)


def _own_words(services: Services, plan: Plan, contact: str) -> frozenset[str]:
    """Give what names the person, their contact on file with it, or us: neither is anybody else."""
    words = set(services.settings.controller.name.split())
    for account in plan.accounts:
        words |= set(account.label.split())
    for at in plan.located:
        for email in {*at.identity.emails, normal_address(contact)} - {""}:
            words |= {email, *email.split("@")[0].replace("_", ".").replace("-", ".").split(".")}
        words |= {value for _, value in at.identity.others}
    return frozenset(word.casefold() for word in words if word)


# ── kept with the plan, decided by an agent ──────────────────────────────────────────────────────────


def do_keep(unit: Unit, action: Action, mentions: Sequence[Mention]) -> None:
    """Seal with a plan what was found for it."""
    if mentions:
        action.mentions = unit.services.keyring.seal(json.dumps([asdict(each) for each in mentions]))
        unit.session.add(action)
        record(unit, action.ref, "desk", "mentions_found", action=action.id, rows=len(mentions))


def mentions_of(services: Services, action: Action) -> tuple[Mention, ...]:
    """Give what was found for a plan."""
    if not action.mentions:
        return ()
    told = json.loads(services.keyring.unseal(action.mentions))
    return tuple(Mention(**{**each, "excerpts": tuple(each["excerpts"])}) for each in told)


def decide(unit: Unit, action_id: str, left_in: Sequence[int], agent: Principal) -> Action:
    """Say which mentions stay in the copy; everything else that was found is left out."""
    agent.require(*WORKERS)
    action, request = get_action(unit.session, action_id)
    if action.state != PlanState.PROPOSED:
        raise Conflict("What a copy leaves out is decided before its approval.", state=action.state)
    mentions = mentions_of(unit.services, action)
    if any(not 0 <= number < len(mentions) for number in left_in):
        raise Invalid("There is no such passage; look at the request again.")
    decided = [replace(each, is_left_out=n not in left_in) for n, each in enumerate(mentions)]
    action.mentions = unit.services.keyring.seal(json.dumps([asdict(each) for each in decided]))
    action.plan_hash = hash_with(unit.services, plan_from_json(action.plan), decided)
    unit.session.add(action)
    record(
        unit,
        request.ref,
        agent.actor,
        "mentions_decided",
        action=action_id,
        rows=len(mentions) - len(left_in),
        left=len(left_in),
    )
    return action


def hash_with(services: Services, plan: Plan, mentions: Sequence[Mention]) -> str:
    """Give what an approval of this plan names: its own hash, and each passage about somebody else that leaves with it.

    The passages are hashed under the key of the desk: the audit keeps this after their words are forgotten.
    """
    left_in = sorted(
        services.keyring.keyed_hash(json.dumps([*each.place, each.words]), "left_in")
        for each in mentions
        if not each.is_left_out
    )
    return hashlib.sha256("\n".join([plan.hash, *left_in]).encode()).hexdigest() if left_in else plan.hash


# ── applied to a copy ────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Redacting:
    """A source whose free text leaves out what an agent decided."""

    source: Exporter
    left_out: Mapping[tuple[str, str], tuple[str, ...]]  # table and column -> words, the longest first

    @property
    def name(self) -> str:
        """The name of the source."""
        return self.source.name

    async def export(self, located: Located, *, portable_only: bool = False) -> AsyncIterator[ExportedTable]:
        """Give its tables with these words replaced, and say so of each column."""
        async for table in self.source.export(located, portable_only=portable_only):
            words = {
                number: found
                for number, column in enumerate(table.columns)
                if (found := self.left_out.get((table.table, column)))
            }
            if not words:
                yield table
                continue
            named = tuple(table.columns[number] for number in words)
            yield replace(
                table,
                rows=_without(table.rows, words),
                partly=named,
            )


async def _without(
    rows: AsyncIterator[Sequence[tuple[Any, ...]]], words: Mapping[int, tuple[str, ...]]
) -> AsyncIterator[Sequence[tuple[Any, ...]]]:
    async for batch in rows:
        yield [
            tuple(_redacted(cell, words[n]) if n in words else cell for n, cell in enumerate(row))
            for row in batch
        ]


def _redacted(cell: Any, words: Sequence[str]) -> Any:
    if isinstance(cell, str):
        for word in words:
            cell = cell.replace(word, REDACTED)
    return cell


def redacting(services: Services, action: Action, sources: Mapping[str, Exporter]) -> dict[str, Exporter]:
    """Give the sources as a copy is made from them."""
    left_out: dict[str, dict[tuple[str, str], tuple[str, ...]]] = {}
    for (name, table, column), words in _left_out(mentions_of(services, action)).items():
        left_out.setdefault(name, {})[table, column] = words
    return {
        name: Redacting(source, left_out[name]) if name in left_out else source
        for name, source in sources.items()
    }


def _left_out(mentions: Sequence[Mention]) -> dict[Place, tuple[str, ...]]:
    """Give the words that go from each column, the longest first."""
    found: dict[Place, list[str]] = {}
    for each in mentions:
        if each.is_left_out:
            found.setdefault(each.place, []).append(each.words)
    return {place: tuple(sorted(words, key=len, reverse=True)) for place, words in found.items()}


def as_got(mentions: Sequence[Mention]) -> tuple[tuple[str, ...], ...]:
    """Give the excerpts of each as the person gets them, by the very replacement that the copy is made with."""
    words = _left_out(mentions)
    return tuple(tuple(_redacted(e, words.get(each.place, ())) for e in each.excerpts) for each in mentions)
