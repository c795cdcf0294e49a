"""A button says its whole act; whoever types what stands on it, or the short word for it, has pressed it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

import assistant
from assistant.domain.presses import unmarked
from assistant.store.tables import Message
from assistant.wording.written import LOCALES
from tests.doubles.desk_inside import DeskInside, desk_inside
from tests.doubles.typing_visitor import Talk

# What leads to a question with buttons.
ASKED: dict[str, dict[str, tuple[str, ...]]] = {
    "en": {
        "right": ("something about my personal data",),
        "detail": ("Please delete my phone number.",),
        "objection": ("I object to the use of my data.",),
        "consent": ("I withdraw my consent.",),
        "change": ("Please correct my town: it is Durham, not Darlington.",),
        "withdrawal": ("Please delete all my personal data.", "Never mind, cancel my request."),
    },
    "fr": {
        "right": ("quelque chose au sujet de mes données personnelles",),
        "detail": ("Supprimez mon numéro de téléphone svp",),
        "objection": ("Je m’oppose à l’utilisation de mes données.",),
        "consent": ("Je retire mon consentement.",),
        "change": ("Corrigez ma ville : c'est Nantes, pas Rennes.",),
        "withdrawal": ("Supprimez toutes mes données personnelles.", "Finalement, annulez ma demande."),
    },
}
# What people would say still, as the buttons once did.
SHORT = {
    "en": {
        "right:none": "Something else",
        "right:rectification": "Only what I named",
        "purpose:marketing": "Marketing",
        "purpose:all_consents": "All my consents",
        "change:swap": "It is the other way round",
        "change:other": "Correct it",
        "change:yes": "Yes, that is right",
        "withdraw:yes": "Yes",
        "withdraw:no": "No",
    },
    "fr": {
        "right:none": "Autre chose",
        "right:rectification": "Seulement ce que j’ai nommé",
        "purpose:marketing": "Prospection commerciale",
        "purpose:all_consents": "Tous mes consentements",
        "change:swap": "C’est l’inverse",
        "change:other": "Corriger",
        "change:yes": "Oui, c’est exact",
        "withdraw:yes": "Oui",
        "withdraw:no": "Non",
    },
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskInside]:
    async with desk_inside(tmp_path_factory.mktemp("labels")) as opened:
        yield opened


async def asked(desk: DeskInside, language: str, said: tuple[str, ...]) -> tuple[Talk, list[dict[str, Any]]]:
    """Say what leads to a question, and give its buttons."""
    talk = Talk(desk, language)
    for words in said:
        await talk.say(words)
    buttons = next(row.choices for row in reversed(await talk.all_of(Message)) if row.choices)
    return talk, [each for each in buttons if not each.get("url")]


async def outcome(talk: Talk, before: int) -> Any:
    """Give what came of an answer: the same of a press and of what is typed for it."""
    state, requests = await talk.state(), await talk.requests()
    said = [row.text for row in await talk.all_of(Message) if row.sender == "assistant"][before:]
    refs = {row.ref: row.right for row in requests.values()}
    told = [re.sub(r"PR-\w{8}", lambda found: refs.get(found[0], ""), text) for text in said]
    details = {right: {k: v for k, v in row.details.items() if v} for right, row in requests.items()}
    return state.question, state.expects, {r: row.status for r, row in requests.items()}, details, told


async def answered(desk: DeskInside, language: str, said: tuple[str, ...], answer: str, kind: str) -> Any:
    talk, buttons = await asked(desk, language, said)
    before = await talk.answers()
    if kind == "choice":
        answer = next(each["value"] for each in buttons if each["value"].startswith(answer))
    await talk.say(answer, kind)
    return await outcome(talk, before)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("language", "question"), [(language, question) for language in ASKED for question in ASKED[language]]
)
async def test_typing_what_a_button_says_or_its_short_word_is_pressing_it(
    desk: DeskInside, language: str, question: str
) -> None:
    said = ASKED[language][question]
    _, buttons = await asked(desk, language, said)
    assert len(buttons) > 1
    for button in buttons:
        value = ":".join(unmarked(button["value"])[0].split(":")[:2])
        pressed = await answered(desk, language, said, value, "choice")
        for typed in filter(None, (button["label"], SHORT[language].get(value))):
            assert await answered(desk, language, said, typed, "text") == pressed, (value, typed)


@pytest.mark.parametrize("language", LOCALES)
def test_a_button_says_a_whole_act(language: str) -> None:
    """No bare *Yes*, *Keep* or *Marketing*: read alone, also by a screen reader, it says what it does."""
    path = Path(assistant.__file__).parent / "replies" / language / "labels.toml"
    buttons = tomllib.loads(path.read_text("utf-8"))["buttons"]
    assert [label for label in buttons.values() if len(re.findall(r"\w+", label)) < 2] == []
