"""Long work shows how far it is, can be stopped, and goes on; a copy or a step is whole or not there at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from tests.doubles import visits
from tests.doubles.attacks import Victim
from tests.doubles.desk_inside import DeskInside, desk_inside
from tests.doubles.desk_process import eventually
from tests.doubles.journeys import prove_in_chat, scheduled
from tests.doubles.package_browser import Package, browser

pytestmark = pytest.mark.asyncio(loop_scope="module")
ROWS = 60_000
MANY = 300_000  # so many that nobody is too late to stop their erasure


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskInside]:
    folder = tmp_path_factory.mktemp("progress")
    async with desk_inside(folder, visits.lay(folder)) as opened:
        yield opened


def visiting(desk: DeskInside, victim: Victim, rows: int) -> Victim:
    visits.fill(desk.config.parent, victim.email, rows)
    return victim


def left(desk: DeskInside) -> int:
    return visits.left(desk.config.parent)


async def under_way(desk: DeskInside, plan: dict[str, Any]) -> dict[str, Any]:
    """Wait until some rows are done and not all."""

    async def look() -> dict[str, Any] | None:
        item: dict[str, Any] = await desk.api("GET", f"/queue/{plan['id']}")
        return item if 0 < item["rows_done"] < item["rows_to_do"] else None

    return await eventually(look, "a number of rows between none and all")


async def in_state(desk: DeskInside, plan: dict[str, Any], state: str) -> None:
    async def look() -> bool:
        return bool((await desk.api("GET", f"/queue/{plan['id']}"))["state"] == state)

    await eventually(look, f"the plan to be {state}")


def slowly(export: Any) -> Any:
    """Make a source that needs a tenth of a second for each batch, so that nobody has to be quick to stop it."""

    async def paced(rows: Any) -> AsyncIterator[Any]:
        async for batch in rows:
            await asyncio.sleep(0.1)
            yield batch

    async def slow(located: Any, **options: Any) -> AsyncIterator[Any]:
        async for table in export(located, **options):
            yield replace(table, rows=paced(table.rows))

    return slow


async def test_a_long_copy_shows_its_rows_is_stopped_and_goes_on_to_the_whole(
    desk: DeskInside, people: Iterator[Victim], monkeypatch: pytest.MonkeyPatch
) -> None:
    person = visiting(desk, next(people), ROWS)
    source = next(source for source in desk.assembly.services.sources if source.name == "visits")
    monkeypatch.setattr(source, "export", slowly(source.export))
    ref, plan = await scheduled(desk, "Please send me a copy of all my data.", "access", person.email)
    item = await under_way(desk, plan)
    assert item["rows_to_do"] > ROWS
    shown = (await asyncio.to_thread(desk.command, "queue", "show", plan["id"], "--json")).stdout.decode()
    assert '"rows_done": ' in shown
    await desk.api("POST", f"/queue/{plan['id']}/stop", json={})
    await in_state(desk, plan, "stopped")
    packages = desk.config.parent / "data" / "packages"
    assert not [file for file in packages.rglob("*") if file.is_file()], "no half copy stays behind"
    assert (await desk.request(ref))["attention"] == "stopped"
    await desk.idle()
    assert (await desk.request(ref))["status"] == "executing", "nothing goes on by itself"

    monkeypatch.undo()
    await desk.api("POST", f"/queue/{plan['id']}/go_on", json={})
    await desk.until_status(ref, "answered")
    letter = str((await desk.mail(person.email, "The copy of your data is ready")).get_content())
    async with browser(desk, letter, "en") as fetching:
        await fetching.want_code()
        await fetching.enter(await desk.code(person.email, seen=1))
        _, raw, _ = await fetching.download()
    assert Package.read(raw).counts("visits") == {"visits": ROWS}


async def test_a_long_erasure_that_is_stopped_leaves_its_database_as_it_was_and_goes_on(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    person = visiting(desk, next(people), MANY)
    ref, plan = await scheduled(desk, "Please delete all my data.", "erasure", person.email)
    await in_state(desk, plan, "executing")
    await desk.api("POST", f"/queue/{plan['id']}/stop", json={})
    await in_state(desk, plan, "stopped")
    assert left(desk) in {0, MANY}, "all or nothing"
    await desk.api("POST", f"/queue/{plan['id']}/go_on", json={})
    await desk.until_status(ref, "answered")
    assert left(desk) == 0
    assert desk.query("SELECT count(*) FROM clients WHERE lower(email) = lower(?)", person.email) == [(0,)]


async def test_what_was_to_stop_when_its_process_died_is_stopped_and_can_go_on(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    person = visiting(desk, next(people), ROWS)
    async with desk.chat("en") as chat:
        await chat.say("Please delete all my data.")
        ref = (await chat.opened())["erasure"]
        await prove_in_chat(desk, chat, person.email, ref)
    plan = await desk.approve(ref)
    await desk.tamper(
        "UPDATE action SET state = 'stopping', lease_until = NULL WHERE id = :id", id=plan["id"]
    )
    await desk.tamper("UPDATE request SET status = 'executing' WHERE ref = :ref", ref=ref)
    await desk.idle()
    assert (await desk.api("GET", f"/queue/{plan['id']}"))["state"] == "stopped"
    assert (await desk.request(ref))["attention"] == "stopped"
    await desk.api("POST", f"/queue/{plan['id']}/go_on", json={})
    await desk.until_status(ref, "answered")
    assert left(desk) == 0
