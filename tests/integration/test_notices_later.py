"""Whoever had rows of what is carried out later is told of those too, and of nothing twice (GDPR 19)."""

from __future__ import annotations

from pathlib import Path

from sqlmodel import col, select

from assistant.casework.answers.recipients import tell_recipients
from assistant.domain.plan import Identity, Located, Operation, Order, Plan, Step, TableEffect
from assistant.domain.recipients import HandOver
from assistant.domain.rights import Right
from assistant.services import Unit
from assistant.store.tables import Outbox, PrivacyRequest
from tests.doubles.chat_desk import START
from tests.doubles.console_app import ConsoleSite, console_site


def _step(source: str) -> Step:
    went = (HandOver("carrier", (("client_id", "K-7"),)),)
    effect = TableEffect("parcels", "services", 2, deletes=True, handed_over=went)
    return Step(source, Operation.ERASE, (effect,))


async def test_the_rest_that_is_erased_later_is_told_to_a_recipient_who_was_told_of_the_first_part(
    tmp_path: Path, prepared: ConsoleSite
) -> None:
    located = tuple(Located(name, Identity(), (), ()) for name in ("north", "south"))
    plan = Plan(
        Right.ERASURE, located, Order(Operation.ERASE, START.date()), (_step("north"), _step("south"))
    )
    async with console_site(tmp_path, prepared) as site:

        def tell(unit: Unit, failed: frozenset[str]) -> int:
            request = unit.session.get_one(PrivacyRequest, site.refs["erasure"])
            tell_recipients(unit, request, plan, failed=failed)
            keys = unit.session.exec(select(Outbox.key).where(col(Outbox.key).startswith("recipient:")))
            return len(keys.all())

        assert await site.services.write(lambda unit: tell(unit, frozenset({"south"}))) == 1
        assert await site.services.write(lambda unit: tell(unit, frozenset({"south"}))) == 1, (
            "once for the same rows"
        )
        assert await site.services.write(lambda unit: tell(unit, frozenset())) == 2
