"""A code that was typed while its check could not be made is checked later, and counts as it would have then."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from assistant.casework.proof import checking
from assistant.conversation.desk import TalkingDesk
from assistant.domain.addresses import normal_address
from assistant.domain.lifecycle import Status
from assistant.errors import StoreUnavailable
from assistant.store import queries
from assistant.store.tables import Message, PrivacyRequest, Tally
from intents import Reader
from tests.doubles.desk_inside import desk_inside
from tests.doubles.posting_desk import PostingDesk, posting_desk
from tests.integration.test_from_anywhere import FREEZE
from tests.integration.test_sparing import ERASE, MARI
from tests.integration.test_waiting_for_it import code_to

WAITED = timedelta(minutes=1)


@pytest.fixture
async def desk(tmp_path: Path, reader: Reader) -> AsyncIterator[PostingDesk]:
    async with posting_desk(tmp_path, reader) as opened:
        yield opened


async def status(desk: PostingDesk) -> str:
    (found,) = await desk.all(PrivacyRequest)
    return str(found.status)


async def typed_while_away(desk: PostingDesk, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Type a code, whose check finds no store."""

    async def away(*_: Any) -> bool:
        raise StoreUnavailable

    with monkeypatch.context() as store:
        store.setattr(checking, "is_right", away)
        await desk.chat("frozen", code)


@pytest.mark.parametrize(("guesses", "becomes"), [(9, Status.OPEN), (10, Status.VERIFYING)])
async def test_a_code_that_was_typed_before_a_restart_counts_no_guess_more_than_then(
    desk: PostingDesk, monkeypatch: pytest.MonkeyPatch, guesses: int, becomes: Status
) -> None:
    """What was guessed under another name of the mailbox has used up its tries, and its own try is none of them."""
    await desk.chat("frozen", FREEZE, MARI)
    code = await code_to(desk, MARI)
    subject = desk.services.keyring.keyed_hash(normal_address(MARI))
    guessed = [
        Tally(subject_hash=subject, what="failed_as_other", at=desk.clock.now()) for _ in range(guesses)
    ]
    await desk.services.write(lambda unit: unit.session.add_all(guessed))
    await typed_while_away(desk, code, monkeypatch)
    await TalkingDesk(desk.services, desk.desk.reader).recover()
    assert await status(desk) == becomes


async def test_a_code_whose_check_found_no_store_is_checked_by_the_next_sweep(
    desk: PostingDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.chat("frozen", FREEZE, MARI)
    code = await code_to(desk, MARI)
    await typed_while_away(desk, code, monkeypatch)
    assert await desk.desk.recover(waited=WAITED) == 0, "one that is under way is left alone"
    desk.clock.at += WAITED
    assert await desk.desk.recover(waited=WAITED) == 1
    assert await status(desk) == Status.OPEN
    assert await desk.desk.recover(waited=WAITED) == 0


async def test_the_desk_takes_up_what_waits_every_minute(tmp_path: Path) -> None:
    async with desk_inside(tmp_path) as whole:
        services, sweeper = whole.assembly.services, whole.assembly.sweeper
        async with whole.chat() as chat:
            await chat.say(FREEZE)
            await chat.asked("email")
        await services.write(lambda unit: unit.session.execute(update(Message).values(handled=False)))
        await whole.forward("2m")
        await sweeper.run("recover")
        assert await services.read(lambda unit: queries.unhandled(unit.session, services.clock.now())) == []


@pytest.mark.parametrize(
    ("language", "says"), [("en", "A code works only once"), ("fr", "Un code ne sert qu’une fois")]
)
async def test_a_code_that_was_used_does_nothing_any_more_and_it_is_said_where_it_stands(
    desk: PostingDesk, language: str, says: str
) -> None:
    await desk.chat("used", ERASE[language], MARI, locale=language)
    code = await code_to(desk, MARI)
    await desk.chat("used", code, locale=language)
    since = len(await desk.said_in(await desk.chat_of("used")))
    await desk.chat("used", code, locale=language)
    said = (await desk.said_in(await desk.chat_of("used")))[since:]
    (request,) = await desk.all(PrivacyRequest)
    assert says in said[0]
    assert request.ref in said[1]
