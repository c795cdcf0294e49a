"""Whatever a person says instead of an answer, each request that nobody proved is asked about, or an agent sees it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import product
from pathlib import Path

import pytest
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from assistant.casework.upkeep import reminders
from assistant.services import Unit
from assistant.store.tables import ChallengeRow, Message
from handlers import HANDLERS
from intents import Reader
from tests.doubles.console_app import ConsoleSite, console_site
from tests.integration.test_after_going_on import Thread
from tests.integration.test_sparing import Talk

MINE, OTHER = "mari.kask@post.example", "mari.other@post.example"
BEGIN = {
    "en": (
        "Please delete all my personal data.",
        "delete my account and send me a copy of all my data first, and no more ads please",
        "Please correct my phone number.",
    ),
    "fr": (
        "Je voudrais que vous supprimiez toutes mes données.",
        "supprimez mon compte et envoyez-moi une copie avant, et arrêtez la pub",
        "Corrigez mon numéro de téléphone, s’il vous plaît.",
    ),
}
DETOURS = {
    "en": (
        "I made a mistake, wrong adress",
        "sorry wrong email",
        "oops, not the right address",
        "what now?",
        "where is my request",
        "I want to talk to a human",
        "never mind, cancel my request",
        "withdraw:no",
        "how do I correct my data?",
        "right:none",
        "Ich möchte bitte wissen, wann meine Rechnung für diesen Monat kommt.",
    ),
    "fr": (
        "je me suis trompé d’adresse",
        "pardon, mauvaise adresse",
        "ce n’est pas le bon mail",
        "et maintenant ?",
        "où en est ma demande ?",
        "je veux parler à un humain",
        "laissez tomber, j’annule ma demande",
        "withdraw:no",
        "comment corriger mes données ?",
        "right:none",
        "Ich möchte bitte wissen, wann meine Rechnung für diesen Monat kommt.",
    ),
}
_PRESSED = {"withdraw", "right"}


@pytest.fixture
async def talk(tmp_path: Path, prepared: ConsoleSite, reader: Reader) -> AsyncIterator[Talk]:
    async with console_site(tmp_path, prepared) as site:
        handlers = {handler.right: handler for handler in HANDLERS}
        yield Talk(replace(site, services=replace(site.services, handlers=handlers)), reader)


class Visitor(Thread):
    """A thread whose every message leaves nothing silent."""

    async def write(self, words: str) -> None:
        kind = "choice" if words.partition(":")[0] in _PRESSED else "text"
        await self.talk.write(words, thread=self.name, locale=self.language, kind=kind)
        state = (await self.conversation()).state
        waiting = [r for r in (await self.requests()).values() if r.status in {"received", "verifying"}]
        unseen = [(r.ref, r.right, r.status) for r in waiting if r.attention is None]
        assert not unseen or state.get("expects"), (self.name, words, unseen, (await self.said())[-1])

    async def asked_of(self, address: str) -> list[set[str]]:
        """Name what each code to an address is for."""
        hashed = self.talk.site.services.keyring.keyed_hash(address)
        rows = select(ChallengeRow.references).where(
            col(ChallengeRow.conversation_id) == (await self.conversation()).id,
            col(ChallengeRow.claimed_hash) == hashed,
        )
        return [
            set(each)
            for each in await self.talk.site.services.read(lambda unit: unit.session.exec(rows).all())
        ]


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_an_address_that_comes_after_a_detour_is_tied_to_all_that_waits(
    talk: Talk, language: str
) -> None:
    for (opening, begin), (number, detour), typed in product(
        enumerate(BEGIN[language][:2]), enumerate(DETOURS[language]), (False, True)
    ):
        visitor = Visitor(talk, f"{opening}-{number}-{typed}", language)
        await visitor.write(begin)
        if typed:
            await visitor.write(MINE)
        await visitor.write(detour)
        if detour.startswith(("never", "laissez")):
            await visitor.write("withdraw:no")
        address = f"{number}.{opening}.{int(typed)}.{OTHER}"
        await visitor.write(address)
        if (await visitor.conversation()).state.get("question") == "chat_ask_right":
            await visitor.write("right:none")
        waiting = {r.ref for r in (await visitor.requests()).values() if r.status == "verifying"}
        assert {r.right for r in (await visitor.requests()).values()} <= {"erasure", "access", "objection"}
        assert waiting, (begin, detour)
        assert any(waiting <= each for each in await visitor.asked_of(address)), (begin, detour, typed)


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_no_state_of_a_talk_leaves_a_request_that_nobody_sees(talk: Talk, language: str) -> None:
    for opening, begin in enumerate(BEGIN[language]):
        visitor = Visitor(talk, f"all-{opening}", language)
        await visitor.write(begin)
        for words in (*DETOURS[language], MINE, "12345678", *DETOURS[language]):
            await visitor.write(words)


async def test_what_its_writer_never_completed_is_put_to_an_agent_before_it_is_due(talk: Talk) -> None:
    visitor = Visitor(talk, "left", "en")
    await visitor.write(BEGIN["en"][2])
    (request,) = (await visitor.requests()).values()
    assert (request.right, request.status, request.attention) == ("rectification", "received", None)
    talk.site.clock.at += timedelta(days=30)
    await reminders.remind_due(talk.site.services)
    (request,) = (await visitor.requests()).values()
    assert request.attention == "never_completed"


MENUS = {
    "en": (
        "I would like to know about my data",
        "Please delete my phone number.",
        "delete everything except my account",
        "I object to the use of my data.",
        "I withdraw my consent.",
    ),
    "fr": (
        "Je voudrais savoir pour mes données",
        "Supprimez mon numéro de téléphone svp",
        "effacez tout sauf mon adresse",
        "Je m’oppose à l’utilisation de mes données.",
        "Je retire mon consentement.",
    ),
}


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_whatever_menu_offers_something_else_offers_a_person(talk: Talk, language: str) -> None:
    """Also asked once more, and below whatever came between."""
    texts = talk.site.services.texts
    others = {texts.label("buttons", name, language) for name in ("not_a_request", "something_else")}
    seen = 0
    for number, words in enumerate(MENUS[language]):
        visitor = Visitor(talk, f"menu-{number}", language)
        for said in (words, "hm", "right:none", "hm"):
            await visitor.write(said)
        ident = (await visitor.conversation()).id
        asked = select(Message).where(col(Message.conversation_id) == ident)
        rows: list[Message] = await talk.site.services.read(partial(_rows, asked))
        menus = [message.choices for message in rows if message.choices]
        for choices in menus:
            if others & {each["label"] for each in choices}:
                seen += 1
                assert "human" in {each["value"] for each in choices}, (words, choices)
    assert seen >= len(MENUS[language])


def _rows(query: SelectOfScalar[Message], unit: Unit) -> list[Message]:
    return list(unit.session.exec(query))
