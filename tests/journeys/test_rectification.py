"""Rectification from the wrong value to the right one: exactly one cell of exactly one person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.doubles.desk_process import Chat, DeskProcess, eventually
from tests.doubles.journeys import (
    answer_mail,
    ask_by_mail,
    changed_cells,
    confirm_by_mail,
    confirm_change,
    links_in,
    prove_in_chat,
)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("rectification")]

CITY = {
    "fr": "Ma ville est incorrecte, corrigez-la en Quimper.",
    "en": "The city in my address is wrong, please change it to Durham.",
}
LAST_NAME = {
    "fr": "Mon nom de famille est mal orthographié, corrigez-le en Kervella.",
    "en": "My last name is wrong in your records, please change it to Thornbury.",
}
CORRECTED = {"fr": "sont corrigées", "en": "have been corrected"}
NO_VALUE = {
    "fr": ("Pouvez-vous corriger la ville de mon adresse ?", "ville", "Quimper"),
    "en": ("Please correct the town in my address.", "town", "Durham"),
}
NEW_EMAIL = {
    "fr": ("Merci de remplacer mon adresse e-mail par {new}.", "nouvelle.boite@courriel.example"),
    "en": ("Please change my e-mail address to {new}.", "new.box@mail.example"),
}


def with_an_address(desk: DeskProcess, people: Iterator[tuple[str, str]]) -> tuple[str, int, int]:
    """Give the next person with one address of their own: e-mail, client row and address row."""
    for email, number in people:
        rows = desk.query(
            "SELECT c.id, l.address_id FROM clients c JOIN client_addresses l ON l.client_id = c.id"
            " WHERE c.client_no = ? AND NOT EXISTS (SELECT 1 FROM client_addresses o"
            " WHERE o.address_id = l.address_id AND o.client_id <> c.id)",
            number,
        )
        if len({address for _, address in rows}) == 1:
            return email, rows[0][0], rows[0][1]
    raise AssertionError("nobody of the sample company has one address of their own")


def city_of(desk: DeskProcess, address: int) -> str:
    return str(desk.query("SELECT city FROM addresses WHERE id = ?", address)[0][0])


def says_it_is_done(message: dict[str, Any], ref: str) -> bool:
    return ref in message["text"] and any(word in message["text"] for word in ("corrig", "correct"))


async def carry_through(desk: DeskProcess, email: str, ref: str, chat: Chat, *shown: str) -> None:
    """Say yes to what is shown, prove who it is, and have it approved and done."""
    await confirm_change(chat, *shown)
    await prove_in_chat(desk, chat, email, ref)
    await desk.approve(ref)
    await desk.until_status(ref, "answered")


@pytest.mark.parametrize(("language", "town"), [("fr", "Quimper"), ("en", "Durham")])
async def test_a_wrong_town_told_in_chat_is_put_right_in_one_cell_of_one_person(
    desk: DeskProcess, people: Iterator[tuple[str, str]], language: str, town: str
) -> None:
    email, _, address = with_an_address(desk, people)
    before = desk.dump()
    async with desk.chat(language) as chat:
        await chat.say(CITY[language])
        ref = (await chat.opened())["rectification"]
        await confirm_change(chat, town)
        await prove_in_chat(desk, chat, email, ref)
        plan = await desk.plan(ref)
        assert [step["table"] for step in plan["steps"]] == ["addresses"]
        assert desk.dump() == before, "nothing may change before an agent has approved"
        await desk.approve(ref)
        await desk.until_status(ref, "answered")
        await chat.until(lambda m: says_it_is_done(m, ref), "that it is corrected")

    assert city_of(desk, address) == town
    assert changed_cells(desk, before, desk.dump()) == {("addresses", address, "city")}
    letter = await desk.mail(email, CORRECTED[language])
    assert letter["to"] == email


@pytest.mark.parametrize(("language", "name"), [("fr", "Kervella"), ("en", "Thornbury")])
async def test_a_wrong_last_name_told_by_mail_is_put_right_in_one_cell_of_one_person(
    desk: DeskProcess, people: Iterator[tuple[str, str]], language: str, name: str
) -> None:
    email, number = next(people)
    (client,) = desk.query("SELECT id FROM clients WHERE client_no = ?", number)[0]
    before = desk.dump()
    ref = await ask_by_mail(desk, LAST_NAME[language], email, language)
    await confirm_by_mail(desk, email, ref)
    await desk.approve(ref)
    await desk.until_status(ref, "answered")

    assert desk.query("SELECT last_name FROM clients WHERE id = ?", client) == [(name,)]
    assert changed_cells(desk, before, desk.dump()) == {("clients", client, "last_name")}
    answer = await desk.mail(email, CORRECTED[language])
    assert says_it_is_done({"text": answer.get_content()}, ref)
    assert not answer["in-reply-to"], "an answer never goes to what a message claims"


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_a_value_that_is_missing_is_asked_for_and_then_entered_as_it_was_typed(
    desk: DeskProcess, people: Iterator[tuple[str, str]], language: str
) -> None:
    sentence, field, town = NO_VALUE[language]
    email, _, address = with_an_address(desk, people)
    before = desk.dump()
    async with desk.chat(language) as chat:
        await chat.say(sentence)
        ref = (await chat.opened())["rectification"]
        question = await chat.asked("detail")
        assert field in question["text"]
        await chat.say(town)
        await carry_through(desk, email, ref, chat, town)

    assert city_of(desk, address) == town
    assert changed_cells(desk, before, desk.dump()) == {("addresses", address, "city")}


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_a_new_contact_waits_72_hours_while_the_old_one_can_object(
    desk: DeskProcess, people: Iterator[tuple[str, str]], language: str
) -> None:
    template, new = NEW_EMAIL[language]
    email, number = next(people)
    (client,) = desk.query("SELECT id FROM clients WHERE client_no = ?", number)[0]
    async with desk.chat(language) as chat:
        await chat.say(template.format(new=new))
        ref = (await chat.opened())["rectification"]
        await confirm_change(chat, new)
        await prove_in_chat(desk, chat, email, ref)
        await desk.approve(ref)
        assert (await desk.request(ref))["status"] == "scheduled"
        assert await desk.mail(email, "/verify/stop/")
        await desk.forward("71h")
        assert (await desk.request(ref))["status"] == "scheduled"
        assert desk.query("SELECT email FROM clients WHERE id = ?", client) == [(email,)]
        await desk.forward("2h")
        await desk.until_status(ref, "answered")

    assert desk.query("SELECT email FROM clients WHERE id = ?", client) == [(new,)]
    assert not [m for m in desk.mails(new) if holds_a_code(m.get_content())], "a new address proves nothing"


def holds_a_code(text: str) -> bool:
    """Tell whether a mail holds a code."""
    return any(line.strip().isdigit() and len(line.strip()) == 8 for line in text.splitlines())


# ── which and what, from → to ───────────────────────────────────────────────────────────────────────

STARTER = {
    "fr": "Je voudrais corriger mes données personnelles.",
    "en": "I would like to correct my personal data.",
}
WHAT = {
    "fr": ("Que devons-nous corriger", "Ma ville est Quimper, et non {old}."),
    "en": ("What should we correct", "My town is Durham, not {old}."),
}
TOWN = {"fr": "Quimper", "en": "Durham"}
ADDRESS = {
    "fr": (
        "J’ai déménagé, ma nouvelle adresse est 9 quai des Brumes, 44000 Nantes.",
        "pays",
        "France",
        ("9 quai des Brumes", "44000", "Nantes", "FR"),
    ),
    "en": (
        "I have moved, my new address is 9 Quarry Lane, Durham DH1 3LE.",
        "country",
        "United Kingdom",
        ("9 Quarry Lane", "DH1 3LE", "Durham", "GB"),
    ),
}
SEVERAL = {
    "fr": (
        "Merci de corriger mes données : mon nom de famille est désormais Kervella et ma ville Quimper.",
        "Kervella",
        "Quimper",
    ),
    "en": (
        "Please correct my data: my last name is now Thornbury and my town Durham.",
        "Thornbury",
        "Durham",
    ),
}
DOUBT = {
    "fr": "Corrigez ma ville : Quimper / Douarnenez, il y a une erreur.",
    "en": "Please correct my phone number, there are two: +44 7700 900111 and +44 7700 900222.",
}


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_a_wish_to_correct_that_names_nothing_is_asked_which_and_what_in_chat(
    desk: DeskProcess, people: Iterator[tuple[str, str]], language: str
) -> None:
    email, _, address = with_an_address(desk, people)
    old, (question, answer) = city_of(desk, address), WHAT[language]
    before = desk.dump()
    async with desk.chat(language) as chat:
        await chat.say(STARTER[language])
        ref = (await chat.opened())["rectification"]
        assert question in (await chat.asked("detail"))["text"]
        await chat.say(answer.format(old=old))
        await carry_through(desk, email, ref, chat, old, TOWN[language])

    assert changed_cells(desk, before, desk.dump()) == {("addresses", address, "city")}
    assert city_of(desk, address) == TOWN[language]


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_a_wish_to_correct_that_names_nothing_is_asked_by_mail_and_confirmed_on_the_page(
    desk: DeskProcess, people: Iterator[tuple[str, str]], language: str
) -> None:
    email, _, address = with_an_address(desk, people)
    old, (question, answer) = city_of(desk, address), WHAT[language]
    ref = await ask_by_mail(desk, STARTER[language], email, language)
    asked = await desk.mail(email, question)
    assert not [m for m in desk.mails(email) if "/verify/" in m.get_content()], "nothing to confirm yet"
    answer_mail(desk, asked, answer.format(old=old), email)
    link = links_in((await desk.mail(email, "/verify/")).get_content(), "/verify/")[0]
    _, page = await desk.page(link)
    assert old in page
    assert TOWN[language] in page
    await confirm_by_mail(desk, email, ref)
    await desk.approve(ref)
    await desk.until_status(ref, "answered")

    assert city_of(desk, address) == TOWN[language]


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_a_new_address_is_written_in_all_its_parts_and_what_is_not_said_is_asked(
    desk: DeskProcess, people: Iterator[tuple[str, str]], language: str
) -> None:
    sentence, missing, country, parts = ADDRESS[language]
    email, _, address = with_an_address(desk, people)
    before = desk.dump()
    async with desk.chat(language) as chat:
        await chat.say(sentence)
        ref = (await chat.opened())["rectification"]
        assert missing in (await chat.asked("detail"))["text"]
        await chat.say(country)
        await carry_through(desk, email, ref, chat, *parts[:3], country)

    row = desk.query("SELECT street, postcode, city, country FROM addresses WHERE id = ?", address)[0]
    assert row == parts, "nothing old stays beside the new"
    assert {cell[:2] for cell in changed_cells(desk, before, desk.dump())} == {("addresses", address)}


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_several_fields_in_one_message_are_all_corrected(
    desk: DeskProcess, people: Iterator[tuple[str, str]], language: str
) -> None:
    sentence, name, town = SEVERAL[language]
    email, client, address = with_an_address(desk, people)
    before = desk.dump()
    async with desk.chat(language) as chat:
        await chat.say(sentence)
        ref = (await chat.opened())["rectification"]
        await carry_through(desk, email, ref, chat, name, town)

    assert changed_cells(desk, before, desk.dump()) == {
        ("addresses", address, "city"),
        ("clients", client, "last_name"),
    }


async def test_two_values_of_which_nobody_says_which_is_right_are_both_offered_and_never_guessed(
    desk: DeskProcess, people: Iterator[tuple[str, str]]
) -> None:
    email, number = next(people)
    async with desk.chat("en") as chat:
        await chat.say(DOUBT["en"])
        ref = (await chat.opened())["rectification"]
        question = await chat.asked("choice")
        offered = {c["label"]: c["value"] for c in question["choices"]}
        assert {"+44 7700 900111", "+44 7700 900222"} < offered.keys()
        await chat.choose(offered["+44 7700 900222"])
        await confirm_change(chat, "from “+44 7700 900111” to “+44 7700 900222”", answer="swap")
        await confirm_change(chat, "from “+44 7700 900222” to “+44 7700 900111”")
        await prove_in_chat(desk, chat, email, ref)
        await desk.plan(ref)
    (change,) = (await desk.api("GET", f"/requests/{ref}?reveal=1"))["details"]["changes"]
    assert (change["old"], change["new"]) == ("+44 7700 900222", "+44 7700 900111"), (
        "whoever approves sees it"
    )
    await desk.approve(ref)
    assert (await desk.request(ref))["status"] == "scheduled", (
        "a number that reaches the person waits for its hold"
    )
    del number


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_what_reads_already_as_it_should_is_said_to_and_nothing_is_called_corrected(
    desk: DeskProcess, people: Iterator[tuple[str, str]], language: str
) -> None:
    email, _, address = with_an_address(desk, people)
    town, before = city_of(desk, address), desk.dump()
    wish = {"fr": f"Ma ville est {town} et non Paimpol.", "en": f"My town is {town}, not Paimpol."}[language]
    async with desk.chat(language) as chat:
        await chat.say({"fr": "Corrigez mes données. ", "en": "Please correct my data. "}[language] + wish)
        ref = (await chat.opened())["rectification"]
        await confirm_change(chat, town)
        await prove_in_chat(desk, chat, email, ref)
        await desk.until_status(ref, "answered")

    letter = await desk.mail(email, {"fr": "déjà à jour", "en": "already say so"}[language])
    assert not any(word in str(letter["subject"]) for word in ("corrig", "correct"))
    assert desk.dump() == before
    assert not [i for i in (await desk.api("GET", "/queue"))["items"] if i["request"] == ref]


async def test_nothing_is_planned_before_the_yes_and_an_agent_decides_after_seven_days(
    desk: DeskProcess, people: Iterator[tuple[str, str]]
) -> None:
    email, _ = next(people)
    async with desk.chat("en") as chat:
        await chat.say("My last name is wrong in your records, please change it to Thornbury.")
        ref = (await chat.opened())["rectification"]
        await chat.asked("choice")
        assert (await desk.request(ref))["status"] == "received"
    await desk.forward("6d")
    assert (await desk.request(ref))["attention"] is None
    await desk.forward("25h")

    async def flagged() -> bool:
        return bool((await desk.request(ref))["attention"] == "change_unconfirmed")

    assert await eventually(flagged, "that an agent is called")
    del email


async def test_a_field_that_no_map_has_goes_to_an_agent(
    desk: DeskProcess, people: Iterator[tuple[str, str]]
) -> None:
    email, _ = next(people)
    async with desk.chat("fr") as chat:
        await chat.say(STARTER["fr"])
        ref = (await chat.opened())["rectification"]
        await chat.say("ma pointure, c’est du 43")
        await chat.say("ma pointure !")
        await chat.until(lambda m: "Une personne lira" in m["text"], "that a person reads it")
    assert (await desk.request(ref))["attention"] == "correction_not_understood"
    del email


MORE = {
    "fr": (
        "Mon nom de famille est mal orthographié, corrigez-le en Kervella.",
        "Corrigez aussi ma ville : Quimper.",
        "oui",
    ),
    "en": (
        "My last name is wrong, please change it to Thornbury.",
        "Please also correct my town to Durham.",
        "Yes.",
    ),
}


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_what_is_added_before_the_yes_is_confirmed_with_it_and_what_comes_later_is_a_request_of_its_own(
    desk: DeskProcess, people: Iterator[tuple[str, str]], language: str
) -> None:
    first, added, yes = MORE[language]
    email, _, address = with_an_address(desk, people)
    async with desk.chat(language) as chat:
        await chat.say(first)
        ref = (await chat.opened())["rectification"]
        await chat.asked("choice")
        await chat.say(added)
        question = await chat.asked("choice")
        assert all(word in question["text"] for word in (TOWN[language], first.split()[-1].rstrip(".")))
        await chat.say(yes)
        await prove_in_chat(desk, chat, email, ref)
        plan = await desk.plan(ref)
        assert {step["table"] for step in plan["steps"]} == {"clients", "addresses"}
        await chat.say(
            {"fr": "Corrigez mon prénom en Morgane.", "en": "Correct my first name to Morgan."}[language]
        )
        assert (await chat.opened())["rectification"] != ref
    del address


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_by_mail_too_two_values_in_doubt_are_asked_and_the_page_shows_from_and_to(
    desk: DeskProcess, people: Iterator[tuple[str, str]], language: str
) -> None:
    email, _ = next(people)
    wish = {
        "fr": "Corrigez mon numéro de téléphone, il y en a deux : 06 39 98 11 11 / 06 39 98 22 22.",
        "en": "Please correct my phone number, there are two: 06 39 98 11 11 / 06 39 98 22 22.",
    }[language]
    await ask_by_mail(desk, wish, email, language)
    several = {"fr": "plusieurs valeurs", "en": "more than one value"}[language]
    asked = await desk.mail(email, several)
    assert "11 11" not in asked.get_content(), "whoever reads it need not be who wrote"
    answer_mail(desk, asked, {"fr": "Le 06 39 98 22 22.", "en": "06 39 98 22 22"}[language], email)
    link = links_in((await desk.mail(email, "/verify/")).get_content(), "/verify/")[0]
    _, page = await desk.page(link)
    assert page.index("06 39 98 11 11") < page.index("06 39 98 22 22")


async def test_a_second_right_in_the_answer_is_opened_beside_the_correction(
    desk: DeskProcess, people: Iterator[tuple[str, str]]
) -> None:
    email, _ = next(people)
    async with desk.chat("en") as chat:
        await chat.say(STARTER["en"])
        await chat.asked("detail")
        await chat.say(
            "Please correct my last name to Thornbury, and send me a copy of all my personal data."
        )
        assert "access" in await chat.opened()
        await confirm_change(chat, "Thornbury")
    del email
