"""Typed answers under a question with buttons: they count as the button they name, and nothing drops the question."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from assistant.casework import talking
from assistant.casework.queue import Principal, Role
from assistant.conversation import picking
from assistant.demo.people import CUSTOMER
from tests.doubles.desk_inside import DeskInside, desk_inside
from tests.doubles.desk_process import Chat
from tests.doubles.journeys import prove_in_chat

pytestmark = pytest.mark.asyncio(loop_scope="module")
DOUBT = {"en": "something about my personal data", "fr": "quelque chose au sujet de mes données personnelles"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskInside]:
    async with desk_inside(tmp_path_factory.mktemp("picking")) as opened:
        yield opened


def offers(value: str) -> Any:
    return lambda message: any(choice["value"] == value for choice in message["choices"])


async def ask_right(chat: Chat, locale: str) -> dict[str, Any]:
    await chat.say(DOUBT[locale])
    return await chat.until(offers("right:erasure"), "the picker")


@pytest.mark.parametrize(
    ("locale", "typed", "right"),
    [
        ("fr", "effacer", "erasure"),
        ("fr", "Effacer mes données", "erasure"),
        ("fr", "Erase my data", "erasure"),
        ("fr", "la 3e", "erasure"),
        ("fr", "la 3e : effacer", "erasure"),
        ("en", "erase", "erasure"),
        ("en", "See my data", "access"),
        ("en", "the third one", "erasure"),
        ("en", "2", "access"),
    ],
)
async def test_what_names_a_button_of_the_picker_counts_as_pressing_it(
    desk: DeskInside, locale: str, typed: str, right: str
) -> None:
    async with desk.chat(locale) as chat:
        await ask_right(chat, locale)
        await chat.say(typed)
        assert list(await chat.opened()) == [right]


@pytest.mark.parametrize(
    ("locale", "typed"),
    [
        ("en", "delete my phone number"),
        ("en", "erase my old address pls"),
        ("en", "delete it all if you don't answer by Friday"),
        ("fr", "supprimez mon numéro de téléphone"),
        ("fr", "effacer ma date de naissance"),
        ("fr", "effacez tout si vous ne répondez pas demain"),
    ],
)
async def test_what_is_limited_or_put_off_presses_no_button_that_erases_all(
    desk: DeskInside, locale: str, typed: str
) -> None:
    async with desk.chat(locale) as chat:
        await ask_right(chat, locale)
        await chat.say(typed)
        asked = await chat.asked("choice")
        await chat.choose("right:access")
        assert list(await chat.opened()) == ["access"]
    assert any(choice["value"] == "right:erasure" for choice in asked["choices"])


@pytest.mark.parametrize(
    ("locale", "typed", "only", "pressed"),
    [
        ("en", "Please delete my phone number.", "Only what I named", "right:rectification"),
        ("fr", "Supprimez mon numéro de téléphone svp", "Seulement ce que j’ai nommé", "right:erasure"),
        ("en", "Remove my date of birth from my profile", "Only what I named", "only what I named"),
        (
            "fr",
            "effacer ma photo de mon compte",
            "Seulement ce que j’ai nommé",
            "seulement ce que j'ai nommé",
        ),
    ],
)
async def test_who_names_a_detail_is_asked_whether_only_that_is_to_go(
    desk: DeskInside, locale: str, typed: str, only: str, pressed: str
) -> None:
    async with desk.chat(locale) as chat:
        await chat.say(typed)
        asked = await chat.asked("choice")
        assert asked["choices"][0]["label"] == only
        assert [c["value"] for c in asked["choices"]] == [
            "right:rectification",
            "right:erasure",
            "right:none",
        ]
        if pressed.startswith("right:"):
            await chat.choose(pressed)
        else:
            await chat.say(pressed)
        assert list(await chat.opened()) == [
            pressed.removeprefix("right:") if pressed.startswith("right:") else "rectification"
        ]


@pytest.mark.parametrize(
    ("locale", "typed", "says"),
    [
        ("en", "delete everything except my account", "Nothing is opened for this yet"),
        ("fr", "effacez tout sauf mon adresse", "Rien n’est encore ouvert à ce titre"),
        ("fr", "merci de tout supprimer mais pas mon e-mail", "Rien n’est encore ouvert à ce titre"),
    ],
)
async def test_who_names_an_exception_is_asked_and_typing_it_again_erases_nothing(
    desk: DeskInside, locale: str, typed: str, says: str
) -> None:
    async with desk.chat(locale) as chat:
        await chat.say(typed)
        asked = await chat.asked("choice")
        assert says in asked["text"]
        assert [c["value"] for c in asked["choices"]] == ["human", "right:erasure", "right:none"]
        await chat.say(typed)
        again = await chat.asked("choice")
        assert "right:erasure" in [c["value"] for c in again["choices"]]
        await chat.choose("right:erasure")
        assert list(await chat.opened()) == ["erasure"]


async def test_a_doubt_beside_a_dont_is_asked_about(desk: DeskInside) -> None:
    async with desk.chat("en") as chat:
        await chat.say("dont delete my account, something with the newsletter")
        asked = await chat.asked("choice")
        assert "right:objection" in [c["value"] for c in asked["choices"]]


@pytest.mark.parametrize("locale", ["en", "fr"])
async def test_what_names_no_button_repeats_the_question_with_its_buttons_and_then_offers_a_person(
    desk: DeskInside, locale: str
) -> None:
    async with desk.chat(locale) as chat:
        asked = await ask_right(chat, locale)
        await chat.say("hmm")
        again = await chat.asked("choice")
        assert (again["text"], again["choices"]) == (asked["text"], asked["choices"])
        await chat.say("hmm")
        third = await chat.asked("choice")
        assert [c["value"] for c in third["choices"]] == [*(c["value"] for c in asked["choices"]), "human"]
        await chat.say("1 : effacer" if locale == "fr" else "1: erase")  # two buttons at once
        await chat.asked("choice")
        await chat.choose("right:access")
        assert list(await chat.opened()) == ["access"]


@pytest.mark.parametrize("locale", ["en", "fr"])
async def test_an_address_typed_too_early_keeps_the_picker_and_is_not_asked_for_again(
    desk: DeskInside, locale: str
) -> None:
    async with desk.chat(locale) as chat:
        asked = await ask_right(chat, locale)
        await chat.say(f"early.{locale}@mail.example")
        again = await chat.asked("choice")
        assert again["choices"] == asked["choices"]
        await chat.choose("right:access")
        await chat.asked("code")


@pytest.mark.parametrize(
    ("typed", "named"),
    [
        ("oui arrêtez tout", {"end"}),
        ("non surtout pas, je les garde", {"keep"}),
        ("ne les arrêtez pas", {"keep"}),
        ("yes, end them all", {"end"}),
        ("no, I keep them", {"keep"}),
        ("please don't stop them", {"keep"}),
        ("yes but what becomes of my domain?", set()),
        ("oui, gardez-les", {"end", "keep"}),
        ("je ne veux pas les garder", {"end", "keep"}),
    ],
)
async def test_the_answer_about_services_is_heard_and_none_is_guessed(typed: str, named: set[str]) -> None:
    assert picking.answers_in("services_running", typed) == {f"services:{each}" for each in named}


async def test_a_typed_answer_decides_about_services_and_an_unclear_one_has_the_question_repeated(
    desk: DeskInside,
) -> None:
    async with desk.chat("fr") as chat:
        await chat.say("Veuillez effacer toutes mes données.")
        ref = (await chat.opened())["erasure"]
        await prove_in_chat(desk, chat, CUSTOMER.email, ref)
        item = await desk.plan(ref)
        services, lead = desk.assembly.services, Principal("leonie", Role.LEAD)
        await services.write(lambda s: talking.ask_about_services(services, s, item["id"], lead))
        await chat.until(offers("services:keep"))
        await chat.say("je ne sais pas encore")
        await chat.until(offers("services:keep"), "the question again")
        assert (await desk.request(ref))["details"].get("keep_services") is None
        await chat.say("non surtout pas, je les garde")
        await chat.until(lambda m: not m["choices"])
        assert (await desk.request(ref))["details"]["keep_services"] is True
