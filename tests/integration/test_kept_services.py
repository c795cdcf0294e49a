"""Keep my services, from the button in the chat to the letter: what runs goes on running, and nobody is told to erase it."""

from __future__ import annotations

import tomllib
from collections.abc import AsyncIterator
from importlib import resources

import pytest
import pytest_asyncio

from assistant.casework.agents import talking
from assistant.casework.requests.queue import Principal, Role
from assistant.config import Catalogue
from assistant.demo.people import CUSTOMER
from assistant.domain.presses import unmarked
from tests.doubles.desk_inside import DeskInside, desk_inside
from tests.doubles.journeys import prove_in_chat

pytestmark = pytest.mark.asyncio(loop_scope="module")
DATA_CENTRE = (
    Catalogue.model_validate(
        tomllib.loads((resources.files("assistant.demo") / "catalogue.toml").read_text("utf-8"))
    )
    .recipients["datacentre"]
    .notify
)
_SERVERS = "SELECT hostname FROM services WHERE client_id = 1 AND status"
_ADDRESSES = "SELECT ip FROM ip_assignments i JOIN services s ON s.id = i.service_id WHERE s.client_id = 1"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskInside]:
    async with desk_inside(tmp_path_factory.mktemp("kept-services")) as opened:
        yield opened


async def test_services_that_are_kept_go_on_and_the_letter_says_what_stays_for_them(desk: DeskInside) -> None:
    running = [row[0] for row in desk.query(f"{_SERVERS} = 'active'")]
    ended = [row[0] for row in desk.query(f"{_SERVERS} <> 'active'")]
    addresses = set(desk.query(f"{_ADDRESSES} AND s.status = 'active'"))
    async with desk.chat("fr") as chat:
        await chat.say("Bonjour, veuillez effacer toutes mes données personnelles.")
        ref = (await chat.opened())["erasure"]
        await prove_in_chat(desk, chat, CUSTOMER.email, ref)
        item = await desk.plan(ref)
        services, lead = desk.assembly.services, Principal("leonie", Role.LEAD)
        await services.write(lambda unit: talking.ask_about_services(unit, item["id"], lead))
        await chat.until(
            lambda m: any(unmarked(c["value"])[0] == "services:keep" for c in m.get("choices", []))
        )
        await chat.choose("services:keep")
        await desk.idle()
        plan = await desk.approve(ref)
        await desk.forward("73h")
        await desk.until_status(ref, "answered")

    assert "payment_methods" not in {step["table"] for step in plan["steps"]}
    assert [row[0] for row in desk.query(f"{_SERVERS} = 'active'")] == running
    assert desk.query(f"{_SERVERS} <> 'active'") == []
    assert set(desk.query(_ADDRESSES)) == addresses
    notice = str((await desk.mail(DATA_CENTRE, ref)).get_content())
    assert all(name in notice for name in ended)
    assert not [name for name in running if name in notice]
    assert not [ip for (ip,) in addresses if ip in notice]

    letter = " ".join(str((await desk.mail(CUSTOMER.email, "Notre réponse")).get_content()).split())
    assert "un service que vous gardez ne peut pas fonctionner sans elles" in letter
    assert "loi estonienne sur la comptabilité" in letter
    assert "Accounting" not in letter
    columns = {
        c
        for t in ("clients", "orders", "services", "invoices")
        for c in desk.query(f"PRAGMA table_info('{t}')")
    }
    assert not [name for _, name, *_ in columns if "_" in name and name in letter]
