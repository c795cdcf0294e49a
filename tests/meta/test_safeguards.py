"""Every safeguard that docs/threat-model.md lists can be taken out, and names the tests that notice (`make mutate`)."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutate.__main__ import main
from tests.mutate.safeguards import ROOT, Safeguard, safeguards

ALL = safeguards()
ROW = re.compile(r"^\| ([^|]+) \| `([^`|]+)` \|$", re.MULTILINE)


def table() -> dict[str, str]:
    text = (ROOT / "docs" / "threat-model.md").read_text("utf-8")
    section = text.split("## Safeguards, each held by a test", 1)[1].split("\n## ", 1)[0]
    return dict(ROW.findall(section))


def test_the_threat_model_lists_exactly_the_safeguards_that_can_be_taken_out() -> None:
    assert table() == {each.name: each.file for each in ALL}
    assert len(ALL) == len({each.name for each in ALL})


@pytest.mark.parametrize("safeguard", ALL, ids=lambda each: each.name)
def test_a_safeguard_can_still_be_taken_out_and_the_result_is_a_program(safeguard: Safeguard) -> None:
    source = (ROOT / safeguard.file).read_text("utf-8")
    assert safeguard.was != safeguard.becomes
    mutated = safeguard.taken_out(source)
    if safeguard.file.endswith(".py"):
        ast.parse(mutated)


def test_no_test_notices_only_that_what_takes_a_safeguard_out_names_what_is_not_there(tmp_path: Path) -> None:
    for number, each in enumerate(ALL):
        if each.file.endswith(".py"):
            mutated = each.taken_out((ROOT / each.file).read_text("utf-8"))
            (tmp_path / f"row_{number}.py").write_text(mutated, "utf-8")
    ruff = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--isolated",
        "--no-cache",
        "--select",
        "F821",
        "--output-format",
        "concise",
    ]
    found = subprocess.run([*ruff, str(tmp_path)], capture_output=True, text=True, check=False)
    wrong = {ALL[int(number)].name for number in re.findall(r"row_(\d+)\.py", found.stdout)}
    assert (found.returncode, wrong) == (0, set()), found.stdout


@pytest.mark.parametrize("safeguard", ALL, ids=lambda each: each.name)
def test_the_tests_that_notice_are_there(safeguard: Safeguard) -> None:
    assert safeguard.tests
    for test in safeguard.tests:
        file, _, name = test.partition("::")
        assert f"def {name}(" in (ROOT / file).read_text("utf-8"), test


def test_words_that_name_no_safeguard_are_an_error_and_run_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["no such safeguard"]) == 2
    assert capsys.readouterr().out.startswith("No safeguard is named like no such safeguard")
