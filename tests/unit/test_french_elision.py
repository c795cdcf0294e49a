"""French names nobody after *de*, *que* or *le*: a name may begin with a vowel, and no text knows which it gets."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import assistant
from assistant.replies import Texts
from tests.unit.replies.samples import AT, facts

ROOT = Path(str(files(assistant)))
# Words that lose their vowel before one, and what stands in the place of a name: {{ jinja }} or {format}.
_BEFORE_A_NAME = re.compile(
    r"\b(?:de|que|la|le|ne|se|je|me|te|ce|jusque|lorsque|puisque)\s+(?:<\w+>)?(?:\{\{ ?(.*?) ?\}\}|\{(\w+)\})",
    re.IGNORECASE,
)
# A day is "le 1er décembre", a count a figure; and what begins a sentence's list is no name.
_FIGURES = re.compile(
    r"\| ?(?:day|moment|due|count\(.*)$|^words\.(?:day|moment)|^(?:n|day|at|date|count|limit|first|last|due)$"
)
_YOURS = re.compile(r"\| ?(?:yours|cited)$")  # "votre demande", "vos demandes"


def french() -> Iterator[tuple[str, str]]:
    """Give every French text of the desk, with its file and key."""
    for path in sorted(ROOT.rglob("*")):
        name = path.relative_to(ROOT).as_posix()
        if not re.search(r"/fr/|[/.]fr\.|errors\.json$", f"/{name}") or not path.is_file():
            continue
        raw = path.read_text("utf-8")
        if path.suffix in {".toml", ".json"}:
            found = tomllib.loads(raw) if path.suffix == ".toml" else json.loads(raw)
            yield from ((f"{name} {key}", text) for key, text in _leaves(found.get("fr", found)))
        elif path.suffix in {".txt", ".html"}:
            yield name, raw


def _leaves(table: object, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(table, dict):
        for name, value in table.items():
            yield from _leaves(value, f"{key}.{name}" if key else str(name))
    elif isinstance(table, list):
        for value in table:
            yield from _leaves(value, key)
    elif isinstance(table, str):
        yield key, table


def test_no_name_stands_where_its_first_letter_would_change_the_word_before() -> None:
    texts = dict(french())
    assert len(texts) > 1000, "the texts are found"
    faults = {
        where: found[0]
        for where, text in texts.items()
        for found in _BEFORE_A_NAME.finditer(text)
        if not _FIGURES.search(found[1] or found[2]) and not _YOURS.search(found[1] or found[2])
        if not where.endswith(("format.zone", "format.moment"))
    }
    assert not faults


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ("Europe/Paris", "heure de Paris"),
        ("Europe/Athens", "heure d’Athènes"),
        ("Europe/Oslo", "heure d’Oslo"),
        ("Europe/Amsterdam", "heure d’Amsterdam"),
    ],
)
def test_the_city_whose_clock_it_is_elides(zone: str, said: str) -> None:
    assert said in Texts.load(desk=facts(zone=ZoneInfo(zone))).labels("fr").time(AT)
