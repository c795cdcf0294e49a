"""An erasure that stands still is asked about again once its person is proved: nothing else would ever ask."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from assistant.casework.proof import attaching
from assistant.casework.talk import after_proof
from assistant.casework.talk.turn import Turn
from assistant.domain.assurance import Method
from assistant.services import Unit
from assistant.store.tables import Conversation
from intents import Reader
from tests.doubles.console_app import ConsoleSite, console_site
from tests.integration.test_after_going_on import Thread
from tests.integration.test_sparing import DONT, ERASE, MARI, Talk


@pytest.fixture
async def talk(tmp_path: Path, prepared: ConsoleSite, reader: Reader) -> AsyncIterator[Talk]:
    async with console_site(tmp_path, prepared) as site:
        yield Talk(site, reader)


async def test_a_paused_erasure_is_asked_about_again_after_the_proof_and_not_called_confirmed(
    talk: Talk,
) -> None:
    thread = Thread(talk, "paused", "en")
    await thread.write(ERASE["en"])
    await thread.write(DONT["en"])
    await thread.write(MARI)
    assert (await thread.conversation()).state["question"] != "dont_asked"
    ident, ref = (await thread.conversation()).id, (await thread.requests())["erasure"].ref
    before = len(await thread.said())

    def proved(unit: Unit) -> None:
        evidence = attaching.give_evidence(
            unit,
            method=Method.EMAIL_CODE,
            contact=MARI,
            conversation_id=ident,
            references=[ref],
            on_file=True,
        )
        turn = Turn.quiet(unit, unit.session.get_one(Conversation, ident))
        turn.rest()
        turn.buttons_are_gone = True
        after_proof.proved(turn, evidence, "claimed")
        turn.store_state()

    await talk.site.services.write(proved)
    said = (await thread.said())[before:]
    assert (await thread.conversation()).state["question"] == "dont_asked"
    assert not any("you are confirmed" in each for each in said), said
