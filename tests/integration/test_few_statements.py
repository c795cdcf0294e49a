"""A message in a talk of which nothing was asked costs few statements; where something was asked, it is found all the same."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event

from tests.doubles.desk_inside import DeskInside, desk_inside
from tests.doubles.desk_process import Chat


async def _statements(desk: DeskInside, chat: Chat, words: str) -> list[str]:
    engine, said = desk.assembly.services.store.engine, list[str]()

    def hear(*more: Any) -> None:
        said.append(more[2].split()[0])

    await desk.idle()
    event.listen(engine, "before_cursor_execute", hear)
    await chat.say(words)
    event.remove(engine, "before_cursor_execute", hear)
    return [each for each in said if each != "BEGIN"]


async def test_what_is_said_in_a_talk_takes_one_look_and_two_rows(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    async with desk_inside(tmp_path_factory.mktemp("few")) as desk, desk.chat() as chat:
        await chat.say("My website is slow since this morning, can you look?")
        said = await _statements(desk, chat, "How much is a server with 8 GB of memory?")
        assert said == ["UPDATE", "INSERT", "INSERT"]
        await chat.say("Please send me a copy of all my data.")
        ref = (await chat.opened())["access"]
        await chat.say("Where is my request?")
        assert ref in (await chat.until(lambda m: bool(m["requests"])))["text"]
