"""Whatever is said beside a code is heard, whether the code is right or wrong, and the code counts."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from assistant.store.tables import Conversation
from intents import Reader
from tests.doubles.posting_desk import PostingDesk, posting_desk
from tests.integration.test_sparing import ERASE
from tests.integration.test_waiting_for_it import code_to

WRONG = "00000000"
_KEPT = re.compile("how long we keep|combien de temps nous conservons")
# What is said, and what it comes to.
SAID = {
    "en": {
        "{} and I want to talk to a person": "person",
        "{} but cancel it, I don't need it any more": "dont_asked",
        "{}, cancel everything": "dont_asked",
        "{} but don't delete anything": "dont_asked",
        "{} it is for my father": "for_other",
        "{} and stop profiling me": "objection",
        "{} how long do you keep invoices?": "policy",
    },
    "fr": {
        "{} et je veux parler à quelqu'un": "person",
        "{} mais annulez ma demande": "withdraw_confirm",
        "{}, annulez tout": "dont_asked",
        "{} mais ne supprimez rien": "dont_asked",
        "{} c'est pour mon père": "for_other",
        "{} et je m'oppose au profilage": "objection",
        "{} combien de temps gardez-vous les factures ?": "policy",
    },
}
BEFORE: dict[str, dict[str, tuple[str, ...]]] = {
    "awaited": {"en": (), "fr": ()},
    "menu": {"en": ("and also article 18?",), "fr": ("et l'article 18 ?",)},
}


@pytest.fixture
async def desk(tmp_path: Path, reader: Reader) -> AsyncIterator[PostingDesk]:
    async with posting_desk(tmp_path, reader) as opened:
        yield opened


async def _heard(desk: PostingDesk, talk: Conversation, comes_to: str, since: int) -> Any:
    requests = {request.right: request for request in await desk.requests_in(talk)}
    if comes_to == "person":
        return talk.wants_person_at
    if comes_to == "for_other":
        return requests["erasure"].details.get("for_other")
    if comes_to == "objection":
        return requests.get("objection")
    if comes_to == "policy":
        return any(_KEPT.search(said) for said in (await desk.said_in(talk))[since:])
    return talk.state.get("question") == comes_to


@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.parametrize("language", SAID)
async def test_what_is_said_beside_a_code_is_heard(desk: PostingDesk, language: str, before: str) -> None:
    lost: list[tuple[object, ...]] = []
    for number, ((said, comes_to), is_right) in enumerate(product(SAID[language].items(), (True, False))):
        thread, address = f"beside{number}", f"mari{number}@mail.example"
        await desk.chat(thread, ERASE[language], address, *BEFORE[before][language], locale=language)
        code = await code_to(desk, address) if is_right else WRONG
        since = len(await desk.said_in(await desk.chat_of(thread)))
        await desk.chat(thread, said.format(code), locale=language)
        talk = await desk.chat_of(thread)
        (erasure,) = [r for r in await desk.requests_in(talk) if r.right == "erasure"]
        if not await _heard(desk, talk, comes_to, since):
            lost.append((said, is_right, talk.state, (await desk.said_in(talk))[since:]))
        if (erasure.contact_hash is not None) != is_right:
            lost.append((said, is_right, "proof", erasure.status, (await desk.said_in(talk))[since:]))
    assert not lost
