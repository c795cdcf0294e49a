"""Typed answers under a question with buttons: they count as the button they name, and nothing drops the question."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from assistant.casework.agents import talking
from assistant.casework.requests.queue import Principal, Role
from assistant.conversation import picking
from assistant.demo.people import CUSTOMER, FORMER_CUSTOMER
from assistant.domain.presses import unmarked
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
    return lambda message: any(unmarked(choice["value"])[0] == value for choice in message["choices"])


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
    assert any(unmarked(choice["value"])[0] == "right:erasure" for choice in asked["choices"])


@pytest.mark.parametrize(
    ("locale", "typed", "only", "pressed"),
    [
        ("en", "Please delete my phone number.", "Delete only what I named", "right:rectification"),
        (
            "fr",
            "Supprimez mon numéro de téléphone svp",
            "Effacer seulement ce que j’ai nommé",
            "right:erasure",
        ),
        ("en", "Remove my date of birth from my profile", "Delete only what I named", "only what I named"),
        (
            "fr",
            "effacer ma photo de mon compte",
            "Effacer seulement ce que j’ai nommé",
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
        assert [unmarked(c["value"])[0] for c in asked["choices"]] == [
            "right:rectification",
            "right:erasure",
            "right:none",
            "human",
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
        assert [unmarked(c["value"])[0] for c in asked["choices"]] == ["human", "right:erasure", "right:none"]
        await chat.say(typed)
        again = await chat.asked("choice")
        assert "right:erasure" in [unmarked(c["value"])[0] for c in again["choices"]]
        await chat.choose("right:erasure")
        assert list(await chat.opened()) == ["erasure"]


async def test_a_doubt_beside_a_dont_is_asked_about(desk: DeskInside) -> None:
    async with desk.chat("en") as chat:
        await chat.say("dont delete my account, something with the newsletter")
        asked = await chat.asked("choice")
        assert "right:objection" in [unmarked(c["value"])[0] for c in asked["choices"]]


@pytest.mark.parametrize("locale", ["en", "fr"])
async def test_what_names_no_button_repeats_the_question_with_its_buttons_a_person_among_them(
    desk: DeskInside, locale: str
) -> None:
    async with desk.chat(locale) as chat:
        asked = await ask_right(chat, locale)
        await chat.say("hmm")
        again = await chat.asked("choice")
        assert (again["text"], again["choices"]) == (asked["text"], asked["choices"])
        await chat.say("hmm")
        third = await chat.asked("choice")
        assert [c["value"] for c in third["choices"]] == [c["value"] for c in asked["choices"]]
        assert "human" in [c["value"] for c in third["choices"]]
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
        ("Mettre fin", {"end"}),
        ("oui, mettez fin à tout", {"end"}),
        ("mettez-y fin", {"end"}),
        ("n'y mettez pas fin", {"keep"}),
        ("yes but what becomes of my domain?", set()),
        ("oui, gardez-les", {"keep"}),
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
        await services.write(lambda unit: talking.ask_about_services(unit, item["id"], lead))
        await chat.until(offers("services:keep"))
        await chat.say("je ne sais pas encore")
        await chat.until(offers("services:keep"), "the question again")
        assert (await desk.request(ref))["details"].get("keep_services") is None
        await chat.say("non surtout pas, je les garde")
        await chat.until(lambda m: not m["choices"])
        assert (await desk.request(ref))["details"]["keep_services"] is True


LIMITED = [
    ("en", "i want to delete only my phone number", "only the phone number, delete it"),
    ("en", "please delete my date of birth", "only the date of birth, delete it"),
    ("en", "i want to delete only my fone number", "nothing. just remove it"),
    ("en", "Please delete my phone number.", "not everything, just the number"),
    ("fr", "supprimez seulement mon numéro de téléphone", "seulement le numero, effacez le"),
    ("fr", "effacer ma date de naissance", "rien, je veux qu'il soit effacé"),
    ("fr", "suprimez mon telephone svp", "pas tout, juste le numéro"),
    ("en", "Please delete my phone number.", "delete"),
    ("fr", "supprimez mon numéro de téléphone", "effacez juste tout"),
    (
        "en",
        "Please delete my phone number.",
        "I want my phone number to be deleted from my account, and my data.",
    ),
]


@pytest.mark.parametrize(("locale", "wish", "typed"), LIMITED)
async def test_a_typed_answer_about_a_detail_opens_no_erasure_of_all(
    desk: DeskInside, locale: str, wish: str, typed: str
) -> None:
    async with desk.chat(locale) as chat:
        await chat.say(wish)
        await chat.until(offers("right:rectification"), "the choice")
        await chat.say(typed)
        said = await chat.until(lambda m: bool(m["choices"] or m["requests"]))
        if offers("right:erasure")(said):
            await chat.choose("right:rectification")
        assert list(await chat.opened()) == ["rectification"]


@pytest.mark.parametrize(
    ("locale", "wish", "typed"),
    [
        ("en", "Please delete my phone number.", "everything"),
        ("en", "Please delete my phone number.", "delete all my data"),
        ("fr", "supprimez mon numéro de téléphone", "tout"),
        ("fr", "supprimez mon numero de telephone", "effacez toutes mes donnees"),
    ],
)
async def test_who_answers_all_is_heard(desk: DeskInside, locale: str, wish: str, typed: str) -> None:
    async with desk.chat(locale) as chat:
        await chat.say(wish)
        await chat.until(offers("right:rectification"), "the choice")
        await chat.say(typed)
        assert list(await chat.opened()) == ["erasure"]


TO_EMPTY = {"en": "nothing is to be put in its place", "fr": "sans rien mettre à la place"}


@pytest.mark.parametrize(
    ("locale", "wish", "fields"),
    [
        ("en", "i want to delete only my phone number", ["phone"]),
        ("en", "remove my credit card from your files", []),
        ("en", "please delete my photo", []),
        ("fr", "effacez mon numéro de téléphone", ["phone"]),
        ("fr", "effacer ma date de naissance", ["date_of_birth"]),
        ("fr", "supprimez mes tickets", []),
    ],
)
async def test_what_is_named_to_be_deleted_a_person_deletes_after_the_proof_and_nobody_asks_what_to_put_instead(
    desk: DeskInside, locale: str, wish: str, fields: list[str]
) -> None:
    async with desk.chat(locale) as chat:
        await chat.say(wish)
        await chat.until(offers("right:rectification"), "the choice")
        await chat.choose("right:rectification")
        ref = (await chat.opened())["rectification"]
        await chat.until(lambda m: TO_EMPTY[locale] in m["text"], "that a person takes care of it")
        await chat.asked("email")
        if wish.startswith("i want"):
            await prove_in_chat(desk, chat, FORMER_CUSTOMER.email, ref)
            await desk.idle()
            said = [message["text"] for message in chat.heard]
            assert not any("Nothing is changed before" in text for text in said), (
                "no day holds a person to it"
            )
        else:
            await chat.say(f"{ref.lower()}@mail.example")  # who they are, and no value
            await chat.asked("code")
        request = await desk.request(ref)
    proved = "open" if wish.startswith("i want") else "verifying"
    assert (request["attention"], request["status"]) == ("correction_to_empty", proved)
    assert [part["field"] for part in request["details"]["changes"]] == fields
    assert not request["details"].get("changes_confirmed")


@pytest.mark.parametrize(
    ("locale", "first", "wish"),
    [
        ("en", "Please correct my first name, it is Claire and not Clara.", "and delete my tickets"),
        ("fr", "Merci de corriger mon prénom, c’est Claire et pas Clara.", "et supprimez mes tickets"),
        ("fr", "supprimez mes photos", "et supprimez mes tickets"),
    ],
)
async def test_what_is_named_to_be_deleted_beside_an_open_correction_is_a_request_of_its_own(
    desk: DeskInside, locale: str, first: str, wish: str
) -> None:
    async with desk.chat(locale) as chat:
        await chat.say(first)
        if "photos" in first:
            await chat.until(offers("right:rectification"), "the choice")
            await chat.choose("right:rectification")
        before = (await chat.opened())["rectification"]
        at = len(chat.heard)
        await chat.say(wish)
        await chat.until(lambda m: chat.heard.index(m) >= at and offers("right:rectification")(m))
        await chat.choose("right:rectification")
        await chat.until(lambda m: chat.heard.index(m) >= at and TO_EMPTY[locale] in m["text"])
        refs = {each["ref"] for message in chat.heard[at:] for each in message["requests"]}
    assert len(refs - {before}) == 1


@pytest.mark.parametrize(
    ("locale", "wish"),
    [
        ("en", "correct my name to Inez Delormeau, delete my phone number and stop profiling me"),
        ("en", "delete my phone number, stop profiling me and correct my name to Inez Delormeau"),
        (
            "fr",
            "corrigez mon nom en Inez Delormeau, supprimez mon numéro de téléphone et cessez de me profiler",
        ),
    ],
)
async def test_a_detail_to_be_deleted_is_not_lost_beside_a_correction(
    desk: DeskInside, locale: str, wish: str
) -> None:
    before = await desk.refs()
    async with desk.chat(locale) as chat:
        await chat.say(wish)
        await chat.until(lambda m: TO_EMPTY[locale] in m["text"], "that a person takes care of it")
        requests = [await desk.request(ref) for ref in await desk.refs() - before]
    assert sorted(r["right"] for r in requests) == ["objection", "rectification", "rectification"]
    changed = [
        part["field"]
        for r in requests
        for part in r["details"].get("changes", [])
        if r["details"].get("to_empty")
    ]
    assert changed == ["phone"]


@pytest.mark.parametrize(
    "wish",
    [
        "Please send me a copy of my data and delete my phone number.",
        "Une copie de mes données svp et supprimez mon numéro de téléphone.",
    ],
)
async def test_a_detail_to_be_emptied_keeps_back_no_proof_of_what_is_asked_beside_it_and_is_asked_about_by_nobody(
    desk: DeskInside, wish: str
) -> None:
    before = await desk.refs()
    sender = f"beside.{len(before)}@mail.example"
    await asyncio.to_thread(desk.send_mail, wish, sender=sender, subject="Data")
    refs = await desk.opened_by(before, 2)
    requests = {r["right"]: r for r in [await desk.request(ref) for ref in refs]}
    assert set(requests) == {"access", "rectification"}
    assert requests["access"]["status"] == "verifying"
    await desk.mail(sender, re.compile("[Cc]onfirm"))
    await desk.idle()
    assert not [
        m for m in desk.mails(sender) if re.search("[Oo]ne more detail|[Pp]récision", str(m["subject"]))
    ]
    answered = await desk.request(requests["rectification"]["ref"])
    assert (answered["attention"], answered["status"]) == ("correction_to_empty", "verifying")
    assert await desk.refs() - before == set(refs)


@pytest.mark.parametrize(
    ("locale", "wish", "typed"),
    [
        ("en", "My phone number is wrong.", "just delete everything"),
        ("en", "My phone number is wrong.", "the phone number on my account, erase it"),
        ("fr", "mon numéro de téléphone est faux", "effacez juste tout"),
        ("fr", "mon numéro de téléphone est faux", "effacez le numéro de mon compte"),
    ],
)
async def test_what_is_no_clear_answer_to_the_right_value_opens_no_erasure(
    desk: DeskInside, locale: str, wish: str, typed: str
) -> None:
    async with desk.chat(locale) as chat:
        await chat.say(wish)
        await chat.asked("detail")
        before = await desk.refs()
        await chat.say(typed)
        await chat.asked("detail")
        assert await desk.refs() == before
