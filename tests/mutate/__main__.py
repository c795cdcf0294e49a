"""Takes each safeguard out in turn, runs the tests that must notice, and prints which did: `make mutate`.

Words as arguments choose the safeguards whose names hold one of them.
"""

from __future__ import annotations

import compileall
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.mutate.safeguards import ROOT, Safeguard, safeguards

AT_ONCE = 3  # more than there are processors: what has lost its safeguard mostly waits for what never comes
PATIENCE = 15  # seconds that such a test waits; where the safeguard stands the same tests must do with it too
LONGEST = 300.0  # seconds the tests of one safeguard may take
_DIED = re.compile(r"^(?:FAILED|ERROR) (\S+?)(?:\[.*)?(?: - .*)?$", re.MULTILINE)
_COPIED = ("assistant", "handlers", "intents", "tests", "docs", "scripts", "requirements", ".ci")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the named tests once a safeguard was gone."""

    safeguard: Safeguard
    died: tuple[str, ...]
    seconds: float
    told: str = ""

    @property
    def is_noticed(self) -> bool:
        """Tell whether the safeguard is held by a test."""
        return bool(self.died)


def check_all(
    chosen: Sequence[Safeguard], tell: Callable[[Outcome], None] = lambda _: None
) -> tuple[list[Outcome], list[str]]:
    """Take out each; gives what became of it, and the named tests that fail although nothing was taken out."""
    with tempfile.TemporaryDirectory(prefix="mutate-") as folder, ThreadPoolExecutor(AT_ONCE) as threads:
        whole = Path(folder) / "whole"
        _copy(ROOT, whole)
        # Once for all copies: a test of one safeguard spent more time on compiling than on testing.
        compileall.compile_dir(whole, quiet=2, workers=AT_ONCE)
        named = list(dict.fromkeys(test for each in chosen for test in each.tests))
        beforehand = threads.submit(_run, whole, named)
        outcomes = []
        for outcome in threads.map(lambda each: _try(whole, Path(folder), each), chosen):
            tell(outcome)
            outcomes.append(outcome)
        return outcomes, sorted(_died(beforehand.result(), named))


def _copy(tree: Path, to: Path) -> None:
    to.mkdir()
    for name in _COPIED:
        shutil.copytree(tree / name, to / name)
    for file in tree.iterdir():
        if file.is_file():
            shutil.copy(file, to / file.name)


def _try(whole: Path, beside: Path, safeguard: Safeguard) -> Outcome:
    begun = time.monotonic()
    folder = beside / hashlib.sha256(safeguard.name.encode()).hexdigest()[:12]
    _copy(whole, folder)
    changed = folder / safeguard.file
    changed.write_text(safeguard.taken_out(changed.read_text("utf-8")), "utf-8")
    said = _run(folder, safeguard.tests)
    shutil.rmtree(folder)
    died = _died(said, safeguard.tests)
    return Outcome(safeguard, died, time.monotonic() - begun, "" if died else said[-1500:])


def _died(said: str, tests: Collection[str]) -> tuple[str, ...]:
    found = {name.partition("[")[0] for name in _DIED.findall(said)}
    return tuple(test for test in tests if test in found)


def _run(folder: Path, tests: Sequence[str]) -> str:
    command = [sys.executable, "-m", "pytest", "-q", "--tb=no", "-p", "no:cacheprovider", *tests]
    # Before the installed tree, also for the desks that tests start as processes.
    env = {**os.environ, "PYTHONPATH": str(folder), "DESK_PATIENCE": str(PATIENCE)}
    with subprocess.Popen(
        command,
        cwd=folder,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as running:
        try:
            said, _ = running.communicate(timeout=LONGEST)
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)  # with the servers and desks that it started
            said, _ = running.communicate()
            said += f"Stopped after {LONGEST:.0f} s: a safeguard whose tests never end is noticed by nobody."
    return said


HEAD = "| safeguard taken out | tests that died | s |\n|---|---|---:|"


def line(outcome: Outcome) -> str:
    """Give one line of the table that is printed."""
    died = ", ".join(f"`{test.rpartition('::')[2]}`" for test in outcome.died) or "**none: it survived**"
    return f"| {outcome.safeguard.name} | {died} | {outcome.seconds:.0f} |"


def main(words: Sequence[str]) -> int:
    """Print the table; fails if a safeguard was missed by its tests."""
    chosen = [s for s in safeguards() if not words or any(word in s.name for word in words)]
    if not chosen:
        print(f"No safeguard is named like {' or '.join(words)}: see tests/mutate/safeguards.toml.")
        return 2
    begun = time.monotonic()
    print(HEAD, flush=True)
    outcomes, broken = check_all(chosen, lambda outcome: print(line(outcome), flush=True))
    missed = [each for each in outcomes if not each.is_noticed]
    print(f"\n{len(outcomes) - len(missed)} of {len(outcomes)} noticed, {time.monotonic() - begun:.0f} s.")
    for each in missed:
        print(f"\n{each.safeguard.name} was taken out and nobody noticed:\n{each.told}")
    for test in broken:
        print(f"\n{test} fails although nothing was taken out.")
    return 1 if missed or broken else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
