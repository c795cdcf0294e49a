"""The score of the letters that the journeys sent, printed once whichever process they ran in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
import structlog

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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of a module that share a desk in one worker: each worker would open one of its own."""
    for item in items:
        desks = getattr(item, "_fixtureinfo").name2fixturedefs.get("desk", ())  # noqa: B009 - pytest tells it nowhere else
        if any(desk.scope == "module" for desk in desks[-1:]) and not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))


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
