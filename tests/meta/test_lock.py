"""What is tracked installs anywhere: no package host, no path of the machine that wrote it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKED = ("runtime", "dev")
ADDRESS = re.compile(r"\b(?:https?|file|ftp)://|--(?:extra-)?index-url|--find-links|--trusted-host|@ git\+")
HOMES = "work|root|Users|home/[a-z]+|tmp/[a-z]+"
MACHINE_PATH = re.compile(rf"(?<![\w.])/(?:{HOMES})/")


def tracked_texts() -> list[tuple[str, str]]:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True)
    paths = [ROOT / name for name in listing.stdout.split("\0") if name]
    contents = ((path, path.read_bytes()) for path in paths if path.is_file())
    return [
        (str(path.relative_to(ROOT)), content.decode("utf-8", "replace"))
        for path, content in contents
        if b"\0" not in content
    ]


def pins(lock: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([a-z0-9-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", lock, re.MULTILINE):
        found.setdefault(name, set()).add(version)
    return found


def read(name: str) -> str:
    return (ROOT / "requirements" / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [f"{lock}.{kind}" for lock in LOCKED for kind in ("in", "txt")])
def test_requirements_name_no_host(name: str) -> None:
    assert ADDRESS.findall(read(name)) == []


@pytest.mark.parametrize("name", LOCKED)
def test_every_locked_release_has_a_hash(name: str) -> None:
    entries = re.split(r"\n(?=\S)", read(f"{name}.txt").strip())
    assert len(entries) > 20
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize("name", LOCKED)
def test_everything_asked_for_is_locked(name: str) -> None:
    asked = re.findall(r"^([a-z0-9][a-z0-9-]*)", read(f"{name}.in"), re.MULTILINE)
    assert set(asked) - pins(read(f"{name}.txt")).keys() == set()


def test_tests_run_on_the_releases_that_the_desk_runs_on() -> None:
    runtime, development = pins(read("runtime.txt")), pins(read("dev.txt"))
    assert {name: development.get(name) for name in runtime} == runtime


def test_no_tracked_file_names_a_path_of_one_machine() -> None:
    found = [(name, hit.group()) for name, text in tracked_texts() if (hit := MACHINE_PATH.search(text))]
    assert found == []
