"""What a person says is wrong about them, part by part: from what they typed to what is right (GDPR 16)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

ADDRESS: Final = "address"  # the field that maps may split into parts
# What the reader says of a correction in a message; kept are the changes that come of it.
EMPTIED: Final = "emptied"  # the fields that are to be erased, or true where what was named is none
SAID: Final = frozenset({"field", "old_value", "new_value", "either", "more_changes", EMPTIED})
UNSAID_ADDRESS: Final = "unsaid_address"  # to be emptied, postal or e-mail: a person finds out which


@dataclass(frozen=True, slots=True)
class Correctable:
    """What a map says of a field that a person may have corrected."""

    harmless: bool = False  # a proof of the mailbox is enough
    contact: bool = False  # the person is reached by it
    parts: tuple[str, ...] = ()  # the fields of which it is made up

    def beside(self, other: Correctable) -> Correctable:
        """Give what holds where both maps have the field: harmless only if both say so."""
        return Correctable(
            self.harmless and other.harmless,
            self.contact or other.contact,
            tuple(dict.fromkeys((*self.parts, *other.parts))),
        )


@dataclass(frozen=True, slots=True)
class Change:
    """One field and what is right; `old` is what the person typed, never what is stored."""

    field: str
    new: str | None = None
    old: str | None = None
    either: tuple[str, ...] = ()  # two values of which they did not say which one is right
    part_of: str = ""  # the field of which this is a part

    def settled(self, new: str) -> Change:
        """Give the change with what is right; of two values in doubt the other one is then the old."""
        others = [value for value in self.either if value != new]
        return replace(self, new=new, old=self.old or (others[0] if len(others) == 1 else None), either=())


@dataclass(frozen=True, slots=True)
class Changes:
    """What one request corrects; `confirmed` once the person has said yes to exactly these parts.

    `to_empty` once they said that nothing is to be put instead: no source knows that order, a person carries it out.
    """

    parts: tuple[Change, ...] = ()
    confirmed: bool = False
    to_empty: bool = False

    @classmethod
    def of(cls, details: Mapping[str, Any]) -> Changes:
        """Read what `as_details` wrote, or of a request opened before it did the one field and its values."""
        if "changes" not in details:
            return cls.read(details)
        parts = tuple(_change(each) for each in details.get("changes") or ())
        return cls(parts, bool(details.get("changes_confirmed")), bool(details.get("to_empty")))

    @classmethod
    def read(cls, details: Mapping[str, Any]) -> Changes:
        """Read what the reader found in a message: one field and its values, or several of them; what is to be erased is none."""
        found = [details, *(details.get("more_changes") or ())]
        parts = tuple(_change(_as_stored(each)) for each in found if each.get("field"))
        emptied = details.get(EMPTIED)
        erased = set(emptied) if isinstance(emptied, list) else set()
        return cls(tuple(part for part in parts if part.new or part.either or part.field not in erased))

    @classmethod
    def emptying(cls, details: Mapping[str, Any]) -> Changes | None:
        """Read what the reader found is to be erased, with nothing in its place; none of it where what was named is no field."""
        named = details.get(EMPTIED)
        return (
            cls(tuple(map(Change, named if isinstance(named, list) else ())), to_empty=True)
            if named
            else None
        )

    def as_details(self) -> dict[str, Any]:
        """Give it as plain JSON values."""
        parts = [
            {key: value for key, value in asdict(part).items() if value not in (None, (), "")}
            for part in self.parts
        ]
        emptied = {"to_empty": True} if self.to_empty else {}
        return {"changes": parts, "changes_confirmed": self.confirmed, **emptied}

    def with_parts(self, parts: Iterable[Change]) -> Changes:
        """Give it with these parts in place of those of the same fields; what was confirmed is no more."""
        told = {part.field: part for part in parts}
        kept = [told.pop(part.field, part) for part in self.parts]
        return Changes((*kept, *told.values()))

    def without(self, name: str) -> Changes:
        """Give it without a field."""
        return Changes(tuple(part for part in self.parts if part.field != name))

    @property
    def unsettled(self) -> Change | None:
        """Give the first part of which the right value is not known."""
        return next((part for part in self.parts if not part.new), None)

    @property
    def digest(self) -> str:
        """Name exactly these parts, so that nobody confirms others than were shown."""
        told = json.dumps([asdict(part) for part in self.parts], sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    @property
    def swapped(self) -> Changes:
        """Give the old values as the right ones and the right ones as the old, where both were typed."""
        return Changes(tuple(replace(p, new=p.old, old=p.new) if p.old else p for p in self.parts))

    @property
    def asked_anew(self) -> Changes:
        """Give the fields without their values, each asked for again by its name: what was taken apart as the one that it is."""
        if len(self.parts) == 1:
            return Changes(tuple(Change(part.field, part_of=part.part_of) for part in self.parts))
        return Changes(tuple(map(Change, dict.fromkeys(part.part_of or part.field for part in self.parts))))

    @property
    def new_values(self) -> dict[str, str]:
        """Give field and right value of every settled part."""
        return {part.field: part.new for part in self.parts if part.new}


def correctable_in(maps: Iterable[Mapping[str, Correctable]]) -> Mapping[str, Correctable]:
    """Give every field that some map lets a person have corrected."""
    found: dict[str, Correctable] = {}
    for each_map in maps:
        for name, each in each_map.items():
            found[name] = found[name].beside(each) if name in found else each
    return found


def is_harmless(fields: Iterable[str], maps: Mapping[str, Correctable]) -> bool:
    """Tell whether every map calls all these fields harmless; one that no map has is not."""
    known = [maps.get(name, Correctable()) for name in fields]
    return all(each.harmless and not each.contact for each in known)


def _as_stored(found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "field": found["field"],
        "new": found.get("new_value"),
        "old": found.get("old_value"),
        "either": found.get("either") or (),
    }


def _change(stored: Mapping[str, Any]) -> Change:
    return Change(
        str(stored["field"]),
        stored.get("new"),
        stored.get("old"),
        tuple(stored.get("either") or ()),
        str(stored.get("part_of") or ""),
    )
