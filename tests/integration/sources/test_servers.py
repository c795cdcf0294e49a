"""The database servers that tests start: one refusal of a busy machine ends no run, two say what was refused."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.doubles.databases import MARIADB, MISSING, NotStarted, is_here, running

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(not is_here(MARIADB), reason=MISSING)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a folder that the owner of the server reaches too."""
    with tempfile.TemporaryDirectory(prefix="refusing-") as made:
        Path(made).chmod(0o777)
        yield Path(made)


def refusing(times: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a maker of databases before the real one that refuses so many times."""
    command = folder / "mariadb-install-db"
    command.write_text(
        f'#!/bin/sh\necho x >>{folder}/asked\n[ "$(wc -l <{folder}/asked)" -gt {times} ] || {{ echo no room here; exit 1; }}\n'
        f'exec {shutil.which("mariadb-install-db")} "$@"\n'
    )
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def test_a_server_refused_once_is_asked_for_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refusing(1, folder, monkeypatch)
    with running(MARIADB) as server:
        database = server.database()
        database.run("CREATE TABLE t (a INT)")
        assert database.dump() == {"t": []}
    assert (folder / "asked").read_text("utf-8").split() == ["x", "x"]


def test_a_server_refused_twice_ends_with_what_was_said(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing(2, folder, monkeypatch)
    with pytest.raises(NotStarted, match="no room here"), running(MARIADB):
        pass
