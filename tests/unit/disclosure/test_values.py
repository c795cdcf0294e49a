"""Values stay exact where programs read them, and harmless where spreadsheets and browsers do."""

from __future__ import annotations

import csv
import io
import json
import re
import time
import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.disclosure.values import (
    csv_cell,
    csv_lines,
    file_name,
    for_page,
    json_bytes,
    json_lines,
    json_object,
)

MARKS = "=+-@＝＋－＠\t\r\n"
FORMULAS = (
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\ufeff=1", "＝1+1", "=cmd|' /C calc'!A0",
    "hello;=1+1", "line\n=1+1", 'quoted";=1', "tab\t@x",
)  # fmt: skip
values = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(), st.datetimes(), st.dates(),
    st.decimals(), st.uuids(), st.timedeltas(), st.dictionaries(st.text(), st.integers()),
)  # fmt: skip


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_loses_its_power_and_nothing_else(text: str) -> None:
    cell = csv_cell(text)
    assert cell[0] not in MARKS
    assert re.sub(r"'(?=[=+\-@＝＋－＠\t\r\n])", "", cell) == re.sub(r"'(?=[=+\-@])", "", text)


@given(st.text() | st.from_regex(r"[;\t\r\n =+\-@\"'a]{0,20}", fullmatch=True))
def test_no_text_begins_a_formula_in_a_cell_however_the_file_is_split(text: str) -> None:
    for start in re.split(r"[;\t\r\n]", csv_cell(text)):
        assert (
            start.lstrip(" \"'")[:1] not in tuple("=+-@")
            or "'" in start[: len(start) - len(start.lstrip(" \"'"))]
        )


@given(st.lists(st.lists(values, min_size=2, max_size=2)))
def test_a_spreadsheet_has_as_many_cells_as_were_written(rows: list[list[Any]]) -> None:
    written = csv_lines(rows).decode()
    read = list(csv.reader(io.StringIO(written, newline=""), strict=True))
    assert read == [
        [csv_cell(value).encode("utf-8", "backslashreplace").decode() for value in row] for row in rows
    ]


@pytest.mark.parametrize("number", [-5, 3, -1.5, Decimal("-12.50"), 0])
def test_a_number_stays_a_number(number: object) -> None:
    assert csv_cell(number) == str(number)


def test_a_number_that_is_none_is_no_formula_either() -> None:
    assert csv_cell(float("-inf")) == "'-inf"
    assert csv_cell(timedelta(days=-1)) == "'-1 day, 0:00:00"


@given(st.lists(st.tuples(values, values)))
def test_json_lines_hold_one_object_per_row(rows: list[tuple[Any, Any]]) -> None:
    lines = json_lines(("a", "b"), rows).decode().splitlines() if not _splits(rows) else None
    if lines is not None:
        assert [set(json.loads(line)) for line in lines] == [{"a", "b"}] * len(rows)


def _splits(rows: list[tuple[Any, Any]]) -> bool:
    """U+2028 and their like end a line for Python's splitlines, not for JSON Lines."""
    return any(len(json_lines(("a", "b"), [row]).decode().splitlines()) != 1 for row in rows)


@given(st.text(alphabet=st.characters(codec=None)))
def test_every_text_survives_json_exactly(text: str) -> None:
    assert json.loads(json_bytes(text)) == text


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Decimal("10.00"), "10.00"),
        (datetime(2026, 11, 24, 9, 0, tzinfo=UTC), "2026-11-24T09:00:00+00:00"),
        (date(2026, 11, 24), "2026-11-24"),
        (b"\x00\xff", "AP8="),
        (memoryview(b"\x00\xff"), "AP8="),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (float("nan"), "nan"),
        ({"a": [Decimal("1.5"), None]}, {"a": ["1.5", None]}),
        ((1, True), [1, True]),
    ],
)
def test_json_is_exact(value: object, written: object) -> None:
    assert json_object(["v"], [value]) == {"v": written}


def test_a_long_run_of_line_breaks_costs_no_time() -> None:
    started = time.process_time()
    csv_cell("\n" * 300_000 + ";" * 300_000 + "a")
    assert time.process_time() - started < 2


def test_a_page_gets_no_character_that_html_forbids() -> None:
    assert for_page("a\x00b\x1b\ud800c\r\nd", 50) == "a\ufffdb\ufffd\ufffdc\nd"
    assert for_page("x" * 60, 50) == "x" * 50 + " […]"


@given(st.lists(st.text(), min_size=1, max_size=3))
def test_a_file_name_is_harmless_everywhere(parts: list[str]) -> None:
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", file_name(*parts))


@pytest.mark.parametrize(
    "hostile", ["../../etc/passwd", "..", "a\\b", "C:\\x", "a\x00b", "été/=1", ".hidden", "a:b", ""]
)
def test_no_name_climbs_or_hides(hostile: str) -> None:
    assert re.fullmatch(r"shop_[A-Za-z0-9-]+", file_name("shop", hostile))
