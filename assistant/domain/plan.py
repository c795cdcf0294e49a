"""A plan: what will be done where, what is kept and why; approved by its hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter

from assistant.domain.postal import PARTS
from assistant.domain.recipients import HandOver, Notice, notice_of
from assistant.domain.rectifying import ADDRESS
from assistant.domain.rights import Right


class Operation(StrEnum):
    """What a step does to a source."""

    EXPORT = "export"
    RECTIFY = "rectify"
    ERASE = "erase"
    RESTRICT = "restrict"
    LIFT = "lift"
    STOP = "stop"  # objection or withdrawal: the use for a purpose ends


@dataclass(frozen=True, slots=True)
class Account:
    """One row that identifies the person in a source, by its key; told apart by `label`."""

    source: str
    table: str
    key: tuple[str, ...]
    label: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """What the sources are searched for: only what was proved, or derives from what was proved."""

    emails: tuple[str, ...] = ()
    client_ids: tuple[str, ...] = ()
    others: tuple[tuple[str, str], ...] = ()  # (kind, value): cookie, push, phone, telegram, conversation

    def values(self, kind: str) -> tuple[str, ...]:
        """Give the values searched for under one kind of identifying column."""
        if kind == "email":
            return self.emails
        if kind == "client_id":
            return self.client_ids
        return tuple(value for other, value in self.others if other == kind)

    def known_as(self, ids: Iterable[tuple[str, str]]) -> Identity:
        """Give the same person with the ids under which systems elsewhere know them."""
        clients = (value for kind, value in ids if kind == "client_id")
        others = (pair for pair in ids if pair[0] != "client_id")
        return replace(
            self,
            client_ids=tuple(dict.fromkeys((*self.client_ids, *clients))),
            others=tuple(dict.fromkeys((*self.others, *others))),
        )


@dataclass(frozen=True, slots=True)
class TableRows:
    """How many rows of one table belong to the person."""

    table: str
    category: str
    rows: int
    shared: int = 0


@dataclass(frozen=True, slots=True)
class Located:
    """Where one source holds data about the person."""

    source: str
    identity: Identity
    accounts: tuple[Account, ...]
    tables: tuple[TableRows, ...]  # every mapped table, the empty ones with 0 rows

    @property
    def rows(self) -> int:
        """Count the rows over all tables."""
        return sum(table.rows for table in self.tables)


@dataclass(frozen=True, slots=True)
class Contact:
    """An address on file at which the person can be reached.

    Only `own` contacts get notices; `changed_at` None means no change is known.
    """

    source: str
    account: Account | None
    address: str
    own: bool
    changed_at: datetime | None = None
    kind: str = "email"


@dataclass(frozen=True, slots=True)
class TableEffect:
    """What a step does to one table; `values` says per column how it is overwritten, empty means rows go."""

    table: str
    category: str
    rows: int
    columns: tuple[str, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    deletes: bool = False
    shared: int = 0  # rows kept because they are another person's too
    handed_over: tuple[HandOver, ...] = ()  # to whom these rows went (GDPR 15(1)(c), 19)


@dataclass(frozen=True, slots=True)
class Step:
    """One source, one operation, one transaction."""

    source: str
    operation: Operation
    effects: tuple[TableEffect, ...]

    @property
    def rows(self) -> int:
        """Count the rows this step touches or copies."""
        return sum(effect.rows for effect in self.effects)


# The reason of a keep: erasure is ordered, the system carries it out by a day.
DELETED_LATER = "deleted_later"


RUNNING_SERVICE = "running_service"  # likewise: a service that the person keeps needs it (Article 6(1)(b))


@dataclass(frozen=True, slots=True)
class Keep:
    """What stays although erasure was asked, and the law that says so."""

    source: str
    table: str
    category: str
    rows: int
    columns: tuple[str, ...]
    rule: str
    law: str
    until: date | None  # the last day on which any of these rows must still be kept; None while it lasts
    by_year: tuple[tuple[int, int, date], ...] = ()  # (year of the event, rows, kept until)


@dataclass(frozen=True, slots=True)
class Blocker:
    """A running service that must end before an erasure may go on."""

    source: str
    table: str
    rows: int
    what: str  # name of the service as the map calls it
    labels: tuple[str, ...] = ()  # for instance the domain names, shown to the agent only


@dataclass(frozen=True, slots=True)
class Hindrance:
    """What would make a step fail, found before anyone approves; agents read it by its kind, in their language.

    `said` is for whoever runs the desk, in English: what is wrong in the database or in its map.
    """

    kind: str
    said: str
    table: str = ""
    columns: tuple[str, ...] = ()
    other: str = ""  # the table that stands in the way
    rows: int = 0
    source: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """What a right asks of a source, beside who: new values, the purpose to stop, the day it is planned for."""

    operation: Operation
    today: date
    new_values: Mapping[str, str] = field(default_factory=dict)  # field name of the map -> new value
    purposes: tuple[str, ...] = ()  # the uses that end
    keep_services: bool = False  # the person keeps the running services: Article 6(1)(b)
    handed_over: tuple[str, ...] = ()  # where nothing is recorded: an agent said that it went to these
    not_handed_over: tuple[str, ...] = ()  # and that it did not go to these


@dataclass(frozen=True, slots=True)
class Proposal:
    """What one source would do for an order; making it changes nothing."""

    step: Step | None
    keeps: tuple[Keep, ...] = ()
    blockers: tuple[Blocker, ...] = ()
    conflicts: tuple[Hindrance, ...] = ()
    corrects: tuple[str, ...] = ()  # fields of a rectification that change here
    holds: tuple[str, ...] = ()  # those that read here already as they should


@dataclass(frozen=True, slots=True)
class Plan:
    """Ordered steps for one right of one person, with what is kept and who is told (Article 19)."""

    right: Right
    located: tuple[Located, ...]
    order: Order
    steps: tuple[Step, ...]
    keeps: tuple[Keep, ...] = ()
    blockers: tuple[Blocker, ...] = ()
    conflicts: tuple[Hindrance, ...] = ()
    corrects: tuple[str, ...] = ()  # fields of a rectification that change somewhere
    holds: tuple[str, ...] = ()  # those that read as they should already, wherever they stand

    @property
    def nowhere(self) -> tuple[str, ...]:
        """Name the fields to be corrected that no map has for this person: a person must look."""
        placed = {*self.corrects, *self.holds}
        # An address is ordered in one piece and in its parts, for maps of either kind: one of them is enough.
        parts = {part for part in PARTS if part in self.order.new_values}
        if ADDRESS in placed:
            placed |= parts
        elif parts and parts <= placed:
            placed.add(ADDRESS)
        return tuple(f for f in self.order.new_values if f not in placed)

    @property
    def is_already_so(self) -> bool:
        """Tell whether everything to be corrected reads as it should already: nothing is done, and nothing said to be."""
        return bool(self.holds) and not (self.steps or self.conflicts or self.nowhere)

    @property
    def recipients(self) -> tuple[str, ...]:
        """Name those to whom the rows of this plan went; what changes there they are told (GDPR 19)."""
        return tuple(self.told())

    @property
    def possible_recipients(self) -> tuple[str, ...]:
        """Name those too who are told only if people find something by hand: what an approval covers."""
        return tuple(self._notices(lambda *_: True))

    @property
    def to_decide(self) -> tuple[str, ...]:
        """Name those of whom nothing is recorded, so that an agent says whether the rows went to them."""
        handed = (part for _, effect in self._effects() for part in effect.handed_over)
        return tuple(sorted({part.recipient for part in handed if not part.sure}))

    @property
    def undecided(self) -> tuple[str, ...]:
        """Name those of them about whom no agent has said anything yet; nothing is approved before."""
        known = {*self.order.handed_over, *self.order.not_handed_over}
        return tuple(name for name in self.to_decide if name not in known)

    def told(self, without: Collection[str] = ()) -> dict[str, Notice]:
        """Give for each recipient what of this plan concerns them, leaving out some sources."""
        return self._notices(lambda step, effect: bool(effect.rows) and step.source not in without)

    def received(self, source: str, table: str) -> tuple[str, ...]:
        """Name those to whom the person's rows of one table went."""
        return tuple(self._notices(lambda step, effect: (step.source, effect.table) == (source, table)))

    def _notices(self, concerns: Callable[[Step, TableEffect], bool]) -> dict[str, Notice]:
        found: dict[str, list[tuple[tuple[str, str], HandOver]]] = {}
        for step, effect in self._effects():
            for part in effect.handed_over if concerns(step, effect) else ():
                if part.sure or part.recipient in self.order.handed_over:
                    found.setdefault(part.recipient, []).append(((step.source, effect.table), part))
        return {name: notice_of(found[name]) for name in sorted(found)}

    def _effects(self) -> Iterator[tuple[Step, TableEffect]]:
        return ((step, effect) for step in self.steps for effect in step.effects)

    @property
    def accounts(self) -> tuple[Account, ...]:
        """List the accounts matched, over all sources."""
        return tuple(account for located in self.located for account in located.accounts)

    @property
    def rows(self) -> int:
        """Count the rows over all steps."""
        return sum(step.rows for step in self.steps)

    def covered(self) -> dict[str, Any]:
        """Give what the hash covers; not row counts: a new log line must not void an approval."""
        return {
            "right": self.right,
            "accounts": sorted([a.source, a.table, *a.key] for a in self.accounts),
            "steps": [_covered_step(step) for step in self.steps],
            "keeps": sorted([k.source, k.table, k.rule, *sorted(k.columns)] for k in self.keeps),
            "recipients": [
                [name, *sorted(n.fields + n.uses)] for name, n in self._notices(lambda *_: True).items()
            ],
            "undecided": self.undecided,
            "blockers": sorted([b.source, b.table, b.what] for b in self.blockers),
            "conflicts": sorted([c.kind, c.source, c.table, c.other, *c.columns] for c in self.conflicts),
            "purposes": sorted(self.order.purposes),
            "new_values": sorted(self.order.new_values.items()),
            "keep_services": self.order.keep_services,
            "empty": sorted([at.source, t.table] for at in self.located for t in at.tables if not t.rows),
        }

    def is_less_of(self, approved: Plan, tables: Collection[tuple[str, str]]) -> bool:
        """Tell whether this is what was approved, or less of it in these tables and nowhere else; nothing at all is not less."""
        is_same_beside = self._beside(tables).hash == approved._beside(tables).hash
        tells_no_more = not self.undecided and {*self.possible_recipients} <= {*approved.possible_recipients}
        does_no_more = _covered_effects(self.steps) <= _covered_effects(approved.steps)
        return bool(self.steps) and is_same_beside and tells_no_more and does_no_more

    def _beside(self, tables: Collection[tuple[str, str]]) -> Plan:
        steps = (
            replace(s, effects=tuple(e for e in s.effects if (s.source, e.table) not in tables))
            for s in self.steps
        )
        located = (
            replace(at, tables=tuple(t for t in at.tables if (at.source, t.table) not in tables))
            for at in self.located
        )
        return replace(self, steps=tuple(step for step in steps if step.effects), located=tuple(located))

    def in_steps_of(self, approved: Plan) -> Plan:
        """Give this plan with a step for each that was approved, since those are what is recorded; some do nothing any more."""
        own = {step.source: step for step in self.steps}
        steps = (own.get(step.source) or replace(step, effects=()) for step in approved.steps)
        return replace(self, steps=tuple(steps))

    def is_of_same(self, other: Plan) -> bool:
        """Tell whether two plans are about the same person, as far as they can tell."""
        return not _names_in(self).isdisjoint(_names_in(other))

    @property
    def hash(self) -> str:
        """Give the SHA-256 that an agent approves, over the canonical JSON of what is covered."""
        canonical = json.dumps(self.covered(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()


def _covered_step(step: Step) -> list[Any]:
    effects = [
        [e.table, e.deletes, sorted(e.columns), sorted(e.values.items()), e.shared] for e in step.effects
    ]
    return [step.source, step.operation, sorted(effects, key=lambda effect: str(effect[0]))]


def _covered_effects(steps: Iterable[Step]) -> set[str]:
    return {
        json.dumps([step.source, step.operation, effect])
        for step in steps
        for effect in _covered_step(step)[2]
    }


def _names_in(plan: Plan) -> set[object]:
    held = {name for at in plan.located for name in (*at.identity.emails, *at.identity.client_ids)}
    return {*held, *((account.source, account.table, account.key) for account in plan.accounts)}


@dataclass(frozen=True, slots=True)
class StepOutcome:
    """What carrying out a step left behind, counted again afterwards."""

    step: Step
    already_done: bool
    rows_done: int
    done: tuple[TableRows, ...] = ()  # the same table by table, as far as it could be counted
    left: tuple[TableRows, ...] = ()  # rows of the person that are still there although not planned to stay


_PLAN: TypeAdapter[Plan] = TypeAdapter(Plan)


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """Give the plan as plain JSON values for the store."""
    return _PLAN.dump_python(plan, mode="json")  # type: ignore[no-any-return]


def plan_from_json(values: Mapping[str, Any]) -> Plan:
    """Read back what `plan_to_json` wrote, also where conflicts were sentences yet; equal plans have equal hashes."""
    conflicts = [
        {"kind": "other", "said": each} if isinstance(each, str) else each
        for each in values.get("conflicts", ())
    ]
    return _PLAN.validate_python({**values, "conflicts": conflicts})
