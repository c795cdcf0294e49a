"""Forged mail keeps no code from a live talk, and no talk a link from mail: each way of writing to a mailbox has its share."""

from __future__ import annotations

import itertools
import re
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from assistant.casework.saying import flood
from assistant.domain.assurance import CODES_FOR_OWNER, CODES_PER_HOUR
from assistant.services import Unit
from assistant.store.tables import Conversation
from intents import Reader
from tests.doubles.posting_desk import COPY, PostingDesk, posting_desk

VICTIM, NUMBER, NOBODY = "olga@own.example", "C-4711", "nobody@elsewhere.example"
FORGED = {
    "en": ("Please delete all my data.", COPY, "Please restrict the use of my data."),
    "fr": (
        "Merci de supprimer toutes mes données.",
        "Je voudrais une copie de toutes mes données personnelles.",
        "Veuillez limiter le traitement de mes données.",
    ),
}
REF = re.compile(r"PR-\w{8}")
LATER = ("We can send the next code from", "Nous pourrons envoyer le prochain code")


@pytest.fixture
async def desk(tmp_path: Path, reader: Reader) -> AsyncIterator[PostingDesk]:
    async with posting_desk(tmp_path, reader) as opened:
        opened.clients.known[NUMBER] = VICTIM
        yield opened


async def forge(desk: PostingDesk, whom: str, language: str, count: int) -> None:
    for number, words in zip(range(count), itertools.cycle(FORGED[language]), strict=False):
        await desk.mail(whom, f"{words} ({chr(ord('A') + number)})")
    await desk.post()


async def ask_in_chat(desk: PostingDesk, thread: str, named: str) -> tuple[list[str], list[str]]:
    """Ask in a chat and name oneself; gives what was said there and what was mailed."""
    before = len(desk.server.arrived)
    await desk.chat(thread, COPY, named)
    await desk.post()
    said = [REF.sub("REF", text) for text in await desk.said_in(await desk.chat_of(thread))]
    return said, [each.to for each in desk.server.arrived[before:]]


@pytest.mark.parametrize("count", [CODES_PER_HOUR, 30], ids=["codes", "letters"])
@pytest.mark.parametrize("language", FORGED)
async def test_mails_in_somebodys_name_keep_no_code_from_their_chat(
    desk: PostingDesk, language: str, count: int
) -> None:
    quiet, _ = await ask_in_chat(desk, "of nobody", NOBODY)
    await forge(desk, VICTIM, language, count)
    for thread, named in (("by address", VICTIM), ("by number", f"My client number is {NUMBER}")):
        said, mailed = await ask_in_chat(desk, thread, named)
        assert mailed == [VICTIM], thread
        assert not any(words in each for words in LATER for each in said)
        if named == VICTIM:
            assert said == quiet, "known or not, forged or not"


async def test_talks_keep_no_link_from_mail(desk: PostingDesk) -> None:
    for number in range(CODES_PER_HOUR):
        await ask_in_chat(desk, f"chat{number}", VICTIM)
    said, mailed = await ask_in_chat(desk, "one more", VICTIM)
    assert (mailed, any(LATER[0] in each for each in said)) == ([], True)
    before = len(desk.server.arrived)
    await desk.mail(VICTIM)
    await desk.post()
    receipt, link = desk.server.arrived[before:]
    assert (receipt.to, link.to, "/verify/" in link.content) == (VICTIM, VICTIM, True)


@pytest.mark.parametrize("named", [VICTIM, f"My client number is {NUMBER}"])
async def test_however_it_is_named_a_mailbox_gets_so_many_codes_and_links_in_an_hour_and_no_more(
    desk: PostingDesk, named: str
) -> None:
    for number in range(2 * CODES_PER_HOUR):
        await desk.chat(f"chat{number}", COPY, named)
        await desk.mail(f"sender{number}@other.example", f"{COPY} {named}" if named != VICTIM else COPY)
        await desk.mail(VICTIM, f"{COPY} ({'ABCDEFGH'[number]})")
    await desk.post()
    proofs = [
        each
        for each in desk.server.arrived
        if each.to == VICTIM
        and ("/verify/" in each.content or re.search(r"^\s*\d{8}\s*$", each.content, re.MULTILINE))
    ]
    assert len(proofs) == 2 * CODES_PER_HOUR < 2 * (CODES_PER_HOUR + CODES_FOR_OWNER)


SHARES = {"mail": "email", "talk": "webchat"}


@pytest.mark.parametrize("order", [*itertools.permutations(SHARES, 1), *itertools.permutations(SHARES, 2)])
@pytest.mark.parametrize("most", [2, 4, 5, 8, 20, 21])
@pytest.mark.parametrize("kind", ["mailbox", "domain"])
async def test_whatever_strangers_use_up_there_is_room_for_the_other_way_and_for_the_owner(
    desk: PostingDesk, monkeypatch: pytest.MonkeyPatch, order: Sequence[str], most: int, kind: str
) -> None:
    limits = {"letters_a_day": 1000, "letters_a_day_to_a_domain": 1000}
    limits |= {"letters_a_day" if kind == "mailbox" else "letters_a_day_to_a_domain": most}
    for setting, value in limits.items():
        monkeypatch.setitem(desk.services.settings.email.__dict__, setting, value)

    def fill(unit: Unit, share: str) -> int:
        sent = 0
        while flood.take_room(unit, VICTIM, thread=share) is None:
            sent += 1
        return sent

    def try_it(unit: Unit) -> dict[str, int]:
        for ident, channel in SHARES.items():
            unit.session.add(
                Conversation(id=ident, channel=channel, thread=ident, started_at=unit.now, last_at=unit.now)
            )
        unit.session.flush()
        taken = {share: fill(unit, share) for share in order}
        monkeypatch.setattr(flood, "is_own", lambda *_: True)
        return {**taken, "owner": fill(unit, order[0])}

    taken = await desk.services.write(try_it)
    part = most // flood.OWNERS_PART
    assert all(sent >= part for sent in taken.values()), taken
    assert sum(taken.values()) == most
    if most > flood.OWNERS_PART:
        assert taken[order[0]] <= most - 2 * part
