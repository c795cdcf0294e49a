"""A copy first, then erasure: asked in one sentence, proved once, and never the wrong way round."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.doubles.desk_process import Chat, DeskProcess
from tests.doubles.journeys import confirm_link, received, type_code
from tests.doubles.package_browser import Package, browser
from tests.doubles.sample_rows import rows_of

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("both")]

SENTENCES = {
    "en": "Send me a copy of my data, then delete everything.",
    "fr": "Envoyez-moi une copie de mes données, puis supprimez tout.",
}
READY = {"en": "The copy of your data is ready", "fr": "La copie de vos données est prête"}
ERASED = {"en": "Our answer to your request for erasure", "fr": "Notre réponse à votre demande d’effacement"}


async def confirmed(desk: DeskProcess, chat: Chat, email: str, language: str) -> dict[str, str]:
    """Ask for both and prove once; gives the references by right."""
    await chat.say(SENTENCES[language])
    refs = await chat.opened()
    await type_code(desk, chat, email)
    await chat.until(lambda m: all(ref in m["text"] for ref in refs.values()), "that both are confirmed")
    return refs


def number_of_rows(desk: DeskProcess, email: str) -> int:
    """Count what the client area holds about an address."""
    return sum(len(keys) for keys in rows_of(desk, email).values())


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_the_copy_goes_first_and_its_download_lets_the_erasure_begin(
    desk: DeskProcess, people: Iterator[tuple[str, str]], language: str
) -> None:
    email, _ = next(people)
    held = number_of_rows(desk, email)
    async with desk.chat(language) as chat:
        refs = await confirmed(desk, chat, email, language)
    assert set(refs) == {"access", "erasure"}
    codes = [mail for mail in desk.mails(email) if re.search(r"^\d{8}\s*$", mail.get_content(), re.MULTILINE)]
    assert len(codes) == 1, "one proof is enough for both"
    assert all(ref in codes[0].get_content() for ref in refs.values())
    assert (await desk.request(refs["erasure"]))["after"] == refs["access"]
    await desk.approve(refs["erasure"])
    await desk.forward("80h")
    await desk.until_status(refs["access"], "awaiting_approval")
    assert number_of_rows(desk, email) == held, "an erasure that was approved first still waits for the copy"
    await desk.approve(refs["access"])
    letter = (await desk.mail(email, READY[language])).get_content()

    async with browser(desk, letter, language) as fetching:
        await fetching.want_code()
        await fetching.enter(await desk.code(email, seen=1))
        assert await fetching.look_at_download() == 405
        await desk.forward("1m")
        assert (await desk.request(refs["erasure"]))["status"] == "scheduled"
        assert number_of_rows(desk, email) == held, "neither a code nor a look is a download"
        _, raw, _ = await fetching.download()
        await desk.until_status(refs["erasure"], "answered")
        _, again, _ = await fetching.download()

    assert again == raw, "the copy can still be fetched when the data are gone"
    copied = sum(t["rows"] for t in Package.read(raw).manifest["tables"] if t["source"] == "client-area")
    assert copied == held
    assert not desk.query("SELECT 1 FROM clients WHERE lower(email) = lower(?)", email)
    last = await desk.mail(email, ERASED[language])
    assert last["to"] == email
    assert refs["erasure"] in str(last["subject"])
    letters = [str(mail["subject"]) for mail in desk.mails(email)]
    assert letters.index(str(last["subject"])) > next(
        i for i, s in enumerate(letters) if READY[language] in s
    )


async def test_a_copy_nobody_fetches_holds_the_erasure_up_for_seven_days_and_no_longer(
    desk: DeskProcess, people: Iterator[tuple[str, str]]
) -> None:
    email, _ = next(people)
    held = number_of_rows(desk, email)
    desk.send_mail(SENTENCES["fr"], sender=email, subject="Mes données")
    mail = (await desk.mail(email, "/verify/")).get_content()
    link = next(url for url in re.findall(r"http://\S+", mail) if "/stop/" not in url)
    refs = await received(desk, email)
    assert len(refs) == 2
    await confirm_link(desk, link, refs[1])
    by_right = {(await desk.request(ref))["right"]: ref for ref in refs}
    for ref in by_right.values():
        await desk.approve(ref)
    await desk.forward("73h")
    await desk.until_status(by_right["access"], "answered")
    ready = await desk.mail(email, READY["fr"])

    await desk.forward("6d")
    assert (await desk.mail(email, "/package/", seen=1))["subject"] != ready["subject"], "a reminder"
    assert (await desk.request(by_right["erasure"]))["status"] == "scheduled"
    assert number_of_rows(desk, email) == held
    await desk.forward("25h")
    await desk.until_status(by_right["erasure"], "answered")

    assert not desk.query("SELECT 1 FROM clients WHERE lower(email) = lower(?)", email)
    assert (await desk.mail(email, ERASED["fr"]))["to"] == email


async def test_an_agent_who_turns_the_erasure_down_does_not_hold_the_copy_up(
    desk: DeskProcess, people: Iterator[tuple[str, str]]
) -> None:
    email, _ = next(people)
    held = number_of_rows(desk, email)
    async with desk.chat("en") as chat:
        refs = await confirmed(desk, chat, email, "en")
    await desk.approve(refs["access"])
    item = await desk.plan(refs["erasure"])
    await desk.api(
        "POST", f"/queue/{item['id']}/reject", json={"reason": "the person wants to think it over"}
    )
    await desk.forward("73h")
    await desk.until_status(refs["access"], "answered")

    letter = (await desk.mail(email, READY["en"])).get_content()
    async with browser(desk, letter) as fetching:
        await fetching.want_code()
        await fetching.enter(await desk.code(email, seen=1))
        assert (await fetching.download())[0] == 200
    assert (await desk.request(refs["erasure"]))["status"] != "answered"
    assert number_of_rows(desk, email) == held
