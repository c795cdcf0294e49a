"""Restriction from the person's sentence to the answer: the data stay and are marked, nobody else's are."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.doubles.desk_process import DeskProcess
from tests.doubles.journeys import ask_by_mail, changed_cells, confirm_by_mail, prove_in_chat

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("portability")]

SENTENCES = {
    "fr": "Veuillez geler mes données personnelles : conservez-les, mais ne les utilisez plus tant que ma contestation est en cours.",
    "en": "Please restrict the use of my personal data: keep it, but do not use it while you check whether it is accurate.",
}
DONE = {"fr": "L’utilisation de vos données est limitée", "en": "The use of your data is restricted"}
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
        "SELECT id FROM newsletter_subscriptions WHERE lower(email) = lower(?) AND status <> 'paused'", email
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
