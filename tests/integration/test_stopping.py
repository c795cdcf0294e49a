"""What the link of a letter stops: everything that its person never asked for, and not the one request it came with."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from email.message import EmailMessage

import pytest
import pytest_asyncio

from tests.doubles.attacks import Victim, victims
from tests.doubles.desk_inside import DeskInside, desk_inside
from tests.doubles.journeys import links_in

pytestmark = pytest.mark.asyncio(loop_scope="module")
BOTH = {
    "en": "Send me a copy of my data, then delete everything.",
    "fr": "Envoyez-moi une copie de mes données, puis supprimez tout.",
}
HOLD = {"en": "What happens next with", "fr": "La suite de"}
STOPPED = {"en": "We have stopped what was asked", "fr": "Nous avons arrêté ce qui a été demandé"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskInside]:
    async with desk_inside(tmp_path_factory.mktemp("stopping")) as opened:
        yield opened


@pytest.fixture(scope="module")
def people(desk: DeskInside) -> Iterator[Victim]:
    return victims(desk)


async def both_by_mail(desk: DeskInside, email: str, language: str) -> dict[str, str]:
    """Ask for a copy and erasure in one mail, confirm both by its one link, and have both approved."""
    await asyncio.to_thread(desk.send_mail, BOTH[language], sender=email, subject="Data")
    (link,) = links_in((await desk.mail(email, "/verify/stop/")).get_content(), "/verify/")
    _, page = await desk.page(link)
    refs = list(dict.fromkeys(re.findall(r"PR-\w{8}", page)))
    await desk.press(link, answer="yes")
    by_right = {(await desk.request(ref))["right"]: ref for ref in refs}
    assert set(by_right) == {"access", "erasure"}
    for ref in refs:
        await desk.approve(ref)
    return by_right


async def hold_letter(desk: DeskInside, email: str, ref: str, language: str) -> EmailMessage:
    """Wait for the letter about the waiting period of one request."""
    await desk.idle()
    await desk.mail(email, HOLD[language], seen=1)
    letters = [mail for mail in desk.mails(email) if HOLD[language] in mail["subject"]]
    return next(mail for mail in letters if ref in mail["subject"])


def stop_link(mail: EmailMessage) -> str:
    return str(next(word for word in mail.get_content().split() if "/verify/stop/" in word))


@pytest.mark.parametrize(("language", "right"), [("en", "access"), ("fr", "access"), ("en", "erasure")])
async def test_this_was_not_me_stops_everything_that_rests_on_the_same_proof(
    desk: DeskInside, people: Iterator[Victim], language: str, right: str
) -> None:
    email = next(people).email
    refs = await both_by_mail(desk, email, language)
    rows = desk.dump()
    letter = await hold_letter(desk, email, refs[right], language)
    assert all(ref in letter.get_content() for ref in refs.values()), "the letter names what its link stops"
    link = stop_link(letter)
    _, page = await desk.page(link)
    assert all(ref in page for ref in refs.values())
    said = await desk.press(link)
    assert all(ref in said for ref in refs.values())
    told = await desk.mail(email, STOPPED[language])
    assert all(ref in str(told["subject"]) for ref in refs.values()), "one letter names all of it"
    for days in ("80h", "8d", "25d"):
        await desk.forward(days)
        await desk.idle()
    for ref in refs.values():
        request = await desk.request(ref)
        assert (request["status"], request["attention"]) == ("awaiting_approval", "not_me")
    assert desk.dump() == rows


async def test_a_copy_that_was_sent_already_does_not_keep_the_erasure_from_being_stopped(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    email = next(people).email
    refs = await both_by_mail(desk, email, "en")
    rows = desk.dump()
    link = stop_link(await hold_letter(desk, email, refs["access"], "en"))
    await desk.forward("73h")
    await desk.until_status(refs["access"], "answered")
    said = await desk.press(link)
    assert refs["erasure"] in said
    assert refs["access"] not in said, "what was done is not said to be stopped"
    await desk.forward("9d")
    await desk.idle()
    assert (await desk.request(refs["erasure"]))["attention"] == "not_me"
    assert desk.dump() == rows


async def test_an_erasure_that_waits_for_a_stopped_copy_is_stopped_though_it_was_proved_apart(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    email = next(people).email
    refs = await both_by_mail(desk, email, "en")
    link = stop_link(await hold_letter(desk, email, refs["access"], "en"))
    await desk.tamper("UPDATE request SET evidence_id = NULL WHERE ref = :ref", ref=refs["erasure"])
    await desk.press(link)
    assert (await desk.request(refs["erasure"]))["attention"] == "not_me"
