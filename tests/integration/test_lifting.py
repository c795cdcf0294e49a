"""What becomes of a restriction once it was carried out: announced, kept after all, or changed in between."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from assistant.casework.decisions import approval, lifting
from assistant.casework.requests import queue
from assistant.casework.requests.queue import Principal, Role
from assistant.errors import AssistantError, Conflict
from assistant.store.tables import Action
from tests.doubles.attacks import victims
from tests.doubles.desk_inside import DeskInside, desk_inside
from tests.doubles.journeys import prove_in_chat

pytestmark = pytest.mark.asyncio(loop_scope="module")
AGENT = Principal("Tiina", Role.AGENT)
REASON = "Your contact details are checked now."
SENTENCE = "Please restrict the use of my personal data: keep it, but do not use it while you check whether it is accurate."


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskInside]:
    async with desk_inside(tmp_path_factory.mktemp("lifting")) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def restricted(desk: DeskInside) -> tuple[str, str]:
    """A client whose data are restricted: their address, and the request."""
    email = next(victims(desk)).email
    async with desk.chat("en") as chat:
        await chat.say(SENTENCE)
        ref = (await chat.opened())["restriction"]
        await prove_in_chat(desk, chat, email, ref)
    await desk.approve(ref)
    await desk.until_status(ref, "answered")
    await desk.idle()  # its answer has been sent
    return email, ref


async def act(desk: DeskInside, verb: Any, *arguments: Any) -> Any:
    services = desk.assembly.services
    return await services.write(lambda unit: verb(unit, *arguments))


async def announced(desk: DeskInside, ref: str) -> Action:
    """Have the lifting planned, approved and announced."""
    await act(desk, lifting.lift, ref, REASON, AGENT)
    plan = await desk.plan(ref)
    approved: Action = await act(desk, approval.approve, plan["id"], plan["plan_hash"], AGENT)
    return approved


async def test_an_announced_end_that_is_undone_is_taken_back_in_writing(
    desk: DeskInside, restricted: tuple[str, str]
) -> None:
    email, ref = restricted
    before = desk.dump()
    action = await announced(desk, ref)
    assert REASON in (await desk.mail(email, "We will lift")).get_content()
    await desk.idle()  # or nothing would have had the time to begin too early
    await act(desk, approval.undo, action.id, AGENT)
    assert ref in (await desk.mail(email, "stays as it is")).get_content()
    await desk.forward("8d")
    await desk.idle()
    assert desk.dump() == before
    assert (await desk.request(ref))["status"] == "answered"


async def test_a_rejected_plan_leaves_the_restriction_and_tells_nobody(
    desk: DeskInside, restricted: tuple[str, str]
) -> None:
    email, ref = restricted
    sent = len(desk.mails(email))
    await act(desk, lifting.lift, ref, REASON, AGENT)
    plan = await desk.plan(ref)
    await act(desk, approval.reject, plan["id"], "The check goes on.", AGENT)
    await desk.idle()
    assert len(desk.mails(email)) == sent
    assert (await desk.request(ref))["status"] == "answered"


async def test_an_end_that_no_longer_fits_what_is_there_waits_for_a_new_approval(
    desk: DeskInside, restricted: tuple[str, str]
) -> None:
    email, ref = restricted
    first = await announced(desk, ref)
    desk.change("UPDATE clients SET restricted = 0 WHERE lower(email) = lower(?)", email)
    await desk.forward("8d")
    await desk.idle()
    again = await desk.plan(ref)
    assert again["id"] != first.id
    assert again["plan_hash"] != first.plan_hash
    assert (await desk.request(ref))["attention"] == "plan_changed"


async def test_only_a_restriction_that_was_carried_out_can_be_lifted(desk: DeskInside) -> None:
    async with desk.chat("en") as chat:
        await chat.say(SENTENCE)
        ref = (await chat.opened())["restriction"]
    with pytest.raises(Conflict, match="carried out"):
        await act(desk, lifting.lift, ref, REASON, AGENT)
    with pytest.raises(AssistantError):
        await act(desk, queue.plan_again, ref, AGENT)
