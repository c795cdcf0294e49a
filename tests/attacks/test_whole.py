"""What must hold over everything that the attacks before left behind; runs last."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.doubles.attacks import Victim, ask, texts, until_code
from tests.doubles.desk_inside import DeskInside

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("attacks")]


async def test_no_mail_before_the_proof_names_anything_but_the_case(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """A56: over everything that was sent here, codes, links and notices hold reference, channel and time only."""
    victim = next(people)
    async with desk.chat() as chat:
        await until_code(chat, victim.email)
        await desk.code(victim.email)
    everybody = desk.query("SELECT email, last_name, client_no FROM clients WHERE email LIKE '%@%'")
    names = {email.lower(): (name, number) for email, name, number in everybody}
    looked = 0
    for mail in (each for each in desk.mails() if not each["resent-to"]):
        shown = texts(mail)
        is_notice = "/verify/stop/" in shown or re.search(r"^\s*\d{8}\s*$", shown, re.MULTILINE)
        if is_notice and (held := names.get(str(mail["to"]).lower())):
            looked += 1
            assert not [value for value in held if value and re.search(rf"\b{re.escape(value)}\b", shown)]
    assert looked


async def test_after_all_attacks_the_audit_is_whole_and_an_edit_is_found(desk: DeskInside) -> None:
    """A55: every entry of every attack above verifies; one changed word does not."""
    async with desk.chat() as chat:
        ref = await ask(chat)
    assert await desk.faults() == []
    entry = "WHERE chain = :chain AND ordinal = 1"
    await desk.tamper(f"UPDATE audit SET actor = actor || ', nobody' {entry}", chain=ref)
    assert {fault.chain for fault in await desk.faults()} == {ref}
    await desk.tamper(f"UPDATE audit SET actor = replace(actor, ', nobody', '') {entry}", chain=ref)
    assert await desk.faults() == []
