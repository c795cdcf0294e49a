"""What is asked of one's own data tells nothing about anybody else's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.attacks.test_mail import raw
from tests.doubles.attacks import Victim, plain, stranger, texts
from tests.doubles.desk_inside import DeskInside
from tests.doubles.journeys import confirm_change, confirm_link, links_in, prove_in_chat, received

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("attacks")]


def subscribe(desk: DeskInside, address: str) -> str:
    """Put an address on the list of the newsletter."""
    desk.change(
        "INSERT INTO newsletter_subscriptions (email, list_name, language, status, confirmed_at)"
        " VALUES (?, 'probe', 'en', 'subscribed', '2026-01-01 10:00:00')",
        address,
    )
    return address


@pytest.mark.parametrize("by_mail", [False, True], ids=["chat", "mail"])
async def test_a_correction_of_ones_own_address_says_nothing_about_whoever_has_the_new_one(
    desk: DeskInside, people: Iterator[Victim], by_mail: bool
) -> None:
    """B31: the new address may be on a list where an address stands once; the agent reads of it, the asker does not."""
    heard = []
    for new in (subscribe(desk, stranger()), stranger()):
        own = next(people)
        subscribe(desk, own.email)
        sentence = f"Please change my e-mail address to {new}."
        if by_mail:
            await desk.raw_mail(raw(own.email, sentence), own.email)
            (ref,) = await received(desk, own.email)
            link = links_in((await desk.mail(own.email, "/verify/")).get_content(), "/verify/")[0]
            await confirm_link(desk, link, ref)
            said: list[object] = []
        else:
            async with desk.chat() as chat:
                await chat.say(sentence)
                ref = (await chat.opened())["rectification"]
                await confirm_change(chat, new)
                await prove_in_chat(desk, chat, own.email, ref)
                await desk.until_status(ref, "awaiting_approval")
                await desk.idle()
                await chat.say("What is the status of my request?")
                await chat.until(lambda m, ref=ref: ref in m["text"], "where it stands")  # type: ignore[misc]
                said = [(each["text"], each["expects"], each["choices"]) for each in chat.heard]
        request = await desk.until_status(ref, "awaiting_approval")
        await desk.idle()
        mails = [texts(mail) for mail in desk.mails(own.email)]
        heard.append((plain(said, new, own.email), sorted(plain(each, new, own.email) for each in mails)))
        assert request["attention"] == ("plan_conflict" if len(heard) == 1 else None)
    assert heard[0] == heard[1]
