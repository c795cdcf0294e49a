"""B13: an idle session opened by another: what was hidden comes back to the same person alone, and obeys nobody else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.attacks.test_tokens import FREEZE, token
from tests.doubles.attacks import ACCESS, ERASURE, Victim, ask, proved, until_code
from tests.doubles.desk_inside import DeskInside
from tests.doubles.desk_process import Chat
from tests.doubles.journeys import type_code

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("attacks")]
HIDDEN = "hidden the earlier messages"
STILL = "the earlier messages must come back first"
BUTTONS = (
    "withdraw:yes",
    "services:end",
    "change:yes",
    "dont:keep",
    "dont:go_on",
    "purpose:marketing",
    "resend",
)
WORDS = ("Where is my request?", "Never mind, please cancel my request.", "Please do not delete anything.")


async def left_open(desk: DeskInside, who: Victim) -> tuple[str, str]:
    """Have somebody prove an erasure in a chat, say *never mind* up to its question, and leave it for 31 minutes."""
    async with desk.chat() as chat:
        ref = await proved(desk, chat, who.email, ERASURE)
        await desk.until_status(ref, "awaiting_approval")
        await chat.say("Never mind, please cancel my request.")
        await chat.asked("choice")
        session = chat.session
    await desk.forward("31m")
    return session, ref


async def said_since(chat: Chat) -> str:
    """Give all that was said in a chat, once nothing more comes."""
    await chat.say("Hm?")
    await chat.until(lambda m: m["from"] == "assistant", "an answer")
    return " ".join(message["text"] for message in [*chat.history, *chat.heard])


async def test_whoever_proves_another_mailbox_there_sees_and_ends_nothing(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """B13: at a shared machine: the attacker proves a mailbox of their own, and begins a talk of their own with it."""
    victim, attacker = next(people), next(people)
    session, ref = await left_open(desk, victim)
    async with desk.chat(session=session) as chat:
        own = await until_code(chat, attacker.email)
        await chat.say(await desk.code(attacker.email))
        await chat.until(lambda m: own in m["text"] and m["expects"] is None, "that theirs is confirmed")
        for value in BUTTONS:
            await chat.choose(value)
        for words in WORDS:
            await chat.say(words)
            await chat.until(lambda m: m["from"] == "assistant", "an answer")
        await chat.choose("withdraw:yes")
        said = await said_since(chat)
    async with desk.chat(session=session) as again:
        said += " ".join(message["text"] for message in again.history)
    assert ref not in said
    assert victim.email not in said
    request = await desk.request(ref)
    assert request["status"] == "awaiting_approval"
    assert (await desk.request(own))["status"] == "withdrawn", "their own they may end"


async def test_nobody_who_only_comes_back_learns_or_ends_anything(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """B13: no card, no status, no button and no choice that was pending works without the proof."""
    session, ref = await left_open(desk, next(people))
    async with desk.chat(session=session) as chat:
        for value in BUTTONS:
            await chat.choose(value)
        for words in WORDS:
            await chat.say(words)
            await chat.until(lambda m: m["from"] == "assistant", "an answer")
        said = await said_since(chat)
        assert ref not in said
        assert said.count(HIDDEN) == 1, "once, when it was hidden"
        assert STILL in said
    assert (await desk.request(ref))["status"] == "awaiting_approval"


async def test_the_same_person_proves_again_and_goes_on(desk: DeskInside, people: Iterator[Victim]) -> None:
    """B13: the other side of it: an address typed there again is enough, with the code that comes to it."""
    victim = next(people)
    session, ref = await left_open(desk, victim)
    async with desk.chat(session=session) as chat:
        await chat.say(victim.email)
        await chat.asked("code")
        await chat.say(await desk.code(victim.email, seen=1))
        await chat.until(lambda m: ref in m["text"], "where the request is")
    async with desk.chat(session=session) as again:
        assert ERASURE in " ".join(message["text"] for message in again.history)
        await again.say("Never mind, please cancel my request.")
        await again.asked("choice")
        await again.choose("withdraw:yes")
        await again.until(lambda m: ref in m["text"], "that it is withdrawn")
    assert (await desk.request(ref))["status"] == "withdrawn"


async def test_an_address_typed_there_is_answered_in_the_same_words_whoever_it_belongs_to(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """B13: or the next one at that machine would learn by trying whose session it is."""
    victim, other = next(people), next(people)
    session, ref = await left_open(desk, victim)
    said = []
    for typed in (other.email, victim.email):
        async with desk.chat(session=session) as chat:
            await chat.say(typed)
            said.append((await chat.asked("code"))["text"])
            await desk.code(typed, seen=int(typed == victim.email))
    assert said[0].replace(other.email, victim.email) == said[1]
    assert ref not in " ".join(mail.get_content() for mail in desk.mails(other.email))


async def test_what_is_said_of_a_hidden_request_reaches_its_contact_and_not_the_screen(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """B13: a result that comes while another sits there."""
    session, ref = await left_open(desk, victim := next(people))
    async with desk.chat(session=session) as chat:
        await desk.approve(ref)
        await desk.forward("73h")
        await desk.until_status(ref, "answered", "partly_answered")
        said = await said_since(chat)
    assert ref not in said
    assert ref in (await desk.mail(victim.email, "erased")).get_content()


async def test_what_is_typed_by_another_answers_no_question_of_an_agent(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """B13: or the clock would go on, and an agent read a stranger's words as the person's."""
    victim = next(people)
    async with desk.chat() as chat:
        ref = await proved(desk, chat, victim.email)
        session = chat.session
    await desk.until_status(ref, "awaiting_approval")
    question = {"ground": "specify", "text": "Which of your accounts is meant?"}
    await desk.api("POST", f"/requests/{ref}/ask", json=question)
    await desk.forward("31m")
    async with desk.chat(session=session) as stranger:
        await said_since(stranger)
    assert (await desk.request(ref))["attention"] != "question_answered"


async def test_a_page_that_stayed_open_is_told_when_to_hide_and_its_buttons_do_nothing_then(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """B13: whoever sits down at it need not come back to anything: nobody resumed the talk."""
    who = next(people)
    async with desk.chat() as chat:
        assert (chat.idle_seconds, chat.hidden_in) == (1800, 1800)
        ref = await proved(desk, chat, who.email, ERASURE)
        await desk.until_status(ref, "awaiting_approval")
        await chat.say("Never mind, please cancel my request.")
        last = (await chat.asked("choice"))["id"]
        await desk.forward("10m")
        async with desk.chat(session=chat.session) as other:
            assert 1190 <= other.hidden_in <= 1200
        await desk.forward("21m")
        for value in BUTTONS:
            await chat.choose(value)
            told = await chat.until(lambda m: m["from"] == "assistant", "an answer")
            assert told["hidden_before"] >= last
        for words in WORDS:
            await chat.say(words)
            await chat.until(lambda m: m["from"] == "assistant", "an answer")
        said = " ".join(m["text"] for m in chat.heard if m["id"] > last)
        assert ref not in said
        assert said.count(HIDDEN) == 1, "once, and not with each message"
    assert (await desk.request(ref))["status"] == "awaiting_approval"


async def test_a_page_left_open_for_long_adds_nothing_to_the_talk_each_time_that_it_asks(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """B13: it asks what may be seen whenever its time is over, for as long as it stands open."""
    session, _ = await left_open(desk, next(people))
    numbers = []
    for _ in range(3):
        async with desk.chat(session=session) as chat:
            numbers.append([message["id"] for message in chat.history])
            assert chat.hidden_in == chat.idle_seconds
        await desk.forward("31m")
    assert numbers[0] == numbers[1] == numbers[2]
    assert len(numbers[0]) == 1


async def test_a_sign_in_at_a_page_that_stayed_open_proves_nothing_of_whoever_sat_there_before(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """B13: the next visitor of a shared machine signs in to the site, and the page hands their token over."""
    other = next(people)
    async with desk.chat() as chat:
        ref = await ask(chat, FREEZE)
        await chat.asked("email")
        await desk.forward("31m")
        await chat.socket.send_json({"type": "identify", "token": token(desk, other, other.email)})
        await chat.until(lambda m: HIDDEN in m["text"], "that it is hidden")
        await said_since(chat)
    assert (await desk.request(ref))["status"] == "verifying"


# ── what nobody had given an address for ────────────────────────────────────────────────────────────

COMES_BACK = ("Where is my request?", ACCESS)


async def left_unclaimed(desk: DeskInside, sentence: str = ERASURE) -> tuple[str, str]:
    """Have somebody ask in a chat, give no address, and leave it for 35 minutes."""
    async with desk.chat() as chat:
        ref = await ask(chat, sentence)
        session = chat.session
    await desk.forward("35m")
    return session, ref


@pytest.mark.parametrize("words", COMES_BACK)
async def test_what_nobody_gave_an_address_for_rides_along_with_no_later_proof(
    desk: DeskInside, people: Iterator[Victim], words: str
) -> None:
    """B13: an erasure of whoever sat there before would be carried out on whoever proves next."""
    session, ref = await left_unclaimed(desk)
    victim = next(people)
    async with desk.chat(session=session) as chat:
        await chat.say(words)
        await type_code(desk, chat, victim.email)
        await chat.until(lambda m: m["from"] == "assistant", "an answer")
        await chat.choose("unclaimed:yes")
        assert ref not in await said_since(chat)
    assert ref not in " ".join(mail.get_content() for mail in desk.mails(victim.email))
    request = await desk.request(ref)
    assert request["status"] in {"received", "verifying"}
    assert request["assurance"] == 0


async def test_a_proof_without_an_address_takes_nothing_along_either(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """B13: a request after the proof is asked about alone too, however often somebody proves there."""
    session, ref = await left_unclaimed(desk)
    victim = next(people)
    async with desk.chat(session=session) as chat:
        await ask(chat, ACCESS)
        await chat.say(victim.email)
        await chat.asked("code")
        await chat.say(await desk.code(victim.email))
        await chat.until(lambda m: bool(m["requests"]) and m["expects"] is None, "that theirs is confirmed")
        second = await ask(chat, "Please restrict the processing of my data.")
        await chat.asked("code")
        assert ref not in (await desk.mail(victim.email, second)).get_content()
    await desk.forward("35m")
    async with desk.chat(session=session) as chat:
        await chat.say(victim.email)
        await chat.asked("code")
        await desk.code(victim.email, seen=2)
    assert ref not in " ".join(mail.get_content() for mail in desk.mails(victim.email))


async def test_a_second_wish_in_a_proved_talk_is_not_confirmed_by_the_code_that_brings_the_talk_back(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """B13: somebody else at the machine of whoever had proved asked for it; its own code went to them, and nobody typed it."""
    victim = next(people)
    async with desk.chat() as chat:
        own = await proved(desk, chat, victim.email)
        session = chat.session
        ref = await ask(chat, ERASURE)
        await chat.asked("code")
        assert ref in (await desk.mail(victim.email, ref)).get_content()
    await desk.forward("35m")
    async with desk.chat(session=session) as chat:
        await chat.say(victim.email)
        await chat.asked("code")
        code = await desk.code(victim.email, seen=2)
        assert ref not in (await desk.mail(victim.email, code)).get_content()
        await chat.say(code)
        await chat.until(lambda m: own in m["text"], "where theirs is")
        await said_since(chat)
    assert (await desk.request(ref))["status"] == "verifying"
