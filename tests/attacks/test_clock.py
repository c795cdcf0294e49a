"""The clock of the machine is put back by an hour in the middle of a case: nothing breaks, and nothing used counts again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest
import pytest_asyncio

from assistant.casework.talk.sign_ins import take_once
from assistant.domain.assurance import Method
from assistant.errors import NotVerified
from assistant.interfaces import SignedIn
from tests.doubles.attacks import Victim, until_code
from tests.doubles.desk_inside import DeskInside

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("attacks")]
BACK = timedelta(hours=1)


@pytest_asyncio.fixture(loop_scope="session")
async def steps_back(desk: DeskInside) -> AsyncIterator[None]:
    """Leave the clock where the other attacks expect it."""
    yield
    desk.clock._offset += BACK


async def test_a_case_goes_through_with_the_clock_put_back_in_its_middle(
    desk: DeskInside, people: Iterator[Victim], steps_back: None
) -> None:
    del steps_back
    victim = next(people)
    async with desk.chat() as chat:
        ref = await until_code(chat, victim.email)
        code = await desk.code(victim.email)
        desk.clock._offset -= BACK
        await chat.say(code)
        await chat.until(lambda m: ref in m["text"] and m["expects"] is None, "that it is confirmed")
        await chat.say("Thank you.")
    await desk.approve(ref)
    await desk.forward("73h")
    await desk.until_status(ref, "answered")
    assert await desk.mail(victim.email, "/package/")
    assert await desk.faults() == []


async def test_a_token_that_was_taken_and_ran_out_is_not_taken_again(
    desk: DeskInside, steps_back: None
) -> None:
    del steps_back
    services = desk.assembly.services
    who = SignedIn("C-1", "a@client.example", "put-back", None, desk.clock.now() + timedelta(minutes=5))
    await services.write(lambda unit: take_once(unit.session, Method.PAGE_TOKEN, who))
    await desk.forward("30m")
    await desk.assembly.sweeper.run("expire")
    desk.clock._offset -= BACK
    with pytest.raises(NotVerified):
        await services.write(lambda unit: take_once(unit.session, Method.PAGE_TOKEN, who))
