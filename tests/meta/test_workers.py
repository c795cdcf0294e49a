"""What the tests share is opened once: a module stays in one worker, and so does a group."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize("turn", range(6))
@pytest.mark.parametrize("kept", ["module", pytest.param("group", marks=pytest.mark.xdist_group("kept"))])
def test_what_shares_a_desk_runs_in_one_worker(
    kept: str, turn: int, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Only `make test` has more than one."""
    own = tmp_path_factory.getbasetemp()
    met = (own if worker_id == "master" else own.parent) / f"workers-{kept}"
    met.mkdir(exist_ok=True)
    (met / worker_id).touch()
    assert [each.name for each in met.iterdir()] == [worker_id], turn
