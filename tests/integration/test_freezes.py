"""A use that is objected to rests until a person has weighed it: what is planned for that comes to pass, or a person is called."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest
import pytest_asyncio
from sqlmodel import col, select

from assistant.casework.decisions import closing
from assistant.casework.requests.queue import Principal, Role
from assistant.errors import Conflict
from assistant.services import Unit
from assistant.store.tables import Action
from tests.doubles.attacks import proved
from tests.doubles.desk_inside import DeskInside, desk_inside

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("freezes")]
PROFILING = "I object to the profiling of my personal data."
WITH_A_HOLD = '\n[verification]\nobjection = "T2"\n'


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskInside]:
    async with desk_inside(tmp_path_factory.mktemp("freezes"), WITH_A_HOLD) as opened:
        yield opened


@pytest.fixture(scope="module")
def profiled(desk: DeskInside) -> Iterator[tuple[int, str]]:
    return iter(
        desk.query(
            "SELECT c.id, c.email FROM clients c JOIN client_profiles p ON p.client_id = c.id"
            " WHERE p.profiling_opt_in = 1 AND c.id > 20 AND c.email LIKE '%@%'"
            " AND (SELECT count(*) FROM clients o WHERE lower(o.email) = lower(c.email)) = 1 ORDER BY c.id"
        )
    )


async def objected(desk: DeskInside, email: str) -> str:
    async with desk.chat() as chat:
        ref = await proved(desk, chat, email, PROFILING)
        await desk.idle()
    return ref


async def plans(desk: DeskInside, ref: str) -> list[str]:
    """Give how the plans of a request stand, oldest first."""
    own = select(Action.state).where(col(Action.ref) == ref).order_by(col(Action.created_at))
    return list(await desk.assembly.services.read(lambda unit: unit.session.exec(own).all()))


async def test_a_use_is_frozen_after_its_hold_although_more_is_found_by_then(
    desk: DeskInside, profiled: Iterator[tuple[int, str]]
) -> None:
    client, email = next(profiled)
    other, _ = next(profiled)
    ref = await objected(desk, email)
    assert await plans(desk, ref) == ["approved"]
    desk.change("UPDATE clients SET email = ? WHERE id = ?", email, other)
    await desk.forward("73h")
    for _ in range(3):
        await desk.idle()
    left = "SELECT count(*) FROM client_profiles WHERE profiling_opt_in = 1 AND client_id IN (?, ?)"
    shown = await desk.request(ref)
    assert (shown["status"], shown["attention"]) == ("open", "objection_to_weigh")
    assert desk.query(left, client, other) == [(0,)]
    assert await plans(desk, ref) == ["void", "done"]


async def test_where_nothing_is_left_to_freeze_after_a_hold_a_person_is_called(
    desk: DeskInside, profiled: Iterator[tuple[int, str]]
) -> None:
    client, email = next(profiled)
    ref = await objected(desk, email)
    desk.change("DELETE FROM client_profiles WHERE client_id = ?", client)
    await desk.forward("73h")
    for _ in range(3):
        await desk.idle()
    assert ((await desk.request(ref))["attention"], await plans(desk, ref)) == ("nothing_to_do", ["void"])


async def answered_by_hand(desk: DeskInside, ref: str) -> None:
    services, lead = desk.assembly.services, Principal("leonie", Role.LEAD)
    await services.write(lambda unit: closing.close(unit, ref, "We no longer use it so.", lead))


async def test_an_answer_by_hand_makes_a_freeze_void_that_waits(
    desk: DeskInside, profiled: Iterator[tuple[int, str]]
) -> None:
    client, email = next(profiled)
    ref = await objected(desk, email)
    await desk.assembly.services.write(lambda unit: set_begin(unit, ref, days=9))
    await desk.forward("73h")
    await answered_by_hand(desk, ref)
    await desk.forward("14d")
    for _ in range(3):
        await desk.idle()
    shown = await desk.request(ref)
    assert (shown["status"], shown["attention"], await plans(desk, ref)) == ("answered", None, ["void"])
    assert desk.query("SELECT profiling_opt_in FROM client_profiles WHERE client_id = ?", client) == [(1,)]


@pytest.mark.parametrize("state", ["executing", "stopping"])
async def test_nobody_answers_by_hand_while_a_freeze_is_under_way(
    desk: DeskInside, profiled: Iterator[tuple[int, str]], state: str
) -> None:
    _, email = next(profiled)
    ref = await objected(desk, email)
    await desk.assembly.services.write(lambda unit: set_begin(unit, ref, days=9, state=state))
    await desk.forward("73h")
    with pytest.raises(Conflict, match="being carried out"):
        await answered_by_hand(desk, ref)
    await desk.assembly.services.write(lambda unit: set_begin(unit, ref, days=0, state="void"))


def set_begin(unit: Unit, ref: str, *, days: int, state: str = "approved") -> None:
    """Have the plan of a request stand so and begin later."""
    action = unit.session.exec(select(Action).where(col(Action.ref) == ref)).one()
    later = unit.now + timedelta(days=days)
    action.state, action.not_before, action.lease_until = state, later, later
    unit.session.add(action)
