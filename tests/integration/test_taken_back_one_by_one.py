"""Taking back names the one request that is meant, asks which where several are open, and takes back no other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import product
from pathlib import Path

import pytest

from intents import Reader
from tests.doubles.console_app import ConsoleSite, console_site
from tests.integration.test_after_going_on import COPY, Thread
from tests.integration.test_sparing import Talk

BOTH = {
    "en": "Please send me a copy of all my personal data, and stop profiling me.",
    "fr": "Je voudrais une copie de toutes mes données, et je m’oppose au profilage.",
}
UNNAMED = {"en": "Never mind, please cancel my request.", "fr": "Laissez tomber, annulez ma demande."}
NAMED = {"en": "Please cancel my objection request.", "fr": "Annulez ma demande d’opposition."}
CHOSEN = {"en": "the objection", "fr": "l’opposition"}


@pytest.fixture
async def talk(tmp_path: Path, prepared: ConsoleSite, reader: Reader) -> AsyncIterator[Talk]:
    async with console_site(tmp_path, prepared) as site:
        yield Talk(site, reader)


async def statuses(thread: Thread) -> dict[str, bool]:
    return {right: request.status == "withdrawn" for right, request in (await thread.requests()).items()}


async def test_of_several_it_is_asked_which_and_no_other_is_taken_back(talk: Talk) -> None:
    for language, typed in product(("en", "fr"), (False, True)):
        thread = Thread(talk, f"which-{language}-{typed}", language)
        await thread.write(BOTH[language])
        await thread.write(UNNAMED[language])
        asked = (await thread.conversation()).state
        assert (asked["question"], len(asked["about"])) == ("withdraw_which", 2), language
        ref = (await thread.requests())["objection"].ref
        await thread.write(CHOSEN[language] if typed else f"takeback:{ref}")
        assert await statuses(thread) == {"access": False, "objection": True}, (language, typed)


async def test_what_is_named_by_its_right_or_its_reference_is_asked_about_alone(talk: Talk) -> None:
    for language, by_reference in product(("en", "fr"), (False, True)):
        thread = Thread(talk, f"named-{language}-{by_reference}", language)
        await thread.write(BOTH[language])
        ref = (await thread.requests())["objection"].ref
        named = {"en": f"Cancel my request {ref}, please.", "fr": f"Annulez ma demande {ref}."}[language]
        await thread.write(named if by_reference else NAMED[language])
        asked = (await thread.conversation()).state
        assert (asked["question"], asked["about"]) == ("withdraw_confirm", [ref]), (language, by_reference)
        await thread.write("withdraw:yes")
        assert await statuses(thread) == {"access": False, "objection": True}, (language, by_reference)


async def test_all_of_them_takes_back_all(talk: Talk) -> None:
    thread = Thread(talk, "all", "en")
    await thread.write(BOTH["en"])
    await thread.write(UNNAMED["en"])
    await thread.write("takeback:all")
    assert await statuses(thread) == {"access": True, "objection": True}


MORE = {
    "en": "Cancel the copy, and please restrict the use of my data.",
    "fr": "Annulez la copie, et merci de limiter l'utilisation de mes données.",
}
UNSURE = {"en": "and what about deleting my data?", "fr": "et pour effacer mes données ?"}


@pytest.mark.parametrize("language", MORE)
async def test_what_is_opened_beside_leaves_the_question_whether_to_take_back_open(
    talk: Talk, language: str
) -> None:
    thread = Thread(talk, f"more-{language}", language)
    await thread.write(COPY[language])
    await thread.write("mari.tamm@mail.example")
    await thread.write(MORE[language])
    assert (await thread.conversation()).state["question"] == "withdraw_confirm"
    await thread.write("withdraw:yes")
    assert await statuses(thread) == {"access": True, "restriction": False}
    assert (await thread.conversation()).state["expects"] in {"email", "code"}


@pytest.mark.parametrize("language", MORE)
async def test_a_menu_that_means_nothing_gives_the_question_back_that_it_came_before(
    talk: Talk, language: str
) -> None:
    thread = Thread(talk, f"menu-{language}", language)
    await thread.write(BOTH[language])
    await thread.write(NAMED[language])
    await thread.write(UNSURE[language])
    assert (await thread.conversation()).state["question"] == "chat_ask_right"
    await talk.write("right:none", thread=thread.name, locale=language, kind="choice")
    assert (await thread.conversation()).state["question"] == "withdraw_confirm"
    await thread.write("withdraw:yes")
    assert await statuses(thread) == {"access": False, "objection": True}
