"""Whoever is told of an erasure is whom the person's rows show, with the number they know; what nobody recorded is asked."""

from __future__ import annotations

import tomllib
from collections.abc import AsyncIterator, Iterator
from importlib import resources
from typing import Any

import pytest
import pytest_asyncio

from assistant.config import Catalogue
from tests.doubles.attacks import Victim
from tests.doubles.desk_inside import DeskInside, desk_inside
from tests.doubles.journeys import prove_in_chat

pytestmark = pytest.mark.asyncio(loop_scope="module")
_SOURCE = """
[[sources]]
name = "court-files"
kind = "manual"
title = "Court files"
"title@fr" = "Dossiers judiciaires"
map = "court.toml"
"""
_MAP = """
title = "Letters to courts"
"title@fr" = "Courriers aux tribunaux"
category = "correspondence"
purpose = "support"
look_up = { en = "Look in the red binder.", fr = "Cherchez dans le classeur rouge." }

[[recipients]]
name = "authorities"
when = "unknown"
"""
_CATALOGUE = Catalogue.model_validate(
    tomllib.loads((resources.files("assistant.demo") / "catalogue.toml").read_text("utf-8"))
)
COLLECTOR = _CATALOGUE.recipients["debt_collection"]
REGISTRIES = [_CATALOGUE.recipients[name] for name in ("registry_fr", "registry_ee")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskInside]:
    folder = tmp_path_factory.mktemp("recipients")
    async with desk_inside(folder, _SOURCE, {"court.toml": _MAP}) as opened:
        yield opened


async def planned(desk: DeskInside, person: Victim) -> tuple[str, dict[str, Any]]:
    async with desk.chat("fr") as chat:
        await chat.say("Bonjour, veuillez effacer toutes mes données personnelles.")
        ref = (await chat.opened())["erasure"]
        await prove_in_chat(desk, chat, person.email, ref)
    return ref, await desk.plan(ref)


async def decided(desk: DeskInside, ref: str, *, went_there: bool) -> None:
    body = {"recipient": "authorities", "went_there": went_there}
    await desk.api("POST", f"/requests/{ref}/recipients", json=body)
    await desk.idle()


async def carried_out(desk: DeskInside, ref: str, *meanwhile: str) -> None:
    plan = await desk.approve(ref)
    for sql in meanwhile:
        desk.change(sql)
    await desk.forward("73h")
    await desk.idle()
    await desk.api("POST", f"/queue/{plan['id']}/by_hand", json={"source": "court-files", "rows": 1})
    await desk.until_status(ref, "answered")
    await desk.idle()


def notices(desk: DeskInside, address: str, ref: str) -> list[str]:
    return [
        str(m.get_content())
        for m in desk.mails(address)
        if f"erase the data of one person ({ref})" in str(m["subject"])
    ]


async def test_nothing_is_approved_before_an_agent_has_said_whether_it_went_there(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    ref, item = await planned(desk, next(people))
    assert item["undecided"] == ["authorities"]
    approval = {"plan_hash": item["plan_hash"]}
    status, problem = await desk.api_status("POST", f"/queue/{item['id']}/approve", json=approval)
    assert (status, "whether the data went there" in problem["title"]) == (409, True)

    await decided(desk, ref, went_there=True)
    again = await desk.plan(ref)
    assert again["undecided"] == []
    assert again["plan_hash"] != item["plan_hash"], "what was said is part of what is approved"
    assert "authorities" in again["recipients"]
    assert "hand_over_decided" in [entry["event"] for entry in await desk.events(ref)]
    status, _ = await desk.api_status(
        "POST", f"/requests/{ref}/recipients", json={"recipient": "accountant", "went_there": True}
    )
    assert status == 409, "of whom something is recorded nobody decides"
    await carried_out(desk, ref)
    (notice,) = [text for text in notices(desk, "support@", ref) if "Courts and authorities" in text]
    assert "Letters to courts" in notice


async def test_whom_an_agent_said_it_did_not_go_to_hears_nothing(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    ref, _ = await planned(desk, next(people))
    await decided(desk, ref, went_there=False)
    assert "authorities" not in (await desk.plan(ref))["recipients"]
    await carried_out(desk, ref)
    assert notices(desk, "support@", ref) == []


@pytest.mark.parametrize("handed_on", [None, "2026-03-01"])
async def test_a_debt_collector_is_told_only_of_an_invoice_that_was_handed_over(
    desk: DeskInside, people: Iterator[Victim], handed_on: str | None
) -> None:
    person = next(p for p in people if desk.query("SELECT 1 FROM invoices WHERE client_id = ?", p.id))
    desk.change("UPDATE invoices SET handed_to_collector_on = NULL WHERE client_id = ?", person.id)
    (number,) = desk.query(
        "SELECT number FROM invoices WHERE client_id = ? ORDER BY issued_on DESC", person.id
    )[0]
    desk.change("UPDATE invoices SET handed_to_collector_on = ? WHERE number = ?", handed_on, number)
    held = {row[0] for row in desk.query("SELECT registry FROM domains WHERE client_id = ?", person.id)}
    handles = desk.query("SELECT registrant_handle FROM domains WHERE client_id = ?", person.id)
    ref, _ = await planned(desk, person)
    await decided(desk, ref, went_there=False)
    await carried_out(desk, ref)

    letter = " ".join(str((await desk.mail(person.email, "Notre réponse")).get_content()).split())
    told = notices(desk, COLLECTOR.notify, ref)
    assert [number in text for text in told] == ([True] if handed_on else [])
    assert (f"- {COLLECTOR.name}" in letter) == bool(handed_on)
    for registry in REGISTRIES:
        texts = notices(desk, registry.notify, ref)
        assert (f"- {registry.name}" in letter) == bool(texts) == (registry.name.removesuffix(" SA") in held)
        assert all(any(handle in text for (handle,) in handles) for text in texts)
    everything = [str(mail.get_content()) for mail in desk.mails() if ref in str(mail["subject"])]
    to_others = [text for text in everything if "GDPR obliges us to tell you" in text]
    subscribed = [text for text in to_others if person.email in text and "newsletter" not in text.lower()]
    assert subscribed == [], "nobody gets an address that they did not have"


async def test_a_row_that_came_after_the_approval_is_told_by_its_own_number_too(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    has_server = "SELECT hostname, product_id FROM services WHERE client_id = ?"
    person = next(p for p in people if desk.query(has_server, p.id))
    (first, product) = desk.query(has_server, person.id)[0]
    ref, _ = await planned(desk, person)
    await decided(desk, ref, went_there=False)
    columns = "(client_id, product_id, hostname, status, started_on, ended_on)"
    row = f"({person.id}, {product}, 'late.kuusik-lierre.example', 'cancelled', '2026-01-01', '2026-02-01')"
    await carried_out(desk, ref, f"INSERT INTO services {columns} VALUES {row}")
    (notice,) = notices(desk, _CATALOGUE.recipients["datacentre"].notify, ref)
    assert first in notice
    assert "late.kuusik-lierre.example" in notice
