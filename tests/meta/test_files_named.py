"""Whatever file the code or a page names is there: beside what names it, in full, or beside another that the line names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.meta.reading import ROOT, modules

_FILE: Final = re.compile(r"(?<![\w./*$-])[\w/-]+\.(?:py|md)\b")
_BELOW: Final = (ROOT, ROOT / "assistant", ROOT / "tests")
_PATH: Final = re.compile(r"[\w/.-]*/")


def named() -> Iterator[tuple[Path, int, str, str]]:
    pages = [ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]
    for path in (*(module.path for module in modules()), *pages):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            for name in _FILE.findall(line):
                yield path, number, line, name


def test_every_file_that_is_named_is_there() -> None:
    found = list(named())
    missing = [
        f"{path.relative_to(ROOT)}:{number} {name}"
        for path, number, line, name in found
        if not any(
            (below / folder / name).is_file()
            for below in (*_BELOW, path.parent)
            for folder in ("", *_PATH.findall(line))
        )
    ]
    assert missing == []
    assert len(found) > 100
