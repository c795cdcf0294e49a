"""Slow hashes: who sends many of them waits for themselves, and nobody else for them."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Iterator

import pytest

from assistant.casework.agents import staff
from assistant.errors import Busy
from assistant.one_thread import OneThread
from tests.doubles.attacks import Victim, proved, until_code
from tests.doubles.desk_inside import DeskInside
from tests.doubles.package_browser import browser

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("attacks")]


async def sign_in(desk: DeskInside, name: str, password: str, code: str = "000000") -> int:
    form = {"name": name, "password": password, "code": code}
    async with desk.http.post(f"{desk.url}/console/sign-in", data=form, allow_redirects=False) as answer:
        return answer.status


async def test_sixty_sign_ins_at_once_delay_no_strangers_code_and_are_told_that_they_count_as_nothing(
    desk: DeskInside, people: Iterator[Victim], monkeypatch: pytest.MonkeyPatch
) -> None:
    """B09: from one address, beside a person who types a code, and an agent who comes after.

    The first hash takes until the code is confirmed, however fast the machine is.
    """
    victim, agent, over = next(people), await desk.agent("agent"), threading.Event()
    matches = staff.password_matches

    def slow(stored: str | None, password: str) -> bool:
        assert over.wait(60)
        return matches(stored, password)

    monkeypatch.setattr(staff, "password_matches", slow)
    async with desk.chat() as chat:
        await until_code(chat, victim.email)
        code = await desk.code(victim.email)
        flood = [asyncio.create_task(sign_in(desk, agent.name, f"guess {n}")) for n in range(60)]
        try:
            refused = [await first for first in itertools.islice(asyncio.as_completed(flood), 51)]
            await chat.say(code)
            await chat.until(
                lambda m: m["expects"] is None and "confirmed" in m["text"], "that it is confirmed"
            )
            waiting = [task for task in flood if not task.done()]
        finally:
            over.set()
        looked_at = await asyncio.gather(*waiting)
    assert refused == [503] * 51
    assert looked_at == [401] * 9, "one at work and eight who wait"
    own = (await desk.agent("lead")).form()
    assert await sign_in(desk, own["name"], own["password"], own["code"]) == 303, "who comes after"


async def test_a_code_that_nobody_had_time_to_look_at_counts_as_no_try_and_is_told(
    desk: DeskInside, people: Iterator[Victim], monkeypatch: pytest.MonkeyPatch
) -> None:
    """B09: beyond what may wait."""
    victim = next(people)

    async def full(self: OneThread, key: str, work: object) -> object:
        raise Busy

    async with desk.chat() as chat:
        ref = await until_code(chat, victim.email)
        code = await desk.code(victim.email)
        with monkeypatch.context() as patch:
            patch.setattr(OneThread, "run", full)
            for _ in range(7):
                await chat.say(code)
                told = await chat.until(
                    lambda m: "does not count as a try" in m["text"], "that it counts as nothing"
                )
                assert told["expects"] == "code"
        await chat.say(code)
        await chat.until(lambda m: ref in m["text"] and m["expects"] is None, "that it is confirmed")
    assert [event["event"] for event in await desk.events(ref)].count("proof_failed") == 0


async def test_turns_go_round_by_key_and_what_is_beyond_the_bound_is_refused_at_once() -> None:
    """B09: fifty of one, one of another; the other is second."""
    turns, order = OneThread("hash", most_of_one=8, most=256), []
    hold, loop = asyncio.Event(), asyncio.get_running_loop()

    def work(key: str) -> None:
        asyncio.run_coroutine_threadsafe(hold.wait(), loop).result(10)
        order.append(key)

    tasks = [asyncio.create_task(turns.run("many", lambda: work("many"))) for _ in range(50)]
    await asyncio.sleep(0)
    tasks += [asyncio.create_task(turns.run("one", lambda: work("one")))]
    await asyncio.sleep(0)
    left = tasks[1]
    left.cancel()
    hold.set()
    done = await asyncio.gather(*tasks, return_exceptions=True)
    turns.close()
    assert sum(isinstance(each, Busy) for each in done) == 41
    assert order == ["many", "one", *["many"] * 7]


async def test_a_name_that_nobody_has_takes_its_turn_as_well(desk: DeskInside) -> None:
    """B09: and is answered alike."""
    assert await sign_in(desk, "nobody", "guess") == 401
    assert not staff.password_matches(None, "nobody has this password")
    own = (await desk.agent("lead")).form()
    assert await sign_in(desk, own["name"], "guess", own["code"]) == 401


async def test_a_code_for_a_copy_that_nobody_had_time_to_look_at_is_told_so_and_opens_it_later(
    desk: DeskInside, people: Iterator[Victim], monkeypatch: pytest.MonkeyPatch
) -> None:
    """B09: the page of a package says that it is busy, counts nothing, and takes the same code afterwards."""
    victim = next(people)

    async def full(self: OneThread, key: str, work: object) -> object:
        raise Busy

    async with desk.chat() as chat:
        ref = await proved(desk, chat, victim.email)
    await desk.approve(ref)
    await desk.forward("73h")
    await desk.until_status(ref, "answered")
    letter = (await desk.mail(victim.email, "/package/")).get_content()
    async with browser(desk, letter) as page:
        await page.want_code()
        code = await desk.code(victim.email, seen=1)
        with monkeypatch.context() as patch:
            patch.setattr(OneThread, "run", full)
            for _ in range(7):
                assert "Busy for a moment" in await page.enter(code)
        assert "/download" in await page.enter(code)
