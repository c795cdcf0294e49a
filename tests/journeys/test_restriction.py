"""Restriction from the person's sentence to the answer: the data stay and are marked, nobody else's are."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from importlib import resources

import pytest

from assistant.config import Catalogue
from tests.doubles.desk_process import DeskProcess, eventually
from tests.doubles.journeys import ask_by_mail, changed_cells, confirm_by_mail, prove_in_chat

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("portability")]

SENTENCES = {
    "fr": "Veuillez geler mes données personnelles : conservez-les, mais ne les utilisez plus tant que ma contestation est en cours.",
    "en": "Please restrict the use of my personal data: keep it, but do not use it while you check whether it is accurate.",
}
DONE = {"fr": "L’utilisation de vos données est limitée", "en": "The use of your data is restricted"}
RECIPIENTS = Catalogue.model_validate(
    tomllib.loads((resources.files("assistant.demo") / "catalogue.toml").read_text("utf-8"))
).recipients
PROMISED = {
    "fr": "Nous vous préviendrons avant de lever",
    "en": "We will tell you before the restriction is lifted",
}


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("channel", ["chat", "mail"])
async def test_the_data_stay_and_are_marked_and_the_person_is_promised_word_before_it_ends(
    desk: DeskProcess, people: Iterator[tuple[str, str]], channel: str, language: str
) -> None:
    email, number = next(people)
    (client,) = desk.query("SELECT id FROM clients WHERE client_no = ?", number)[0]
    letters = desk.query(
        "SELECT id FROM newsletter_subscriptions WHERE lower(email) = lower(?) AND status = 'subscribed'",
        email,
    )
    before = desk.dump()
    if channel == "chat":
        async with desk.chat(language) as chat:
            await chat.say(SENTENCES[language])
            ref = (await chat.opened())["restriction"]
            await prove_in_chat(desk, chat, email, ref)
    else:
        ref = await ask_by_mail(desk, SENTENCES[language], email, language)
        await confirm_by_mail(desk, email, ref)
    assert desk.dump() == before, "nothing may change before an agent has approved"
    await desk.approve(ref)
    await desk.until_status(ref, "answered")

    marked = {
        ("clients", client, "restricted"),
        *(("newsletter_subscriptions", n, "status") for (n,) in letters),
    }
    assert changed_cells(desk, before, desk.dump()) == marked
    letter = (await desk.mail(email, DONE[language])).get_content()
    assert PROMISED[language] in letter
    assert ref in letter
    await whom_the_rows_show_is_told(desk, ref, client, [email] if letters else [], letter)


def known_to(desk: DeskProcess, client: int, subscribed: list[str]) -> dict[str, list[str]]:
    """Give whom the marked rows went to, and by what those know them: a registry with a domain, a newsletter."""
    held = desk.query("SELECT registry, registrant_handle FROM domains WHERE client_id = ?", client)
    names = {"registry_fr": "Registre Exemple", "registry_ee": "Näidisregister"}
    found = {name: [handle for at, handle in held if at == registry] for name, registry in names.items()}
    found["newsletter_tool"] = subscribed
    return {name: handles for name, handles in found.items() if handles}


async def whom_the_rows_show_is_told(
    desk: DeskProcess, ref: str, client: int, subscribed: list[str], letter: str
) -> None:
    """Those have a notice with the number they know and nothing else, and the letter names them alone (GDPR 19)."""
    known = known_to(desk, client, subscribed)
    assert {name for name, row in RECIPIENTS.items() if f"- {row.name}" in letter} == known.keys()
    (email,) = desk.query("SELECT email FROM clients WHERE id = ?", client)[0]
    for name, handles in known.items():
        notice = (await desk.mail(RECIPIENTS[name].notify, ref)).get_content()
        assert all(handle in notice for handle in handles)
        assert name == "newsletter_tool" or email not in notice
        assert len([m for m in desk.mails(RECIPIENTS[name].notify) if ref in str(m["subject"])]) == 1
    others = {row.notify for name, row in RECIPIENTS.items() if row.notify and name not in known}
    assert not [mail for address in others for mail in desk.mails(address) if ref in str(mail["subject"])]


LIFTED = {"fr": "Nous lèverons la limitation", "en": "We will lift the restriction"}
REASON = {"fr": "Vos coordonnées sont vérifiées.", "en": "Your contact details are checked now."}


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_the_person_and_whoever_was_told_of_a_restriction_learn_of_its_end_before_it(
    desk: DeskProcess, people: Iterator[tuple[str, str]], language: str
) -> None:
    email, number = next(people)
    (client,) = desk.query("SELECT id FROM clients WHERE client_no = ?", number)[0]
    subscribed = desk.query(
        "SELECT email FROM newsletter_subscriptions WHERE lower(email) = lower(?) AND status = 'subscribed'",
        email,
    )
    before = desk.dump()
    ref = await ask_by_mail(desk, SENTENCES[language], email, language)
    await confirm_by_mail(desk, email, ref)
    await desk.approve(ref)
    await desk.until_status(ref, "answered")
    restricted = desk.dump()
    assert restricted != before

    status, problem = await desk.api_status("POST", f"/requests/{ref}/lift", json={"reason": " "})
    assert status == 422, problem
    await desk.api("POST", f"/requests/{ref}/lift", json={"reason": REASON[language]})
    status, problem = await desk.api_status("POST", f"/requests/{ref}/lift", json={"reason": "Again."})
    assert status == 409, problem
    plan = await desk.approve(ref)
    assert plan["operation"] == "lift"
    letter = (await desk.mail(email, LIFTED[language])).get_content()
    assert REASON[language] in letter
    assert ref in letter
    assert desk.dump() == restricted, "nothing ends before the day that the letter names"
    assert (await desk.request(ref))["status"] == "answered"

    await desk.forward("7d")

    async def ended() -> bool:
        return desk.dump() == before

    await eventually(ended, "everything to be as it was before the restriction")
    for name, handles in known_to(desk, client, [row[0] for row in subscribed]).items():
        notice = (await desk.mail(RECIPIENTS[name].notify, ref, seen=1)).get_content()
        assert all(handle in notice for handle in handles)
