"""The database servers that tests start: one refusal of a busy machine ends no run, two say what was refused."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.doubles.databases import MARIADB, MISSING, NotStarted, is_here, running

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(not is_here(MARIADB), reason=MISSING)


def refusing(times: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a maker of databases before the real one that refuses so many times."""
    folder.chmod(0o777)
    for parent in folder.parents[:2]:
        parent.chmod(0o755)
    command = folder / "mariadb-install-db"
    command.write_text(
        f'#!/bin/sh\necho x >>{folder}/asked\n[ "$(wc -l <{folder}/asked)" -gt {times} ] || {{ echo no room here; exit 1; }}\n'
        f'exec {shutil.which("mariadb-install-db")} "$@"\n'
    )
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def test_a_server_refused_once_is_asked_for_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refusing(1, tmp_path, monkeypatch)
    with running(MARIADB) as server:
        server.database().run("CREATE TABLE t (a INT)")


def test_a_server_refused_twice_ends_with_what_was_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing(2, tmp_path, monkeypatch)
    with pytest.raises(NotStarted, match="no room here"), running(MARIADB):
        pass
