"""The score of the letters that the journeys sent, printed once whichever process they ran in."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
import structlog
from _pytest.nodeid import NodeId
from argon2 import PasswordHasher

from tests.doubles.checklist import LETTERS, Score

if TYPE_CHECKING:
    from intents import Reader
    from tests.doubles.console_app import ConsoleSite

_HASH, _LITTLE = PasswordHasher.hash, PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

# Each client, each connection to MariaDB and each start of a desk reads whom TLS trusts: of all the world's
# authorities that takes longer than most tests, and nobody here speaks with the world.
os.environ["SSL_CERT_FILE"] = str(Path(__file__).with_name("data") / "authority.pem")

_UNIT = Path(__file__).with_name("unit")

# How long an example takes says how busy the machine is; timings are for the benchmarks.
hypothesis.settings.register_profile("desk", deadline=None)
hypothesis.settings.load_profile("desk")


@pytest.fixture(autouse=True)
def _log_as_before() -> Iterator[None]:
    """Log as before again: a command run in this process turns the log to a stream that is closed after it."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture(scope="session", autouse=True)
def _hashes_cost_little() -> Iterator[None]:
    """Hash passwords and codes with the least costs, which argon2 keeps in each hash; `full_costs` where the costs matter."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PasswordHasher, "hash", lambda _, secret, **more: _HASH(_LITTLE, secret, **more))
        yield


@pytest.fixture
def full_costs() -> Iterator[None]:
    """Hash as the desk does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PasswordHasher, "hash", _HASH)
        yield


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> ConsoleSite:
    """Lay out a morning at the desk, to start copies of."""
    from tests.doubles.console_app import prepare

    return asyncio.run(prepare(tmp_path_factory.mktemp("morning")))


@pytest.fixture(scope="session")
def reader() -> Reader:
    """Give the reader, slow to load."""
    from intents import Reader

    return Reader.load()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the tests of a group in one worker, and a module is a group: each worker would open a desk of its own.

    What opens none goes to whoever is free. The scheduler of pytest-xdist reads the group behind the name of a test,
    and where pytest-xdist writes it pytest 9.2 no longer looks.
    """
    if not config.getoption("loadgroup", default=False):
        return
    for item in items:
        marked = item.get_closest_marker("xdist_group")
        if marked is None and _UNIT in item.path.parents:
            continue
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
