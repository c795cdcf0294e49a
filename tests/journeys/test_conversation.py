"""What a person may say beside a request: where is it, never mind, a person please; and codes that must fail."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator

import pytest

from tests.doubles.desk_process import Chat, DeskProcess

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("conversation")]

ACCESS = {
    "fr": "Bonjour, je voudrais recevoir une copie de toutes les données personnelles que vous détenez sur moi.",
    "en": "Hello, please send me a copy of all the personal data you hold about me.",
}
WHERE = {"fr": "Où en est ma demande ?", "en": "Where is my request?"}
NEVER_MIND = {"fr": "Laissez tomber, annulez ma demande.", "en": "Never mind, please cancel my request."}
A_PERSON = {"fr": "Je voudrais parler à une personne.", "en": "I want to talk to a person."}
WRONG = "00000000"


async def ask(chat: Chat, language: str = "en") -> str:
    await chat.say(ACCESS[language])
    ref = (await chat.opened())["access"]
    await chat.asked("email")
    return ref


async def code_for(desk: DeskProcess, chat: Chat, email: str, *, seen: int = 0) -> str:
    await chat.say(email)
    await chat.asked("code")
    return await desk.code(email, seen=seen)


async def refused(chat: Chat) -> None:
    await chat.until(lambda m: "was not accepted" in m["text"], "that the code was not accepted")


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_where_is_my_request_names_its_reference_its_step_and_its_date(
    desk: DeskProcess, people: Iterator[tuple[str, str]], language: str
) -> None:
    email, _ = next(people)
    async with desk.chat(language) as chat:
        await chat.say(WHERE[language])
        await chat.until(lambda m: not m["requests"] and m["from"] == "assistant", "that there is none")
        ref = await ask(chat, language)
        await code_for(desk, chat, email)
        await chat.say(WHERE[language])
        told = await chat.until(lambda m: ref in m["text"], "where it is")
    due = (await desk.request(ref))["due_on"]
    assert due[:4] in told["text"]
    assert str(int(due[8:])) in told["text"]


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_never_mind_withdraws_only_after_it_is_confirmed(
    desk: DeskProcess, people: Iterator[tuple[str, str]], language: str
) -> None:
    email, _ = next(people)
    async with desk.chat(language) as chat:
        ref = await ask(chat, language)
        await chat.say(await code_for(desk, chat, email))
        await desk.plan(ref)
        await chat.say(NEVER_MIND[language])
        await chat.asked("choice")
        await chat.choose("withdraw:no")
        await chat.until(lambda m: ref in m["text"], "that it goes on")
        assert (await desk.request(ref))["status"] == "awaiting_approval"
        await chat.say(NEVER_MIND[language])
        await chat.asked("choice")
        await chat.choose("withdraw:yes")
        await chat.until(lambda m: ref in m["text"] and m["expects"] is None, "that it is withdrawn")
    assert (await desk.request(ref))["status"] == "withdrawn"
    queue = (await desk.api("GET", "/queue"))["items"]
    assert ref not in [item["request"] for item in queue], "nothing is left to approve"
    told = await desk.mail(email, {"fr": "retiré", "en": "withdrawn"}[language])
    assert ref in f"{told['subject']}{told.get_content()}", "the contact on file is told"


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_a_person_is_fetched_by_mail_when_nobody_is_online(desk: DeskProcess, language: str) -> None:
    before = len(desk.mails("support@"))
    async with desk.chat(language) as chat:
        await chat.say(A_PERSON[language])
        told = await chat.until(lambda m: m["from"] == "assistant", "that a person is told")
        assert "e-mail" in told["text"]
    assert await desk.mail("support@", seen=before)


async def test_five_wrong_codes_end_a_code_even_for_whoever_then_types_the_right_one(
    desk: DeskProcess, people: Iterator[tuple[str, str]]
) -> None:
    email, _ = next(people)
    async with desk.chat("en") as chat:
        ref = await ask(chat)
        right = await code_for(desk, chat, email)
        assert right != WRONG
        for _ in range(4):
            await chat.say(WRONG)
            await refused(chat)
        await chat.say(WRONG)
        dead = await chat.until(lambda m: "takes no more tries" in m["text"], "that the code is dead")
        assert re.search(r"\d{1,2}:\d\d", dead["text"]), "it says when the next one can be sent"
        await chat.say(right)
        await chat.until(lambda m: m["from"] == "assistant", "an answer to the right code")
    assert (await desk.request(ref))["status"] == "verifying"


async def test_a_code_is_worth_nothing_after_ten_minutes(
    desk: DeskProcess, people: Iterator[tuple[str, str]]
) -> None:
    email, _ = next(people)
    async with desk.chat("en") as chat:
        ref = await ask(chat)
        code = await code_for(desk, chat, email)
        await desk.forward("11m")
        await chat.say(code)
        await refused(chat)
        assert (await desk.request(ref))["status"] == "verifying"
        await chat.choose("resend")
        await chat.asked("code")
        await chat.say(await desk.code(email, seen=1))
        await chat.until(lambda m: ref in m["text"] and m["expects"] is None, "that it is confirmed")


async def test_a_code_typed_in_another_conversation_fails(
    desk: DeskProcess, people: Iterator[tuple[str, str]]
) -> None:
    email, _ = next(people)
    stranger, _ = next(people)
    async with desk.chat("en") as chat, desk.chat("en") as other:
        ref = await ask(chat)
        code = await code_for(desk, chat, email)
        theirs = await ask(other)
        await code_for(desk, other, stranger)
        await other.say(code)
        await refused(other)
        assert (await desk.request(theirs))["status"] == "verifying"
        assert (await desk.request(ref))["status"] == "verifying"
        await chat.say(code)
        await chat.until(lambda m: ref in m["text"] and m["expects"] is None, "that it is confirmed")


async def test_the_fourth_code_within_an_hour_is_not_sent_and_the_person_is_told_when(
    desk: DeskProcess, people: Iterator[tuple[str, str]]
) -> None:
    email, _ = next(people)
    for address in (email, "nobody.known@elsewhere.example"):
        async with desk.chat("en") as chat:
            await ask(chat)
            await code_for(desk, chat, address)
            for seen in (1, 2):
                await chat.choose("resend")
                await chat.asked("code")
                if address == email:
                    await desk.code(address, seen=seen)
            await chat.choose("resend")
            told = await chat.until(lambda m: "next code" in m["text"], "when the next code can be sent")
            assert re.search(r"\d{1,2}:\d\d", told["text"])
            assert {choice["value"].partition(":")[0] for choice in told["choices"]} >= {"human"}
    codes = [m for m in desk.mails(email) if re.search(r"^\s*\d{8}\s*$", m.get_content(), re.MULTILINE)]
    assert len(codes) == 3


async def test_thirty_idle_minutes_hide_what_was_written_until_the_person_proves_again(
    desk: DeskProcess, people: Iterator[tuple[str, str]]
) -> None:
    email, _ = next(people)
    async with desk.chat("en") as chat:
        ref = await ask(chat)
        code = await code_for(desk, chat, email)
        await chat.say(code)
        await chat.until(lambda m: ref in m["text"] and m["expects"] is None, "that it is confirmed")
        session = chat.session
    await desk.forward("31m")
    async with desk.chat("en", session=session) as later:
        assert later.session == session
        shown = " ".join(message["text"] for message in later.history)
        assert ref not in shown
        assert email not in shown
        assert "hidden the earlier messages" in shown
        await later.say(WHERE["en"])
        answer = await later.until(lambda m: m["from"] == "assistant", "an answer")
        assert ref not in answer["text"]


async def test_the_same_message_sent_twice_is_one_message(desk: DeskProcess) -> None:
    async with desk.chat("en") as chat:
        frame = {"type": "message", "text": ACCESS["en"], "client_id": str(uuid.uuid4())}
        acks = []
        for _ in range(2):
            await chat.socket.send_json(frame)
            acks.append(await chat.next_frame("ack"))
        assert acks[0]["id"] == acks[1]["id"]
        ref = (await chat.opened())["access"]
        await chat.say(WHERE["en"])
        told = await chat.until(lambda m: ref in m["text"] and not m["expects"], "where it is")
        session = chat.session
        assert set(re.findall(r"PR-\w{8}", told["text"])) == {ref}
    async with desk.chat("en", session=session) as again:
        assert [m["text"] for m in again.history if m["from"] == "you"] == [ACCESS["en"], WHERE["en"]]


async def test_coming_back_shows_everything_or_only_what_was_missed(desk: DeskProcess) -> None:
    async with desk.chat("fr") as chat:
        ref = await ask(chat, "fr")
        session = chat.session
        last = max(message["id"] for message in chat.heard)
    async with desk.chat("fr", session=session) as again:
        texts = [message["text"] for message in again.history]
        assert texts[0] == ACCESS["fr"]
        assert any(ref in text for text in texts)
        ids = [message["id"] for message in again.history]
        assert ids == sorted(set(ids))
    async with desk.chat("fr", session=session, after=last) as missed:
        assert missed.history == []
    async with desk.chat("fr", session="0" * 80) as stranger:
        assert stranger.session != session
        assert stranger.history == []


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_our_own_words_sent_back_open_nothing(
    desk: DeskProcess, people: Iterator[tuple[str, str]], language: str
) -> None:
    async with desk.chat(language) as chat:
        await chat.say({"fr": "Effacez toutes mes données.", "en": "Erase all my data."}[language])
        ref = (await chat.opened())["erasure"]
        told = await chat.until(lambda m: ref in m["text"], "that it is registered")
        await chat.asked("email")
        await chat.say(told["text"])
        said_again = await chat.asked("email")
        assert said_again["requests"] == []
        await chat.say({"fr": f"Merci beaucoup. {told['text']}", "en": f"Thanks. {told['text']}"}[language])
        assert (await chat.asked("email"))["requests"] == []


@pytest.mark.parametrize(
    ("language", "complaint", "promised"),
    [
        (
            "en",
            "I am filing a complaint with the authority: you shared my data.",
            "waits in this conversation",
        ),
        (
            "fr",
            "Je porte plainte auprès de la CNIL : vous avez transmis mes données.",
            "dans cette conversation",
        ),
    ],
)
async def test_an_answer_to_somebody_without_an_address_waits_in_the_talk_and_for_nobody_else(
    desk: DeskProcess, language: str, complaint: str, promised: str
) -> None:
    async with desk.chat(language) as chat:
        await chat.say(complaint)
        await chat.until(lambda m: promised in m["text"], "that the answer waits here")
        session = chat.session
    (ref,) = {
        item["ref"]
        for item in (await desk.api("GET", "/requests?right=complaint"))["items"]
        if item["status"] == "open"
    }
    await desk.forward("50h")
    await desk.api(
        "POST", f"/requests/{ref}/close", json={"text": "You were right: the row was shared and is gone."}
    )
    await desk.forward("500h")
    async with desk.chat(language, session=session) as later:
        assert later.session == session
        shown = " ".join(message["text"] for message in later.history)
        assert "the row was shared and is gone" in shown
        assert complaint not in shown
    await desk.forward("800h")
    async with desk.chat(language, session=session) as too_late:
        assert (too_late.session == session, too_late.history) == (False, [])
