"""The score of the letters that the journeys sent, printed once whichever process they ran in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
import structlog
from _pytest.nodeid import NodeId

from tests.doubles.checklist import LETTERS, Score

# How long an example takes says how busy the machine is; timings are for the benchmarks.
hypothesis.settings.register_profile("desk", deadline=None)
hypothesis.settings.load_profile("desk")


@pytest.fixture(autouse=True)
def _log_as_before() -> Iterator[None]:
    """Log as before again: a command run in this process turns the log to a stream that is closed after it."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the tests of a group in one worker, and a module is a group: each worker would open a desk of its own.

    The scheduler of pytest-xdist reads the group behind the name of a test, and where pytest-xdist writes it pytest 9.2
    no longer looks.
    """
    if not config.getoption("loadgroup", default=False):
        return
    for item in items:
        marked = item.get_closest_marker("xdist_group")
        group = marked.args[0] if marked else item.nodeid.partition("::")[0]
        item._id = NodeId.parse(f"{item.nodeid}@{group}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand the counts of a worker to the process that prints."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["letters"] = LETTERS.as_json()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Count in what a worker counted."""
    if counts := getattr(node, "workeroutput", {}).get("letters"):
        LETTERS.add(Score.of(counts))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the score, if any journey ran."""
    if LETTERS.letters:
        terminalreporter.section("letters")
        for line in LETTERS.lines():
            terminalreporter.write_line(line)
