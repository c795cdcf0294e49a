"""The table of attacks in docs/threat-model.md says what the tests try, no more and no less."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
TESTS = HERE.parent
# A10, A18, A23, A36, A42, A47, A53 and A54 were never given out.
GAPS = {10, 18, 23, 36, 42, 47, 53, 54}
PUBLISHED = {f"A{n:02}" for n in range(1, 58) if n not in GAPS}
ROW = re.compile(r"^\| ([AB]\d\d) \| [^|]+ \| ([^|]+) \|$", re.MULTILINE)


def table() -> dict[str, str]:
    """Give what the table says of each attack."""
    text = (TESTS.parent / "docs" / "threat-model.md").read_text("utf-8")
    rows = ROW.findall(text)
    assert len(rows) == len(dict(rows)), "an attack stands there twice"
    return dict(rows)


def tried() -> set[tuple[str, str]]:
    """Give each attack that a test here names, in its docstring or in the id of a row, with its file."""
    return {
        (ident, f"attacks/{file.name}")
        for file in HERE.glob("test_*.py")
        if file.name != "test_table.py"
        for ident in re.findall(r"\b[AB]\d\d\b", file.read_text("utf-8"))
    }


def test_every_attack_stands_in_the_table_with_a_test_or_a_reason() -> None:
    rows = table()
    own = sorted(ident for ident in rows if ident.startswith("B"))
    assert set(rows) == PUBLISHED | set(own)
    assert own == [f"B{n:02}" for n in range(1, len(own) + 1)], "a number was left out"
    assert not [ident for ident, where in rows.items() if "no test: " not in where and "`" not in where]


def test_the_table_names_the_files_in_which_an_attack_is_tried() -> None:
    told = {
        (ident, file)
        for ident, where in table().items()
        for file in re.findall(r"`(attacks/\w+\.py)`", where)
    }
    assert told == tried()


def test_what_the_table_names_elsewhere_is_there() -> None:
    for where in table().values():
        for file, name in re.findall(r"`([\w/]+\.py)::(\w+)`", where):
            assert f"def {name}(" in (TESTS / file).read_text("utf-8")


def test_nothing_is_said_twice_in_the_threat_model() -> None:
    rows = re.findall(
        r"^\| ([^|]+?) \|", (TESTS.parent / "docs" / "threat-model.md").read_text("utf-8"), re.MULTILINE
    )
    heads = {"id", "attack", "threat", "safeguard", "attempt"}
    twice = {row for row in rows if rows.count(row) > 1 and row not in heads and not set(row) <= {"-"}}
    assert twice == set()
