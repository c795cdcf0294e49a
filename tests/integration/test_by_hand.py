"""What has no interface: an agent is asked, reminded, answers in a form, and the rest neither waits nor forgets."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.doubles import visits
from tests.doubles.attacks import Victim
from tests.doubles.desk_inside import DeskInside, desk_inside
from tests.doubles.journeys import scheduled
from tests.doubles.package_browser import Package, browser

pytestmark = pytest.mark.asyncio(loop_scope="module")
_SOURCE = """
[[sources]]
name = "paper-archive"
kind = "manual"
title = "The paper archive"
map = "paper.toml"
"""
_MAP = """
category = "correspondence"
purpose = "support"
recipients = ["accountant"]
look_up = { en = "Look for letters in the green binders.", fr = "Cherchez les lettres dans les classeurs verts." }
remind_days = 5
rectifiable = ["address"]
stop = ["marketing"]
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskInside]:
    folder = tmp_path_factory.mktemp("by-hand")
    async with desk_inside(folder, _SOURCE, {"paper.toml": _MAP}) as opened:
        yield opened


async def asked(desk: DeskInside, sentence: str, right: str, email: str) -> tuple[str, dict[str, Any]]:
    ref, plan = await scheduled(desk, sentence, right, email)
    await desk.idle()
    return ref, plan


async def answered(desk: DeskInside, plan: dict[str, Any], **said: Any) -> dict[str, Any]:
    body = {"source": "paper-archive", **said}
    item: dict[str, Any] = await desk.api("POST", f"/queue/{plan['id']}/by_hand", json=body)
    await desk.idle()
    return item


def tasks(desk: DeskInside, ref: str) -> list[str]:
    return [
        str(m.get_content()) for m in desk.mails() if "by hand" in str(m["subject"]) and ref in m["subject"]
    ]


async def test_a_copy_waits_for_what_an_agent_finds_and_holds_it(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    person = next(people)
    ref, plan = await asked(desk, "Please send me a copy of all my data.", "access", person.email)
    waiting = await desk.api("GET", f"/queue/{plan['id']}")
    assert (waiting["state"], waiting["waits_for"]) == ("executing", ["paper-archive"])
    assert (await desk.request(ref))["status"] == "executing"
    first = tasks(desk, ref)
    assert first
    assert all("green binders" in text and person.email not in text for text in first)

    await desk.forward("4d")
    await desk.idle()
    assert len(tasks(desk, ref)) == len(first), "nobody is reminded before the time"
    await desk.forward("2d")
    await desk.idle()
    assert len(tasks(desk, ref)) == 2 * len(first), "nothing is forgotten because it has no interface"

    letters = ["Letter of 3 May 2024 about an invoice", 'Letter of 9 July 2025, =HYPERLINK("http://x")']
    await answered(desk, plan, found=letters)
    await desk.until_status(ref, "answered")
    letter = str((await desk.mail(person.email, "The copy of your data is ready")).get_content())
    async with browser(desk, letter, "en") as fetching:
        await fetching.want_code()
        await fetching.enter(await desk.code(person.email, seen=1))
        _, raw, _ = await fetching.download()
    package = Package.read(raw)
    assert package.counts("paper-archive") == {"records": 2}
    (table,) = [t for t in package.manifest["tables"] if t["source"] == "paper-archive"]
    assert [row["record"] for row in package.records(table)] == letters
    assert "The paper archive" in package.index
    assert "Letter of 3 May 2024" in package.index
    status, _ = await desk.api_status(
        "POST", f"/queue/{plan['id']}/by_hand", json={"source": "paper-archive", "found": ["again"]}
    )
    assert status == 409


async def test_an_erasure_goes_on_elsewhere_and_its_answer_says_what_stays_on_paper(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    person = next(people)
    ref, plan = await asked(desk, "Please delete all my data.", "erasure", person.email)
    held = desk.query("SELECT count(*) FROM clients WHERE lower(email) = lower(?)", person.email)
    assert held == [(0,)], "what needs no hand is done at once"
    assert (await desk.request(ref))["status"] == "executing"
    status, problem = await desk.api_status(
        "POST", f"/queue/{plan['id']}/by_hand", json={"source": "paper-archive", "rows": 3, "left": 1}
    )
    assert (status, "Say why" in str(problem)) == (422, True)
    demand = {"source": "paper-archive", "left": 1, "why": "Please send us a copy of your passport first."}
    status, problem = await desk.api_status("POST", f"/queue/{plan['id']}/by_hand", json=demand)
    assert (status, problem["code"]) == (422, "not_to_be_sent"), "these words go into the letter"
    await answered(desk, plan, rows=3, left=1, why="One letter is needed for a claim in court.")
    assert (await desk.request(ref))["status"] == "partly_answered"
    told = str((await desk.mail(person.email, "One letter is needed for a claim in court.")).get_content())
    assert "The paper archive" in told


async def test_a_letter_counts_what_was_erased_by_hand_and_whoever_received_it_is_told(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    person = next(people)
    ref, plan = await asked(desk, "Please delete all my data.", "erasure", person.email)
    await answered(desk, plan, rows=7)
    assert (await desk.request(ref))["status"] == "answered"
    told = str((await desk.mail(person.email, "Our answer to your request for erasure")).get_content())
    counted = re.search(r"notes and recordings of calls \((\d+).records\)", told)
    assert counted is not None
    assert int(counted[1]) >= 7, "with whatever else of that kind was held"
    # By what number the accountant knows somebody stands on no paper, so people find out and pass the notice on.
    notice = (
        await desk.mail("support@kuusik-lierre.example", f"erase the data of one person ({ref})")
    ).get_content()
    assert "this person is known to Arvepesa Raamatupidamine OÜ" in " ".join(notice.split())
    assert person.email not in notice


async def test_somebody_whom_no_system_knows_is_told_so_once_an_agent_has_looked(desk: DeskInside) -> None:
    email = "nobody.at.all@mail.example"
    ref, plan = await asked(desk, "Please send me a copy of all my data.", "access", email)
    await answered(desk, plan, found=[])
    await desk.until_status(ref, "answered")
    assert ref in (await desk.mail(email, "nothing")).get_content()


async def test_what_waits_for_a_hand_can_be_stopped_and_goes_on(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    person = next(people)
    ref, plan = await asked(desk, "Please send me a copy of all my data.", "access", person.email)
    stopped = await desk.api("POST", f"/queue/{plan['id']}/stop", json={})
    assert stopped["state"] == "stopped"
    assert (await desk.request(ref))["attention"] == "stopped"
    await answered(desk, plan, found=["A letter"])
    assert (await desk.request(ref))["status"] == "executing"
    await desk.api("POST", f"/queue/{plan['id']}/go_on", json={})
    await desk.idle()
    await desk.until_status(ref, "answered")
    status, _ = await desk.api_status("POST", f"/queue/{plan['id']}/stop", json={})
    assert status == 409


async def test_a_stop_pressed_after_an_agent_answered_beside_a_long_step_stops_that_step(
    tmp_path: Path, people: Iterator[Victim], monkeypatch: pytest.MonkeyPatch
) -> None:
    person, began = next(people), asyncio.Event()
    sources = _SOURCE + visits.lay(tmp_path)
    visits.fill(tmp_path, person.email, 1)
    async with desk_inside(tmp_path, sources, {"paper.toml": _MAP}) as desk:
        source = next(source for source in desk.assembly.services.sources if source.name == "visits")
        carry_out = source.carry_out

        async def slowly(step: Any, located: Any, order: Any, progress: Any) -> Any:
            began.set()
            for _ in range(200):
                await asyncio.sleep(0.05)
                progress(0, 1)
            return await carry_out(step, located, order, progress)

        monkeypatch.setattr(source, "carry_out", slowly)
        ref, plan = await scheduled(desk, "Please delete all my data.", "erasure", person.email)
        await asyncio.wait_for(began.wait(), 30)
        body = {"source": "paper-archive", "rows": 1}
        await desk.api("POST", f"/queue/{plan['id']}/by_hand", json=body)
        stopped = await desk.api("POST", f"/queue/{plan['id']}/stop", json={})
        assert stopped["state"] == "stopping", "a step is under way, and nothing else is said"
        await desk.idle()
        assert visits.left(tmp_path) == 1
        assert (await desk.api("GET", f"/queue/{plan['id']}"))["state"] == "stopped"
        assert (await desk.request(ref))["attention"] == "stopped"
