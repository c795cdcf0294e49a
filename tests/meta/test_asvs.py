"""docs/asvs.md answers every requirement of OWASP ASVS 5.0 at levels 1 and 2 once, and what it names is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.meta.reading import ROOT

# The numbers of levels 1 and 2 in ASVS 5.0.0, by section.
NUMBERS = """
1.1.1-2 1.2.1-9 1.3.1-11 1.4.1-3 1.5.1-2 2.1.1-3 2.2.1-3 2.3.1-4 2.4.1 3.2.1-2 3.3.1-4 3.4.1-6 3.5.1-5 3.7.1-2
4.1.1-3 4.2.1 4.3.1-2 4.4.1-4 5.1.1 5.2.1-3 5.3.1-2 5.4.1-3 6.1.1-3 6.2.1-12 6.3.1-4 6.4.1-4 6.5.1-5 6.6.1-3
6.8.1-4 7.1.1-3 7.2.1-4 7.3.1-2 7.4.1-5 7.5.1-2 7.6.1-2 8.1.1-2 8.2.1-3 8.3.1 8.4.1 9.1.1-3 9.2.1-4 10.1.1-2
10.2.1-2 10.3.1-4 10.4.1-11 10.5.1-5 10.6.1-2 10.7.1-3 11.1.1-2 11.2.1-3 11.3.1-3 11.4.1-4 11.5.1 11.6.1 12.1.1-3
12.2.1-2 12.3.1-4 13.1.1 13.2.1-5 13.3.1-2 13.4.1-5 14.1.1-2 14.2.1-4 14.3.1-3 15.1.1-3 15.2.1-3 15.3.1-7 16.1.1
16.2.1-5 16.3.1-4 16.4.1-3 16.5.1-3 17.1.1 17.2.1-4 17.3.1-2
"""
STATES = {"held", "made so", "part", "not met", "operator", "n/a"}
ROW = re.compile(
    r"^\| ([\d.]+)(?: to ([\d.]+))? \| ([12](?:/2)?) \| ([^|]+) \| ([^|]+) \| (.+) \|$", re.MULTILINE
)
NAMED = re.compile(r"`([\w/.-]+\.(?:py|toml|md|html|js|in))(?:::(\w+))?`")


@dataclass(frozen=True)
class Row:
    """What is said of one requirement, or of several that follow each other."""

    first: str
    last: str
    state: str
    why: str


def all_numbers() -> list[str]:
    found = []
    for span in NUMBERS.split():
        section, _, numbers = span.rpartition(".")
        first, _, last = numbers.partition("-")
        found += [f"{section}.{number}" for number in range(int(first), int(last or first) + 1)]
    return found


ALL = all_numbers()
TEXT = (ROOT / "docs" / "asvs.md").read_text("utf-8")
ROWS = [Row(first, last or first, state, why) for first, last, _, _, state, why in ROW.findall(TEXT)]


def answered() -> Iterator[str]:
    for row in ROWS:
        yield from ALL[ALL.index(row.first) : ALL.index(row.last) + 1]


def test_every_requirement_stands_there_once_and_in_order() -> None:
    assert list(answered()) == ALL
    assert len(ALL) == 253


def test_every_line_of_the_tables_is_read() -> None:
    assert len(re.findall(r"^\| \d", TEXT, re.MULTILINE)) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.first)
def test_what_is_said_of_a_requirement_is_there(row: Row) -> None:
    assert row.state in STATES
    named = NAMED.findall(row.why)
    for file, test in named:
        path = ROOT / ("tests" if test else "") / file
        assert path.exists(), file
        if test:
            assert f"def {test}(" in path.read_text("utf-8"), test
    assert (row.state == "held") == any(test for _, test in named), (
        "held is what a test holds, and nothing else is"
    )
    assert row.state != "made so" or named, "say in which file"
