"""A button acts on the very question that it was shown with, or says that this question is over."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import pytest
import pytest_asyncio

from assistant.casework.agents import talking
from assistant.casework.requests.queue import Principal, Role
from assistant.channels.telegram.wording import is_value
from tests.doubles.attacks import ACCESS, ERASURE, Victim, proved, stranger
from tests.doubles.desk_inside import DeskInside, desk_inside
from tests.doubles.desk_process import Chat, eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")
OVER = {"en": "earlier question, which is over", "fr": "question précédente, qui n’est plus posée"}
NEVER_MIND = "Never mind, please cancel my request."


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskInside]:
    async with desk_inside(tmp_path_factory.mktemp("older-buttons")) as opened:
        yield opened


def buttons(asked: Mapping[str, Any]) -> dict[str, str]:
    """Give what the buttons below a question carry, by the answer that each begins with."""
    values = [choice["value"] for choice in asked["choices"] if not choice.get("url")]
    assert all(is_value(value) for value in values), "Telegram shows each as a button"
    return {":".join(value.split(":")[:2]): value for value in values if value != "human"}


async def over(chat: Chat, value: str, locale: str = "en") -> None:
    """Press a button of an earlier question."""
    await chat.choose(value)
    await chat.until(lambda m: OVER[locale] in m["text"], "that the question is over")


async def statuses(desk: DeskInside, *refs: str) -> list[str]:
    return [(await desk.request(ref))["status"] for ref in refs]


@pytest.mark.parametrize("locale", ["en", "fr"])
async def test_a_yes_to_withdraw_one_request_withdraws_no_other(
    desk: DeskInside, people: Iterator[Victim], locale: str
) -> None:
    access = {"en": ACCESS, "fr": "Bonjour, je voudrais une copie de toutes mes données personnelles."}
    erasure = {"en": ERASURE, "fr": "Bonjour, veuillez effacer toutes mes données personnelles."}
    never_mind = {"en": NEVER_MIND, "fr": "Je souhaite annuler ma demande, s’il vous plaît."}
    who = next(people)
    async with desk.chat(locale) as chat:
        first = await proved(desk, chat, who.email, access[locale])
        await chat.say(never_mind[locale])
        old = buttons(await chat.asked("choice"))
        await chat.choose(old["withdraw:no"])
        await chat.until(lambda m: first in m["text"], "how it stands")
        second = await proved_again(desk, chat, who, erasure[locale])
        await chat.say(never_mind[locale])
        new = buttons(await chat.asked("choice"))
        await over(chat, old["withdraw:yes"], locale)
        again = buttons(await chat.asked("choice"))
        assert again == new
        assert "withdrawn" not in await statuses(desk, first, second)
        await chat.choose(again["takeback:all"])
        await chat.until(lambda m: second in m["text"], "that both are withdrawn")
        assert await statuses(desk, first, second) == ["withdrawn", "withdrawn"]
        await over(chat, new["takeback:all"], locale)


async def proved_again(desk: DeskInside, chat: Chat, who: Victim, sentence: str) -> str:
    """Ask for one thing more in a chat that proved its mailbox before."""
    await chat.say(sentence)
    ref = next(iter((await chat.opened()).values()))
    await chat.asked("code")
    await chat.say(await desk.code(who.email, seen=1))
    await chat.until(lambda m: ref in m["text"] and m["expects"] is None, "that it is confirmed")
    return ref


async def test_a_right_of_an_earlier_doubt_opens_nothing_in_a_later_one(desk: DeskInside) -> None:
    async with desk.chat() as chat:
        await chat.say("Something about my personal data and how to delete it?")
        old = buttons(await chat.asked("choice"))
        await chat.choose(old["right:objection"])
        await chat.opened()
        await over(chat, old["right:erasure"])
        await chat.say("Something about my personal data and how to see it?")
        is_menu = "What would you like us to do"
        new = buttons(await chat.until(lambda m: is_menu in m["text"], "which right is meant"))
        await over(chat, old["right:erasure"])
        assert {r["right"] for m in chat.heard for r in m["requests"]} == {"objection"}
        await chat.choose(new["right:access"])
        assert list(await chat.opened()) == ["access"]


async def test_a_use_of_one_question_ends_nothing_in_another(desk: DeskInside) -> None:
    async with desk.chat() as chat:
        await chat.say("I object to what you do with my personal data.")
        first = next(iter((await chat.opened()).values()))
        old = buttons(await chat.asked("choice"))
        await chat.choose(old["purpose:analytics"])
        await chat.asked("email")
        await chat.say("I withdraw my consent.")
        await chat.until(lambda m: any("all_consents" in c["value"] for c in m["choices"]), "for which use")
        ((uses,),) = desk.own(
            "SELECT count(*) FROM request WHERE details LIKE '%purpose%' AND ref <> ?", first
        )
        await over(chat, old["purpose:profiling"])
        again = desk.own("SELECT count(*) FROM request WHERE details LIKE '%purpose%' AND ref <> ?", first)
        assert again == [(uses,)]


async def test_going_on_with_one_erasure_goes_on_with_no_other(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    who = next(people)
    async with desk.chat() as chat:
        first = await proved(desk, chat, who.email, ERASURE)
        await chat.say("Please do not delete anything.")
        old = buttons(await chat.asked("choice"))
        await chat.choose(old["dont:keep"])
        await chat.until(lambda m: first in m["text"], "that it is withdrawn")
        second = await proved_again(desk, chat, who, ERASURE)
        await chat.say("Please do not delete anything.")
        new = buttons(await chat.asked("choice"))
        for value in (old["dont:go_on"], old["dont:keep"]):
            await over(chat, value)
            asked = buttons(await chat.asked("choice"))
            assert asked == new
        assert desk.own("SELECT dont_answer FROM request WHERE ref = ?", second) == [(None,)]
        await chat.choose(new["dont:keep"])
        await chat.until(lambda m: second in m["text"], "that it is withdrawn")
    assert await statuses(desk, first, second) == ["withdrawn", "withdrawn"]


async def test_an_answer_about_the_services_of_one_erasure_ends_none_for_another(desk: DeskInside) -> None:
    (email,) = desk.query(
        "SELECT email FROM clients c WHERE email LIKE '%@%'"
        " AND EXISTS (SELECT 1 FROM services s WHERE s.client_id = c.id AND s.status = 'active')"
        " AND (SELECT count(*) FROM clients o WHERE lower(o.email) = lower(c.email)) = 1 AND id > 20 LIMIT 1"
    )[0]
    who = Victim(0, "", email, "", "", "")
    services, lead = desk.assembly.services, Principal("leonie", Role.LEAD)
    async with desk.chat() as chat:

        async def asked(ref: str) -> dict[str, str]:
            item = await desk.plan(ref)
            await services.write(lambda unit: talking.ask_about_services(unit, item["id"], lead))
            return buttons(
                await chat.until(lambda m: any("services:" in c["value"] for c in m["choices"]), "services")
            )

        first = await proved(desk, chat, who.email, ERASURE)
        old = await asked(first)
        await chat.choose(old["services:keep"])
        await chat.until(lambda m: first in m["text"], "how it stands")
        await chat.say(NEVER_MIND)
        await chat.choose(buttons(await chat.asked("choice"))["withdraw:yes"])
        await chat.until(lambda m: "withdrawn" in m["text"], "that it is withdrawn")
        second = await proved_again(desk, chat, who, ERASURE)
        new = await asked(second)
        await over(chat, old["services:end"])
        assert buttons(await chat.asked("choice")) == new
        kept = "SELECT details FROM request WHERE ref = ?"
        assert "keep_services" not in str(desk.own(kept, second))
        await chat.choose(new["services:keep"])
        await chat.until(lambda m: second in m["text"], "how it stands")


async def test_another_code_goes_to_the_address_that_its_button_was_shown_with_or_nowhere(
    desk: DeskInside,
) -> None:
    first, second = stranger(), stranger()
    async with desk.chat() as chat:
        await chat.say(ACCESS)
        await chat.opened()
        await chat.asked("email")
        await chat.say(first)
        old = next(v for v in buttons(await chat.asked("code")) if v.startswith("resend"))
        await desk.code(first)
        await chat.say(second)
        new = next(v for v in buttons(await chat.asked("code")) if v.startswith("resend"))
        await desk.code(second)
        await over(chat, old)
        await desk.idle()
        assert (len(desk.mails(first)), len(desk.mails(second))) == (1, 1)
        await chat.choose(new)

        async def sent() -> bool | None:
            return len(desk.mails(second)) == 2 or None

        assert await eventually(sent, "another code")


async def test_yes_to_a_correction_confirms_what_was_shown_with_it_alone(desk: DeskInside) -> None:
    async with desk.chat() as chat:
        await chat.say("Please correct my phone number. It is +33 1 22 33 44 55, not +33 1 99 00 00 00.")
        await chat.opened()
        old = buttons(await chat.asked("choice"))
        await chat.choose(old["change:other"])
        await chat.asked("detail")
        await chat.say("Please correct my phone number. It is +33 1 66 77 88 99, not +33 1 99 00 00 00.")
        new = buttons(await chat.asked("choice"))
        await over(chat, old["change:yes"])
        assert buttons(await chat.asked("choice")) == new
        await chat.choose(new["change:yes"])
        await chat.asked("email")
