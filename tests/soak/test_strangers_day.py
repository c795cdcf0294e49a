"""A stranger's day: one attacker floods every way in while twenty honest people use their rights (B28)."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.doubles.desk_process import DeskProcess
from tests.doubles.strangers_day import A_DAY, HONEST, strangers_day, table_of

pytestmark = pytest.mark.quiet

FLOOD = {what: 10 * number for what, number in A_DAY.items()} if os.environ.get("FULL") else A_DAY


@pytest.mark.asyncio
@pytest.mark.timeout(3600)
async def test_all_that_honest_people_began_is_done_while_a_stranger_floods(
    tmp_path: Path,
) -> None:
    """B28: all that honest people began is done; how much longer each thing took is printed, for no test judges times."""
    desk = await DeskProcess.start(tmp_path / "desk", "--no-hold")
    try:
        day = await strangers_day(desk, FLOOD)
        sys.stdout.write(f"{table_of(day)}\n")
        assert len(day.quiet.done) == HONEST
        assert len(day.beside.done) == len(day.beside.waited["a chat opens"]) >= HONEST
        assert await _alive(desk), "the desk is alive afterwards"
    finally:
        await desk.stop()


async def _alive(desk: DeskProcess) -> bool:
    async with desk.http.get(f"{desk.url}/healthz") as answer:
        return answer.status == 200
