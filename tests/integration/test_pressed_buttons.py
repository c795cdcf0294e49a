"""A pressed button is shown by its words, to agents and to whoever pressed it: the value behind it is the desk's own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from assistant.casework.saying import Utterance, insert_message, say_text
from assistant.casework.upkeep.own import DeskQueries
from assistant.domain.plan import Identity
from assistant.interfaces import Choice
from assistant.services import Unit
from assistant.store.tables import Conversation
from assistant.web.console.words import catalogue
from tests.doubles.agent_browser import AgentBrowser
from tests.doubles.console_app import ConsoleSite, console_site

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


_CODE = Path(__file__).parents[2] / "assistant"
# The last string of a call that makes a button: "human", f"right:{right}", f"change:{number}:{mark}".
_BUTTON = re.compile(r'(?:button|Choice)\([\w\[\], "]*?, f?"([a-z]+(?::[^"]*)?)"')
_PAIR = re.compile(r'\("\w+", "(services:\w+)"\)')
_MARK = "6b01234567890123d0123456789"


def values() -> list[str]:
    """List a value of each kind of button that the code of the desk makes."""
    found: set[str] = set()
    for file in _CODE.rglob("*.py"):
        code = file.read_text()
        found |= {*_BUTTON.findall(code), *_PAIR.findall(code)}
    return sorted({re.sub(r"\{[^}]*\}", _MARK, value) for value in found})


@pytest.fixture
async def site(tmp_path: Path, prepared: ConsoleSite) -> AsyncIterator[ConsoleSite]:
    async with console_site(tmp_path, prepared) as site:
        yield site


async def _press_all(site: ConsoleSite, pressed: dict[str, str], *, offered: bool) -> None:
    ident = site.conversations["erasure"]

    def work(unit: Unit) -> None:
        conversation = unit.session.get_one(Conversation, ident)
        for value, label in pressed.items():
            choices = (Choice(label, value),) if offered else ()
            said = Utterance(text="Which?", key=f"key-{value}", language="en", choices=choices)
            say_text(unit, conversation, said)
            row: dict[str, Any] = {
                "conversation_id": ident,
                "external_id": f"press-{value}",
                "sender": "you",
                "name": "",
            }
            row |= {"text": value, "kind": "choice", "choices": [], "expects": None, "requests": []}
            row |= {"reading": {}, "handled": True, "at": site.clock.now(), "subject": None, "headers": {}}
            insert_message(unit.session, row)

    await site.services.write(work)


def test_every_kind_of_button_is_found_in_the_code() -> None:
    kinds = {value.partition(":")[0] for value in values()}
    assert kinds >= {"right", "change", "withdraw", "dont", "purpose", "services", "human", "resend", "login"}


async def test_a_press_is_shown_by_the_words_of_its_button_and_never_by_its_value(site: ConsoleSite) -> None:
    pressed = {value: f"Words no {chr(65 + at)}" for at, value in enumerate(values())}
    await _press_all(site, pressed, offered=True)
    browser = AgentBrowser(site, "Liis")
    async with browser.http:
        await browser.sign_in()
        for page in (
            f"requests/{site.refs['erasure']}",
            f"conversations/{site.conversations['erasure']}",
            f"conversations/{site.conversations['erasure']}/new?after=0",
        ):
            shown = await browser.get(page)
            assert browser.status == 200, page
            # beside the form in which an agent says what was meant: its values are no words
            shown = re.sub(r'value="[^"]*"', "", shown)
            assert not [value for value in pressed if ":" in value and value[:12] in shown], page
            assert all(f"[{label}]" in shown for label in pressed.values()), page


async def test_a_press_stands_in_the_copy_by_the_words_of_its_button(site: ConsoleSite) -> None:
    await _press_all(site, {f"change:yes:{_MARK}": "Yes, that is right"}, offered=True)
    identity = Identity(emails=("camille.roux@mail.example",))
    rows = await DeskQueries(site.services.store, site.services.keyring).rows(identity, "messages")
    assert [row[4] for row in rows if row[2] == "you"][-1] == "[Yes, that is right]"


async def test_a_value_that_no_button_of_the_talk_carried_is_said_to_be_that(site: ConsoleSite) -> None:
    await _press_all(site, {f"change:yes:{_MARK}": ""}, offered=False)
    browser = AgentBrowser(site, "Liis")
    async with browser.http:
        await browser.sign_in()
        shown = await browser.get(f"requests/{site.refs['erasure']}")
    assert "change:" not in shown
    assert catalogue("en")["timeline.unknown_button"] in shown
