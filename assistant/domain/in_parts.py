"""What is to be corrected, in the parts in which the maps have it: a street, a town, a first name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from assistant.domain.fields import can_hold
from assistant.domain.postal import PARTS, parts_of
from assistant.domain.rectifying import ADDRESS, Change, Changes, Correctable

_NAME: Final = ("first_name", "last_name")


def taken_apart(found: Changes, maps: Mapping[str, Correctable]) -> Changes:
    """Give the changes as the maps have the fields: an address or a name in its parts, those not said left open."""
    parts: dict[str, Change] = {}
    for part in (part for change in found.parts for part in _split(change, maps)):
        if part.field not in parts or part.new or part.either:
            parts[part.field] = part
    return Changes(tuple(parts.values()))


def _split(change: Change, maps: Mapping[str, Correctable]) -> Sequence[Change]:
    if change.new and not can_hold(change.field, change.new):
        return [replace(change, new=None)]  # asked again, rather than stored and refused by the column later
    if change.either and not all(can_hold(change.field, each) for each in change.either):
        return [replace(change, either=())]  # nobody is asked to choose what could not be stored
    parts = _parts_in(change.field, maps)
    if not parts or not change.new:
        return [change]
    new = _taken_apart(change.field, change.new)
    old = _taken_apart(change.field, change.old or "")
    new = {name: value for name, value in new.items() if can_hold(name, value)}
    named = dict.fromkeys((*parts, *new))
    return [Change(name, new.get(name), old.get(name), part_of=change.field) for name in named]


def _parts_in(name: str, maps: Mapping[str, Correctable]) -> Sequence[str]:
    if name in maps:
        return maps[name].parts
    pieces = {ADDRESS: PARTS, "name": _NAME}.get(name, ())
    return [piece for piece in pieces if piece in maps]


def _taken_apart(name: str, value: str) -> dict[str, str]:
    if name == ADDRESS:
        return parts_of(value)
    words = value.split()
    # Two words are one of each, which the person sees before it counts; of more nobody knows where the one ends.
    return dict(zip(_NAME, words, strict=True)) if len(words) == len(_NAME) else {}
