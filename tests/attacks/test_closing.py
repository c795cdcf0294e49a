"""B19: a close that discloses: words typed by hand ask for what an answer of that kind asks, and go to the proved contact."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from assistant.casework.agents import staff
from assistant.casework.requests.queue import Scope
from assistant.demo.people import AGENTS
from tests.doubles.attacks import ACCESS, ERASURE, Victim, proved, until_code
from tests.doubles.desk_inside import DeskInside
from tests.doubles.desk_process import Chat

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("attacks")]
FREEZE = "Please restrict the processing of my personal data: what you hold about me is not accurate."
BY_HAND = "Here is what we hold: you live at Rooma 5, and your number is on our list since 2019."


async def close(desk: DeskInside, ref: str, role: str = "lead") -> tuple[int, Any]:
    token = desk.tokens[role]
    return await desk.api_status("POST", f"/requests/{ref}/close", token=token, json={"text": BY_HAND})


async def rejected(desk: DeskInside, chat: Chat, email: str) -> str:
    """Have somebody prove who they are, and an agent reject the plan that came of it."""
    ref = await proved(desk, chat, email)
    item = await desk.plan(ref)
    body = {"reason": "Answered by hand."}
    token = desk.tokens["agent"]
    status, told = await desk.api_status("POST", f"/queue/{item['id']}/reject", token=token, json=body)
    assert status == 200, told
    return ref


@pytest.mark.parametrize("sentence", [ACCESS, ERASURE, FREEZE])
async def test_nobody_is_answered_by_hand_before_they_have_proved_who_they_are(
    desk: DeskInside, people: Iterator[Victim], sentence: str
) -> None:
    """B19: in a chat whose visitor only claims to be somebody, a lead's own words say nothing either."""
    victim = next(people)
    async with desk.chat() as chat:
        ref = await until_code(chat, victim.email, sentence)
        status, problem = await close(desk, ref)
        assert (status, problem["code"]) == (403, "not_verified")
        await desk.idle()
        assert not [m for m in chat.heard if BY_HAND in m["text"]]
    assert (await desk.request(ref))["status"] == "verifying"


async def test_an_answer_by_hand_waits_for_the_hold_and_goes_to_the_proved_contact_alone(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """B19: whoever typed the code still sits at the chat; what is said of the person is not said there."""
    victim = next(people)
    async with desk.chat() as chat:
        ref = await rejected(desk, chat, victim.email)
        assert (await close(desk, ref, "approver"))[0] == 403, "nothing was carried out: a lead ends it"
        status, problem = await close(desk, ref)
        assert (status, problem["code"]) == (409, "conflict")
        assert "possible_from" in problem
        await desk.forward("73h")
        status, closed = await close(desk, ref)
        assert (status, closed["status"]) == (200, "answered")
        told = await chat.until(
            lambda m: "We are sending you the answer by e-mail" in m["text"], "where the answer is"
        )
        assert ref in told["text"]
        assert not [m for m in chat.heard if BY_HAND in m["text"]]
    assert BY_HAND.split(":", maxsplit=1)[0] in " ".join(
        (await desk.mail(victim.email, "Our answer")).get_content().split()
    )


async def test_an_answer_by_hand_to_what_cannot_be_taken_back_needs_a_token_made_for_it(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """B19: as an approval does; a stolen session or a plain token of a lead discloses nothing."""
    victim = next(people)
    async with desk.chat() as chat:
        ref = await rejected(desk, chat, victim.email)
    await desk.forward("73h")
    services = desk.assembly.services
    lead = next(agent.name for agent in AGENTS if agent.role == "lead")
    plain = await services.write(lambda unit: staff.new_token(unit, lead, Scope.APPROVE))
    status, problem = await desk.api_status(
        "POST", f"/requests/{ref}/close", token=plain, json={"text": BY_HAND}
    )
    assert (status, problem["code"]) == (403, "not_allowed")


TELLING = (
    "Your client number is C-10044.",
    "Your client number is C\u200b-10044.",
    "Your client number is 1\u00ad0\u20600\u200b44.",
    "Your client number is C-１００４４.",
    "We write to ines@elsewhere.example, is that you?",
    "The telephone we have is +33 6 12 34 56 78.",
    "Votre IBAN est le FR76 3000 6000 0112 3456 7890 189.",
)
WAYS = {"reply": "text", "ask": "text", "refuse": "reason", "extend": "reason"}


@pytest.mark.parametrize("way", WAYS)
async def test_nobody_who_proved_nothing_is_told_an_address_or_a_number_by_an_agent(
    desk: DeskInside, people: Iterator[Victim], way: str
) -> None:
    """B19, A30: whatever the way an agent writes, and whoever is persuaded: what they wrote themselves may be said again."""
    victim = next(people)
    more = {"ask": {"ground": "specify"}, "refuse": {"ground": "not_identified"}}.get(way, {})
    async with desk.chat() as chat:
        ref = await until_code(chat, victim.email)
        for words in TELLING:
            status, problem = await desk.api_status(
                "POST", f"/requests/{ref}/{way}", token=desk.tokens["lead"], json={WAYS[way]: words, **more}
            )
            assert (status, problem["code"]) == (422, "told_to_nobody_proved"), problem
        thread = (await desk.request(ref))["conversation"]
        for where in (f"/requests/{ref}", f"/conversations/{thread}"):
            status, problem = await desk.api_status("POST", f"{where}/reply", json={"text": TELLING[0]})
            assert (status, problem["code"]) == (422, "told_to_nobody_proved"), problem
        again = f"You wrote that we reach you at {victim.email}; until 29.12.2026 that is enough."
        status, problem = await desk.api_status("POST", f"/requests/{ref}/reply", json={"text": again})
        assert status < 300, problem
        await chat.until(lambda m: again in m["text"], "what the agent may say")
        assert not [m for m in chat.heard for words in TELLING if words in m["text"]]
