"""Every module imports by itself, and every part of the desk has its layer."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRODUCT = ("assistant", "handlers", "intents")


def modules() -> Iterator[str]:
    """Name every module but the migrations, which only Alembic can import."""
    for path in sorted(path for package in PRODUCT for path in (ROOT / package).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if "migrations" not in parts:
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_names(path: Path) -> Iterator[str]:
    for node in ast.parse(path.read_bytes()).body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def libraries() -> list[str]:
    paths = (path for package in PRODUCT for path in (ROOT / package).rglob("*.py"))
    names = {name for path in paths for name in imported_names(path)}
    return sorted(name for name in names if name.split(".")[0] not in {*PRODUCT, *sys.stdlib_module_names})


def layers() -> list[list[str]]:
    """Give the parts in each layer, the lowest first."""
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    contracts = {contract["id"]: contract for contract in tools["importlinter"]["contracts"]}
    return [re.findall(r"[\w.]+", layer) for layer in reversed(contracts["layers"]["layers"])]


def inside(parts: list[str]) -> str:
    """Name the modules of some parts; layers import downward, so only a cycle within one can fail."""
    return " ".join(name for name in modules() if any(f"{name}.".startswith(f"{part}.") for part in parts))


def test_every_module_imports_alone() -> None:
    script = str(Path(__file__).with_name("import_each.py"))
    command = [sys.executable, script, " ".join(libraries()), *map(inside, layers())]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


def test_every_part_of_the_desk_has_its_layer() -> None:
    named = {part for layer in layers() for part in layer}
    parts = {".".join(name.split(".")[:2]) for name in modules() if name.startswith("assistant.")}
    assert parts - named == set()
