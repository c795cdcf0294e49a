"""B20: undo and stop links worn out: nobody ends another's way back by asking once more, and a link has one life."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from assistant.domain.assurance import STOP_LINK_LASTS
from tests.doubles.attacks import ERASURE, Victim, until_code
from tests.doubles.desk_inside import DeskInside
from tests.doubles.journeys import links_in

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("attacks")]
OBJECTION = "Please stop sending me marketing emails."
OFF = "Marketing to this address is off"


async def objects(desk: DeskInside, email: str) -> None:
    async with desk.chat() as chat:
        await chat.say(OBJECTION)
        ref = (await chat.opened())["objection"]
        await chat.asked("email")
        await chat.say(email)
        await desk.until_status(ref, "answered")


async def undo_links(desk: DeskInside, email: str) -> list[str]:
    mails = [mail for mail in desk.mails(email) if OFF in str(mail["subject"])]
    return [links_in(mail.get_content(), "/verify/undo/")[0] for mail in mails]


async def test_objecting_again_after_an_undo_leaves_the_way_back_open(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """B20: the second objection of a day is not noticed again, so the link of its notice must still undo it."""
    victim = next(people)
    await objects(desk, victim.email)
    await desk.mail(victim.email, OFF)
    (link,) = await undo_links(desk, victim.email)
    assert "is undone" in await undo(desk, link)
    assert (await desk.page(link))[0] == 410, "undone already"
    await objects(desk, victim.email)
    assert "is undone" in await undo(desk, link)


async def test_the_link_of_an_earlier_notice_undoes_what_a_later_one_told(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """B20: a notice a day, and whichever of them its holder reads first is the way back."""
    victim = next(people)
    await objects(desk, victim.email)
    await desk.mail(victim.email, OFF)
    await desk.forward("25h")
    await objects(desk, victim.email)
    await desk.mail(victim.email, OFF, seen=1)
    first, _ = await undo_links(desk, victim.email)
    assert "is undone" in await undo(desk, first)


async def undo(desk: DeskInside, link: str) -> str:
    """Press the button of the page of an undo, and of the one that asks once more."""
    return await desk.press(link, answer="undo_sure")


async def test_a_link_ends_for_looking_and_for_pressing_alike(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """B20: one life and one answer, whether it never was, was used, or its time is over."""
    used, late = next(people), next(people)
    links = []
    for who in (used, late):
        async with desk.chat() as chat:
            await until_code(chat, who.email, ERASURE)
        letter = (await desk.mail(who.email, "/verify/stop/")).get_content()
        links.append(next(word for word in letter.split() if "/verify/stop/" in word))
    await desk.press(links[0], answer="not_me_sure")
    await check_ended(desk, links[0], f"{desk.url}/verify/stop/{'0' * 48}")
    secret = links[1].rsplit("/", 1)[-1]
    hashed = desk.assembly.services.keyring.keyed_hash(secret, "stop")
    made_at = desk.clock.now() - STOP_LINK_LASTS - timedelta(hours=1)
    await desk.tamper(
        "UPDATE stop_link SET made_at = :at WHERE link_hash = :link", at=made_at.isoformat(), link=hashed
    )
    await check_ended(desk, links[1])
    await check_ended(desk, f"{desk.url}/verify/undo/{'0' * 48}")


async def check_ended(desk: DeskInside, *links: str) -> None:
    for link in links:
        looked = await desk.page(link)
        assert looked[0] == 410
        for answer in ("", "take_back", "not_me", "not_me_sure", "take_back_sure", "undo_sure"):
            async with desk.http.post(link, data={"answer": answer}, headers={"Origin": desk.url}) as pressed:
                assert (pressed.status, await pressed.text()) == looked
