"""After "don't erase": whichever button is pressed, however late, speaks of the erasure alone, and what lacks proof is asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import product
from pathlib import Path

import pytest
from sqlmodel import col, select

from assistant.casework.decisions import sparing
from assistant.store.tables import Conversation, Message, PrivacyRequest
from intents import Reader
from tests.doubles.console_app import ConsoleSite, console_site
from tests.integration.test_sparing import DONT, ERASE, Talk

COPY = {
    "en": "Please send me a copy of all my personal data.",
    "fr": "Je voudrais une copie de toutes mes données personnelles.",
}
KEEP = {
    "pressed": dict.fromkeys(("en", "fr"), "dont:keep"),
    "typed": {"en": "no keep everything please", "fr": "en fait non gardez tout"},
}
NOTHING_OPEN = {"en": "There is no open request", "fr": "Il n’y a pas de demande en cours"}


@pytest.fixture
async def talk(tmp_path: Path, prepared: ConsoleSite, reader: Reader) -> AsyncIterator[Talk]:
    async with console_site(tmp_path, prepared) as site:
        yield Talk(site, reader)


class Thread:
    """One talk of many beside each other, so that a whole grid shares one desk."""

    def __init__(self, talk: Talk, name: str, language: str) -> None:
        self.talk, self.name, self.language = talk, name, language

    async def write(self, words: str) -> None:
        kind = (
            "choice"
            if words.partition(":")[0] in {"dont", "withdraw", "takeback", "services", "purpose"}
            else "text"
        )
        await self.talk.write(words, thread=self.name, locale=self.language, kind=kind)

    async def conversation(self) -> Conversation:
        found = await self.talk.site.services.read(lambda unit: unit.session.exec(select(Conversation)).all())
        (mine,) = (each for each in found if each.thread == f"webchat-{self.name}")
        return mine

    async def requests(self) -> dict[str, PrivacyRequest]:
        mine = col(PrivacyRequest.conversation_id) == (await self.conversation()).id
        rows = select(PrivacyRequest).where(mine)
        found = await self.talk.site.services.read(lambda unit: unit.session.exec(rows).all())
        return {request.right: request for request in found}

    async def said(self) -> list[str]:
        ours = (
            col(Message.conversation_id) == (await self.conversation()).id,
            col(Message.sender) == "assistant",
        )
        texts = select(Message.text).where(*ours).order_by(col(Message.id))
        return list(await self.talk.site.services.read(lambda unit: unit.session.exec(texts).all()))

    async def begin(self, *, beside: bool, proved: bool) -> None:
        await self.write(ERASE[self.language])
        if beside:
            await self.write(COPY[self.language])
        if proved:
            for request in (await self.requests()).values():
                await self.talk.prove(request.ref)
        await self.write(DONT[self.language])


GRID = list(product((False, True), (False, True), (False, True)))


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("way", KEEP)
async def test_keeping_everything_is_heard_of_the_erasure_alone_before_and_after_going_on(
    talk: Talk, way: str, language: str
) -> None:
    for after, beside, proved in GRID:
        thread = Thread(talk, f"{after}{beside}{proved}", language)
        await thread.begin(beside=beside, proved=proved)
        if after:
            await thread.write("dont:go_on")
        await thread.write(KEEP[way][language])
        said = (await thread.said())[-1]
        erasure = (await thread.requests())["erasure"]
        case = (after, beside, proved, said)
        if after:
            assert erasure.status != "withdrawn", case
            assert erasure.ref in said, case
            asked = (await thread.conversation()).state
            assert (asked.get("question"), asked.get("about")) == ("withdraw_confirm", [erasure.ref]), case
            await thread.write("withdraw:yes")
        found = await thread.requests()
        assert found["erasure"].status == "withdrawn", case
        assert not beside or found["access"].status != "withdrawn", case
        assert not any(NOTHING_OPEN[language] in each for each in await thread.said()), case


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_the_older_button_is_no_yes_to_a_question_that_came_after_it(talk: Talk, language: str) -> None:
    never_mind = {
        "en": "Never mind, please cancel my request.",
        "fr": "Je souhaite annuler ma demande, s’il vous plaît.",
    }
    for typed in (False, True):
        thread = Thread(talk, f"older{typed}", language)
        await thread.begin(beside=True, proved=True)
        await thread.write("dont:go_on")
        await thread.write(never_mind[language])
        found = await thread.requests()
        state = (await thread.conversation()).state
        assert (state["question"], len(state["about"])) == ("withdraw_which", 2)
        await thread.write(KEEP["typed" if typed else "pressed"][language])
        assert {r.status for r in (await thread.requests()).values()}.isdisjoint({"withdrawn"})
        assert (await thread.conversation()).state["about"] == [found["erasure"].ref]
        await thread.write("withdraw:no")
        assert {r.status for r in (await thread.requests()).values()}.isdisjoint({"withdrawn"})


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_what_is_still_to_be_proved_is_asked_for_again_after_every_answer(
    talk: Talk, language: str
) -> None:
    answers = (["dont:go_on"], ["dont:keep"], ["dont:go_on", "dont:keep", "withdraw:no"])
    for (number, answer), code in product(enumerate(answers), (False, True)):
        thread = Thread(talk, f"proof{number}{code}", language)
        await thread.write(ERASE[language])
        await thread.write(COPY[language])
        if code:
            await thread.write(f"mari.{number}@post.example")
        before = (await thread.conversation()).state
        await thread.write(DONT[language])
        for button in answer:
            await thread.write(button)
        state = (await thread.conversation()).state
        open_now = [r.ref for r in (await thread.requests()).values() if r.status != "withdrawn"]
        assert state.get("expects") == before["expects"] == ("code" if code else "email"), (answer, code)
        assert set(open_now) <= set(state["about"]), (answer, code)


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_a_button_pressed_twice_says_how_it_stands(talk: Talk, language: str) -> None:
    for answer in (sparing.KEEP, sparing.GO_ON):
        thread = Thread(talk, f"twice{answer}", language)
        await thread.begin(beside=True, proved=True)
        await thread.write(f"dont:{answer}")
        before = await thread.requests()
        await thread.write(f"dont:{answer}")
        assert before["erasure"].ref in (await thread.said())[-1]
        assert {r: each.status for r, each in before.items()} == {
            r: each.status for r, each in (await thread.requests()).items()
        }
        assert not any(NOTHING_OPEN[language] in each for each in await thread.said())


@pytest.mark.parametrize("button", ["withdraw:yes", "withdraw:no", "services:end", "purpose:marketing"])
async def test_an_older_yes_is_no_answer_to_another_question(talk: Talk, button: str) -> None:
    thread = Thread(talk, "older", "en")
    await thread.write(ERASE["en"])
    await thread.write(COPY["en"])
    before = await thread.requests()
    assert len((await thread.conversation()).state["about"]) == 2, "the proof of both is asked for"
    await thread.write(button)
    after = await thread.requests()
    assert [(r.status, r.details) for r in after.values()] == [(r.status, r.details) for r in before.values()]
