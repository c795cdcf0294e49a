"""Two hundred letters fail, of every kind, and a person hears of each."""

from __future__ import annotations

import sys

import pytest

from intents import Reader
from tests.doubles.posting_desk import posting_desk
from tests.integration.test_undelivered import KINDS, none_is_silent


async def test_two_hundred_failures_of_every_kind_and_none_is_silent(
    tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sum(KINDS.values()) >= 200
    async with posting_desk(tmp_path_factory.mktemp("desk"), Reader.load()) as desk:
        table = await none_is_silent(desk, KINDS)
    with capsys.disabled():
        lines = [f"{kind:32} {seen:34} {count:4}" for (kind, seen), count in sorted(table.items())]
        sys.stdout.write("\n".join(["", *lines, ""]))
