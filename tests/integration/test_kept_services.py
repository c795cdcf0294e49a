"""Keep my services, from the button in the chat to the letter: what runs goes on running, and nobody is told to erase it."""

from __future__ import annotations

import tomllib
from collections.abc import AsyncIterator, Callable, Mapping
from importlib import resources
from typing import Any

import pytest
import pytest_asyncio

from assistant.casework.agents import talking
from assistant.casework.decisions import closing
from assistant.casework.plans import planning
from assistant.casework.requests import queue
from assistant.casework.requests.queue import Principal, Role
from assistant.config import Catalogue
from assistant.demo.people import CUSTOMER
from assistant.domain.plan import Identity, Plan
from assistant.domain.presses import unmarked
from assistant.interfaces import Handler
from assistant.services import Services, Unit
from assistant.store.tables import EvidenceRow, PrivacyRequest
from tests.doubles.attacks import ERASURE, proved
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
LEAD = Principal("leonie", Role.LEAD)
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


def keep(unit: Unit, ref: str) -> None:
    closing.set_keep_services(unit, unit.session.get_one(PrivacyRequest, ref), keep=True)


def leave_out(unit: Unit, ref: str) -> None:
    queue.choose_accounts(unit, ref, ["0"], LEAD)


def decide_who(unit: Unit, ref: str) -> None:
    request = unit.session.get_one(PrivacyRequest, ref)
    evidence = unit.session.get_one(EvidenceRow, request.evidence_id)
    other = evidence.model_dump() | {"id": f"{evidence.id}-again"}
    unit.session.add(EvidenceRow(**other))
    request.evidence_id = other["id"]
    unit.session.add(request)


@pytest.mark.parametrize("decide", [keep, leave_out, decide_who])
async def test_what_is_decided_while_a_plan_is_made_is_planned_and_not_lost(
    desk: DeskInside, monkeypatch: pytest.MonkeyPatch, decide: Callable[[Unit, str], None]
) -> None:
    services = desk.assembly.services
    client = next(
        email
        for (email,) in desk.query(
            "SELECT c.email FROM clients c JOIN services s ON s.client_id = c.id AND s.status = 'active'"
            " WHERE c.id > 20 AND c.email LIKE '%@%'"
            " AND (SELECT count(*) FROM clients o WHERE lower(o.email) = lower(c.email)) = 1 ORDER BY c.id"
        )
        if not desk.mails(email)
    )
    async with desk.chat() as chat:
        ref = await proved(desk, chat, client, ERASURE)
        await desk.plan(ref)
    real, made = planning.propose, list[Mapping[str, Any]]()

    async def slow(services: Services, handler: Handler, identity: Identity, details: Any) -> Plan:
        plan = await real(services, handler, identity, details)
        made.append(details)
        if len(made) == 1:
            await services.write(lambda unit: decide(unit, ref))
        return plan

    monkeypatch.setattr(planning, "propose", slow)
    await services.write(lambda unit: queue.plan_again(unit, ref, LEAD))
    await desk.idle()
    await desk.forward("3m")
    await desk.idle()
    assert len(made) == 2, "planned again with what was decided"
    request = await services.read(lambda unit: unit.session.get_one(PrivacyRequest, ref))
    assert (request.to_plan_at, request.details) == (None, made[-1])
