"""B13: a chat that somebody left says the same to whoever sits there next, whatever was asked in it and by whom."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import pytest

from tests.attacks.test_idle import left_unclaimed
from tests.attacks.test_tokens import FREEZE, token
from tests.doubles.attacks import ACCESS, ERASURE, Victim, ask, plain, proved, stranger, texts, until_code
from tests.doubles.desk_inside import DeskInside
from tests.doubles.desk_process import Chat
from tests.doubles.journeys import prove_in_chat, type_code

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("attacks")]

PHONE: Final = "+372 5555 0199"
ASKED: Final = {
    "erasure": {"en": ERASURE, "fr": "Bonjour, effacez toutes les données que vous avez sur moi."},
    "correction": {
        "en": f"Please change my telephone number to {PHONE}.",
        "fr": f"Merci de changer mon numéro de téléphone en {PHONE}.",
    },
    "access": {"en": ACCESS, "fr": "Bonjour, envoyez-moi une copie de toutes mes données."},
}
LEFT: Final = ("nothing", "erasure", "proved")
LEFT_AT_LENGTH: Final = (*LEFT, "correction", "named")
UNKNOWN: Final = "PR-7K2M4QZ8"
_digits = itertools.count(
    20_000_001
)  # no number twice: a limit of a number is the number's, and not the chat's
SAYINGS: Final = {
    "en": (
        "Where is my request?",
        "Never mind, please cancel my request.",
        "Cancel everything",
        "Where is {ref}?",
        "Please cancel {ref}",
        "I want to speak to a person.",
        ACCESS,
        ERASURE,
        "blah qwertz 77",
        "How long do you keep my invoices?",
        "Please do not delete anything.",
        "Do not delete my data, but send me a copy of it.",
        "I never asked for this!",
        "I never asked for this, please send me a copy of my data.",
        "I changed my mind",
        "{own}",
        "{digits}",
        "C-{digits}",
        "Yes, that was me.",
        "Yes",
        "I never received the code",
        "Wrong address, sorry",
        "I have lost access to that mailbox",
        "I have been waiting for weeks!! This is ridiculous",
        "{press}resend",
        "{press}unclaimed:yes",
        "{press}withdraw:yes",
        "{press}dont:keep",
        "{press}change:yes",
    ),
    "fr": (
        "Où en est ma demande ?",
        "Laissez tomber, annulez ma demande.",
        "Annulez tout",
        "Où en est {ref} ?",
        "Je voudrais parler à quelqu’un.",
        "Bonjour, envoyez-moi une copie de toutes mes données.",
        "bla qwertz 77",
        "Combien de temps gardez-vous mes factures ?",
        "Ne supprimez rien, s’il vous plaît.",
        "Ne supprimez rien, mais envoyez-moi une copie de mes données.",
        "Je n’ai jamais demandé cela !",
        "{own}",
        "{digits}",
        "Oui, c’était moi",
    ),
}
# Said one after the other in one chat: what was asked meanwhile changes what is said next, and alike.
AT_LENGTH: Final[Mapping[str, Sequence[tuple[str, ...]]]] = {
    "en": (
        (
            "Hello",
            "{own}",
            "blah qwertz 77",
            "{press}resend",
            "Where is my request?",
            "Cancel my request",
            "Hm?",
        ),
        (
            ACCESS,
            "{own}",
            ERASURE,
            "Where is my request?",
            "Please do not delete anything.",
            "Cancel everything",
        ),
        ("Where is {ref}?", "{own}", "Where is {ref}?", "{press}resend", "I never received the code"),
    ),
    "fr": (
        (
            "Bonjour",
            "Où en est {ref} ?",
            "{own}",
            "Hein ?",
            "Annulez ma demande",
            "Effacez toutes mes données.",
        ),
    ),
}


def seen(message: dict[str, Any]) -> str:
    """Give all of a message but what numbers and times it."""
    told = {name: value for name, value in message.items() if name not in {"id", "at", "hidden_before"}}
    return plain(json.dumps(told, ensure_ascii=False, sort_keys=True))


async def left(desk: DeskInside, what: str, language: str, people: Iterator[Victim]) -> tuple[str, str]:
    """Have a chat begun, and left, in which this was asked; gives its session and the reference, if there is one."""
    async with desk.chat(locale=language) as chat:
        await chat.say({"en": "Good morning", "fr": "Bonjour"}[language])
        if what == "nothing":
            return chat.session, UNKNOWN
        ref = await ask(chat, ASKED.get(what, ASKED["erasure"])[language])
        if what in {"named", "proved"}:
            victim = next(people)
            await chat.asked("email")
            await chat.say(victim.email)
            await chat.asked("code")
            code = await desk.code(victim.email)
            if what == "proved":
                await chat.say(code)
                await chat.until(lambda m: ref in m["text"] and m["expects"] is None, "that it is confirmed")
        return chat.session, ref


async def told(desk: DeskInside, chat: Chat, words: tuple[str, ...], ref: str) -> list[str]:
    """Say this in a chat; gives all that it shows then to whoever opens it, without what only this stranger typed."""
    own, digits, answers = stranger(), str(next(_digits)), []
    for each in words:
        typed = each.format(ref=ref, own=own, digits=digits, press="")
        await (chat.choose(typed) if each.startswith("{press}") else chat.say(typed))
        await desk.assembly.desk.settle()
        await desk.assembly.sweeper.run("challenge")  # what is said of a code depends on whether it went out
    async with desk.chat(session=chat.session) as again:
        answers = [seen(m).replace(own, "OWN").replace(digits, "DIGITS") for m in again.history]
    return [*answers, *(seen(frame) for frame in chat.frames if frame["type"] == "error")]


async def told_in_each(
    desk: DeskInside, people: Iterator[Victim], language: str, spoken: list[tuple[str, ...]]
) -> dict[tuple[str, ...], dict[str, list[str]]]:
    """Say each of these in a chat of its own for each way in which one can be left."""
    chats = {
        (words, what): await left(desk, what, language, people)
        for words in spoken
        for what in (LEFT_AT_LENGTH if len(words) > 1 else LEFT)
    }
    await desk.forward("35m")
    found: dict[tuple[str, ...], dict[str, list[str]]] = {}
    for (words, what), (session, ref) in chats.items():
        async with desk.chat(locale=language, session=session) as chat:
            found.setdefault(words, {})[what] = await told(desk, chat, words, ref)
    return found


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_no_saying_tells_what_was_asked_in_a_chat_that_was_left(
    desk: DeskInside, people: Iterator[Victim], language: str
) -> None:
    """B13: words, buttons, cards and what is awaited are the same as where nothing was ever asked."""
    spoken = [*((each,) for each in SAYINGS[language]), *AT_LENGTH[language]]
    wrong = [
        (words, what, set(said) ^ set(found["nothing"]))
        for words, found in (await told_in_each(desk, people, language, spoken)).items()
        for what, said in found.items()
        if said != found["nothing"]
    ]
    assert not wrong


# ── what nobody had given an address for ────────────────────────────────────────────────────────────

TRIES: Final = (
    "Yes, that was me.",
    "Yes, correct it like this",
    "What did I want to change?",
    "Where is my request?",
    "Cancel everything",
)


async def heard_by(desk: DeskInside, session: str, *words: str) -> str:
    """Say this in a chat; gives all that whoever opens it sees then."""
    async with desk.chat(session=session) as chat:
        for each in words:
            await chat.say(each)
            await chat.until(lambda m: m["from"] == "assistant", "an answer")
    return await shown_in(desk, session)


async def shown_in(desk: DeskInside, session: str) -> str:
    await desk.assembly.desk.settle()
    async with desk.chat(session=session) as chat:
        return json.dumps(chat.history)


async def claimed(desk: DeskInside, chat: Chat, ref: str, address: str) -> None:
    """Name a reference in a chat and prove a mailbox."""
    await chat.say(f"Where is {ref}?")
    await type_code(desk, chat, address)
    await chat.until(lambda m: m["from"] == "assistant", "what is said of it")
    await desk.assembly.desk.settle()


@pytest.mark.parametrize("what", ["erasure", "correction"])
async def test_whoever_proves_themselves_there_reads_and_takes_nothing(
    desk: DeskInside, people: Iterator[Victim], what: str
) -> None:
    """B13: one press once showed what was asked, with its values, and their own code made it theirs."""
    session, ref = await left_unclaimed(desk, ASKED[what]["en"])
    other = next(people)
    said = await heard_by(desk, session, *TRIES)
    async with desk.chat(session=session) as chat:
        for value in ("unclaimed:yes", "change:yes", "withdraw:yes", "resend"):
            await chat.choose(value)
        await chat.say(other.email)
        await chat.asked("code")
        await chat.say(await desk.code(other.email))
        await chat.until(lambda m: m["from"] == "assistant", "an answer")
        await chat.socket.send_json({"type": "identify", "token": token(desk, other, other.email)})
    said += await heard_by(desk, session, *TRIES)
    letters = " ".join(map(texts, desk.mails(other.email)))
    for secret in (ref, PHONE, "erasure of your data", "correction of your data"):
        assert secret not in said + letters
    request = await desk.request(ref)
    assert (request["status"] in {"received", "verifying"}, request["assurance"]) == (True, 0)


async def test_a_sign_in_that_is_offered_there_is_for_nothing_of_before(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """B13: where no code can go a sign-in is offered, and it was for what is hidden of whoever was named."""
    victim, other = next(people), next(people)
    async with desk.chat() as chat:
        ref = await until_code(chat, victim.email, ERASURE)
        session = chat.session
    await desk.forward("35m")
    async with desk.chat(session=session) as chat:
        for _ in range(4):
            await chat.say(victim.email)
            await chat.until(lambda m: m["from"] == "assistant", "an answer")
        login = next(each["url"] for each in chat.heard[-1]["choices"] if each.get("url"))
        forged = token(desk, other, other.email, login)
        await desk.press(f"{desk.url}/verify/client-area", token=forged)
        await desk.press(f"{desk.url}/verify/client-area/confirm", token=forged, answer="yes")
    assert (await desk.request(ref))["status"] == "verifying"


@pytest.mark.parametrize("what", ["erasure", "correction"])
async def test_a_reference_for_which_nobody_gave_an_address_is_no_other_than_an_invented_one_elsewhere(
    desk: DeskInside, people: Iterator[Victim], what: str
) -> None:
    """B13: any mailbox once took it over, in another chat, while its person sat in theirs; the mail of the code told what it was."""
    owner = next(people)
    async with desk.chat() as chat:
        ref = await ask(chat, ASKED[what]["en"])
        told = [await tried_elsewhere(desk, named, next(people)) for named in (ref, UNKNOWN)]
        assert told[0] == told[1]
        request = await desk.request(ref)
        assert (request["status"] in {"received", "verifying"}, request["assurance"]) == (True, 0)
        if what == "correction":
            await chat.say("Yes")
        await prove_in_chat(desk, chat, owner.email, ref)
    assert (await desk.api("GET", f"/requests/{ref}?reveal=1"))["person"] == owner.email


async def tried_elsewhere(desk: DeskInside, ref: str, who: Victim) -> list[str]:
    """Go on with a reference in a new chat, and take it back there, with one's own mailbox; gives all that is heard, and the mails."""
    async with desk.chat() as chat:
        await chat.say(f"My request is {ref}, please go on")
        await chat.asked("email")
        await chat.say(who.email)
        await chat.asked("code")
        code = await desk.code(who.email)
        await chat.say(code)
        await chat.until(lambda m: m["from"] == "assistant", "what is said of it")
        for words in (f"Cancel {ref}", "Yes", "Where is my request?", "+372 5555 0123"):
            await chat.say(words)
            await chat.until(lambda m: m["from"] == "assistant", "an answer")
        await desk.assembly.desk.settle()
        heard = [seen(message) for message in chat.heard]
    heard += [plain(re.sub(r"/stop/\S+", "LINK", texts(mail))) for mail in desk.mails(who.email)]
    return [each.replace(ref, "REF").replace(code, "CODE").replace(who.email, "OWN") for each in heard]


async def test_whoever_has_the_reference_of_a_left_chat_takes_nothing_there_either(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """B13: whoever sits there next; its person says it again."""
    session, ref = await left_unclaimed(desk)
    other = next(people)
    async with desk.chat(session=session) as chat:
        await claimed(desk, chat, ref, other.email)
    assert ref not in " ".join(map(texts, desk.mails(other.email)))
    assert (await desk.request(ref))["status"] == "verifying"


async def test_what_was_asked_for_a_named_mailbox_is_opened_by_no_other(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """B13: with the reference too; its own mailbox opens it from any chat."""
    victim, other = next(people), next(people)
    async with desk.chat() as chat:
        ref, session = await until_code(chat, victim.email, ERASURE), chat.session
        await desk.code(victim.email)
    await desk.forward("35m")
    for where, who in ((session, other), (None, third := next(people))):
        async with desk.chat(session=where) as chat:
            await claimed(desk, chat, ref, who.email)
    assert ref not in " ".join(texts(m) for m in (*desk.mails(other.email), *desk.mails(third.email)))
    assert (await desk.request(ref))["status"] == "verifying"
    async with desk.chat() as chat:
        await chat.say(f"Where is {ref}?")
        await chat.asked("email")
        await chat.say(victim.email)
        await chat.asked("code")
        await chat.say(await desk.code(victim.email, seen=1))
        await desk.until_status(ref, "awaiting_approval")


async def test_whoever_says_it_again_has_a_request_of_their_own_and_a_person_sees_the_first(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """B13: the clock of the first goes on without them, and it ends as what nobody proves does."""
    session, ref = await left_unclaimed(desk)
    await desk.forward("1d")
    async with desk.chat(session=session) as chat:
        again = await proved(desk, chat, next(people).email, ERASURE)
    assert again != ref
    assert (await desk.request(again))["received_at"] > (await desk.request(ref))["received_at"]
    await desk.tamper(
        "UPDATE request SET due_on = :day, safe_on = :day, remind_on = :day WHERE ref = :ref",
        ref=ref,
        day=str(desk.clock.now().date()),
    )
    await desk.idle()
    assert (await desk.request(ref))["attention"] == "lapse_letter_to_approve"


async def test_the_person_of_a_talk_does_not_get_with_it_what_another_asked_there_meanwhile(
    desk: DeskInside, people: Iterator[Victim]
) -> None:
    """B13: who proved there first, with what somebody typed there after them, and gave no address for."""
    victim = next(people)
    async with desk.chat() as chat:
        await proved(desk, chat, victim.email, ERASURE)
        session = chat.session
    await desk.forward("35m")
    async with desk.chat(session=session) as chat:
        await chat.say(ASKED["correction"]["en"])
        await chat.until(lambda m: PHONE in m["text"], "from what to what")
    await desk.forward("35m")
    async with desk.chat(session=session) as chat:
        await chat.say(victim.email)
        await chat.asked("code")
        await chat.say(await desk.code(victim.email, seen=1))
        await chat.until(lambda m: m["from"] == "assistant", "an answer")
    assert PHONE not in await shown_in(desk, session)


MEANWHILE: Final = ("erasure", "correction", "proved")
STILL: Final = "the earlier messages must come back first"


@pytest.mark.parametrize("meanwhile", MEANWHILE)
async def test_the_person_of_a_talk_has_their_own_back_whatever_was_asked_there_meanwhile(
    desk: DeskInside, people: Iterator[Victim], meanwhile: str
) -> None:
    """B13: one sentence of a stranger shut them out for good: the same address was asked for after each right code."""
    owner, other = next(people), next(people)
    async with desk.chat() as chat:
        own, session = await proved(desk, chat, owner.email, FREEZE), chat.session
    await desk.forward("35m")
    async with desk.chat(session=session) as chat:
        if meanwhile == "proved":
            planted = await proved(desk, chat, other.email, ERASURE)
        else:
            planted = await ask(chat, ASKED[meanwhile]["en"])
        assert own not in json.dumps(chat.history + chat.heard)
    await desk.forward("35m")
    async with desk.chat(session=session) as chat:
        await come_back(desk, chat, owner)
        await chat.until(lambda m: own in m["text"], "where theirs is")
    shown = await shown_in(desk, session)
    assert FREEZE in shown, "their own words are there again"
    for secret in (planted, ASKED.get(meanwhile, ASKED["erasure"])["en"], PHONE, other.email):
        assert secret not in shown
    said = await heard_by(desk, session, "Where is my request?", "Hm?")
    assert STILL not in said
    assert planted not in said
    async with desk.chat(session=session) as chat:
        await chat.say("Never mind, please cancel my request.")
        await chat.asked("choice")
        await chat.choose("withdraw:yes")
        await chat.until(lambda m: own in m["text"], "that it is withdrawn")
    assert (await desk.request(own))["status"] == "withdrawn"
    assert (await desk.request(planted))["status"] != "withdrawn"
    await desk.forward("35m")
    async with desk.chat(session=session) as chat:
        assert own not in json.dumps(chat.history), "and it is hidden again"
        await come_back(desk, chat, owner)
        await desk.assembly.desk.settle()
    assert planted not in await shown_in(desk, session)


async def come_back(desk: DeskInside, chat: Chat, who: Victim) -> None:
    """Type one's address in a chat that was left, and the code that comes to it."""
    sent = sum(bool(re.search(r"(?m)^\s*\d{8}\s*$", mail.get_content())) for mail in desk.mails(who.email))
    await chat.say(who.email)
    await chat.asked("code")
    await chat.say(await desk.code(who.email, seen=sent))


@pytest.mark.parametrize("way", ["code", "sign-in"])
async def test_whoever_proves_to_be_another_in_a_left_chat_is_not_asked_for_the_same_again(
    desk: DeskInside, people: Iterator[Victim], way: str
) -> None:
    """B13: and hears no more of it than in a chat in which nothing was asked."""
    owner, other = next(people), next(people)
    async with desk.chat() as chat:
        own, session = await proved(desk, chat, owner.email, FREEZE), chat.session
    await desk.forward("35m")
    async with desk.chat(session=session) as chat:
        if way == "code":
            await come_back(desk, chat, other)
            await chat.until(lambda m: m["from"] == "assistant", "an answer")
        else:
            await chat.socket.send_json({"type": "identify", "token": token(desk, other, other.email)})
            await chat.say("Hm?")
            await chat.until(lambda m: m["from"] == "assistant", "an answer")
    said = await heard_by(desk, session, "Where is my request?", "Cancel everything")
    assert STILL not in said
    assert own not in said
    assert FREEZE not in said


async def test_whoever_only_reloads_goes_on(desk: DeskInside, people: Iterator[Victim]) -> None:
    """B13: nothing was left: the same sitting, with all that was said in it."""
    victim = next(people)
    async with desk.chat() as chat:
        ref = await ask(chat, ERASURE)
        session = chat.session
    await desk.forward("20m")
    async with desk.chat(session=session) as chat:
        assert ref in json.dumps(chat.history)
        await chat.say(victim.email)
        await chat.asked("code")
        await chat.say(await desk.code(victim.email))
        await desk.until_status(ref, "awaiting_approval")
