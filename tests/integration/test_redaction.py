"""Others in the free text of a copy: shown to an agent side by side, left out as decided, never in silence, then forgotten."""

from __future__ import annotations

import io
import zipfile
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio
from sqlmodel import col, select

from assistant.casework.answers import redaction
from assistant.casework.decisions import approval
from assistant.casework.requests.queue import Principal, Role
from assistant.errors import Conflict, Invalid
from assistant.services import Unit
from assistant.store.tables import Action
from tests.doubles.attacks import Victim
from tests.doubles.desk_inside import DeskInside, desk_inside
from tests.doubles.journeys import prove_in_chat
from tests.doubles.package_browser import Package, browser

pytestmark = pytest.mark.asyncio(loop_scope="module")
AGENT = Principal("Tiina", Role.AGENT)
NOTE = (
    "Spoke with Jean Dupuis-Lahaye (jean@lahaye.example, +33 6 99 88 77 66) who pays for her."
    " Wants the Premium Plan. Her neighbour Zita Kovalenko agrees."
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskInside]:
    async with desk_inside(tmp_path_factory.mktemp("redaction")) as opened:
        yield opened


@pytest.fixture
def person(desk: DeskInside, people: Iterator[Victim]) -> Victim:
    victim = next(people)
    desk.change("UPDATE clients SET notes = ? WHERE id = ?", NOTE, victim.id)
    return victim


async def planned(desk: DeskInside, email: str, language: str = "en") -> tuple[str, dict[str, Any]]:
    sentence = {
        "en": "Please send me a copy of all my data.",
        "fr": "Je voudrais une copie de toutes mes données.",
    }
    async with desk.chat(language) as chat:
        await chat.say(sentence[language])
        ref = (await chat.opened())["access"]
        await prove_in_chat(desk, chat, email, ref)
    return ref, await desk.plan(ref)


async def mentions(desk: DeskInside, plan: dict[str, Any]) -> list[redaction.Mention]:
    services = desk.assembly.services

    def read(unit: Unit) -> list[redaction.Mention]:
        return list(redaction.mentions_of(services, unit.session.get_one(Action, plan["id"])))

    return await services.read(read)


async def act(desk: DeskInside, verb: Any, *arguments: Any) -> Any:
    services = desk.assembly.services
    return await services.write(lambda unit: verb(unit, *arguments))


async def copy_of(desk: DeskInside, ref: str, email: str, ready: str, language: str) -> Package:
    await desk.forward("73h")
    await desk.until_status(ref, "answered")
    letter = str((await desk.mail(email, ready)).get_content())
    async with browser(desk, letter, language) as fetching:
        await fetching.want_code()
        await fetching.enter(await desk.code(email, seen=1))
        _, raw, _ = await fetching.download()
    assert zipfile.ZipFile(io.BytesIO(raw)).testzip() is None
    return Package.read(raw)


async def test_what_an_agent_does_not_tick_is_left_out_and_the_copy_says_so(
    desk: DeskInside, person: Victim
) -> None:
    ref, plan = await planned(desk, person.email)
    hers = [each for each in await mentions(desk, plan) if each.table == "clients"]
    assert {(each.kind, each.words) for each in hers} == {
        ("name", "Jean Dupuis-Lahaye"),
        ("email", "jean@lahaye.example"),
        ("phone", "+33 6 99 88 77 66"),
        ("name", "Zita Kovalenko"),
    }
    assert all(each.words in each.excerpts[0] for each in hers)
    for got in redaction.as_got(hers):
        assert not any(each.words in excerpt for each in hers for excerpt in got), "also not beside another's"
    stored = await desk.assembly.services.read(lambda unit: unit.session.get_one(Action, plan["id"]))
    assert "lahaye" not in f"{stored.mentions} {stored.plan}".lower(), "sealed, and no part of the plan"

    everything = await mentions(desk, plan)
    stays = next(n for n, each in enumerate(everything) if each.words == "Zita Kovalenko")
    with pytest.raises(Invalid):
        await act(desk, redaction.decide, plan["id"], [len(everything)], AGENT)
    await act(desk, redaction.decide, plan["id"], [stays], AGENT)
    await desk.approve(ref)
    with pytest.raises(Conflict):
        await act(desk, redaction.decide, plan["id"], [], AGENT)

    package = await copy_of(desk, ref, person.email, "The copy of your data is ready", "en")
    (table,) = [t for t in package.manifest["tables"] if t["table"] == "clients"]
    (row,) = [row for row in package.records(table) if row["notes"]]
    assert row["notes"] == (
        "Spoke with [redacted] ([redacted], [redacted]) who pays for her."
        " Wants the Premium Plan. Her neighbour Zita Kovalenko agrees."
    )
    (told,) = [
        line for line in package.manifest["withheld"] if line.startswith("Names, addresses and numbers")
    ]
    assert "Client account" in told
    assert "15(4)" in told
    files = b" ".join(package.files.values()).lower()
    for words in (b"lahaye", b"99 88 77 66"):
        assert words not in files
    after = await desk.assembly.services.read(lambda unit: unit.session.get_one(Action, plan["id"]))
    assert after.mentions is None, "what was found is forgotten with the copy"
    events = [event["event"] for event in await desk.events(ref)]
    assert {"mentions_found", "mentions_decided"} <= set(events)


async def test_what_nobody_decided_is_left_out(desk: DeskInside, person: Victim) -> None:
    ref, _ = await planned(desk, person.email, "fr")
    await desk.approve(ref)
    package = await copy_of(desk, ref, person.email, "La copie de vos données est prête", "fr")
    assert b"Kovalenko" not in b" ".join(package.files.values())
    assert any(
        line.startswith("Noms, adresses et numéros") and "Compte client" in line
        for line in package.manifest["withheld"]
    )


async def test_a_plan_that_is_rejected_forgets_what_was_found(desk: DeskInside, person: Victim) -> None:
    _, plan = await planned(desk, person.email)
    assert await mentions(desk, plan)

    await act(desk, approval.reject, plan["id"], "Not yet.", AGENT)
    assert await mentions(desk, plan) == []
    query = select(Action.id).where(col(Action.state) == "rejected", col(Action.mentions).is_not(None))
    left = await desk.assembly.services.read(lambda unit: unit.session.exec(query).all())
    assert list(left) == []
