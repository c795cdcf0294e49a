"""What `assistant evaluate` says: figures, the worst errors first, and a page that stands by itself."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from intents import cli_evaluate
from intents.labels import RIGHTS

ROWS = [
    ("Please delete all the data you hold about me.", "en", ["erasure"], False),
    ("Envoyez-moi une copie de mes données personnelles.", "fr", ["access"], False),
    ("<script>alert(1)</script> blue cheese", "en", ["complaint"], False),
    ("My server is down since noon.", "en", [], False),
    ("Please delete the database backup of yesterday.", "en", [], True),
]


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    fields = ("text", "lang", "labels", "hard")
    lines = [json.dumps(dict(zip(fields, row, strict=True))) for row in ROWS]
    (tmp_path / "rows.jsonl").write_text("\n".join(lines), "utf-8")
    return tmp_path / "rows.jsonl"


def test_figures_count_what_was_read_wrongly_and_name_the_worst(rows: Path) -> None:
    figures = cli_evaluate(rows)
    assert figures["missed"] == pytest.approx(1 / 3, abs=1e-4)
    assert figures["worst"][0].startswith("missed: '<script>")
    assert figures["confusion"]["complaint"] == {"none": 1}
    assert figures["confusion"]["erasure"] == {"erasure": 1}


def test_the_page_shows_every_right_and_the_errors_as_text_and_asks_no_other_host(rows: Path) -> None:
    file = rows.with_name("evaluation.html")
    cli_evaluate(rows, page_file=file)
    page = file.read_text("utf-8")
    assert all(right in page for right in RIGHTS)
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert page.count("<svg") == 3
    assert re.findall(r"https?://", page) == []
