"""What a refusal rests on: the facts that its ground requires, each of a kind that can be checked (GDPR 12(4), 12(5))."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal

from assistant.errors import Invalid

if TYPE_CHECKING:
    from assistant.domain.grounds import Ground

Kind = Literal["text", "references", "day_past", "day_ahead", "looked_up"]

# What grounds.toml may require beside the reason. What is looked up nobody writes: the desk knows it.
FACTS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "proof_of_abuse": "text",
        "earlier_requests": "references",
        "fee_offered_on": "day_past",
        "proof_failed": "looked_up",
        "national_provision": "text",
        "law": "text",
        "kept_until": "day_ahead",
        "compelling_grounds": "text",
    }
)
_REASON: Final = "reason"
_SHORTEST: Final = 10  # fewer letters prove nothing to an authority
_LONGEST: Final = 5_000
_REFERENCE: Final = re.compile(r"PR-[0-9A-Z]{8}")


class FactMissing(Invalid):
    """This ground requires a fact that was not given; write it down, or choose another ground."""

    code = "fact_missing"


def facts_to_write(ground: Ground) -> tuple[tuple[str, Kind], ...]:
    """List the facts that a lead writes down for a ground, beside the reason, each with its kind."""
    named = ((name, FACTS[name]) for name in ground.requires if name != _REASON)
    return tuple((name, kind) for name, kind in named if kind != "looked_up")


def checked_facts(ground: Ground, given: Mapping[str, str], today: date) -> dict[str, str]:
    """Give what a ground requires, tidied; raises FactMissing naming what is absent or cannot be so."""
    return {name: _checked(name, kind, given.get(name, ""), today) for name, kind in facts_to_write(ground)}


def references_in(text: str) -> tuple[str, ...]:
    """List the references that a text names, each once."""
    return tuple(dict.fromkeys(_REFERENCE.findall(text.upper())))


def _checked(name: str, kind: Kind, value: str, today: date) -> str:
    said = value.strip()
    if not said:
        raise FactMissing(f"This ground requires {name}; nothing was given.", fact=name)
    if len(said) > _LONGEST:
        raise FactMissing(f"{name} is too long: at most {_LONGEST} characters.", fact=name)
    if kind == "references":
        return _references(name, said)
    if kind in {"day_past", "day_ahead"}:
        return _day(name, said, today, ahead=kind == "day_ahead")
    if len(said) < _SHORTEST:
        raise FactMissing(f"{name} says too little to be held against an authority.", fact=name)
    return said


def _references(name: str, said: str) -> str:
    found = references_in(said)
    if not found:
        raise FactMissing(
            f"{name} must name earlier requests by their references, such as PR-2345ABCD.", fact=name
        )
    return " ".join(found)


def _day(name: str, said: str, today: date, *, ahead: bool) -> str:
    try:
        day = date.fromisoformat(said)
    except ValueError:
        raise FactMissing(f"{name} must be a day, as 2026-11-28.", fact=name) from None
    if (day <= today) is ahead:
        raise FactMissing(f"{name} must lie {'ahead' if ahead else 'behind'}; {day} does not.", fact=name)
    return day.isoformat()
