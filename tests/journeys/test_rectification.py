"""Rectification from the wrong value to the right one: exactly one cell of exactly one person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.doubles.desk_process import DeskProcess
from tests.doubles.journeys import ask_by_mail, changed_cells, confirm_by_mail, prove_in_chat

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("rectification")]

CITY = {
    "fr": "Ma ville est incorrecte, corrigez-la en Quimper.",
    "en": "The city in my address is wrong, please change it to Durham.",
}
LAST_NAME = {
    "fr": "Mon nom de famille est mal orthographié, corrigez-le en Kervella.",
    "en": "My last name is wrong in your records, please change it to Thornbury.",
}
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


@pytest.mark.parametrize(("language", "town"), [("fr", "Quimper"), ("en", "Durham")])
async def test_a_wrong_town_told_in_chat_is_put_right_in_one_cell_of_one_person(
    desk: DeskProcess, people: Iterator[tuple[str, str]], language: str, town: str
) -> None:
    email, _, address = with_an_address(desk, people)
    before = desk.dump()
    async with desk.chat(language) as chat:
        await chat.say(CITY[language])
        ref = (await chat.opened())["rectification"]
        await prove_in_chat(desk, chat, email, ref)
        plan = await desk.plan(ref)
        assert [step["table"] for step in plan["steps"]] == ["addresses"]
        assert desk.dump() == before, "nothing may change before an agent has approved"
        await desk.approve(ref)
        await desk.until_status(ref, "answered")
        await chat.until(lambda m: says_it_is_done(m, ref), "that it is corrected")

    assert city_of(desk, address) == town
    assert changed_cells(desk, before, desk.dump()) == {("addresses", address, "city")}
    letter = await desk.mail(email, {"fr": "sont corrigées", "en": "have been corrected"}[language])
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
    answers = [m for m in desk.mails(email) if says_it_is_done({"text": m.get_content()}, ref)]
    assert answers
    assert not answers[-1]["in-reply-to"], "an answer never goes to what a message claims"


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
        await prove_in_chat(desk, chat, email, ref)
        await desk.approve(ref)
        await desk.until_status(ref, "answered")

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
