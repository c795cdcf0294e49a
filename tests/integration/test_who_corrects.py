"""Whoever corrects something in a chat is asked who they are before it is left to a person, and what they say of that is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import count

import pytest
import pytest_asyncio

from assistant.domain.rectifying import Changes
from assistant.store.tables import Message
from tests.doubles.console_pages import pages_that_fail
from tests.doubles.desk_inside import DeskInside, desk_inside
from tests.doubles.typing_visitor import Talk

pytestmark = pytest.mark.asyncio(loop_scope="module")

_numbers = count(1)
# What is corrected, and what it is to be.
ASKED = {
    "en": {
        "name": ("My name is misspelled in your files", "I'm called Camille Roy", "Roy"),
        "last_name": ("My last name is wrong, please correct it.", "Roy", "Roy"),
        "first_name": ("My first name is wrong, please correct it.", "Isabelle", "Isabelle"),
    },
    "fr": {
        "name": ("Mon nom est mal écrit dans vos fichiers", "je m'appelle Camille Aubertin-Roy", "Aubertin-Roy"),
        "last_name": ("Mon nom de famille est faux dans vos fichiers.", "Kervella", "Kervella"),
        "first_name": ("Mon prénom est faux, corrigez-le.", "Isabelle", "Isabelle"),
    },
}  # fmt: skip
EACH = [(language, field) for language, fields in ASKED.items() for field in fields]
CONTACTS = {"email": "mari{}@post{}.example", "client_id": "C-7{:03}"}
NO_ANSWERS = {"en": ("I don't know", "why?"), "fr": ("je ne sais pas", "pourquoi ?")}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskInside]:
    async with desk_inside(tmp_path_factory.mktemp("who")) as opened:
        yield opened
        assert await pages_that_fail(opened) == [], "agents see a correction that nobody understood"


def contact(kind: str) -> str:
    """Give an address or a client number that nobody else here has: the codes that go there have a limit."""
    number = next(_numbers)
    return CONTACTS[kind].format(number, number)


async def texts(talk: Talk) -> list[str]:
    rows = sorted(await talk.all_of(Message), key=lambda row: row.id)
    return [row.text for row in rows if row.sender == "assistant"]


@pytest.mark.parametrize("kind", CONTACTS)
@pytest.mark.parametrize(("language", "field"), EACH)
async def test_a_contact_typed_for_a_value_is_no_value_and_is_kept_for_the_proof(
    desk: DeskInside, language: str, field: str, kind: str
) -> None:
    typed = contact(kind)
    wish, value, kept = ASKED[language][field]
    talk = Talk(desk, language)
    await talk.say(wish)
    for _ in range(2):  # it is no failed answer, however often it is typed
        await talk.say(typed)
        request = (await talk.requests())["rectification"]
        assert not Changes.of(request.details).new_values
        assert request.attention is None
        assert (await talk.state()).question == "ask_rectification_value"
    await talk.say(value)
    assert kept in Changes.of((await talk.requests())["rectification"].details).new_values.values()
    await talk.say({"en": "yes", "fr": "oui"}[language])
    assert (await talk.state()).expects == "code"
    assert await talk.claims() == [(kind, typed)]


@pytest.mark.parametrize("kind", [None, *CONTACTS])
@pytest.mark.parametrize(("language", "field"), EACH)
async def test_before_a_person_reads_a_correction_the_desk_asks_who_writes(
    desk: DeskInside, language: str, field: str, kind: str | None
) -> None:
    typed = contact(kind or "email")
    talk = Talk(desk, language)
    await talk.say(ASKED[language][field][0])
    for words in [*([typed] if kind else []), *NO_ANSWERS[language]]:
        await talk.say(words)
    request = (await talk.requests())["rectification"]
    assert (request.attention, request.status) == ("correction_not_understood", "verifying")
    assert (await talk.state()).expects == ("code" if kind else "email")
    if kind is None:
        await talk.say(typed)
    assert await talk.claims() == [(kind or "email", typed)]


async def test_what_is_proved_then_reaches_the_person_and_promises_no_change(desk: DeskInside) -> None:
    talk = Talk(desk)
    for words in (ASKED["en"]["name"][0], *NO_ANSWERS["en"], "proved@post.example"):
        await talk.say(words)
    code = await desk.code("proved@post.example")
    await talk.say(code)
    request = (await talk.requests())["rectification"]
    assert (request.status, request.contact is not None) == ("open", True)
    assert request.attention == "correction_not_understood"
    assert "Nothing is changed before" not in (await texts(talk))[-1]


async def test_what_is_itself_to_be_corrected_is_no_contact(desk: DeskInside) -> None:
    talk = Talk(desk)
    await talk.say("My e-mail is wrong: it is not old.kask@post.example but new.kask@post.example")
    await talk.say("yes")
    assert (await talk.state()).question == "ask_contact"
    assert await talk.claims() == []


@pytest.mark.parametrize(
    ("language", "slip"),
    [
        ("fr", "Non, je me suis trompé, c'est C-10042"),
        ("fr", "je me suis trompée de numéro : C-10042"),
        ("fr", "C-10042"),
        ("fr", "pardon, c'est C-10042"),
        ("en", "sorry wrong number, my number is C-10042"),
        ("en", "I made a mistake: C-10042"),
        ("en", "Sorry, it's C-10042"),
        ("en", "C-10042"),
    ],
)
async def test_a_number_given_instead_of_the_one_before_is_taken(
    desk: DeskInside, language: str, slip: str
) -> None:
    talk = Talk(desk, language)
    await talk.say({"en": "Delete my data", "fr": "Je veux supprimer mes données"}[language])
    before, after = contact("client_id"), contact("client_id")
    await talk.say(before)
    await talk.say(slip.replace("C-10042", after))
    assert (await talk.claims())[-1] == ("client_id", after)
    assert (await talk.state()).expects == "code"
